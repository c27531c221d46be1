import { type AnyColumn, and, eq, gte, inArray, lt, type SQL, sql } from 'drizzle-orm'
import type { Engine, Tables } from './engine/engine.ts'
import { dayMs, type Grain, hourMs, hoursSince, keptMs, type Segment, segmentsOf } from './periods.ts'
import { conditionsOf, type RequestFilter } from './request-filter.ts'
import { type GroupAsk, type GroupKind, isOfTime, isSubject } from './request-groups.ts'
import { createSearch } from './request-search.ts'
import { type RollupKind, type SubjectKind, type Summand, type Sums, sumNames } from './request-sums.ts'
import { summandColumns } from './roll-up.ts'
import { type Plan, planOf } from './rollup-plan.ts'
import {
  type Collector,
  createCollector,
  type Sampled,
  type Split,
  type Statistics,
  topCount,
} from './statistics-collector.ts'

/** Up to so long the requests of one subject are read themselves: its sums with details are of days. */
const rowsOnlyMs = 2 * dayMs
/** Where sums do not tell: so many rows are read, of so many looked at; texts take longer to look at. */
const mostRead = { rows: 10_000, looked: 100_000, texts: 50_000 } as const
/** For what only completes an answer. */
const sampled = { rows: 1_000, looked: 20_000 } as const
/** Of each of many groups some are to be among them. */
const sampledGroups = { rows: 5_000, looked: 50_000 } as const
/** Read at a time, of what is read whole: a busy hour has more rows than anybody wants in memory. */
const stretchRows = 2_000
/** An end so close to now is now: rows are written when their requests end, so what began just before it is still to come. */
const nowMs = 60_000

export type StatisticsStore = {
  /** `to` included; `series`: the length of its parts. */
  readonly read: (
    filter: RequestFilter,
    period: { readonly from: number; readonly to: number; readonly series: Grain },
    groups?: GroupAsk,
  ) => Promise<Statistics>
  /** The number of requests a filter selects, where the sums tell it. */
  readonly count: (
    filter: RequestFilter,
    period: { readonly from: number; readonly to: number },
  ) => Promise<number | undefined>
}

export function createStatisticsStore(
  engine: Engine,
  now: () => number,
  sleep: (ms: number) => Promise<void>,
): StatisticsStore {
  const { latencyRollups, requestRollups, requests, splitRollups } = engine.tables
  const { unindexed } = engine.expressions
  const summands = summandColumns(engine.tables)
  const search = createSearch(engine, now, sleep)
  const { model, dialect, status, outcome } = splitRollups
  const splitColumns = { model, dialect, status, outcome }
  const oldest = async (): Promise<number> => {
    const rows = await engine.read((db) =>
      db.select({ at: sql<number | null>`min(${requests.at})`.mapWith(Number) }).from(requests),
    )
    return rows[0]?.at ?? Number.POSITIVE_INFINITY
  }
  const cut = async (
    from: number,
    to: number,
    hoursMs: number,
    shortest: Grain = hourMs,
  ): Promise<readonly Segment[]> =>
    // The day that runs is whole as far as it goes: nothing is later than now.
    segmentsOf(from, to >= now() - nowMs ? Math.ceil((now() + 1) / dayMs) * dayMs : to + 1, {
      shortest,
      hoursSince: hoursSince(now(), hoursMs),
      rowsSince: await oldest(),
    })

  const readRows = (conditions: readonly SQL[], most?: number): Promise<readonly Summand[]> =>
    engine.read((db) => {
      const slice = db
        .select(summands)
        .from(requests)
        .where(and(...conditions))
        .orderBy(...search.newestFirst)
      return most === undefined ? slice : slice.limit(most)
    })
  /** Rows of the log itself, newest first; gives the time of the last one when there may be more. */
  const visitNewest = async (
    filter: RequestFilter,
    most: { readonly rows: number; readonly looked: number },
    visit: (row: Summand) => void,
  ): Promise<number | undefined> => {
    let left = most.rows
    let last: number | undefined
    const stopped = await search.run(filter, { most: most.looked }, async (conditions) => {
      const rows = await readRows(conditions, left)
      for (const row of rows) visit(row)
      left -= rows.length
      last = rows.at(-1)?.at ?? last
      return left === 0
    })
    return left === 0 ? last : stopped?.at
  }
  /** The ends of a period are read whole, or its figures would be wrong. */
  const visitWhole = async (
    filter: RequestFilter,
    segments: readonly Segment[],
    visit: (row: Summand) => void,
  ): Promise<void> => {
    const { lead, rest } = conditionsOf(engine, filter)
    const { at, seq } = requests
    for (const { from, to } of segments.filter(({ grain }) => grain === 0)) {
      let behind: readonly SQL[] = [sql`${at} < ${to}`]
      for (let more = true; more; await sleep(0)) {
        const rows = await readRows([sql`${at} >= ${from}`, ...behind, ...lead, ...rest], stretchRows)
        for (const row of rows) visit(row)
        const last = rows.at(-1)
        more = last !== undefined && rows.length === stretchRows
        if (last !== undefined) behind = [sql`${at} <= ${last.at}`, sql`(${at} < ${last.at} or ${seq} < ${last.seq})`]
      }
    }
  }

  /** How many those are, which the engine counts by itself. */
  const countWhole = async (filter: RequestFilter, segments: readonly Segment[]): Promise<number> => {
    const { lead, rest } = conditionsOf(engine, filter)
    const { at } = requests
    let count = 0
    for (const { from, to } of segments.filter(({ grain }) => grain === 0)) {
      const rows = await engine.read((db) =>
        db
          .select({ rows: sql<number>`count(*)`.mapWith(Number) })
          .from(requests)
          .where(and(sql`${at} >= ${from}`, sql`${at} < ${to}`, ...lead, ...rest)),
      )
      count += rows[0]?.rows ?? 0
    }
    return count
  }

  const fromRows = async (filter: RequestFilter, series: Grain, ask?: GroupAsk): Promise<Statistics> => {
    const collector = createCollector(series, ask)
    const { rows, looked, texts } = mostRead
    const most = { rows, looked: filter.errorText === undefined ? looked : texts }
    const since = await visitNewest(filter, most, collector.add)
    return {
      ...collector.read(),
      complete: since === undefined,
      ...(since === undefined ? {} : { since }),
      sampled: [],
    }
  }

  /** Sums of rolled-up rows, grouped. */
  const grouped = async (
    table: Tables['requestRollups'] | Tables['splitRollups'],
    segments: readonly Segment[],
    groups: Readonly<Record<string, AnyColumn>>,
    conditions: readonly SQL[],
    visit: (group: Readonly<Record<string, unknown>>, sums: Sums) => void,
    length: AnyColumn | SQL = table.grain,
  ): Promise<void> => {
    const summed = Object.fromEntries(sumNames.map((name) => [name, sql<number>`sum(${table[name]})`.mapWith(Number)]))
    for (const { grain, from, to } of segments.filter((segment) => segment.grain > 0)) {
      const rows = await engine.read((db) =>
        db
          .select({ ...groups, ...summed })
          .from(table)
          .where(and(...conditions, sql`${length} = ${grain}`, gte(table.start, from), lt(table.start, to)))
          .groupBy(...Object.values(groups)),
      )
      for (const row of rows) visit(row, row as unknown as Sums) // selected by the names of its members
    }
  }
  const ownedBy = (kind: RollupKind, subject = ''): readonly SQL[] => [
    sql`${splitRollups.kind} = ${kind}`,
    eq(splitRollups.subject, subject),
  ]
  /** Those of the plan by the begin of their periods. */
  const bySeries = async (
    { kind, subject, details, whole }: Plan,
    segments: readonly Segment[],
    visit: (start: number, sums: Sums) => void,
  ): Promise<void> => {
    const [table, conditions] =
      whole === undefined
        ? ([splitRollups, [...ownedBy(kind, subject), ...details]] as const)
        : ([requestRollups, whole] as const)
    const { grain, start } = table
    // Sums without details are in the order of time; one subject's have an index, which would not be chosen by itself.
    const length = whole !== undefined && subject !== undefined ? unindexed(grain) : grain
    await grouped(table, segments, { start }, conditions, (group, sums) => visit(Number(group.start), sums), length)
  }

  /** Those with the most requests; `known`: what the ends of the period have of them. Looked for first, since to add up all figures of all takes longer. */
  const busiestOf = async (
    kind: SubjectKind,
    segments: readonly Segment[],
    known: ReadonlyMap<string, Sums>,
    most: number,
  ): Promise<{ readonly subjects: readonly string[]; readonly total: number }> => {
    const counts = new Map([...known].map(([subject, { requests: count }]) => [subject, count]))
    const { subject, grain, start } = requestRollups
    for (const { grain: length, from, to } of segments.filter((segment) => segment.grain > 0)) {
      const rows = await engine.read((db) =>
        db
          .select({ subject, count: sql<number>`sum(${requestRollups.requests})`.mapWith(Number) })
          .from(requestRollups)
          .where(and(sql`${requestRollups.kind} = ${kind}`, eq(grain, length), gte(start, from), lt(start, to)))
          .groupBy(subject),
      )
      for (const row of rows) counts.set(row.subject, (counts.get(row.subject) ?? 0) + row.count)
    }
    const sorted = [...counts].sort(([one, a], [other, b]) => b - a || one.localeCompare(other))
    return { subjects: sorted.slice(0, most).map(([subject]) => subject), total: counts.size }
  }

  const fromSums = async (
    filter: RequestFilter,
    plan: Plan,
    { from, to, series }: { readonly from: number; readonly to: number; readonly series: Grain },
    ask?: GroupAsk,
  ): Promise<Statistics> => {
    const collector = createCollector(series, ask)
    let ofGroups: number | undefined
    const { kind, subject, details } = plan
    const missing = new Set<Sampled>()
    const segments = await cut(from, to, keptMs.hours, subject === undefined ? hourMs : dayMs)
    const inParts = plan.isByDay || series === dayMs ? segments : segments.map(inHours)
    await bySeries(plan, inParts, (start, sums) => {
      collector.addSeries(start, sums)
      if (plan.isPair) collector.addTotal(sums)
    })
    if (plan.isPair) for (const list of splitLists) missing.add(list)
    else {
      await grouped(splitRollups, segments, splitColumns, [...ownedBy(kind, subject), ...details], (group, sums) =>
        collector.addSplit(group as Split, sums),
      )
    }
    const recent = hoursSince(now(), keptMs.manyHours)
    await visitWhole(filter, segments, (row) => (row.at >= recent ? collector.add(row) : collector.addOld(row)))
    for (const top of ['key', 'user', 'account', 'ip'] as const) {
      if (subject !== undefined || details.length > 0) {
        missing.add(top)
        continue
      }
      const parts = top === 'ip' ? await cut(from, to, keptMs.manyHours) : segments
      const { subject: each, kind: of } = requestRollups
      const most = ask?.by === top ? Math.max(topCount, ask.most) : topCount
      const { subjects, total } = await busiestOf(top, parts, collector.top(top), most)
      if (ask?.by === top) ofGroups = total
      const conditions = [sql`${of} = ${top}`, inArray(each, [...subjects])]
      await grouped(requestRollups, parts, { subject: each }, conditions, (group, sums) =>
        collector.addTop(top, String(group.subject), sums),
      )
    }
    const timed: readonly ['all' | 'model', string] | undefined =
      plan.onlyModel !== undefined
        ? ['model', plan.onlyModel]
        : kind === 'all' && details.length === 0
          ? ['all', '']
          : undefined
    if (timed === undefined) missing.add('latency')
    else await readLatency(timed, await cut(from, to, keptMs.manyHours), collector.addLatency)
    const isUntold = (by: GroupKind): boolean => (plan.isPair ? !isOfTime(by) : isSubject(by) && missing.has(by))
    if (ask !== undefined) {
      if (ask.by === 'hour' ? plan.isByDay : isUntold(ask.by)) missing.add('groups')
      const isTimed = await timeGroups(ask, plan, timed, await cut(from, to, keptMs.manyHours), collector)
      if (!isTimed) missing.add('group_latency')
    }
    const whole = (told: Statistics): Statistics =>
      told.groups === undefined || ofGroups === undefined || missing.has('groups')
        ? told
        : { ...told, groups: { ...told.groups, total: ofGroups } }
    if (missing.size === 0) return whole({ ...collector.read(), complete: true, sampled: [] })
    const sample = createCollector(series, ask)
    const since = await visitNewest({ ...filter, from, to }, ask === undefined ? sampled : sampledGroups, sample.add)
    return whole(collector.completed(sample.read(), missing, since !== undefined))
  }

  /** How long the requests of each group took, where the sums tell: of models and of times. False: they do not. */
  const timeGroups = async (
    { by }: GroupAsk,
    plan: Plan,
    timed: readonly ['all' | 'model', string] | undefined,
    segments: readonly Segment[],
    collector: Collector,
  ): Promise<boolean> => {
    const visit = (group: string, measure: string, bucket: number, count: number): void =>
      collector.addGroupLatency(group, measure, bucket, count)
    if (isOfTime(by) && timed !== undefined) {
      // Hours, of which days of a zone are put together too, are kept for some days only; a day is no hour.
      const since = hoursSince(now(), keptMs.manyHours)
      const parts = segments.flatMap((segment) => hoursFrom(segment, since))
      await readLatencyBy(
        latencyRollups.start,
        timed[0],
        [timed[1]],
        by === 'day' ? parts : parts.filter(({ grain }) => grain !== dayMs),
        visit,
      )
      return true
    }
    if (by !== 'model' || timed === undefined) return false
    const models = plan.onlyModel === undefined ? [...collector.top('model').keys()] : [plan.onlyModel]
    await readLatencyBy(latencyRollups.subject, 'model', models, segments, visit)
    return true
  }

  const readLatencyBy = async (
    group: AnyColumn,
    kind: 'all' | 'model',
    subjects: readonly string[],
    segments: readonly Segment[],
    visit: (group: string, measure: string, bucket: number, count: number) => void,
  ): Promise<void> => {
    if (subjects.length === 0) return
    const { measure, bucket, grain, start, subject } = latencyRollups
    for (const { grain: length, from, to } of segments.filter((segment) => segment.grain > 0)) {
      const rows = await engine.read((db) =>
        db
          .select({ group, measure, bucket, requests: sql<number>`sum(${latencyRollups.requests})`.mapWith(Number) })
          .from(latencyRollups)
          .where(
            and(
              eq(latencyRollups.kind, kind),
              inArray(subject, [...subjects]),
              inArray(measure, ['total', 'first']),
              eq(grain, length),
              gte(start, from),
              lt(start, to),
            ),
          )
          .groupBy(group, measure, bucket),
      )
      for (const row of rows) visit(String(row.group), row.measure, row.bucket, row.requests)
    }
  }

  const readLatency = (
    [kind, subject]: readonly ['all' | 'model', string],
    segments: readonly Segment[],
    visit: (measure: string, bucket: number, count: number) => void,
  ): Promise<void> =>
    readLatencyBy(latencyRollups.kind, kind, [subject], segments, (_, measure, bucket, count) =>
      visit(measure, bucket, count),
    )

  return {
    read: async (filter, period, ask) => {
      const plan = planOf(engine.tables, filter)
      const { from, to } = period
      const isShort = plan?.subject !== undefined && to - from <= rowsOnlyMs
      if (plan === undefined || isShort) return fromRows({ ...filter, from, to }, period.series, ask)
      return fromSums(filter, plan, period, ask)
    },
    count: async (filter, { from, to }) => {
      const plan = planOf(engine.tables, filter)
      if (plan === undefined) return undefined
      let count = 0
      const segments = await cut(from, to, keptMs.hours, plan.isByDay ? dayMs : hourMs)
      await bySeries(plan, segments, (_, sums) => {
        count += sums.requests
      })
      return count + (await countWhole(filter, segments))
    },
  }
}

const inHours = (segment: Segment): Segment => (segment.grain === dayMs ? { ...segment, grain: hourMs } : segment)
/** In hours, as far as they are kept. */
function hoursFrom(segment: Segment, since: number): readonly Segment[] {
  if (segment.grain !== dayMs || segment.to <= since) return [segment]
  const border = Math.max(segment.from, since)
  return [
    { ...segment, to: border },
    { ...segment, from: border, grain: hourMs },
  ]
}

const splitLists = ['model', 'errors', 'statuses', 'endpoints'] as const
