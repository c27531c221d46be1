import { type AnyColumn, and, asc, count, eq, getColumns, gt, inArray, max, or, type SQL, sql } from 'drizzle-orm'
import type { SQLiteColumn, SQLiteTable } from 'drizzle-orm/sqlite-core'
import { cutText } from '../lib/sound-text.ts'
import type { Vault } from '../vault/vault.ts'
import type { Engine } from './engine/engine.ts'
import { StoreFault } from './engine/fault.ts'
import * as tables from './tables/sqlite.ts'

/** A row by its members' names. What is sealed in the database stands open in `secret`; null there: it could not be opened. */
export type PlainRow = Readonly<Record<string, unknown>>

type Kept = {
  /** What tells its rows apart, in this order. */
  readonly key: readonly string[]
  /** Of a table with a sealed column: what its value is sealed for. */
  readonly sealedFor?: (row: PlainRow) => string
  /** Part of the request log, which is kept or left out as a whole. */
  readonly isLog?: true
}

/** What makes up an installation, in the order in which one table refers to another. */
const keptTables = {
  settings: { key: ['name'] },
  sealedSettings: { key: ['name'], sealedFor: ({ name }) => `setting ${name}` },
  proxies: { key: ['id'], sealedFor: ({ id }) => `address of ${id}` },
  accounts: { key: ['id'] },
  credentials: { key: ['accountId'], sealedFor: ({ accountId }) => `credentials of ${accountId}` },
  accountModels: { key: ['accountId'] },
  quotaReadings: { key: ['accountId', 'at'] },
  accountEvents: { key: ['accountId', 'at'] },
  users: { key: ['id'] },
  apiKeys: { key: ['id'] },
  usageCounters: { key: ['subject', 'period'] },
  modelMappings: { key: ['id'] },
  captureRules: { key: ['keyId'] },
  ipBlocks: { key: ['range'] },
  ipConfigs: { key: ['ip'] },
  operators: { key: ['id'] },
  adminTokens: { key: ['id'] },
  auditEntries: { key: ['seq'] },
  requestRollups: { key: ['grain', 'kind', 'start', 'subject'] },
  splitRollups: { key: ['kind', 'subject', 'grain', 'start', 'model', 'dialect', 'status', 'outcome'] },
  latencyRollups: { key: ['kind', 'subject', 'measure', 'grain', 'start', 'bucket'] },
  visitors: { key: ['ip', 'userId'] },
  requests: { key: ['seq'], isLog: true },
  sessionSpans: { key: ['session'], isLog: true },
  rollupMarks: { key: ['id'], isLog: true },
  captures: { key: ['requestId'], sealedFor: ({ requestId }) => `capture/${requestId}`, isLog: true },
} as const satisfies Readonly<Record<string, Kept>>

export type KeptTable = keyof typeof keptTables
export const keptTableNames = Object.keys(keptTables) as readonly KeptTable[] // its own keys
const keptOf = (table: KeptTable): Kept => keptTables[table]
/** What tells the rows of a table apart. */
const keyOf = (table: KeptTable): readonly string[] => keptOf(table).key
export const isLogTable = (table: KeptTable): boolean => keptOf(table).isLog === true
export const isKeptTable = (name: string): name is KeptTable => Object.hasOwn(keptTables, name)
/** Of one start or one machine: open sign-ins, calls under way, the mark of the master key, links that open once; and what was deleted, which goes by itself. */
export const passingTables = [
  'sessions',
  'openCalls',
  'vaultMarks',
  'usageMarks',
  'keyHandOvers',
  'deletedItems',
] as const

/** Everything kept, as rows: what a backup is made of, the same for every engine. */
export type WholeStore = {
  readonly count: (table: KeptTable) => Promise<number>
  /** All rows in the order of their keys, in batches. */
  readonly read: (table: KeptTable) => AsyncGenerator<readonly PlainRow[], void, undefined>
  /** The row here that has the same members as each of those given, the key's unless others tell rows apart; undefined: none has. */
  readonly find: (
    table: KeptTable,
    rows: readonly PlainRow[],
    by?: readonly string[],
  ) => Promise<readonly (PlainRow | undefined)[]>
  /** Adds rows, sealed with this machine's key. Throws a `StoreFault` where one breaks a rule of its table; then none is added. */
  readonly write: (table: KeptTable, rows: readonly PlainRow[]) => Promise<void>
  /** Puts rows in the place of those that have their keys. Throws as `write` does; then none is changed. */
  readonly change: (table: KeptTable, rows: readonly PlainRow[]) => Promise<void>
  /** Why a row cannot stand in this engine's table, though it has the right members. */
  readonly misfit: (table: KeptTable, row: PlainRow) => string | undefined
  /** Puts everything of another store in the place of what is here, in one transaction. Absent: the database is exchanged as a whole. */
  readonly replace?: (
    from: Pick<WholeStore, 'read'>,
    step: (rows: number) => void,
    keepsDeleted: boolean,
  ) => Promise<void>
  /** After the last row: what is summed up goes no further than the rows that are there. */
  readonly settle: () => Promise<void>
  /** All rows of the request log that are there now are summed up already, or are not meant to be. */
  readonly setSummed: () => Promise<void>
}

const batchRows = 500
/** Of keys of several members, which are asked for one by one. */
const mostKeysAtOnce = 100
const sealedColumn = 'sealed'

export function createWholeStore({ engine, vault }: { readonly engine: Engine; readonly vault: Vault }): WholeStore {
  const tableOf = (name: KeptTable): SQLiteTable => engine.tables[name]
  const columnsOf = (name: KeptTable): Readonly<Record<string, SQLiteColumn>> => getColumns(tableOf(name))

  const opened = (name: KeptTable, row: PlainRow): PlainRow => {
    const { sealedFor } = keptOf(name)
    if (sealedFor === undefined) return row
    const { [sealedColumn]: sealed, ...rest } = row
    const text = vault.unseal(sealed as Uint8Array, sealedFor(row)) // the column's type
    return { ...rest, secret: text.ok ? text.value : null }
  }
  const sealed = (name: KeptTable, row: PlainRow): PlainRow => {
    const { sealedFor } = keptOf(name)
    if (sealedFor === undefined) return row
    const { secret, ...rest } = row
    return { ...rest, [sealedColumn]: Buffer.from(vault.seal(String(secret), sealedFor(row))) }
  }

  const filled = (name: KeptTable, rows: readonly PlainRow[]): never => {
    const columns = columnsOf(name)
    return rows.map((row) => ({ ...defaultsOf(columns), ...withinBounds(sealed(name, row)) })) as never // `rowFault` has looked at them
  }
  const { exchange } = engine
  const isRow = (name: KeptTable, by: readonly string[], row: PlainRow): SQL | undefined =>
    and(...by.map((member) => eq(columnsOf(name)[member] as SQLiteColumn, row[member])))
  const areRows = (name: KeptTable, by: readonly string[], rows: readonly PlainRow[]): SQL | undefined => {
    const [only, ...more] = by
    if (only === undefined || more.length > 0) return or(...rows.map((row) => isRow(name, by, row)))
    return inArray(
      columnsOf(name)[only] as SQLiteColumn,
      rows.map((row) => row[only]),
    )
  }
  const lastRequest = async (): Promise<number> => {
    const { requests } = engine.tables
    const rows = await engine.read((db) => db.select({ last: max(requests.seq) }).from(requests))
    return rows[0]?.last ?? 0
  }

  return {
    misfit: (name, row) => {
      if (exchange === undefined) return undefined
      for (const [member, column] of Object.entries(columnsOf(name))) {
        const value = row[member]
        const fault = typeof value === 'string' ? lengthFault(column.getSQLType(), value) : undefined
        if (fault !== undefined) return `${member} ${fault}`
      }
      return undefined
    },
    ...(exchange === undefined
      ? {}
      : {
          replace: (from: Pick<WholeStore, 'read'>, step: (rows: number) => void, keepsDeleted: boolean) =>
            exchange(async (run) => {
              const { deletedItems, keyHandOvers, openCalls, sessions } = engine.tables
              const passing = [sessions, openCalls, keyHandOvers, ...(keepsDeleted ? [] : [deletedItems])]
              await run((db) => passing.map((table) => db.delete(table)))
              for (const name of keptTableNames.toReversed()) await run((db) => [db.delete(tableOf(name))])
              for (const name of keptTableNames) {
                for await (const rows of from.read(name)) {
                  // What was sealed with a key that is lost cannot be carried on.
                  const open = rows.filter((row) => row.secret !== null)
                  if (open.length > 0) await run((db) => [db.insertEach(tableOf(name), filled(name, open))])
                  step(rows.length)
                }
              }
            }),
        }),
    count: async (name) => {
      const rows = await engine.read((db) => db.select({ rows: count() }).from(tableOf(name)))
      return rows[0]?.rows ?? 0
    },
    read: async function* (name) {
      const columns = columnsOf(name)
      const key = keptOf(name).key.map((member) => columns[member] as SQLiteColumn) // a test holds them together
      for (let last: PlainRow | undefined; ; ) {
        const from = last
        const rows: readonly PlainRow[] = await engine.read((db) => {
          const query = db.select().from(tableOf(name)).$dynamic()
          return (from === undefined ? query : query.where(isBehind(key, keptOf(name).key, from)))
            .orderBy(...key.map((column) => asc(column)))
            .limit(batchRows)
        })
        last = rows.at(-1)
        if (last === undefined) return
        yield rows.map((row) => opened(name, row))
        if (rows.length < batchRows) return
      }
    },
    find: async (name, rows, by = keyOf(name)) => {
      const found = new Map<string, PlainRow>()
      const atOnce = by.length === 1 ? batchRows : mostKeysAtOnce
      for (let from = 0; from < rows.length; from += atOnce) {
        const some = rows.slice(from, from + atOnce)
        const here: readonly PlainRow[] = await engine.read((db) =>
          db
            .select()
            .from(tableOf(name))
            .where(areRows(name, by, some)),
        )
        for (const row of here) found.set(keyText(by, row), opened(name, row))
      }
      return rows.map((row) => found.get(keyText(by, row)))
    },
    write: async (name, rows) => {
      await engine.atomic((db) => [db.insertEach(tableOf(name), filled(name, rows))])
    },
    change: async (name, rows) => {
      const key = keyOf(name)
      await engine.atomic((db) =>
        rows.map((row) =>
          db
            .update(tableOf(name))
            .set(withinBounds(sealed(name, row)))
            .where(isRow(name, key, row)),
        ),
      )
    },
    settle: async () => {
      const { rollupMarks } = engine.tables
      const last = await lastRequest()
      // Rows that are written from now on follow the last one, also where the ones behind it were deleted.
      await engine.atomic((db) => [db.update(rollupMarks).set({ seq: last }).where(gt(rollupMarks.seq, last))])
    },
    setSummed: async () => {
      const { rollupMarks } = engine.tables
      const seq = await lastRequest()
      await engine.atomic((db) => [db.upsert(rollupMarks, { id: 1, seq }, { target: rollupMarks.id, set: { seq } })])
    },
  }
}

/** Copies everything from one store into another, which is empty. Gives how many rows there were. */
export async function copyWhole(
  from: Pick<WholeStore, 'read'>,
  to: Pick<WholeStore, 'write' | 'settle'>,
  each: (rows: number) => Promise<void>,
): Promise<void> {
  for (const name of keptTableNames) {
    for await (const rows of from.read(name)) {
      await to.write(
        name,
        rows.filter((row) => row.secret !== null),
      )
      await each(rows.length)
    }
  }
  await to.settle()
}

const mostTextBytes: Readonly<Record<string, number>> = { text: 65_535, mediumtext: 16_777_215 }

/** Of MySQL's texts: some are bounded by characters, some by bytes. */
function lengthFault(type: string, value: string): string | undefined {
  const characters = Number(/^varchar\((\d+)\)$/.exec(type)?.[1] ?? Number.POSITIVE_INFINITY)
  if (value.length > characters && [...value].length > characters) return `has more than ${characters} characters`
  const bytes = mostTextBytes[type] ?? Number.POSITIVE_INFINITY
  return value.length * 3 > bytes && Buffer.byteLength(value) > bytes ? `has more than ${bytes} bytes` : undefined
}

/** The same for rows that agree in these members. */
const keyText = (members: readonly string[], row: PlainRow): string =>
  JSON.stringify(members.map((member) => row[member]))

/** Rows after one in the order of their key. */
function isBehind(columns: readonly AnyColumn[], members: readonly string[], row: PlainRow): SQL {
  const values = members.map((member, index) => {
    const value = row[member]
    return sql`${sql.param(value, columns[index])}`
  })
  return sql`(${sql.join(
    columns.map((column) => sql`${column}`),
    sql`, `,
  )}) > (${sql.join(values, sql`, `)})`
}

const mostWhole = Number.MAX_SAFE_INTEGER

const withinBounds = (row: PlainRow): PlainRow =>
  Object.values(row).some(
    (value) => typeof value === 'number' && Math.abs(value) > mostWhole && Number.isInteger(value),
  )
    ? Object.fromEntries(
        Object.entries(row).map(([member, value]) => [
          member,
          typeof value === 'number' ? Math.min(mostWhole, Math.max(-mostWhole, value)) : value,
        ]),
      )
    : row

const defaultsOf = (columns: Readonly<Record<string, SQLiteColumn>>): PlainRow =>
  Object.fromEntries(
    Object.entries(columns).flatMap(([member, column]) =>
      column.default === undefined || typeof column.default === 'object' ? [] : [[member, column.default]],
    ),
  )

/** The members are the same for every engine. */
const shapes: Engine['tables'] = tables

/** Why a row from elsewhere is none of this table's, naming the member; undefined: it may be written. */
export function rowFault(name: KeptTable, row: PlainRow): string | undefined {
  const columns: Readonly<Record<string, SQLiteColumn>> = getColumns(shapes[name] as SQLiteTable)
  const { sealedFor } = keptOf(name)
  for (const member of Object.keys(row)) {
    const isKnown = Object.hasOwn(columns, member) && !(sealedFor !== undefined && member === sealedColumn)
    if (!isKnown && !(sealedFor !== undefined && member === 'secret')) return `${shownName(member)} is no member of it`
  }
  if (sealedFor !== undefined && typeof row.secret !== 'string') return 'secret must be a text'
  for (const [member, column] of Object.entries(columns)) {
    if (member === sealedColumn && sealedFor !== undefined) continue
    const fault = valueFault(column, row[member])
    if (fault !== undefined) return `${member} ${fault}`
  }
  return undefined
}

function valueFault(column: SQLiteColumn, value: unknown): string | undefined {
  if (value === undefined || value === null) {
    const mayLack = !column.notNull || (value === undefined && column.hasDefault)
    return mayLack ? undefined : 'is missing'
  }
  switch (column.getSQLType()) {
    case 'text':
      return typeof value === 'string' ? undefined : 'must be a text'
    case 'real':
      return typeof value === 'number' && Number.isFinite(value) ? undefined : 'must be a number'
    case 'integer':
      if (column.dataType === 'boolean') return typeof value === 'boolean' ? undefined : 'must be true or false'
      // Larger than can be told apart: sums of what others wrote may be. It is cut where it is written.
      return Number.isInteger(value) ? undefined : 'must be a whole number'
    default:
      return 'cannot be read'
  }
}

/** Names come from elsewhere. */
const shownName = (name: string): string => JSON.stringify(cutText(name, 64))

/** The rule a row broke, for a report that names the row. */
export const isConflict = (error: unknown): boolean => error instanceof StoreFault && error.kind === 'conflict'
