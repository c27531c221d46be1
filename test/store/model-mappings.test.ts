import { afterAll, expect, test } from 'bun:test'
import { openStore } from '../../server/store/open.ts'
import { databaseOf } from '../support/database.ts'
import { createFolders } from './folder.ts'

const folders = createFolders()
afterAll(folders.remove)

async function open(dataDir: string) {
  const opened = await openStore({
    ...(await databaseOf(dataDir)),
    dataDir,
    now: () => 9,
    sleep: async () => {},
    onUnreadable: () => {},
  })
  if (!opened.ok) throw opened.error
  return opened.value.store
}
const key = (id: string) => ({
  id,
  name: id,
  hash: id.padEnd(64, '0'),
  prefix: 'sk-test',
  last4: 'last',
  enabled: true,
  createdAt: 1,
})
const mapping = (id: string, keyId?: string, createdAt = 1) => ({
  id,
  name: `name of ${id}`,
  target: 'auto',
  ...(keyId === undefined ? {} : { keyId }),
  createdAt,
  updatedAt: 1,
})

test('mappings are kept in the order they were added, changed in part and removed', async () => {
  const store = await open(folders.next())
  await store.keys.create(key('key_a'))
  await store.modelMappings.create(mapping('map_b', 'key_a', 2))
  await store.modelMappings.create(mapping('map_a'))
  expect(await store.modelMappings.list()).toEqual([mapping('map_a'), mapping('map_b', 'key_a', 2)])
  expect(await store.modelMappings.update('map_a', { target: 'other', keyId: 'key_a' })).toBe(true)
  expect(await store.modelMappings.update('map_b', { name: 'new', keyId: null })).toBe(true)
  expect(await store.modelMappings.list()).toEqual([
    { ...mapping('map_a', 'key_a'), target: 'other', updatedAt: 9 },
    { ...mapping('map_b', undefined, 2), name: 'new', updatedAt: 9 },
  ])
  expect(await store.modelMappings.update('map_x', { name: 'new' })).toBe(false)
  expect(await store.modelMappings.remove('map_a')).toBe(true)
  expect(await store.modelMappings.remove('map_a')).toBe(false)
  await store.close()
})

test("a key's mappings go with it, those for all stay; all outlive a restart", async () => {
  const folder = folders.next()
  const store = await open(folder)
  await store.keys.create(key('key_a'))
  await store.modelMappings.create(mapping('map_a', 'key_a'))
  await store.modelMappings.create(mapping('map_b'))
  await store.keys.remove('key_a')
  await store.close()
  const again = await open(folder)
  expect((await again.modelMappings.list()).map(({ id }) => id)).toEqual(['map_b'])
  await again.close()
})
