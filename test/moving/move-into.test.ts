import { Database } from 'bun:sqlite'
import { afterAll, expect, test } from 'bun:test'
import path from 'node:path'
import { realEffects } from '../../server/lib/effects.ts'
import { moveInto, readinessOf } from '../../server/moving/move-into.ts'
import { latestReport } from '../../server/moving/report.ts'
import type { Source } from '../../server/moving/source.ts'
import { openSqliteSource } from '../../server/moving/sqlite-source.ts'
import { openStore } from '../../server/store/open.ts'
import type { Store } from '../../server/store/store.ts'
import { fixtureDatabase } from './fixture.ts'
import { newFolder, removeFolder } from './serving.ts'

const root = newFolder()
afterAll(() => removeFolder(root))

async function open(dataDir: string): Promise<Store> {
  const opened = await openStore({
    path: path.join(dataDir, 'data.sqlite3'),
    dataDir,
    now: realEffects.now,
    sleep: realEffects.sleep,
    onUnreadable: () => {},
  })
  if (!opened.ok) throw opened.error
  return opened.value.store
}

function sourceOf(): Source {
  const opened = openSqliteSource(fixtureDatabase, path.join(root, 'copy'))
  if (!opened.ok) throw new Error(opened.error)
  return opened.value
}

const options = (dataDir: string) => ({
  dataDir,
  maxInFlight: 10,
  effects: realEffects,
  view: { write: () => {}, isTerminal: false, columns: 80, now: realEffects.now },
})

const countsIn = (dataDir: string): unknown => {
  const db = new Database(path.join(dataDir, 'data.sqlite3'), { readonly: true })
  const tables = [
    'accounts',
    'credentials',
    'users',
    'api_keys',
    'proxies',
    'ip_blocks',
    'ip_configs',
    'requests',
    'settings',
    'usage_counters',
    'visitors',
  ]
  try {
    return [
      ...tables.map((table) => [table, db.query(`select count(*) as n from ${table}`).get()]),
      db.query('select kind, sum(requests) as n, sum(input_tokens) as i from request_rollups group by kind').all(),
      db.query('select period, sum(requests) as n, sum(input_tokens) as i from usage_counters group by period').all(),
    ]
  } finally {
    db.close()
  }
}

test('an import into a database on a server that was cut at any table is undone and begun anew', async () => {
  const whole = path.join(root, 'whole')
  const target = await open(whole)
  expect(await readinessOf(target)).toBe('empty')
  const moved = await moveInto(sourceOf(), target, options(whole))
  expect(moved).toMatchObject({ ok: true, value: { keptAs: null } })
  expect(latestReport(whole)?.report.tables).toHaveLength(9)
  await target.close()
  const expected = countsIn(whole)

  const dataDir = path.join(root, 'cut')
  const store = await open(dataDir)
  for (const cut of sourceOf().tables.map(({ name }) => name)) {
    const source = sourceOf()
    const broken: Source = {
      ...source,
      rows: async function* (table) {
        yield* source.rows(table)
        if (table === cut) throw new Error(`cut at ${cut}`)
      },
    }
    await expect(moveInto(broken, store, options(dataDir))).rejects.toThrow(cut)
    expect(await readinessOf(store)).toBe('anew')
    await source.close()
  }
  expect((await moveInto(sourceOf(), store, options(dataDir))).ok).toBe(true)
  await store.close()
  expect(countsIn(dataDir)).toEqual(expected)
}, 240_000)

test('a database that is in use is refused untouched', async () => {
  const dataDir = path.join(root, 'used')
  const store = await open(dataDir)
  await store.settings.write({ announcement_text: 'ours' })
  expect(await readinessOf(store)).toBe('in-use')
  expect(await moveInto(sourceOf(), store, options(dataDir))).toMatchObject({ ok: false })
  expect(await store.settings.all()).toEqual({ announcement_text: 'ours' })
  await store.close()
})
