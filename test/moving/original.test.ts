import { afterAll, beforeAll, expect, test } from 'bun:test'
import { cpSync, existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { factsOf, fixtureDatabase } from './fixture.ts'
import { expectSame, expectServing, secretsOf } from './same.ts'
import { newFolder, removeFolder, type Serving, serveOn } from './serving.ts'

const facts = factsOf('original')
const folder = newFolder()
const database = path.join(folder, 'data.sqlite3')
let serving: Serving

beforeAll(async () => {
  cpSync(fixtureDatabase, database)
  serving = await serveOn(folder, facts)
}, 240_000)
afterAll(async () => {
  await serving.stop()
  removeFolder(folder)
})

test('what the original’s API said of its database, ours says after the first start on it', async () => {
  const other = newFolder()
  cpSync(fixtureDatabase, path.join(other, 'data.sqlite3'))
  const before = await serveOn(other, facts, 'nobody')
  try {
    await expectSame(before, facts)
  } finally {
    await before.stop()
    removeFolder(other)
  }
}, 240_000)

test('every account that was on and every key goes on serving; who was shut out stays so', async () => {
  await expectServing(serving, facts)
}, 240_000)

test('the old password opens the console, and no first password does', async () => {
  const login = (password: string): Promise<Response> =>
    fetch(`${serving.url}/api/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ password }),
    })
  expect(await (await login(facts.password)).json()).toMatchObject({ success: true, mustChangePassword: false })
  expect((await login('admin')).status).toBe(401)
})

test('the original is kept byte for byte, and nothing else of it in the clear', () => {
  const names = readdirSync(folder)
  const kept = names.filter((name) => name.startsWith('data.sqlite3.original-'))
  expect(kept).toHaveLength(1)
  expect(readFileSync(path.join(folder, kept[0] ?? '')).equals(readFileSync(fixtureDatabase))).toBe(true)
  const others = names.filter((name) => !kept.includes(name) && statSync(path.join(folder, name)).isFile())
  for (const name of others) {
    const text = readFileSync(path.join(folder, name), 'latin1')
    for (const secret of secretsOf(facts)) expect([name, text.includes(secret)]).toEqual([name, false])
  }
  for (const secret of secretsOf(facts)) expect(serving.logs()).not.toContain(secret)
  expect(existsSync(`${database}.importing`)).toBe(false)
})

test('the report says what became of every row, to the operator alone', async () => {
  const { report } = await serving.ask('/v2/import/report')
  expect(report.keptAs).toStartWith(`${database}.original-`)
  expect(report.dryRun).toBe(false)
  const rows = Object.fromEntries(
    report.tables.map(
      ({
        name,
        read,
        imported,
        leftOut,
      }: {
        readonly name: string
        readonly read: number
        readonly imported: number
        readonly leftOut: number
      }) => [name, [read, imported, leftOut]],
    ),
  )
  expect(rows).toEqual({
    settings: [23, 22, 1],
    accounts: [13, 13, 0],
    imported_accounts: [2, 2, 0],
    proxies: [2, 2, 0],
    blocked_ips: [2, 2, 0],
    ip_configs: [2, 2, 0],
    users: [6, 6, 0],
    user_token_usage: [2, 2, 0],
    request_logs: [31, 31, 0],
  })
  expect(report.advice[0]).toContain('third party')
  const file = readdirSync(folder).find((name) => name.startsWith('import-report-'))
  expect(statSync(path.join(folder, file ?? '')).mode & 0o777).toBe(0o600)
  expect((await fetch(`${serving.url}/v2/import/report`)).status).toBe(401)
})
