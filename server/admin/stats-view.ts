import type { Grain } from '../store/periods.ts'
import { noSums, plus, type Sums } from '../store/request-sums.ts'
import type { Statistics } from '../store/statistics-collector.ts'
import type { RequestStats } from './contract/logs.ts'
import { usd } from './log-view.ts'
import { offsetIn } from './time.ts'

const dayMs = 86_400_000

export type NameOf = (kind: 'key' | 'user' | 'account', id: string) => string | undefined

export function statsView(
  told: Statistics,
  period: { readonly from: number; readonly to: number; readonly series: Grain; readonly timeZone: string },
  nameOf: NameOf,
): RequestStats {
  const { total, tops, latency } = told
  const named = (kind: 'key' | 'user' | 'account') =>
    tops[kind].map(({ subject: id, sums }) => {
      const name = nameOf(kind, id)
      return { id, ...(name === undefined ? {} : { name }), ...topView(sums) }
    })
  return {
    start_time: iso(period.from),
    end_time: iso(period.to),
    total_requests: total.requests,
    success_requests: total.requests - total.failures,
    failed_requests: total.failures,
    success_rate: total.requests === 0 ? 0 : ((total.requests - total.failures) / total.requests) * 100,
    total_input_tokens: total.inputTokens,
    total_output_tokens: total.outputTokens,
    total_cache_read_tokens: total.cacheReadTokens,
    total_credits: total.credits,
    avg_duration_ms: total.requests === 0 ? 0 : total.durationMs / total.requests,
    duration_ms: latency.total ?? null,
    first_token_ms: latency.first ?? null,
    total_cost_usd: usd(total.inputMicroUsd + total.outputMicroUsd),
    input_cost_usd: usd(total.inputMicroUsd),
    output_cost_usd: usd(total.outputMicroUsd),
    top_ips: tops.ip.map(({ subject, sums }) => ({ ip: subject, ...topView(sums) })),
    top_accounts: named('account').map(({ id, ...rest }) => ({ account_id: id, ...rest })),
    top_users: named('user'),
    top_keys: named('key'),
    top_models: tops.model.map(({ subject, sums }) => ({ id: subject, ...topView(sums) })),
    errors: [...told.outcomes]
      .filter(([outcome]) => outcome !== 'ok')
      .map(([error_kind, request_count]) => ({ error_kind, request_count }))
      .sort(mostFirst),
    statuses: [...told.statuses]
      .map(([status_code, request_count]) => ({ status_code, request_count }))
      .sort(mostFirst),
    endpoints: [...told.dialects].map(([dialect, sums]) => ({ dialect, ...topView(sums) })).sort(mostFirst),
    bucket: period.series === dayMs ? 'day' : 'hour',
    series: seriesView(told.series, period),
    complete: told.complete,
    ...(told.since === undefined ? {} : { counted_since: iso(told.since) }),
    sampled: [...told.sampled],
  }
}

const iso = (at: number): string => new Date(at).toISOString()
const mostFirst = (a: { readonly request_count: number }, b: { readonly request_count: number }): number =>
  b.request_count - a.request_count

const topView = (sums: Sums) => ({
  request_count: sums.requests,
  failed_requests: sums.failures,
  total_tokens: sums.inputTokens + sums.outputTokens,
  cost_usd: usd(sums.inputMicroUsd + sums.outputMicroUsd),
})

/** An hour belongs to the day in which it begins, where a zone's days do not begin with an hour. */
function seriesView(
  series: ReadonlyMap<number, Sums>,
  { series: grain, timeZone }: { readonly series: Grain; readonly timeZone: string },
): RequestStats['series'] {
  const parts = new Map<number, Sums>()
  for (const [start, sums] of series) {
    const begin = grain === dayMs ? dayBegin(start, timeZone) : start
    parts.set(begin, plus(parts.get(begin) ?? noSums, sums))
  }
  return [...parts]
    .sort(([a], [b]) => a - b)
    .map(([start, sums]) => ({
      start: iso(start),
      requests: sums.requests,
      failed_requests: sums.failures,
      input_tokens: sums.inputTokens,
      output_tokens: sums.outputTokens,
      cost_usd: usd(sums.inputMicroUsd + sums.outputMicroUsd),
    }))
}

function dayBegin(at: number, timeZone: string): number {
  const wall = at + offsetIn(timeZone, at)
  const midnight = wall - (wall % dayMs)
  return midnight - offsetIn(timeZone, midnight - offsetIn(timeZone, at))
}
