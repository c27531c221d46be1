import { createHash } from 'node:crypto'
import { err, ok, type Result } from '../lib/result.ts'
import { cutText } from '../lib/sound-text.ts'
import {
  isConflict,
  isKeptTable,
  isLogTable,
  type KeptTable,
  type PlainRow,
  rowFault,
  type WholeStore,
} from '../store/whole.ts'
import { type BackupHeader, readHeader } from './header.ts'
import { keyOf, noPassphrase, pieceSeal } from './pieces.ts'

export type ReadOptions = {
  readonly passphrase?: string
  readonly newestSchema: string
  /** So many rows more are done. */
  readonly step: (rows: number) => void
  readonly turn: () => Promise<void>
  /** Told of a row that cannot stand in its table, which is left out then. Absent: such a backup is refused. */
  readonly invalid?: (table: KeptTable, reason: string) => void
}
export type TableCount = { readonly name: KeptTable; readonly rows: number }
export type BackupRead = { readonly header: BackupHeader; readonly tables: readonly TableCount[] }

/** Longer lines are nobody's: a piece of ours has less than half of it. */
const longestLine = 96 * 1024 * 1024
const batchRows = 500

/** Reads a whole backup into an empty store. The fault says what is wrong and where; the store is then of no use. */
export async function readBackup(
  lines: AsyncIterator<string>,
  whole: Pick<WholeStore, 'write'>,
  options: ReadOptions,
): Promise<Result<BackupRead, string>> {
  const first = await lines.next()
  if (first.done === true) return err('it is empty')
  const header = readHeader(first.value, options.newestSchema)
  if (!header.ok) return header
  if (!header.value.secrets) {
    return err('it was made without secrets: it tells what there was, and cannot be restored')
  }
  const plain = await plainLines(header.value, first.value, lines, options.passphrase)
  if (!plain.ok) return plain
  const counts = new Map<KeptTable, number>()
  const hash = createHash('sha256')
  let batch: PlainRow[] = []
  let table: KeptTable | undefined
  let total = 0
  const write = async (): Promise<string | undefined> => {
    const rows = batch
    batch = []
    if (table === undefined || rows.length === 0) return undefined
    const done = counts.get(table) ?? 0
    const fault = await writeRows(whole, table, rows, done, options.invalid)
    counts.set(table, done + rows.length)
    options.step(rows.length)
    await options.turn()
    return fault
  }
  for await (const line of plain.value) {
    if (!line.ok) return line
    const item = parsed(line.value)
    if (item === undefined) return err(`row ${total + 1} is no JSON: the backup was damaged or cut`)
    if (isEnd(item)) {
      const fault = await write()
      if (fault !== undefined) return err(fault)
      if (item.rows !== total || item.sha256 !== hash.digest('hex')) return err('its rows are not those it was made of')
      const after = await plain.value.next()
      if (after.done !== true) return after.value.ok ? err('something follows its last line') : after.value
      return ok({ header: header.value, tables: [...counts].map(([name, rows]) => ({ name, rows })) })
    }
    hash.update(`${line.value}\n`)
    total++
    if (!isRow(item)) return err(`row ${total} is not of the form ["table", {…}]`)
    const [name, row] = item
    if (!isKeptTable(name)) return err(`row ${total}: there is no table ${JSON.stringify(cutText(name, 64))}`)
    if (isLogTable(name) && !header.value.requestLog) return err(`row ${total}: ${name} belongs to a request log`)
    if (name !== table || batch.length >= batchRows) {
      const fault = await write()
      if (fault !== undefined) return err(fault)
      table = name
    }
    const fault = rowFault(name, row)
    if (fault === undefined) {
      batch.push(row)
      continue
    }
    const number = (counts.get(name) ?? 0) + batch.length + 1
    if (options.invalid === undefined) return err(`${name} row ${number}: ${fault}`)
    options.invalid(name, `row ${number}: ${fault}`)
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return err('its end is missing: the backup was cut')
}

/** In one go; where that fails, one by one, to name the row. */
async function writeRows(
  whole: Pick<WholeStore, 'write'>,
  table: KeptTable,
  rows: readonly PlainRow[],
  before: number,
  invalid: ReadOptions['invalid'],
): Promise<string | undefined> {
  try {
    await whole.write(table, rows)
    return undefined
  } catch (error) {
    if (!isConflict(error)) throw error
  }
  for (const [index, row] of rows.entries()) {
    try {
      await whole.write(table, [row])
    } catch (error) {
      if (!isConflict(error)) throw error
      const number = before + index + 1
      if (invalid === undefined) return `${table} row ${number}: ${brokenRule}`
      invalid(table, `row ${number}: ${brokenRule}`)
    }
  }
  return undefined
}

const brokenRule =
  'it breaks a rule of its table (a value that is there twice, out of its range, or that refers to nothing)'

type Lines = AsyncGenerator<Result<string, string>, void, undefined>

async function plainLines(
  { encryption }: BackupHeader,
  headerLine: string,
  lines: AsyncIterator<string>,
  passphrase: string | undefined,
): Promise<Result<Lines, string>> {
  if (encryption === null) return ok(inTheClear(lines))
  if (passphrase === undefined || passphrase === '') return err(noPassphrase)
  return ok(unsealed(lines, pieceSeal(await keyOf(passphrase, encryption), encryption, headerLine)))
}

async function* inTheClear(lines: AsyncIterator<string>): Lines {
  for (let next = await lines.next(); next.done !== true; next = await lines.next()) {
    if (next.value !== '') yield ok(next.value)
  }
}

async function* unsealed(lines: AsyncIterator<string>, { open }: ReturnType<typeof pieceSeal>): Lines {
  let next = await lines.next()
  if (next.done === true) return
  for (;;) {
    const following = await lines.next()
    const piece = parsed(next.value)
    if (typeof piece !== 'string') return yield err('a piece of it is no text: the backup was damaged or cut')
    const text = open(piece, following.done === true)
    if (!text.ok) return yield text
    for (const line of text.value.split('\n')) if (line !== '') yield ok(line)
    if (following.done === true) return
    next = following
  }
}

type End = { readonly rows: number; readonly sha256: string }
const isEnd = (item: unknown): item is End =>
  typeof item === 'object' && item !== null && !Array.isArray(item) && 'rows' in item && 'sha256' in item
const isRow = (item: unknown): item is readonly [string, PlainRow] =>
  Array.isArray(item) &&
  item.length === 2 &&
  typeof item[0] === 'string' &&
  typeof item[1] === 'object' &&
  item[1] !== null &&
  !Array.isArray(item[1])

function parsed(line: string): unknown {
  try {
    return JSON.parse(line, (name, member: unknown) => (name === '__proto__' ? undefined : member))
  } catch {
    return undefined
  }
}

/** Lines of a text that comes in pieces; empty ones are left out. Throws where it is no UTF-8 or a line has no end. */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  // The pieces of a line that has not ended: the original's backup is one of any length, and each of its characters is seen once.
  let waiting: string[] = []
  let length = 0
  for await (const chunk of chunks) {
    const parts = decoder.decode(chunk, { stream: true }).split('\n')
    const rest = parts.pop() ?? ''
    for (const part of parts) {
      const line = waiting.join('') + part
      waiting = []
      length = 0
      if (line.trim() !== '') yield line
    }
    waiting.push(rest)
    length += rest.length
    if (length > longestLine) throw new RangeError('a line is too long')
  }
  const last = waiting.join('') + decoder.decode()
  if (last.trim() !== '') yield last
}
