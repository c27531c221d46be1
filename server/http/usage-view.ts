import type { Caller } from '../access/admit.ts'
import { nothing, remainingOf, type Standing, type Subject, type Used, wireNames } from '../access/limits.ts'

/** What is known of a caller's limits and use. `used` is by period. */
export type CallerUsage = {
  readonly at: number
  readonly subjects: readonly (Pick<Subject, 'kind' | 'id'> & {
    readonly standings: readonly Standing[]
    readonly periods: { readonly today: string; readonly month: string; readonly total: string }
    readonly used: ReadonlyMap<string, Used>
  })[]
}

/** The body of `GET /v1/usage`: of the key that asks, and of its user if it has one. */
export function usageView(caller: Pick<Caller, 'name' | 'priority'>, { at, subjects }: CallerUsage): object {
  const of = (kind: Subject['kind']): object | null => {
    const subject = subjects.find((one) => one.kind === kind)
    if (subject === undefined) return null
    const { id, standings, periods, used } = subject
    return {
      id,
      ...(kind === 'key' ? { name: caller.name } : { priority: caller.priority }),
      limits: standings.map(standingView),
      usage: Object.fromEntries(
        Object.entries(periods).map(([name, period]) => [name, usedView(period, used.get(period) ?? nothing)]),
      ),
    }
  }
  return { object: 'usage', at: new Date(at).toISOString(), key: of('key'), user: of('user') }
}

/** `used` includes `reserved`, what calls under way may still use. */
const standingView = (standing: Standing): object => ({
  limit: wireNames[standing.limit],
  max: standing.max,
  used: standing.used,
  reserved: standing.reserved,
  remaining: remainingOf(standing),
  resets_at: standing.resetsAt === undefined ? null : new Date(standing.resetsAt).toISOString(),
})

const usedView = (period: string, used: Used): object => ({
  period,
  requests: used.requests,
  input_tokens: used.inputTokens,
  output_tokens: used.outputTokens,
  total_tokens: used.inputTokens + used.outputTokens,
  cost_micro_usd: used.inputMicroUsd + used.outputMicroUsd,
  cost_usd: (used.inputMicroUsd + used.outputMicroUsd) / 1_000_000,
  credits: used.credits,
})
