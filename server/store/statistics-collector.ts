import type { Grain } from './periods.ts'
import { createGrouping, type GroupAsk, type Groups, groupOfSplit, timedBy } from './request-groups.ts'
import {
  bucketOf,
  noSums,
  type Percentiles,
  percentilesOf,
  plus,
  type SubjectKind,
  type Summand,
  type Sums,
  subjectKinds,
  subjectOf,
  sumsOf,
} from './request-sums.ts'

/** The length of each list. */
export const topCount = 10

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
  /** Where they were asked for; `total`: with those that are left out. */
  readonly groups?: { readonly list: Groups; readonly total: number }
  /** False: only the newest of many requests were looked at; `since` is the time of the last of them. */
  readonly complete: boolean
  readonly since?: number
  /** What of the answer is told by the newest requests only. */
  readonly sampled: readonly string[]
}

type Told = Omit<Statistics, 'complete' | 'since' | 'sampled'>
export type Split = {
  readonly model: string
  readonly dialect: string
  readonly status: number
  readonly outcome: string
}
/** Lists that sums do not tell for every filter. */
export type Sampled = SubjectKind | 'latency' | 'errors' | 'statuses' | 'endpoints' | 'groups' | 'group_latency'

export type Collector = ReturnType<typeof createCollector>

/** Gathers one answer, from sums and from single rows alike. */
export function createCollector(seriesGrain: Grain, ask?: GroupAsk) {
  const grouping = ask && createGrouping(ask.by, seriesGrain)
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

  const addTop = (kind: SubjectKind, subject: string, sums: Sums): void => {
    tops[kind].set(subject, plus(tops[kind].get(subject) ?? noSums, sums))
    if (ask?.by === kind) grouping?.add(subject, sums)
  }
  const addSeries = (start: number, sums: Sums): void => {
    series.set(start, plus(series.get(start) ?? noSums, sums))
    if (ask?.by === 'hour' || ask?.by === 'day') grouping?.add(String(start), sums)
  }
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
    const group = ask && groupOfSplit(ask.by, { dialect, status, outcome })
    if (group !== undefined) grouping?.add(group, sums)
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
    ...(grouping && ask && { groups: mostOf(grouping.read(), ask.most) }),
  })
  return {
    add: (row: Summand): void => {
      addRow(row, ['key', 'user', 'account', 'ip'])
      const group = grouping?.idOf(row)
      const time = (measure: string, ms: number): void => {
        const bucket = bucketOf(ms)
        addLatency(measure, bucket, 1)
        if (group !== undefined) grouping?.time(group, measure, bucket, 1)
      }
      time('total', row.durationMs)
      // Of a reply that was sent whole the caller saw nothing earlier.
      if (row.stream && row.firstTokenMs !== null) time('first', row.firstTokenMs)
    },
    /** A row from a time whose addresses and latencies come by whole days. */
    addOld: (row: Summand): void => addRow(row, ['key', 'user', 'account']),
    addTop,
    top: (kind: SubjectKind): ReadonlyMap<string, Sums> => tops[kind],
    addSeries,
    addLatency,
    addGroupLatency: (id: string, measure: string, bucket: number, count: number): void =>
      grouping?.time(id, measure, bucket, count),
    addSplit,
    read,
    /** Sums of which nothing else is known. */
    addTotal: (sums: Sums): void => {
      total = plus(total, sums)
    },
    /** With what only single requests tell. */
    completed: (sample: Told, missing: ReadonlySet<Sampled>, isPart: boolean): Statistics => {
      const told = read()
      const from = (list: Sampled): Told => (missing.has(list) ? sample : told)
      const { groups } = from('groups')
      return {
        ...told,
        tops: {
          key: from('key').tops.key,
          user: from('user').tops.user,
          account: from('account').tops.account,
          model: from('model').tops.model,
          ip: from('ip').tops.ip,
        },
        outcomes: from('errors').outcomes,
        statuses: from('statuses').statuses,
        dialects: from('endpoints').dialects,
        latency: from('latency').latency,
        ...(groups && {
          groups: missing.has('group_latency')
            ? { ...groups, list: timedBy(groups.list, sample.groups?.list ?? new Map(), ask?.by ?? 'day') }
            : groups,
        }),
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

/** Those with the most requests. */
function mostOf(groups: Groups, most: number): NonNullable<Statistics['groups']> {
  const sorted = [...groups].sort(
    ([one, a], [other, b]) => b.sums.requests - a.sums.requests || one.localeCompare(other),
  )
  return { list: new Map(sorted.slice(0, most)), total: groups.size }
}

const topOf = (sums: ReadonlyMap<string, Sums>): Top =>
  [...sums]
    .map(([subject, of]) => ({ subject, sums: of }))
    .sort((a, b) => b.sums.requests - a.sums.requests || a.subject.localeCompare(b.subject))
    .slice(0, topCount)
