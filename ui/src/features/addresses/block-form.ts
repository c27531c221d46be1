const hour = 3_600_000

export const blockLengths = ['never', '1h', '24h', '7d', 'own'] as const
export type BlockLength = (typeof blockLengths)[number]

/** Epoch ms at which a block ends; undefined: never. `own` is a text of a date field. */
export function blockEnd(length: BlockLength, own: string, now: number): number | undefined {
  switch (length) {
    case 'never':
      return undefined
    case '1h':
      return now + hour
    case '24h':
      return now + 24 * hour
    case '7d':
      return now + 7 * 24 * hour
    case 'own':
      return Date.parse(own)
  }
}

/** A whole number of a limit's field; empty is none. Undefined: it cannot be read. */
export function limitOf(text: string, most: number): number | undefined {
  if (text.trim() === '') return 0
  const number = Number(text)
  return Number.isInteger(number) && number >= 0 && number <= most ? number : undefined
}

/** All requests come from one address of a private network: a proxy in front that is not known. */
export function isBehindProxy(ips: readonly string[]): boolean {
  const [only] = ips
  return ips.length === 1 && only !== undefined && isPrivate(only)
}

const isPrivate = (ip: string): boolean =>
  /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|f[cd])/i.test(ip)

export const isLocal = (ip: string): boolean => ip === '::1' || ip.startsWith('127.')
