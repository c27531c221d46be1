import { type Domain, domainOf, pageOf } from '../conversation/domain.ts'
import type { SearchResult, SearchWish } from '../conversation/search.ts'

/** The results the caller wants to see: the provider's search knows no domains, so they are sorted out here. */
export function withinDomains(
  results: readonly SearchResult[],
  { allowedDomains, blockedDomains }: Pick<SearchWish, 'allowedDomains' | 'blockedDomains'>,
): readonly SearchResult[] {
  if (allowedDomains.length === 0 && blockedDomains.length === 0) return results
  const read = (texts: readonly string[]): readonly Domain[] =>
    texts.map(domainOf).filter((domain) => domain !== undefined)
  const allowed = read(allowedDomains)
  const blocked = read(blockedDomains)
  return results.filter(({ url }) => {
    const parsed = URL.parse(url)
    if (parsed === null) return false
    const page = pageOf(parsed)
    const isIn = (domain: Domain): boolean => isWithin(page, domain)
    return (allowedDomains.length === 0 || allowed.some(isIn)) && !blocked.some(isIn)
  })
}

const isWithin = (page: Domain, { host, path }: Domain): boolean =>
  (page.host === host || page.host.endsWith(`.${host}`)) &&
  (path === '' || page.path === path || page.path.startsWith(`${path}/`))
