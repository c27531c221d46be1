import { afterAll, afterEach, beforeEach, expect, test } from 'bun:test'
import { keyTraces } from '../../server/access/key.ts'
import { nothing } from '../../server/access/limits.ts'
import { newAccountRecord } from '../../server/admin/account-draft.ts'
import { uncheckedProxy } from '../../server/egress/health.ts'
import { openStore } from '../../server/store/open.ts'
import type { KeyRecord, Store, UserRecord } from '../../server/store/store.ts'
import type { Credentials } from '../../server/upstream/amazonq/credentials.ts'
import { databaseOf } from '../support/database.ts'
import { createFolders } from './folder.ts'

const folders = createFolders()
afterAll(folders.remove)
let store: Store
beforeEach(async () => {
  const dataDir = folders.next()
  const opened = await openStore({
    ...(await databaseOf(dataDir)),
    dataDir,
    now: () => 1_000,
    sleep: async () => {},
    onUnreadable: () => {},
  })
  if (!opened.ok) throw opened.error
  store = opened.value.store
})
afterEach(() => store.close())

const secrets: Credentials = {
  method: 'builder-id',
  identityRegion: 'us-east-1',
  clientId: 'client',
  clientSecret: 'client-secret',
  refreshToken: 'refresh-1',
}
const addAccount = (id: string) =>
  store.accounts.create(newAccountRecord({ id, label: id, enabled: true, credentials: secrets }, 1, 8), secrets)
const user: UserRecord = {
  id: 'usr_a',
  name: 'Ada',
  enabled: true,
  priority: 2,
  limits: { tokensPerDay: 5 },
  createdAt: 1,
  updatedAt: 1,
}
const key = (id: string, more: Partial<KeyRecord> = {}): KeyRecord => ({
  id,
  name: id,
  ...keyTraces(`sk-${id}`),
  enabled: true,
  createdAt: 1,
  ...more,
})
const proxy = {
  id: 'prx_a',
  name: 'there',
  url: 'http://user:pass@127.0.0.1:3128/',
  shownUrl: 'http://user:••••@127.0.0.1:3128/',
  weight: 2,
  enabled: true,
  health: uncheckedProxy,
  createdAt: 1,
  updatedAt: 1,
}
const as = { name: 'as it was called', at: 10 }

test('an account comes back with its credentials, models, readings and proxy', async () => {
  await store.proxies.create(proxy)
  await addAccount('acc_a')
  await store.accounts.updateProfile('acc_a', { proxyId: 'prx_a', email: 'a@b', updatedAt: 2 })
  await store.accounts.saveQuota('acc_a', { used: 1.5, limit: 50, readAt: 4 })
  await store.accounts.saveModels('acc_a', [], 5)
  const [before, models] = [await store.accounts.get('acc_a'), await store.accounts.loadModels()]
  const readings = await store.accounts.quotaReadings('acc_a', 0)
  expect(readings).toHaveLength(1)

  expect(await store.deleted.take('account', 'acc_a', as)).toBe(true)
  expect(await store.deleted.take('account', 'acc_a', as)).toBe(false)
  expect([await store.accounts.list(), await store.accounts.credentials.load('acc_a')]).toEqual([[], undefined])
  expect(await store.deleted.list('account', 5)).toEqual({
    items: [{ id: 'acc_a', kind: 'account', name: as.name, deletedAt: 10 }],
    total: 1,
  })
  expect(await store.deleted.restore('user', 'acc_a')).toBe('unknown')
  expect(await store.deleted.restore('account', 'acc_a')).toBe('restored')
  expect(await store.accounts.get('acc_a')).toEqual(before)
  expect(await store.accounts.credentials.load('acc_a')).toEqual(secrets)
  expect(await store.accounts.loadModels()).toEqual(models)
  expect(await store.accounts.quotaReadings('acc_a', 0)).toEqual(readings)
  expect(await store.deleted.list(undefined, 5)).toEqual({ items: [], total: 0 })
})

test('tokens that were renewed while an account was deleted are those it comes back with', async () => {
  await addAccount('acc_a')
  await store.deleted.take('account', 'acc_a', as)
  await store.accounts.credentials.save('acc_a', { ...secrets, refreshToken: 'refresh-2' })
  expect(JSON.parse((await store.deleted.secretOf('account', 'acc_a')) ?? '{}')).toMatchObject({
    refreshToken: 'refresh-2',
  })
  await store.deleted.restore('account', 'acc_a')
  expect(await store.accounts.credentials.load('acc_a')).toMatchObject({ refreshToken: 'refresh-2' })
})

test('a user comes back with keys, their mappings and capture rules, and what they used', async () => {
  await store.users.create([{ user, key: key('key_a', { userId: 'usr_a', limits: { concurrency: 2 } }) }])
  const mapping = { id: 'map_a', name: 'gpt', target: 'claude', keyId: 'key_a', createdAt: 1, updatedAt: 1 }
  await store.modelMappings.create(mapping)
  const rule = { keyId: 'key_a', maxBytes: 10, keepMs: 20, until: 30, createdAt: 1 }
  await store.captures.saveRule(rule)
  const add = (requests: number) =>
    store.usage.write({
      add: ['usr_a', 'key_a'].map((subject) => ({ subject, period: 'all', used: { ...nothing, requests } })),
      open: [],
      close: [],
    })
  await add(2)
  const [users, keys] = [await store.users.list(), await store.keys.list()]

  expect(await store.deleted.take('user', 'usr_a', as)).toBe(true)
  expect([await store.users.list(), await store.keys.list(), await store.captures.rules()]).toEqual([[], [], []])
  expect(await store.modelMappings.list()).toEqual([])
  await add(1) // a call that was under way
  expect(await store.deleted.restore('user', 'usr_a')).toBe('restored')
  expect([await store.users.list(), await store.keys.list()]).toEqual([users, keys])
  expect([await store.modelMappings.list(), await store.captures.rules()]).toEqual([[mapping], [rule]])
  const used = await store.usage.ofPeriod('all', ['usr_a', 'key_a'])
  expect([...used.values()].map(({ requests }) => requests)).toEqual([3, 3])
})

test('a key needs its user, and its string to itself', async () => {
  await store.users.create([{ user, key: key('key_a', { userId: 'usr_a' }) }])
  await store.deleted.take('key', 'key_a', as)
  await store.deleted.take('user', 'usr_a', as)
  expect(await store.deleted.restore('key', 'key_a')).toBe('user-gone')
  await store.deleted.restore('user', 'usr_a')
  await store.keys.create({ ...key('key_b'), ...keyTraces('sk-key_a') })
  expect(await store.deleted.restore('key', 'key_a')).toBe('key-taken')
  await store.keys.remove('key_b')
  expect(await store.deleted.restore('key', 'key_a')).toBe('restored')
  expect((await store.keys.findByHash(keyTraces('sk-key_a').hash))?.userId).toBe('usr_a')
})

test('a mapping needs its key, and its name to itself; a block its range', async () => {
  const mapping = { id: 'map_a', name: 'GPT-4o', target: 'm', keyId: 'key_a', createdAt: 1, updatedAt: 1 }
  const block = { range: '203.0.113.0/24', shown: '203.0.113.0/24', reason: 'abuse', createdAt: 1, expiresAt: 5_000 }
  await store.keys.create(key('key_a'))
  await store.modelMappings.create(mapping)
  await store.ips.block([block])
  expect(await store.deleted.take('mapping', 'map_a', as)).toBe(true)
  expect(await store.deleted.take('mapping', 'map_a', as)).toBe(false)
  expect([await store.modelMappings.list(), await store.deleted.has('mapping', 'map_a')]).toEqual([[], true])
  await store.modelMappings.create({ ...mapping, id: 'map_b', name: 'gpt-4o' })
  expect(await store.deleted.restore('mapping', 'map_a')).toBe('name-taken')
  await store.modelMappings.remove('map_b')
  await store.keys.remove('key_a')
  expect(await store.deleted.restore('mapping', 'map_a')).toBe('key-gone')
  await store.keys.create(key('key_a'))
  expect(await store.deleted.restore('mapping', 'map_a')).toBe('restored')
  expect(await store.modelMappings.list()).toEqual([mapping])

  for (const at of [10, 20]) {
    expect(await store.deleted.take('block', block.range, { name: block.shown, at })).toBe(true)
    await store.ips.block([block])
  }
  expect((await store.deleted.list('block', 10)).items).toMatchObject([{ id: block.range, deletedAt: 20 }])
  expect(await store.deleted.restore('block', block.range)).toBe('range-taken')
  await store.ips.unblock([block.range])
  expect(await store.deleted.restore('block', block.range)).toBe('restored')
  expect(await store.ips.blocks()).toEqual([block])
})

test('a proxy is again that of the accounts it had, where they have none now', async () => {
  await store.proxies.create(proxy)
  await store.proxies.create({ ...proxy, id: 'prx_b', url: 'http://127.0.0.1:3129/' })
  for (const id of ['acc_a', 'acc_b', 'acc_c']) await addAccount(id)
  for (const id of ['acc_a', 'acc_b']) await store.accounts.updateProfile(id, { proxyId: 'prx_a' })
  await store.deleted.take('proxy', 'prx_a', as)
  expect(await store.deleted.secretOf('proxy', 'prx_a')).toBe(proxy.url)
  await store.accounts.updateProfile('acc_b', { proxyId: 'prx_b' })
  expect(await store.deleted.restore('proxy', 'prx_a')).toBe('restored')
  expect(await store.proxies.get('prx_a')).toEqual(proxy)
  const own = (await store.accounts.list()).map(({ profile }) => profile.proxyId)
  expect(own).toEqual(['prx_a', 'prx_b', undefined])
})

test('an account whose own proxy went after it comes back without one', async () => {
  await store.proxies.create(proxy)
  await addAccount('acc_a')
  await store.accounts.updateProfile('acc_a', { proxyId: 'prx_a' })
  await store.deleted.take('account', 'acc_a', as)
  await store.deleted.take('proxy', 'prx_a', as)
  expect(await store.deleted.restore('account', 'acc_a')).toBe('restored')
  expect((await store.accounts.get('acc_a'))?.profile.proxyId).toBeUndefined()
})

test('what is older goes for good, with what it used', async () => {
  await store.users.create([{ user, key: key('key_a', { userId: 'usr_a' }) }])
  await store.usage.write({
    add: ['usr_a', 'key_a', 'key_z'].map((subject) => ({ subject, period: 'all', used: nothing })),
    open: [],
    close: [],
  })
  await addAccount('acc_a')
  await store.deleted.take('user', 'usr_a', { name: 'Ada', at: 10 })
  await store.deleted.take('account', 'acc_a', { name: 'a', at: 20 })
  expect(await store.deleted.prune(10)).toBe(0)
  expect(await store.deleted.prune(11)).toBe(1)
  expect([...(await store.usage.ofPeriod('all')).keys()]).toEqual(['key_z'])
  expect(await store.deleted.restore('user', 'usr_a')).toBe('unknown')
  expect(await store.deleted.purge('acc_a')).toBe(true)
  expect(await store.deleted.purge('acc_a')).toBe(false)
  expect(await store.deleted.secretOf('account', 'acc_a')).toBeUndefined()
})
