import { type Limits, limitNames } from '../access/limits.ts'
import { parseColumn } from './row.ts'
import type { LimitChange } from './store.ts'

type LimitColumns = { readonly [Name in keyof Limits]-?: number | null }

/** The limits of a row; undefined when it has none. */
export function limitsOf(row: LimitColumns): Limits | undefined {
  const limits = Object.fromEntries(limitNames.flatMap((name) => (row[name] === null ? [] : [[name, row[name]]])))
  return Object.keys(limits).length === 0 ? undefined : limits
}

/** A row without the columns of its limits. */
export function withoutLimits<Row extends LimitColumns>(row: Row): Omit<Row, keyof LimitColumns> {
  const rest: Partial<Row> = { ...row }
  for (const name of limitNames) delete rest[name]
  return rest as Omit<Row, keyof LimitColumns> // exactly these were taken out
}

/** What a change writes; absent members stay as they are. */
export const limitChange = (limits: LimitChange | undefined): Partial<LimitColumns> =>
  Object.fromEntries(Object.entries(limits ?? {}).filter(([, value]) => value !== undefined))

export const listColumn = (list: readonly string[] | null | undefined): string | null =>
  list === undefined || list === null ? null : JSON.stringify(list)

/** A list that cannot be read names nobody's account or model: no key must gain any by damage. */
export function readList(column: string | null): readonly string[] | undefined {
  if (column === null) return undefined
  const parsed = parseColumn<unknown>(column)
  const isList = Array.isArray(parsed) && parsed.length > 0 && parsed.every((item) => typeof item === 'string')
  return isList ? parsed : ['unreadable']
}

/** A change of a list: null and an empty one take it away. */
export const listChange = <Name extends string>(
  name: Name,
  list: readonly string[] | null | undefined,
): { readonly [Key in Name]?: string | null } =>
  (list === undefined ? {} : { [name]: listColumn(list?.length === 0 ? null : list) }) as {
    readonly [Key in Name]?: string | null
  } // the computed key
