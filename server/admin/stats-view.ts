import type { Grain } from '../store/periods.ts'
import { type Buckets, type Group, type GroupKind, isOfTime, noTiming } from '../store/request-groups.ts'
import { noSums, percentilesOf, plus, type Sums } from '../store/request-sums.ts'
import type { Statistics } from '../store/statistics-collector.ts'
import type { GroupView, RequestStats } from './contract/logs.ts'
import { usd } from './log-view.ts'
import { offsetIn } from './time.ts'

const dayMs = 86_400_000

export type NameOf = (kind: 'key' | 'user' | 'account', id: string) => string | undefined

export function statsView(
  told: Statistics,
  period: {
    readonly from: number
    readonly to: number
    readonly series: Grain
    readonly timeZone: string
    readonly group?: GroupKind
  },
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
    success_rate: rateOf(total),
    total_input_tokens: total.inputTokens,
    total_output_tokens: total.outputTokens,
    total_cache_read_tokens: total.cacheReadTokens,
    total_credits: total.credits,
    avg_duration_ms: averageOf(total),
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
    ...(told.groups !== undefined && period.group !== undefined
      ? groupsView(period.group, told.groups, period, nameOf)
      : {}),
    complete: told.complete,
    ...(told.since === undefined ? {} : { counted_since: iso(told.since) }),
    sampled: [...told.sampled],
  }
}

/** The figures that a time is compared by. */
export const totalsView = (total: Sums) => ({
  total_requests: total.requests,
  failed_requests: total.failures,
  total_input_tokens: total.inputTokens,
  total_output_tokens: total.outputTokens,
  total_credits: total.credits,
  total_cost_usd: usd(total.inputMicroUsd + total.outputMicroUsd),
})

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

/** Of times in their order, of all else as they come: the busiest first. */
function groupsView(
  by: GroupKind,
  { list, total }: NonNullable<Statistics['groups']>,
  { series: grain, timeZone }: { readonly series: Grain; readonly timeZone: string },
  nameOf: NameOf,
): Pick<RequestStats, 'group' | 'groups' | 'groups_total'> {
  if (!isOfTime(by)) {
    const named = (id: string): string | undefined =>
      by === 'key' || by === 'user' || by === 'account' ? nameOf(by, id) : undefined
    return { group: by, groups: [...list].map(([id, group]) => groupView(id, named(id), group)), groups_total: total }
  }
  const parts = new Map<number, Group>()
  for (const [start, group] of list) {
    const begin = grain === dayMs ? dayBegin(Number(start), timeZone) : Number(start)
    parts.set(begin, joined(parts.get(begin) ?? { sums: noSums, ...noTiming }, group))
  }
  const groups = [...parts].sort(([a], [b]) => a - b).map(([start, group]) => groupView(iso(start), undefined, group))
  return { group: by, groups, groups_total: groups.length }
}

const joined = (a: Group, b: Group): Group => ({
  sums: plus(a.sums, b.sums),
  total: added(a.total, b.total),
  first: added(a.first, b.first),
})

function added(a: Buckets, b: Buckets): Buckets {
  const both = new Map(a)
  for (const [bucket, count] of b) both.set(bucket, (both.get(bucket) ?? 0) + count)
  return both
}

const groupView = (id: string, name: string | undefined, { sums, total, first }: Group): GroupView => ({
  id,
  ...(name === undefined ? {} : { name }),
  request_count: sums.requests,
  failed_requests: sums.failures,
  success_rate: rateOf(sums),
  input_tokens: sums.inputTokens,
  output_tokens: sums.outputTokens,
  total_tokens: sums.inputTokens + sums.outputTokens,
  cache_read_tokens: sums.cacheReadTokens,
  credits: sums.credits,
  cost_usd: usd(sums.inputMicroUsd + sums.outputMicroUsd),
  avg_duration_ms: averageOf(sums),
  duration_ms: percentilesOf(total) ?? null,
  first_token_ms: percentilesOf(first) ?? null,
})

const rateOf = ({ requests, failures }: Sums): number => (requests === 0 ? 0 : ((requests - failures) / requests) * 100)
const averageOf = ({ requests, durationMs }: Sums): number => (requests === 0 ? 0 : durationMs / requests)

function dayBegin(at: number, timeZone: string): number {
  const wall = at + offsetIn(timeZone, at)
  const midnight = wall - (wall % dayMs)
  return midnight - offsetIn(timeZone, midnight - offsetIn(timeZone, at))
}
