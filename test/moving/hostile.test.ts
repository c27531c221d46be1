import { Database } from 'bun:sqlite'
import { afterAll, expect, test } from 'bun:test'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { realEffects } from '../../server/lib/effects.ts'
import { moveIn } from '../../server/moving/move-in.ts'
import { reportText } from '../../server/moving/report.ts'
import { makeHostile, secretMark } from './hostile.ts'
import { newFolder, removeFolder } from './serving.ts'

const root = newFolder()
afterAll(() => removeFolder(root))

/** More of one than the few characters that a key is shown by. */
const wholeSecret = new RegExp(`${secretMark}-\\w+-\\d`)

const seeds = Number(process.env.HOSTILE_SEEDS ?? 10)
const optionsFor = (dataDir: string) => ({
  database: path.join(dataDir, 'data.sqlite3'),
  dataDir,
  vault: {},
  maxInFlight: 10,
  effects: realEffects,
  view: { write: () => {}, isTerminal: false, columns: 80, now: realEffects.now },
})

const tables = [
  'accounts',
  'credentials',
  'users',
  'api_keys',
  'requests',
  'proxies',
  'ip_blocks',
  'ip_configs',
  'usage_counters',
  'settings',
]
function contentOf(file: string): Readonly<Record<string, unknown>> {
  const db = new Database(file, { readonly: true })
  try {
    const rows = (text: string): readonly unknown[] => db.query(text).all()
    return {
      ...Object.fromEntries(tables.map((table) => [table, rows(`select count(*) as n from ${table}`)])),
      used: rows('select * from usage_counters order by subject, period'),
      sums: rows(
        'select kind, subject, sum(requests) as n, sum(input_tokens) as i from request_rollups group by 1, 2 order by 1, 2',
      ),
      hidden: rows(`select name from settings where name in ('alerts_enabled', '__proto__', 'constructor')`),
    }
  } finally {
    db.close()
  }
}

const countsOf = (file: string): Readonly<Record<string, number>> => {
  const db = new Database(file, { readonly: true })
  try {
    const names = db.query<{ readonly name: string }, []>(`select name from sqlite_master where type = 'table'`).all()
    return Object.fromEntries(
      names.map(({ name }) => [
        name,
        db.query<{ readonly n: number }, []>(`select count(*) as n from "${name}"`).get()?.n ?? -1,
      ]),
    )
  } finally {
    db.close()
  }
}

test.each(Array.from({ length: seeds }, (_, at) => at + Number(process.env.HOSTILE_FROM ?? 1)))(
  'a damaged database of some edition comes in whole, row by row accounted for: %d',
  async (seed) => {
    const dataDir = path.join(root, String(seed))
    const database = path.join(dataDir, 'data.sqlite3')
    await Bun.write(path.join(dataDir, 'mark'), '')
    makeHostile(database, seed)
    const counts = countsOf(database)
    const before = readFileSync(database)
    const moved = await moveIn(database, optionsFor(dataDir))
    if (!moved.ok) throw new Error(moved.error)
    const report = moved.value
    for (const { name, read, imported, repaired, leftOut } of report.tables) {
      // Every row is accounted for, once.
      expect([seed, name, read]).toEqual([seed, name, counts[name] ?? -1])
      expect(imported + leftOut).toBe(read)
      expect(repaired).toBeLessThanOrEqual(imported)
    }
    expect(JSON.stringify(report) + reportText(report)).not.toContain(secretMark)
    expect(readFileSync(report.keptAs ?? '').equals(before)).toBe(true)
    for (const name of readdirSync(dataDir)) {
      const file = path.join(dataDir, name)
      if (name.includes('.original-') || !statSync(file).isFile()) continue
      expect([seed, name, wholeSecret.exec(readFileSync(file, 'latin1'))?.[0]]).toEqual([seed, name, undefined])
    }
    const content = contentOf(database)
    expect(content.hidden).toEqual([])
    // The same database once more adds nothing.
    const again = await moveIn(report.keptAs ?? '', optionsFor(dataDir))
    if (!again.ok) throw new Error(again.error)
    expect(contentOf(database)).toEqual(content)
  },
  240_000,
)
