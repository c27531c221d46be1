import { type Static, Type } from '@sinclair/typebox'
import { nextCursor } from './common.ts'
import { graceSeconds } from './hand-overs.ts'
import { KeyView } from './keys.ts'
import { LimitsPatch, LimitsView, RightsPatch, RightsView } from './limits.ts'
import { UsedView } from './used.ts'

/** The original's keys, then ours. Absent where the original left its own out. */
export const UserView = Type.Composite([
  Type.Object({
    id: Type.String(),
    name: Type.String(),
    email: Type.Optional(Type.String()),
    /** `****`, but in the answers that make a key. */
    api_key: Type.String(),
    created_at: Type.String(),
    updated_at: Type.String(),
    enabled: Type.Boolean(),
    is_vip: Type.Boolean(),
    priority: Type.Integer({ description: '0 to 9; the larger, the earlier in line for an account' }),
    keys: Type.Array(KeyView),
  }),
  Type.Omit(RightsView, ['notes']),
  Type.Object({ notes: Type.Optional(Type.String()) }),
  LimitsView,
  UsedView,
])
export type UserView = Static<typeof UserView>

/** `GET /v2/users` with `limit`, `cursor` or `sort`; without them it is a bare list. */
export const UserPage = Type.Object({
  users: Type.Array(UserView),
  total: Type.Integer(),
  next_cursor: nextCursor,
  counts: Type.Record(Type.String(), Type.Integer(), { description: '`enabled`, `disabled`' }),
})
export type UserPage = Static<typeof UserPage>

const name = Type.String({ minLength: 1, maxLength: 255 })
const changeable = Type.Object({
  email: Type.Optional(Type.Union([Type.String({ maxLength: 255 }), Type.Null()])),
  enabled: Type.Optional(Type.Union([Type.Boolean(), Type.Null()])),
  is_vip: Type.Optional(Type.Union([Type.Boolean(), Type.Null()])),
  priority: Type.Optional(Type.Union([Type.Integer({ minimum: 0, maximum: 9 }), Type.Null()])),
})

/** `POST /v2/users`: makes the user and its first key. Members of a user's view that cannot be set are ignored. */
export const UserCreate = Type.Composite([Type.Object({ name }), changeable, RightsPatch, LimitsPatch], {
  additionalProperties: true,
})
export type UserCreate = Static<typeof UserCreate>

/** `PATCH /v2/users/:id`: absent and null members stay as they are; an empty text, an empty list and 0 take away. */
export const UserPatch = Type.Composite(
  [Type.Object({ name: Type.Optional(Type.Union([name, Type.Null()])) }), changeable, RightsPatch, LimitsPatch],
  { additionalProperties: true },
)
export type UserPatch = Static<typeof UserPatch>

/** How many users are made at once. */
export const mostUsersMade = 100

/** `POST /v2/users/create-many`: all alike. `{001}` in `name` is the place of the number, and says where it begins. */
export const UsersCreate = Type.Composite(
  [
    Type.Object({ count: Type.Integer({ minimum: 1, maximum: mostUsersMade }), name }),
    changeable,
    RightsPatch,
    LimitsPatch,
  ],
  { additionalProperties: true },
)
export type UsersCreate = Static<typeof UsersCreate>

/** `POST /v2/users/batch`. What is as it should be already is `unchanged`. */
export const UserBatch = Type.Object({
  action: Type.Union([
    Type.Literal('enable'),
    Type.Literal('disable'),
    Type.Literal('delete'),
    Type.Literal('restore'),
  ]),
  ids: Type.Array(Type.String({ maxLength: 100 }), { minItems: 1, maxItems: 5000 }),
})
export type UserBatch = Static<typeof UserBatch>

/** `POST /v2/users/batch-vip`: the same as its query; absent from both, ten. */
export const VipBatch = Type.Object({ count: Type.Optional(Type.Integer({ minimum: 1, maximum: mostUsersMade })) })

/** `POST /v2/users/batch-vip?count=N` and `POST /v2/users/create-many`: each with its key. */
export const UsersCreated = Type.Object({
  success: Type.Boolean(),
  count: Type.Integer(),
  users: Type.Array(UserView),
  message: Type.String(),
})
export type UsersCreated = Static<typeof UsersCreated>

/** `POST /v2/users/:id/regenerate-key`: `key_id` absent: its oldest one. */
export const Regenerate = Type.Object({
  key_id: Type.Optional(Type.String({ maxLength: 100 })),
  grace_seconds: graceSeconds,
})
export type Regenerate = Static<typeof Regenerate>

/** `GET /v2/users/:id/stats?days=N` */
export const UserStats = Type.Object({
  user_id: Type.String(),
  user_name: Type.String(),
  total_requests: Type.Integer(),
  total_tokens: Type.Integer(),
  input_tokens: Type.Integer(),
  output_tokens: Type.Integer(),
  daily_usage: Type.Array(
    Type.Object({
      id: Type.String(),
      user_id: Type.String(),
      date: Type.String(),
      input_tokens: Type.Integer(),
      output_tokens: Type.Integer(),
      total_tokens: Type.Integer(),
      request_count: Type.Integer(),
      cost_usd: Type.Number(),
      credits: Type.Number(),
    }),
  ),
  monthly_total: Type.Integer(),
  daily_quota: Type.Integer(),
  monthly_quota: Type.Integer(),
  quota_remaining: Type.Integer({ description: '-1: no limit' }),
  total_cost_usd: Type.Number(),
  input_cost_usd: Type.Number(),
  output_cost_usd: Type.Number(),
  monthly_cost_usd: Type.Number(),
})
export type UserStats = Static<typeof UserStats>

/** An item of `GET /v2/stats/users`. */
export const UserTotals = Type.Object({
  user_id: Type.String(),
  user_name: Type.String(),
  enabled: Type.Boolean(),
  total_tokens: Type.Integer(),
  monthly_total: Type.Integer(),
  daily_quota: Type.Integer(),
  monthly_quota: Type.Integer(),
})
export type UserTotals = Static<typeof UserTotals>

export const UserDeleted = Type.Object({ message: Type.String() })
export const KeyRegenerated = Type.Object({ api_key: Type.String(), key_id: Type.String() })
export type KeyRegenerated = Static<typeof KeyRegenerated>
