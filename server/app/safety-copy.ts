import { Database } from 'bun:sqlite'
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs'
import path from 'node:path'
import { backUpToFile } from '../backup/file-backup.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { Logger } from '../observe/log.ts'
import { gapOf, type Migration, readMigrations } from '../store/engine/migrate.ts'

/** Of the copies that updates leave behind, the newest. */
const keptUpdates = 3

/**
 * Before this version changes the tables of an older one: a whole copy beside the database, which the older version opens. Without
 * one nothing is changed. What is new, up to date, or of a newer version is left alone here.
 */
export async function copyBeforeUpdate(
  database: string,
  log: Pick<Logger, 'warn'>,
  now: number,
  migrations: readonly Migration[] = readMigrations(),
): Promise<Result<string | undefined, string>> {
  const missing = missingIn(database, migrations)
  if (missing.length === 0) return ok(undefined)
  const file = `${database}.before-update-${new Date(now)
    .toISOString()
    .replace(/\.\d+Z$/, '')
    .replaceAll(':', '')
    .replace('T', '-')}`
  const copied = await backUpToFile(database, file)
  if (!copied.ok) {
    return err(
      `${database} is of an older version. It would be brought up to date, but first a copy is kept, and that failed: ${copied.error} Nothing was changed.`,
    )
  }
  log.warn('database.updating', {
    message: 'The database is brought up to date. To go back to the version before, put the copy in its place.',
    copy: file,
    migrations: missing.length,
  })
  for (const old of olderCopies(database)) rmSync(old, { force: true })
  return ok(file)
}

function missingIn(database: string, migrations: readonly Migration[]): readonly Migration[] {
  if (!existsSync(database) || statSync(database).size === 0) return []
  let db: Database | undefined
  try {
    db = new Database(database, { readonly: true })
    const gap = gapOf(db, migrations)
    return gap === undefined || gap.strange.length > 0 ? [] : gap.missing
  } catch {
    return [] // whoever opens it says what is wrong with it
  } finally {
    db?.close()
  }
}

function olderCopies(database: string): readonly string[] {
  const start = `${path.basename(database)}.before-update-`
  return readdirSync(path.dirname(database))
    .filter((name) => name.startsWith(start) && /^[\d-]+$/.test(name.slice(start.length)))
    .toSorted()
    .slice(0, -keptUpdates)
    .map((name) => path.join(path.dirname(database), name))
}
