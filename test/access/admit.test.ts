import { expect, test } from 'bun:test'
import { bearerOf, createAdmission } from '../../server/access/admit.ts'
import { consoleKey } from '../../server/access/console-key.ts'
import { keyTraces } from '../../server/access/key.ts'
import { createTestEffects } from '../support/effects.ts'
import { memoryStore } from '../support/memory-store.ts'

const key = 'sk-0123456789abcdefghijklmnopqrstuvwxyz'

const none = { users: memoryStore().users, accounts: memoryStore().accounts }
/** Nothing is late. */
const never = () => () => {}

async function setUp(options: { readonly cacheSize?: number } = {}) {
  const clock = { now: 1_000_000 }
  const { keys, users, accounts } = memoryStore()
  const lookups: string[] = []
  const admission = createAdmission({
    keys: {
      ...keys,
      findByHash: (hash) => {
        lookups.push(hash)
        return keys.findByHash(hash)
      },
    },
    users,
    accounts,
    now: () => clock.now,
    after: never,
    ...options,
  })
  const add = (id: string, text: string, enabled = true) =>
    keys.create({ id, name: `name of ${id}`, ...keyTraces(text), enabled, createdAt: 1 })
  await add('key_1', key)
  return { admission, keys, users, clock, lookups, add }
}

test.each([
  ['a bearer', { authorization: `Bearer ${key}` }, true],
  ['a bearer in lower case', { authorization: `bearer ${key}` }, true],
  ['a bearer with more blanks', { authorization: `BEARER   ${key} ` }, true],
  ['x-api-key', { xApiKey: key }, true],
  ['both', { authorization: `Bearer ${key}`, xApiKey: 'other' }, true],
  ['an empty bearer and x-api-key', { authorization: 'Bearer ', xApiKey: key }, true],
  ['a wrong bearer', { authorization: `Bearer ${key}x` }, false],
  ['a wrong bearer and a right x-api-key', { authorization: 'Bearer no', xApiKey: key }, true],
  ['a right bearer and a disabled x-api-key', { authorization: `Bearer ${key}`, xApiKey: 'sk-off' }, true],
  ['a disabled bearer and a right x-api-key', { authorization: 'Bearer sk-off', xApiKey: key }, true],
  ['basic and a right x-api-key', { authorization: 'Basic abc', xApiKey: key }, true],
  ['a bearer in x-api-key', { xApiKey: `Bearer ${key}` }, true],
  ['a bearer written twice', { authorization: `Bearer bearer ${key}` }, true],
  ['a key without its scheme', { authorization: key }, true],
  ['two wrong keys', { authorization: 'Bearer no', xApiKey: 'neither' }, false],
  ['two empty headers', { authorization: 'Bearer ', xApiKey: 'Bearer' }, false],
  ['basic', { authorization: `Basic ${key}` }, false],
  ['nothing', {}, false],
  ['an overlong key', { xApiKey: 'x'.repeat(100_000) }, false],
])('%s is admitted or refused', async (_, headers, admitted) => {
  const { admission, add } = await setUp()
  await add('key_off', 'sk-off', false)
  const result = await admission.admit(headers)
  expect(result.ok).toBe(admitted)
  if (result.ok)
    expect(result.value).toEqual({
      keyId: 'key_1',
      name: 'name of key_1',
      priority: 0,
      subjects: [{ kind: 'key', id: 'key_1', limits: {} }],
    })
  else expect(result.error.kind).toBe('authentication')
})

test('without any key the refusal says how to create one', async () => {
  const admission = createAdmission({ ...memoryStore(), now: () => 1, after: never })
  const result = await admission.admit({ xApiKey: key })
  expect(result).toMatchObject({ ok: false, error: { kind: 'authentication' } })
  if (!result.ok) expect(result.error.message).toContain('claude-server key create NAME')
})

test('a key’s accounts come with its caller, the same set as long as the key is remembered', async () => {
  const { admission, keys } = await setUp()
  const { id } = (await keys.list())[0] as { id: string }
  const accounts = async () => {
    const admitted = await admission.admit({ xApiKey: key })
    return admitted.ok ? admitted.value.accounts : undefined
  }
  expect(await accounts()).toBeUndefined()
  await keys.update(id, { accountIds: ['acc_1', 'acc_2'] })
  admission.invalidate()
  const first = await accounts()
  expect([...(first ?? [])]).toEqual(['acc_1', 'acc_2'])
  expect(await accounts()).toBe(first as Set<string>)
})

test('a disabled key is refused by name', async () => {
  const { admission, add } = await setUp()
  await add('key_2', 'sk-disabled-disabled', false)
  expect(await admission.admit({ xApiKey: 'sk-disabled-disabled' })).toMatchObject({
    ok: false,
    error: { message: 'This API key is disabled.' },
  })
})

test('a known key is looked up once until its time in the cache is over', async () => {
  const { admission, clock, lookups } = await setUp()
  await admission.admit({ xApiKey: key })
  await admission.admit({ xApiKey: key })
  expect(lookups.length).toBe(1)
  clock.now += 30_001
  await admission.admit({ xApiKey: key })
  expect(lookups.length).toBe(2)
})

test('a revoked key is refused at once after an invalidation', async () => {
  const { admission, keys } = await setUp()
  expect((await admission.admit({ xApiKey: key })).ok).toBe(true)
  await keys.remove('key_1')
  admission.invalidate()
  expect((await admission.admit({ xApiKey: key })).ok).toBe(false)
})

test('a look-up under way during a revocation is not remembered', async () => {
  const { keys } = await setUp()
  let release = (): void => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  let slow = true
  const admission = createAdmission({
    keys: {
      ...keys,
      findByHash: async (hash) => {
        const found = await keys.findByHash(hash)
        if (slow) await held
        return found
      },
    },
    ...none,
    now: () => 1,
    after: never,
  })
  const early = admission.admit({ xApiKey: key })
  await Promise.resolve()
  await keys.remove('key_1')
  admission.invalidate()
  release()
  await early
  slow = false
  expect((await admission.admit({ xApiKey: key })).ok).toBe(false)
})

test('the cache keeps the keys used last, within its bound', async () => {
  const { admission, add, lookups } = await setUp({ cacheSize: 2 })
  await add('key_2', 'sk-second-key')
  await add('key_3', 'sk-third-key')
  for (const sent of [key, 'sk-second-key', key, 'sk-third-key']) await admission.admit({ xApiKey: sent })
  const before = lookups.length
  await admission.admit({ xApiKey: key })
  expect(lookups.length).toBe(before)
  await admission.admit({ xApiKey: 'sk-second-key' })
  expect(lookups.length).toBe(before + 1)
})

test('the time of use is written at most once a minute, and a failure to write refuses nobody', async () => {
  const { admission, keys, clock } = await setUp()
  const lastUsed = async () => (await keys.list())[0]?.lastUsedAt
  await admission.admit({ xApiKey: key })
  expect(await lastUsed()).toBe(1_000_000)
  clock.now += 59_000
  await admission.admit({ xApiKey: key })
  expect(await lastUsed()).toBe(1_000_000)
  clock.now += 1_000
  await admission.admit({ xApiKey: key })
  expect(await lastUsed()).toBe(1_060_000)

  const failures: string[] = []
  const broken = createAdmission({
    keys: { ...keys, touch: () => Promise.reject(new Error('disk full')) },
    ...none,
    now: () => clock.now,
    after: never,
    onTouchFailed: (id) => failures.push(id),
  })
  expect((await broken.admit({ xApiKey: key })).ok).toBe(true)
  await Promise.resolve()
  expect(failures).toEqual(['key_1'])
})

test('while a look-up hangs, who was known a moment ago goes on after half a second, and then at once; nobody else', async () => {
  const effects = createTestEffects()
  const { keys, users, accounts } = memoryStore()
  let hangs = false
  let lookups = 0
  const admission = createAdmission({
    keys: {
      ...keys,
      findByHash: (hash) => {
        lookups++
        return hangs ? new Promise(() => {}) : keys.findByHash(hash)
      },
    },
    users,
    accounts,
    now: effects.now,
    after: effects.after,
  })
  await keys.create({ id: 'key_1', name: 'n', ...keyTraces(key), enabled: true, createdAt: 1 })
  expect((await admission.admit({ xApiKey: key })).ok).toBe(true)
  hangs = true
  await effects.advance(31_000)
  const admitted = admission.admit({ xApiKey: key })
  await effects.advance(500)
  expect((await admitted).ok).toBe(true)
  const before = lookups
  expect((await admission.admit({ xApiKey: key })).ok).toBe(true)
  expect(lookups).toBe(before)
  let isAnswered = false
  void admission.admit({ xApiKey: 'sk-nobody' }).then(() => {
    isAnswered = true
  })
  await effects.advance(10_000)
  expect(isAnswered).toBe(false)
})

test('only a bearer scheme carries a bearer', () => {
  expect(['Bearer a b', 'bearer x', 'Bearer', 'Basic x', '', null].map(bearerOf)).toEqual([
    'a b',
    'x',
    undefined,
    undefined,
    undefined,
    undefined,
  ])
})

const chatting = { ...consoleKey, createdAt: 1 }

test('no text opens the key of the console, and it is no key to have', async () => {
  const { keys } = memoryStore()
  await keys.create(chatting)
  const admission = createAdmission({ ...none, keys, now: () => 1, after: never })
  for (const text of [consoleKey.id, consoleKey.hash, `${consoleKey.id} `, '-', '']) {
    const answer = await admission.admit({ authorization: `Bearer ${text}`, xApiKey: text })
    expect(answer).toMatchObject({ ok: false, error: { kind: 'authentication' } })
    if (text !== '') expect(JSON.stringify(answer)).toContain('No API key exists yet')
  }
})

test('a chat of the console is held to the limits of its key, and to those of a user it is made for', async () => {
  const { keys, users } = memoryStore()
  const accounts = { get: async (id: string) => (id === 'none' ? undefined : id) }
  const admission = createAdmission({ keys, users, accounts, now: () => 1, after: never })
  expect(await admission.admitConsole({})).toMatchObject({ ok: true, value: { keyId: 'key_console', subjects: [{}] } })
  await keys.create({ ...chatting, limits: { requestsPerDay: 5 }, accountIds: ['a', 'b'] })
  const ada = { id: 'usr_ada', name: 'Ada', priority: 3, createdAt: 1, updatedAt: 1, limits: { concurrency: 2 } }
  await users.create([{ user: { ...ada, enabled: true }, key: { ...chatting, id: 'key_ada', hash: 'x' } }])
  admission.invalidate()
  expect(await admission.admitConsole({ userId: 'usr_ada', accountId: 'b' })).toMatchObject({
    value: {
      ...{ keyId: 'key_console', userId: 'usr_ada', priority: 3, accounts: new Set(['b']) },
      subjects: [
        { kind: 'key', id: 'key_console', limits: { requestsPerDay: 5 } },
        { kind: 'user', id: 'usr_ada', limits: { concurrency: 2 } },
      ],
    },
  })
  for (const accountId of ['c', 'none'])
    expect(await admission.admitConsole({ accountId })).toMatchObject({ error: { field: 'account_id' } })
  expect(await admission.admitConsole({ userId: 'usr_none' })).toMatchObject({ error: { field: 'user_id' } })
  await users.update('usr_ada', { enabled: false })
  admission.invalidate()
  expect(await admission.admitConsole({ userId: 'usr_ada' })).toMatchObject({ error: { kind: 'permission' } })
  await keys.update('key_console', { enabled: false })
  admission.invalidate()
  expect(await admission.admitConsole({})).toMatchObject({ error: { kind: 'permission' } })
})
