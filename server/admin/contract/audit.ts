import { type Static, Type } from '@sinclair/typebox'

const Nullable = <T extends ReturnType<typeof Type.String>>(schema: T) => Type.Union([schema, Type.Null()])

/** One change. `before` and `after` show the members that differ, without secrets. */
export const AuditView = Type.Object({
  seq: Type.Integer(),
  timestamp: Type.String(),
  actor: Type.Object({
    kind: Type.String({ description: 'owner, operator, token, command-line, link' }),
    id: Type.String(),
    name: Type.String(),
  }),
  client_ip: Type.String(),
  user_agent: Type.String(),
  action: Type.String({ description: 'method and route' }),
  target: Nullable(Type.String()),
  status: Type.Integer(),
  before: Type.Unknown(),
  after: Type.Unknown(),
  request_id: Nullable(Type.String()),
  hash: Type.String({ description: 'SHA-256 over this entry and the hash of the one before' }),
})
export type AuditView = Static<typeof AuditView>

/** `GET /v2/audit`, newest first. `next`: what to give as `before` for the following page; null: this is the last. */
export const AuditList = Type.Object({
  entries: Type.Array(AuditView),
  next: Type.Union([Type.Integer(), Type.Null()]),
})
export type AuditList = Static<typeof AuditList>

const Word = Type.Optional(Type.String({ maxLength: 200 }))
/** `from` and `until` are ISO times; `action` is a part of one. */
export const AuditQuery = Type.Object({
  actor: Word,
  action: Word,
  target: Word,
  from: Word,
  until: Word,
  before: Word,
  limit: Word,
})
export type AuditQuery = Static<typeof AuditQuery>

/** `GET /v2/audit/verify`: whether the log is whole. */
export const AuditVerified = Type.Object({
  ok: Type.Boolean(),
  entries: Type.Integer({ description: 'entries found in order' }),
  seq: Type.Optional(Type.Integer({ description: 'where it is broken' })),
  reason: Type.Optional(Type.String()),
})
export type AuditVerified = Static<typeof AuditVerified>
