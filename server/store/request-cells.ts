import type { Tables } from './engine/engine.ts'
import { dayMs, hourMs, hoursSince, keptMs } from './periods.ts'
import {
  bucketOf,
  isPair,
  noSums,
  pairKinds,
  type RollupKind,
  type Summand,
  type Sums,
  subjectKinds,
  subjectOf,
} from './request-sums.ts'

export type SumCell = Tables['requestRollups']['$inferInsert']
export type SplitCell = Tables['splitRollups']['$inferInsert']
export type LatencyCell = Tables['latencyRollups']['$inferInsert']
export type Visit = Tables['visitors']['$inferInsert']
export type SessionSpan = Tables['sessionSpans']['$inferInsert']

/** What is added up of some requests, as it is added to the rows of the store. */
export type Cells = {
  readonly sums: readonly SumCell[]
  readonly splits: readonly SplitCell[]
  readonly latencies: readonly LatencyCell[]
  readonly visits: readonly Visit[]
  readonly sessions: readonly SessionSpan[]
}

const kinds = ['all', 'outcome', ...subjectKinds, ...pairKinds] as const
const withDetails: ReadonlySet<RollupKind> = new Set(['all', 'key', 'user', 'account'])
const timed: ReadonlySet<RollupKind> = new Set(['all', 'model'])

type Counted = { -readonly [Name in keyof Sums]: number }
type Detail = Pick<SplitCell, 'model' | 'dialect' | 'status' | 'outcome'>
const noDetail: Detail = { model: '', dialect: '', status: 0, outcome: '' }
/** Sums by detail, of one subject in one hour or day. */
type Split = Map<Detail, Counted>
type Period = {
  readonly splits: ReadonlyMap<RollupKind, Map<string, Split>>
  /** By bucket. */
  readonly latencies: Map<string, Omit<LatencyCell, 'grain' | 'start'>>
}

/** Adds requests up in memory: however many there are, each sum they share is written once. */
export function createCells(): { readonly add: (row: Summand) => void; readonly read: (now: number) => Cells } {
  const hours = new Map<number, Period>()
  const details = new Map<string, Detail>()
  const visits = new Map<string, Visit>()
  const sessions = new Map<string, SessionSpan>()

  const detailOf = ({ upstreamModel, dialect, status, errorKind }: Summand): Detail => {
    const name = `${upstreamModel ?? ''}\0${dialect}\0${status}\0${errorKind ?? 'ok'}`
    const known = details.get(name)
    if (known !== undefined) return known
    const detail = { model: upstreamModel ?? '', dialect, status, outcome: errorKind ?? 'ok' }
    details.set(name, detail)
    return detail
  }
  const visit = ({ peer: ip, userId, at, errorKind }: Summand): void => {
    const name = `${ip}\0${userId ?? ''}`
    const known = visits.get(name)
    const seen = known ?? { ip, userId: userId ?? '', firstAt: at, lastAt: at, requests: 0, failures: 0 }
    if (known === undefined) visits.set(name, seen)
    seen.firstAt = Math.min(seen.firstAt, at)
    seen.lastAt = Math.max(seen.lastAt, at)
    seen.requests++
    if (errorKind !== null) seen.failures++
  }
  const span = ({ session, at }: Summand): void => {
    if (session === null) return
    const known = sessions.get(session)
    if (known === undefined) sessions.set(session, { session, firstAt: at, lastAt: at })
    else {
      known.firstAt = Math.min(known.firstAt, at)
      known.lastAt = Math.max(known.lastAt, at)
    }
  }

  return {
    add: (row) => {
      const { splits, latencies } = periodOf(hours, row.at - (row.at % hourMs))
      const detail = detailOf(row)
      for (const kind of kinds) {
        const subject = subjectOf(row, kind)
        const subjects = splits.get(kind)
        if (subject === null || subjects === undefined) continue
        count(splitOf(subjects, subject), withDetails.has(kind) ? detail : noDetail, row)
        if (!timed.has(kind)) continue
        time(latencies, kind, subject, 'total', row.durationMs)
        if (row.stream && row.firstTokenMs !== null) time(latencies, kind, subject, 'first', row.firstTokenMs)
      }
      visit(row)
      span(row)
    },
    read: (now) => {
      const days = new Map<number, Period>()
      const recent = new Map([...hours].filter(([start]) => start >= hoursSince(now, keptMs.manyHours)))
      for (const [start, hour] of hours) join(periodOf(days, start - (start % dayMs)), hour)
      return {
        sums: [...sumsOf(hours, hourMs), ...sumsOf(days, dayMs)].filter(isKept(now)),
        splits: [...splitsOf(hours, hourMs, ['all']), ...splitsOf(days, dayMs, withDetails)].filter(isKept(now)),
        latencies: [...latenciesOf(recent, hourMs), ...latenciesOf(days, dayMs)],
        visits: [...visits.values()],
        sessions: [...sessions.values()],
      }
    },
  }
}

/** Of a log that is added up late; what would go at the next clean-up is not written. */
function isKept(now: number): (cell: Pick<SumCell, 'grain' | 'kind' | 'start'>) => boolean {
  const [many, hours] = [hoursSince(now, keptMs.manyHours), hoursSince(now, keptMs.hours)]
  return ({ grain, kind, start }) => grain !== hourMs || (!isPair(kind) && start >= (kind === 'ip' ? many : hours))
}

function periodOf(periods: Map<number, Period>, start: number): Period {
  const known = periods.get(start)
  if (known !== undefined) return known
  const period: Period = { splits: new Map(kinds.map((kind) => [kind, new Map()])), latencies: new Map() }
  periods.set(start, period)
  return period
}

function splitOf(subjects: Map<string, Split>, subject: string): Split {
  const known = subjects.get(subject)
  if (known !== undefined) return known
  const split: Split = new Map()
  subjects.set(subject, split)
  return split
}

function countedOf(split: Split, detail: Detail): Counted {
  const known = split.get(detail)
  if (known !== undefined) return known
  const sums = { ...noSums }
  split.set(detail, sums)
  return sums
}

function count(split: Split, detail: Detail, row: Summand): void {
  const sums = countedOf(split, detail)
  sums.requests++
  if (row.errorKind !== null) sums.failures++
  sums.inputTokens += row.inputTokens
  sums.outputTokens += row.outputTokens
  sums.cacheReadTokens += row.cacheReadTokens ?? 0
  sums.credits += row.credits ?? 0
  sums.inputMicroUsd += row.inputMicroUsd ?? 0
  sums.outputMicroUsd += row.outputMicroUsd ?? 0
  sums.durationMs += row.durationMs
}

function addTo(sums: Counted, more: Sums): void {
  sums.requests += more.requests
  sums.failures += more.failures
  sums.inputTokens += more.inputTokens
  sums.outputTokens += more.outputTokens
  sums.cacheReadTokens += more.cacheReadTokens
  sums.credits += more.credits
  sums.inputMicroUsd += more.inputMicroUsd
  sums.outputMicroUsd += more.outputMicroUsd
  sums.durationMs += more.durationMs
}

function time(latencies: Period['latencies'], kind: RollupKind, subject: string, measure: string, ms: number): void {
  const bucket = bucketOf(ms)
  const name = `${measure}\0${bucket}\0${subject}` // all of them have no subject, models do
  const known = latencies.get(name)
  if (known === undefined) latencies.set(name, { kind, subject, measure, bucket, requests: 1 })
  else known.requests++
}

/** An hour's sums into its day's. */
function join(day: Period, hour: Period): void {
  for (const [kind, subjects] of hour.splits) {
    const daily = day.splits.get(kind)
    if (daily === undefined) continue
    for (const [subject, split] of subjects) {
      const into = splitOf(daily, subject)
      for (const [detail, sums] of split) addTo(countedOf(into, detail), sums)
    }
  }
  for (const [name, cell] of hour.latencies) {
    const known = day.latencies.get(name)
    if (known === undefined) day.latencies.set(name, { ...cell })
    else known.requests += cell.requests
  }
}

function* sumsOf(periods: ReadonlyMap<number, Period>, grain: number): Generator<SumCell> {
  for (const [start, { splits }] of periods) {
    for (const [kind, subjects] of splits) {
      for (const [subject, split] of subjects) {
        const whole = { ...noSums }
        for (const sums of split.values()) addTo(whole, sums)
        yield { grain, kind, start, subject, ...whole }
      }
    }
  }
}

function* splitsOf(
  periods: ReadonlyMap<number, Period>,
  grain: number,
  kinds: Iterable<RollupKind>,
): Generator<SplitCell> {
  for (const [start, { splits }] of periods) {
    for (const kind of kinds) {
      for (const [subject, split] of splits.get(kind) ?? []) {
        for (const [detail, sums] of split) yield { kind, subject, grain, start, ...detail, ...sums }
      }
    }
  }
}

function* latenciesOf(periods: ReadonlyMap<number, Period>, grain: number): Generator<LatencyCell> {
  for (const [start, { latencies }] of periods) for (const cell of latencies.values()) yield { ...cell, grain, start }
}
