import { expect, test } from 'bun:test'
import type { HealthCheck } from '../../server/admin/contract/health.ts'
import { type HealthFacts, healthChecks } from '../../server/admin/health-check.ts'
import { adminApp, elsewhere, password, secretsOf } from './admin-app.ts'

const machine = () => ({
  ...{
    commit: 'abcdef012345',
    builtFrom: '2026-11-28T16:00:00.000Z',
    runtime: 'Bun 1.4.5',
    system: 'Linux 6.1 x64',
    cpus: 2,
    pid: 42,
    startedAt: 1_699_999_000_000,
  },
  ...{ memoryBytes: 150_000_000, heapBytes: 50_000_000, diskFreeBytes: 5 * 1024 ** 3, diskTotalBytes: 9 * 1024 ** 3 },
  databaseBytes: 4_096,
})
const sizes = () => [{ name: 'waiting_requests', help: 'Requests waiting.', value: 3, limit: 2_000 }]

const levels = (checks: readonly HealthCheck[]) =>
  Object.fromEntries(checks.map(({ name, level, reason }) => [name, `${level} ${reason}`]))

test('the process tells what it is, what it holds and how far that may grow, and what is not well', async () => {
  const startedWith = () => [{ key: 'server.port', value: '1', from: 'flag' as const, where: '--port' }]
  const app = await adminApp({ deps: { machine, sizes, startedWith } })
  await app.addAccount('a')
  const { status, json } = await app.call('GET', '/v2/health')
  expect(status).toBe(200)
  expect(json).toMatchObject({
    ...{
      version: '9.9.9',
      commit: 'abcdef012345',
      commit_date: '2026-11-28T16:00:00.000Z',
      data_dir: '/srv/the gateway',
      memory_bytes: 150_000_000,
    },
    database: { writable: true, bytes: 4_096 },
    pool: { accounts: 1, in_service: 1, in_flight: 2 },
    streams: { open: 0, limit: 200 },
    sizes: sizes(),
    configuration: [{ key: 'server.port', value: '1', from: 'flag', where: '--port' }],
    reset_command: expect.stringContaining('password reset'),
  })
  expect(levels(json.checks)).toMatchObject({
    ...{ database: 'pass writable', disk: 'pass enough', accounts: 'pass serving', keys: 'warn none' },
    ...{ encryption: 'pass safe' },
  })
  app.world.peer = elsewhere
  const remote = await app.call('GET', '/v2/health')
  expect(levels(remote.json.checks)).toMatchObject({ encryption: 'warn plain' })
})

const well: HealthFacts = {
  database: { engine: 'SQLite', version: '3', place: 'x', writable: true, bytes: 1 },
  disk: { free_bytes: 2 * 1024 ** 3, total_bytes: null },
  pool: { accounts: 3, in_service: 2, in_flight: 0, waiting: 0 },
  ...{ keys: 1, now: 100 * 86_400_000, encrypted: true, visitorsHidden: false },
  backups: { newestAt: 99 * 86_400_000 },
}
test.each<[string, Partial<HealthFacts>, Record<string, string>]>([
  ['all is well', {}, { database: 'pass writable', backup: 'pass newest', 'reverse-proxy': 'pass plain' }],
  ['it cannot write', { database: { ...well.database, writable: false } }, { database: 'fail read-only' }],
  ['little room', { disk: { free_bytes: 900_000_000, total_bytes: null } }, { disk: 'warn low' }],
  ['no room', { disk: { free_bytes: 5_000_000, total_bytes: null } }, { disk: 'fail low' }],
  ['nobody ready', { pool: { ...well.pool, in_service: 0 } }, { accounts: 'fail none-ready' }],
  ['no account', { pool: { ...well.pool, accounts: 0, in_service: 0 } }, { accounts: 'warn none' }],
  ['no copy', { backups: { newestAt: undefined } }, { backup: 'warn none' }],
  ['an old copy', { backups: { newestAt: 92 * 86_400_000 } }, { backup: 'warn newest' }],
  ['a proxy that names nobody', { visitorsHidden: true }, { 'reverse-proxy': 'warn hides-visitors' }],
])('%s', (_, change, expected) => {
  expect(levels(healthChecks({ ...well, ...change }))).toMatchObject(expected)
})

test('copies that are made elsewhere, and a disk that nobody can measure, are not complained of', () => {
  const { backups: _, ...elsewhereKept } = well
  const names = healthChecks({ ...elsewhereKept, disk: { free_bytes: null, total_bytes: null } }).map(
    ({ name }) => name,
  )
  expect(names).toEqual(['database', 'accounts', 'keys', 'encryption', 'reverse-proxy'])
})

test('the support report holds none of the secrets, e-mail addresses, network addresses and names that lie everywhere', async () => {
  const planted = {
    emails: ['li.wei@corp.example', 'ada@example.com', 'seven@mail.example'],
    addresses: ['192.0.2.77', '2001:db8::77', '198.51.100.9', '203.0.113.4'],
    hosts: ['db7.corp.example', 'proxy7.corp.example', 'hooks7.example'],
    names: ['Li Wei', 'Ada Lovelace', 'li-home'],
    secrets: [
      'sk-plantedplantedplanted01',
      'adm_planted_planted_02',
      'planted-password-03',
      ...Object.values(secretsOf('a')),
    ],
  }
  const startedWith = () => [
    { key: 'database.mysql.host', value: 'db7.corp.example', from: 'file' as const, where: 'config.yaml:3' },
    { key: 'data_dir', value: '/home/li-home/gateway', from: 'env' as const, where: 'DATA_DIR' },
    {
      key: 'server.trusted_proxies',
      value: '198.51.100.9, 203.0.113.4',
      from: 'file' as const,
      where: 'config.yaml:9',
    },
    { key: 'log.level', value: 'debug', from: 'env' as const, where: 'LOG_LEVEL' },
  ]
  const app = await adminApp({ deps: { machine, sizes, startedWith } })
  await app.addAccount('a', { label: 'Li Wei' })
  await app.store.accounts.updateProfile('a', { email: 'li.wei@corp.example' })
  await app.addKey('one', 'sk-plantedplantedplanted01')
  await app.call('POST', '/v2/users', { name: 'Ada Lovelace', email: 'ada@example.com' })
  await app.call('PUT', '/v2/settings', {
    ...{ announcementEnabled: true, announcementText: 'Ask Li Wei, seven@mail.example' },
    ...{ httpProxy: 'http://me:planted-password-03@proxy7.corp.example:3128', maxErrorCount: 5 },
    ...{ alertWebhookUrl: 'https://hooks7.example/planted-password-03', alertWebhookSecret: 'planted-password-03' },
    blockedIPs: ['198.51.100.9'],
  })
  const { serverLog } = app
  serverLog.warn('login.failed', { peer: '192.0.2.77', user: 'Li Wei' })
  serverLog.error('alert.failed', { reason: 'seven@mail.example at https://hooks7.example/x said no to 2001:db8::77' })
  serverLog.error('relay.failed', { cause: 'Bearer sk-plantedplantedplanted01, adm_planted_planted_02' })
  const { status, text, headers } = await app.call('GET', '/v2/health/report')
  expect([status, headers.get('content-type')]).toEqual([200, 'text/markdown; charset=utf-8'])
  for (const word of Object.values(planted).flat().map(String))
    expect([word, text.includes(word)]).toEqual([word, false])
  expect(text).not.toContain(password)
  // It must still be of use.
  for (const word of [
    ...['Bun 1.4.5', 'maxErrorCount: 5', 'announcementText: (set)', 'log.level: debug (env LOG_LEVEL)'],
    ...['data_dir: (set)', 'waiting_requests: 3 of 2000', 'error alert.failed', 'warn login.failed', 'keys: some'],
  ]) {
    expect([word, text.includes(word)]).toEqual([word, true])
  }
})
