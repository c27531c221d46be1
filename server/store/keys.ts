import { and, asc, eq, inArray, isNull, or, sql } from 'drizzle-orm'
import { keyCompressions } from '../access/key-compression.ts'
import type { Engine, Tables } from './engine/engine.ts'
import { limitChange, limitsOf, listChange, listColumn, readList, withoutLimits } from './limit-columns.ts'
import { present } from './row.ts'
import type { KeyChange, KeyRecord, KeyStore } from './store.ts'

export function createKeyStore(engine: Engine): KeyStore {
  const { apiKeys, keyHandOvers, usageCounters } = engine.tables
  const get = async (id: string): Promise<KeyRecord | undefined> => {
    const rows = await engine.read((db) => db.select().from(apiKeys).where(eq(apiKeys.id, id)))
    return rows[0] === undefined ? undefined : toRecord(rows[0])
  }
  return {
    get,
    list: async () => {
      const rows = await engine.read((db) => db.select().from(apiKeys).orderBy(asc(apiKeys.createdAt), asc(apiKeys.id)))
      return rows.map(toRecord)
    },
    create: async (key) => {
      await engine.atomic((db) => [db.insert(apiKeys).values(keyRow(key))], { durable: true })
    },
    update: async (id, change) => {
      const columns = keyColumns(change)
      if (Object.keys(columns).length > 0)
        await engine.atomic(
          (db) => [
            db.update(apiKeys).set(columns).where(eq(apiKeys.id, id)),
            // Whoever replaces the string wants nobody to have the next one but who is given it now.
            ...(change.hash === undefined
              ? []
              : [db.delete(keyHandOvers).where(and(eq(keyHandOvers.keyId, id), isNull(keyHandOvers.openedAt)))]),
          ],
          { durable: true },
        )
      return get(id)
    },
    findByHash: async (hash) => {
      const rows = await engine.read((db) =>
        db
          .select()
          .from(apiKeys)
          .where(or(eq(apiKeys.hash, hash), eq(apiKeys.previousHash, hash))),
      )
      const row = rows.find((one) => one.hash === hash) ?? rows[0]
      return row === undefined ? undefined : toRecord(row)
    },
    remove: async (id) => {
      const changes = await engine.atomic(
        (db) => [
          db.delete(apiKeys).where(eq(apiKeys.id, id)),
          db.delete(usageCounters).where(inArray(usageCounters.subject, [id])),
        ],
        { durable: true },
      )
      return (changes[0] ?? 0) > 0
    },
    touch: async (id, at) => {
      // Touches of one key may arrive out of order.
      const lastUsedAt = engine.expressions.greatest(sql`coalesce(${apiKeys.lastUsedAt}, 0)`, at)
      await engine.atomic((db) => [db.update(apiKeys).set({ lastUsedAt }).where(eq(apiKeys.id, id))])
    },
  }
}

/** What a change writes; absent members stay as they are. */
export const keyColumns = ({ accountIds, models, limits, ...change }: KeyChange) => ({
  ...change,
  ...listChange('accountIds', accountIds),
  ...listChange('models', models),
  ...limitChange(limits),
})

export const keyRow = ({ accountIds, models, limits, ...row }: KeyRecord): Tables['apiKeys']['$inferInsert'] => ({
  ...row,
  ...limits,
  accountIds: listColumn(accountIds),
  models: listColumn(models),
})

function toRecord(row: Tables['apiKeys']['$inferSelect']): KeyRecord {
  const {
    lastUsedAt,
    userId,
    expiresAt,
    notes,
    previousHash,
    previousUntil,
    accountIds,
    models,
    compression,
    dryRun,
    repair,
    ...rest
  } = withoutLimits(row)
  return {
    ...rest,
    ...present({ lastUsedAt, userId, expiresAt, notes, previousHash, previousUntil, repair, limits: limitsOf(row) }),
    ...present({ compression: keyCompressions.find((one) => one === compression) ?? null, dryRun: dryRun || null }),
    ...present({ accountIds: readList(accountIds), models: readList(models) }),
  }
}
