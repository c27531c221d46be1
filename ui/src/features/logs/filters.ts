import type { LogQuery } from '../../api/logs.ts'
import { spanOf, type TimeRange } from '../../lib/time-range.ts'
import { choiceParam, flagParam, textParam } from '../../lib/url-params.ts'
import { type Scope, scopeParams, scopeQuery } from '../scope/scope.ts'

/** How a request ended, as the filter names it. */
export const outcomes = ['any', 'ok', 'failed', '4xx', '429', '5xx', 'cancelled'] as const
export type OutcomeFilter = (typeof outcomes)[number]
export const dialects = ['any', 'anthropic', 'openai-chat', 'openai-responses', 'admin'] as const
export const streamings = ['any', 'yes', 'no'] as const

/** What stands in the address besides the range. */
export const logParams = {
  status: choiceParam(outcomes, 'any'),
  ...scopeParams,
  api: choiceParam(dialects, 'any'),
  ip: textParam,
  stream: choiceParam(streamings, 'any'),
  retried: flagParam,
  error: textParam,
  id: textParam,
  session: textParam,
} as const

export type LogFilters = Scope & {
  readonly status: OutcomeFilter
  readonly api: (typeof dialects)[number]
  readonly ip: string
  readonly stream: (typeof streamings)[number]
  readonly retried: boolean
  readonly error: string
  readonly id: string
  readonly session: string
}

const statusQuery: Readonly<Record<OutcomeFilter, LogQuery>> = {
  any: {},
  ok: { is_success: 'true' },
  failed: { is_success: 'false' },
  '4xx': { status_code: '4xx' },
  '429': { status_code: '429' },
  '5xx': { status_code: '5xx' },
  cancelled: { error_kind: 'cancelled' },
}

/** The filters as the server takes them; times are not among them. */
export function serverQuery(filters: LogFilters): LogQuery {
  const texts = {
    endpoint_type: filters.api === 'any' ? '' : filters.api,
    client_ip: filters.ip,
    is_stream: filters.stream === 'any' ? '' : String(filters.stream === 'yes'),
    retried: filters.retried ? 'true' : '',
    error: filters.error,
    request_id: filters.id,
    session_id: filters.session,
  }
  return {
    ...statusQuery[filters.status],
    ...scopeQuery(filters),
    ...Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== '')),
  }
}

/** A search that names a request is one for it; any other is for words of an error. */
export const searchOf = (text: string): { readonly id: string; readonly error: string } =>
  /^req_\w{6,}$/.test(text) ? { id: text, error: '' } : { id: '', error: text }

/** The times of a range; of one that reaches until now the end is left open. */
export function rangeQuery(range: TimeRange, now: number): LogQuery {
  const { from, to } = spanOf(range, now)
  return { start_time: String(Math.floor(from)), ...(to >= now ? {} : { end_time: String(Math.floor(to)) }) }
}
