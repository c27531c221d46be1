export const rangeNames = ['15m', '1h', '6h', '24h', '7d', '30d', 'today', 'yesterday', 'this-month'] as const
export type RangeName = (typeof rangeNames)[number]

/** Epoch ms; `to` is not part of it. */
export type Span = { readonly from: number; readonly to: number }
export type TimeRange = { readonly name: RangeName } | Span

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
const lengths: Readonly<Partial<Record<RangeName, number>>> = {
  '15m': 15 * minute,
  '1h': hour,
  '6h': 6 * hour,
  '24h': day,
  '7d': 7 * day,
  '30d': 30 * day,
}
const usual: RangeName = '24h'

type Texts = {
  readonly range?: string | undefined
  readonly from?: string | undefined
  readonly to?: string | undefined
}

/** What the address says: `range=7d`, or `from` and `to` in RFC 3339; anything else is the usual day. */
export function readRange({ range, from, to }: Texts): TimeRange {
  const span = { from: Date.parse(from ?? ''), to: Date.parse(to ?? '') }
  if (span.from < span.to) return span
  return { name: rangeNames.find((name) => name === range) ?? usual }
}

export function writeRange(range: TimeRange): { readonly [Name in keyof Texts]-?: string | undefined } {
  if ('name' in range) return { range: range.name === usual ? undefined : range.name, from: undefined, to: undefined }
  return { range: undefined, from: new Date(range.from).toISOString(), to: new Date(range.to).toISOString() }
}

/** Where a range lies at the moment; days begin where the browser is. */
export function spanOf(range: TimeRange, now: number): Span {
  if (!('name' in range)) return range
  const length = lengths[range.name]
  if (length !== undefined) return { from: now - length, to: now }
  const at = new Date(now)
  const midnight = (shift: number): number => new Date(at.getFullYear(), at.getMonth(), at.getDate() + shift).getTime()
  if (range.name === 'yesterday') return { from: midnight(-1), to: midnight(0) }
  if (range.name === 'today') return { from: midnight(0), to: now }
  return { from: new Date(at.getFullYear(), at.getMonth(), 1).getTime(), to: now }
}

/** As long a time before or after it. */
export function stepRange(range: TimeRange, direction: -1 | 1, now: number): Span {
  const { from, to } = spanOf(range, now)
  const shift = direction * (to - from)
  return { from: from + shift, to: to + shift }
}

export const browserZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone

/** "2026-11-28T14:05" for a native field, in the browser's zone. */
export function toLocalText(at: number): string {
  const date = new Date(at)
  const pad = (value: number): string => String(value).padStart(2, '0')
  return `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}T${pad(date.getHours())}:${pad(date.getMinutes())}`
}
