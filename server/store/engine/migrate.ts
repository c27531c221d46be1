import type { Database } from 'bun:sqlite'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { StoreFault } from './fault.ts'
import { migrationsTable } from './recognise.ts'

export type Migration = { readonly name: string; readonly hash: string; readonly statements: readonly string[] }

/**
 * The migrations in their order. The folder stands beside this file; in the executable the build mounts it by its base
 * name where `import.meta.dir` points.
 */
export function readMigrations(folder = path.join(import.meta.dir, 'migrations-sqlite')): readonly Migration[] {
  return readdirSync(folder)
    .filter((name) => /^\d{14}_\w+$/.test(name))
    .toSorted()
    .map((name) => {
      const text = readFileSync(path.join(folder, name, 'migration.sql'), 'utf8').replaceAll('\r\n', '\n')
      const statements = text.split('--> statement-breakpoint').filter((statement) => statement.trim() !== '')
      return { name, hash: createHash('sha256').update(text).digest('hex'), statements }
    })
}

/** What lies between a database and this program. */
export type Gap = {
  readonly missing: readonly Migration[]
  /** Names this program does not know: a newer one has been here. */
  readonly strange: readonly string[]
}

/** Looks at the file alone and changes nothing; undefined: nothing of ours is in it. */
export function gapOf(db: Database, migrations: readonly Migration[]): Gap | undefined {
  const there = db.query(`SELECT 1 FROM sqlite_master WHERE name = '${migrationsTable}'`).get()
  if (there === null) return undefined
  const done = new Set(
    db
      .query<{ readonly name: string }, []>(`SELECT name FROM ${migrationsTable}`)
      .all()
      .map(({ name }) => name),
  )
  const known = new Set(migrations.map(({ name }) => name))
  return {
    missing: migrations.filter(({ name }) => !done.has(name)),
    strange: [...done].filter((name) => !known.has(name)),
  }
}

/** Only adds to what is there, so that a program which does not know of it goes on working beside. */
export function onlyAdds({ statements }: Migration): boolean {
  const made = new Set(statements.flatMap((statement) => /^\s*CREATE TABLE (\S+)/i.exec(statement)?.[1] ?? []))
  return statements.every((statement) => {
    if (/^\s*(CREATE TABLE|CREATE INDEX|ALTER TABLE \S+ ADD)\b/i.test(statement)) return true
    const limited = /^\s*CREATE UNIQUE INDEX \S+ ON ([^\s(]+)/i.exec(statement)?.[1]
    return limited !== undefined && made.has(limited)
  })
}

/**
 * Applies what is missing in one transaction that begins with the write lock, so that of two processes one waits and then
 * finds nothing to do (the ORM's own migrator begins without it and fails). All or nothing. Throws; a database made by a
 * newer version is refused untouched. Gives the names applied.
 */
export function migrate(db: Database, migrations: readonly Migration[], now: number): readonly string[] {
  db.exec('PRAGMA foreign_keys = OFF') // a table is changed by making it anew; references are checked before the commit
  try {
    db.exec('BEGIN IMMEDIATE')
    try {
      const applied = applyMissing(db, migrations, now)
      db.exec('COMMIT')
      return applied
    } catch (error) {
      if (db.inTransaction) db.exec('ROLLBACK')
      throw error
    }
  } finally {
    db.exec('PRAGMA foreign_keys = ON')
  }
}

function applyMissing(db: Database, migrations: readonly Migration[], now: number): readonly string[] {
  db.exec(
    `CREATE TABLE IF NOT EXISTS ${migrationsTable} (name text PRIMARY KEY NOT NULL, hash text NOT NULL, applied_at integer NOT NULL)`,
  )
  const { missing, strange } = gapOf(db, migrations) ?? { missing: migrations, strange: [] }
  if (strange.length > 0) throw newerFault(db.filename, strange)
  for (const { name, hash, statements } of missing) {
    for (const statement of statements) db.exec(statement)
    db.query(`INSERT INTO ${migrationsTable} (name, hash, applied_at) VALUES (?, ?, ?)`).run(name, hash, now)
  }
  if (missing.length > 0 && db.query('PRAGMA foreign_key_check').all().length > 0) {
    throw new StoreFault(
      'damaged',
      `The database ${db.filename} holds rows that refer to nothing; it was left as it was.`,
    )
  }
  return missing.map(({ name }) => name)
}

export const newerFault = (file: string, strange: readonly string[]): StoreFault =>
  new StoreFault(
    'newer',
    `The database ${file} was made by a newer version of this program (${strange.join(', ')}). ` +
      'Nothing was changed. Start the newer version, or restore a backup from before the update.',
  )
