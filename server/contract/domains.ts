import type { SearchResult, SearchWish } from '../conversation/search.ts'

/** The results the caller wants to see: the provider's search knows no domains, so they are sorted out here. */
export function withinDomains(
  results: readonly SearchResult[],
  { allowedDomains, blockedDomains }: Pick<SearchWish, 'allowedDomains' | 'blockedDomains'>,
): readonly SearchResult[] {
  if (allowedDomains.length === 0 && blockedDomains.length === 0) return results
  return results.filter(({ url }) => {
    const page = URL.parse(url)
    if (page === null) return false
    const isIn = (domain: string): boolean => isWithin(page, domain)
    return (allowedDomains.length === 0 || allowedDomains.some(isIn)) && !blockedDomains.some(isIn)
  })
}

/** `example.com`, with its subdomains; `example.com/blog`, what lies below; a leading `*.` or a scheme is forgiven. */
function isWithin({ hostname, pathname }: URL, domain: string): boolean {
  const [host = '', ...path] = domain
    .trim()
    .toLowerCase()
    .replace(/^https?:\/\//, '')
    .replace(/^\*\./, '')
    .split('/')
  if (hostname !== host && !hostname.endsWith(`.${host}`)) return false
  const below = path.join('/').replace(/\/?\*?$/, '')
  return below === '' || pathname.toLowerCase() === `/${below}` || pathname.toLowerCase().startsWith(`/${below}/`)
}
