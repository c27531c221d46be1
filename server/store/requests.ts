import { and, asc, desc, eq, gt, gte, inArray, lt, type SQL, sql } from 'drizzle-orm'
import type { Engine, Tables } from './engine/engine.ts'
import { type Conditions, conditionsOf } from './request-filter.ts'
import { present } from './row.ts'
import type { KeptRequest, RequestPlace, RequestRecord, RequestStore } from './store.ts'

/** Deleted at a time, so that a large clean-up does not hold up live streams. */
const pruneRows = 2000
/** Looked at without giving way to other work, and for one page or count: a rare combination must not search the whole log. */
const sliceRows = 5_000
const mostRows = 15_000
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
  const { accounts, apiKeys, captures, requests, users } = engine.tables
  const newestFirst = [desc(requests.at), desc(requests.seq)] as const
  /** Whole rows with the names of what they refer to. */
  const select = async (conditions: readonly SQL[], limit: number, offset = 0): Promise<readonly KeptRequest[]> => {
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
        .where(and(...conditions))
        .orderBy(...newestFirst)
        .limit(limit)
        .offset(offset),
    )
    return rows.map(({ row, capturedUntil, ...names }) => ({
      ...toRecord(row),
      seq: row.seq,
      ...present(names),
      captured: capturedUntil !== null && capturedUntil > now(),
    }))
  }

  /** The place of the row that `rows` others of the lead stand before; undefined: there are not so many. */
  const placeBehind = async (lead: readonly SQL[], rows: number): Promise<RequestPlace | undefined> => {
    const found = await engine.read((db) =>
      db
        .select({ at: requests.at, seq: requests.seq })
        .from(requests)
        .where(and(...lead))
        .orderBy(...newestFirst)
        .limit(1)
        .offset(rows),
    )
    return found[0]
  }

  /** The lead's rows in pieces, newest first, until `visit` has enough (true) or the search has looked at its share. */
  const search = async (
    { lead }: Conditions,
    visit: (slice: readonly SQL[]) => Promise<boolean>,
    most = mostRows,
  ): Promise<RequestPlace | undefined> => {
    let from: RequestPlace | undefined
    for (let looked = 0; looked < most; looked += sliceRows) {
      const slice = [...lead, ...(from === undefined ? [] : [before(engine, from, true)])]
      const end = await placeBehind(slice, sliceRows)
      if (await visit([...slice, ...(end === undefined ? [] : [notBefore(engine, end)])])) return undefined
      if (end === undefined) return undefined
      from = end
      await sleep(0)
    }
    return from
  }

  return {
    append: async (rows) => {
      if (rows.length === 0) return
      await engine.atomic((db) => [db.insert(requests).values(rows.map(toRow))])
    },
    page: async (filter, { limit, offset = 0, before: place }) => {
      const { lead: found, rest } = conditionsOf(engine, filter)
      const lead = [...found, ...(place === undefined ? [] : [before(engine, place)])]
      const rows: KeptRequest[] = []
      if (rest.length === 0) {
        rows.push(...(await select(lead, limit + 1, offset)))
        return pageOf(rows, limit)
      }
      let skip = offset
      const stopped = await search({ lead, rest }, async (slice) => {
        const wanted = limit + 1 - rows.length
        const more = await select([...slice, ...rest], skip + wanted)
        rows.push(...more.slice(skip))
        skip = Math.max(0, skip - more.length)
        return rows.length > limit
      })
      const page = pageOf(rows, limit)
      if (stopped === undefined) return page
      // What was looked at in vain need not be again.
      return { ...page, next: { at: stopped.at, seq: stopped.seq + 1 }, searchedUntil: stopped.at }
    },
    find: async (id) => (await select([eq(requests.id, id)], 1))[0],
    count: async (filter, { whole = false } = {}) => {
      const { lead, rest } = conditionsOf(engine, filter)
      let count = 0
      const stopped = await search(
        { lead, rest },
        async (slice) => {
          const rows = await engine.read((db) =>
            db
              .select({ rows: sql<number>`count(*)`.mapWith(Number) })
              .from(requests)
              .where(and(...slice, ...rest)),
          )
          count += rows[0]?.rows ?? 0
          return false
        },
        whole ? Number.POSITIVE_INFINITY : mostRows,
      )
      return { count, complete: stopped === undefined }
    },
    after: async (seq, limit) => {
      const rows = await engine.read((db) =>
        db.select().from(requests).where(gt(requests.seq, seq)).orderBy(asc(requests.seq)).limit(limit),
      )
      return rows.map((row) => ({ ...toRecord(row), seq: row.seq }))
    },
    prune: (limit) => removeWhere(lt(requests.at, limit)),
    clear: () => removeWhere(undefined),
    size: async () => {
      const { seq, at } = requests
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
    timeBehind: async (rows) => (await placeBehind([], rows))?.at,
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

/** Behind a place in the order of the list; `inclusive`: that place too. The first comparison is the one an index serves. */
function before({ tables: { requests } }: Engine, { at, seq }: RequestPlace, inclusive = false): SQL {
  const last = inclusive ? sql`${requests.seq} <= ${seq}` : sql`${requests.seq} < ${seq}`
  return sql`${requests.at} <= ${at} and (${requests.at} < ${at} or ${last})`
}

const notBefore = ({ tables: { requests } }: Engine, { at, seq }: RequestPlace): SQL =>
  sql`${gte(requests.at, at)} and (${requests.at} > ${at} or ${requests.seq} > ${seq})`

/** One row more than asked for was read: it tells whether there is a next page. */
function pageOf(rows: readonly KeptRequest[], limit: number) {
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  return rows.length > limit && last !== undefined
    ? { rows: shown, next: { at: last.at, seq: last.seq } }
    : { rows: shown }
}

/** Clocks may give fractions; columns are whole. */
function toRow(record: RequestRecord): Tables['requests']['$inferInsert'] {
  const { at, durationMs, firstTokenMs } = record
  return {
    ...record,
    at: Math.round(at),
    durationMs: Math.round(durationMs),
    ...(firstTokenMs !== undefined && { firstTokenMs: Math.round(firstTokenMs) }),
  }
}

function toRecord({ seq: _, ...row }: Tables['requests']['$inferSelect']): RequestRecord {
  const { id, at, dialect, model, stream, status, durationMs, inputTokens, inputSource, ...others } = row
  const { outputTokens, outputSource, peer, userAgent, attempts, route, ...optional } = others
  const figures = { durationMs, inputTokens, inputSource, outputTokens, outputSource }
  return { id, at, dialect, model, stream, status, ...figures, peer, userAgent, attempts, route, ...present(optional) }
}
