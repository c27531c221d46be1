import { Type } from '@sinclair/typebox'
import { Elysia } from 'elysia'
import type { RequestRecord, RequestStore } from '../store/store.ts'
import type { NotesView, RequestList, RequestView, RouteView } from './contract/logs.ts'

const newest = 1000

/** The newest requests. Filters and statistics come with their own page. */
export function logRoutes(requests: RequestStore) {
  return new Elysia({ prefix: '/v2/logs' }).get(
    '/',
    async ({ query }): Promise<RequestList> => {
      const limit = Math.min(newest, whole(query.limit, 100))
      const offset = Math.min(newest, whole(query.offset, 0))
      const rows = await requests.recent(newest)
      return { logs: rows.slice(offset, offset + limit).map(requestView), total: rows.length, limit, offset }
    },
    { query: Type.Object({ limit: Type.Optional(Type.String()), offset: Type.Optional(Type.String()) }) },
  )
}

const whole = (text: string | undefined, fallback: number): number =>
  text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : fallback

function requestView(row: RequestRecord): RequestView {
  return {
    id: row.id,
    timestamp: new Date(row.at).toISOString(),
    endpoint_type: row.dialect,
    ...(row.keyId === undefined ? {} : { api_key_id: row.keyId }),
    ...(row.accountId === undefined ? {} : { account_id: row.accountId }),
    model: row.model,
    ...(row.upstreamModel === undefined ? {} : { upstream_model: row.upstreamModel }),
    is_stream: row.stream,
    is_success: row.status < 400 && row.errorKind === undefined,
    status_code: row.status,
    ...(row.errorKind === undefined ? {} : { error_kind: row.errorKind }),
    ...(row.errorMessage === undefined ? {} : { error_message: row.errorMessage }),
    ...(row.firstTokenMs === undefined ? {} : { first_token_ms: row.firstTokenMs }),
    duration_ms: row.durationMs,
    input_tokens: row.inputTokens,
    input_source: row.inputSource,
    output_tokens: row.outputTokens,
    output_source: row.outputSource,
    ...(row.cacheReadTokens === undefined ? {} : { cache_read_tokens: row.cacheReadTokens }),
    ...(row.credits === undefined ? {} : { credits: row.credits }),
    client_ip: row.peer,
    user_agent: row.userAgent,
    route: routeView(row.route),
    ...(row.notes === undefined ? {} : notesView(row.notes)),
  }
}

/** Our own JSON; a damaged one shows nothing rather than taking the list with it. */
function routeView(route: string): RouteView {
  try {
    const { considered = [], attempts = [], by, left } = JSON.parse(route) as Partial<RouteView>
    return { considered, ...(by && { by }), attempts, ...(left && { left }) }
  } catch {
    return { considered: [], attempts: [] }
  }
}

function notesView(notes: string): { readonly notes?: NotesView } {
  try {
    const { first, more } = JSON.parse(notes) as NotesView
    return Array.isArray(first) ? { notes: { first, more } } : {}
  } catch {
    return {}
  }
}
