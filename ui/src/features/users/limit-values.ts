import type { LimitsPatch, LimitsView } from '../../../../server/admin/contract/limits.ts'
import { amountText, parseAmount } from './amount.ts'

/** In the order they are shown. */
export const limitFields = [
  'rate_limit_rpm',
  'request_quota',
  'daily_quota',
  'monthly_quota',
  'monthly_spend_micro_usd',
  'monthly_credits',
  'concurrency',
] as const satisfies readonly (keyof LimitsView)[]
export type LimitField = (typeof limitFields)[number]

/** As typed: empty is no limit, money in dollars. */
export type LimitValues = { readonly [Name in LimitField]: string }

const micro = 1_000_000

export const limitValues = (limits: LimitsView | undefined): LimitValues =>
  Object.fromEntries(
    limitFields.map((name) => {
      const value = limits?.[name] ?? 0
      return [name, amountText(name === 'monthly_spend_micro_usd' ? value / micro : value)]
    }),
  ) as LimitValues // one of each

/** What is sent: 0 is no limit. What is no amount goes as it was typed, for the server's own rule to refuse. */
export const sentLimits = (values: LimitValues): LimitsPatch =>
  Object.fromEntries(
    limitFields.map((name) => {
      const value = parseAmount(values[name])
      if (value === undefined) return [name, values[name]]
      return [name, name === 'monthly_spend_micro_usd' ? Math.round(value * micro) : value]
    }),
  )
