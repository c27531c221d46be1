/** What a process held at a moment. */
export type Sample = { readonly atMs: number; readonly residentBytes: number; readonly heapBytes: number }

export type Verdict = {
  /** Resident bytes once everything has been used, and at the end: medians, since collections come and go. */
  readonly earlyBytes: number
  readonly lateBytes: number
  readonly ratio: number
  readonly held: boolean
}

/** A run's first five minutes are for warming up; a short one's first third. */
export const warmUpMs = (durationMs: number): number => Math.min(5 * 60_000, durationMs / 3)

/** Compares the end with the end of the warm-up; the windows are an eighth of a run long, at most two minutes. */
export function verdictOf(samples: readonly Sample[], durationMs: number, limit: number): Verdict {
  const windowMs = Math.min(2 * 60_000, durationMs / 8)
  const warm = warmUpMs(durationMs)
  const earlyBytes = medianIn(samples, warm, warm + windowMs)
  const lateBytes = medianIn(samples, durationMs - windowMs, Number.POSITIVE_INFINITY)
  const ratio = lateBytes / earlyBytes
  return { earlyBytes, lateBytes, ratio, held: ratio <= limit }
}

function medianIn(samples: readonly Sample[], fromMs: number, toMs: number): number {
  const found = samples.filter(({ atMs }) => atMs >= fromMs && atMs < toMs).map(({ residentBytes }) => residentBytes)
  const middle = found.toSorted((a, b) => a - b)[Math.floor(found.length / 2)]
  if (middle === undefined) throw new Error(`no sample between ${fromMs} and ${toMs} ms`)
  return middle
}
