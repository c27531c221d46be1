import { SQL } from 'bun'
import { err, ok, type Result } from '../lib/result.ts'
import { cutText } from '../lib/sound-text.ts'
import { batchRows, lowerCased, type Row, type Source, type SourceTable } from './source.ts'

export const isMysqlAddress = (origin: string): boolean => /^(mysql|mariadb):\/\//i.test(origin)

export type MysqlAddress = {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  readonly database: string
  /** Encrypted, with the server's certificate checked; `ca`: by these authorities. */
  readonly tls?: { readonly ca?: string }
}

/** Reads `mysql://user:password@host:port/database`. */
function parseAddress(text: string): MysqlAddress | undefined {
  const url = URL.parse(text)
  if (url === null || url.pathname.length < 2) return undefined
  try {
    return {
      host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
      port: Number(url.port || 3306),
      user: decodeURIComponent(url.username),
      password: decodeURIComponent(url.password),
      database: decodeURIComponent(url.pathname.slice(1)),
    }
  } catch {
    return undefined // a sign that is no escape
  }
}

/** For people; no password. */
const shownAddress = ({ host, port, user, database }: MysqlAddress): string =>
  `mysql://${user}@${host.includes(':') ? `[${host}]` : host}:${port}/${database}`

/**
 * Opens the original's MySQL or MariaDB database for reading: one connection, in one read-only transaction, so that all tables are
 * of one moment and nothing can be written.
 */
export async function openMysqlSource(given: string | MysqlAddress): Promise<Result<Source, string>> {
  const address = typeof given === 'string' ? parseAddress(given) : given
  if (address === undefined) return err('The address must be like mysql://user:password@host:3306/database.')
  const shown = shownAddress(address)
  const { host: hostname, port, user: username, password, database, tls } = address
  const sql = new SQL({
    ...{ adapter: 'mysql', hostname, port, username, password, database, max: 1, connectionTimeout: 10 },
    ...(tls === undefined ? { allowPublicKeyRetrieval: true } : { tls: { rejectUnauthorized: true, ...tls } }),
  })
  try {
    const connection = await sql.reserve()
    const ask = async <T extends object>(text: string, values: readonly unknown[] = []): Promise<readonly T[]> =>
      (await connection.unsafe(text, [...values])) as unknown as readonly T[]
    await ask('START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY')
    const tables = await tablesOf(ask)
    return ok({
      kind: 'mysql',
      shown,
      tables: tables.map(({ keys: _, ...table }) => table),
      rows: (name) => rowsOf(ask, name, tables.find((table) => table.name === name)?.keys ?? []),
      unreadable: () => 0,
      close: async () => {
        await ask('ROLLBACK').catch(() => {})
        connection.release()
        await sql.close()
      },
    })
  } catch (error) {
    await sql.close().catch(() => {})
    const { message = String(error) } = error as { readonly message?: string }
    return err(`${shown} cannot be read: ${cutText(message, 300)}`)
  }
}

type Ask = <T extends object>(text: string, values?: readonly unknown[]) => Promise<readonly T[]>
type MysqlTable = SourceTable & { readonly keys: readonly string[] }

async function tablesOf(ask: Ask): Promise<readonly MysqlTable[]> {
  const columns = await ask<{ readonly t: string; readonly c: string; readonly k: string }>(
    `select c.table_name as t, c.column_name as c, c.column_key as k from information_schema.columns c
     join information_schema.tables t on t.table_schema = c.table_schema and t.table_name = c.table_name
     where c.table_schema = database() and t.table_type = 'BASE TABLE' and c.table_name not like 'claude\\_server\\_%'
     order by c.table_name, c.ordinal_position`,
  )
  const tables: MysqlTable[] = []
  for (const [name, own] of Map.groupBy(columns, ({ t }) => t)) {
    const [counted] = await ask<{ readonly n: unknown }>(`select count(*) as n from ${quoted(name)}`)
    tables.push({
      name,
      columns: own.map(({ c }) => c.toLowerCase()),
      keys: own.filter(({ k }) => k === 'PRI').map(({ c }) => c),
      rows: Number(counted?.n ?? 0),
    })
  }
  return tables
}

/** By the primary key from batch to batch; a table without a single one is counted through. */
async function* rowsOf(
  ask: Ask,
  table: string,
  keys: readonly string[],
): AsyncGenerator<readonly Row[], void, undefined> {
  const [key] = keys
  let after: unknown
  for (let skipped = 0; ; skipped += batchRows) {
    const byKey = key !== undefined && keys.length === 1
    const text = byKey
      ? `select * from ${quoted(table)}${after === undefined ? '' : ` where ${quoted(key)} > ?`} order by ${quoted(key)} limit ${batchRows}`
      : `select * from ${quoted(table)} limit ${batchRows} offset ${skipped}`
    const rows = await ask<Record<string, unknown>>(text, byKey && after !== undefined ? [after] : [])
    if (rows.length > 0) yield rows.map(lowerCased)
    if (rows.length < batchRows) return
    if (byKey) after = rows.at(-1)?.[key]
  }
}

const quoted = (name: string): string => `\`${name.replaceAll('`', '``')}\``
