import { and, eq, gt, gte, lt, type SQL, sql } from 'drizzle-orm'
import type { Engine, Tables } from './engine/engine.ts'
import { dayMs, hourMs, hoursSince, keptMs } from './periods.ts'
import type { RequestFilter } from './request-filter.ts'
import { isPair, type RollupKind } from './request-sums.ts'
import { detailsOf, pairsOf, subjectsOf } from './rollup-plan.ts'

/** A stretch of time; `to` is not in it. */
export type Zone = { readonly from: number; readonly to: number }

/** With more rows that are in no sums yet nothing is told: to find their first one would take longer than it saves. */
const mostUnsummed = 20_000

/**
 * Where rows of a filter can lie, newest first, as far as sums, sessions and visits tell; undefined: anywhere. Rows that are
 * in no sums yet, and times from before all sums, always belong to it.
 */
export function createZones(
  engine: Engine,
  now: () => number,
): (filter: RequestFilter) => Promise<readonly Zone[] | undefined> {
  const { requestRollups, requests, rollupMarks, sessionSpans, splitRollups, visitors } = engine.tables

  /** The hours or days that begin in [since, until) and have such sums. */
  const periodsWith = async (
    table: Tables['requestRollups'] | Tables['splitRollups'],
    conditions: readonly SQL[],
    grain: number,
    since: number,
    until = Number.MAX_SAFE_INTEGER,
  ): Promise<readonly Zone[]> => {
    const { start } = table
    const rows = await engine.read((db) =>
      db
        .selectDistinct({ start })
        .from(table)
        .where(and(...conditions, eq(table.grain, grain), gte(start, since), lt(start, until))),
    )
    return rows.map((row) => ({ from: row.start, to: row.start + grain }))
  }

  const spanOfSession = async (session: string): Promise<Zone> => {
    const rows = await engine.read((db) => db.select().from(sessionSpans).where(eq(sessionSpans.session, session)))
    const [span] = rows
    return span === undefined ? { from: 0, to: 0 } : { from: span.firstAt, to: span.lastAt + 1 }
  }
  /** Visits are forgotten earlier than rows may be: only the last one says something. */
  const spanOfAddress = async (ip: string): Promise<Zone> => {
    const visits = await engine.read((db) =>
      db.select({ lastAt: visitors.lastAt }).from(visitors).where(eq(visitors.ip, ip)),
    )
    return visits.length === 0 ? always : { from: 0, to: Math.max(...visits.map(({ lastAt }) => lastAt)) + 1 }
  }

  /** From when on there are rows in no sums; undefined: too many to tell. */
  const unsummedSince = async (): Promise<number | undefined> => {
    const marks = await engine.read((db) => db.select().from(rollupMarks))
    const summed = marks[0]?.seq ?? 0
    const last = await engine.read((db) =>
      db.select({ seq: sql<number | null>`max(${requests.seq})`.mapWith(Number) }).from(requests),
    )
    if ((last[0]?.seq ?? 0) - summed > mostUnsummed) return undefined
    const rows = await engine.read((db) =>
      db
        .select({ at: sql<number | null>`min(${engine.expressions.unindexed(requests.at)})`.mapWith(Number) })
        .from(requests)
        .where(gt(requests.seq, summed)),
    )
    return rows[0]?.at ?? Number.POSITIVE_INFINITY
  }

  return async (filter) => {
    const subjects = subjectsOf(filter)
    const details = detailsOf(engine.tables, filter)
    const { session, peer } = filter
    if (subjects.length + details.length === 0 && session === undefined && peer === undefined) return undefined
    const since = await unsummedSince()
    if (since === undefined) return undefined
    const firstHour = hoursSince(now(), keptMs.hours)
    const firstDay = hoursSince(now(), keptMs.days)
    const { kind, subject } = requestRollups
    const ofAll = [eq(splitRollups.kind, 'all'), eq(splitRollups.subject, '')]
    const unsummed = { from: since, to: Number.POSITIVE_INFINITY }
    const unknown = { from: 0, to: firstDay }
    const zonesOf = async (of: RollupKind, id: string): Promise<readonly Zone[]> => {
      const whole = [eq(kind, of), eq(subject, id)]
      const hours = isPair(of) ? [] : await periodsWith(requestRollups, whole, hourMs, firstHour)
      const days = await periodsWith(requestRollups, whole, dayMs, firstDay, isPair(of) ? undefined : firstHour)
      return [...hours, ...days, unknown]
    }
    const lists = [
      ...(await Promise.all([...subjects, ...pairsOf(subjects)].map(([of, id]) => zonesOf(of, id)))),
      // By the day: of the hours there are a hundred details each.
      ...(details.length === 0
        ? []
        : [[...(await periodsWith(splitRollups, [...ofAll, ...details], dayMs, firstDay)), unknown]]),
      ...(session === undefined ? [] : [[await spanOfSession(session)]]),
      ...(peer === undefined ? [] : [[await spanOfAddress(peer)]]),
    ]
    const found = lists.map(joined).reduce(common)
    return joined([...found, unsummed])
  }
}

const always: Zone = { from: 0, to: Number.POSITIVE_INFINITY }

/** What lies in both; lists as `joined` gives them. */
function common(a: readonly Zone[], b: readonly Zone[]): readonly Zone[] {
  const result: Zone[] = []
  for (let i = 0, k = 0; ; ) {
    const [one, other] = [a[i], b[k]]
    if (one === undefined || other === undefined) return result
    const zone = { from: Math.max(one.from, other.from), to: Math.min(one.to, other.to) }
    if (zone.from < zone.to) result.push(zone)
    if (one.from > other.from) i++
    else k++
  }
}

/** Newest first; those that meet are one. */
function joined(zones: readonly Zone[]): readonly Zone[] {
  const result: Zone[] = []
  for (const zone of zones.toSorted((a, b) => b.to - a.to)) {
    const last = result.at(-1)
    if (zone.from >= zone.to) continue
    if (last === undefined || zone.to < last.from) result.push(zone)
    else result[result.length - 1] = { from: Math.min(last.from, zone.from), to: last.to }
  }
  return result
}
