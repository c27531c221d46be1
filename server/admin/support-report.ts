import { anonymise } from '../observe/anonymise.ts'
import type { LogLine } from '../observe/log.ts'
import type { HealthView } from './contract/health.ts'
import type { StartSetting } from './contract/settings.ts'

export type ReportInput = {
  readonly health: HealthView
  readonly name: string
  readonly providerLatencyMs: number | undefined
  /** Accounts by state. */
  readonly states: Readonly<Record<string, number>>
  /** What was changed against the defaults; undefined where the value is nobody's business. */
  readonly settings: readonly { readonly name: string; readonly value: string | undefined }[]
  /** Oldest first. */
  readonly lines: readonly LogLine[]
}

/** Fields of log lines that say what happened and nothing about whom. */
const toldFields = new Set([
  ...['message', 'cause', 'reason', 'errorKind', 'status', 'dialect', 'model', 'attempt', 'attempts', 'durationMs'],
  ...['firstTokenMs', 'job', 'type', 'tries', 'method', 'level', 'kind', 'code', 'rows', 'requestId', 'accountId'],
])
const mostLines = 200

/**
 * What somebody who helps must know, as Markdown: of settings and configuration only what is a number, a switch or a word of ours,
 * of the log only warnings and errors. Secrets, e-mail addresses, network addresses and host names are in none of it.
 */
export function supportReport({ health, name, providerLatencyMs, states, settings, lines }: ReportInput): string {
  const { database, disk, pool } = health
  const facts: readonly (readonly [string, string])[] = [
    ['version', `${name} ${health.version}${health.commit === null ? '' : ` (${health.commit})`}`],
    ['runtime', health.runtime],
    ['system', `${health.system}, ${health.cpus} CPUs`],
    ['started', health.started_at],
    ['now', health.now],
    ['memory', `${mib(health.memory_bytes)}, heap ${mib(health.heap_bytes)}`],
    ['disk', disk.free_bytes === null ? 'unknown' : `${mib(disk.free_bytes)} free`],
    ['database', `${database.engine} ${database.version}, ${database.writable ? 'writable' : 'not writable'}`],
    ['provider', providerLatencyMs === undefined ? 'not reached' : `${Math.round(providerLatencyMs)} ms`],
    ['accounts', `${pool.accounts}, ${pool.in_service} can serve${statesText(states)}`],
    ['requests', `${pool.in_flight} under way, ${pool.waiting} waiting, ${health.streams.open} event streams`],
  ]
  const shown = lines.filter(({ level }) => level === 'warn' || level === 'error').slice(-mostLines)
  return [
    '# Support report',
    '',
    'Without secrets, e-mail addresses, network addresses and host names. Read it before you pass it on.',
    '',
    ...facts.map(([term, text]) => `- **${term}**: ${anonymise(text)}`),
    '',
    '## Checks',
    '',
    ...health.checks.map(
      ({ name: check, level, reason, params }) =>
        `- ${level} ${check}: ${[reason, ...Object.entries(params).map(([term, value]) => `${term} ${value}`)].join(', ')}`,
    ),
    '',
    '## Settings that were changed',
    '',
    ...(settings.length === 0
      ? ['None.']
      : settings.map(
          ({ name: setting, value }) => `- ${setting}: ${value === undefined ? '(set)' : anonymise(value)}`,
        )),
    '',
    '## Configuration',
    '',
    ...health.configuration.filter(isTold).map((row) => `- ${row.key}: ${startValue(row)} (${originOf(row)})`),
    '',
    '## Sizes',
    '',
    ...health.sizes.map(({ name: size, value, limit }) => `- ${size}: ${value}${limit === null ? '' : ` of ${limit}`}`),
    '',
    '## Warnings and errors',
    '',
    ...(shown.length === 0 ? ['None since the start.'] : ['```', ...shown.map(lineOf), '```']),
    '',
  ].join('\n')
}

const mib = (bytes: number): string => `${Math.round(bytes / 1024 / 1024)} MiB`

const statesText = (states: Readonly<Record<string, number>>): string => {
  const entries = Object.entries(states)
  return entries.length === 0 ? '' : ` (${entries.map(([state, count]) => `${state} ${count}`).join(', ')})`
}

/** What was left at its default tells nothing. */
const isTold = ({ from }: StartSetting): boolean => from !== 'default'

/** Free text may name a machine, a folder, a person. */
const startValue = ({ value }: StartSetting): string =>
  /^(-?\d+|true|false|[a-z][a-z_]{0,30})$/.test(value) ? value : '(set)'

/** A file’s name and line; the name itself is somebody's choice. */
const originOf = ({ from, where }: StartSetting): string =>
  from === 'file' ? `file${/:\d+$/.exec(where ?? '')?.[0] ?? ''}` : `${from}${where === null ? '' : ` ${where}`}`

function lineOf({ at, level, event, fields }: LogLine): string {
  const told = Object.entries(fields)
    .filter(([name, value]) => toldFields.has(name) && value !== undefined && value !== null)
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
  return anonymise([new Date(at).toISOString(), level, event, ...told].join(' ')).replaceAll('`', "'")
}
