export type Backoff = { readonly baseMs: number; readonly maxMs: number }

/** Exponential back-off with half jitter: `attempt` counts from 1; the result lies in [half, full] of base × 2^(attempt-1). */
export function backoffMs({ baseMs, maxMs }: Backoff, attempt: number, random: number): number {
  const full = Math.min(maxMs, baseMs * 2 ** Math.min(30, attempt - 1))
  return Math.round(full / 2 + (full / 2) * random)
}
