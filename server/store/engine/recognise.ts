import { constants, Database } from 'bun:sqlite'
import { closeSync, copyFileSync, mkdtempSync, openSync, readSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { err, ok, type Result } from '../../lib/result.ts'
import { type StoreFault, sqliteFault } from './fault.ts'

/** What lies at a path. `original`: the database of the original claude-api server; `foreign`: of some other program. */
export type Found = 'nothing' | 'empty' | 'ours' | 'original' | 'foreign'

/** Our table of applied migrations: no other program's database has it. */
export const migrationsTable = 'claude_server_migrations'

/** In the file header of our databases from their first byte on: `clsv`. */
export const applicationId = 0x636c7376

/**
 * Looks at a database without changing anything: neither the file nor its folder (reading a WAL database the usual way
 * would create companions).
 */
export function recognise(file: string): Result<Found, StoreFault> {
  try {
    const size = sizeOf(file)
    if (size === undefined) return ok('nothing')
    if (size >= 100 && applicationIdOf(file) === applicationId) return ok('ours')
    // A killed server leaves a log beside the file; without it the file may be empty, old or, half written back, unreadable.
    const hasLog = (sizeOf(`${file}-wal`) ?? 0) > 0
    return ok(hasLog ? lookAtCopy(file) : size === 0 ? 'empty' : look(file))
  } catch (error) {
    return err(sqliteFault(error, file))
  }
}

/** True for a database of the original claude-api server (any edition). */
export function isOriginalDatabase(file: string): boolean {
  const found = recognise(file)
  return found.ok && found.value === 'original'
}

function look(file: string, query = '?immutable=1'): Found {
  const db = new Database(
    `${pathToFileURL(file).href}${query}`,
    constants.SQLITE_OPEN_URI | (query === '' ? constants.SQLITE_OPEN_READWRITE : constants.SQLITE_OPEN_READONLY),
  )
  try {
    const rows = db
      .query<{ readonly name: string; readonly column: string }, []>(
        `select t.name as name, c.name as column from sqlite_master t, pragma_table_info(t.name) c where t.type = 'table'`,
      )
      .all()
    const has = (table: string, column: string): boolean =>
      rows.some((row) => row.name === table && row.column.toLowerCase() === column.toLowerCase())
    if (rows.length === 0) return 'empty'
    if (has(migrationsTable, 'name')) return 'ours'
    const isOriginal =
      has('accounts', 'clientId') ||
      has('settings', 'setting_key') ||
      (has('settings', 'key') && has('settings', 'value') && (has('accounts', 'id') || rows.every(isSetting)))
    return isOriginal ? 'original' : 'foreign'
  } finally {
    db.close()
  }
}

const isSetting = (row: { readonly name: string }): boolean => row.name === 'settings' || row.name.startsWith('sqlite_')

function lookAtCopy(file: string): Found {
  const folder = mkdtempSync(path.join(tmpdir(), 'claude-server-look-'))
  try {
    const copy = path.join(folder, 'copy')
    copyFileSync(file, copy)
    copyFileSync(`${file}-wal`, `${copy}-wal`)
    return look(copy, '')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Source: sqlite.org/fileformat, "The Database Header". */
function applicationIdOf(file: string): number {
  const header = Buffer.alloc(100)
  const handle = openSync(file, 'r')
  try {
    readSync(handle, header, 0, header.length, 0)
  } finally {
    closeSync(handle)
  }
  return header.toString('latin1', 0, 15) === 'SQLite format 3' ? header.readUInt32BE(68) : 0
}

function sizeOf(file: string): number | undefined {
  return statSync(file, { throwIfNoEntry: false })?.size
}
