import { Database } from 'bun:sqlite'
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { copyFileSync, cpSync, readdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import type { RestoreReport } from '../../server/admin/contract/backup.ts'
import { factsOf, fixtureDatabase } from '../moving/fixture.ts'
import { chat, newFolder, removeFolder, type Serving, serveOn } from '../moving/serving.ts'
import { runGateway } from '../support/command.ts'
import { databaseConfig, onMysql } from '../support/database.ts'
import { saidBy } from '../support/gateway.ts'
import { originalBackup } from './place.ts'

const facts = factsOf('original')
const folder = newFolder()
const database = path.join(folder, 'data.sqlite3')
const passphrase = 'correct horse battery staple'
let serving: Serving

beforeAll(async () => {
  if (onMysql) {
    await Bun.write(path.join(folder, 'config.yaml'), await databaseConfig(folder))
    const imported = await runGateway(['import', fixtureDatabase, '--data-dir', folder])
    if (imported.code !== 0) throw new Error(imported.err)
  } else cpSync(fixtureDatabase, database)
  serving = await serveOn(folder, facts)
}, 240_000)
afterAll(async () => {
  await serving.stop()
  removeFolder(folder)
})

const ask = (route: string, init: RequestInit = {}): Promise<Response> =>
  fetch(serving.url + route, {
    ...init,
    headers: { authorization: `Bearer ${facts.password}`, ...(init.headers as Record<string, string> | undefined) },
  })
const post = (route: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
  ask(route, { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body), headers })
const starts = (): number => serving.logs().split('"event":"server.started"').length - 1
/** The server is there again after a restore. */
async function startedAnew(before: number): Promise<void> {
  for (const until = Date.now() + 60_000; starts() <= before; await Bun.sleep(20)) {
    if (Date.now() > until) throw new Error(`it did not start anew:\n${serving.logs()}`)
  }
}
const keyNames = async (): Promise<readonly string[]> =>
  (await serving.ask('/v2/keys')).keys.map(({ name }: { readonly name: string }) => name).toSorted()
/** The key of the console's own chats, which no list has. */
const ofConsole = 1
const leftovers = (): readonly string[] => readdirSync(folder).filter((name) => /importing|plan|\.part$/.test(name))

test('a backup needs a passphrase and the password, holds no secret in the clear, and brings all of it back into the running server', async () => {
  expect(await (await post('/v2/backup/export', {})).json()).toMatchObject({ code: 'PASSPHRASE_REQUIRED' })
  expect((await post('/v2/backup/export', { passphrase })).status).toBe(403)
  expect((await post('/v2/backup/export', { passphrase, password: 'wrong' })).status).toBe(403)
  expect((await post('/v2/backup/export', { passphrase: 'short', password: facts.password })).status).toBe(400)
  const contradicting = await post('/v2/backup/export', { encrypt: false, passphrase, password: facts.password })
  expect([contradicting.status, (await contradicting.json()).field]).toEqual([400, 'passphrase'])
  const header = { 'x-backup-passphrase': 'another passphrase than that' }
  const two = await post('/v2/backup/export', { passphrase, password: facts.password }, header)
  expect([two.status, (await two.json()).field]).toEqual([400, 'passphrase'])
  const masked = await (await post('/v2/backup/export', { secrets: false })).json()
  expect(masked).toMatchObject({ code: 'PASSPHRASE_REQUIRED', error: expect.stringContaining('masked') })
  expect((await post('/v2/backup/export', { secrets: false, encrypt: false })).status).toBe(200)
  await saidBy(serving.logs, /backup\.exported.*masked"?[:=]\s*true/)
  const answer = await post('/v2/backup/export', { passphrase, password: facts.password, requestLog: true })
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/x-ndjson; charset=utf-8'])
  const text = await answer.text()
  for (const { refreshToken } of facts.simulator) expect(text).not.toContain(refreshToken)
  const before = await keyNames()

  const created = await serving.ask('/v2/keys', 'POST', { name: 'made later' })
  expect((await chat(serving.url, created.key, 'chat')).status).not.toBe(401)
  const plan = await (await post('/v2/backup/import?dry_run=1', text, { 'x-backup-passphrase': passphrase })).json()
  expect(plan).toMatchObject({ success: true, restarting: false, report: { dryRun: true, keptAs: null } })
  expect(plan.report.tables.find(({ name }: { readonly name: string }) => name === 'apiKeys')).toMatchObject({
    rows: before.length + ofConsole,
    replaces: before.length + 1 + ofConsole,
  })
  expect(await keyNames()).toContain('made later')

  const count = starts()
  const wrong = await post('/v2/backup/import', text, { 'x-backup-passphrase': 'not the right one' })
  expect([wrong.status, await wrong.json()]).toEqual([
    400,
    expect.objectContaining({
      error: expect.stringContaining('passphrase is wrong'),
      ...{ code: 'PASSPHRASE_WRONG', field: 'passphrase' },
    }),
  ])
  const both = await Promise.all(
    [1, 2].map(() => post('/v2/backup/import', text, { 'x-backup-passphrase': passphrase })),
  )
  expect(both.map(({ status }) => status).toSorted()).toEqual([200, 409])
  await startedAnew(count)
  expect(await keyNames()).toEqual(before)
  expect((await chat(serving.url, created.key, 'chat')).status).toBe(401)
  expect((await chat(serving.url, facts.apiKey, 'chat')).status).toBe(200)
  expect(readdirSync(folder).some((name) => name.startsWith('data.sqlite3.before-restore-'))).toBe(true)
  expect(leftovers()).toEqual([])
  const entries = (await serving.ask('/v2/audit')).entries as readonly { readonly action: string }[]
  expect(entries.some(({ action }) => action === 'POST /v2/backup/import')).toBe(true)
}, 240_000)

test('the original’s scripts: export has its keys and masks its secrets, import takes what the original made and refuses nothing at all', async () => {
  const text = await (await ask('/v2/backup/export')).text()
  const made = JSON.parse(originalBackup)
  const exported = JSON.parse(text)
  expect(Object.keys(exported).toSorted()).toEqual(Object.keys(made).toSorted())
  const settled = ['accounts', 'blocked_ips', 'users', 'user_token_usage']
  for (const part of settled) {
    const always = Object.keys(made[part][0]).filter(
      (key) => made[part].every((row: object) => key in row) && key !== 'machine_id',
    )
    expect([part, always.filter((key) => exported[part].every((row: object) => !(key in row)))]).toEqual([part, []])
  }
  for (const { refreshToken, clientSecret } of facts.simulator) {
    expect(text).not.toContain(refreshToken)
    expect(text).not.toContain(clientSecret)
  }
  const open = await (await ask('/v2/backup/export', { headers: { 'x-confirm-password': facts.password } })).text()
  expect(open).toMatch(/"refreshToken":"aor/)
  const count = starts()
  for (const body of ['{}', '[]', 'null', 'not json', '', text, '{"accounts": 5}']) {
    const answer = await post('/v2/backup/import', body)
    expect([body.slice(0, 20), answer.status]).toEqual([body.slice(0, 20), 400])
  }
  expect(starts()).toBe(count)
  const done = await post('/v2/backup/import', originalBackup)
  expect(await done.json()).toMatchObject({ success: true, report: { kind: 'original' } })
  await startedAnew(count)
  const { accounts } = await serving.ask('/v2/accounts?pageSize=100')
  expect(accounts).toHaveLength(made.accounts.length)
  expect((await chat(serving.url, made.settings.api_key, 'messages')).status).toBe(200)
}, 240_000)

test('the command line backs up and restores beside the running server, and without one', async () => {
  const env = { DATA_DIR: folder }
  const file = path.join(folder, 'by-hand.sqlite3')
  const before = await keyNames()
  expect(await runGateway(['backup', file], env)).toMatchObject({ code: 0, out: expect.stringContaining(file) })
  expect((await runGateway(['backup', file], env)).code).toBe(1)
  await serving.ask('/v2/keys', 'POST', { name: 'later again' })
  const count = starts()
  expect(await runGateway(['restore', file], env)).toMatchObject({ code: 0 })
  await startedAnew(count)
  expect(await keyNames()).toEqual(before)
  const portable = path.join(folder, 'portable.jsonl')
  const sealed = await runGateway(['backup', '--portable', portable], env, `${passphrase}\n`)
  expect(sealed).toMatchObject({ code: 0, out: expect.stringContaining('its passphrase opens it') })
  const { code, out } = await runGateway(['backup', '--portable', '--no-passphrase', `${portable}.open`], env)
  expect([code, out]).toEqual([0, expect.stringContaining('in the clear')])
  expect(out).not.toContain('passphrase')
  await serving.stop()
  expect((await runGateway(['restore', portable], env, 'a wrong passphrase\n')).err).toContain('passphrase is wrong')
  const other = newFolder()
  try {
    // Another machine: another master key.
    expect((await runGateway(['restore', portable], { DATA_DIR: other }, passphrase)).err).toContain('master key')
    cpSync(path.join(folder, 'master.key'), path.join(other, 'master.key'))
    expect(await runGateway(['restore', file], { DATA_DIR: other })).toMatchObject({ code: 0 })
    expect((await runGateway(['audit', 'verify'], { DATA_DIR: other })).code).toBe(0)
  } finally {
    removeFolder(other)
  }
  expect((await runGateway(['restore', portable], env, passphrase)).code).toBe(0)
  expect(leftovers()).toEqual([])
  serving = await serveOn(folder, facts)
  expect(await keyNames()).toEqual(before)
}, 240_000)

test('a backup is merged by the routes, as a job that tells how far it is, and by the command line; what a mode is not is refused', async () => {
  const env = { DATA_DIR: folder }
  const open = await post('/v2/backup/export', { encrypt: false, password: facts.password })
  const text = await open.text()
  const before = await keyNames()
  await serving.ask('/v2/keys', 'POST', { name: 'only here' })
  const wrong = await post('/v2/backup/import?dry_run=1&mode=mix', text)
  expect([wrong.status, (await wrong.json()).field]).toEqual([400, 'mode'])
  const foreseen = await (await post('/v2/backup/import?dry_run=1&mode=merge', text)).json()
  const keys = (report: RestoreReport) => report.tables.find(({ name }) => name === 'apiKeys')
  expect(foreseen.report).toMatchObject({ mode: 'merge', keptAs: null })
  expect(keys(foreseen.report)?.changes).toMatchObject({
    ...{ added: 0, changed: 0, kept: 0, removed: 0, invalid: 0 },
    same: before.length + ofConsole,
  })
  const count = starts()
  const started = await post('/v2/backup/import?mode=merge', text, { prefer: 'respond-async' })
  expect([started.status, started.headers.get('preference-applied')]).toEqual([202, 'respond-async'])
  const { job } = await started.json()
  expect(job).toMatchObject({ kind: 'backup.restore' })
  await startedAnew(count)
  expect(await keyNames()).toEqual([...before, 'only here'].toSorted())
  const last = await serving.ask('/v2/backup/last-restore')
  expect(last).toMatchObject({
    report: { mode: 'merge', dryRun: false },
    undo: expect.stringContaining('before-restore'),
  })
  expect(keys(last.report)).toEqual(keys(foreseen.report))

  // What cannot be restored ends the job with the reason, and nothing else.
  const refused = await post('/v2/backup/import?mode=merge', 'not a backup', { prefer: 'respond-async' })
  expect(refused.status).toBe(202)
  const { id } = (await refused.json()).job
  let found = await serving.ask(`/v2/jobs/${id}`)
  for (const until = Date.now() + 20_000; found.state === 'running' && Date.now() < until; await Bun.sleep(20))
    found = await serving.ask(`/v2/jobs/${id}`)
  expect(found).toMatchObject({
    ...{ state: 'done', failed: 1 },
    results: [{ ok: false, outcome: 'failed', code: 'INVALID_BACKUP', error: expect.stringContaining('no JSON') }],
  })

  const file = path.join(folder, 'merged.jsonl')
  await Bun.write(file, text)
  const misused = await runGateway(['restore', file, '--mode', 'mix'], env)
  expect([misused.code, misused.err]).toEqual([2, expect.stringContaining('--mode is merge or replace')])
  const looked = await runGateway(['restore', file, '--mode', 'merge', '--dry-run'], env)
  expect([looked.code, looked.out]).toEqual([
    0,
    expect.stringMatching(/merge; nothing was changed[\s\S]*NEW +CHANGED +SAME/),
  ])
  const restarted = starts()
  const merged = await runGateway(['restore', file, '--mode', 'merge', '--json'], env)
  expect([merged.code, JSON.parse(merged.out).mode]).toEqual([0, 'merge'])
  await startedAnew(restarted)
  expect(await keyNames()).toContain('only here')
  await serving.stop()
  // Without a mode everything is replaced, as scripts know it.
  const replaced = await runGateway(['restore', file, '--json'], env)
  expect(replaced.code).toBe(0)
  expect(JSON.parse(replaced.out).mode).toBe('replace')
  expect(keys(JSON.parse(replaced.out))?.changes).toMatchObject({ removed: 1 })
  serving = await serveOn(folder, facts)
  expect(await keyNames()).toEqual(before)
  expect(leftovers()).toEqual([])
}, 240_000)

// There is a file with SQLite alone.
test.if(!onMysql)(
  'a copy of the database file alone is whole under load, and seconds old',
  async () => {
    const other = newFolder()
    cpSync(fixtureDatabase, path.join(other, 'data.sqlite3'))
    const busy = await serveOn(other, facts)
    let running = true
    let served = 0
    const load = (async () => {
      while (running) {
        const answers = await Promise.all([1, 2, 3].map(() => chat(busy.url, facts.apiKey, 'chat')))
        for (const answer of answers) {
          await answer.text()
          if (answer.ok) served++
        }
      }
    })()
    const copy = path.join(other, 'copied.sqlite3')
    /** The rows of a copy made now; undefined: it is torn. */
    const look = (): number | undefined => {
      copyFileSync(path.join(other, 'data.sqlite3'), copy)
      const db = new Database(copy, { readonly: true })
      try {
        if (!Bun.deepEquals(db.query('pragma integrity_check').all(), [{ integrity_check: 'ok' }])) return undefined
        return db.query<{ readonly n: number }, []>('select count(*) as n from requests').get()?.n
      } catch (error) {
        if ((error as { readonly code?: string }).code === 'SQLITE_CORRUPT') return undefined
        throw error
      } finally {
        db.close()
        for (const suffix of ['', '-wal', '-shm']) rmSync(copy + suffix, { force: true })
      }
    }
    /** One that meets the moment in which the log is brought in, every five seconds, may be torn: the next is not. */
    const rowsIn = async (): Promise<number> => {
      for (let tries = 0; tries < 5; tries++) {
        const rows = look()
        if (rows !== undefined) return rows
        await Bun.sleep(300)
      }
      throw new Error('copy after copy is torn')
    }
    try {
      const first = await rowsIn()
      for (const until = Date.now() + 60_000; served < 20 && Date.now() < until; ) await Bun.sleep(50)
      const answered = served
      expect(answered).toBeGreaterThanOrEqual(20)
      let rows = first
      // Written to the log within a second, in the file within five and a bit.
      for (const until = Date.now() + 60_000; rows < first + answered && Date.now() < until; await Bun.sleep(200)) {
        rows = await rowsIn()
      }
      expect(rows).toBeGreaterThanOrEqual(first + answered)
    } finally {
      running = false
      await load
      await busy.stop()
      removeFolder(other)
    }
  },
  180_000,
)
