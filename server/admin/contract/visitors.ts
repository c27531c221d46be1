import { type Static, Type } from '@sinclair/typebox'

/** An address requests came from. Counts of the last 24 hours and 60 minutes are to the minute while the log has the rows. */
export const VisitorView = Type.Object({
  ip: Type.String(),
  first_visit: Type.String(),
  last_visit: Type.String(),
  request_count: Type.Integer(),
  success_count: Type.Integer(),
  user_id: Type.Optional(Type.String({ description: 'seen there last' })),
  user_name: Type.Optional(Type.String()),
  request_count_day: Type.Integer(),
  request_count_hour: Type.Integer(),
  notes: Type.Optional(Type.String()),
  rate_limit_rpm: Type.Integer(),
  daily_request_limit: Type.Integer(),
  blocked: Type.Boolean(),
  blocked_by: Type.Optional(Type.String({ description: 'the address or range on the blocklist' })),
})
export type VisitorView = Static<typeof VisitorView>

/** `GET /v2/ips/visitors`: the last visit first, at most 500. */
export const VisitorList = Type.Object({
  visitor_ips: Type.Array(VisitorView),
  own_ip: Type.String({ description: 'where this very request comes from' }),
})
export type VisitorList = Static<typeof VisitorList>

/** `GET /v2/users/:id/ips` */
export const UserIpList = Type.Object({
  ips: Type.Array(
    Type.Omit(VisitorView, ['user_name', 'notes', 'rate_limit_rpm', 'daily_request_limit', 'blocked', 'blocked_by']),
  ),
  count: Type.Integer(),
})
export type UserIpList = Static<typeof UserIpList>

/** `GET /v2/stats/online`: addresses seen in the last five minutes, by any request but health checks. */
export const OnlineView = Type.Object({ online_count: Type.Integer(), timestamp: Type.Integer() })
export type OnlineView = Static<typeof OnlineView>

/** `GET /v2/health/aws-latency`, ms; -1 when the provider could not be reached. */
export const LatencyView = Type.Object({
  latency: Type.Integer(),
  status: Type.String({ description: '`good` below 200 ms, `medium` below 500 ms, `poor`, `error`' }),
  timestamp: Type.Integer(),
  message: Type.Optional(Type.String()),
})
export type LatencyView = Static<typeof LatencyView>
