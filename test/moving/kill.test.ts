import { Database } from 'bun:sqlite'
import { afterAll, expect, test } from 'bun:test'
import { copyFileSync, cpSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import path from 'node:path'
import { makeLarger } from './make.ts'
import { newFolder, removeFolder } from './serving.ts'

const kills = Number(process.env.CRASH_KILLS ?? 24)
const folder = newFolder()
afterAll(() => removeFolder(folder))

const start = (dataDir: string) =>
  Bun.spawn([process.execPath, path.join(import.meta.dir, 'import-child.ts'), dataDir], {
    stdout: 'pipe',
    stderr: 'pipe',
  })

const rowsIn = (file: string): Readonly<Record<string, number>> => {
  const db = new Database(file, { readonly: true })
  const count = (table: string): number =>
    db.query<{ readonly n: number }, []>(`select count(*) as n from ${table}`).get()?.n ?? -1
  try {
    const summed = db
      .query<{ readonly n: number }, []>(
        `select sum(requests) as n from request_rollups where kind = 'all' and grain = 86400000`,
      )
      .get()
    const used = db
      .query<{ readonly n: number }, []>(`select sum(requests) as n from usage_counters where period = 'all'`)
      .get()
    return {
      ...Object.fromEntries(
        ['accounts', 'credentials', 'users', 'api_keys', 'requests', 'proxies'].map((table) => [table, count(table)]),
      ),
      summed: summed?.n ?? -1,
      used: used?.n ?? -1,
    }
  } finally {
    db.close()
  }
}

test(`an import that is killed ${kills} times ends as one that was not, and the original is whole at every moment`, async () => {
  const source = path.join(folder, 'source')
  makeLarger(source, 600)
  const original = readFileSync(source)
  // How long one takes here, so that kills fall into all of it.
  const whole = path.join(folder, 'whole')
  await Bun.write(path.join(whole, 'data.sqlite3'), original)
  const child = start(whole)
  const reader = child.stdout.getReader()
  await reader.read()
  const begunAt = performance.now()
  expect(await child.exited).toBe(0)
  const tookMs = performance.now() - begunAt
  const expected = rowsIn(path.join(whole, 'data.sqlite3'))
  expect(expected).toMatchObject({ accounts: 13, credentials: 13, users: 6, api_keys: 7, requests: 631, summed: 631 })

  let dataDir = path.join(folder, 'killed')
  await Bun.write(path.join(dataDir, 'data.sqlite3'), original)
  let ended = 0
  const met = { original: 0, between: 0, ours: 0 }
  for (let kill = 0; kill < kills; kill++) {
    const running = start(dataDir)
    const output = running.stdout.getReader()
    await output.read()
    // Most of the renaming is at the end.
    const share = kill % 3 === 0 ? 0.85 + Math.random() * 0.25 : Math.random()
    await Bun.sleep(share * tookMs)
    running.kill('SIGKILL')
    await running.exited
    // The original is there, whole, under one of its two names.
    const names = readdirSync(dataDir).filter((name) => /^data\.sqlite3(\.original-[\d-]+)?$/.test(name))
    const holders = names.filter((name) => statSync(path.join(dataDir, name)).size === original.length)
    expect(holders.some((name) => readFileSync(path.join(dataDir, name)).equals(original))).toBe(true)
    const isOurs =
      existsSync(path.join(dataDir, 'data.sqlite3')) &&
      !readFileSync(path.join(dataDir, 'data.sqlite3')).equals(original)
    met[isOurs ? 'ours' : existsSync(path.join(dataDir, 'data.sqlite3.import-plan.json')) ? 'between' : 'original']++
    if (!isOurs) continue
    ended++
    expect(rowsIn(path.join(dataDir, 'data.sqlite3'))).toEqual(expected)
    dataDir = path.join(folder, `killed-${kill}`)
    await Bun.write(path.join(dataDir, 'data.sqlite3'), original)
  }
  const last = start(dataDir)
  expect([await last.exited, await new Response(last.stderr).text()]).toEqual([0, ''])
  expect(rowsIn(path.join(dataDir, 'data.sqlite3'))).toEqual(expected)
  const left = readdirSync(dataDir).filter((name) => /import(ing|-copy|-plan)|\.new$|\.draft$/.test(name))
  expect(left).toEqual([])
  expect(met.original + ended).toBeGreaterThan(0)
}, 3_600_000)

test('the switch is finished wherever it was cut', async () => {
  const source = path.join(folder, 'source-2')
  makeLarger(source, 10)
  const original = readFileSync(source)
  const imported = path.join(folder, 'imported')
  await Bun.write(path.join(imported, 'data.sqlite3'), original)
  expect(await start(imported).exited).toBe(0)
  const kept = readdirSync(imported).find((name) => name.startsWith('data.sqlite3.original-')) ?? ''
  // The states between the renames, made by hand: kills hit them too seldom.
  for (let done = 0; done <= 3; done++) {
    const dataDir = path.join(folder, `cut-${done}`)
    const database = path.join(dataDir, 'data.sqlite3')
    cpSync(imported, dataDir, { recursive: true })
    // Back to the moment of the plan, `done` renames later.
    copyFileSync(database, `${database}.importing`)
    const steps = [
      { from: `${database}-wal`, to: path.join(dataDir, `${kept}-wal`) },
      { from: database, to: path.join(dataDir, kept) },
      { from: `${database}.importing`, to: database },
    ]
    rmSync(database)
    rmSync(`${database}-wal`, { force: true })
    rmSync(`${database}-shm`, { force: true })
    renameSync(path.join(dataDir, kept), database)
    await Bun.write(`${database}-wal`, 'a log')
    for (const { from, to } of steps.slice(0, done)) renameSync(from, to)
    await Bun.write(`${database}.import-plan.json`, JSON.stringify({ version: 1, steps }))
    const again = start(dataDir)
    expect([done, await again.exited, await new Response(again.stderr).text()]).toEqual([done, 0, ''])
    expect(readFileSync(path.join(dataDir, kept)).equals(original)).toBe(true)
    expect(readFileSync(path.join(dataDir, `${kept}-wal`), 'utf8')).toBe('a log')
    expect(rowsIn(database)).toMatchObject({ accounts: 13, requests: 41 })
    expect(existsSync(`${database}.import-plan.json`)).toBe(false)
  }
}, 240_000)
