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
    db
      .query<Row & { readonly [rowNumber]: number }, [number, number]>(
        `select rowid as "${rowNumber}", * from ${quoted(table)} where rowid > ? order by rowid limit ?`,
      )
      .all(after, most)
  let after = Number.MIN_SAFE_INTEGER
  let size: number = batchRows
  for (let jump = 1; ; ) {
    try {
      const rows = read(after, size)
      const last = rows.at(-1)
      if (last === undefined) return
      after = last[rowNumber]
      size = batchRows
      jump = 1
      yield rows.map(({ [rowNumber]: _, ...row }) => lowerCased(row))
    } catch {
      // A damaged page: as few as possible are skipped, then ever more, to the end of the table.
      if (size > 1) size = 1
      else {
        const next = nextRow(db, table, after, jump)
        if (next === undefined) return onLost(1)
        onLost(1)
        after = next
        jump *= 2
      }
    }
  }
}

/** Where to go on behind unreadable rows; undefined: nothing lies there. */
function nextRow(db: Database, table: string, after: number, jump: number): number | undefined {
  try {
    const ends = db
      .query<{ readonly first: number | null; readonly last: number | null }, []>(
        `select (select min(rowid) from ${quoted(table)}) as first, (select max(rowid) from ${quoted(table)}) as last`,
      )
      .get()
    if (ends?.last === null || ends?.last === undefined) return undefined
    const next = Math.max(after, (ends.first ?? 1) - 1) + jump
    return next > ends.last ? undefined : next
  } catch {
    const next = Math.max(after, 0) + jump
    return jump > 2 ** 40 ? undefined : next
  }
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`
const sizeOf = (file: string): number | undefined => statSync(file, { throwIfNoEntry: false })?.size
