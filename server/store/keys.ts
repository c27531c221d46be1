import { asc, eq, sql } from 'drizzle-orm'
import type { Engine } from './engine/sqlite.ts'
import { parseColumn, present } from './row.ts'
import type { KeyRecord, KeyStore } from './store.ts'
import { apiKeys } from './tables/sqlite.ts'

export function createKeyStore(engine: Engine): KeyStore {
  return {
    list: async () => {
      const rows = await engine.read((db) =>
        db.select().from(apiKeys).orderBy(asc(apiKeys.createdAt), asc(apiKeys.id)).all(),
      )
      return rows.map(toRecord)
    },
    create: async (key) => {
      const { accountIds, ...row } = key
      const columns = { ...row, accountIds: listColumn(accountIds) }
      await engine.atomic((db) => [db.insert(apiKeys).values(columns)], { durable: true })
    },
    update: async (id, { accountIds, ...change }) => {
      const columns = { ...change, ...(accountIds === undefined ? {} : { accountIds: listColumn(accountIds) }) }
      if (Object.keys(columns).length > 0)
        await engine.atomic((db) => [db.update(apiKeys).set(columns).where(eq(apiKeys.id, id))], { durable: true })
      const rows = await engine.read((db) => db.select().from(apiKeys).where(eq(apiKeys.id, id)).all())
      return rows[0] === undefined ? undefined : toRecord(rows[0])
    },
    findByHash: async (hash) => {
      const rows = await engine.read((db) => db.select().from(apiKeys).where(eq(apiKeys.hash, hash)).all())
      return rows[0] === undefined ? undefined : toRecord(rows[0])
    },
    remove: async (id) => {
      const changes = await engine.atomic((db) => [db.delete(apiKeys).where(eq(apiKeys.id, id))], { durable: true })
      return (changes[0] ?? 0) > 0
    },
    touch: async (id, at) => {
      // Touches of one key may arrive out of order.
      const lastUsedAt = sql`max(coalesce(${apiKeys.lastUsedAt}, 0), ${at})`
      await engine.atomic((db) => [db.update(apiKeys).set({ lastUsedAt }).where(eq(apiKeys.id, id))])
    },
  }
}

const listColumn = (ids: readonly string[] | null | undefined): string | null =>
  ids === undefined || ids === null ? null : JSON.stringify(ids)

function toRecord({ lastUsedAt, accountIds, ...row }: typeof apiKeys.$inferSelect): KeyRecord {
  // A list that cannot be read names nobody's account: a key must not gain accounts by damage.
  const parsed = accountIds === null ? undefined : parseColumn<unknown>(accountIds)
  const isList = Array.isArray(parsed) && parsed.length > 0 && parsed.every((id) => typeof id === 'string')
  const list: readonly string[] | undefined = accountIds === null ? undefined : isList ? parsed : ['unreadable']
  return { ...row, ...present({ lastUsedAt, accountIds: list }) }
}
