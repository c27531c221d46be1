/**
 * Stands in a proxy's address for the session of whoever the request is for. Providers of proxies give each session a way out of
 * its own, so that one address serves many accounts and each always leaves from the same place.
 */
export const sessionPlaceholder = '{session}'

/** Always the same number for the same account: FNV-1a, 32 bits, decimal, as the original had it. Source: isthe.com/chongo/tech/comp/fnv. */
export function sessionOf(who: string): string {
  let hash = 0x811c9dc5
  for (const byte of Buffer.from(who, 'utf8')) hash = Math.imul(hash ^ byte, 0x01000193)
  return String(hash >>> 0)
}

/** The address for one account. */
export const inSession = (href: string, who: string): string =>
  href.includes(sessionPlaceholder) ? href.replaceAll(sessionPlaceholder, sessionOf(who)) : href

/** In the original every `%` of an address was the placeholder; it knew no escapes. */
export const fromOriginal = (address: string): string => address.replaceAll('%', sessionPlaceholder)
