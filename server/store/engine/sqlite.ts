import { Database } from 'bun:sqlite'
import { accessSync, closeSync, constants, openSync } from 'node:fs'
import { drizzle, type SQLiteBunDatabase } from 'drizzle-orm/bun-sqlite'
import { err, ok, type Result } from '../../lib/result.ts'
import { StoreFault, sqliteFault } from './fault.ts'
import { type Migration, migrate, readMigrations } from './migrate.ts'
import { applicationId, recognise } from './recognise.ts'

export type Db = SQLiteBunDatabase
/** A built statement that has not run yet. */
export type Statement = { readonly run: () => unknown }

/** All that differs between database engines. Repositories build statements; only the engine runs writes. */
export type Engine = {
  readonly path: string
  /** Runs one query; failures are `StoreFault`s. The callback must not wait. */
  readonly read: <T>(query: (db: Db) => T) => Promise<Awaited<T>>
  /**
   * Runs all statements in one transaction, or none; gives the rows each of them changed. `durable`: on disk, not only in
   * the system's cache, when this resolves (credentials, keys, settings).
   */
  readonly atomic: (
    build: (db: Db) => readonly Statement[],
    options?: { readonly durable?: boolean },
  ) => Promise<readonly number[]>
  readonly describe: () => {
    readonly engine: string
    readonly version: string
    readonly path: string
    readonly writable: boolean
  }
  readonly close: () => void
}

export type EngineOptions = {
  readonly path: string
  readonly now: () => number
  /** For tests. */
  readonly migrations?: readonly Migration[]
}

const busyMs = 5000

/**
 * Opens or creates the database and brings it up to date. Two connections: one for everything with `synchronous` NORMAL,
 * which may lose the last moments on a power cut, and one with FULL for what must not be lost. What belongs to the
 * original server or to another program is refused unread and unchanged.
 */
export function openSqlite({ path, now, migrations }: EngineOptions): Result<Engine, StoreFault> {
  const found = recognise(path)
  if (!found.ok) return found
  if (found.value === 'original') return err(new StoreFault('original', originalMessage(path)))
  if (found.value === 'foreign') {
    return err(
      new StoreFault(
        'foreign',
        `${path} is the database of another program. Nothing was changed; choose another data folder.`,
      ),
    )
  }
  const opened: Database[] = []
  try {
    closeSync(openSync(path, 'a', 0o600)) // SQLite's companions take over the mode
    const main = connect(path, 'NORMAL')
    opened.push(main)
    migrate(main, migrations ?? readMigrations(), now())
    const durable = connect(path, 'FULL')
    opened.push(durable)
    return ok(createEngine(path, main, durable))
  } catch (error) {
    for (const db of opened) db.close()
    return err(sqliteFault(error, path))
  }
}

function connect(path: string, synchronous: 'NORMAL' | 'FULL'): Database {
  const db = new Database(path, { create: true, readwrite: true })
  // The wait first: turning WAL on already needs the lock.
  db.exec(`PRAGMA busy_timeout = ${busyMs}`)
  // Before WAL, so that it is in the file itself and never in the log alone; writes nothing when it is there.
  if (
    db.query<{ readonly application_id: number }, []>('PRAGMA application_id').get()?.application_id !== applicationId
  ) {
    db.exec(`PRAGMA application_id = ${applicationId}`)
  }
  db.exec('PRAGMA journal_mode = WAL')
  db.exec(`PRAGMA synchronous = ${synchronous}`)
  db.exec('PRAGMA foreign_keys = ON')
  db.exec('PRAGMA cache_size = -16000') // the default of 2 MB does not hold the ends of the request log's indexes
  db.exec('PRAGMA journal_size_limit = 67108864')
  return db
}

function createEngine(path: string, main: Database, durable: Database): Engine {
  const mainDb = drizzle({ client: main })
  const durableDb = drizzle({ client: durable })
  const guard = <T>(work: () => T): T => {
    try {
      return work()
    } catch (error) {
      throw sqliteFault(error, path)
    }
  }
  return {
    path,
    // `async`, so that a fault is a rejection; the driver itself is synchronous and a transaction is never left waiting.
    read: async (query) => guard(() => query(mainDb)) as never,
    atomic: async (build, options) =>
      guard(() => {
        const [client, db] = options?.durable === true ? ([durable, durableDb] as const) : ([main, mainDb] as const)
        return client.transaction(() => build(db).map((statement) => changesOf(statement.run()))).immediate()
      }),
    describe: () => ({ engine: 'SQLite', version: versionOf(main), path, writable: isWritable(path, main) }),
    close: () => {
      durable.close()
      main.close() // the last one writes the log back and removes it
    },
  }
}

const changesOf = (result: unknown): number => (result as { readonly changes: number }).changes

function versionOf(db: Database): string {
  try {
    return db.query<{ readonly version: string }, []>('select sqlite_version() as version').get()?.version ?? ''
  } catch {
    return ''
  }
}

function isWritable(path: string, db: Database): boolean {
  try {
    accessSync(path, constants.W_OK)
    db.exec('BEGIN IMMEDIATE')
    db.exec('ROLLBACK')
    return true
  } catch {
    return false
  }
}

const originalMessage = (path: string): string =>
  `${path} is the database of the original claude-api server. This version cannot import it yet, so it stops here; nothing was ` +
  'changed. Start in an empty folder (--data-dir FOLDER) and keep this one as it is.'
