import { type AnyColumn, and, eq, gte, inArray, lt, type SQL, sql } from 'drizzle-orm'
import type { Engine, Tables } from './engine/engine.ts'
import { dayMs, type Grain, hourMs, hoursSince, keptMs, type Segment, segmentsOf } from './periods.ts'
import type { RequestFilter } from './request-filter.ts'
import { createSearch } from './request-search.ts'
import {
  bucketOf,
  noSums,
  type Percentiles,
  percentilesOf,
  plus,
  type RollupKind,
  type SubjectKind,
  type Summand,
  type Sums,
  subjectKinds,
  subjectOf,
  sumNames,
  sumsOf,
} from './request-sums.ts'
import { summandColumns } from './roll-up.ts'
import { detailsOf, subjectsOf } from './rollup-plan.ts'

/** Up to so long the requests of one subject are read themselves: its sums with details are of days. */
const rowsOnlyMs = 2 * dayMs
/** Read one by one where sums do not tell: in all, and for what only completes an answer. */
const mostRows = 10_000
/** The ends of a period are read whole, or its figures would be wrong. */
const all = Number.POSITIVE_INFINITY
const sampleRows = 1_000
const topCount = 10

export type Top = readonly { readonly subject: string; readonly sums: Sums }[]
export type Statistics = {
  readonly total: Sums
  readonly tops: Readonly<Record<SubjectKind, Top>>
  /** An error kind or `ok`; a status. */
  readonly outcomes: ReadonlyMap<string, number>
  readonly statuses: ReadonlyMap<number, number>
  readonly dialects: ReadonlyMap<string, Sums>
  readonly latency: { readonly total?: Percentiles; readonly first?: Percentiles }
  /** By the begin of their hours or days. */
  readonly series: ReadonlyMap<number, Sums>
  /** False: only the newest of many requests were looked at; `since` is the time of the last of them. */
  readonly complete: boolean
  readonly since?: number
  /** What of the answer is told by the newest requests only. */
  readonly sampled: readonly string[]
}

export type StatisticsStore = {
  /** `to` included; `series`: the length of its parts. */
  readonly read: (
    filter: RequestFilter,
    period: { readonly from: number; readonly to: number; readonly series: Grain },
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
  const { latencyRollups, requestRollups, requests } = engine.tables
  const summands = summandColumns(engine.tables)
  const search = createSearch(engine, now, sleep)
  const { model, dialect, status, outcome } = requestRollups
  const splitColumns = { model, dialect, status, outcome }
  const summed = Object.fromEntries(
    sumNames.map((name) => [name, sql<number>`sum(${requestRollups[name]})`.mapWith(Number)]),
  )
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
    // The hour or day that runs is whole as far as it goes: nothing is later than now.
    segmentsOf(from, to >= now() ? Math.ceil((now() + 1) / shortest) * shortest : to + 1, {
      shortest,
      hoursSince: hoursSince(now(), hoursMs),
      rowsSince: await oldest(),
    })

  /** Rows of the log itself, newest first, at most `most`; gives the time of the last one when there may be more. */
  const visitRows = async (
    filter: RequestFilter,
    most: number,
    visit: (row: Summand) => void,
  ): Promise<number | undefined> => {
    let left = most
    let last: number | undefined
    const stopped = await search.run(filter, most === all ? { most } : {}, async (conditions) => {
      const rows: readonly Summand[] = await engine.read((db) => {
        const slice = db
          .select(summands)
          .from(requests)
          .where(and(...conditions))
          .orderBy(...search.newestFirst)
        return left === all ? slice : slice.limit(left)
      })
      for (const row of rows) visit(row)
      left -= rows.length
      last = rows.at(-1)?.at ?? last
      return left === 0
    })
    return left === 0 ? last : stopped?.at
  }

  const fromRows = async (filter: RequestFilter, series: Grain): Promise<Statistics> => {
    const collector = createCollector(series)
    const since = await visitRows(filter, mostRows, collector.add)
    return {
      ...collector.read(),
      complete: since === undefined,
      ...(since === undefined ? {} : { since }),
      sampled: [],
    }
  }

  /** Sums of rolled-up rows, grouped. */
  const grouped = async (
    segments: readonly Segment[],
    groups: Readonly<Record<string, AnyColumn>>,
    conditions: readonly SQL[],
    visit: (group: Readonly<Record<string, unknown>>, sums: Sums) => void,
  ): Promise<void> => {
    for (const { grain, from, to } of segments.filter((segment) => segment.grain > 0)) {
      const rows = await engine.read((db) =>
        db
          .select({ ...groups, ...summed })
          .from(requestRollups)
          .where(
            and(
              eq(requestRollups.grain, grain),
              gte(requestRollups.start, from),
              lt(requestRollups.start, to),
              ...conditions,
            ),
          )
          .groupBy(...Object.values(groups)),
      )
      for (const row of rows) visit(row, row as unknown as Sums) // selected by the names of its members
    }
  }

  const fromSums = async (
    filter: RequestFilter,
    plan: Plan,
    { from, to, series }: { readonly from: number; readonly to: number; readonly series: Grain },
  ): Promise<Statistics> => {
    const collector = createCollector(series)
    const { kind, subject, details } = plan
    const own = [
      sql`${requestRollups.kind} = ${kind}`,
      ...(subject === undefined ? [] : [eq(requestRollups.subject, subject)]),
    ]
    const detailOf = (detail: boolean): SQL => sql`${requestRollups.detail} = ${detail ? 1 : 0}`
    const segments = await cut(from, to, keptMs.hours, subject === undefined ? hourMs : dayMs)
    await grouped(segments, splitColumns, [...own, detailOf(true), ...details], (group, sums) =>
      collector.addSplit(group as Split, sums),
    )
    if (subject === undefined || details.length === 0) {
      await grouped(
        series === hourMs ? segments.map(inHours) : segments,
        { start: requestRollups.start },
        [...own, detailOf(details.length > 0), ...details],
        ({ start }, sums) => collector.addSeries(Number(start), sums),
      )
    } else {
      // Single subjects have no details by the hour: such a series is of UTC's days.
      await grouped(
        segments,
        { start: requestRollups.start },
        [...own, detailOf(true), ...details],
        ({ start }, sums) => collector.addSeries(Number(start), sums),
      )
    }
    for (const segment of segments.filter(({ grain }) => grain === 0)) {
      const isRecent = segment.from >= now() - keptMs.manyHours
      const visit = isRecent ? collector.add : collector.addOld
      await visitRows({ ...filter, from: segment.from, to: segment.to - 1 }, all, visit)
    }
    const missing = new Set<string>()
    for (const top of ['key', 'user', 'account', 'ip'] as const) {
      if (subject !== undefined || details.length > 0) {
        missing.add(top)
        continue
      }
      const parts = top === 'ip' ? await cut(from, to, keptMs.manyHours) : segments
      await grouped(
        parts,
        { subject: requestRollups.subject },
        [sql`${requestRollups.kind} = ${top}`, detailOf(false)],
        (group, sums) => collector.addTop(top, String(group.subject), sums),
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
    if (missing.size === 0) return { ...collector.read(), complete: true, sampled: [] }
    const sample = createCollector(series)
    const since = await visitRows({ ...filter, from, to }, sampleRows, sample.add)
    return collector.completed(sample.read(), missing, since !== undefined)
  }

  const readLatency = async (
    [kind, subject]: readonly ['all' | 'model', string],
    segments: readonly Segment[],
    visit: (measure: string, bucket: number, count: number) => void,
  ): Promise<void> => {
    for (const { grain, from, to } of segments.filter((segment) => segment.grain > 0)) {
      const { measure, bucket } = latencyRollups
      const rows = await engine.read((db) =>
        db
          .select({ measure, bucket, requests: sql<number>`sum(${latencyRollups.requests})`.mapWith(Number) })
          .from(latencyRollups)
          .where(
            and(
              eq(latencyRollups.kind, kind),
              eq(latencyRollups.subject, subject),
              inArray(measure, ['total', 'first']),
              eq(latencyRollups.grain, grain),
              gte(latencyRollups.start, from),
              lt(latencyRollups.start, to),
            ),
          )
          .groupBy(measure, bucket),
      )
      for (const row of rows) visit(row.measure, row.bucket, row.requests)
    }
  }

  return {
    read: async (filter, period) => {
      const plan = planOf(engine.tables, filter)
      const { from, to } = period
      const isShort = plan?.subject !== undefined && to - from <= rowsOnlyMs
      if (plan === undefined || isShort) return fromRows({ ...filter, from, to }, period.series)
      return fromSums(filter, plan, period)
    },
    count: async (filter, { from, to }) => {
      const plan = planOf(engine.tables, filter)
      if (plan === undefined) return undefined
      let count = 0
      const { kind, subject, details } = plan
      const isByDay = subject !== undefined && details.length > 0
      const segments = await cut(from, to, keptMs.hours, isByDay ? dayMs : hourMs)
      await grouped(
        segments,
        { kind: requestRollups.kind },
        [
          sql`${requestRollups.kind} = ${kind}`,
          sql`${requestRollups.detail} = ${details.length > 0 ? 1 : 0}`,
          ...(subject === undefined ? [] : [eq(requestRollups.subject, subject)]),
          ...details,
        ],
        (_, { requests: more }) => {
          count += more
        },
      )
      for (const segment of segments.filter(({ grain }) => grain === 0)) {
        await visitRows({ ...filter, from: segment.from, to: segment.to - 1 }, all, () => count++)
      }
      return count
    },
  }
}

type Split = { readonly model: string; readonly dialect: string; readonly status: number; readonly outcome: string }
const inHours = (segment: Segment): Segment => (segment.grain === dayMs ? { ...segment, grain: hourMs } : segment)

/** How the sums answer a filter: whose they are, and which of their details. */
type Plan = {
  readonly kind: RollupKind
  readonly subject?: string
  readonly details: readonly SQL[]
  /** The model is the one detail. */
  readonly onlyModel?: string
}

/** Undefined: only the rows themselves tell. */
function planOf(tables: Tables, filter: RequestFilter): Plan | undefined {
  const { keyId, userId, accountId, upstreamModel, dialects, isSuccess, errorKind, status, from, to, ...others } =
    filter
  if (Object.values(others).some((value) => value !== undefined)) return undefined
  const [one, ...more] = subjectsOf(filter)
  if (more.length > 0) return undefined
  const details = detailsOf(tables, filter)
  return {
    kind: one?.[0] ?? 'all',
    ...(one === undefined ? {} : { subject: one[1] }),
    details,
    ...(one === undefined && details.length === 1 && upstreamModel !== undefined ? { onlyModel: upstreamModel } : {}),
  }
}

type Told = Omit<Statistics, 'complete' | 'since' | 'sampled'>

/** Gathers one answer, from sums and from single rows alike. */
function createCollector(seriesGrain: Grain) {
  let total = noSums
  const tops = Object.fromEntries(subjectKinds.map((kind) => [kind, new Map<string, Sums>()])) as Record<
    SubjectKind,
    Map<string, Sums>
  >
  const outcomes = new Map<string, number>()
  const statuses = new Map<number, number>()
  const dialects = new Map<string, Sums>()
  const series = new Map<number, Sums>()
  const buckets: Record<string, Map<number, number>> = { total: new Map(), first: new Map() }

  const addTop = (kind: SubjectKind, subject: string, sums: Sums): void =>
    void tops[kind].set(subject, plus(tops[kind].get(subject) ?? noSums, sums))
  const addSeries = (start: number, sums: Sums): void => void series.set(start, plus(series.get(start) ?? noSums, sums))
  const addLatency = (measure: string, bucket: number, count: number): void => {
    const known = buckets[measure]
    known?.set(bucket, (known.get(bucket) ?? 0) + count)
  }
  const addSplit = ({ model, dialect, status, outcome }: Split, sums: Sums): void => {
    total = plus(total, sums)
    if (model !== '') addTop('model', model, sums)
    dialects.set(dialect, plus(dialects.get(dialect) ?? noSums, sums))
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + sums.requests)
    statuses.set(status, (statuses.get(status) ?? 0) + sums.requests)
  }
  const addRow = (row: Summand, kinds: readonly SubjectKind[]): void => {
    const sums = sumsOf(row)
    const { upstreamModel, dialect, status, errorKind } = row
    addSplit({ model: upstreamModel ?? '', dialect, status, outcome: errorKind ?? 'ok' }, sums)
    addSeries(row.at - (row.at % seriesGrain), sums)
    for (const kind of kinds) {
      const subject = subjectOf(row, kind)
      if (subject !== null) addTop(kind, subject, sums)
    }
  }
  const read = (): Told => ({
    total,
    tops: Object.fromEntries(subjectKinds.map((kind) => [kind, topOf(tops[kind])])) as Record<SubjectKind, Top>,
    outcomes,
    statuses,
    dialects,
    latency: latencyOf(buckets),
    series,
  })
  return {
    add: (row: Summand): void => {
      addRow(row, ['key', 'user', 'account', 'ip'])
      addLatency('total', bucketOf(row.durationMs), 1)
      if (row.firstTokenMs !== null) addLatency('first', bucketOf(row.firstTokenMs), 1)
    },
    /** A row from a time whose addresses and latencies come by whole days. */
    addOld: (row: Summand): void => addRow(row, ['key', 'user', 'account']),
    addTop,
    addSeries,
    addLatency,
    addSplit,
    read,
    /** With what only single requests tell. */
    completed: (sample: Told, missing: ReadonlySet<string>, isPart: boolean): Statistics => {
      const told = read()
      const from = (kind: SubjectKind): Top => (missing.has(kind) ? sample : told).tops[kind]
      return {
        ...told,
        tops: {
          key: from('key'),
          user: from('user'),
          account: from('account'),
          model: told.tops.model,
          ip: from('ip'),
        },
        latency: missing.has('latency') ? sample.latency : told.latency,
        complete: true,
        sampled: isPart ? [...missing] : [],
      }
    },
  }
}

function latencyOf({ total, first }: Record<string, Map<number, number>>): Statistics['latency'] {
  const whole = percentilesOf(total ?? new Map())
  const beginning = percentilesOf(first ?? new Map())
  return { ...(whole && { total: whole }), ...(beginning && { first: beginning }) }
}

const topOf = (sums: ReadonlyMap<string, Sums>): Top =>
  [...sums]
    .map(([subject, of]) => ({ subject, sums: of }))
    .sort((a, b) => b.sums.requests - a.sums.requests || a.subject.localeCompare(b.subject))
    .slice(0, topCount)
