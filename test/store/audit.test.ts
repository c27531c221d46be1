import { afterAll, expect, test } from 'bun:test'
import { openStore } from '../../server/store/open.ts'
import type { AuditEntry } from '../../server/store/store.ts'
import { copyRows, databaseOf, runRaw } from '../support/database.ts'
import { createFolders } from './folder.ts'

const folders = createFolders()
afterAll(folders.remove)

async function open(dataDir: string) {
  const opened = await openStore({
    ...(await databaseOf(dataDir)),
    dataDir,
    now: () => 1,
    sleep: async () => {},
    onUnreadable: () => {},
  })
  if (!opened.ok) throw opened.error
  return { store: opened.value.store }
}
const entry = (at: number, more: Partial<AuditEntry> = {}): AuditEntry => ({
  at,
  actorKind: 'owner',
  actorId: 'owner',
  actorName: 'owner',
  peer: '::1',
  userAgent: 'test',
  action: 'PUT /v2/settings',
  status: 200,
  ...more,
})

test('entries appended at once keep their order, go on after a restart, and are whole', async () => {
  const dataDir = folders.next()
  const first = await open(dataDir)
  expect(await first.store.audit.verify()).toEqual({ ok: true, entries: 0 })
  await Promise.all(Array.from({ length: 20 }, (_, at) => first.store.audit.append(entry(at))))
  await first.store.close()
  const { store } = await open(dataDir)
  await store.audit.append(entry(20, { target: 'acc_1', before: '{"a":1}', after: '{"a":2}', requestId: 'req_1' }))
  expect(await store.audit.verify()).toEqual({ ok: true, entries: 21 })
  const rows = await store.audit.list({}, 100)
  expect(rows.map(({ at }) => at)).toEqual(Array.from({ length: 21 }, (_, index) => 20 - index))
  expect(rows[0]).toMatchObject({ seq: 21, target: 'acc_1', before: '{"a":1}', after: '{"a":2}', requestId: 'req_1' })
  expect(rows[0]?.previousHash).toBe(rows[1]?.hash ?? '')
  await store.close()
})

test('entries are found by actor, part of the action, target and time, page by page', async () => {
  const { store } = await open(folders.next())
  await store.audit.append(entry(10, { actorKind: 'operator', actorId: 'opr_1', actorName: 'Ada' }))
  await store.audit.append(entry(20, { action: 'DELETE /v2/keys/:id', target: 'key_1' }))
  await store.audit.append(entry(30))
  const found = async (filter: Parameters<typeof store.audit.list>[0], before?: number) =>
    (await store.audit.list(filter, 100, before)).map(({ at }) => at)
  expect(await found({ actor: 'Ada' })).toEqual([10])
  expect(await found({ actor: 'opr_1' })).toEqual([10])
  expect(await found({ action: 'delete' })).toEqual([20])
  expect(await found({ action: '%' })).toEqual([])
  expect(await found({ target: 'key_1' })).toEqual([20])
  expect(await found({ from: 20, until: 30 })).toEqual([20])
  expect(await found({}, 3)).toEqual([20, 10])
  expect((await store.audit.list({}, 2)).map(({ seq }) => seq)).toEqual([3, 2])
  await store.close()
})

test('the database itself refuses to change or delete an entry', async () => {
  const dataDir = folders.next()
  const { store } = await open(dataDir)
  await store.audit.append(entry(1))
  await store.close()
  await expect(runRaw(dataDir, ['UPDATE {audit_entries} SET status = 500'])).rejects.toThrow('append-only')
  await expect(runRaw(dataDir, ['DELETE FROM {audit_entries}'])).rejects.toThrow('append-only')
})

const withoutTriggers = ['DROP TRIGGER {audit_entries}_unchanged', 'DROP TRIGGER {audit_entries}_kept']

const damages: readonly (readonly [what: string, sql: string, reason: RegExp])[] = [
  ['an entry is changed', `UPDATE {audit_entries} SET actor_name = 'Eve' WHERE seq = 3`, /entry 3 was changed/],
  ['what was before is changed', `UPDATE {audit_entries} SET \`before\` = '[]' WHERE seq = 2`, /entry 2 was changed/],
  ['an entry is taken out', 'DELETE FROM {audit_entries} WHERE seq = 3', /entry 3 is missing/],
  ['the end is cut off', 'DELETE FROM {audit_entries} WHERE seq > 3', /entries 4 to 5 are missing/],
  ['all are taken out', 'DELETE FROM {audit_entries}', /entries 1 to 5 are missing/],
  ['the sealed end is taken out', `DELETE FROM {sealed_settings} WHERE name = 'audit_end'`, /sealed end .* missing/],
  ['the sealed end is changed', `UPDATE {sealed_settings} SET sealed = X'0011'`, /cannot be opened/],
  [
    'an entry is put on with a right hash',
    `INSERT INTO {audit_entries} SELECT 6, at, actor_kind, actor_id, actor_name, peer, user_agent, action, target, status, \`before\`, \`after\`, request_id, hash, hash FROM {audit_entries} WHERE seq = 5`,
    /entry 6 was changed/,
  ],
]
test.each(damages)('it is noticed when %s', async (_, sql, reason) => {
  const dataDir = folders.next()
  const { store } = await open(dataDir)
  for (let at = 1; at <= 5; at++) await store.audit.append(entry(at, { before: '{"a":1}' }))
  await store.close()
  await runRaw(dataDir, [...withoutTriggers, sql])
  const again = await open(dataDir)
  const verdict = await again.store.audit.verify()
  expect(verdict).toMatchObject({ ok: false, reason: expect.stringMatching(reason) })
  await again.store.close()
})

test('a chain made anew from its beginning is not the one this server sealed', async () => {
  const [one, two] = [folders.next(), folders.next()]
  const first = await open(one)
  for (let at = 1; at <= 3; at++) await first.store.audit.append(entry(at))
  await first.store.close()
  const forged = await open(two)
  for (let at = 1; at <= 3; at++) await forged.store.audit.append(entry(at, { actorName: 'somebody else' }))
  await forged.store.close()
  await runRaw(one, [...withoutTriggers, 'DELETE FROM {audit_entries}'])
  await copyRows(two, one, 'audit_entries')
  const { store } = await open(one)
  expect(await store.audit.verify()).toMatchObject({ ok: false, reason: 'the chain is not the one this server wrote' })
  await store.close()
})
