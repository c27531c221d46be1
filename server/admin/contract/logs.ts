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
      purpose: Type.Optional(Type.String({ description: 'of a further model turn: `repair`, `search`, `summary`' })),
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
  searches: Type.Optional(
    Type.Array(
      Type.Object({
        outcome: Type.String({ description: '`ok` or why it gave nothing' }),
        results: Type.Integer({ description: 'pages found' }),
        accountId: Type.Optional(Type.String()),
        startedMs: Type.Number(),
        endedMs: Type.Number(),
        cause: Type.Optional(Type.String()),
      }),
      { description: 'web searches that were run for it, without their words' },
    ),
  ),
  repair: Type.Optional(
    Type.Object({
      of: Type.String({ description: '`output-format`, `tool-choice` or `tool-arguments`' }),
      outcome: Type.String({ description: '`repaired`, `failed`, `off`, `late` or `dropped`' }),
      faults: Type.Array(Type.String()),
      before: Type.String({ description: 'what the model said, cut short' }),
      after: Type.Optional(Type.String()),
    }),
  ),
  turns: Type.Optional(
    Type.Array(
      Type.Object({
        purpose: Type.Optional(Type.String()),
        outcome: Type.String(),
        upstreamModel: Type.Optional(Type.String()),
        startedMs: Type.Number(),
        endedMs: Type.Number(),
        usage: Type.Optional(Type.Unknown({ description: 'figures with their sources' })),
        lostCredits: Type.Optional(Type.Number()),
      }),
    ),
  ),
})
export type RouteView = Static<typeof RouteView>

/** What the gateway changed or left out so that the request could go on: no content, no secret. */
const NoteView = Type.Object({
  what: Type.String({ description: 'the kind: docs/compatibility.md lists them' }),
  rule: Type.Optional(Type.String({ description: 'of a broken rule of the provider: its name' })),
  field: Type.Optional(Type.String({ description: "path of the request's member, in the caller's spelling" })),
  detail: Type.Optional(Type.String()),
})
export const NotesView = Type.Object({
  first: Type.Array(NoteView),
  more: Type.Integer({ description: 'how many came after those' }),
})
export type NotesView = Static<typeof NotesView>

/**
 * One request to a client API: no prompt, no reply, no secret. Times RFC 3339, durations ms. The original's members and ours
 * beside them; what is not known is absent.
 */
export const RequestView = Type.Object({
  id: Type.String(),
  timestamp: Type.String({ description: 'when it arrived' }),
  method: Type.String(),
  path: Type.String(),
  endpoint_type: Type.String({ description: '`openai` or `claude`' }),
  dialect: Type.String({ description: '`anthropic`, `openai-chat` or `openai-responses`' }),
  api_key_id: Type.Optional(Type.String()),
  api_key_name: Type.Optional(Type.String()),
  api_key_prefix: Type.Optional(Type.String({ description: 'its first characters and `...`' })),
  user_id: Type.Optional(Type.String()),
  user_name: Type.Optional(Type.String({ description: "the user's name, else the key's" })),
  user_type: Type.Optional(Type.String({ description: '`admin` for the key of the settings, `vip` or `normal`' })),
  account_id: Type.Optional(Type.String()),
  account_label: Type.Optional(Type.String()),
  model: Type.String({
    description: 'the one that served where that is another than the one named, else as it was named',
  }),
  original_model: Type.Optional(Type.String({ description: 'as it was named, where another served' })),
  requested_model: Type.String({ description: 'as it was named' }),
  upstream_model: Type.Optional(Type.String({ description: "the provider's id" })),
  model_reason: Type.Optional(Type.String({ description: 'why another served: docs/compatibility.md' })),
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
  cost_usd: Type.Optional(Type.Number({ description: 'absent where no price is known' })),
  input_cost_usd: Type.Optional(Type.Number()),
  output_cost_usd: Type.Optional(Type.Number()),
  client_ip: Type.String(),
  user_agent: Type.String(),
  session_id: Type.Optional(Type.String()),
  attempts: Type.Integer({ description: 'calls to the provider' }),
  content_captured: Type.Boolean({ description: 'prompt and reply are kept: `GET /v2/logs/ID/content`' }),
  route: RouteView,
  notes: Type.Optional(NotesView),
})
export type RequestView = Static<typeof RequestView>

/** As a list shows it, with `brief`: without what only a look at the one request needs. */
export const RequestRow = Type.Omit(RequestView, ['route', 'notes', 'user_agent', 'method', 'path'])
export type RequestRow = Static<typeof RequestRow>

/** `GET /v2/logs/:id`: with the names of the accounts of its route, as far as they have any. */
export const RequestDetail = Type.Composite([
  RequestView,
  Type.Object({ account_names: Type.Record(Type.String(), Type.String()) }),
])
export type RequestDetail = Static<typeof RequestDetail>

const pageFacts = {
  total: Type.Optional(Type.Integer({ description: 'left out with `count=false`' })),
  total_is_minimum: Type.Optional(Type.Boolean({ description: 'true: there may be more than `total`' })),
  limit: Type.Integer(),
  offset: Type.Integer(),
  next_cursor: Type.Union([Type.String(), Type.Null()], { description: 'for `cursor`: the page behind this one' }),
  searched_until: Type.Optional(
    Type.String({ description: 'a rare combination of filters: the search stopped here; `next_cursor` goes on' }),
  ),
}
/** `GET /v2/logs`: newest first. */
export const RequestList = Type.Object({ logs: Type.Array(RequestView), ...pageFacts })
export type RequestList = Static<typeof RequestList>
/** The same with `brief=true`. */
export const RequestRowList = Type.Object({ logs: Type.Array(RequestRow), ...pageFacts })
export type RequestRowList = Static<typeof RequestRowList>

/** `GET /v2/logs/tail`: what has ended since, oldest first. */
export const RequestTail = Type.Object({
  logs: Type.Array(RequestRow),
  mark: Type.String({ description: 'for `after`: how far this goes' }),
  gap: Type.Boolean({ description: 'true: more has ended since than is remembered; read the list anew' }),
})
export type RequestTail = Static<typeof RequestTail>

const text = Type.Optional(Type.String())
/** What `GET /v2/logs`, `/v2/logs/stats`, `/v2/logs/export` and `/v2/logs/stream` select by; all hold together. */
export const filterQuery = {
  start_time: Type.Optional(
    Type.String({ description: 'RFC 3339; without a zone in that of the settings; also epoch milliseconds' }),
  ),
  end_time: text,
  client_ip: text,
  account_id: text,
  api_key_id: text,
  user_id: text,
  endpoint_type: Type.Optional(Type.String({ description: '`openai`, `claude`, or one dialect' })),
  model: Type.Optional(Type.String({ description: 'the one that served' })),
  requested_model: text,
  is_success: Type.Optional(Type.String({ description: '`true` or `false`' })),
  status_code: Type.Optional(Type.String({ description: '`429`, or a class: `5xx`' })),
  error_kind: text,
  error: Type.Optional(Type.String({ description: "part of the error's text" })),
  request_id: text,
  session_id: text,
  is_stream: text,
  retried: Type.Optional(Type.String({ description: '`true`: more than one call to the provider' })),
  min_duration_ms: text,
  max_duration_ms: text,
  min_first_token_ms: text,
  min_tokens: text,
} as const

export const ListQuery = Type.Object({
  ...filterQuery,
  limit: Type.Optional(Type.String({ description: 'rows, at most 1000 (default 100); -1: as many as that' })),
  offset: text,
  cursor: Type.Optional(Type.String({ description: '`next_cursor` of the page before' })),
  page: Type.Optional(Type.String({ description: 'in place of offset, from 1' })),
  page_size: Type.Optional(Type.String({ description: 'in place of limit' })),
  pageSize: text,
  brief: Type.Optional(Type.String({ description: '`true`: rows without route, notes and user agent' })),
  count: Type.Optional(Type.String({ description: '`false`: leaves out `total`, which takes a moment in a long log' })),
})
export const TailQuery = Type.Object({
  ...filterQuery,
  after: Type.Optional(Type.String({ description: '`mark` of the answer before; left out: the last 100' })),
})
export type ListQuery = Static<typeof ListQuery>

export const ExportQuery = Type.Object({
  ...filterQuery,
  format: Type.Optional(Type.String({ description: '`csv` or `jsonl` (default)' })),
  limit: Type.Optional(Type.String({ description: 'at most so many rows; default: all' })),
})

/** `POST /v2/logs/cleanup` */
export const CleanupBody = Type.Object({
  days_to_keep: Type.Optional(Type.Integer({ maximum: 3650, description: 'default 30; so do 0 and less' })),
  preview: Type.Optional(Type.Boolean({ description: 'count only' })),
})
export const CleanupDone = Type.Object({
  deleted: Type.Integer(),
  message: Type.String(),
  preview: Type.Optional(Type.Boolean()),
  would_delete: Type.Optional(Type.Integer()),
  older_than: Type.String(),
})
export type CleanupDone = Static<typeof CleanupDone>

const topMembers = {
  request_count: Type.Integer(),
  failed_requests: Type.Integer(),
  total_tokens: Type.Integer(),
  cost_usd: Type.Number(),
}
const Top = Type.Object({ id: Type.String(), name: Type.Optional(Type.String()), ...topMembers })
const Latency = Type.Object({
  requests: Type.Integer(),
  p50: Type.Integer(),
  p95: Type.Integer(),
  p99: Type.Integer(),
})

export type StatsQuery = Static<typeof StatsQuery>
export const StatsQuery = Type.Object({
  ...filterQuery,
  zone: Type.Optional(Type.String({ description: 'of times and days: `Asia/Shanghai`; default: setting timezone' })),
  bucket: Type.Optional(Type.String({ description: '`hour` or `day` of the series; default: day beyond 3 days' })),
  group: Type.Optional(
    Type.String({
      description:
        '`model`, `user`, `key`, `account`, `ip`, `dialect`, `status`, `error`, `hour` or `day`: the same figures for each of these, in `groups`',
    }),
  ),
  compare: Type.Optional(
    Type.String({ description: '`true`: the totals of as long a time before it as well, in `before`' }),
  ),
  group_limit: Type.Optional(
    Type.String({ description: 'so many groups, those with the most requests; at most 500, default 100' }),
  ),
})

/** The figures of one group; `requests` of a latency is how many were measured. */
const GroupView = Type.Object({
  id: Type.String({ description: 'an id, name, address or status; the begin of an hour or day' }),
  name: Type.Optional(Type.String()),
  request_count: Type.Integer(),
  failed_requests: Type.Integer(),
  success_rate: Type.Number({ description: 'percent' }),
  input_tokens: Type.Integer(),
  output_tokens: Type.Integer(),
  total_tokens: Type.Integer(),
  cache_read_tokens: Type.Integer(),
  credits: Type.Number(),
  cost_usd: Type.Number(),
  avg_duration_ms: Type.Number(),
  duration_ms: Type.Union([Latency, Type.Null()]),
  first_token_ms: Type.Union([Latency, Type.Null()], { description: 'of streams' }),
})
export type GroupView = Static<typeof GroupView>

/** `GET /v2/logs/stats`: the last 24 hours, or the period asked for. Top lists have at most 10 entries. */
export const RequestStats = Type.Object({
  start_time: Type.String(),
  end_time: Type.String(),
  total_requests: Type.Integer(),
  success_requests: Type.Integer(),
  failed_requests: Type.Integer(),
  success_rate: Type.Number({ description: 'percent' }),
  total_input_tokens: Type.Integer(),
  total_output_tokens: Type.Integer(),
  total_cache_read_tokens: Type.Integer(),
  total_credits: Type.Number(),
  avg_duration_ms: Type.Number(),
  duration_ms: Type.Union([Latency, Type.Null()]),
  first_token_ms: Type.Union([Latency, Type.Null()], { description: 'of streams' }),
  total_cost_usd: Type.Number(),
  input_cost_usd: Type.Number(),
  output_cost_usd: Type.Number(),
  top_ips: Type.Array(Type.Object({ ip: Type.String(), ...topMembers })),
  top_accounts: Type.Array(
    Type.Object({ account_id: Type.String(), name: Type.Optional(Type.String()), ...topMembers }),
  ),
  top_users: Type.Array(Top),
  top_keys: Type.Array(Top),
  top_models: Type.Array(Top),
  errors: Type.Array(Type.Object({ error_kind: Type.String(), request_count: Type.Integer() })),
  statuses: Type.Array(Type.Object({ status_code: Type.Integer(), request_count: Type.Integer() })),
  endpoints: Type.Array(Type.Object({ dialect: Type.String(), ...topMembers })),
  bucket: Type.String(),
  series: Type.Array(
    Type.Object({
      start: Type.String(),
      requests: Type.Integer(),
      failed_requests: Type.Integer(),
      input_tokens: Type.Integer(),
      output_tokens: Type.Integer(),
      cost_usd: Type.Number(),
    }),
    { description: 'days begin as in the time zone of the settings; stretches without requests are left out' },
  ),
  before: Type.Optional(
    Type.Object({
      total_requests: Type.Integer(),
      failed_requests: Type.Integer(),
      total_input_tokens: Type.Integer(),
      total_output_tokens: Type.Integer(),
      total_credits: Type.Number(),
      total_cost_usd: Type.Number(),
    }),
  ),
  group: Type.Optional(Type.String()),
  groups: Type.Optional(
    Type.Array(GroupView, { description: 'those with the most requests first; hours and days in their order' }),
  ),
  groups_total: Type.Optional(Type.Integer({ description: 'with those beyond `group_limit`' })),
  complete: Type.Boolean({ description: 'false: only the newest of many requests, from `counted_since` on' }),
  counted_since: Type.Optional(Type.String()),
  sampled: Type.Array(Type.String(), {
    description:
      'lists that for this filter are told by the newest requests only: `ip`, `key`, `user`, `account`, `latency`, `model`, `errors`, `statuses`, `endpoints`, `groups`, `group_latency`',
  }),
})
export type RequestStats = Static<typeof RequestStats>
