import { isRealDay } from '../lib/real-day.ts'

const form =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?\s*(Z|[+ -](?:[01]\d|2[0-3]):?[0-5]\d)?$/i

/**
 * Epoch ms of an RFC 3339 time, a date, or epoch milliseconds; undefined for anything else. What names no zone is meant in
 * `timeZone` (IANA; empty: the system's). The plus of an offset may have become a space, as it does in an address.
 */
export function parseTime(text: string, timeZone: string): number | undefined {
  if (/^\d{11,14}$/.test(text)) return Number(text)
  const parts = form.exec(text)
  if (parts === null) return undefined
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts
    .slice(1, 7)
    .map((part) => Number(part ?? 0))
  const ms = Math.floor(Number(`0.${parts[7] ?? '0'}`) * 1000)
  const wall = Date.UTC(year, month - 1, day, hour, minute, second, ms)
  if (!isRealDay(year, month, day) || hour > 23 || minute > 59 || second > 60) return undefined
  const zone = parts[8]
  if (zone !== undefined) return wall - offsetOf(zone)
  // The offset of the wall time read as UTC may be that of the other side of a change of clocks: look again from there.
  const near = wall - offsetIn(timeZone, wall)
  return wall - offsetIn(timeZone, near)
}

function offsetOf(zone: string): number {
  if (/^z$/i.test(zone)) return 0
  const sign = zone.startsWith('-') ? -1 : 1
  const [hours = 0, minutes = 0] = (zone.slice(1).match(/\d\d/g) ?? []).map(Number)
  return sign * (hours * 60 + minutes) * 60_000
}

/** ISO 8601 of an epoch time, or null for none. */
export const isoOrNull = (at: number | undefined): string | null =>
  at === undefined ? null : new Date(at).toISOString()

/** What the zone's clocks are ahead of UTC at a moment, ms. */
export function offsetIn(timeZone: string, at: number): number {
  const parts = Object.fromEntries(
    formatOf(timeZone)
      .formatToParts(at)
      .map(({ type, value }) => [type, Number(value)]),
  )
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(at / 1000) * 1000
}

const formats = new Map<string, Intl.DateTimeFormat>()
const mostFormats = 20

/** Making one takes longer than a hundred uses of it. */
function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone)
  if (known !== undefined) return known
  const made = newFormat(timeZone)
  if (formats.size >= mostFormats) formats.clear()
  formats.set(timeZone, made)
  return made
}

function newFormat(timeZone: string): Intl.DateTimeFormat {
  const fields = {
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
    hourCycle: 'h23',
  } as const
  try {
    return new Intl.DateTimeFormat('en-US', { ...fields, ...(timeZone === '' ? {} : { timeZone }) })
  } catch {
    return new Intl.DateTimeFormat('en-US', fields)
  }
}

/** Whether days can be told in it. */
export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}
