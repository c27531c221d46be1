import { Database } from 'bun:sqlite'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { SQL } from 'bun'
import { eq } from 'drizzle-orm'
import { realEffects } from '../../server/lib/effects.ts'
import type { Engine } from '../../server/store/engine/engine.ts'
import { openMysql } from '../../server/store/engine/mysql.ts'
import type { MysqlPlace } from '../../server/store/engine/mysql-connection.ts'
import { openSqlite } from '../../server/store/engine/sqlite.ts'
import type { OpenStoreOptions } from '../../server/store/open.ts'

// Which engine the tests run on. TEST_MYSQL_PORT names a server of this machine that any number of databases may be made on:
// test/run.ts starts one and runs what stores anything a second time.
const port = Number(process.env.TEST_MYSQL_PORT ?? 0)
export const onMysql = port > 0

async function onServer(database: string, work: (sql: SQL) => PromiseLike<unknown>): Promise<void> {
  const at = { hostname: '127.0.0.1', port, username: 'root', password: '', database }
  const sql = new SQL({ adapter: 'mysql', ...at, max: 1 })
  try {
    await work(sql)
  } finally {
    await sql.close({ timeout: 0 })
  }
}

/** The database of a data folder: the same folder has the same one. */
export async function placeOf(dataDir: string): Promise<MysqlPlace> {
  const database = `t_${createHash('sha256').update(dataDir).digest('hex').slice(0, 24)}`
  await onServer('mysql', (root) => root.unsafe(`CREATE DATABASE IF NOT EXISTS ${database}`))
  return { host: '127.0.0.1', port, user: 'root', password: '', database, tls: 'off' }
}

/** What `openStore` is to open for a data folder. */
export async function databaseOf(dataDir: string): Promise<Pick<OpenStoreOptions, 'path' | 'mysql'>> {
  const file = { path: path.join(dataDir, 'data.sqlite3') }
  return onMysql ? { ...file, mysql: { place: await placeOf(dataDir), effects: realEffects } } : file
}

/** Engines on the server that their tests are done with: to empty one is much quicker than to make it. */
const free: { readonly engine: Engine; readonly database: string }[] = []

/** An empty database, open; a folder goes when the process ends. */
export async function freshEngine(now: () => number = () => 0): Promise<Engine> {
  if (onMysql) return engineOnServer()
  const folder = newFolder()
  const opened = openSqlite({ path: path.join(folder, 'data.sqlite3'), now })
  if (!opened.ok) throw opened.error
  return opened.value
}

async function engineOnServer(): Promise<Engine> {
  const used = free.pop()
  if (used === undefined) {
    const place = await placeOf(newFolder())
    const opened = await openMysql({ place, effects: realEffects })
    if (!opened.ok) throw opened.error
    return lent({ engine: opened.value, database: place.database })
  }
  await onServer(used.database, async (sql) => {
    const rows = async (text: string) => (await sql.unsafe(text).values()) as readonly (readonly string[])[]
    const all = (await rows(`SHOW TABLES LIKE 'claude\\_server\\_%'`)).map(([name]) => name ?? '')
    const names = all.filter((name) => !/_migrations$|_write_marks$/.test(name))
    const asked = names.map((name) => `SELECT '${name}' WHERE EXISTS (SELECT 1 FROM ${name})`)
    await sql.unsafe('SET SESSION foreign_key_checks = 0')
    // The audit log cannot be deleted from.
    for (const [name = ''] of await rows(asked.join(' UNION ALL ')))
      await sql.unsafe(/_audit_entries$/.test(name) ? `TRUNCATE ${name}` : `DELETE FROM ${name}`)
    // The log's numbers begin anew.
    await sql.unsafe('ALTER TABLE claude_server_requests AUTO_INCREMENT = 1')
  })
  return lent(used)
}

/** What a test leaves under way goes nowhere once it has given its engine back, and what it has sent is done by then. */
function lent(one: (typeof free)[number]): Engine {
  const { engine } = one
  let isBack = false
  const never = new Promise<never>(() => {})
  return {
    ...engine,
    read: (build) => (isBack ? never : engine.read(build)),
    atomic: (build) => (isBack ? never : engine.atomic(build)),
    close: async () => {
      if (isBack) return
      isBack = true
      // Writes are served in their order.
      const { settings } = engine.tables
      await engine.atomic((db) => [db.delete(settings).where(eq(settings.name, ''))])
      free.push(one)
    },
  }
}

function newFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'engine-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** The YAML that makes a gateway use the engine of this run. */
export async function databaseConfig(dataDir: string): Promise<string> {
  if (!onMysql) return ''
  const { host, user, database } = await placeOf(dataDir)
  return `\ndatabase:\n  type: mysql\n  mysql:\n    host: ${host}\n    port: ${port}\n    user: ${user}\n    database: ${database}\n`
}

/** Runs statements behind the store's back; `{name}` is one of our tables. */
export async function runRaw(
  dataDir: string,
  statements: readonly string[],
  values: readonly string[] = [],
): Promise<void> {
  if (!onMysql) {
    const file = new Database(path.join(dataDir, 'data.sqlite3'))
    try {
      for (const text of statements) file.run(named(text, ''), [...values])
    } finally {
      file.close()
    }
    return
  }
  const { database } = await placeOf(dataDir)
  await onServer(database, async (sql) => {
    for (const text of statements) await sql.unsafe(named(text, 'claude_server_'), [...values])
  })
}

/** Rows as they lie in the database; `{name}` is one of our tables. */
export async function readRaw(dataDir: string, text: string): Promise<readonly (readonly unknown[])[]> {
  if (!onMysql) {
    const file = new Database(path.join(dataDir, 'data.sqlite3'), { readonly: true })
    try {
      return file.query(named(text, '')).values()
    } finally {
      file.close()
    }
  }
  let rows: readonly (readonly unknown[])[] = []
  const { database } = await placeOf(dataDir)
  await onServer(database, async (sql) => {
    rows = await sql.unsafe(named(text, 'claude_server_')).values()
  })
  return rows
}

/** Everything a database on a server holds for a data folder, as it is kept; none where it lies in the folder itself. */
export async function bytesOnServer(dataDir: string): Promise<Buffer> {
  if (!onMysql) return Buffer.alloc(0)
  const names = await readRaw(dataDir, "SHOW TABLES LIKE 'claude\\_server\\_%'")
  const parts: Buffer[] = []
  for (const [name] of names) {
    const rows = await readRaw(dataDir, `SELECT * FROM ${String(name)}`)
    for (const value of rows.flat())
      parts.push(value instanceof Uint8Array ? Buffer.from(value) : Buffer.from(`${value}`))
  }
  return Buffer.concat(parts.flatMap((part) => [part, Buffer.from('\n')]))
}

/** Copies all rows of a table from the database of one folder into that of another. */
export async function copyRows(from: string, to: string, table: string): Promise<void> {
  if (!onMysql) {
    const attach = `ATTACH '${path.join(from, 'data.sqlite3')}' AS other`
    return runRaw(to, [attach, `INSERT INTO ${table} SELECT * FROM other.${table}`])
  }
  const { database } = await placeOf(from)
  return runRaw(to, [`INSERT INTO {${table}} SELECT * FROM ${database}.{${table}}`])
}

const named = (text: string, prefix: string): string => text.replace(/\{(\w+)\}/g, (_, name: string) => prefix + name)
