import { and, count, desc, eq, inArray, isNull, lt, or, sql } from 'drizzle-orm'
import type { SQLiteTable } from 'drizzle-orm/sqlite-core'
import { mappingKey } from '../catalog/mapping.ts'
import { createTurns } from '../lib/turns.ts'
import type { Vault } from '../vault/vault.ts'
import { credentialsContext } from './credentials.ts'
import type { Db, Engine, Statement, Tables } from './engine/engine.ts'
import { proxyContext } from './proxies.ts'
import { parseColumn } from './row.ts'
import type { DeletedKind, DeletedStore, Restored } from './store.ts'

type Deps = { readonly engine: Engine; readonly vault: Vault }

/** In the order in which they are written again: what is referred to stands before what refers to it. */
const tableNames = [
  'proxies',
  'accounts',
  'accountModels',
  'quotaReadings',
  'accountEvents',
  'users',
  'apiKeys',
  'modelMappings',
  'captureRules',
  'ipBlocks',
] as const
type TableName = (typeof tableNames)[number]
type Rows = { readonly [Name in TableName]?: readonly Tables[Name]['$inferSelect'][] }
/** All rows that go with the thing; of a proxy also the accounts whose own it was. */
type Snapshot = { readonly rows: Rows; readonly accountIds?: readonly string[] }

const contextOf = (id: string): string => `deleted ${id}`
/** How long it can come back. */
export const deletedKeptMs = 7 * 86_400_000

const homeOf = {
  account: 'accounts',
  key: 'apiKeys',
  user: 'users',
  proxy: 'proxies',
  mapping: 'modelMappings',
  block: 'ipBlocks',
} as const satisfies Record<DeletedKind, TableName>
const rowsAtOnce = 500

/**
 * What was deleted and can come back: its rows leave their tables, so that no query has to know of it, and stand here as one
 * sealed text. Sealed credentials stand beside it as they were: they are moved by the database itself, so that no token that is
 * renewed meanwhile is lost. Counters have no rows here: they stay where they are until the thing is gone for good.
 */
export function createDeletedStore({ engine, vault }: Deps): DeletedStore {
  const { accountEvents, accounts, accountModels, apiKeys, captureRules, credentials, deletedItems } = engine.tables
  const { ipBlocks } = engine.tables
  const { modelMappings, proxies, quotaReadings, usageCounters, users } = engine.tables
  const { id, kind: ofKind, name, deletedAt } = deletedItems
  const inTurn = createTurns()

  const ofKeys = async (keys: Rows['apiKeys'] = []): Promise<Rows> => {
    const ids = keys.map(({ id }) => id)
    if (ids.length === 0) return {}
    return {
      apiKeys: keys,
      modelMappings: await engine.read((db) =>
        db.select().from(modelMappings).where(inArray(modelMappings.keyId, ids)),
      ),
      captureRules: await engine.read((db) => db.select().from(captureRules).where(inArray(captureRules.keyId, ids))),
    }
  }
  const snapshotOf: Readonly<Record<DeletedKind, (id: string) => Promise<Snapshot>>> = {
    account: async (id) => ({
      rows: {
        accounts: await engine.read((db) => db.select().from(accounts).where(eq(accounts.id, id))),
        accountModels: await engine.read((db) =>
          db.select().from(accountModels).where(eq(accountModels.accountId, id)),
        ),
        quotaReadings: await engine.read((db) =>
          db.select().from(quotaReadings).where(eq(quotaReadings.accountId, id)),
        ),
        accountEvents: await engine.read((db) =>
          db.select().from(accountEvents).where(eq(accountEvents.accountId, id)),
        ),
      },
    }),
    key: async (id) => ({
      rows: await ofKeys(await engine.read((db) => db.select().from(apiKeys).where(eq(apiKeys.id, id)))),
    }),
    user: async (id) => ({
      rows: {
        users: await engine.read((db) => db.select().from(users).where(eq(users.id, id))),
        ...(await ofKeys(await engine.read((db) => db.select().from(apiKeys).where(eq(apiKeys.userId, id))))),
      },
    }),
    proxy: async (id) => ({
      rows: { proxies: await engine.read((db) => db.select().from(proxies).where(eq(proxies.id, id))) },
      accountIds: (
        await engine.read((db) => db.select({ id: accounts.id }).from(accounts).where(eq(accounts.proxyId, id)))
      ).map((row) => row.id),
    }),
    mapping: async (id) => ({
      rows: {
        modelMappings: await engine.read((db) => db.select().from(modelMappings).where(eq(modelMappings.id, id))),
      },
    }),
    block: async (range) => ({
      rows: { ipBlocks: await engine.read((db) => db.select().from(ipBlocks).where(eq(ipBlocks.range, range))) },
    }),
  }
  /** What refers to the row and does not go by itself stands first. */
  const deletionOf: Readonly<Record<DeletedKind, (db: Db, id: string) => readonly Statement[]>> = {
    account: (db, id) => [db.delete(accounts).where(eq(accounts.id, id))],
    key: (db, id) => [db.delete(apiKeys).where(eq(apiKeys.id, id))],
    user: (db, id) => [db.delete(apiKeys).where(eq(apiKeys.userId, id)), db.delete(users).where(eq(users.id, id))],
    proxy: (db, id) => [db.delete(proxies).where(eq(proxies.id, id))],
    mapping: (db, id) => [db.delete(modelMappings).where(eq(modelMappings.id, id))],
    block: (db, range) => [db.delete(ipBlocks).where(eq(ipBlocks.range, range))],
  }
  const ownCredentials = (db: Db, id: string) =>
    db.select({ sealed: credentials.sealed }).from(credentials).where(eq(credentials.accountId, id))
  const find = async (id: string) =>
    (await engine.read((db) => db.select().from(deletedItems).where(eq(deletedItems.id, id))))[0]
  const open = (id: string, sealed: Uint8Array): Snapshot | undefined => {
    const opened = vault.unseal(sealed, contextOf(id))
    return opened.ok ? readSnapshot(opened.value) : undefined
  }
  const isThere = async (table: typeof users | typeof proxies | typeof apiKeys, id: string): Promise<boolean> =>
    (await engine.read((db) => db.select({ rows: count() }).from(table).where(eq(table.id, id))))[0]?.rows === 1

  /** What stands in the way of a mapping or a block that comes back by itself. */
  const takenBy = async ({ apiKeys: keys, modelMappings: mappings, ipBlocks: blocks }: Rows) => {
    const [mapping] = keys === undefined ? (mappings ?? []) : []
    if (mapping !== undefined) {
      if (mapping.keyId !== null && !(await isThere(apiKeys, mapping.keyId))) return 'key-gone'
      const others = await engine.read((db) => db.select().from(modelMappings))
      const isSame = (one: typeof mapping): boolean =>
        one.keyId === mapping.keyId && mappingKey(one.name) === mappingKey(mapping.name)
      if (others.some(isSame)) return 'name-taken'
    }
    for (const { range } of blocks ?? []) {
      const [other] = await engine.read((db) => db.select().from(ipBlocks).where(eq(ipBlocks.range, range)))
      if (other !== undefined) return 'range-taken'
    }
    return undefined
  }
  /** What stands in the way, else the rows as they can be written now. */
  const fitted = async ({ rows }: Snapshot): Promise<Rows | Exclude<Restored, 'restored'>> => {
    const taker = await takenBy(rows)
    if (taker !== undefined) return taker
    const hashes = (rows.apiKeys ?? []).map(({ hash }) => hash)
    const taken =
      hashes.length === 0
        ? []
        : await engine.read((db) =>
            db
              .select({ id: apiKeys.id })
              .from(apiKeys)
              .where(or(inArray(apiKeys.hash, hashes), inArray(apiKeys.previousHash, hashes))),
          )
    if (taken.length > 0) return 'key-taken'
    const owner = rows.users === undefined ? rows.apiKeys?.[0]?.userId : undefined
    if (owner !== undefined && owner !== null && !(await isThere(users, owner))) return 'user-gone'
    const accountRows: Tables['accounts']['$inferSelect'][] = []
    for (const row of rows.accounts ?? []) {
      const keeps = row.proxyId !== null && (await isThere(proxies, row.proxyId))
      accountRows.push(keeps ? row : { ...row, proxyId: null })
    }
    return { ...rows, accounts: accountRows }
  }

  const purge = async (id: string): Promise<boolean> => {
    const item = await find(id)
    if (item === undefined) return false
    const keys = open(id, item.sealed)?.rows.apiKeys ?? []
    const subjects = [id, ...keys.map((key) => key.id)]
    const changes = await engine.atomic(
      (db) => [
        db.delete(deletedItems).where(eq(deletedItems.id, id)),
        db.delete(usageCounters).where(inArray(usageCounters.subject, subjects)),
      ],
      { durable: true },
    )
    return (changes[0] ?? 0) > 0
  }

  return {
    list: async (kind, most) => {
      const where = kind === undefined ? undefined : eq(deletedItems.kind, kind)
      const rows = await engine.read((db) =>
        db
          .select({ id, kind: ofKind, name, deletedAt })
          .from(deletedItems)
          .where(where)
          .orderBy(desc(deletedItems.deletedAt), desc(deletedItems.id))
          .limit(most),
      )
      const total = await engine.read((db) => db.select({ rows: count() }).from(deletedItems).where(where))
      return { items: rows.map((row) => ({ ...row, kind: row.kind as DeletedKind })), total: total[0]?.rows ?? 0 }
    },
    take: (kind, id, { name, at }) =>
      inTurn(async () => {
        const snapshot = await snapshotOf[kind](id)
        if (snapshot.rows[homeOf[kind]]?.length !== 1) return false
        const sealed = Buffer.from(vault.seal(JSON.stringify(snapshot), contextOf(id)))
        await engine.atomic(
          (db) => [
            // A range may have been blocked and let go before.
            db.delete(deletedItems).where(eq(deletedItems.id, id)),
            db.insert(deletedItems).values({ id, kind, name, deletedAt: at, sealed }),
            ...(kind === 'account'
              ? [
                  db
                    .update(deletedItems)
                    .set({ credentials: sql`${ownCredentials(db, id)}` })
                    .where(eq(deletedItems.id, id)),
                ]
              : []),
            ...deletionOf[kind](db, id),
          ],
          { durable: true },
        )
        return true
      }),
    has: async (kind, id) => (await find(id))?.kind === kind,
    secretOf: async (kind, id) => {
      const item = await find(id)
      if (item === undefined || item.kind !== kind) return undefined
      const [sealed, context] =
        kind === 'account'
          ? [item.credentials, credentialsContext(id)]
          : [open(id, item.sealed)?.rows.proxies?.[0]?.sealed, proxyContext(id)]
      const opened = sealed === null || sealed === undefined ? undefined : vault.unseal(sealed, context)
      return opened?.ok === true ? opened.value : undefined
    },
    restore: (kind, id) =>
      inTurn(async () => {
        const item = await find(id)
        if (item === undefined || item.kind !== kind) return 'unknown'
        const snapshot = open(id, item.sealed)
        if (snapshot === undefined) return 'unreadable'
        const rows = await fitted(snapshot)
        if (typeof rows === 'string') return rows
        const { credentials: sealed, deletedAt: updatedAt } = item
        await engine.atomic(
          (db) => [
            ...tableNames.flatMap((name) => insertsOf(db, engine.tables[name], rows[name] ?? [])),
            ...(sealed === null ? [] : [db.insert(credentials).values({ accountId: id, sealed, updatedAt })]),
            ...(snapshot.accountIds === undefined || snapshot.accountIds.length === 0
              ? []
              : [
                  db
                    .update(accounts)
                    .set({ proxyId: id })
                    .where(and(inArray(accounts.id, [...snapshot.accountIds]), isNull(accounts.proxyId))),
                ]),
            db.delete(deletedItems).where(eq(deletedItems.id, id)),
          ],
          { durable: true },
        )
        return 'restored'
      }),
    purge: (id) => inTurn(() => purge(id)),
    prune: (before) =>
      inTurn(async () => {
        const due = await engine.read((db) =>
          db.select({ id: deletedItems.id }).from(deletedItems).where(lt(deletedItems.deletedAt, before)),
        )
        for (const { id } of due) await purge(id)
        return due.length
      }),
  }
}

/** Members that a newer version has beside them get their default. */
function insertsOf(db: Db, table: SQLiteTable, rows: readonly object[]): readonly Statement[] {
  const parts = Array.from({ length: Math.ceil(rows.length / rowsAtOnce) }, (_, at) =>
    rows.slice(at * rowsAtOnce, (at + 1) * rowsAtOnce),
  )
  return parts.map((part) => db.insert(table).values(part as never)) // the table's own rows, as they were read
}

/** Bytes are written as a list of numbers. */
function readSnapshot(text: string): Snapshot | undefined {
  const snapshot = parseColumn<Snapshot>(text)
  if (snapshot?.rows.proxies === undefined) return snapshot
  const proxies = snapshot.rows.proxies.map((row) => ({ ...row, sealed: Buffer.from(row.sealed as never) }))
  return { ...snapshot, rows: { ...snapshot.rows, proxies } }
}
