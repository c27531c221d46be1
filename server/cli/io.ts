import type { Home } from '../upstream/amazonq/local-clients.ts'

/** Where a command reads and writes; a terminal in the program, plain functions in tests. */
export type CliIo = {
  /** Standard output: the answer and nothing else. */
  readonly out: (text: string) => void
  /** Standard error: hints, progress, faults. */
  readonly err: (text: string) => void
  /** All of standard input. A person at a terminal is asked for `what` and types it unseen. */
  readonly stdin: (what: string) => Promise<string>
  readonly readFile: (file: string) => Promise<string>
  /** Where other clients on this machine keep their sign-ins. */
  readonly home: Home
  /** Standard error is a terminal: progress may be drawn over. */
  readonly isTerminal: boolean
  /** Width of that terminal. */
  readonly columns: number
  /** Aborts when the operator interrupts. */
  readonly interrupted: AbortSignal
  /** Shows the address in the person's browser, where there is one. */
  readonly openUrl?: (url: string) => void
}

/** Why a command failed, in a sentence for the operator, and its exit code: 1 failed, 2 asked wrongly. */
export type Failure = { readonly message: string; readonly exitCode: 1 | 2 }
export const failed = (message: string): Failure => ({ message, exitCode: 1 })
export const misused = (message: string): Failure => ({ message, exitCode: 2 })

/** Text from elsewhere (labels, provider messages) without what could move a terminal's cursor or turn its letters around. */
export const shown = (text: string): string => text.replace(/[^\P{Cc}\n]|[\u202a-\u202e\u2066-\u2069]/gu, '\ufffd')

/** Rows in columns as wide as their widest cell; wide characters count double, as terminals show them. */
export function table(rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) => row.map((cell) => shown(cell.replaceAll('\n', ' '))))
  const widths: number[] = []
  for (const row of cells) {
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, Bun.stringWidth(cell))
  }
  const pad = (cell: string, column: number): string => cell + ' '.repeat((widths[column] ?? 0) - Bun.stringWidth(cell))
  return cells.map((row) => `${row.map(pad).join('  ').trimEnd()}\n`).join('')
}

/** One line that is drawn again and again on a terminal; nothing elsewhere. `end` takes it away. */
export function liveLine({ err, isTerminal, columns }: Pick<CliIo, 'err' | 'isTerminal' | 'columns'>) {
  return {
    draw: (text: string): void => {
      if (isTerminal) err(`\r\x1b[K${text.slice(0, Math.max(10, columns - 1))}`)
    },
    end: (): void => {
      if (isTerminal) err('\r\x1b[K')
    },
  }
}
