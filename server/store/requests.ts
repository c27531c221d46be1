import { desc, inArray, lt } from 'drizzle-orm'
import type { Engine } from './engine/sqlite.ts'
import { present } from './row.ts'
import type { RequestRecord, RequestStore } from './store.ts'
import { requests } from './tables/sqlite.ts'

/** Deleted at a time, so that a large clean-up does not hold up live streams. */
const pruneRows = 2000

/** `sleep` gives way to other work between the steps of a clean-up. */
export function createRequestStore(engine: Engine, sleep: (ms: number) => Promise<void>): RequestStore {
  return {
    append: async (rows) => {
      if (rows.length === 0) return
      await engine.atomic((db) => [db.insert(requests).values(rows.map(toRow))])
    },
    recent: async (limit) => {
      if (limit <= 0) return []
      const rows = await engine.read((db) =>
        db.select().from(requests).orderBy(desc(requests.at), desc(requests.id)).limit(limit).all(),
      )
      return rows.map(toRecord)
    },
    prune: async (before) => {
      for (let removed = 0; ; await sleep(1)) {
        const changes = await engine.atomic((db) => [
          db
            .delete(requests)
            .where(
              inArray(
                requests.id,
                db.select({ id: requests.id }).from(requests).where(lt(requests.at, before)).limit(pruneRows),
              ),
            ),
        ])
        const step = changes[0] ?? 0
        removed += step
        if (step < pruneRows) return removed
      }
    },
  }
}

/** Clocks may give fractions; columns are whole. */
function toRow(record: RequestRecord): typeof requests.$inferInsert {
  const { at, durationMs, firstTokenMs } = record
  return {
    ...record,
    at: Math.round(at),
    durationMs: Math.round(durationMs),
    ...(firstTokenMs !== undefined && { firstTokenMs: Math.round(firstTokenMs) }),
  }
}

function toRecord(row: typeof requests.$inferSelect): RequestRecord {
  const { keyId, accountId, upstreamModel, errorKind, errorMessage, firstTokenMs, ...others } = row
  const { cacheReadTokens, credits, notes, ...rest } = others
  const named = { keyId, accountId, upstreamModel, errorKind, errorMessage, firstTokenMs }
  return { ...rest, ...present({ ...named, cacheReadTokens, credits, notes }) }
}
