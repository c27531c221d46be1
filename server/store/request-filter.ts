import { type AnyColumn, type SQL, sql } from 'drizzle-orm'
import type { Engine } from './engine/engine.ts'
import type { RequestRecord } from './store.ts'

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

/** One condition. `lead` is the part an index finds in the order of time; `rest` is the whole, as a look at one row. */
type Term = {
  readonly rest: SQL
  readonly lead?: SQL
  /** Leads with lower ranks find fewer rows. */
  readonly rank?: number
  /** The lead alone is the whole condition. */
  readonly exact?: boolean
}

export type Conditions = {
  /** Served by one index in the order of time. */
  readonly lead: readonly SQL[]
  /** Looked at row by row; empty: the lead says it all. */
  readonly rest: readonly SQL[]
}

/** The best index for a filter, and what is left to look at. */
export function conditionsOf(engine: Engine, filter: RequestFilter): Conditions {
  const terms = termsOf(engine, filter)
  const lead = terms.filter((term) => term.lead !== undefined).sort((a, b) => (a.rank ?? 0) - (b.rank ?? 0))[0]
  return {
    lead: [...(lead?.lead === undefined ? [] : [lead.lead]), ...timesOf(engine, filter)],
    rest: terms.filter((term) => term !== lead || term.exact !== true).map(({ rest }) => rest),
  }
}

function timesOf({ tables: { requests } }: Engine, { from, to }: RequestFilter): readonly SQL[] {
  return [
    ...(from === undefined ? [] : [sql`${requests.at} >= ${from}`]),
    ...(to === undefined ? [] : [sql`${requests.at} <= ${to}`]),
  ]
}

function termsOf(engine: Engine, filter: RequestFilter): readonly Term[] {
  const { requests } = engine.tables
  const { unindexed } = engine.expressions
  const { dialects, isSuccess, status, stream, retried, errorText } = filter
  const terms: (Term | undefined)[] = [
    equal(engine, 1, requests.session, filter.session),
    equal(engine, 2, requests.keyId, filter.keyId),
    equal(engine, 3, requests.userId, filter.userId),
    equal(engine, 4, requests.peer, filter.peer),
    equal(engine, 5, requests.errorKind, filter.errorKind),
    status && statusTerm(engine, status),
    equal(engine, 7, requests.accountId, filter.accountId),
    isSuccess === false
      ? { rank: 8, lead: failed(engine), rest: sql`${unindexed(requests.errorKind)} is not null`, exact: true }
      : undefined,
    isSuccess === true ? seen(sql`${requests.errorKind} is null`) : undefined,
    errorText === undefined ? undefined : textTerm(engine, errorText),
    equal(engine, 9, requests.upstreamModel, filter.upstreamModel),
    dialects === undefined ? undefined : dialectTerm(engine, dialects),
    filter.model === undefined ? undefined : seen(sql`${requests.model} = ${filter.model}`),
    stream === undefined ? undefined : seen(sql`${requests.stream} = ${stream ? 1 : 0}`),
    retried === undefined ? undefined : seen(retried ? sql`${requests.attempts} > 1` : sql`${requests.attempts} < 2`),
    least(requests.durationMs, filter.minDurationMs),
    filter.maxDurationMs === undefined ? undefined : seen(sql`${requests.durationMs} <= ${filter.maxDurationMs}`),
    least(requests.firstTokenMs, filter.minFirstTokenMs),
    least(sql`${requests.inputTokens} + ${requests.outputTokens}`, filter.minTokens),
  ]
  return terms.filter((term) => term !== undefined)
}

const seen = (rest: SQL): Term => ({ rest })
const failed = ({ tables: { requests } }: Engine): SQL => sql`${requests.errorKind} is not null`

/** As a look at one row the column's own index must stay out: another one leads. */
function equal(
  { expressions: { unindexed } }: Engine,
  rank: number,
  column: AnyColumn,
  value: string | undefined,
): Term | undefined {
  return value === undefined
    ? undefined
    : { rank, lead: sql`${column} = ${value}`, rest: sql`${unindexed(column)} = ${value}`, exact: true }
}

const least = (figure: AnyColumn | SQL, value: number | undefined): Term | undefined =>
  value === undefined ? undefined : seen(sql`${figure} >= ${value}`)

/** Only errors have an index of their status: a single one leads, a class is looked for among the failures. */
function statusTerm(engine: Engine, [from, to]: readonly [number, number]): Term {
  const { requests } = engine.tables
  const rest = sql`${engine.expressions.unindexed(requests.status)} between ${from} and ${to}`
  if (from < 400) return { rest }
  if (from !== to) return { rank: 8, lead: failed(engine), rest }
  return { rank: 6, lead: sql`${requests.status} = ${from} and ${requests.status} >= 400`, rest, exact: true }
}

function dialectTerm(engine: Engine, dialects: readonly string[]): Term | undefined {
  const { dialect } = engine.tables.requests
  const [only] = dialects
  if (dialects.length === 1) return equal(engine, 10, dialect, only)
  return seen(sql`${engine.expressions.unindexed(dialect)} in ${dialects}`)
}

/** Only failures have a text. */
function textTerm(engine: Engine, text: string): Term {
  const { errorMessage } = engine.tables.requests
  return { rank: 8, lead: failed(engine), rest: sql`instr(lower(${errorMessage}), lower(${text})) > 0` }
}

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
