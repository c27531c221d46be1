import type { ImportReport } from '../admin/contract/import-report.ts'
import { cutText } from '../lib/sound-text.ts'

export type TableReport = ImportReport['tables'][number]
type NoteKind = TableReport['notes'][number]['kind']

/** Counts what becomes of the rows of one table. `row` names one: its id, never a value. */
export type Tally = {
  readonly name: string
  readonly imported: (row: string, repairs?: readonly string[]) => void
  readonly leftOut: (row: string, why: string, count?: number) => void
  /** True of a row whatever else became of it. */
  readonly note: (text: string, row?: string, count?: number) => void
  readonly report: () => TableReport
}

const rowsShown = 20
const longestName = 64
/** Texts are ours, and names of columns: only a strange database has more kinds of them. */
const mostNotes = 200

export function createTally(name: string): Tally {
  const notes = new Map<string, { kind: NoteKind; text: string; count: number; rows: string[] }>()
  let [imported, repaired, leftOut] = [0, 0, 0]
  const add = (kind: NoteKind, text: string, row: string | undefined, count = 1): void => {
    const key = `${kind} ${text}`
    const note = notes.get(key) ?? { kind, text, count: 0, rows: [] }
    if (!notes.has(key) && notes.size >= mostNotes) return
    note.count += count
    if (row !== undefined && row !== '' && note.rows.length < rowsShown) note.rows.push(cutText(row, longestName))
    notes.set(key, note)
  }
  return {
    name,
    imported: (row, repairs = []) => {
      imported++
      if (repairs.length > 0) repaired++
      for (const repair of repairs) add('repaired', repair, row)
    },
    leftOut: (row, why, count = 1) => {
      leftOut += count
      add('left-out', why, row, count)
    },
    note: (text, row, count) => add('note', text, row, count),
    report: () => ({
      name,
      read: imported + leftOut,
      imported,
      repaired,
      leftOut,
      notes: [...notes.values()],
    }),
  }
}
