export const hourMs = 3_600_000
export const dayMs = 86_400_000
export type Grain = typeof hourMs | typeof dayMs

/** Hours are kept so long; those of addresses and latencies, which are many, a shorter time. */
export const keptMs = { hours: 93 * dayMs, manyHours: 8 * dayMs, days: 400 * dayMs } as const

/** From where on hours are kept; always whole days, so that days and hours meet without a gap. */
export const hoursSince = (now: number, kept: number): number => Math.floor((now - kept) / dayMs) * dayMs

/** A stretch of time answered from one kind of rows; `to` is not in it. */
export type Segment = { readonly grain: Grain | 0; readonly from: number; readonly to: number }

const floor = (at: number, step: number): number => Math.floor(at / step) * step
const ceil = (at: number, step: number): number => Math.ceil(at / step) * step

export type Kept = {
  /** The shortest sums there are. */
  readonly shortest: Grain
  /** Hours that begin before it are not kept. */
  readonly hoursSince: number
  /** Requests from before it are not kept. */
  readonly rowsSince: number
}

/**
 * Cuts [from, to) so that as little as possible has to be read: whole days, the hours at their ends, and of the last parts
 * the requests themselves (`grain` 0). Where those are not kept the border moves outwards to that of the day or hour.
 */
export function segmentsOf(from: number, to: number, { shortest, hoursSince, rowsSince }: Kept): readonly Segment[] {
  if (from >= to) return []
  const unit = (at: number): number => (at < hoursSince ? dayMs : at < rowsSince ? shortest : 1)
  const start = floor(from, unit(from))
  const end = ceil(to, unit(to))
  const first = ceil(start, shortest)
  const last = floor(end, shortest)
  if (first >= last) return [{ grain: 0, from: start, to: end }]
  const firstDay = ceil(first, dayMs)
  const lastDay = floor(last, dayMs)
  const sums: readonly Segment[] =
    firstDay < lastDay
      ? [
          { grain: shortest, from: first, to: firstDay },
          { grain: dayMs, from: firstDay, to: lastDay },
          { grain: shortest, from: lastDay, to: last },
        ]
      : [{ grain: shortest, from: first, to: last }]
  const segments: readonly Segment[] = [
    { grain: 0, from: start, to: first },
    ...sums,
    { grain: 0, from: last, to: end },
  ]
  return segments.filter((segment) => segment.from < segment.to)
}
