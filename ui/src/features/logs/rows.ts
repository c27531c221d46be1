import type { RequestRow } from '../../../../server/admin/contract/logs.ts'

/** More than this is not held: what lies further back is found by a narrower filter. */
export const mostRows = 10_000

/** Lays new rows into a list that is newest first; what is there already stays as it is. */
export function merge(
  rows: readonly RequestRow[],
  more: readonly RequestRow[],
  most = mostRows,
): readonly RequestRow[] {
  const [oldest] = more.map(({ timestamp }) => timestamp).toSorted()
  if (oldest === undefined) return rows
  // Only the head can hold the same, or lie among the new ones.
  const border = rows.findIndex(({ timestamp }) => timestamp < oldest)
  const head = border < 0 ? rows : rows.slice(0, border)
  const known = new Set(head.map(({ id }) => id))
  const added = more.filter(({ id }) => !known.has(id))
  if (added.length === 0) return rows
  const front = [...head, ...added].toSorted((a, b) =>
    a.timestamp < b.timestamp ? 1 : a.timestamp > b.timestamp ? -1 : 0,
  )
  return [...front, ...(border < 0 ? [] : rows.slice(border))].slice(0, most)
}

/** Puts the rows of the next page behind those there are. */
export function append(rows: readonly RequestRow[], page: readonly RequestRow[]): readonly RequestRow[] {
  const tail = new Set(rows.slice(-page.length).map(({ id }) => id))
  return [...rows, ...page.filter(({ id }) => !tail.has(id))].slice(0, mostRows)
}
