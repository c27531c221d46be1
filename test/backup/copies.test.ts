import { afterAll, beforeAll, expect, test } from 'bun:test'
import { cpSync, existsSync } from 'node:fs'
import path from 'node:path'
import type { BackupFileView, RestoreReport } from '../../server/admin/contract/backup.ts'
import { factsOf, fixtureDatabase } from '../moving/fixture.ts'
import { newFolder, removeFolder, type Serving, serveOn } from '../moving/serving.ts'

const facts = factsOf('original')
const folder = newFolder()
let serving: Serving

beforeAll(async () => {
  cpSync(fixtureDatabase, path.join(folder, 'data.sqlite3'))
  serving = await serveOn(folder, facts)
}, 240_000)
afterAll(async () => {
  await serving.stop()
  removeFolder(folder)
})

const ask = (method: string, route: string, body?: object): Promise<Response> =>
  fetch(serving.url + route, {
    method,
    headers: { authorization: `Bearer ${facts.password}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
const read = async (route: string) => (await ask('GET', route)).json()
const keyNames = async (): Promise<readonly string[]> =>
  (await read('/v2/keys')).keys.map(({ name }: { readonly name: string }) => name).toSorted()
const starts = (): number => serving.logs().split('"event":"server.started"').length - 1
async function restored(name: string) {
  const before = starts()
  const done = await (await ask('POST', `/v2/backup/files/${name}/restore`, {})).json()
  for (const until = Date.now() + 60_000; starts() <= before; await Bun.sleep(20)) {
    if (Date.now() > until) throw new Error(`it did not start anew:\n${serving.logs()}`)
  }
  return done
}

test('a copy is made, listed, looked through, taken away, restored, and the restore undone', async () => {
  expect(await read('/v2/backup/last-restore')).toEqual({ at: null, report: null, undo: null })
  const made: BackupFileView = await (await ask('POST', '/v2/backup/files', {})).json()
  expect(made).toMatchObject({ kind: 'copy', name: path.basename(made.file) })
  expect((await read('/v2/backup/files')).files).toEqual([{ ...made, created_at: expect.any(String) }])
  const whole = await ask('GET', `/v2/backup/files/${made.name}`)
  expect(whole.headers.get('content-disposition')).toContain(made.name)
  expect((await whole.bytes()).length).toBe(made.bytes)

  const before = await keyNames()
  await ask('POST', '/v2/keys', { name: 'made later' })
  const plan = await (await ask('POST', `/v2/backup/files/${made.name}/restore`, { dry_run: true })).json()
  expect(plan).toMatchObject({ restarting: false, report: { kind: 'database', dryRun: true, keptAs: null } })
  const keys = (report: RestoreReport) => report.tables.find(({ name }) => name === 'apiKeys')
  // The console's own key is among them, which is on no list.
  const { rows, replaces } = keys(plan.report) ?? { rows: 0, replaces: 0 }
  expect([rows >= before.length, replaces]).toEqual([true, rows + 1])
  expect(await keyNames()).toContain('made later')

  const done = await restored(made.name)
  // What was foreseen is what was done.
  expect(keys(done.report)).toEqual(keys(plan.report))
  expect(await keyNames()).toEqual(before)
  const last = await read('/v2/backup/last-restore')
  expect(last).toMatchObject({
    report: { kind: 'database', keptAs: done.report.keptAs },
    undo: path.basename(done.report.keptAs),
  })
  const listed = (await read('/v2/backup/files')).files as readonly BackupFileView[]
  expect(listed.map(({ kind }) => kind).toSorted()).toEqual(['before-restore', 'copy'])

  await restored(last.undo)
  expect(await keyNames()).toEqual([...before, 'made later'].toSorted())
  expect((await ask('DELETE', `/v2/backup/files/${made.name}`)).status).toBe(200)
  expect(existsSync(made.file)).toBe(false)
}, 240_000)

test('a name that is on no list is no way to a file', async () => {
  for (const name of ['master.key', 'data.sqlite3', '..%2Fmaster.key', '%2Fetc%2Fpasswd', 'claude-server-1.sqlite3']) {
    expect([name, (await ask('GET', `/v2/backup/files/${name}`)).status]).toEqual([name, 404])
    expect([name, (await ask('DELETE', `/v2/backup/files/${name}`)).status]).toEqual([name, 404])
    expect([name, (await ask('POST', `/v2/backup/files/${name}/restore`, {})).status]).toEqual([name, 404])
  }
  expect(existsSync(path.join(folder, 'master.key'))).toBe(true)
})
