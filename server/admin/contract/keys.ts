import { type Static, Type } from '@sinclair/typebox'

/** An API key after creation: only its first characters and last four are kept. */
export const KeyView = Type.Object({
  id: Type.String(),
  name: Type.String(),
  prefix: Type.String(),
  last4: Type.String(),
  enabled: Type.Boolean(),
  /** The only accounts its requests may be served by; empty: any. An account that was removed since stays named. */
  account_ids: Type.Array(Type.String()),
  created_at: Type.String(),
  last_used_at: Type.Union([Type.String(), Type.Null()]),
})
export type KeyView = Static<typeof KeyView>

const name = Type.String({ minLength: 1, maxLength: 64 })
const accountIds = Type.Array(Type.String({ minLength: 1, maxLength: 100 }), { maxItems: 1_000 })

/** As the accounts' members are spelt: ignored, it would make a key for every account. */
const misspelt = { accountIds: Type.Optional(Type.Never()) }

/** `POST /v2/keys`. `account_ids`: the only accounts it may use, each of which must exist; absent or empty: any. */
export const KeyCreate = Type.Object({ name, account_ids: Type.Optional(accountIds), ...misspelt })
export type KeyCreate = Static<typeof KeyCreate>

/** `POST /v2/keys`: the only answer that carries the key itself. */
export const KeyCreated = Type.Composite([KeyView, Type.Object({ key: Type.String() })])
export type KeyCreated = Static<typeof KeyCreated>

/** `PATCH /v2/keys/:id`: what is absent stays as it is. Answers with the key's view. */
export const KeyPatch = Type.Object({
  name: Type.Optional(name),
  enabled: Type.Optional(Type.Boolean()),
  account_ids: Type.Optional(accountIds),
  ...misspelt,
})
export type KeyPatch = Static<typeof KeyPatch>

/** `GET /v2/keys` */
export const KeyList = Type.Object({ keys: Type.Array(KeyView), count: Type.Integer() })
export type KeyList = Static<typeof KeyList>
