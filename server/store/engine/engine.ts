import type { AnyColumn, InferInsertModel, SQL } from 'drizzle-orm'
import type { SQLiteBunDatabase } from 'drizzle-orm/bun-sqlite'
import type { SQLiteColumn, SQLiteTable } from 'drizzle-orm/sqlite-core'
import type * as tables from '../tables/sqlite.ts'

/** The tables by their names in the program. Every engine has its own with the same members; their types are written once. */
export type Tables = typeof tables

/** A built query and a built change. Neither has run: only the engine runs them. */
export type Query<Rows> = { readonly all: () => Rows }
export type Statement = { readonly run: () => unknown }

/** What happens to a row that is there already; `set` may use `inserted`. */
export type Conflict = {
  readonly target: SQLiteColumn | SQLiteColumn[]
  readonly set: Readonly<Record<string, unknown>>
}

/** Builds statements, the same for every engine. */
export type Db = Pick<SQLiteBunDatabase, 'select' | 'selectDistinct' | 'insert' | 'update' | 'delete'> & {
  /** Inserts, or changes the row that has the same `target`. A list with a lasting `set` is the quickest form for many rows; all have the same members. */
  readonly upsert: <Table extends SQLiteTable>(
    table: Table,
    rows: InferInsertModel<Table> | readonly InferInsertModel<Table>[] | Query<readonly object[]>,
    conflict: Conflict,
  ) => Statement
  /** Inserts many rows, the quickest way there is; members that are absent are null, whatever the column's default. */
  readonly insertEach: <Table extends SQLiteTable>(table: Table, rows: readonly InferInsertModel<Table>[]) => Statement
  /** Inserts rows that are not there yet, told apart by `target`. */
  readonly insertMissing: <Table extends SQLiteTable>(
    table: Table,
    rows: readonly InferInsertModel<Table>[],
    target: SQLiteColumn,
  ) => Statement
}

/** Expressions that are spelled differently. */
export type Expressions = {
  /** In the `set` of an upsert: the value that could not be inserted. */
  readonly inserted: (column: AnyColumn) => SQL
  readonly greatest: (...values: readonly unknown[]) => SQL<number>
  readonly least: (...values: readonly unknown[]) => SQL<number>
  /** The column's value, where its own index must not be chosen. */
  readonly unindexed: (column: AnyColumn) => SQL
}

/** All that differs between database engines. Repositories build; only the engine runs. */
export type Engine = {
  readonly tables: Tables
  readonly expressions: Expressions
  /** Runs one query; failures are `StoreFault`s. */
  readonly read: <Rows>(build: (db: Db) => Query<Rows>) => Promise<Rows>
  /**
   * Runs all statements in one transaction, or none; gives the rows each of them met (a row that already was as an update
   * wants it counts). Writes happen in the order of the calls. `durable`: on disk, not only in the system's cache, when this
   * resolves (credentials, keys, settings).
   */
  readonly atomic: (
    build: (db: Db) => readonly Statement[],
    options?: { readonly durable?: boolean },
  ) => Promise<readonly number[]>
  /** False while the server is known to be away. */
  readonly isUp: () => boolean
  /** Brings what was committed into the database's own file, as far as readers allow; nothing where an engine has no log of its own. */
  readonly checkpoint: () => Promise<void>
  /** The database as it is at this moment, for reading alone, until it is closed. Throws `StoreFault`s. */
  readonly snapshot: () => Promise<Engine>
  /**
   * Where the database cannot be exchanged as a whole: runs statements one after another in one transaction that may take long, or
   * none of them; the audit log may be changed by them. Nothing else is written meanwhile.
   */
  readonly exchange?: (
    work: (run: (build: (db: Db) => readonly Statement[]) => Promise<void>) => Promise<void>,
  ) => Promise<void>
  readonly describe: () => Promise<EngineState>
  readonly close: () => Promise<void>
}

/** `path`: the file, or where the server is; no secret. */
export type EngineState = {
  readonly engine: string
  readonly version: string
  readonly path: string
  readonly writable: boolean
}
