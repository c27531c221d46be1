export type Sort = { readonly column: number; readonly direction: 'ascending' | 'descending' }

type Sortable<Item> = { readonly value?: (item: Item) => string | number }

/** First descending, then ascending; a third press goes back to the order of the server. */
export function nextSort(sort: Sort | undefined, column: number): Sort | undefined {
  if (sort?.column !== column) return { column, direction: 'descending' }
  return sort.direction === 'descending' ? { column, direction: 'ascending' } : undefined
}

/** A copy in order; equal rows keep the order they came in. */
export function sorted<Item>(
  items: readonly Item[],
  columns: readonly Sortable<Item>[],
  sort: Sort | undefined,
  compare: (one: string, other: string) => number,
): readonly Item[] {
  const value = sort && columns[sort.column]?.value
  if (!sort || !value) return items
  const sign = sort.direction === 'ascending' ? 1 : -1
  return items.toSorted((one, other) => {
    const [a, b] = [value(one), value(other)]
    const order = typeof a === 'number' && typeof b === 'number' ? a - b : compare(String(a), String(b))
    return sign * order
  })
}

type Named = { readonly name?: string }

/** The order that `name` or `-name` stands for; undefined for that of the server, and for a column that is not there. */
export function sortNamed(order: string | undefined, columns: readonly Named[]): Sort | undefined {
  if (!order) return undefined
  const name = order.replace(/^-/, '')
  const column = columns.findIndex((one) => one.name === name)
  return column < 0 ? undefined : { column, direction: order.startsWith('-') ? 'descending' : 'ascending' }
}

export function nameOfSort(sort: Sort | undefined, columns: readonly Named[]): string | undefined {
  const name = sort && columns[sort.column]?.name
  return name && (sort.direction === 'descending' ? `-${name}` : name)
}

/** The id of the row beside another one; undefined at the ends, and where that one is not in the list. */
export function beside(rows: readonly { readonly id: string }[], id: string, step: 1 | -1): string | undefined {
  const at = rows.findIndex((row) => row.id === id)
  return at < 0 ? undefined : rows[at + step]?.id
}
