import { existsSync, statSync } from 'node:fs'
import path from 'node:path'
import { upstreamSettings } from '../app/core.ts'
import type { Resolved } from '../config/resolve.ts'
import { forEachLimited } from '../lib/each.ts'
import type { Effects } from '../lib/effects.ts'
import { allHosts, dataUrl } from '../upstream/amazonq/endpoint.ts'
import type { Backend } from './backend.ts'

export type Finding = { readonly level: 'ok' | 'warn' | 'fail'; readonly what: string; readonly detail: string }

type ServerState = {
  readonly store: {
    readonly engine: string
    readonly version: string
    readonly path: string
    readonly writable: boolean
  }
  readonly keyCount: number
  readonly firstPassword: boolean
  readonly accounts: readonly {
    readonly id: string
    readonly label: string
    readonly state: string
    readonly reason: string | null
  }[]
}

const reachMs = 5_000
const maxSkewMs = 5 * 60_000

/** Looks at everything the gateway depends on. Contacts the configured hosts only. */
export async function examine(
  { config, warnings }: Resolved,
  backend: Backend,
  effects: Effects,
  version: string,
): Promise<readonly Finding[]> {
  const findings: Finding[] = warnings.map((detail) => ({ level: 'warn', what: 'configuration', detail }))
  const state = await backend.ask<ServerState>('GET', '/doctor')
  if (!state.ok) findings.push({ level: 'fail', what: 'data', detail: state.error })
  else findings.push(...dataFindings(state.value, backend.running))
  findings.push(
    keyFinding(config.vault.masterKeyFile ?? path.join(config.dataDir, 'master.key'), config.vault.masterKey),
  )
  const settings = upstreamSettings(config, version)
  const region = config.upstream.region
  const found = new Map<string, Finding>()
  await forEachLimited(allHosts(settings, region), 4, async (host) => {
    found.set(host, await reach(host, schemeOf(settings, region, host), effects))
  })
  return [...findings, ...found.values()]
}

function dataFindings({ store, keyCount, firstPassword, accounts }: ServerState, running: boolean): readonly Finding[] {
  const serving = accounts.filter(({ state }) => state === 'ready' || state === 'unchecked' || state === 'cooling')
  return [
    { level: 'ok', what: 'server', detail: running ? 'running on this data folder' : 'not running' },
    {
      level: store.writable ? 'ok' : 'fail',
      what: 'database',
      detail: `${store.engine} ${store.version}, ${store.path}${store.writable ? '' : ': cannot be written'}`,
    },
    keyCount > 0
      ? { level: 'ok', what: 'keys', detail: `${keyCount}` }
      : { level: 'warn', what: 'keys', detail: 'none: clients are refused. Make one: claude-server key create NAME' },
    firstPassword
      ? { level: 'warn', what: 'password', detail: 'still the first one: open the console and change it' }
      : { level: 'ok', what: 'password', detail: 'changed' },
    accounts.length === 0
      ? { level: 'warn', what: 'accounts', detail: 'none: add one with claude-server account add' }
      : {
          level: serving.length > 0 ? 'ok' : 'fail',
          what: 'accounts',
          detail: `${serving.length} of ${accounts.length} can serve`,
        },
    ...accounts
      .filter((account) => !serving.includes(account))
      .map(
        ({ id, label, state, reason }): Finding => ({
          level: 'warn',
          what: `account ${label || id}`,
          detail: reason === null ? state : `${state}: ${reason}`,
        }),
      ),
  ]
}

function keyFinding(file: string, masterKey: string | undefined): Finding {
  if (masterKey !== undefined)
    return { level: 'ok', what: 'master key', detail: 'from MASTER_KEY; keep it with your backups' }
  if (!existsSync(file)) return { level: 'fail', what: 'master key', detail: `${file} does not exist` }
  const open = process.platform !== 'win32' && (statSync(file).mode & 0o077) !== 0
  return open
    ? { level: 'warn', what: 'master key', detail: `${file} can be read by others: chmod 600 it` }
    : { level: 'ok', what: 'master key', detail: `${file}; back it up together with the database` }
}

const schemeOf = (settings: Parameters<typeof dataUrl>[0], region: string, host: string): string =>
  [settings.qUrl, settings.oidcUrl, settings.kiroAuthUrl, dataUrl(settings, region)]
    .filter((url) => url !== undefined)
    .map((url) => new URL(url.replaceAll('{region}', region)))
    .find((url) => url.host === host)?.protocol ?? 'https:'

/** Any answer shows that the way is open; its Date shows how far this machine's clock is off. */
async function reach(host: string, scheme: string, effects: Effects): Promise<Finding> {
  const controller = new AbortController()
  const cancel = effects.after(reachMs, () => controller.abort())
  const startedAt = effects.now()
  try {
    const answer = await effects.fetch(`${scheme}//${host}/`, {
      method: 'HEAD',
      signal: controller.signal,
      redirect: 'manual',
    })
    const tookMs = effects.now() - startedAt
    const date = Date.parse(answer.headers.get('date') ?? '')
    const skewMs = Math.abs(effects.now() - date)
    if (skewMs > maxSkewMs) {
      return {
        level: 'fail',
        what: host,
        detail: `reached, but this clock is ${Math.round(skewMs / 60_000)} minutes off: set it right`,
      }
    }
    return { level: 'ok', what: host, detail: `${tookMs} ms` }
  } catch (thrown) {
    const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'no answer within 5 s'
    return { level: 'fail', what: host, detail: `cannot be reached (${code}): check network, proxy and firewall` }
  } finally {
    cancel()
  }
}
