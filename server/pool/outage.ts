/**
 * Tells trouble of some accounts from an outage of the provider: for a while now calls have failed in ways that may pass, and
 * not one was answered. A quiet time says nothing.
 */
export type Outage = {
  readonly failed: () => void
  readonly answered: () => void
  readonly isOn: () => boolean
}

/** Failures without an answer for so long are an outage. */
const provenMs = 30_000
/** Failures further apart than this do not belong together. */
const quietMs = 60_000

export function createOutage(now: () => number): Outage {
  let first: number | undefined
  let last = 0
  return {
    failed: () => {
      const at = now()
      if (first === undefined || at - last > quietMs) first = at
      last = at
    },
    answered: () => {
      first = undefined
    },
    isOn: () => first !== undefined && last - first >= provenMs && now() - last <= quietMs,
  }
}
