import { afterEach, describe, expect, test } from 'bun:test'
import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { upstreamSettings } from '../../server/app/core.ts'
import type { AccountState, DoctorState } from '../../server/cli/control.ts'
import { dataFindings, keyFinding, proxyFindings, serverFinding, usesProxies } from '../../server/cli/doctor-data.ts'
import { networkFindings } from '../../server/cli/doctor-network.ts'
import type { FetchLike } from '../../server/lib/effects.ts'
import { allHosts } from '../../server/upstream/amazonq/endpoint.ts'
import { createTestEffects } from '../support/effects.ts'
import { expectSaid, resolvedFor, runCli, setUpFolder } from './cli.ts'

const folders: string[] = []
const emptyFolder = (): string => {
  const made = mkdtempSync(path.join(tmpdir(), 'gateway-doctor-'))
  folders.push(made)
  return made
}
afterEach(() => {
  for (const made of folders.splice(0)) rmSync(made, { recursive: true, force: true })
})

/** No network: every host refuses. */
const cutOff = { fetch: () => Promise.reject(Object.assign(new Error('refused'), { code: 'ConnectionRefused' })) }

test('a look at an empty folder leaves it empty', async () => {
  const folder = emptyFolder()
  const { json, code } = await runCli(['doctor', '--json'], { env: { DATA_DIR: folder }, effects: cutOff })
  expect(code).toBe(1) // no host answers
  expect(json.findings[1]).toMatchObject({ level: 'ok', what: 'database' })
  expect(json.findings[1].detail).toStartWith('none yet; the first start makes')
  expect(readdirSync(folder)).toEqual([])
})

test('data that cannot be opened is a finding; settings and network are shown all the same', async () => {
  const folder = emptyFolder()
  const env = { DATA_DIR: folder }
  await setUpFolder(env)
  writeFileSync(path.join(folder, 'master.key'), Buffer.alloc(32, 7).toString('base64'))
  const ran = await runCli(['doctor', '--json'], { env, effects: cutOff })
  expectSaid(ran, 1, { err: '', json: { ok: false, server: null } })
  const data = ran.json.findings.find(({ what }: { what: string }) => what === 'data')
  expect(data.level).toBe('fail')
  expect(data.detail).toContain('Put the right key back')
  expect(ran.json.configuration.length).toBeGreaterThan(20)
  expect(ran.json.findings.filter(({ level }: { level: string }) => level === 'fail').length).toBeGreaterThan(1)
})

test('secrets of the environment are said to be set and never shown', async () => {
  const env = {
    DATA_DIR: emptyFolder(),
    MASTER_KEY: 'a passphrase nobody may read',
    ADMIN_PASSWORD: 'a password nobody may read',
    UPSTREAM_Q_URL: 'http://user:hidden-part@127.0.0.1:1',
  }
  const text = await runCli(['doctor'], { env, effects: cutOff })
  const json = await runCli(['doctor', '--json'], { env, effects: cutOff })
  for (const { out, err } of [text, json]) {
    expect(out).toContain('(set)')
    for (const secret of [env.MASTER_KEY, env.ADMIN_PASSWORD, 'hidden-part']) expect(out + err).not.toContain(secret)
  }
})

const now = Date.UTC(2026, 0, 15, 12)
const answering =
  (date: string | undefined, asked: string[] = [], agents: (string | null)[] = []): FetchLike =>
  async (url, init) => {
    asked.push(new URL(url).host)
    agents.push(new Headers(init?.headers).get('user-agent'))
    return new Response('', { status: 404, headers: date === undefined ? {} : { date } })
  }
const settings = upstreamSettings(resolvedFor([], { DATA_DIR: '/nowhere' }).config, '1.2.3')
const network = (fetch: FetchLike, accounts: readonly Pick<AccountState, 'region' | 'method'>[] = []) =>
  networkFindings(settings, accounts, createTestEffects({ fetch }, now))

describe('the network', () => {
  test.each([
    ['right', new Date(now - 1_000).toUTCString(), 'ok', '1 s from'],
    ['four minutes off', new Date(now + 4 * 60_000).toUTCString(), 'ok', '240 s from'],
    ['ten minutes off', new Date(now - 10 * 60_000).toUTCString(), 'fail', '600 s from'],
    ['unknown', undefined, 'warn', 'no host told the time'],
    ['unknown for an unreadable date', 'yesterday', 'warn', 'no host told the time'],
  ])('a clock that is %s', async (_, date, level, detail) => {
    const [clock] = await network(answering(date))
    expect({ level: clock?.level, what: clock?.what }).toEqual({ level: level as 'ok', what: 'clock' })
    expect(clock?.detail).toContain(detail)
  })

  test('every configured host is asked once, no other, under our one name', async () => {
    const asked: string[] = []
    const agents: (string | null)[] = []
    const findings = await network(answering(undefined, asked, agents))
    const hosts = allHosts(settings, settings.defaultRegion)
    expect(asked.toSorted()).toEqual(hosts.toSorted())
    expect(findings.slice(1).map(({ what }) => what)).toEqual([...hosts])
    expect(agents.every((agent) => agent?.startsWith('claude-server/1.2.3 '))).toBe(true)
  })

  test('the regions of the accounts count too; what is no region does not', async () => {
    const asked: string[] = []
    await network(answering(undefined, asked), [
      { region: 'eu-central-1', method: 'identity-center' },
      { region: 'evil.example/', method: 'identity-center' },
    ])
    expect(asked).toContain('q.eu-central-1.amazonaws.com')
    expect(asked.join()).not.toContain('evil')
  })

  const failing =
    (code: string): FetchLike =>
    () =>
      Promise.reject(Object.assign(new Error('x'), { code }))
  test.each([
    ['ENOTFOUND', 'DNS'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'certificate'],
    ['ConnectionRefused', 'firewall'],
  ])('a host that fails with %s is told with what to look at', async (code, fix) => {
    const findings = await network(failing(code))
    const host = findings.find(({ what }) => what.startsWith('q.'))
    expect(host?.level).toBe('fail')
    expect(host?.detail).toContain(code)
    expect(host?.fix).toContain(fix)
  })

  test.each([
    ['no social account', 'builder-id', 'warn'],
    ['a social account', 'social', 'fail'],
  ] as const)('the social sign-in host with %s', async (_, method, level) => {
    const findings = await network(failing('ConnectionRefused'), [{ region: 'us-east-1', method }])
    expect(findings.find(({ what }) => what.includes('auth'))?.level).toBe(level)
  })

  test('a host that never answers is given up after five seconds', async () => {
    const silent: FetchLike = (_, init) =>
      new Promise((_resolve, reject) => init?.signal?.addEventListener('abort', () => reject(new Error('aborted'))))
    const effects = createTestEffects({ fetch: silent }, now)
    const looking = networkFindings(settings, [], effects)
    await effects.advance(5_000)
    expect((await looking)[1]?.detail).toBe('cannot be reached (no answer within 5 s)')
    expect(effects.timers()).toBe(0)
  })
})

const account = (state: AccountState['state'], more: Partial<AccountState> = {}): AccountState => ({
  id: `acc_${state}`,
  label: '',
  status: 'normal',
  state,
  until: null,
  reason: null,
  email: null,
  plan: null,
  method: 'social',
  region: 'us-east-1',
  ...more,
})
const state = (more: Partial<DoctorState>): DoctorState => ({
  version: '1',
  port: 1,
  store: { engine: 'SQLite', version: '3', path: '/nowhere', writable: true },
  keyCount: 1,
  firstPassword: false,
  accounts: [account('ready')],
  unreadableAccounts: [],
  proxies: [],
  httpProxy: null,
  ...more,
})

describe('the data', () => {
  test.each<[string, Partial<DoctorState>, string, string, string | undefined]>([
    ['all is well', {}, 'accounts', 'ok', undefined],
    ['no accounts', { accounts: [] }, 'accounts', 'warn', 'account add'],
    ['no account that serves', { accounts: [account('expired')] }, 'accounts', 'fail', 'below'],
    ['accounts that are switched off', { accounts: [account('disabled')] }, 'accounts', 'fail', 'below'],
    ['no key', { keyCount: 0 }, 'keys', 'warn', 'key create'],
    ['the first password', { firstPassword: true }, 'password', 'warn', 'password reset'],
    ['a store that cannot be written', { store: { ...state({}).store, writable: false } }, 'database', 'fail', 'disk'],
  ])('%s', (_, more, what, level, fix) => {
    const found = dataFindings(state(more)).find((finding) => finding.what === what)
    expect(found?.level).toBe(level as 'ok')
    if (fix === undefined) expect(found?.fix).toBeUndefined()
    else expect(found?.fix).toContain(fix)
  })

  test.each<[AccountState['state'], string, string | undefined]>([
    ['ready', 'ok', undefined],
    ['unchecked', 'ok', undefined],
    ['cooling', 'ok', undefined],
    ['exhausted', 'warn', 'reset'],
    ['expired', 'warn', 'account add'],
    ['suspended', 'warn', 'account check acc_suspended'],
    ['failing', 'warn', 'account check acc_failing'],
    ['disabled', 'ok', undefined],
  ])('an account that is %s', (name, level, fix) => {
    const found = dataFindings(state({ accounts: [account('ready', { id: 'other' }), account(name)] })).find(
      ({ what }) => what === `account acc_${name}`,
    )
    expect(found?.level).toBe(level as 'ok')
    if (fix === undefined) expect(found?.fix).toBeUndefined()
    else expect(found?.fix).toContain(fix)
  })

  test('of a thousand accounts only those that do not serve are listed, at most fifty', () => {
    const many = Array.from({ length: 1_000 }, (_, index) =>
      account(index < 60 ? 'expired' : 'ready', { id: `acc_${index}` }),
    )
    const findings = dataFindings(state({ accounts: many }))
    expect(findings.filter(({ what }) => what.startsWith('account '))).toHaveLength(50)
    expect(findings.at(-1)?.detail).toStartWith('10 more')
  })

  test('another version than this command’s is worth a restart', () => {
    expect(serverFinding({ pid: 1, port: 2 }, '1', '1').level).toBe('ok')
    expect(serverFinding({ pid: 1, port: 2 }, '1', '2')).toMatchObject({ level: 'warn', fix: 'restart the server' })
  })
})

describe('the master key', () => {
  const configOf = (folder: string, env: Record<string, string> = {}) =>
    resolvedFor([], { DATA_DIR: folder, ...env }).config
  const withFile = (mode: number): string => {
    const folder = emptyFolder()
    writeFileSync(path.join(folder, 'master.key'), 'x')
    chmodSync(path.join(folder, 'master.key'), mode)
    return folder
  }
  test.each([
    ['in a file of the operator’s alone', () => keyFinding(configOf(withFile(0o600)), [], false), 'ok', 'back it up'],
    ['in a file others can read', () => keyFinding(configOf(withFile(0o644)), [], false), 'warn', 'mode 644'],
    ['nowhere', () => keyFinding(configOf(emptyFolder()), [], false), 'fail', 'does not exist'],
    ['with the running server alone', () => keyFinding(configOf(emptyFolder()), [], true), 'ok', 'running server'],
    ['from the environment', () => keyFinding(configOf('/x', { MASTER_KEY: 'k' }), [], false), 'ok', 'MASTER_KEY'],
    ['not the right one', () => keyFinding(configOf(withFile(0o600)), ['acc_1'], false), 'fail', 'acc_1'],
  ] as const)('is %s', (_, find, level, detail) => {
    const found = find()
    expect(found.level).toBe(level)
    expect(found.detail).toContain(detail)
    expect(found.level === 'ok').toBe(found.fix === undefined)
  })
})

test('outbound proxies are told as they stand, and a host that is not reached around them is no failure', async () => {
  const proxies = [
    { name: 'up', enabled: true, state: 'up' },
    { name: 'dead', enabled: true, state: 'down', reason: 'ECONNREFUSED' },
    { name: 'new', enabled: true, state: 'unchecked' },
    { name: 'off', enabled: false, state: 'down' },
  ] as const
  const found = proxyFindings(state({ proxies, httpProxy: 'http://proxy:3128' }))
  expect(found.map(({ level }) => level)).toEqual(['ok', 'ok', 'fail', 'warn'])
  expect(found[2]?.detail).toBe('down (ECONNREFUSED)')
  expect(usesProxies(state({ proxies }))).toBe(true)
  expect(usesProxies(state({ proxies: proxies.filter(({ enabled }) => !enabled) }))).toBe(false)
  expect(usesProxies(state({ httpProxy: 'http://proxy:3128' }))).toBe(true)

  const fetch: FetchLike = () => Promise.reject(Object.assign(new Error('no'), { code: 'ECONNREFUSED' }))
  const [, ...direct] = await networkFindings(settings, [], createTestEffects({ fetch }, now), true)
  expect(direct.length).toBeGreaterThan(0)
  for (const finding of direct) {
    expect(finding.level).toBe('warn')
    expect(finding.fix).toContain('without the outbound proxies')
  }
})
