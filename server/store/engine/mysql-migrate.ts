import path from 'node:path'
import type { Effects } from '../../lib/effects.ts'
import { StoreFault } from './fault.ts'
import type { Migration } from './migrate.ts'
import type { Session } from './mysql-connection.ts'
import { errnoOf } from './mysql-fault.ts'
import { migrationsTable } from './recognise.ts'

export const mysqlMigrations = path.join(import.meta.dir, 'migrations-mysql')
/** The last transaction of the connection that writes. One row. */
export const marksTable = 'claude_server_write_marks'

export type ServerKind = { readonly engine: 'MariaDB' | 'MySQL'; readonly version: string }

/** What the server is; one that is too old is refused. */
export async function serverKind(session: Session, place: string): Promise<ServerKind> {
  const [row] = await session.rows('SELECT VERSION()')
  const text = String(row?.[0])
  const engine = /mariadb/i.test(text) ? 'MariaDB' : 'MySQL'
  const version = /\d+\.\d+\.\d+/.exec(text)?.[0] ?? text
  const oldest = engine === 'MariaDB' ? '10.4.3' : '8.0.17'
  if (version.localeCompare(oldest, 'en', { numeric: true }) < 0) {
    throw new StoreFault('failed', `The server of ${place} is ${engine} ${version}; at least ${oldest} is needed.`)
  }
  return { engine, version }
}

/** True when the database holds a gateway's tables. */
export const hasTables = (session: Session): Promise<boolean> => hasTable(session, migrationsTable)

/** SHOW looks into this database alone; the server's own tables of tables may look into all there are. */
async function hasTable(session: Session, name: string): Promise<boolean> {
  const rows = await session.rows(`SHOW TABLES LIKE '${name}'`)
  return rows.some(([found]) => found === name)
}

type MigrateDeps = {
  readonly effects: Pick<Effects, 'now' | 'after'>
  readonly place: string
  readonly server: ServerKind
  /** A statement takes long. */
  readonly onProgress: (message: string) => void
}

/**
 * Applies what is missing; the caller's session holds the database's lock. On these servers a change of tables ends the transaction,
 * so every statement is noted when it is done: a start that was killed goes on where it was. Only of the one statement that was
 * under way nobody knows: it is done again, and being done already is then no fault. A statement may take as long as it does: tables of
 * millions of rows are made anew by some. A user who may make no tables is enough where nothing is missing. Gives the names applied.
 */
export async function migrateMysql(
  session: Session,
  migrations: readonly Migration[],
  { effects, place, server, onProgress }: MigrateDeps,
): Promise<readonly string[]> {
  const create = createdFor(server)
  for (const [name, columns] of ownTables) {
    if (!(await hasTable(session, name)))
      await session.change(create(`CREATE TABLE IF NOT EXISTS ${name} (${columns})`))
  }
  const rows = await session.rows(`SELECT name, steps, applied_at FROM ${migrationsTable}`)
  const begun = new Map(rows.map(([name, steps, at]) => [String(name), { steps: Number(steps), isWhole: at !== null }]))
  const known = new Set(migrations.map(({ name }) => name))
  const strange = [...begun.keys()].filter((name) => !known.has(name))
  if (strange.length > 0) {
    throw new StoreFault(
      'newer',
      `The database ${place} was made by a newer version of this program (${strange.join(', ')}). ` +
        'Nothing was changed. Start the newer version, or restore a backup from before the update.',
    )
  }
  const missing = migrations.filter(({ name }) => begun.get(name)?.isWhole !== true)
  for (const { name, hash, statements } of missing) {
    const from = begun.get(name)?.steps
    if (from === undefined) {
      await session.change(`INSERT INTO ${migrationsTable} (name, hash, steps) VALUES (?, ?, 0)`, [name, hash])
      await session.change('COMMIT')
    }
    for (const [step, statement] of statements.entries()) {
      if (step < (from ?? 0)) continue
      const told = tellWhile(effects, (seconds) =>
        onProgress(`The tables are changed (${name}, step ${step + 1} of ${statements.length}): ${seconds} s so far.`),
      )
      await applyStep(session, create(statement), step === from).finally(told)
      await session.change(`UPDATE ${migrationsTable} SET steps = ? WHERE name = ?`, [step + 1, name])
      await session.change('COMMIT')
    }
    await session.change(`UPDATE ${migrationsTable} SET applied_at = ? WHERE name = ?`, [effects.now(), name])
    await session.change('COMMIT')
  }
  return missing.map(({ name }) => name)
}

const ownTables: readonly (readonly [name: string, columns: string])[] = [
  [migrationsTable, 'name varchar(191) PRIMARY KEY, hash varchar(64) NOT NULL, steps int NOT NULL, applied_at bigint'],
  [marksTable, 'id int PRIMARY KEY, epoch varchar(64) NOT NULL, number bigint NOT NULL'],
]

const tellEveryMs = 10_000

/** Tells every ten seconds how long something takes; what it gives ends that. */
function tellWhile(effects: MigrateDeps['effects'], tell: (seconds: number) => void): () => void {
  const begun = effects.now()
  let cancel = (): void => {}
  const next = (): void => {
    cancel = effects.after(tellEveryMs, () => {
      tell(Math.round((effects.now() - begun) / 1_000))
      next()
    })
  }
  next()
  return () => cancel()
}

async function applyStep(session: Session, statement: string, isInDoubt: boolean): Promise<void> {
  try {
    await session.change(statement, [], Number.POSITIVE_INFINITY)
  } catch (error) {
    const errno = errnoOf(error as StoreFault) // see `Session`
    if (!isInDoubt || errno === undefined || !doneAlready.has(errno)) throw error
  }
}

/**
 * A table, column, index, rule or reference that is there already or is gone already. Source: mariadb.com/kb/en/mariadb-error-codes;
 * 1005 is what MariaDB says of a reference whose name is taken.
 */
const doneAlready: ReadonlySet<number> = new Set([1005, 1050, 1051, 1060, 1061, 1091, 1826, 3821, 3822])

/** New tables compare texts as SQLite does, whatever the database's own default is: byte by byte, spaces at the end included. */
function createdFor({ engine }: ServerKind): (statement: string) => string {
  const collation = engine === 'MariaDB' ? 'utf8mb4_nopad_bin' : 'utf8mb4_0900_bin'
  return (statement) =>
    /^\s*CREATE TABLE /i.test(statement)
      ? `${statement.trim().replace(/;$/, '')} ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=${collation}`
      : statement
}

/** What a gateway writes all the time, to no row at all: the server looks at the rights all the same. */
const idleWrites = [
  'INSERT INTO claude_server_settings SELECT * FROM claude_server_settings WHERE 1 = 0',
  'UPDATE claude_server_settings SET value = value WHERE 1 = 0',
  'DELETE FROM claude_server_settings WHERE 1 = 0',
] as const

/** Throws where this user may only read: such a gateway would serve, and forget what it served. A server that is read-only for now may change. */
export async function checkMayWrite(session: Session): Promise<void> {
  try {
    for (const statement of idleWrites) await session.change(statement)
  } catch (error) {
    if ((error as StoreFault).kind === 'denied') throw error // see `Session`
  } finally {
    await session.change('ROLLBACK')
  }
}

const auditTable = 'claude_server_audit_entries'
const auditTriggers = [
  ['claude_server_audit_entries_unchanged', 'UPDATE'],
  ['claude_server_audit_entries_kept', 'DELETE'],
] as const

/** Takes the triggers away; ends the transaction. */
export async function unguardAudit(session: Session): Promise<void> {
  for (const [name] of auditTriggers) await session.change(`DROP TRIGGER IF EXISTS ${name}`)
}

/**
 * Triggers that keep the audit log from being changed, where this user may make them: servers with a binary log ask for more rights.
 * Without them the chain of hashes still tells.
 */
export async function guardAudit(session: Session): Promise<boolean> {
  const rows = await session.rows(`SHOW TRIGGERS LIKE '${auditTable}'`)
  const there = new Set(rows.map(([name]) => String(name)))
  for (const [name, event] of auditTriggers) {
    if (there.has(name)) continue
    try {
      await session.change(
        `CREATE TRIGGER ${name} BEFORE ${event} ON ${auditTable} FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'the audit log is append-only'`,
      )
    } catch (error) {
      const errno = errnoOf(error as StoreFault) // see `Session`
      if (errno === 1419 || errno === 1142 || errno === 1227) return false
      throw error
    }
  }
  return true
}
