import { afterAll, expect, test } from 'bun:test'
import { openStore } from '../../server/store/open.ts'
import { databaseOf } from '../support/database.ts'
import { createFolders } from './folder.ts'

const folders = createFolders()
afterAll(folders.remove)

const hashOf = (text: string): string => text.padEnd(64, '0')
const link = (keyId: string, text: string) => ({
  ...{ keyId, hash: hashOf(text) },
  ...{ createdAt: 1, expiresAt: 9, graceMs: 5 },
})

/** A store with key `key_a`, whose string has the hash `first`. */
async function open() {
  const dataDir = folders.next()
  const database = await databaseOf(dataDir)
  const opened = await openStore({
    ...{ ...database, dataDir, now: () => 9 },
    ...{ sleep: async () => {}, onUnreadable: () => {} },
  })
  if (!opened.ok) throw opened.error
  const { store } = opened.value
  const traces = { hash: hashOf('first'), prefix: 'sk-test', last4: 'last' }
  await store.keys.create({ id: 'key_a', name: 'a', ...traces, enabled: true, createdAt: 1 })
  return store
}

test('a key is found by its string and by the one before, and the string it has goes first', async () => {
  const store = await open()
  const previous = { previousHash: hashOf('first'), previousUntil: 7 }
  const changed = await store.keys.update('key_a', { hash: hashOf('second'), ...previous })
  expect(changed).toMatchObject({ id: 'key_a', ...previous })
  for (const text of ['first', 'second']) expect((await store.keys.findByHash(hashOf(text)))?.id).toBe('key_a')
  const traces = { hash: hashOf('first'), prefix: 'sk-test', last4: 'last' }
  await store.keys.create({ id: 'key_b', name: 'b', ...traces, enabled: true, createdAt: 0 })
  expect((await store.keys.findByHash(hashOf('first')))?.id).toBe('key_b')
  const ended = await store.keys.update('key_a', { previousHash: null, previousUntil: null })
  expect(ended).not.toHaveProperty('previousHash')
  await store.close()
})

test('a link is opened once, with the change of its key', async () => {
  const store = await open()
  await store.handOvers.save(link('key_a', 'link'))
  const change = (text: string) => ({ hash: hashOf(text), previousHash: hashOf('first'), previousUntil: 30 })
  const all = await Promise.all(['x', 'y', 'z'].map((text) => store.handOvers.open(hashOf('link'), 25, change(text))))
  expect(all).toEqual([true, false, false])
  expect(await store.handOvers.list()).toEqual([{ ...link('key_a', 'link'), openedAt: 25 }])
  expect((await store.keys.list())[0]).toMatchObject(change('x'))
  expect(await store.handOvers.open(hashOf('other'), 25, change('w'))).toBe(false)
  await store.close()
})

test('a key has one link, which goes with it', async () => {
  const store = await open()
  await store.handOvers.save(link('key_a', 'one'))
  await store.handOvers.open(hashOf('one'), 3, { last4: 'more' })
  await store.handOvers.save(link('key_a', 'two'))
  expect(await store.handOvers.list()).toEqual([link('key_a', 'two')])
  expect(await store.handOvers.findByHash(hashOf('one'))).toBeUndefined()
  expect([await store.handOvers.remove('key_a'), await store.handOvers.remove('key_a')]).toEqual([true, false])
  await store.handOvers.save(link('key_a', 'three'))
  await store.deleted.take('key', 'key_a', { name: 'a', at: 5 })
  expect(await store.handOvers.findByHash(hashOf('three'))).toBeUndefined()
  await store.close()
})

test('another string of its key ends a link that was not opened, and a link that is gone changes no key', async () => {
  const store = await open()
  await store.handOvers.save(link('key_a', 'one'))
  await store.keys.update('key_a', { name: 'b' })
  expect(await store.handOvers.findByHash(hashOf('one'))).toEqual(link('key_a', 'one'))
  const [opened] = await Promise.all([
    store.handOvers.open(hashOf('one'), 3, { hash: hashOf('of the link') }),
    store.keys.update('key_a', { hash: hashOf('of the operator') }),
  ])
  expect((await store.keys.list())[0]?.hash).toBe(hashOf('of the operator'))
  expect(await store.handOvers.list()).toEqual(opened ? [{ ...link('key_a', 'one'), openedAt: 3 }] : [])
  await store.handOvers.save(link('key_a', 'two'))
  await store.keys.update('key_a', { hash: hashOf('third') })
  expect(await store.handOvers.open(hashOf('two'), 4, { hash: hashOf('fourth') })).toBe(false)
  expect((await store.keys.list())[0]?.hash).toBe(hashOf('third'))
  await store.close()
})
