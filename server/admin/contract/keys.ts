import { type Static, Type } from '@sinclair/typebox'

/** An API key after creation: only its first characters and last four are kept. */
export const KeyView = Type.Object({
  id: Type.String(),
  name: Type.String(),
  prefix: Type.String(),
  last4: Type.String(),
  enabled: Type.Boolean(),
  created_at: Type.String(),
  last_used_at: Type.Union([Type.String(), Type.Null()]),
})
export type KeyView = Static<typeof KeyView>

export const KeyCreate = Type.Object({ name: Type.String({ minLength: 1, maxLength: 64 }) })
export type KeyCreate = Static<typeof KeyCreate>

/** `POST /v2/keys`: the only answer that carries the key itself. */
export const KeyCreated = Type.Composite([KeyView, Type.Object({ key: Type.String() })])
export type KeyCreated = Static<typeof KeyCreated>

/** `GET /v2/keys` */
export const KeyList = Type.Object({ keys: Type.Array(KeyView), count: Type.Integer() })
export type KeyList = Static<typeof KeyList>
