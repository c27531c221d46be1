import { type Static, Type } from '@sinclair/typebox'

export const DeletedKind = Type.Union([
  Type.Literal('account'),
  Type.Literal('user'),
  Type.Literal('key'),
  Type.Literal('proxy'),
  Type.Literal('mapping'),
  Type.Literal('block'),
])

/** Something that was deleted and can come back: `POST /v2/{accounts,users,keys,proxies,model-mappings}/:id/restore`, `/v2/ips/restore`. */
export const DeletedView = Type.Object({
  id: Type.String(),
  kind: DeletedKind,
  name: Type.String({ description: 'as it was called' }),
  deleted_at: Type.String({ description: 'RFC 3339, UTC' }),
  purged_at: Type.String({ description: 'from then on it is gone for good' }),
})
export type DeletedView = Static<typeof DeletedView>

/** `GET /v2/deleted`: the newest 500. `total`: with those beyond. */
export const DeletedList = Type.Object({ items: Type.Array(DeletedView), total: Type.Integer() })
export type DeletedList = Static<typeof DeletedList>

export const DeletedQuery = Type.Object({ kind: Type.Optional(DeletedKind) })

/** What is ended for good is named: a misspelt `kind` would end everything. */
export const DeletedPurgeQuery = Type.Object({ kind: DeletedKind })

/** `DELETE /v2/deleted`: how many are gone for good. */
export const DeletedPurged = Type.Object({ success: Type.Boolean(), count: Type.Integer() })
export type DeletedPurged = Static<typeof DeletedPurged>
