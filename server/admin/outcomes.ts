import type { Feed } from '../lib/feed.ts'
import type { RequestRecord } from '../store/request-record.ts'

export type Outcomes = { readonly requests: number; readonly failures: number }

export const noOutcomes: Outcomes = { requests: 0, failures: 0 }

const minuteMs = 60_000
const keptMinutes = 15

/** Who hangs up had no failure. */
const isFailure = (errorKind: string | undefined): boolean => errorKind !== undefined && errorKind !== 'cancelled'

/** How the requests of the last 15 minutes ended, whether they are logged or not: one sum for each minute. */
export function createOutcomes(
  finished: Pick<Feed<Pick<RequestRecord, 'errorKind'>>, 'subscribe'>,
  now: () => number,
): () => Outcomes {
  let minutes: readonly (Outcomes & { readonly minute: number })[] = []
  const minuteOf = (): number => Math.floor(now() / minuteMs)
  finished.subscribe(({ value }) => {
    const minute = minuteOf()
    const last = minutes.at(-1)
    const { requests, failures } = last?.minute === minute ? last : noOutcomes
    minutes = [
      ...minutes.filter((one) => one.minute !== minute && one.minute > minute - keptMinutes),
      { minute, requests: requests + 1, failures: failures + (isFailure(value.errorKind) ? 1 : 0) },
    ]
  })
  return () => {
    const oldest = minuteOf() - keptMinutes
    return minutes
      .filter(({ minute }) => minute > oldest)
      .reduce(
        (sum, one) => ({ requests: sum.requests + one.requests, failures: sum.failures + one.failures }),
        noOutcomes,
      )
  }
}
