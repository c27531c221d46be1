import { afterAll, expect, test } from 'bun:test'
import { openStore } from '../../server/store/open.ts'
import type { AdminTokenRecord, OperatorRecord } from '../../server/store/store.ts'
import { databaseOf } from '../support/database.ts'
import { createFolders } from './folder.ts'

const folders = createFolders()
afterAll(folders.remove)

async function open() {
  const dataDir = folders.next()
  const opened = await openStore({
    ...(await databaseOf(dataDir)),
    dataDir,
    now: () => 7,
    sleep: async () => {},
    onUnreadable: () => {},
  })
  if (!opened.ok) throw opened.error
  return opened.value.store
}
const operator = (id: string, name: string): OperatorRecord => ({
  id,
  name,
  role: 'admin',
  passwordHash: 'hash',
  enabled: true,
  createdAt: 1,
  updatedAt: 1,
})
const token = (id: string, subject: string): AdminTokenRecord => ({
  id,
  name: id,
  hash: id.padEnd(64, '0'),
  last4: 'abcd',
  scopes: ['read', 'accounts'],
  subject,
  createdAt: 1,
  expiresAt: 100,
})

test('operators are found by name in any case, changed, and no two have one name', async () => {
  const store = await open()
  await store.operators.create(operator('opr_1', 'Ada'))
  expect(await store.operators.findByName('ＡDA')).toEqual(operator('opr_1', 'Ada'))
  expect(
    await store.operators.create(operator('opr_2', 'ada')).then(
      () => 'done',
      (error) => error.kind,
    ),
  ).toBe('conflict')
  expect(await store.operators.update('opr_1', { name: 'Grace', role: 'viewer', enabled: false })).toBe(true)
  expect(await store.operators.findByName('ada')).toBeUndefined()
  expect(await store.operators.get('opr_1')).toEqual({
    ...operator('opr_1', 'Grace'),
    role: 'viewer',
    enabled: false,
    updatedAt: 7,
  })
  expect(await store.operators.update('opr_9', { enabled: true })).toBe(false)
  await store.close()
})

test('with an operator go its sessions, tokens and second factor, and nobody else’s', async () => {
  const store = await open()
  for (const id of ['opr_1', 'opr_2']) {
    await store.operators.create(operator(id, id))
    await store.adminTokens.create(token(`adt_${id}`, id))
    await store.sealedSettings.write(`second_factor ${id}`, { value: '{}', shown: '' })
    await store.sessions.create({
      hash: id.padEnd(64, '0'),
      createdAt: 1,
      lastSeenAt: 1,
      peer: '::1',
      userAgent: '',
      mustChangePassword: false,
      subject: id,
    })
  }
  expect(await store.operators.remove('opr_1')).toBe(true)
  expect(await store.operators.remove('opr_1')).toBe(false)
  expect((await store.operators.list()).map(({ id }) => id)).toEqual(['opr_2'])
  expect((await store.adminTokens.list()).map(({ id }) => id)).toEqual(['adt_opr_2'])
  expect((await store.sessions.list()).map(({ subject }) => subject)).toEqual(['opr_2'])
  expect(Object.keys(await store.sealedSettings.shown())).toEqual(['second_factor opr_2'])
  await store.close()
})

test('admin tokens are found by hash, touched and removed', async () => {
  const store = await open()
  const one = token('adt_1', 'owner')
  await store.adminTokens.create(one)
  expect(await store.adminTokens.findByHash(one.hash)).toEqual(one)
  await store.adminTokens.touch('adt_1', 50, '192.0.2.1')
  expect(await store.adminTokens.list()).toEqual([{ ...one, lastUsedAt: 50, lastPeer: '192.0.2.1' }])
  expect(await store.adminTokens.remove('adt_1')).toBe(true)
  expect(await store.adminTokens.remove('adt_1')).toBe(false)
  await store.close()
})
