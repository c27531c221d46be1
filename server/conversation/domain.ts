/** What a caller calls a domain of the web; both as addresses have them, see `pageOf`. */
export type Domain = { readonly host: string; readonly path: string }

/**
 * `example.com`, which has its subdomains; `example.com/blog`, what lies below. A scheme, a leading `*.` or dot, a trailing dot
 * and a trailing `*` are forgiven; undefined: what names none, or would never be met.
 */
export function domainOf(text: string): Domain | undefined {
  const bare = text
    .trim()
    .replace(/^https?:\/\//i, '')
    .replace(/^\*?\./, '')
  if (!/^[^\s/?#@\\]+(\/[^\s?#]*)?$/.test(bare) || /^[^/]*:\d*(\/|$)/.test(bare)) return undefined
  const url = URL.parse(`http://${bare}`)
  if (url === null) return undefined
  const { host, path } = pageOf(url)
  const below = path.replace(/\/?\*?$/, '')
  const isHost = host.split('.').every((label) => label !== '' && !label.includes('*'))
  return isHost && !below.includes('*') ? { host, path: below } : undefined
}

/** Where a page is, whichever way it is written. */
export const pageOf = ({ hostname, pathname }: URL): Domain => ({
  host: hostname.replace(/\.$/, ''),
  path: pathname.replace(/%([0-9a-f]{2})/gi, unescapeUnreserved).toLowerCase(),
})

function unescapeUnreserved(written: string, code: string): string {
  const letter = String.fromCharCode(Number.parseInt(code, 16))
  return /[\w.~-]/.test(letter) ? letter : written
}
