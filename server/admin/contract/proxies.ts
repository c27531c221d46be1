import { type Static, Type } from '@sinclair/typebox'
import { pageMembers } from './common.ts'

const Text = Type.Union([Type.String(), Type.Null()])
const Time = Type.Union([Type.String({ description: 'RFC 3339, UTC' }), Type.Null()])

/** An outbound proxy: the original's keys, then ours. `url` comes without its password: `socks5://user:••••@host:1080`. */
export const ProxyView = Type.Object({
  id: Type.String(),
  url: Type.String(),
  name: Type.String(),
  enabled: Type.Boolean(),
  weight: Type.Integer({ description: '1-100: its share of the accounts relative to others' }),
  created_at: Type.String(),
  updated_at: Type.String(),
  // ours
  state: Type.Union([
    Type.Literal('unchecked'),
    Type.Literal('up'),
    Type.Literal('down'),
    /** Sealed with another master key: the address must be given again. */
    Type.Literal('unreadable'),
  ]),
  checked_at: Time,
  latency_ms: Type.Union([Type.Integer(), Type.Null()]),
  failures: Type.Integer({ description: 'failed checks in a row' }),
  reason: Text,
  account_count: Type.Integer({ description: 'accounts whose own proxy it is' }),
})
export type ProxyView = Static<typeof ProxyView>

/** All of them, unless a page is asked for: then `next_cursor` and `counts` by `enabled` and `disabled` are there. */
export const ProxyList = Type.Object({ proxies: Type.Array(ProxyView), total: Type.Integer(), ...pageMembers })
export type ProxyList = Static<typeof ProxyList>

const Name = Type.Optional(Type.Union([Type.String({ maxLength: 100 }), Type.Null()]))
const Enabled = Type.Optional(Type.Boolean())
const Weight = Type.Optional(Type.Integer({ minimum: 1, maximum: 100 }))

/** `POST /v2/proxies`. `url`: http, https, socks5 or socks5h, with host and port. Name: default host and port. Weight: default 1. */
export const ProxyCreate = Type.Object({ url: Type.String(), name: Name, enabled: Enabled, weight: Weight })
export type ProxyCreate = Static<typeof ProxyCreate>

/** `PUT /v2/proxies/:id`: any of them. The masked `url` sent back means unchanged. */
export const ProxyUpdate = Type.Object({
  url: Type.Optional(Type.String()),
  name: Name,
  enabled: Enabled,
  weight: Weight,
})
export type ProxyUpdate = Static<typeof ProxyUpdate>

export const ProxyChanged = Type.Object({ message: Type.String(), proxy: ProxyView })
export type ProxyChanged = Static<typeof ProxyChanged>

/** `POST /v2/proxies/:id/toggle` */
export const ProxyToggled = Type.Object({ message: Type.String(), enabled: Type.Boolean(), proxy: ProxyView })
export type ProxyToggled = Static<typeof ProxyToggled>

/** `POST /v2/proxies/:id/test`: a look through it now, whether it is enabled or not. */
export const ProxyTested = Type.Object({
  success: Type.Boolean(),
  latency_ms: Type.Union([Type.Integer(), Type.Null()]),
  reason: Text,
  proxy: ProxyView,
})
export type ProxyTested = Static<typeof ProxyTested>
