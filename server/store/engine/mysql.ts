import type { SQL as Client } from 'bun'
import { getColumns, type SQL, sql, type Table } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/bun-sql/mysql'
import { MySqlUpdateBase } from 'drizzle-orm/mysql-core'
import type { Effects } from '../../lib/effects.ts'
import { err, ok, type Result } from '../../lib/result.ts'
import * as mysqlTables from '../tables/mysql.ts'
import type { Db, Engine, Expressions, Statement, Tables } from './engine.ts'
import { StoreFault } from './fault.ts'
import { type Migration, readMigrations } from './migrate.ts'
import {
  connect,
  inTime,
  type MysqlPlace,
  openSession,
  placeText,
  type Session,
  type Sql,
  silenceMs,
} from './mysql-connection.ts'
import { mysqlFault } from './mysql-fault.ts'
import {
  checkMayWrite,
  guardAudit,
  hasTables,
  migrateMysql,
  mysqlMigrations,
  type ServerKind,
  serverKind,
  unguardAudit,
} from './mysql-migrate.ts'
import { openMysqlSnapshot } from './mysql-snapshot.ts'
import { type Change, createWriter } from './mysql-writer.ts'

export type MysqlOptions = {
  readonly place: MysqlPlace
  readonly effects: Pick<Effects, 'now' | 'after' | 'sleep'>
  /** How long to wait for a server that does not answer. */
  readonly waitMs?: number
  /** How long to wait for another gateway that has the database: it may be about to end. */
  readonly handOverMs?: number
  /** Makes no tables: a database without them is refused. */
  readonly mustExist?: boolean
  readonly onEvent?: (event: MysqlEvent, message: string) => void
  /** For tests. */
  readonly migrations?: readonly Migration[]
}
export type MysqlEvent = 'waiting' | 'migrating' | 'lost' | 'back' | 'taken' | 'unguarded'

const readers = 8
const waitStepMs = 500
/** So long a query waits where the one before it, or the writer, found the server silent. */
const awayMs = 2_000
/** The values of one statement; the protocol takes 65,535. */
const valuesAtATime = 20_000

/**
 * Opens the database, takes its lock and brings it up to date. One connection writes; others read. Tables of other programs in the
 * same database, the original's among them, are not touched.
 */
export async function openMysql(options: MysqlOptions): Promise<Result<Engine, StoreFault>> {
  const { place, effects, mustExist = false, onEvent = () => {} } = options
  const where = placeText(place)
  const session = await openPatiently(options)
  if (!session.ok) return session
  try {
    const server = await serverKind(session.value, where)
    if (mustExist && !(await hasTables(session.value))) {
      await session.value.end()
      return err(
        new StoreFault('denied', `There is no gateway in the database ${where}. Start it first: claude-server serve.`),
      )
    }
    const migrations = options.migrations ?? readMigrations(mysqlMigrations)
    const onProgress = (message: string): void => onEvent('migrating', message)
    await migrateMysql(session.value, migrations, { effects, place: where, server, onProgress })
    if (!mustExist) await checkMayWrite(session.value)
    if (!(await guardAudit(session.value))) {
      onEvent('unguarded', 'This user may make no triggers: nothing but its chain of hashes guards the audit log.')
    }
    return ok(createMysqlEngine(session.value, server, options))
  } catch (error) {
    await session.value.end()
    return err(mysqlFault(error, where))
  }
}

async function openPatiently(options: MysqlOptions): Promise<Result<Session, StoreFault>> {
  const { place, effects, waitMs = 0, handOverMs = 0, onEvent = () => {} } = options
  const begun = effects.now()
  for (let attempt = 1; ; attempt++) {
    try {
      return ok(await openSession(place, effects.after))
    } catch (error) {
      const fault = mysqlFault(error, placeText(place))
      const patienceMs = fault.kind === 'unreachable' ? waitMs : fault.kind === 'held' ? handOverMs : 0
      if (effects.now() - begun >= patienceMs) return err(fault)
      if (attempt === 1) onEvent('waiting', fault.message)
      await effects.sleep(waitStepMs)
    }
  }
}

// The types are those of SQLite's tables and builders; a test holds the tables side by side, and the builders' methods that
// `Db` offers have the same names here.
const tables = mysqlTables as unknown as Tables

function createMysqlEngine(first: Session, server: ServerKind, options: MysqlOptions): Engine {
  const { place, effects, onEvent = () => {} } = options
  const where = placeText(place)
  let pool = connect(place, readers)
  let db = builderOf(pool)
  const writer = createWriter(first, { place, effects, onState: onEvent })
  let isSilent = false

  const ask = async <Rows>(build: (db: Db) => unknown): Promise<Rows> => {
    const used = pool
    // Else every request of an outage would wait as long as the first one.
    const patienceMs = isSilent || !writer.isUp() ? awayMs : silenceMs
    try {
      const rows = await inTime(Promise.resolve(build(db) as PromiseLike<Rows>), effects.after, place, patienceMs)
      isSilent = false
      return rows
    } catch (error) {
      const fault = mysqlFault(error, where)
      isSilent = fault.kind === 'unreachable' && fault === error
      // Connections that a silent server holds are of no more use.
      if (isSilent && pool === used) {
        pool = connect(place, readers)
        db = builderOf(pool)
        void used.close({ timeout: 0 }).catch(() => undefined)
      }
      throw fault
    }
  }
  const describe = async () => ({
    ...server,
    path: where,
    writable: writer.isUp() && (await isWritable(() => pool)),
  })
  const isUp = (): boolean => writer.isUp() && !isSilent
  return {
    tables,
    expressions,
    // Once more when the connection had gone while it was idle; a query changes nothing.
    read: (build) =>
      ask<Awaited<ReturnType<ReturnType<typeof build>['all']>>>(build).catch((fault: StoreFault) => {
        if (fault.kind !== 'unreachable' || !writer.isUp()) throw fault
        return ask(build)
      }) as never, // the rows of the query that was built
    // InnoDB writes its log to the disk at every commit (innodb_flush_log_at_trx_commit = 1, the default): all is durable.
    atomic: async (build) => {
      const built = build(db).map((statement) => changesOf(statement, db))
      const counts = built.every((changes) => changes.length === 0) ? [] : await writer.write(built.flat())
      let next = 0
      return built.map((changes) => changes.reduce((sum) => sum + (counts[next++] ?? 0), 0))
    },
    isUp,
    checkpoint: async () => {},
    snapshot: () => openMysqlSnapshot({ place, effects, builderOf, base: { tables, expressions, describe, isUp } }),
    exchange: (work) =>
      writer.exclusively(async (session) => {
        await unguardAudit(session)
        try {
          await work(async (build) => {
            for (const { sql: text, params } of build(db).flatMap((statement) => changesOf(statement, db)))
              await session.change(text, params, Number.POSITIVE_INFINITY)
          })
          await session.change('COMMIT', [], Number.POSITIVE_INFINITY)
        } catch (error) {
          // Before anything else: to make a trigger would commit what is half done.
          await session.change('ROLLBACK', [], Number.POSITIVE_INFINITY)
          await guardAudit(session).catch(() => undefined)
          throw error
        }
        // Where this fails the next start does it.
        await guardAudit(session).catch(() => undefined)
      }),
    describe,
    close: async () => {
      await writer.close()
      await pool.close({ timeout: 0 }).catch(() => undefined)
    },
  }
}

const describeMs = 2_000

async function isWritable(pool: () => Client): Promise<boolean> {
  try {
    const asked = pool().unsafe('SELECT @@read_only').values() as Promise<readonly (readonly unknown[])[]>
    const [row] = await Promise.race([asked, Bun.sleep(describeMs).then(() => [])])
    return Number(row?.[0]) === 0
  } catch {
    return false
  }
}

const expressions: Expressions = {
  inserted: (column) => sql`values(${sql.identifier(column.name)})`,
  greatest: (...values) => sql`greatest(${sql.join(values.map(part), sql`, `)})`,
  least: (...values) => sql`least(${sql.join(values.map(part), sql`, `)})`,
  unindexed: (column) => sql`coalesce(${column})`,
}
const part = (value: unknown): SQL => sql`${value}`

type Row = Record<string, unknown>
type MysqlDb = ReturnType<typeof drizzle>
/** A statement of many rows, cut so that each part fits. */
type Parts = { readonly parts: readonly { readonly toSQL: () => Sql }[] }

function builderOf(client: Client): Db {
  const db: MysqlDb = drizzle({ client })
  const inParts = (rows: readonly Row[], build: (some: Row[]) => { readonly toSQL: () => Sql }): Parts => {
    const width = Math.max(1, ...rows.map((row) => Object.keys(row).length))
    const height = Math.max(1, Math.floor(valuesAtATime / width))
    const count = Math.ceil(rows.length / height)
    return { parts: Array.from({ length: count }, (_, at) => build(rows.slice(at * height, (at + 1) * height))) }
  }
  const builder = {
    select: db.select.bind(db),
    selectDistinct: db.selectDistinct.bind(db),
    insert: db.insert.bind(db),
    update: db.update.bind(db),
    delete: db.delete.bind(db),
    upsert: (table: never, rows: object, { set }: { readonly set: Row }) => {
      const insert = db.insert(table)
      if (Array.isArray(rows)) {
        return inParts(rows as Row[], (some) =>
          db
            .insert(table)
            .values(some as never)
            .onDuplicateKeyUpdate({ set: set as never }),
        )
      }
      const isQuery = 'getSQL' in rows
      const filled = isQuery ? insert.select(rows as never) : insert.values(rows as never)
      return filled.onDuplicateKeyUpdate({ set: set as never })
    },
    insertEach: (table: never, rows: readonly Row[]) => inParts(rows, (some) => db.insert(table).values(some as never)),
    // Not `insert ignore`, which ignores other faults too.
    insertMissing: (table: never, rows: readonly Row[], target: unknown) =>
      inParts(rows, (some) =>
        db
          .insert(table)
          .values(some as never)
          .onDuplicateKeyUpdate({ set: { [memberOf(table, target)]: target } as never }),
      ),
  }
  return builder as unknown as Db // see `tables`
}

const memberOf = (table: Table, column: unknown): string =>
  Object.entries(getColumns(table)).find(([, own]) => own === column)?.[0] ?? ''

function changesOf(statement: Statement, db: Db): readonly Change[] {
  if ('parts' in statement) return (statement as unknown as Parts).parts.map((one) => one.toSQL())
  const change = (statement as unknown as { readonly toSQL: () => Sql }).toSQL() // every builder has it
  if (!(statement instanceof MySqlUpdateBase)) return [change]
  const { table, where } = (statement as unknown as { readonly config: { table: never; where?: SQL } }).config // typed as internal
  const matched = db.select({ rows: sql`count(*)` }).from(table).where(where) as unknown as {
    readonly toSQL: () => Sql
  }
  return [{ ...change, matched: matched.toSQL() }]
}
