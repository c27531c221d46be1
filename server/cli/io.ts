/** Where a command reads and writes; a terminal in the program, plain functions in tests. */
export type CliIo = {
  readonly out: (text: string) => void
  readonly err: (text: string) => void
  /** All of standard input. */
  readonly stdin: () => Promise<string>
  readonly readFile: (file: string) => Promise<string>
  readonly isTerminal: boolean
  /** Aborts when the operator interrupts. */
  readonly interrupted: AbortSignal
}

/** Rows in columns as wide as their widest cell; wide characters count double, as terminals show them. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => Bun.stringWidth(row[column] ?? ''))))
  const pad = (cell: string, column: number): string => cell + ' '.repeat((widths[column] ?? 0) - Bun.stringWidth(cell))
  return rows.map((row) => `${row.map(pad).join('  ').trimEnd()}\n`).join('')
}
