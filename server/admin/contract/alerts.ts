import { type Static, Type } from '@sinclair/typebox'

export const alertKinds = [
  'account.suspended',
  'account.signed_out',
  'account.restricted',
  'account.failing',
  'account.running_out',
  'pool.empty',
  'proxy.down',
  'user.limit_80',
  'user.limit_100',
  'key.limit_80',
  'key.limit_100',
] as const
export const AlertKind = Type.Union(alertKinds.map((kind) => Type.Literal(kind)))
export type AlertKind = (typeof alertKinds)[number]

/** What is posted to the webhook, as Standard Webhooks has it; `text` is one line for a chat channel. */
export const AlertBody = Type.Object({
  id: Type.String({ description: 'the same in every try: for telling repeats apart' }),
  type: Type.String({ description: 'one of the kinds, or `test`' }),
  timestamp: Type.String(),
  text: Type.String(),
  data: Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Type.Null()])),
})
export type AlertBody = Static<typeof AlertBody>

const cause = Type.Union([Type.String(), Type.Null()], {
  description: '`error` in a word where `status` does not say it: timeout, off, or how the connection failed',
})

export const AlertDelivery = Type.Object({
  id: Type.String(),
  type: Type.String(),
  /** waiting, delivered, failed (given up), dropped (the queue was full) */
  state: Type.String(),
  tries: Type.Integer(),
  created_at: Type.String(),
  ended_at: Type.Union([Type.String(), Type.Null()]),
  status: Type.Union([Type.Integer(), Type.Null()]),
  error: Type.Union([Type.String(), Type.Null()]),
  cause,
})
export type AlertDelivery = Static<typeof AlertDelivery>

/** `GET /v2/alerts`: the newest deliveries since the server started. */
export const AlertList = Type.Object({
  deliveries: Type.Array(AlertDelivery),
  waiting: Type.Integer(),
  dropped: Type.Integer(),
  kinds: Type.Array(Type.String()),
})
export type AlertList = Static<typeof AlertList>

/** `POST /v2/alerts/test`: what the webhook answered to one try. */
export const AlertTested = Type.Object({
  success: Type.Boolean(),
  status: Type.Union([Type.Integer(), Type.Null()]),
  duration_ms: Type.Integer(),
  error: Type.Union([Type.String(), Type.Null()]),
  cause,
})
export type AlertTested = Static<typeof AlertTested>
