// A delta that says when it was written: six characters, as many as a usual delta has. All processes of a run share the
// machine's clock.

/** One delta in so many carries a stamp: words made up for each would be counted as no real reply's are. */
export const stampedEach = 10

const span = 36 ** 5

/** Microseconds of the wall clock, the last 36^5 of them (a minute), as `~` and five letters or digits. */
export const stampNow = (): string => `~${nowMicros().toString(36).padStart(5, '0')}`

/** Microseconds since the stamp's making. */
export function ageMicros(stamp: string): number {
  return (nowMicros() - Number.parseInt(stamp.slice(-5), 36) + span) % span
}

const nowMicros = (): number => Math.floor((performance.timeOrigin + performance.now()) * 1_000) % span
