import type { GatewayError } from '../conversation/error.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { invalidRequest, type Reason } from './invalid-request.ts'

/** How a list is asked for beside its filters; as text, as it stands in the address. */
export type PageAsk = { readonly limit?: string; readonly cursor?: string; readonly sort?: string }
/** What a row is sorted by, under the names `sort` takes. */
export type Orders<T> = Readonly<Record<string, (row: T) => number | string>>
export type ListPage<T> = { readonly items: readonly T[]; readonly total: number; readonly nextCursor: string | null }

type Place = readonly [value: number | string, id: string]

export const mostListed = 500
const usualRows = 100

/** Whether a page by cursor is meant, and not the original's page by number. */
export const asksForCursor = ({ limit, cursor, sort }: PageAsk): boolean =>
  limit !== undefined || cursor !== undefined || sort !== undefined

/**
 * The rows behind a cursor, in the order of `sort` (`-name`: the largest first), then by id. A cursor is a place in that order,
 * not a number: rows that come or go meanwhile neither repeat nor hide others.
 */
export function listPage<T>(
  rows: readonly T[],
  { limit, cursor, sort }: PageAsk,
  { orders, usual, idOf }: { readonly orders: Orders<T>; readonly usual: string; readonly idOf: (row: T) => string },
): Result<ListPage<T>, GatewayError> {
  const by = sort === undefined || sort === '' ? usual : sort
  const name = by.replace(/^-/, '')
  const measure = Object.hasOwn(orders, name) ? orders[name] : undefined
  if (measure === undefined)
    return refused({ reason: 'wrong' }, 'sort', `must be one of ${Object.keys(orders).join(', ')}, each also with -`)
  const size = limit === undefined || limit === '' ? usualRows : Number(limit)
  if (!Number.isInteger(size) || size < 1)
    return refused({ reason: 'whole' }, 'limit', 'must be a whole number from 1 on')
  const after = cursor === undefined || cursor === '' ? undefined : readCursor(cursor)
  if (cursor !== undefined && cursor !== '' && after === undefined)
    return refused({ reason: 'cursor' }, 'cursor', 'is not one that this list gave')

  const direction = by.startsWith('-') ? -1 : 1
  const compare = (a: Place, b: Place): number => direction * order(a[0], b[0]) || order(a[1], b[1])
  const placed = rows.map((row) => ({ row, place: [measure(row), idOf(row)] as const }))
  const behind = after === undefined ? placed : placed.filter(({ place }) => compare(place, after) > 0)
  const page = behind.toSorted((a, b) => compare(a.place, b.place)).slice(0, Math.min(mostListed, size))
  const last = page.at(-1)
  return ok({
    items: page.map(({ row }) => row),
    total: rows.length,
    nextCursor: last === undefined || page.length === behind.length ? null : writeCursor(last.place),
  })
}

/** Rows in which any of these texts has what was asked for. */
export function textFilter<T>(q: string | undefined, textsOf: (row: T) => readonly string[]): (row: T) => boolean {
  const wanted = (q ?? '').trim().toLowerCase()
  return wanted === '' ? () => true : (row) => textsOf(row).some((text) => text.toLowerCase().includes(wanted))
}

/** How many rows there are of each kind, for the chips over a list. */
export function countsOf<T>(rows: readonly T[], kindOf: (row: T) => string): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const row of rows) counts[kindOf(row)] = (counts[kindOf(row)] ?? 0) + 1
  return counts
}

const order = (a: number | string, b: number | string): number => (a < b ? -1 : a > b ? 1 : 0)
const writeCursor = (place: Place): string => Buffer.from(JSON.stringify(place)).toString('base64url')

function readCursor(text: string): Place | undefined {
  try {
    const place: unknown = JSON.parse(Buffer.from(text, 'base64url').toString())
    if (!Array.isArray(place) || place.length !== 2) return undefined
    const [value, id] = place as readonly unknown[]
    const isValue = typeof value === 'number' || typeof value === 'string'
    return isValue && typeof id === 'string' ? [value, id] : undefined
  } catch {
    return undefined
  }
}

const refused = (why: Reason, field: string, rule: string): Result<never, GatewayError> =>
  err(invalidRequest(why, `${field} ${rule}.`, { field }))
