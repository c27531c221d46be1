import type { RequestFilter } from '../store/request-filter.ts'
import type { RequestCount, Store } from '../store/store.ts'

/** Looked at before the sums are asked: a short log, or a narrow filter, is counted by then. */
const quickRows = 20_000
/** So many new requests are added up while somebody waits. */
const mostCaughtUp = 2_000

/** How many requests a filter selects: of a long log the sums tell, back to its oldest row. */
export async function totalOf(
  { requests, rollups }: Pick<Store, 'requests' | 'rollups'>,
  filter: RequestFilter,
  now: number,
): Promise<RequestCount> {
  const quick = await requests.count(filter, { most: quickRows })
  if (quick.complete) return quick
  const { oldestAt = 0 } = await requests.size()
  const period = { from: Math.max(filter.from ?? 0, oldestAt), to: filter.to ?? now }
  const isWhole = await rollups.catchUp(mostCaughtUp)
  const count = isWhole ? await rollups.count(filter, period) : undefined
  return count === undefined ? await requests.count(filter) : { count, complete: true }
}
