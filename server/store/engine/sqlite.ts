import { Database, type SQLQueryBindings } from 'bun:sqlite'
import { accessSync, chmodSync, closeSync, constants, openSync } from 'node:fs'
import { getColumns, is, Param, Placeholder, type Query, type SQL, sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/bun-sqlite'
import type { SQLiteTable } from 'drizzle-orm/sqlite-core'
import { err, ok, type Result } from '../../lib/result.ts'
import * as tables from '../tables/sqlite.ts'
import type { Db, Engine, Expressions, Statement } from './engine.ts'
import { StoreFault, sqliteFault } from './fault.ts'
import { type Migration, migrate, readMigrations } from './migrate.ts'
import { applicationId, recognise } from './recognise.ts'

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
    // Made by somebody before us, for everybody to read; nothing is in it yet.
    if (found.value === 'empty') makePrivate(path)
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

function makePrivate(path: string): void {
  try {
    chmodSync(path, 0o600)
  } catch {
    // a file system without modes, or another owner
  }
}

/** The database as it is at this moment, for reading alone; others go on writing. Open it no longer than needed: the log grows. */
export function openSnapshot(path: string): Result<Engine, StoreFault> {
  let db: Database | undefined
  try {
    db = new Database(path, { readonly: true })
    db.exec(`PRAGMA busy_timeout = ${busyMs}`)
    db.exec('BEGIN')
    db.query('SELECT count(*) FROM sqlite_master').get() // the first read is the moment
    return ok(createEngine(path, db, db))
  } catch (error) {
    db?.close()
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
  // Seldom by itself, at 16 MB of log: the file is then at rest between the checkpoints of a job, and may be copied.
  db.exec('PRAGMA wal_autocheckpoint = 4096')
  return db
}

/** An engine over open connections; they may be one and the same. */
export function createEngine(path: string, main: Database, durable: Database): Engine {
  const mainDb = builderOf(main)
  const durableDb = builderOf(durable)
  const inMain = transactionsOf(main)
  const inDurable = transactionsOf(durable)
  let checkpointedAt: number | undefined
  const guard = <T>(work: () => T): T => {
    try {
      return work()
    } catch (error) {
      throw sqliteFault(error, path)
    }
  }
  return {
    tables,
    expressions,
    // `async`, so that a fault is a rejection; the driver itself is synchronous and a transaction is never left waiting.
    read: async (build) => guard(() => build(mainDb).all()),
    atomic: async (build, options) =>
      guard(() => {
        const [transact, db] = options?.durable === true ? [inDurable, durableDb] : [inMain, mainDb]
        return transact(() => build(db).map((statement) => changesOf(statement.run())))
      }),
    isUp: () => true,
    checkpoint: async () =>
      guard(() => {
        const changes = changesSince(main) + (durable === main ? 0 : changesSince(durable))
        if (changes === checkpointedAt) return
        const done = main
          .query<{ readonly log: number; readonly checkpointed: number }, []>('PRAGMA wal_checkpoint(PASSIVE)')
          .get()
        // A reader of an older moment holds it up: the rest follows with the next one.
        checkpointedAt = done?.log === done?.checkpointed ? changes : undefined
      }),
    snapshot: async () => {
      const opened = openSnapshot(path)
      if (!opened.ok) throw opened.error
      return opened.value
    },
    describe: async () => ({ engine: 'SQLite', version: versionOf(main), path, writable: isWritable(path, main) }),
    close: async () => {
      for (const db of [mainDb, durableDb]) db.finalize() // an open statement would keep its connection
      if (durable !== main) durable.close()
      main.close()
    },
  }
}

const expressions: Expressions = {
  inserted: (column) => sql`excluded.${sql.identifier(column.name)}`,
  greatest: (...values) => sql`max(${sql.join(values.map(part), sql`, `)})`,
  least: (...values) => sql`min(${sql.join(values.map(part), sql`, `)})`,
  unindexed: (column) => sql`+${column}`,
}
const part = (value: unknown): SQL => sql`${value}`

type Row = Readonly<Record<string, unknown>>
type ForEach = { readonly run: (row: Row) => number; readonly finalize: () => void }

function builderOf(client: Database): Db & { readonly finalize: () => void } {
  const db = drizzle({ client })
  // Made once: building a statement takes longer than running it.
  const prepared = new WeakMap<object, Map<string, ForEach>>()
  const all: ForEach[] = []
  const prepare = (owner: object, name: string, build: () => Query): ForEach => {
    const known = prepared.get(owner) ?? new Map<string, ForEach>()
    prepared.set(owner, known)
    const made = known.get(name) ?? forEach(client, build())
    if (known.has(name)) return made
    known.set(name, made)
    all.push(made)
    return made
  }
  const each = (rows: readonly Row[], statement: () => ForEach): Statement => ({
    run: () => {
      if (rows.length === 0) return { changes: 0 }
      const { run } = statement()
      let changes = 0
      for (const row of rows) changes += run(row)
      return { changes }
    },
  })
  const insertOf = (table: SQLiteTable, members: readonly string[]) =>
    db.insert(table).values(Object.fromEntries(members.map((member) => [member, sql.placeholder(member)])))
  const isQuery = (rows: object): boolean => 'all' in rows && typeof rows.all === 'function'
  return {
    finalize: () => {
      for (const statement of all) statement.finalize()
    },
    select: db.select.bind(db),
    selectDistinct: db.selectDistinct.bind(db),
    insert: db.insert.bind(db),
    update: db.update.bind(db),
    delete: db.delete.bind(db),
    insertEach: (table, rows) =>
      each(rows as readonly Row[], () =>
        prepare(table, 'insert', () => insertOf(table, Object.keys(getColumns(table))).toSQL()),
      ),
    upsert: (table, rows, conflict) => {
      if (Array.isArray(rows)) {
        const members = Object.keys(rows[0] ?? {})
        return each(rows as readonly Row[], () =>
          prepare(conflict.set, members.join(), () =>
            insertOf(table, members)
              .onConflictDoUpdate({ target: conflict.target, set: conflict.set as never })
              .toSQL(),
          ),
        )
      }
      const { target, set } = conflict
      const insert = db.insert(table)
      const filled = isQuery(rows as object) ? insert.select(rows as never) : insert.values(rows as never) // told apart just now
      return filled.onConflictDoUpdate({ target, set: set as never })
    },
    insertMissing: (table, rows, target) =>
      db
        .insert(table)
        .values([...rows] as never) // the signature has their type
        .onConflictDoNothing({ target }),
  }
}

/** A statement with places for a row's members, filled without the ORM: there that takes longer than the statement itself. */
function forEach(client: Database, { sql: text, params }: Query): ForEach {
  const statement = client.prepare<unknown, SQLQueryBindings[]>(text)
  const places = params.map((param) => {
    const [place, encoder] = is(param, Param) ? [param.value, param.encoder] : [param, undefined]
    if (!is(place, Placeholder)) return { value: param }
    const { name } = place as unknown as { readonly name: string } // typed as the ORM's own
    return { name, encoder }
  })
  // One list for all rows: nothing of it is kept by the driver.
  const values: SQLQueryBindings[] = new Array(places.length).fill(null)
  return {
    run: (row) => {
      for (let at = 0; at < places.length; at++) {
        const { name, encoder, value: fixed } = places[at] as (typeof places)[number] // within the list
        const value = name === undefined ? fixed : (row[name] ?? null)
        values[at] = (
          value === null || encoder === undefined ? value : encoder.mapToDriverValue(value)
        ) as SQLQueryBindings
      }
      return statement.run(...values).changes
    },
    finalize: () => statement.finalize(),
  }
}

/** Made once for a connection: the driver makes five functions for each. */
function transactionsOf(client: Database): (work: () => readonly number[]) => readonly number[] {
  const transaction = client.transaction((work: () => readonly number[]) => work())
  return (work) => transaction.immediate(work)
}

const changesSince = (db: Database): number =>
  db.query<{ readonly changes: number }, []>('SELECT total_changes() AS changes').get()?.changes ?? 0

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
  `${path} is the database of the original claude-api server and is not ours to open; nothing was changed. ` +
  'claude-server serve in its folder imports it.'
