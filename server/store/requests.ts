import { and, asc, desc, eq, gt, inArray, lt, type SQL, sql } from 'drizzle-orm'
import type { Engine, Tables } from './engine/engine.ts'
import type { RequestPlace, RequestRecord } from './request-record.ts'
import { createSearch } from './request-search.ts'
import { present } from './row.ts'
import type { KeptRequest, RequestStore } from './store.ts'

/** Deleted at a time, so that a large clean-up does not hold up live streams. */
const pruneRows = 2000
/** Rows that tell how large rows are. */
const sampleRows = 500
/** What the indexes and the page of a row take beside its own texts, bytes. */
const rowOverheadBytes = 700

/** `sleep` gives way to other work between the steps of a clean-up or a search. */
export function createRequestStore(
  engine: Engine,
  now: () => number,
  sleep: (ms: number) => Promise<void>,
): RequestStore {
  const { accounts, apiKeys, captures, deletedItems, requests, users } = engine.tables
  const { at, seq } = requests
  const search = createSearch(engine, now, sleep)
  const { newestFirst } = search
  /** As those were called that can still come back. */
  const deletedNames = async (ids: ReadonlySet<string>): Promise<ReadonlyMap<string, string>> => {
    if (ids.size === 0) return new Map()
    const { id, name } = deletedItems
    const rows = await engine.read((db) =>
      db
        .select({ id, name })
        .from(deletedItems)
        .where(inArray(id, [...ids])),
    )
    return new Map(rows.map((row) => [row.id, row.name]))
  }
  /** Whole rows with the names of what they refer to. */
  const select = async (condition: SQL): Promise<readonly KeptRequest[]> => {
    const rows = await engine.read((db) =>
      db
        .select({
          row: requests,
          keyName: apiKeys.name,
          keyPrefix: apiKeys.prefix,
          userName: users.name,
          userPriority: users.priority,
          accountLabel: accounts.label,
          capturedUntil: captures.expiresAt,
        })
        .from(requests)
        .leftJoin(apiKeys, eq(apiKeys.id, requests.keyId))
        .leftJoin(users, eq(users.id, requests.userId))
        .leftJoin(accounts, eq(accounts.id, requests.accountId))
        .leftJoin(captures, eq(captures.requestId, requests.id))
        .where(condition)
        .orderBy(...newestFirst),
    )
    const lost = rows.flatMap(({ row, keyName, userName, accountLabel }) => [
      ...(keyName === null ? [row.keyId] : []),
      ...(userName === null ? [row.userId] : []),
      ...(accountLabel === null ? [row.accountId] : []),
    ])
    const gone = await deletedNames(new Set(lost.filter((id) => id !== null)))
    return rows.map(({ row, capturedUntil, keyPrefix, userPriority, ...names }) => ({
      ...present({
        keyPrefix,
        userPriority,
        keyName: names.keyName ?? gone.get(row.keyId ?? ''),
        userName: names.userName ?? gone.get(row.userId ?? ''),
        accountLabel: names.accountLabel ?? gone.get(row.accountId ?? ''),
      }),
      ...toRecord(row),
      seq: row.seq,
      captured: capturedUntil !== null && capturedUntil > now(),
    }))
  }
  /** Where rows are: told by an index alone. */
  const places = (conditions: readonly SQL[], limit: number, offset = 0): Promise<readonly RequestPlace[]> =>
    engine.read((db) =>
      db
        .select({ at, seq })
        .from(requests)
        .where(and(...conditions))
        .orderBy(...newestFirst)
        .limit(limit)
        .offset(offset),
    )

  return {
    append: async (rows) => {
      if (rows.length === 0) return
      await engine.atomic((db) => [db.insertEach(requests, rows.map(toRow))])
    },
    page: async (filter, { limit, offset = 0, before }) => {
      const found: RequestPlace[] = []
      let skip = offset
      // One more than is asked for tells whether there is a next page.
      const stopped = await search.run(filter, { behind: before }, async (slice) => {
        const more = await places(slice, skip + limit + 1 - found.length)
        found.push(...more.slice(skip))
        skip = Math.max(0, skip - more.length)
        return found.length > limit
      })
      const shown = found.slice(0, limit).map((place) => place.seq)
      const rows = shown.length === 0 ? [] : await select(inArray(seq, shown))
      const last = found.length > limit ? found[limit - 1] : undefined
      if (stopped !== undefined) return { rows, next: stopped, searchedUntil: stopped.at }
      return { rows, ...(last !== undefined && { next: last }) }
    },
    find: async (id) => (await select(eq(requests.id, id)))[0],
    count: async (filter, { most } = {}) => {
      let count = 0
      const stopped = await search.run(filter, most === undefined ? {} : { most }, async (slice) => {
        const rows = await engine.read((db) =>
          db
            .select({ rows: sql<number>`count(*)`.mapWith(Number) })
            .from(requests)
            .where(and(...slice)),
        )
        count += rows[0]?.rows ?? 0
        return false
      })
      return { count, complete: stopped === undefined }
    },
    after: async (place, limit) => {
      const rows = await engine.read((db) =>
        db.select().from(requests).where(gt(seq, place)).orderBy(asc(seq)).limit(limit),
      )
      return rows.map((row) => ({ ...toRecord(row), seq: row.seq }))
    },
    prune: (limit) => removeWhere(lt(requests.at, limit)),
    clear: () => removeWhere(undefined),
    size: async () => {
      // One end a query: that is what an index gives without a look at the rows between.
      const [first, last, oldest, sample] = await Promise.all([
        engine.read((db) => db.select({ seq }).from(requests).orderBy(asc(seq)).limit(1)),
        engine.read((db) => db.select({ seq }).from(requests).orderBy(desc(seq)).limit(1)),
        engine.read((db) => db.select({ at }).from(requests).orderBy(asc(at)).limit(1)),
        engine.read((db) =>
          db
            .select({
              bytes:
                sql<number>`length(${requests.route}) + length(coalesce(${requests.notes}, '')) + length(coalesce(${requests.errorMessage}, '')) + length(${requests.userAgent})`.mapWith(
                  Number,
                ),
            })
            .from(requests)
            .orderBy(desc(seq))
            .limit(sampleRows),
        ),
      ])
      // Rows go in the order they came, so the ends tell how many lie between.
      const rows = first[0] === undefined || last[0] === undefined ? 0 : last[0].seq - first[0].seq + 1
      const each = sample.reduce((sum, { bytes }) => sum + bytes, 0) / Math.max(1, sample.length)
      return { rows, bytes: Math.round(rows * (each + rowOverheadBytes)), ...present({ oldestAt: oldest[0]?.at }) }
    },
    timeBehind: async (rows) => (await places([], 1, rows))[0]?.at,
  }

  async function removeWhere(condition: SQL | undefined): Promise<number> {
    for (let removed = 0; ; await sleep(1)) {
      const rows = await engine.read((db) =>
        db.select({ seq: requests.seq }).from(requests).where(condition).limit(pruneRows),
      )
      const found = rows.map(({ seq }) => seq)
      const changes = await engine.atomic((db) => [db.delete(requests).where(inArray(requests.seq, found))])
      const step = changes[0] ?? 0
      removed += step
      if (step < pruneRows) return removed
    }
  }
}

/** Clocks may give fractions; columns are whole. */
function toRow(record: RequestRecord): Tables['requests']['$inferInsert'] {
  const { at, durationMs, firstTokenMs } = record
  if ([at, durationMs, firstTokenMs ?? 0].every(Number.isInteger)) return record
  const row = { ...record, at: Math.round(at), durationMs: Math.round(durationMs) }
  return firstTokenMs === undefined ? row : Object.assign(row, { firstTokenMs: Math.round(firstTokenMs) })
}

function toRecord({ seq: _, ...row }: Tables['requests']['$inferSelect']): RequestRecord {
  const { id, at, dialect, model, stream, status, durationMs, inputTokens, inputSource, ...others } = row
  const { outputTokens, outputSource, peer, userAgent, attempts, route, ...optional } = others
  const figures = { durationMs, inputTokens, inputSource, outputTokens, outputSource }
  return { id, at, dialect, model, stream, status, ...figures, peer, userAgent, attempts, route, ...present(optional) }
}
