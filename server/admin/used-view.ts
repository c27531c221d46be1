import { nothing, type Used } from '../access/limits.ts'
import type { Calendar, Periods } from '../lib/calendar.ts'
import type { Store } from '../store/store.ts'
import type { LimitsView } from './contract/limits.ts'
import type { StandingView, UsedView } from './contract/used.ts'

/** The counters as they stand in this process: what has gathered is written before they are read. */
export type UsageAccess = {
  readonly calendar: Calendar
  readonly flush: () => Promise<void>
}

/** What one user or key has used. */
export type UsedByPeriod = { readonly today: Used; readonly month: Used; readonly total: Used }
export type UsageReading = { readonly periods: Periods; readonly of: (id: string) => UsedByPeriod }

/** More are read as all that there is. */
const mostNamed = 50

/** What these users and keys have used, with one look at each period. */
export async function readUsage(
  store: Pick<Store['usage'], 'ofPeriod'>,
  usage: UsageAccess,
  now: number,
  ids: readonly string[],
): Promise<UsageReading> {
  await usage.flush()
  const periods = usage.calendar(now)
  const named = ids.length <= mostNamed ? ids : undefined
  const [today, month, total] = await Promise.all(
    [periods.day, periods.month, 'all'].map((period) => store.ofPeriod(period, named)),
  )
  return {
    periods,
    of: (id) => ({
      today: today?.get(id) ?? nothing,
      month: month?.get(id) ?? nothing,
      total: total?.get(id) ?? nothing,
    }),
  }
}

export const tokensOf = ({ inputTokens, outputTokens }: Used): number => inputTokens + outputTokens
export const microUsdOf = ({ inputMicroUsd, outputMicroUsd }: Used): number => inputMicroUsd + outputMicroUsd
export const dollars = (micro: number): number => micro / 1_000_000

export function usedView({ today, month, total }: UsedByPeriod, limits: LimitsView, periods: Periods): UsedView {
  return {
    total_tokens_used: tokensOf(total),
    total_requests: total.requests,
    total_cost_usd: dollars(microUsdOf(total)),
    daily_requests: today.requests,
    daily_tokens: tokensOf(today),
    monthly_tokens: tokensOf(month),
    monthly_cost_micro_usd: microUsdOf(month),
    monthly_credits_used: month.credits,
    standings: [...standingsOf({ today, month }, limits, periods)],
  }
}

/** A reply of fewer tokens is not begun (access/local-ledger.ts). */
const leastTokens = 256
const nearFrom = 0.8

const lasting = [
  { limit: 'request_quota', of: 'today', used: ({ requests }: Used) => requests, spare: 0 },
  { limit: 'daily_quota', of: 'today', used: tokensOf, spare: leastTokens },
  { limit: 'monthly_quota', of: 'month', used: tokensOf, spare: leastTokens },
  { limit: 'monthly_spend_micro_usd', of: 'month', used: microUsdOf, spare: 0 },
  { limit: 'monthly_credits', of: 'month', used: ({ credits }: Used) => credits, spare: 0 },
] as const

/** Limits of a minute and of calls at a time come and go, and are left out. */
function standingsOf(
  used: Pick<UsedByPeriod, 'today' | 'month'>,
  limits: LimitsView,
  periods: Periods,
): readonly StandingView[] {
  return lasting.flatMap((row) => {
    const max = limits[row.limit]
    if (max === 0) return []
    const amount = row.used(used[row.of])
    const left = max - amount
    const isNear = amount >= max * nearFrom
    const isReached = left <= 0 || (isNear && left < row.spare)
    const resetsAt = row.of === 'today' ? periods.dayEndsAt : periods.monthEndsAt
    const state = isReached ? 'reached' : isNear ? 'near' : 'free'
    return [{ limit: row.limit, max, used: amount, state, resets_at: new Date(resetsAt).toISOString() }]
  })
}
