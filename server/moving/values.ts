import { cutText } from '../lib/sound-text.ts'
import type { Row } from './source.ts'

/** The original's times are texts of its one zone, Asia/Shanghai, which has no summer time. */
const originalOffset = '+08:00'

/** Reads the values of one row, whatever type they have there. What had to be changed to be of use is told in `repairs`. */
export type Cells = {
  readonly repairs: readonly string[]
  /** Tells of a change by the caller itself. */
  readonly repair: (what: string) => void
  /** Whether the edition had this column. */
  readonly isColumn: (column: string) => boolean
  /** Whether the column is there and not NULL. */
  readonly has: (column: string) => boolean
  /** As written; undefined for NULL and a missing column. */
  readonly raw: (column: string) => unknown
  /** Undefined also for an empty text. */
  readonly text: (column: string, longest?: number) => string | undefined
  /** A whole number, never negative; undefined: there is none that could be read. */
  readonly count: (column: string) => number | undefined
  /** A number, never negative. */
  readonly amount: (column: string) => number | undefined
  readonly flag: (column: string) => boolean | undefined
  /** Epoch ms. */
  readonly time: (column: string) => number | undefined
}

export function createCells(row: Row): Cells {
  const repairs: string[] = []
  const repair = (what: string): void => {
    if (!repairs.includes(what)) repairs.push(what)
  }
  const raw = (column: string): unknown => row[column] ?? undefined
  const number = (column: string): number | undefined => {
    const value = raw(column)
    if (value === undefined || value === '') return undefined
    const read = parseNumber(value)
    if (read === undefined) repair(`${column} was not a number`)
    else if (typeof value === 'string') repair(`${column} was a number written as text`)
    if (read === undefined || read >= 0) return read
    repair(`${column} was negative`)
    return 0
  }
  return {
    repairs,
    repair,
    raw,
    isColumn: (column) => Object.hasOwn(row, column),
    has: (column) => raw(column) !== undefined,
    text: (column, longest = 2_000) => {
      const value = raw(column)
      if (value === undefined) return undefined
      if (typeof value === 'object' && !(value instanceof Date)) repair(`${column} was binary`)
      const text = textOf(value)
      if (text.includes('\ufffd')) repair(`${column} was not valid UTF-8`)
      const clean = text.replaceAll('\0', '').toWellFormed()
      if (text.includes('\0')) repair(`${column} held NUL characters`)
      if (!text.isWellFormed()) repair(`${column} held halves of characters`)
      if (clean.length > longest) repair(`${column} was longer than ${longest} characters and was cut`)
      const cut = cutText(clean, longest)
      return cut === '' ? undefined : cut
    },
    count: (column) => {
      const value = number(column)
      if (value === undefined) return undefined
      const whole = Math.trunc(value)
      if (whole !== value) repair(`${column} was not whole`)
      if (whole > Number.MAX_SAFE_INTEGER) repair(`${column} was too large`)
      return Math.min(whole, Number.MAX_SAFE_INTEGER)
    },
    amount: (column) => {
      const value = number(column)
      if (value !== undefined && value > 1e15) repair(`${column} was too large`)
      return value === undefined ? undefined : Math.min(value, 1e15)
    },
    flag: (column) => {
      const value = raw(column)
      if (value === undefined || value === '') return undefined
      const read = parseFlag(value)
      if (read === undefined) repair(`${column} was neither true nor false`)
      else if (typeof value === 'string') repair(`${column} was a switch written as text`)
      return read
    },
    time: (column) => {
      const value = raw(column)
      const read = parseTime(value)
      if (read === 'unreadable') repair(`${column} was not a time`)
      return read === 'unreadable' ? undefined : read
    },
  }
}

export function textOf(value: unknown): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8')
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? '' : value.toISOString()
  if (typeof value === 'object' && value !== null) return JSON.stringify(value)
  return typeof value === 'string' ? value.replace(/\p{Surrogate}/gu, '\ufffd') : String(value)
}

export function parseNumber(value: unknown): number | undefined {
  if (typeof value === 'bigint' || typeof value === 'boolean') return Number(value)
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined
  if (value instanceof Date) return undefined
  const text = textOf(value).trim()
  if (!/^[+-]?(\d{1,3}(,\d{3})+|\d+)(\.\d*)?(e[+-]?\d{1,3})?$/i.test(text)) return undefined
  const number = Number(text.replaceAll(',', ''))
  return Number.isFinite(number) ? number : undefined
}

export function parseFlag(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value
  // A BIT column of MySQL.
  if (value instanceof Uint8Array && value.length === 1 && (value[0] ?? 2) < 2) return value[0] === 1
  const number = parseNumber(value)
  if (number !== undefined) return number !== 0
  const word = textOf(value).trim().toLowerCase()
  if (['true', 't', 'yes', 'y', 'on'].includes(word)) return true
  return ['false', 'f', 'no', 'n', 'off'].includes(word) ? false : undefined
}

const noTimes: ReadonlySet<string> = new Set(['', 'never', 'null', 'nil', 'none', 'unknown', '<nil>'])
const written =
  /^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[Tt\s]+(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:[.,](\d+))?)?)?\s*(Z|UTC|GMT|CST|[+-]\d{2}(?::?\d{2})?)?/i

/**
 * A time as any edition wrote it, epoch ms: RFC 3339, the same with a space or without its zone (then the original's own), a date
 * alone, seconds to nanoseconds since 1970, Go's long form. Undefined: none, the zero time and `never` included.
 */
export function parseTime(value: unknown): number | 'unreadable' | undefined {
  if (value === null || value === undefined) return undefined
  if (value instanceof Date) return past(value.getTime())
  const text = textOf(value).trim()
  if (noTimes.has(text.toLowerCase())) return undefined
  const number = parseNumber(typeof value === 'string' ? text : value)
  if (number !== undefined) return number === 0 ? undefined : scaled(number)
  const match = written.exec(text)
  if (match === null) return past(Date.parse(text))
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', zone = originalOffset] = match
  const [y, m, d, h, min, s] = [year, month, day, hour, minute, second].map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  const wall = Date.UTC(y, m - 1, d, h, min, s, Number(`${fraction}000`.slice(0, 3)))
  const whole = new Date(wall)
  if (y <= 1) return undefined // Go's zero time
  if (whole.getUTCMonth() !== m - 1 || whole.getUTCDate() !== d || h > 23 || min > 59 || s > 59) return 'unreadable'
  return past(wall - offsetMs(zone))
}

function scaled(number: number): number | 'unreadable' {
  if (number >= 1e17) return past(number / 1e6)
  if (number >= 1e14) return past(number / 1e3)
  if (number >= 1e11) return past(number)
  return number >= 1e8 ? past(number * 1_000) : 'unreadable'
}

const latest = Date.UTC(2200, 0)
const past = (at: number): number | 'unreadable' => (at >= 0 && at < latest ? Math.round(at) : 'unreadable')

function offsetMs(zone: string): number {
  const word = zone.toUpperCase()
  if (word === 'Z' || word === 'UTC' || word === 'GMT') return 0
  const [, sign, hours, minutes = '0'] = /^([+-])(\d{2}):?(\d{2})?$/.exec(word === 'CST' ? originalOffset : word) ?? []
  const size = (Number(hours) * 60 + Number(minutes)) * 60_000
  return sign === '-' ? -size : size
}
