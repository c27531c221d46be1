import { type Static, Type } from '@sinclair/typebox'
import { pageMembers } from './common.ts'

const address = Type.String({ minLength: 1, maxLength: 64, description: 'an address or a CIDR range, IPv4 or IPv6' })

/** `POST /v2/ips/block`. One's own address needs `force`; loopback is never blocked. */
export const IpBlockAsk = Type.Object({
  ip: address,
  reason: Type.Optional(Type.Union([Type.String({ maxLength: 2_000 }), Type.Null()])),
  expires_at: Type.Optional(Type.Union([Type.String({ maxLength: 40, description: 'RFC 3339' }), Type.Null()])),
  force: Type.Optional(Type.Boolean()),
})
export type IpBlockAsk = Static<typeof IpBlockAsk>
export const IpUnblockAsk = Type.Object({ ip: address })

export const IpBlockView = Type.Object({
  ip: Type.String(),
  reason: Type.String(),
  created_at: Type.String(),
  expires_at: Type.Optional(Type.String()),
})
export type IpBlockView = Static<typeof IpBlockView>

/** `GET /v2/ips/blocked` */
export const IpBlocks = Type.Object({
  blocked_ips: Type.Array(IpBlockView),
  total: Type.Optional(Type.Integer()),
  ...pageMembers,
})
export type IpBlocks = Static<typeof IpBlocks>

/** `PUT /v2/ips/config/:ip`: absent and null stay as they are; an empty text and 0 take away. */
export const IpConfigPatch = Type.Object({
  notes: Type.Optional(Type.Union([Type.String({ maxLength: 10_000 }), Type.Null()])),
  rate_limit_rpm: Type.Optional(
    Type.Union([Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }), Type.Null()]),
  ),
  daily_request_limit: Type.Optional(
    Type.Union([Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }), Type.Null()]),
  ),
})
export type IpConfigPatch = Static<typeof IpConfigPatch>

export const IpConfigView = Type.Object({
  ip: Type.String(),
  notes: Type.Union([Type.String(), Type.Null()]),
  rate_limit_rpm: Type.Integer({ description: 'requests per minute; 0: none of its own' }),
  daily_request_limit: Type.Integer({ description: 'requests per day; 0: none' }),
  created_at: Type.Optional(Type.String()),
  updated_at: Type.Optional(Type.String()),
})
export type IpConfigView = Static<typeof IpConfigView>

/** `POST /v2/ips/block` and `unblock` */
export const IpTold = Type.Object({ message: Type.String(), ip: Type.String() })
