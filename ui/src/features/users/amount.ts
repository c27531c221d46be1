const sizes: Readonly<Record<string, number>> = {
  k: 1e3,
  m: 1e6,
  b: 1e9,
  g: 1e9,
  千: 1e3,
  万: 1e4,
  萬: 1e4,
  亿: 1e8,
  億: 1e8,
}

/**
 * An amount as people write it: `2,000,000`, `2 000 000`, `1.5M`, `200万`. Empty is 0; undefined is no amount at all.
 * A part of a whole is kept: whether one may be given is for the field to say.
 */
export function parseAmount(text: string): number | undefined {
  const plain = text.trim().replace(/[\s,_，]/g, '')
  if (plain === '') return 0
  const found = /^\$?(\d+(?:\.\d+)?|\.\d+)([kmbg千万萬亿億]?)$/i.exec(plain)
  if (found === null) return undefined
  const value = Number(found[1]) * (sizes[(found[2] ?? '').toLowerCase()] ?? 1)
  // 1.1M is a whole number of tokens, whatever the machine makes of the product.
  return Number.isFinite(value) ? Math.round(value * 1e6) / 1e6 : undefined
}

/** As it stands in a field: grouped, and nothing where there is no limit. */
export const amountText = (value: number): string =>
  value === 0 ? '' : new Intl.NumberFormat('en-US', { maximumFractionDigits: 6 }).format(value)

/** RFC 3339 as the browser's own field for a day and a time wants it, in the time of who looks. */
export function localTime(at: string | null): string {
  const date = at === null ? undefined : new Date(at)
  if (date === undefined || Number.isNaN(date.getTime())) return ''
  const pad = (value: number): string => String(value).padStart(2, '0')
  const day = [String(date.getFullYear()).padStart(4, '0'), pad(date.getMonth() + 1), pad(date.getDate())].join('-')
  return `${day}T${pad(date.getHours())}:${pad(date.getMinutes())}`
}

/** The other way; empty: never. What is no time stays as it is, for the server's rule to refuse. */
export function sentTime(text: string): string {
  if (text.trim() === '') return ''
  const date = new Date(text)
  return Number.isNaN(date.getTime()) ? text : date.toISOString()
}
