import { Database } from 'bun:sqlite'
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import type { Health, HealthState } from '../../server/pool/account.ts'
import { readMigrations } from '../../server/store/engine/migrate.ts'
import { openSqlite } from '../../server/store/engine/sqlite.ts'
import { openStore } from '../../server/store/open.ts'
import type { AccountRecord, ProxyRecord, Store } from '../../server/store/store.ts'
import { databaseOf } from '../support/database.ts'
import { createFolders, onFiles } from './folder.ts'

const folders = createFolders()
afterAll(folders.remove)

const hour = 3_600_000
let clock = 1000
let folder = ''
let store: Store
async function open(dataDir: string, masterKey?: string): Promise<Store> {
  const opened = await openStore({
    ...(await databaseOf(dataDir)),
    dataDir,
    now: () => clock,
    sleep: async () => {},
    onUnreadable: () => {},
    ...(masterKey === undefined ? {} : { masterKey, acceptNewKey: true }),
  })
  if (!opened.ok) throw opened.error
  return opened.value.store
}
beforeEach(async () => {
  clock = 1000
  folder = folders.next()
  store = await open(folder)
})
afterEach(() => store.close())

const proxy = (id: string, more: Partial<ProxyRecord> = {}): ProxyRecord & { readonly url: string } => ({
  id,
  name: `name of ${id}`,
  shownUrl: 'socks5://user:••••@host:1080',
  weight: 3,
  enabled: true,
  health: { state: 'unchecked', failures: 0 },
  createdAt: 1,
  updatedAt: 1,
  ...more,
  url: 'socks5://user:S3CRET-PASSWORD@host:1080',
})
const account = (id: string, proxyId?: string): AccountRecord => ({
  account: {
    id,
    label: id,
    enabled: true,
    health: { state: 'ready', since: 1, failures: 0 },
    weight: 10,
    maxInFlight: 8,
    createdAt: 1,
  },
  profile: {
    method: 'builder-id',
    region: 'us-east-1',
    successCount: 0,
    errorCount: 0,
    updatedAt: 1,
    ...(proxyId === undefined ? {} : { proxyId }),
  },
})
const secrets = { method: 'builder-id', identityRegion: 'us-east-1' } as const

describe('proxies', () => {
  test('come back as they were created, in the order they were added', async () => {
    const first = proxy('prx_b')
    const second = proxy('prx_a', {
      createdAt: 2,
      enabled: false,
      health: { state: 'down', checkedAt: 5, latencyMs: 30, failures: 2, reason: 'ECONNREFUSED' },
    })
    await store.proxies.create(second)
    await store.proxies.create(first)
    expect(await store.proxies.list()).toEqual([first, second])
    expect(await store.proxies.get('prx_a')).toEqual(second)
    expect(await store.proxies.get('prx_x')).toBeUndefined()
  })

  test('change by what is given alone; health is no change of theirs', async () => {
    await store.proxies.create(proxy('prx_a'))
    clock = 2000
    expect(await store.proxies.update('prx_a', { name: 'new', enabled: false })).toBe(true)
    const address = { url: 'http://other:OTHER-SECRET@h:1', shownUrl: 'http://other:••••@h:1' }
    expect(await store.proxies.update('prx_a', { address, weight: 100 })).toBe(true)
    await store.proxies.saveHealth('prx_a', { state: 'up', checkedAt: 9, latencyMs: 1, failures: 0 })
    expect(await store.proxies.get('prx_a')).toEqual({
      ...proxy('prx_a'),
      ...address,
      name: 'new',
      enabled: false,
      weight: 100,
      updatedAt: 2000,
      health: { state: 'up', checkedAt: 9, latencyMs: 1, failures: 0 },
    })
    expect(await store.proxies.update('prx_x', { name: 'new' })).toBe(false)
  })

  test('leave their accounts behind without one', async () => {
    await store.proxies.create(proxy('prx_a'))
    await store.accounts.create(account('acc_1', 'prx_a'), secrets)
    await store.accounts.create(account('acc_2'), secrets)
    await store.accounts.updateProfile('acc_2', { proxyId: 'prx_a' })
    expect((await store.accounts.list()).map(({ profile }) => profile.proxyId)).toEqual(['prx_a', 'prx_a'])
    await store.accounts.updateProfile('acc_2', { plan: 'PRO' })
    expect((await store.accounts.get('acc_2'))?.profile.proxyId).toBe('prx_a')
    await store.accounts.updateProfile('acc_2', { proxyId: null })
    expect((await store.accounts.get('acc_2'))?.profile).not.toHaveProperty('proxyId')
    expect(await store.proxies.remove('prx_a')).toBe(true)
    expect(await store.proxies.remove('prx_a')).toBe(false)
    expect((await store.accounts.get('acc_1'))?.profile).not.toHaveProperty('proxyId')
  })

  test('that do not exist cannot be an account’s', async () => {
    await store.accounts.create(account('acc_1'), secrets)
    expect(store.accounts.updateProfile('acc_1', { proxyId: 'prx_x' })).rejects.toThrow()
  })

  test.each([{ id: 'other_a' }, { weight: 0 }, { weight: 101 }])('with %j are refused by the table', async (more) => {
    expect(store.proxies.create(proxy('prx_a', more))).rejects.toThrow()
  })

  test('sealed with another key come without their address', async () => {
    await store.proxies.create(proxy('prx_a'))
    await store.sealedSettings.write('http_proxy', { value: 'http://u:S3CRET@h:1', shown: 'http://u:••••@h:1' })
    await store.close()
    store = await open(folder, Buffer.alloc(32, 7).toString('base64'))
    const { url: _url, ...rest } = proxy('prx_a')
    expect(await store.proxies.list()).toEqual([rest])
    expect(await store.sealedSettings.read('http_proxy')).toBeUndefined()
    expect(await store.sealedSettings.shown()).toEqual({ http_proxy: 'http://u:••••@h:1' })
  })
})

test('sealed settings are read, replaced and removed', async () => {
  const { sealedSettings } = store
  await sealedSettings.write('a', { value: 'one', shown: '1' })
  await sealedSettings.write('a', { value: 'two', shown: '2' })
  await sealedSettings.write('b', { value: 'three', shown: '3' })
  expect(await sealedSettings.read('a')).toBe('two')
  expect(await sealedSettings.shown()).toEqual({ a: '2', b: '3' })
  await sealedSettings.write('a', null)
  expect(await sealedSettings.read('a')).toBeUndefined()
  expect(await sealedSettings.shown()).toEqual({ b: '3' })
})

onFiles?.('no address is on disk in clear', async () => {
  await store.proxies.create(proxy('prx_a'))
  await store.proxies.update('prx_a', { address: { url: 'http://u:OTHER-SECRET@h:1', shownUrl: 'http://u:••••@h:1' } })
  await store.sealedSettings.write('http_proxy', { value: 'http://u:THIRD-SECRET@h:1', shown: 'http://u:••••@h:1' })
  const file = path.join(folder, 'data.sqlite3')
  for (const one of [file, `${file}-wal`]) {
    const bytes = readFileSync(one).toString('latin1')
    expect(bytes).not.toMatch(/S3CRET|OTHER-SECRET|THIRD-SECRET/)
  }
})

describe('quota readings', () => {
  const read = (used: number, readAt: number, limit = 100) => store.accounts.saveQuota('acc_1', { used, limit, readAt })
  const all = async (since = 0) =>
    (await store.accounts.quotaReadings('acc_1', since)).map(({ at, used }) => [at, used])
  beforeEach(() => store.accounts.create(account('acc_1'), secrets))

  test('are kept when a figure changed', async () => {
    await read(1, 10)
    await read(1, 20)
    await read(2, 30)
    await read(2, 40, 200)
    await read(2, 50, 200)
    await read(0, 60, 200)
    expect(await all()).toEqual([
      [10, 1],
      [30, 2],
      [40, 2],
      [60, 0],
    ])
    expect((await store.accounts.get('acc_1'))?.account.quota?.readAt).toBe(60)
  })

  test('come since a time, with the last one before it', async () => {
    for (const at of [10, 20, 30, 40]) await read(at, at)
    expect(await all(30)).toEqual([
      [20, 20],
      [30, 30],
      [40, 40],
    ])
    expect(await all(35)).toEqual([
      [30, 30],
      [40, 40],
    ])
    expect(await all(100)).toEqual([[40, 40]])
    expect(await all(5)).toHaveLength(4)
  })

  test('of the same moment are one, the later', async () => {
    await read(1, 10)
    await read(2, 10)
    expect(await all()).toEqual([[10, 2]])
  })

  test('of an account that is gone are not kept, and go with it', async () => {
    await store.accounts.saveQuota('acc_x', { used: 1, limit: 2, readAt: 3 })
    expect(await store.accounts.quotaReadings('acc_x', 0)).toEqual([])
    await read(1, 10)
    await store.accounts.remove('acc_1')
    expect(await all()).toEqual([])
  })

  test('grow old: whole for 2 days, the last of each hour for 40, then none', async () => {
    await store.accounts.create(account('acc_2'), secrets)
    for (const minute of [0, 20, 40, 60, 80, 1_500]) {
      await read(minute + 1, minute * 60_000)
      await store.accounts.saveQuota('acc_2', { used: minute + 1, limit: 9_999, readAt: minute * 60_000 })
    }
    clock = 48 * hour
    expect(await store.accounts.pruneQuotaReadings()).toBe(0)
    clock = 51 * hour
    expect(await store.accounts.pruneQuotaReadings()).toBe(6)
    expect((await all()).map(([at]) => (at ?? 0) / 60_000)).toEqual([40, 80, 1_500])
    clock = 40 * 24 * hour + 61 * 60_000
    expect(await store.accounts.pruneQuotaReadings()).toBe(2)
    expect((await all()).map(([at]) => (at ?? 0) / 60_000)).toEqual([80, 1_500])
  })
})

onFiles?.('a database of the first version is brought up to date with its accounts', () => {
  const file = path.join(folders.next(), 'data.sqlite3')
  const [first] = readMigrations()
  if (first === undefined) throw new Error('no migrations')
  const old = openSqlite({ path: file, now: () => 1, migrations: [first] })
  if (!old.ok) throw old.error
  old.value.close()
  const raw = new Database(file)
  raw.exec(`INSERT INTO accounts (id, label, enabled, weight, max_in_flight, health_state, health_since, failures, method,
    region, success_count, error_count, created_at, updated_at)
    VALUES ('acc_1', 'kept', 1, 1, 8, 'ready', 1, 0, 'social', 'us-east-1', 0, 0, 1, 1)`)
  raw.close()
  const now = openSqlite({ path: file, now: () => 2 })
  if (!now.ok) throw now.error
  now.value.close()
  const after = new Database(file)
  expect(after.query('SELECT label, proxy_id FROM accounts').all()).toEqual([{ label: 'kept', proxy_id: null }])
  after.close()
})

describe('events of an account', () => {
  const told = async (id = 'acc_1') => (await store.accounts.events(id)).map(({ at, kind }) => [at, kind])
  beforeEach(() => store.accounts.create(account('acc_1'), secrets))
  const health = (state: HealthState, more: Partial<Health> = {}): Health => ({ state, since: 0, failures: 0, ...more })

  test('are another state or another cause of it, with its words, newest first', async () => {
    clock = 10
    await store.accounts.saveHealth(
      'acc_1',
      health('cooling', { kind: 'rate-limited', until: 99, reason: 'Slow down.' }),
    )
    clock = 20
    await store.accounts.saveHealth('acc_1', health('cooling', { kind: 'rate-limited', until: 199 }))
    clock = 30
    await store.accounts.saveHealth('acc_1', health('cooling', { kind: 'account-restricted' }))
    clock = 40
    await store.accounts.addEvent('acc_1', { kind: 'disabled' })
    expect(await store.accounts.events('acc_1')).toEqual([
      { at: 40, kind: 'disabled' },
      { at: 30, kind: 'cooling', cause: 'account-restricted' },
      { at: 10, kind: 'cooling', cause: 'rate-limited', reason: 'Slow down.', until: 99 },
    ])
  })

  test('of an account that is gone are not kept, go with it, and come back with it', async () => {
    await store.accounts.addEvent('acc_x', { kind: 'enabled' })
    expect(await told('acc_x')).toEqual([])
    clock = 50
    await store.accounts.addEvent('acc_1', { kind: 'enabled' })
    await store.deleted.take('account', 'acc_1', { name: 'one', at: 60 })
    expect(await told()).toEqual([])
    await store.deleted.restore('account', 'acc_1')
    expect(await told()).toEqual([[50, 'enabled']])
  })

  test('grow old, and are not more than 200', async () => {
    for (let at = 1; at <= 205; at++) {
      clock = at
      await store.accounts.addEvent('acc_1', { kind: 'enabled' })
    }
    await store.accounts.pruneEvents()
    expect((await told()).map(([at]) => at)).toEqual(Array.from({ length: 200 }, (_, index) => 205 - index))
    clock = 91 * 24 * hour
    await store.accounts.pruneEvents()
    expect(await told()).toEqual([])
  })
})
