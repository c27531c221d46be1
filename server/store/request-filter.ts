import { type AnyColumn, type SQL, sql } from 'drizzle-orm'
import type { Engine, Tables } from './engine/engine.ts'
import type { RequestRecord } from './request-record.ts'

/** Which requests are meant; all members hold together. Times epoch ms. */
export type RequestFilter = {
  /** The first and the last time. */
  readonly from?: number
  readonly to?: number
  readonly keyId?: string
  readonly userId?: string
  readonly accountId?: string
  readonly peer?: string
  /** The one that served, or was to serve. */
  readonly upstreamModel?: string
  /** As the caller named it. */
  readonly model?: string
  readonly dialects?: readonly string[]
  readonly session?: string
  readonly isSuccess?: boolean
  readonly errorKind?: string
  /** From and to, both included: 429 to 429, 500 to 599. */
  readonly status?: readonly [from: number, to: number]
  readonly stream?: boolean
  readonly minDurationMs?: number
  readonly maxDurationMs?: number
  readonly minFirstTokenMs?: number
  readonly minTokens?: number
  /** More than one call to the provider. */
  readonly retried?: boolean
  /** Part of the error's text, in any case of Latin letters. */
  readonly errorText?: string
}

export type Conditions = {
  /** Which of the two indexes in the order of time. Borders of time are the search's: they move with it. */
  readonly lead: readonly SQL[]
  /** Looked at in the index, row by row; empty: the lead says it all. */
  readonly rest: readonly SQL[]
}

/** Failures have an index of their own: of twenty rows one is there, and only there are the errors' texts. */
export function conditionsOf({ tables: { requests } }: Engine, filter: RequestFilter): Conditions {
  const { isSuccess, errorKind, status, errorText } = filter
  const isOfFailures =
    isSuccess === false || errorKind !== undefined || errorText !== undefined || (status?.[0] ?? 0) >= firstFailure
  return {
    lead: isOfFailures ? [sql`${requests.errorKind} is not null`] : [],
    rest: termsOf(requests, filter),
  }
}

/** Every answer with such a status is a failure. */
const firstFailure = 400

type Requests = Tables['requests']

function termsOf(requests: Requests, filter: RequestFilter): readonly SQL[] {
  const { dialects, status, stream, retried, errorText } = filter
  const { inputTokens, outputTokens, errorMessage } = requests
  const terms: (SQL | undefined)[] = [
    equal(requests.session, filter.session),
    equal(requests.keyId, filter.keyId),
    equal(requests.userId, filter.userId),
    equal(requests.peer, filter.peer),
    equal(requests.errorKind, filter.errorKind),
    equal(requests.accountId, filter.accountId),
    equal(requests.upstreamModel, filter.upstreamModel),
    equal(requests.model, filter.model),
    status && sql`${requests.status} between ${status[0]} and ${status[1]}`,
    // Of failures nothing but failures is looked at.
    filter.isSuccess === true ? sql`${requests.errorKind} is null` : undefined,
    dialects && sql`${requests.dialect} in ${dialects}`,
    stream === undefined ? undefined : sql`${requests.stream} = ${stream ? 1 : 0}`,
    retried === undefined ? undefined : retried ? sql`${requests.attempts} > 1` : sql`${requests.attempts} < 2`,
    least(requests.durationMs, filter.minDurationMs),
    filter.maxDurationMs === undefined ? undefined : sql`${requests.durationMs} <= ${filter.maxDurationMs}`,
    least(requests.firstTokenMs, filter.minFirstTokenMs),
    least(sql`${inputTokens} + ${outputTokens}`, filter.minTokens),
    errorText === undefined ? undefined : sql`instr(lower(${errorMessage}), lower(${errorText})) > 0`,
  ]
  return terms.filter((term) => term !== undefined)
}

const equal = (column: AnyColumn, value: string | undefined): SQL | undefined =>
  value === undefined ? undefined : sql`${column} = ${value}`

const least = (figure: AnyColumn | SQL, value: number | undefined): SQL | undefined =>
  value === undefined ? undefined : sql`${figure} >= ${value}`

/** The same for a record that is at hand. */
export function matches(filter: RequestFilter, row: RequestRecord): boolean {
  const { from, to, dialects, isSuccess, status, stream, retried, errorText } = filter
  const same = (wanted: string | undefined, is: string | undefined): boolean => wanted === undefined || wanted === is
  return (
    (from === undefined || row.at >= from) &&
    (to === undefined || row.at <= to) &&
    same(filter.keyId, row.keyId) &&
    same(filter.userId, row.userId) &&
    same(filter.accountId, row.accountId) &&
    same(filter.peer, row.peer) &&
    same(filter.upstreamModel, row.upstreamModel) &&
    same(filter.model, row.model) &&
    same(filter.session, row.session) &&
    same(filter.errorKind, row.errorKind) &&
    (dialects === undefined || dialects.includes(row.dialect)) &&
    (isSuccess === undefined || isSuccess === (row.errorKind === undefined)) &&
    (status === undefined || (row.status >= status[0] && row.status <= status[1])) &&
    (stream === undefined || stream === row.stream) &&
    (retried === undefined || retried === row.attempts > 1) &&
    row.durationMs >= (filter.minDurationMs ?? 0) &&
    row.durationMs <= (filter.maxDurationMs ?? Number.POSITIVE_INFINITY) &&
    (filter.minFirstTokenMs === undefined || (row.firstTokenMs ?? -1) >= filter.minFirstTokenMs) &&
    row.inputTokens + row.outputTokens >= (filter.minTokens ?? 0) &&
    (errorText === undefined || (row.errorMessage ?? '').toLowerCase().includes(errorText.toLowerCase()))
  )
}
