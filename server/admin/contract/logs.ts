import { type Static, Type } from '@sinclair/typebox'

const Considered = Type.Array(Type.Object({ accountId: Type.String(), verdict: Type.String() }))
/**
 * How a request went: who could have served it and why each was or was not taken, then every call, in ms since its arrival;
 * `left`: how they stood when after that nobody could be chosen.
 */
export const RouteView = Type.Object({
  considered: Considered,
  by: Type.Optional(Type.String({ description: 'what decided: the strategy, or `conversation`' })),
  attempts: Type.Array(
    Type.Object({
      accountId: Type.String(),
      startedMs: Type.Number(),
      waitedMs: Type.Number({ description: 'in line for the account' }),
      endedMs: Type.Number(),
      outcome: Type.String({ description: '`ok` or an error kind' }),
      cause: Type.Optional(Type.String()),
      providerRequestId: Type.Optional(Type.String()),
    }),
  ),
  left: Type.Optional(Considered),
})
export type RouteView = Static<typeof RouteView>

/** What the gateway changed or left out so that the request could go on: no content, no secret. */
const NoteView = Type.Object({
  what: Type.String({ description: 'the kind: docs/compatibility.md lists them' }),
  field: Type.Optional(Type.String({ description: "path of the request's member, in the caller's spelling" })),
  detail: Type.Optional(Type.String()),
})
export const NotesView = Type.Object({
  first: Type.Array(NoteView),
  more: Type.Integer({ description: 'how many came after those' }),
})
export type NotesView = Static<typeof NotesView>

/** One request to a client API: no prompt, no reply, no secret. Times RFC 3339, durations ms. */
export const RequestView = Type.Object({
  id: Type.String(),
  timestamp: Type.String(),
  endpoint_type: Type.String({ description: 'the dialect' }),
  api_key_id: Type.Optional(Type.String()),
  account_id: Type.Optional(Type.String()),
  model: Type.String(),
  upstream_model: Type.Optional(Type.String()),
  is_stream: Type.Boolean(),
  is_success: Type.Boolean(),
  status_code: Type.Integer(),
  error_kind: Type.Optional(Type.String()),
  error_message: Type.Optional(Type.String()),
  first_token_ms: Type.Optional(Type.Number()),
  duration_ms: Type.Number(),
  input_tokens: Type.Integer(),
  input_source: Type.String({ description: 'where the figure comes from' }),
  output_tokens: Type.Integer(),
  output_source: Type.String(),
  cache_read_tokens: Type.Optional(Type.Integer()),
  credits: Type.Optional(Type.Number()),
  client_ip: Type.String(),
  user_agent: Type.String(),
  route: RouteView,
  notes: Type.Optional(NotesView),
})
export type RequestView = Static<typeof RequestView>

/** `GET /v2/logs`: newest first. `total` counts what the server looked at, at most the newest 1,000. */
export const RequestList = Type.Object({
  logs: Type.Array(RequestView),
  total: Type.Integer(),
  limit: Type.Integer(),
  offset: Type.Integer(),
})
export type RequestList = Static<typeof RequestList>
