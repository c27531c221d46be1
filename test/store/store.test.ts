import { afterAll, afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import type { Session } from '../../server/access/session.ts'
import { type OpenStoreOptions, openStore } from '../../server/store/open.ts'
import type { AccountRecord, KeyRecord, Store } from '../../server/store/store.ts'
import type { Credentials } from '../../server/upstream/amazonq/credentials.ts'
import { databaseOf, onMysql, runRaw } from '../support/database.ts'
import { createFolders, makeOriginal, onFiles } from './folder.ts'

const folders = createFolders()
afterAll(folders.remove)

let clock = 1000
let folder = ''
let store: Store
let unreadable: string[] = []

const optionsFor = async (dataDir: string, more: Partial<OpenStoreOptions> = {}): Promise<OpenStoreOptions> => ({
  ...(await databaseOf(dataDir)),
  dataDir,
  now: () => clock,
  sleep: async () => {},
  onUnreadable: (id, reason) => unreadable.push(`${id}: ${reason}`),
  ...more,
})
async function open(dataDir: string, more?: Partial<OpenStoreOptions>) {
  const opened = await openStore(await optionsFor(dataDir, more))
  if (!opened.ok) throw opened.error
  return opened.value
}
beforeEach(async () => {
  clock = 1000
  unreadable = []
  folder = folders.next()
  store = (await open(folder)).store
})
afterEach(() => store.close())

const account = (id: string, more: Partial<AccountRecord['account']> = {}): AccountRecord => ({
  account: {
    id,
    label: `label of ${id}`,
    enabled: true,
    health: { state: 'unchecked', since: 1, failures: 0 },
    weight: 10,
    maxInFlight: 8,
    createdAt: 1,
    ...more,
  },
  profile: { method: 'builder-id', region: 'us-east-1', successCount: 0, errorCount: 0, updatedAt: 1 },
})
const credentials: Credentials = {
  method: 'builder-id',
  accessToken: 'aoa-access-token',
  refreshToken: 'aor-refresh-token',
  clientSecret: 'client-secret-text',
  identityRegion: 'us-east-1',
}

describe('accounts', () => {
  test('come back as they were created, with absent members absent', async () => {
    const full: AccountRecord = {
      account: {
        ...account('acc_2', {
          label: '名字 🙂',
          enabled: false,
          health: { state: 'cooling', since: 5, until: 9, reason: 'too many requests', failures: 3 },
          createdAt: 2,
          lastUsedAt: 7,
        }).account,
        quota: { used: 1.5, limit: 50, readAt: 4, trial: { used: 0, limit: 10, active: true, expiresAt: 99 } },
      },
      profile: {
        method: 'identity-center',
        email: 'a@b',
        userId: 'u',
        plan: 'KIRO PRO',
        region: 'eu-central-1',
        successCount: 4,
        errorCount: 2,
        accessExpiresAt: 3,
        lastRefreshAt: 2,
        lastRefreshStatus: 'failed',
        updatedAt: 8,
      },
    }
    await store.accounts.create(full, credentials)
    await store.accounts.create(account('acc_1'), credentials)
    expect(await store.accounts.list()).toEqual([account('acc_1'), full])
    expect(await store.accounts.get('acc_2')).toEqual(full)
    expect(Object.keys((await store.accounts.get('acc_1'))?.profile ?? {})).not.toContain('email')
    expect(await store.accounts.get('acc_3')).toBeUndefined()
  })

  test('change only in what a patch gives', async () => {
    await store.accounts.create(account('acc_1'), credentials)
    clock = 2000
    expect(await store.accounts.updateAccount('acc_1', { enabled: false, weight: 3 })).toBe(true)
    clock = 3000
    expect(await store.accounts.updateAccount('acc_1', { lastUsedAt: 2500 })).toBe(true)
    expect(await store.accounts.updateAccount('acc_1', {})).toBe(true)
    expect(await store.accounts.updateAccount('acc_9', { label: 'x' })).toBe(false)
    expect(await store.accounts.updateAccount('acc_9', {})).toBe(false)
    const changed = await store.accounts.get('acc_1')
    expect(changed?.account).toEqual(account('acc_1', { enabled: false, weight: 3, lastUsedAt: 2500 }).account)
    expect(changed?.profile.updatedAt).toBe(2000)
    await store.accounts.updateProfile('acc_1', { email: 'a@b', plan: 'FREE', updatedAt: 2100 })
    await store.accounts.updateProfile('acc_1', { plan: 'PRO' })
    expect((await store.accounts.get('acc_1'))?.profile).toEqual({
      ...account('acc_1').profile,
      email: 'a@b',
      plan: 'PRO',
      updatedAt: 3000,
    })
  })

  test('keep health, quota and counters', async () => {
    await store.accounts.create(account('acc_1'), credentials)
    await store.accounts.saveHealth('acc_1', { state: 'exhausted', since: 4, until: 8, reason: 'spent', failures: 1 })
    await store.accounts.saveQuota('acc_1', { used: 1, limit: 2, readAt: 3 })
    await store.accounts.saveAccountingHosts('acc_1', ['q.example', 'runtime.example'])
    await Promise.all([
      store.accounts.count('acc_1', { success: 2 }),
      store.accounts.count('acc_1', { success: 1, error: 5 }),
      store.accounts.count('acc_1', {}),
    ])
    const { account: kept, profile } = (await store.accounts.get('acc_1')) ?? account('none')
    expect(kept.health).toEqual({ state: 'exhausted', since: 4, until: 8, reason: 'spent', failures: 1 })
    expect(kept.quota).toEqual({ used: 1, limit: 2, readAt: 3 })
    expect([profile.successCount, profile.errorCount]).toEqual([3, 5])
    expect(profile.accountingHosts).toEqual(['q.example', 'runtime.example'])
    await store.accounts.saveHealth('acc_1', { state: 'ready', since: 5, failures: 0 })
    expect((await store.accounts.get('acc_1'))?.account.health).toEqual({ state: 'ready', since: 5, failures: 0 })
  })

  test('are created whole or not at all', async () => {
    await store.accounts.create(account('acc_1'), credentials)
    const again = store.accounts.create(account('acc_1', { label: 'other' }), { ...credentials, accessToken: 'other' })
    expect(
      await again.then(
        () => 'done',
        (error) => error.kind,
      ),
    ).toBe('conflict')
    const odd = store.accounts.create(account('acc_2', { weight: 0 }), credentials)
    expect(
      await odd.then(
        () => 'done',
        (error) => error.kind,
      ),
    ).toBe('conflict')
    expect((await store.accounts.list()).map(({ account: { id, label } }) => [id, label])).toEqual([
      ['acc_1', 'label of acc_1'],
    ])
    expect(await store.accounts.credentials.load('acc_1')).toEqual(credentials)
  })

  test('take credentials and models with them when they go', async () => {
    await store.accounts.create(account('acc_1'), credentials)
    const model = { id: 'm', name: 'M', maxInputTokens: 1, maxOutputTokens: 2, acceptsImages: false }
    await store.accounts.saveModels('acc_1', [], 5)
    await store.accounts.saveModels('acc_1', [model], 6)
    await store.accounts.saveModels('acc_9', [model], 6)
    const stored = new Map([['acc_1', { models: [model], readAt: 6 }]])
    expect(await store.accounts.loadModels()).toEqual(stored)
    expect(await store.accounts.loadModels('acc_1')).toEqual(stored)
    expect((await store.accounts.loadModels('acc_2')).size).toBe(0)
    expect(await store.accounts.remove('acc_1')).toBe(true)
    expect(await store.accounts.remove('acc_1')).toBe(false)
    expect(await store.accounts.loadModels()).toEqual(new Map())
    expect(await store.accounts.credentials.load('acc_1')).toBeUndefined()
    await store.accounts.credentials.save('acc_1', credentials) // a refresh that was on its way
    expect(await store.accounts.credentials.load('acc_1')).toBeUndefined()
    expect(unreadable).toEqual([])
  })
})

describe('credentials', () => {
  test('are replaced by a save and never lie on disk in the clear', async () => {
    await store.accounts.create(account('acc_1'), credentials)
    await store.accounts.credentials.save('acc_1', { ...credentials, refreshToken: 'aor-rotated-token' })
    expect((await store.accounts.credentials.load('acc_1'))?.refreshToken).toBe('aor-rotated-token')
    for (const name of readdirSync(folder)) {
      const bytes = readFileSync(path.join(folder, name))
      for (const text of ['aor-rotated-token', 'aor-refresh-token', 'aoa-access-token', 'client-secret-text']) {
        expect(bytes.includes(text)).toBe(false)
      }
    }
    await store.close()
    store = (await open(folder)).store
    expect((await store.accounts.credentials.load('acc_1'))?.refreshToken).toBe('aor-rotated-token')
  })

  test('of one row do not open in another; that is told once', async () => {
    await store.accounts.create(account('acc_1'), credentials)
    await store.accounts.create(account('acc_2'), credentials)
    await runRaw(folder, [
      `UPDATE {credentials} SET sealed = (SELECT sealed FROM (SELECT sealed FROM {credentials} WHERE account_id = 'acc_2') AS other) WHERE account_id = 'acc_1'`,
    ])
    expect(await store.accounts.credentials.load('acc_1')).toBeUndefined()
    expect(await store.accounts.credentials.load('acc_1')).toBeUndefined()
    expect(await store.accounts.credentials.load('acc_2')).toEqual(credentials)
    expect(unreadable).toEqual(['acc_1: the sealed value was changed, cut or belongs to another row'])
    await store.accounts.credentials.save('acc_1', credentials)
    expect(await store.accounts.credentials.load('acc_1')).toEqual(credentials)
  })
})

describe('the master key', () => {
  test('is made at the first start only', async () => {
    await store.close()
    const again = await open(folder)
    store = again.store
    expect([again.vault.created, again.vault.path]).toEqual([false, path.join(folder, 'master.key')])
    expect((await open(folders.next())).vault.created).toBe(true)
  })

  test('lost: the start stops; with --new-master-key accounts sign in again and everything else is kept', async () => {
    await store.accounts.create(account('acc_1'), credentials)
    await store.settings.write({ a: '1' })
    await store.close()
    rmSync(path.join(folder, 'master.key'))
    const closed = await openStore(await optionsFor(folder))
    expect(!closed.ok && closed.error.kind).toBe('vault')
    expect(!closed.ok && closed.error.message).toContain('--new-master-key')
    expect(readdirSync(folder)).not.toContain('master.key')

    store = (await open(folder, { acceptNewKey: true })).store
    expect(await store.accounts.credentials.load('acc_1')).toBeUndefined()
    expect(unreadable).toEqual(['acc_1: the value was sealed with another master key'])
    expect(await store.settings.all()).toEqual({ a: '1' })
    expect((await store.accounts.list()).length).toBe(1)
    await store.accounts.credentials.save('acc_1', credentials)
    await store.close()
    store = (await open(folder)).store
    expect(await store.accounts.credentials.load('acc_1')).toEqual(credentials)
  })

  test('wrong: the start stops', async () => {
    await store.close()
    const closed = await openStore(await optionsFor(folder, { masterKey: 'some other passphrase' }))
    expect(!closed.ok && closed.error.message).toContain('MASTER_KEY is not the one')
    store = (await open(folder)).store
    expect((await store.describe()).writable).toBe(true)
  })

  test('as a passphrase works at every start', async () => {
    const dataDir = folders.next()
    const masterKey = 'correct horse battery staple'
    const first = await open(dataDir, { masterKey })
    await first.store.accounts.create(account('acc_1'), credentials)
    await first.store.close()
    const second = await open(dataDir, { masterKey })
    expect(await second.store.accounts.credentials.load('acc_1')).toEqual(credentials)
    await second.store.close()
    expect(readdirSync(dataDir)).toEqual(onMysql ? [] : ['data.sqlite3'])
  })
})

onFiles?.('a folder with the original’s database is refused before anything is made in it', async () => {
  const dataDir = folders.next()
  makeOriginal(path.join(dataDir, 'data.sqlite3')).close()
  const opened = await openStore(await optionsFor(dataDir))
  expect(!opened.ok && opened.error.kind).toBe('original')
  expect(readdirSync(dataDir)).toEqual(['data.sqlite3'])
})

describe('keys', () => {
  const key = (id: string, more: Partial<KeyRecord> = {}): KeyRecord => ({
    id,
    name: id,
    hash: id.padEnd(64, '0'),
    prefix: 'sk-1234',
    last4: 'wxyz',
    enabled: true,
    createdAt: 1,
    ...more,
  })
  test('are found by their hash, listed by age, touched forwards only', async () => {
    await store.keys.create(key('key_2', { createdAt: 2, enabled: false, lastUsedAt: 3 }))
    await store.keys.create(key('key_1'))
    expect(await store.keys.list()).toEqual([
      key('key_1'),
      key('key_2', { createdAt: 2, enabled: false, lastUsedAt: 3 }),
    ])
    await store.keys.touch('key_1', 50)
    await store.keys.touch('key_1', 40)
    expect(await store.keys.findByHash(key('key_1').hash)).toEqual(key('key_1', { lastUsedAt: 50 }))
    expect(await store.keys.findByHash('f'.repeat(64))).toBeUndefined()
    expect(await store.keys.remove('key_1')).toBe(true)
    expect(await store.keys.remove('key_1')).toBe(false)
    expect(await store.keys.findByHash(key('key_1').hash)).toBeUndefined()
  })
  test('change one by one; a list of accounts that cannot be read names nobody', async () => {
    await store.keys.create(key('key_3', { accountIds: ['acc_1', 'acc_2'] }))
    expect(await store.keys.findByHash(key('key_3').hash)).toEqual(key('key_3', { accountIds: ['acc_1', 'acc_2'] }))
    expect(await store.keys.update('key_3', { name: 'new', enabled: false })).toEqual(
      key('key_3', { name: 'new', enabled: false, accountIds: ['acc_1', 'acc_2'] }),
    )
    expect(await store.keys.update('key_3', { accountIds: ['acc_3'] })).toMatchObject({ accountIds: ['acc_3'] })
    expect(await store.keys.update('key_3', {})).toMatchObject({ name: 'new', accountIds: ['acc_3'] })
    const free = await store.keys.update('key_3', { accountIds: null })
    expect(Object.keys(free ?? {})).not.toContain('accountIds')
    expect(await store.keys.update('key_none', { enabled: true })).toBeUndefined()
    await store.keys.update('key_3', { accountIds: ['acc_1'] })
    await runRaw(folder, [`update {api_keys} set account_ids = '["acc_' where id = 'key_3'`])
    expect(await store.keys.findByHash(key('key_3').hash)).toMatchObject({ accountIds: ['unreadable'] })
    for (const odd of ['{}', '1', '[]', '[7]', 'null']) {
      await runRaw(folder, ['update {api_keys} set account_ids = ? where id = ?'], [odd, 'key_3'])
      expect(await store.keys.findByHash(key('key_3').hash)).toMatchObject({ accountIds: ['unreadable'] })
    }
  })
  test('with the same hash are refused', async () => {
    await store.keys.create(key('key_1'))
    const twin = store.keys.create(key('key_2', { hash: key('key_1').hash }))
    expect(
      await twin.then(
        () => 'done',
        (error) => error.kind,
      ),
    ).toBe('conflict')
  })
})

test('settings are written together, replaced and removed; unknown ones stay', async () => {
  await store.settings.write({ a: '1', b: '2', free_request_count: '' })
  await store.settings.write({ a: '3', b: null, c: null })
  await store.settings.write({})
  expect(await store.settings.all()).toEqual({ a: '3', free_request_count: '' })
})

test('sessions are found, touched, ended and pruned', async () => {
  const session = (sign: string, lastSeenAt = 1): Session => ({
    hash: sign.repeat(64),
    createdAt: 1,
    lastSeenAt,
    peer: '::1',
    userAgent: 'test',
    mustChangePassword: sign === 'a',
    subject: sign === 'd' ? 'opr_1' : 'owner',
  })
  for (const sign of ['a', 'b', 'c', 'd']) await store.sessions.create(session(sign))
  await store.sessions.touch(session('a').hash, 10)
  expect(await store.sessions.find(session('a').hash)).toEqual(session('a', 10))
  await store.sessions.remove(session('b').hash)
  expect(await store.sessions.find(session('b').hash)).toBeUndefined()
  await store.sessions.prune({ lastSeen: 10, created: 1 })
  expect(await store.sessions.find(session('c').hash)).toBeUndefined()
  await store.sessions.create(session('d', 11))
  expect((await store.sessions.list()).map(({ hash }) => hash)).toEqual([session('d').hash, session('a').hash])
  await store.sessions.removeAll({ subject: 'nobody' })
  await store.sessions.removeAll({ exceptHash: session('d').hash })
  expect([await store.sessions.find(session('a').hash), await store.sessions.find(session('d').hash)]).toEqual([
    undefined,
    session('d', 11),
  ])
  await store.sessions.create(session('e', 11))
  await store.sessions.removeAll({ subject: 'opr_1' })
  expect((await store.sessions.list()).map(({ hash }) => hash)).toEqual([session('e').hash])
  await store.sessions.prune({ lastSeen: 0, created: 2 })
  expect(await store.sessions.list()).toEqual([])
  await store.sessions.create(session('d', 11))
  await store.sessions.removeAll()
  expect(await store.sessions.find(session('d').hash)).toBeUndefined()
})

test('after it is closed every call rejects with a fault instead of crashing', async () => {
  const dataDir = folders.next()
  const { store: closed } = await open(dataDir)
  await closed.close()
  expect(
    await closed.keys.list().then(
      () => 'done',
      (error) => error.name,
    ),
  ).toBe('StoreFault')
  expect((await closed.describe()).writable).toBe(false)
})
