import { Database } from 'bun:sqlite'
import { afterAll, expect, test } from 'bun:test'
import { mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { copyBeforeUpdate } from '../../server/app/safety-copy.ts'
import { onlyAdds, readMigrations } from '../../server/store/engine/migrate.ts'
import { openSqlite } from '../../server/store/engine/sqlite.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'update-'))
afterAll(() => rmSync(folder, { recursive: true }))
const now = () => Date.UTC(2026, 10, 28, 10, 0, 0)
const all = readMigrations()
/** What a version some updates back knew. */
const older = all.slice(0, -4)

async function oldDatabase(name: string): Promise<string> {
  const file = path.join(folder, name)
  const opened = openSqlite({ path: file, now, migrations: older })
  if (!opened.ok) throw opened.error
  await opened.value.close()
  const db = new Database(file)
  db.run("INSERT INTO settings (name, value) VALUES ('timezone', 'Asia/Shanghai')")
  db.close()
  return file
}
const logged: Record<string, unknown>[] = []
const log = { warn: (event: string, fields?: object) => void logged.push({ event, ...fields }) }

test('an update keeps a copy first, says so, and the version before opens that copy: the way back', async () => {
  const file = await oldDatabase('way-back.sqlite3')
  const copied = await copyBeforeUpdate(file, log, now())
  expect(copied).toEqual({ ok: true, value: `${file}.before-update-2026-11-28-100000` })
  expect(logged.at(-1)).toMatchObject({ event: 'database.updating', migrations: 4 })
  const updated = openSqlite({ path: file, now })
  if (!updated.ok) throw updated.error
  await updated.value.close()
  expect(await copyBeforeUpdate(file, log, now())).toEqual({ ok: true, value: undefined })

  const refused = openSqlite({ path: file, now, migrations: older })
  expect(!refused.ok && [refused.error.kind, refused.error.message]).toEqual([
    'newer',
    expect.stringContaining(
      'Nothing was changed. Start the newer version, or restore a backup from before the update.',
    ),
  ])
  for (const end of ['', '-wal', '-shm']) rmSync(file + end, { force: true })
  renameSync(`${file}.before-update-2026-11-28-100000`, file)
  const back = openSqlite({ path: file, now, migrations: older })
  if (!back.ok) throw back.error
  await back.value.close()
  const db = new Database(file, { readonly: true })
  expect(db.query("SELECT value FROM settings WHERE name = 'timezone'").get()).toEqual({ value: 'Asia/Shanghai' })
  db.close()
})

test('without a copy nothing is changed, and of copies the newest three stay', async () => {
  const file = await oldDatabase('full.sqlite3')
  writeFileSync(`${file}.before-update-2026-11-28-100000`, 'somebody else’s')
  const refused = await copyBeforeUpdate(file, log, now())
  expect(!refused.ok && refused.error).toContain('Nothing was changed')
  for (const year of [2021, 2022, 2023]) writeFileSync(`${file}.before-update-${year}-01-01-000000`, '')
  await copyBeforeUpdate(file, log, Date.UTC(2027, 0, 1))
  const left = readdirSync(folder)
    .filter((name) => name.startsWith('full.sqlite3.before-update-'))
    .toSorted()
  expect(left.map((name) => name.slice(-17))).toEqual(['2023-01-01-000000', '2026-11-28-100000', '2027-01-01-000000'])
})

test.each([
  ['a new table with its own unique index', ['CREATE TABLE `a` (id int)', 'CREATE UNIQUE INDEX i ON `a` (id)'], true],
  ['a new column', ['ALTER TABLE `a` ADD `b` text'], true],
  ['an index', ['CREATE INDEX i ON `a` (id)'], true],
  ['a rule for rows that are there', ['CREATE UNIQUE INDEX i ON `a` (id)'], false],
  ['a column that goes', ['ALTER TABLE `a` DROP COLUMN `b`'], false],
  ['a table made anew', ['CREATE TABLE `b` (id int)', 'DROP TABLE `a`', 'ALTER TABLE `b` RENAME TO `a`'], false],
] as const)('two versions and one database: %s', (_, statements, beside) => {
  expect(onlyAdds({ name: 'x', hash: '', statements })).toBe(beside)
})
