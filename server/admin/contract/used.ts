import { type Static, Type } from '@sinclair/typebox'

/** How one limit of a day or a month stands by what was counted. */
export const StandingView = Type.Object({
  limit: Type.Union([
    Type.Literal('request_quota'),
    Type.Literal('daily_quota'),
    Type.Literal('monthly_quota'),
    Type.Literal('monthly_spend_micro_usd'),
    Type.Literal('monthly_credits'),
  ]),
  max: Type.Number(),
  used: Type.Number(),
  state: Type.Union([Type.Literal('free'), Type.Literal('near'), Type.Literal('reached')], {
    description: '`near`: from 80 % on; `reached`: calls are refused until `resets_at`',
  }),
  resets_at: Type.String(),
})
export type StandingView = Static<typeof StandingView>

/** What a user or a key has used, and how its limits stand. */
export const UsedView = Type.Object({
  total_tokens_used: Type.Integer(),
  total_requests: Type.Integer(),
  total_cost_usd: Type.Number(),
  daily_requests: Type.Integer(),
  daily_tokens: Type.Integer(),
  monthly_tokens: Type.Integer(),
  monthly_cost_micro_usd: Type.Integer(),
  monthly_credits_used: Type.Number(),
  standings: Type.Array(StandingView, { description: 'of its limits of a day or a month' }),
})
export type UsedView = Static<typeof UsedView>
