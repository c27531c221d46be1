import { existsSync } from 'node:fs'
import { upstreamSettings } from '../app/core.ts'
import type { Resolved } from '../config/resolve.ts'
import { type ConfigRow, configRows } from '../config/rows.ts'
import type { Config } from '../config/schema.ts'
import { readControl } from '../store/control.ts'
import type { Said } from './answers.ts'
import { type Backend, type CommandDeps, openBackend } from './backend.ts'
import type { DoctorState } from './control.ts'
import { dataFindings, importFindings, keyFinding, proxyFindings, serverFinding, usesProxies } from './doctor-data.ts'
import { networkFindings } from './doctor-network.ts'
import type { Finding } from './finding.ts'
import { type CliIo, table } from './io.ts'

/**
 * Looks at everything the gateway depends on and says what to do about it: settings with their origin, data, master key,
 * accounts, clock and the way to each of the provider's hosts; others are not contacted. Never fails itself: what cannot be
 * opened is a finding.
 */
export async function doctor(resolved: Resolved, deps: CommandDeps, io: CliIo): Promise<Said> {
  const { config, warnings } = resolved
  const findings: Finding[] = warnings.map((detail) => ({
    level: 'warn',
    what: 'configuration',
    detail,
    fix: `correct ${config.configFile ?? 'the configuration'}`,
  }))
  const looked = await lookAtData(config, deps, io)
  findings.push(...looked.findings)
  const accounts = looked.state?.accounts ?? []
  const hasProxies = looked.state !== undefined && usesProxies(looked.state)
  findings.push(...(await networkFindings(upstreamSettings(config, deps.version), accounts, deps.effects, hasProxies)))

  const rows = configRows(resolved)
  const server = looked.server === undefined ? null : { ...looked.server, version: looked.state?.version ?? '' }
  const ok = findings.every(({ level }) => level !== 'fail')
  return {
    json: { version: deps.version, ok, server, configuration: rows, findings },
    text: `${configText(rows)}\n${findingsText(findings)}`,
    ok,
  }
}

type Looked = {
  readonly findings: readonly Finding[]
  readonly state?: DoctorState
  readonly server?: NonNullable<Backend['server']>
}

async function lookAtData(config: Config, deps: CommandDeps, io: CliIo): Promise<Looked> {
  const idle: Finding = { level: 'ok', what: 'server', detail: 'not running on this data folder' }
  // A look must not be what makes the database and the key.
  const onServer = config.database.type === 'mysql'
  if (!onServer && !existsSync(config.databasePath) && readControl(config.dataDir) === undefined) {
    const detail = `none yet; the first start makes ${config.databasePath} and the master key`
    return { findings: [idle, { level: 'ok', what: 'database', detail }] }
  }
  const backend = await openBackend(config, deps, io.interrupted)
  if (!backend.ok) return { findings: [{ level: 'fail', what: 'data', detail: backend.error }] }
  const { server, doctorState, close } = backend.value
  try {
    const state = await doctorState()
    if (!state.ok) return { findings: [{ level: 'fail', what: 'data', detail: state.error }] }
    const findings = [
      server === undefined ? idle : serverFinding(server, state.value.version, deps.version),
      keyFinding(config, state.value.unreadableAccounts, server !== undefined),
      ...dataFindings(state.value),
      ...importFindings(config),
      ...proxyFindings(state.value),
    ]
    return { findings, state: state.value, ...(server === undefined ? {} : { server }) }
  } finally {
    await close()
  }
}

function configText(rows: readonly ConfigRow[]): string {
  const origin = ({ from, where }: ConfigRow): string => (where === undefined ? from : `${from} ${where}`)
  return table([
    ['SETTING', 'VALUE', 'FROM'],
    ...rows.map((row) => [row.key, row.value === '' ? '-' : row.value, origin(row)]),
  ])
}

function findingsText(findings: readonly Finding[]): string {
  const rows = findings.flatMap(({ level, what, detail, fix }) => [
    [level === 'ok' ? 'ok' : level.toUpperCase(), what, detail],
    ...(fix === undefined ? [] : [['', '', `→ ${fix}`]]),
  ])
  const count = (level: Finding['level']): number => findings.filter((finding) => finding.level === level).length
  return `${table([['', 'CHECK', 'FOUND'], ...rows])}\n${count('ok')} ok, ${count('warn')} to look at, ${count('fail')} failed\n`
}
