/** A row as the other program wrote it; columns by their names in lower case, values of whatever type lies there. */
export type Row = Readonly<Record<string, unknown>>

export type SourceTable = {
  readonly name: string
  /** In lower case. */
  readonly columns: readonly string[]
  readonly rows: number
}

/** A database of the original, wherever it lies. Nothing is ever written to it. */
export type Source = {
  readonly kind: 'sqlite' | 'mysql' | 'backup'
  /** Path or address, without a password. */
  readonly shown: string
  readonly tables: readonly SourceTable[]
  /** All rows in the order they were written, as far as that is known, in batches. */
  readonly rows: (table: string) => AsyncIterable<readonly Row[]>
  /** Rows of a table that the damage of the file has made unreadable, as far as they can be counted. */
  readonly unreadable: (table: string) => number
  readonly close: () => Promise<void>
}

export const batchRows = 500

/** The original's nine tables. */
export const originalTables = [
  'settings',
  'accounts',
  'imported_accounts',
  'proxies',
  'blocked_ips',
  'ip_configs',
  'users',
  'user_token_usage',
  'request_logs',
] as const
export type OriginalTable = (typeof originalTables)[number]

/** Whether tables are the original's, of any edition: by columns no other program has. */
export function areOriginal(tables: readonly SourceTable[]): boolean {
  const has = (name: string, column: string): boolean =>
    tables.some((table) => table.name.toLowerCase() === name && table.columns.includes(column))
  return (
    has('accounts', 'clientid') ||
    has('settings', 'setting_key') ||
    (has('settings', 'key') && has('settings', 'value') && has('accounts', 'id'))
  )
}

export const lowerCased = (row: object): Row =>
  Object.fromEntries(Object.entries(row).map(([name, value]) => [name.toLowerCase(), value]))
