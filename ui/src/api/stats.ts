import { queryOptions } from '@tanstack/solid-query'
import type { AccountList } from '../../../server/admin/contract/accounts.ts'
import type { RequestStats } from '../../../server/admin/contract/logs.ts'
import { serverTime } from '../lib/server-clock.ts'
import { browserZone, type Span, spanOf, type TimeRange } from '../lib/time-range.ts'
import { call } from './client.ts'
import { pollEvery } from './liveness.ts'

const second = 1000
const hourMs = 3_600_000

/** Of a range, what a chart of it is made of; a longer one in days. */
export const bucketOf = ({ from, to }: Span): 'hour' | 'day' => (to - from > 4 * 24 * hourMs ? 'day' : 'hour')

export type RangeStats = { readonly span: Span; readonly now: RequestStats }

const read = ({ from, to }: Span, more: Readonly<Record<string, string>>, signal: AbortSignal): Promise<RequestStats> =>
  call<RequestStats>(
    'GET',
    `/v2/logs/stats?${new URLSearchParams({ start_time: String(from), end_time: String(to), zone: browserZone(), ...more })}`,
    undefined,
    signal,
  )

export const statsQueries = {
  /** The figures of a range and of as long a time before it. `key` names the range, for one that moves with the time stays the same. */
  range: (key: string, range: TimeRange, filter: Readonly<Record<string, string>>) =>
    queryOptions({
      queryKey: ['stats', key, filter],
      queryFn: async ({ signal }): Promise<RangeStats> => {
        const span = spanOf(range, serverTime())
        const bucket = bucketOf(span)
        return { span, now: await read(span, { ...filter, bucket, group: bucket, compare: 'true' }, signal) }
      },
      placeholderData: (previous) => previous,
      // Another range is other figures throughout: nothing of the old ones is kept.
      reconcile: false,
      refetchInterval: pollEvery(60 * second, 30 * second),
    }),
  /** The pool's quota, and the accounts nearest to the end of theirs. */
  quota: () =>
    queryOptions({
      queryKey: ['accounts', 'quota'],
      queryFn: ({ signal }) =>
        call<AccountList>('GET', '/v2/accounts?status=all&orderBy=quota&orderDesc=true&pageSize=4', undefined, signal),
      refetchInterval: pollEvery(30 * second, 60 * second),
    }),
}
