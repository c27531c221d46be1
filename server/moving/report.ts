import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import type { ImportReport } from '../admin/contract/import-report.ts'
import { writeDurably } from './switch.ts'

const name = /^import-report-\d{8}-\d{9}\.json$/

/** The file of a report, by its time: the names sort as the times do. */
export function reportPath(dataDir: string, at: string): string {
  return path.join(
    dataDir,
    `import-report-${at.slice(0, 10).replaceAll('-', '')}-${at.slice(11, 23).replaceAll(/[:.]/g, '')}.json`,
  )
}

/** Only the operator can read it. */
export function saveReport(file: string, report: ImportReport): void {
  writeDurably(file, `${JSON.stringify(report, null, 2)}\n`)
}

/** Where a report waits for the switch of the databases. */
export const draftOfReport = (file: string): string => `${file}.draft`
const draftName = /^import-report-\d{8}-\d{9}\.json\.(draft|draft\.new|new)$/

/** What an import that was cut short has left of its report. */
export function removeReportDrafts(dataDir: string): void {
  if (!existsSync(dataDir)) return
  for (const found of readdirSync(dataDir))
    if (draftName.test(found)) rmSync(path.join(dataDir, found), { force: true })
}

/** The newest report of a data folder, with its file. */
export function latestReport(dataDir: string): { readonly file: string; readonly report: ImportReport } | undefined {
  try {
    for (const found of readdirSync(dataDir)
      .filter((one) => name.test(one))
      .toSorted()
      .toReversed()) {
      const file = path.join(dataDir, found)
      const report = JSON.parse(readFileSync(file, 'utf8')) as ImportReport // our own
      if (Array.isArray(report.tables)) return { file, report }
    }
  } catch {
    // a folder or file that cannot be read: none that could be told of
  }
  return undefined
}

/** The report for people. */
export function reportText(report: ImportReport): string {
  const { tables, otherTables, keptAs, dryRun, source, advice } = report
  const lines = [
    dryRun
      ? `What an import of ${source.name} would bring (nothing was changed):`
      : `Imported from the original (${source.name}):`,
    '',
    row(['TABLE', 'READ', 'IMPORTED', 'REPAIRED', 'LEFT OUT']),
    ...tables.map((table) =>
      row([
        table.name,
        ...[table.read, table.imported, table.repaired, table.leftOut].map((n) => n.toLocaleString('en-US')),
      ]),
    ),
  ]
  const told = tables.filter(({ notes }) => notes.length > 0)
  for (const { name: table, notes } of told) {
    lines.push('', `${table}:`)
    for (const { kind, text, count, rows } of notes) {
      const word = kind === 'repaired' ? 'repaired: ' : kind === 'left-out' ? 'left out: ' : ''
      const which = rows.length === 0 ? '' : ` (${rows.slice(0, 3).join(', ')}${count > 3 ? ', …' : ''})`
      lines.push(`  ${count.toLocaleString('en-US')} × ${word}${text}${which}`)
    }
  }
  if (otherTables.length > 0)
    lines.push(
      '',
      `Not the original’s, left there: ${otherTables.map((one) => `${one.name} (${one.rows})`).join(', ')}`,
    )
  if (keptAs !== null) lines.push('', `The untouched original: ${keptAs}`)
  lines.push('', 'Now:', ...advice.map((one) => `  - ${one}`), '')
  return `${lines.map(printable).join('\n')}\n`
}

const widths = [20, 10, 10, 10, 10]
const row = (cells: readonly string[]): string =>
  cells.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join('')

/** Ids come from elsewhere: nothing in them moves a cursor. */
const printable = (line: string): string => line.replace(/\p{Cc}|[\u202a-\u202e\u2066-\u2069]/gu, '\ufffd')

/** One line for a log. */
export function reportFields({ tables, source, keptAs, durationMs }: ImportReport) {
  const sum = (pick: (table: ImportReport['tables'][number]) => number): number =>
    tables.reduce((total, table) => total + pick(table), 0)
  return {
    source: source.name,
    ...(keptAs === null ? {} : { keptAs }),
    read: sum(({ read }) => read),
    imported: sum(({ imported }) => imported),
    repaired: sum(({ repaired }) => repaired),
    leftOut: sum(({ leftOut }) => leftOut),
    durationMs,
  }
}
