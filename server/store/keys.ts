import { asc, eq, sql } from 'drizzle-orm'
import type { Engine } from './engine/sqlite.ts'
import { present } from './row.ts'
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
      await engine.atomic((db) => [db.insert(apiKeys).values(key)], { durable: true })
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

function toRecord({ lastUsedAt, ...row }: typeof apiKeys.$inferSelect): KeyRecord {
  return { ...row, ...present({ lastUsedAt }) }
}
