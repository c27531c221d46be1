import { constants, Database } from 'bun:sqlite'
import { copyFileSync, constants as fileModes, rmSync, statSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { err, ok, type Result } from '../lib/result.ts'
import { batchRows, lowerCased, type Row, type Source, type SourceTable } from './source.ts'

export const companions = ['-wal', '-shm', '-journal'] as const

/**
 * Opens the original's file for reading. With a log beside it, which a killed server leaves, the rows in the log count too: then
 * copies of both are read, at `copy`, for reading the log where it lies would change the file. Without one the file itself is
 * read, without so much as a lock on it.
 */
export function openSqliteSource(file: string, copy: string): Result<Source, string> {
  const hasLog = ['-wal', '-journal'].some((suffix) => (sizeOf(file + suffix) ?? 0) > 0)
  let db: Database | undefined
  try {
    removeCopy(copy)
    if (hasLog) copyWhole(file, copy)
    db = hasLog
      ? new Database(copy, { readwrite: true, create: false })
      : new Database(
          `${pathToFileURL(file).href}?immutable=1`,
          constants.SQLITE_OPEN_URI | constants.SQLITE_OPEN_READONLY,
        )
    return ok(sourceOf(db, file, () => removeCopy(copy)))
  } catch (error) {
    db?.close()
    removeCopy(copy)
    return err(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** A clone where the file system has such a thing; the original was stopped, so the parts belong together. */
function copyWhole(file: string, copy: string): void {
  for (const suffix of ['', '-wal', '-journal']) {
    if (sizeOf(file + suffix) !== undefined) copyFileSync(file + suffix, copy + suffix, fileModes.COPYFILE_FICLONE)
  }
}

export function removeCopy(copy: string): void {
  for (const suffix of ['', ...companions]) rmSync(copy + suffix, { force: true })
}

function sourceOf(db: Database, file: string, onClose: () => void): Source {
  const tables = tablesOf(db)
  const lost = new Map<string, number>()
  return {
    kind: 'sqlite',
    shown: file,
    tables,
    rows: (table) => rowsOf(db, table, (count) => lost.set(table, (lost.get(table) ?? 0) + count)),
    unreadable: (table) => lost.get(table) ?? 0,
    close: async () => {
      db.close()
      onClose()
    },
  }
}

function tablesOf(db: Database): readonly SourceTable[] {
  const names = db
    .query<{ readonly name: string }, []>(
      `select name from sqlite_master where type = 'table' and name not like 'sqlite\\_%' escape '\\' order by name`,
    )
    .all()
  return names.map(({ name }) => {
    const columns = db.query<{ readonly name: string }, [string]>('select name from pragma_table_info(?)').all(name)
    return { name, columns: columns.map((column) => column.name.toLowerCase()), rows: countOf(db, name) }
  })
}

/** Of a damaged table: none that could be counted. */
function countOf(db: Database, table: string): number {
  try {
    return db.query<{ readonly rows: number }, []>(`select count(*) as rows from ${quoted(table)}`).get()?.rows ?? 0
  } catch {
    return 0
  }
}

const rowNumber = 'rowid:' // no column is called so

async function* rowsOf(
  db: Database,
  table: string,
  onLost: (count: number) => void,
): AsyncGenerator<readonly Row[], void, undefined> {
  const read = (after: number, most: number): readonly (Row & { readonly [rowNumber]: number })[] =>
    db // `>=`, so that a search for what lies behind a damaged page does not begin on it
      .query<Row & { readonly [rowNumber]: number }, [number, number]>(
        `select rowid as "${rowNumber}", * from ${quoted(table)} where rowid >= ? order by rowid limit ?`,
      )
      .all(after + 1, most)
  let after = Number.MIN_SAFE_INTEGER
  let size: number = batchRows
  for (;;) {
    try {
      const rows = read(after, size)
      const last = rows.at(-1)
      if (last === undefined) return
      after = last[rowNumber]
      size = batchRows
      yield rows.map(({ [rowNumber]: _, ...row }) => lowerCased(row))
    } catch {
      // A damaged page: up to it row by row, then behind it.
      if (size > 1) size = 1
      else {
        const next = behindDamage((from) => isReadable(read, from), after)
        onLost(next === undefined ? 1 : next - Math.max(after, 0))
        if (next === undefined) return
        after = next
      }
    }
  }
}

function isReadable(read: (after: number, most: number) => unknown, from: number): boolean {
  try {
    read(from, 1)
    return true
  } catch {
    return false
  }
}

const furthest = 2 ** 42

/** The first place behind unreadable rows from which there is something to read; undefined: there is none. */
export function behindDamage(canRead: (from: number) => boolean, after: number): number | undefined {
  let bad = Math.max(after, 0)
  let good = bad + 1
  for (let step = 1; !canRead(good); step *= 2) {
    bad = good
    good += step
    if (good > furthest) return undefined
  }
  while (good - bad > 1) {
    const middle = Math.floor((good + bad) / 2)
    if (canRead(middle)) good = middle
    else bad = middle
  }
  return good
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`
const sizeOf = (file: string): number | undefined => statSync(file, { throwIfNoEntry: false })?.size
