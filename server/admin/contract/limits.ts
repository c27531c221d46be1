import { type Static, Type } from '@sinclair/typebox'

/** The largest whole number of JSON: the original had no bound, and what came from it can be sent back. */
const most = Number.MAX_SAFE_INTEGER
// The first four names are the original's, also where a key alone is limited.
const fields = {
  rate_limit_rpm: { maximum: most, description: 'requests per minute' },
  request_quota: { maximum: most, description: 'requests per day' },
  daily_quota: { maximum: most, description: 'tokens per day' },
  monthly_quota: { maximum: most, description: 'tokens per month' },
  monthly_spend_micro_usd: { maximum: most, description: 'millionths of a dollar per month' },
  concurrency: { maximum: 100_000, description: 'calls under way at a time' },
} as const
const mostCredits = 1_000_000_000

/** Absent and null leave a limit as it is, as the original's null did; 0 takes it away. */
const settable = (options: { readonly maximum: number; readonly description: string }) =>
  Type.Optional(Type.Union([Type.Integer({ minimum: 0, ...options }), Type.Null()]))
const shown = (options: { readonly description: string }) =>
  Type.Integer({ description: `${options.description}; 0: no limit` })

export const LimitsPatch = Type.Object({
  rate_limit_rpm: settable(fields.rate_limit_rpm),
  request_quota: settable(fields.request_quota),
  daily_quota: settable(fields.daily_quota),
  monthly_quota: settable(fields.monthly_quota),
  monthly_spend_micro_usd: settable(fields.monthly_spend_micro_usd),
  monthly_credits: Type.Optional(
    Type.Union([
      Type.Number({ minimum: 0, maximum: mostCredits, description: 'the provider’s credits per month' }),
      Type.Null(),
    ]),
  ),
  concurrency: settable(fields.concurrency),
})
export type LimitsPatch = Static<typeof LimitsPatch>

export const LimitsView = Type.Object({
  rate_limit_rpm: shown(fields.rate_limit_rpm),
  request_quota: shown(fields.request_quota),
  daily_quota: shown(fields.daily_quota),
  monthly_quota: shown(fields.monthly_quota),
  monthly_spend_micro_usd: shown(fields.monthly_spend_micro_usd),
  monthly_credits: Type.Number({ description: 'the provider’s credits per month; 0: no limit' }),
  concurrency: shown(fields.concurrency),
})
export type LimitsView = Static<typeof LimitsView>

/** What keys and users may be held to besides limits. Absent and null leave a member as it is; empty takes it away. */
export const RightsPatch = Type.Object({
  expires_at: Type.Optional(
    Type.Union([Type.String({ maxLength: 40, description: 'RFC 3339; empty: never' }), Type.Null()]),
  ),
  notes: Type.Optional(Type.Union([Type.String({ maxLength: 10_000 }), Type.Null()])),
  models: Type.Optional(
    Type.Union([
      Type.Array(Type.String({ minLength: 1, maxLength: 200 }), {
        maxItems: 200,
        description: 'the only models it may use, `claude-haiku-*` for all that begin so; empty: any',
      }),
      Type.Null(),
    ]),
  ),
  account_ids: Type.Optional(
    Type.Union([
      Type.Array(Type.String({ minLength: 1, maxLength: 100 }), {
        maxItems: 1_000,
        description: 'the only accounts it may use; empty: any',
      }),
      Type.Null(),
    ]),
  ),
})
export type RightsPatch = Static<typeof RightsPatch>

export const RightsView = Type.Object({
  expires_at: Type.Union([Type.String(), Type.Null()]),
  notes: Type.Union([Type.String(), Type.Null()]),
  models: Type.Array(Type.String()),
  /** An account that was removed since stays named. */
  account_ids: Type.Array(Type.String()),
})
export type RightsView = Static<typeof RightsView>
