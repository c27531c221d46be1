import type { GroupView, RequestStats } from '../../../../server/admin/contract/logs.ts'
import type { Span } from '../../lib/time-range.ts'

const hourMs = 3_600_000

export type Figures = {
  /** Beginnings of the buckets, epoch ms, without gaps. */
  readonly times: readonly number[]
  readonly stepMs: number
  /** What is known of each; undefined where nobody asked for anything. */
  readonly groups: readonly (GroupView | undefined)[]
}

/** Every bucket of the span, those without requests too: a chart must not hide quiet hours. */
export function figuresOf(span: Span, stats: Pick<RequestStats, 'bucket' | 'groups'>): Figures {
  const known = new Map((stats.groups ?? []).map((group) => [Date.parse(group.id), group]))
  const times = stats.bucket === 'day' ? daysOf(span) : hoursOf(span)
  return { times, stepMs: stats.bucket === 'day' ? 24 * hourMs : hourMs, groups: times.map((at) => known.get(at)) }
}

function hoursOf({ from, to }: Span): readonly number[] {
  const first = Math.floor(from / hourMs) * hourMs
  return Array.from({ length: Math.max(1, Math.ceil((to - first) / hourMs)) }, (_, index) => first + index * hourMs)
}

/** Midnights of the browser's zone: a day has 23 or 25 hours twice a year. */
function daysOf({ from, to }: Span): readonly number[] {
  const start = new Date(from)
  const midnight = (shift: number): number =>
    new Date(start.getFullYear(), start.getMonth(), start.getDate() + shift).getTime()
  const days: number[] = []
  for (let shift = 0; midnight(shift) < to; shift++) days.push(midnight(shift))
  return days
}

/** A value of each bucket; `quiet` is that of one without requests. */
export const valuesOf = (
  { groups }: Figures,
  value: (group: GroupView) => number | null | undefined,
  quiet: number | null,
): readonly (number | null)[] => groups.map((group) => (group === undefined ? quiet : (value(group) ?? null)))

/** The bucket with most of it; undefined when there is nothing. */
export function peakOf(values: readonly (number | null)[]): number | undefined {
  let peak: number | undefined
  for (const [index, value] of values.entries()) {
    if (value !== null && value > 0 && value > (values[peak ?? -1] ?? 0)) peak = index
  }
  return peak
}

/** By how much it changed, as a share of before; undefined where before there was nothing. */
export const changeOf = (now: number, before: number): number | undefined =>
  before > 0 ? (now - before) / before : undefined

export type Health = 'empty' | 'down' | 'resting' | 'failing' | 'attention' | 'dismissed' | 'good'

/** Fewer say nothing about a rate. */
const fewestRequests = 20
const goodRate = 0.95

/** The page in one word, worst first. */
export function healthOf(status: {
  readonly accounts: number
  readonly inService: number
  /** Nobody will serve within the minute. */
  readonly isDown: boolean
  /** Notes that are shown, and those that were put aside. */
  readonly attention: number
  readonly dismissed: number
  readonly requests: number
  readonly failed: number
}): Health {
  if (status.accounts === 0) return 'empty'
  if (status.isDown) return 'down'
  if (status.inService === 0) return 'resting'
  if (status.requests >= fewestRequests && status.failed / status.requests > 1 - goodRate) return 'failing'
  if (status.attention > 0) return 'attention'
  return status.dismissed > 0 ? 'dismissed' : 'good'
}

/** To a tenth; below one to a hundredth, for little is not nothing. */
export function roundedCredits(credits: number): number {
  const steps = credits < 1 ? 100 : 10
  return Math.round(credits * steps) / steps
}
