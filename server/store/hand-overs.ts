import { and, asc, eq, exists, isNull } from 'drizzle-orm'
import { createTurns } from '../lib/turns.ts'
import type { Engine, Tables } from './engine/engine.ts'
import { keyColumns } from './keys.ts'
import { present } from './row.ts'
import type { HandOverRecord, HandOverStore } from './store.ts'

export function createHandOverStore(engine: Engine): HandOverStore {
  const { apiKeys, keyHandOvers } = engine.tables
  // A link opens once, however many come at the same moment.
  const inTurn = createTurns()
  const findByHash = async (hash: string): Promise<HandOverRecord | undefined> => {
    const rows = await engine.read((db) => db.select().from(keyHandOvers).where(eq(keyHandOvers.hash, hash)))
    return rows[0] === undefined ? undefined : toRecord(rows[0])
  }
  return {
    list: async () => {
      const rows = await engine.read((db) => db.select().from(keyHandOvers).orderBy(asc(keyHandOvers.keyId)))
      return rows.map(toRecord)
    },
    findByHash,
    save: ({ openedAt = null, ...record }) =>
      inTurn(async () => {
        const row = { ...record, openedAt }
        await engine.atomic((db) => [db.upsert(keyHandOvers, row, { target: keyHandOvers.keyId, set: row })], {
          durable: true,
        })
      }),
    open: (hash, at, change) =>
      inTurn(async () => {
        const found = await findByHash(hash)
        if (found === undefined || found.openedAt !== undefined) return false
        const changes = await engine.atomic(
          (db) => [
            db
              .update(keyHandOvers)
              .set({ openedAt: at })
              .where(and(eq(keyHandOvers.hash, hash), isNull(keyHandOvers.openedAt))),
            // Not where the link went in between: the key has another string then already.
            db
              .update(apiKeys)
              .set(keyColumns(change))
              .where(
                and(
                  eq(apiKeys.id, found.keyId),
                  exists(
                    db
                      .select({ hash: keyHandOvers.hash })
                      .from(keyHandOvers)
                      .where(and(eq(keyHandOvers.hash, hash), eq(keyHandOvers.openedAt, at))),
                  ),
                ),
              ),
          ],
          { durable: true },
        )
        return changes[0] === 1 && changes[1] === 1
      }),
    remove: (keyId) =>
      inTurn(async () => {
        const changes = await engine.atomic((db) => [db.delete(keyHandOvers).where(eq(keyHandOvers.keyId, keyId))], {
          durable: true,
        })
        return (changes[0] ?? 0) > 0
      }),
  }
}

const toRecord = ({ openedAt, ...row }: Tables['keyHandOvers']['$inferSelect']): HandOverRecord => ({
  ...row,
  ...present({ openedAt }),
})
