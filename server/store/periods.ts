export const hourMs = 3_600_000
export const dayMs = 86_400_000
export type Grain = typeof hourMs | typeof dayMs

/** A stretch of time answered from one kind of rows; `to` is not in it. */
export type Segment = { readonly grain: Grain | 0; readonly from: number; readonly to: number }

const floor = (at: number, step: number): number => Math.floor(at / step) * step
const ceil = (at: number, step: number): number => Math.ceil(at / step) * step

/**
 * Cuts [from, to) so that as little as possible has to be read: whole days, the hours at their ends, and of the last parts
 * the requests themselves (`grain` 0). Hours that begin before `hoursSince` are not kept, and requests from before `rowsSince`
 * are not either: there the border moves outwards to that of the day or hour.
 */
export function segmentsOf(
  from: number,
  to: number,
  { hoursSince, rowsSince }: { readonly hoursSince: number; readonly rowsSince: number },
): readonly Segment[] {
  if (from >= to) return []
  const start = from < hoursSince ? floor(from, dayMs) : from < rowsSince ? floor(from, hourMs) : from
  const end = to < hoursSince ? ceil(to, dayMs) : to < rowsSince ? ceil(to, hourMs) : to
  const firstHour = ceil(start, hourMs)
  const lastHour = floor(end, hourMs)
  if (firstHour >= lastHour) return [{ grain: 0, from: start, to: end }]
  const firstDay = ceil(firstHour, dayMs)
  const lastDay = floor(lastHour, dayMs)
  const segments: readonly Segment[] =
    firstDay < lastDay
      ? [
          { grain: 0, from: start, to: firstHour },
          { grain: hourMs, from: firstHour, to: firstDay },
          { grain: dayMs, from: firstDay, to: lastDay },
          { grain: hourMs, from: lastDay, to: lastHour },
          { grain: 0, from: lastHour, to: end },
        ]
      : [
          { grain: 0, from: start, to: firstHour },
          { grain: hourMs, from: firstHour, to: lastHour },
          { grain: 0, from: lastHour, to: end },
        ]
  return segments.filter((segment) => segment.from < segment.to)
}
