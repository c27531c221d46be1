import type { GatewayError } from '../conversation/error.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { RequestFilter } from '../store/request-filter.ts'
import type { RequestPlace } from '../store/request-record.ts'
import { invalidRequest, type Reason } from './invalid-request.ts'
import { parseTime } from './time.ts'

type Query = Readonly<Record<string, string | undefined>>
/** A filter, and the one request it names. */
export type LogFilter = { readonly filter: RequestFilter; readonly requestId?: string }

export const mostRows = 1000
const longestText = 300

/** The dialects behind the original's two words. */
const endpoints: ReadonlyMap<string, readonly string[]> = new Map([
  ['openai', ['openai-chat', 'openai-responses']],
  ['claude', ['anthropic']],
  ['admin', ['admin-messages', 'admin-chat', 'admin-anthropic', 'admin-openai-chat', 'admin-openai-responses']],
])
export const endpointOf = (dialect: string): string =>
  [...endpoints].find(([, dialects]) => dialects.includes(dialect))?.[0] ?? 'openai'

class Refused extends Error {
  readonly field: string
  readonly why: Reason
  constructor(why: Reason, field: string, text: string) {
    super(`${field} ${text}.`)
    this.field = field
    this.why = why
  }
}

/** Reads a query's filters; empty ones are none. `timeZone`: of times without one of their own. */
export function readFilter(query: Query, timeZone: string): Result<LogFilter, GatewayError> {
  return reading(() => {
    const requestId = text(query, 'request_id')
    const from = time(query, 'start_time', timeZone)
    const to = time(query, 'end_time', timeZone)
    if (from !== undefined && to !== undefined && from > to)
      throw new Refused({ reason: 'order' }, 'end_time', 'lies before start_time')
    const endpoint = text(query, 'endpoint_type')
    const filter = {
      from,
      to,
      keyId: text(query, 'api_key_id'),
      userId: text(query, 'user_id'),
      accountId: text(query, 'account_id'),
      peer: text(query, 'client_ip'),
      upstreamModel: text(query, 'model'),
      model: text(query, 'requested_model'),
      dialects: endpoint === undefined ? undefined : (endpoints.get(endpoint) ?? [endpoint]),
      session: text(query, 'session_id'),
      isSuccess: flag(query, 'is_success'),
      errorKind: text(query, 'error_kind'),
      status: status(query),
      stream: flag(query, 'is_stream'),
      minDurationMs: whole(query, 'min_duration_ms'),
      maxDurationMs: whole(query, 'max_duration_ms'),
      minFirstTokenMs: whole(query, 'min_first_token_ms'),
      minTokens: whole(query, 'min_tokens'),
      retried: flag(query, 'retried'),
      errorText: text(query, 'error'),
    }
    const given = Object.entries(filter).filter(([, value]) => value !== undefined)
    return { filter: Object.fromEntries(given) as RequestFilter, ...(requestId === undefined ? {} : { requestId }) }
  })
}

export type PageQuery = { readonly limit: number; readonly offset: number; readonly before?: RequestPlace }

/** More rows than a page has are cut to it: the answer's `limit` says so. */
export function readPage(query: Query): Result<PageQuery, GatewayError> {
  return reading(() => {
    // The original's word for all rows; one page is as many as there are at once.
    const asked = query.limit?.trim() === '-1' ? mostRows : whole(query, 'limit', 1)
    const limit = asked ?? whole(query, 'page_size', 1) ?? whole(query, 'pageSize', 1) ?? 100
    const page = whole(query, 'page', 1) ?? 1
    const offset = whole(query, 'offset') ?? (page - 1) * Math.min(mostRows, limit)
    const cursor = text(query, 'cursor')
    const before = cursor === undefined ? undefined : readCursor(cursor)
    if (cursor !== undefined && before === undefined)
      throw new Refused({ reason: 'cursor' }, 'cursor', 'is not one that this list gave')
    return { limit: Math.min(mostRows, limit), offset, ...(before === undefined ? {} : { before }) }
  })
}

/** Whole number of a member from `least` on; absent or empty: none. */
export const readWhole = (query: Query, name: string, least = 0): Result<number | undefined, GatewayError> =>
  reading(() => whole(query, name, least))

export const writeCursor = ({ at, seq }: RequestPlace): string => `${at.toString(36)}.${seq.toString(36)}`

function readCursor(cursor: string): RequestPlace | undefined {
  const [, at, seq] = /^([0-9a-z]{1,10})\.([0-9a-z]{1,10})$/.exec(cursor) ?? []
  return at === undefined || seq === undefined
    ? undefined
    : { at: Number.parseInt(at, 36), seq: Number.parseInt(seq, 36) }
}

function reading<T>(read: () => T): Result<T, GatewayError> {
  try {
    return ok(read())
  } catch (thrown) {
    if (!(thrown instanceof Refused)) throw thrown
    return err(invalidRequest(thrown.why, thrown.message, { field: thrown.field }))
  }
}

function text(query: Query, name: string): string | undefined {
  const value = query[name]?.trim()
  if (value === undefined || value === '') return undefined
  if (value.length > longestText)
    throw new Refused({ reason: 'long', most: longestText }, name, `has at most ${longestText} characters`)
  return value
}

function flag(query: Query, name: string): boolean | undefined {
  const value = text(query, name)
  if (value === undefined) return undefined
  if (value === 'true' || value === '1') return true
  if (value === 'false' || value === '0') return false
  throw new Refused({ reason: 'wrong' }, name, 'must be true or false')
}

function whole(query: Query, name: string, least = 0): number | undefined {
  const value = text(query, name)
  if (value === undefined) return undefined
  if (!/^\d{1,12}$/.test(value) || Number(value) < least)
    throw new Refused({ reason: 'whole' }, name, `must be a whole number from ${least} on`)
  return Number(value)
}

function time(query: Query, name: string, timeZone: string): number | undefined {
  const value = text(query, name)
  if (value === undefined) return undefined
  const at = parseTime(value, timeZone)
  if (at === undefined) throw new Refused({ reason: 'time' }, name, 'must be a time like 2026-11-28T09:30:00Z')
  return at
}

function status(query: Query): readonly [number, number] | undefined {
  const value = text(query, 'status_code')
  if (value === undefined) return undefined
  if (/^[1-5]xx$/i.test(value)) return [Number(value[0]) * 100, Number(value[0]) * 100 + 99]
  if (/^[1-5]\d\d$/.test(value)) return [Number(value), Number(value)]
  throw new Refused({ reason: 'wrong' }, 'status_code', 'must be a status like 429, or a class like 5xx')
}
