import { type Static, Type } from '@sinclair/typebox'
import { domainOf } from '../conversation/domain.ts'
import type { SearchWish } from '../conversation/search.ts'
import { ok } from '../lib/result.ts'
import { cutText } from '../lib/sound-text.ts'
import { type Decoded, open, optional, refuse } from './validate.ts'

const Text = optional(Type.String())
const Domains = optional(Type.Array(Type.String()))
const Place = { city: Text, region: Text, country: Text, timezone: Text } as const

/** `approximate` is one level deeper in one of the APIs. */
export const UserLocation = optional(
  Type.Object({ ...Place, approximate: optional(Type.Object({ ...Place }, open)) }, open),
)

/** What the APIs say about their web search; one has the domains within `filters`. */
export const searchMembers = {
  max_uses: optional(Type.Integer({ minimum: 1 })),
  allowed_domains: Domains,
  blocked_domains: Domains,
  filters: optional(Type.Object({ allowed_domains: Domains, blocked_domains: Domains }, open)),
  user_location: UserLocation,
  external_web_access: optional(Type.Boolean()),
} as const
const SearchEntry = Type.Object(searchMembers, open)
type Entry = Static<typeof SearchEntry>

/** Every date of it: `web_search_20250305`, `web_search_preview`, `web_search_2025_08_26`, … */
export const isSearchType = (type: string | null | undefined): boolean => /^web_search(_|$)/.test(type ?? '')

/**
 * The wish that an entry of the tools stands for; undefined: one that may not reach the web, which is a search of a store that
 * is not there.
 */
export function decodeSearch(entry: Entry, at: string): Decoded<SearchWish | undefined> {
  if (entry.external_web_access === false) return ok(undefined)
  const allowedDomains = entry.allowed_domains ?? entry.filters?.allowed_domains ?? []
  const blockedDomains = entry.blocked_domains ?? entry.filters?.blocked_domains ?? []
  if (allowedDomains.length > 0 && blockedDomains.length > 0)
    return refuse(`${at}.blocked_domains`, 'cannot be given together with allowed_domains')
  for (const member of ['allowed_domains', 'blocked_domains'] as const) {
    const isFlat = entry[member] != null
    const wrong = ((isFlat ? entry[member] : entry.filters?.[member]) ?? []).findIndex(
      (domain) => domainOf(domain) === undefined,
    )
    if (wrong >= 0)
      return refuse(
        `${at}.${isFlat ? '' : 'filters.'}${member}.${wrong}`,
        'must be a domain, like example.com or example.com/blog',
      )
  }
  const near = placeOf(entry.user_location)
  return ok({
    allowedDomains,
    blockedDomains,
    ...(entry.max_uses == null ? {} : { maxUses: entry.max_uses }),
    ...(near === undefined ? {} : { near }),
  })
}

/** In words, for the model: the provider's search knows no places. */
function placeOf(location: Entry['user_location']): string | undefined {
  const place = location?.approximate ?? location
  const words = [place?.city, place?.region, place?.country].filter(Boolean).join(', ')
  const zone = place?.timezone ? `time zone ${place.timezone}` : ''
  const text = [words, zone].filter((part) => part !== '').join(', ')
  return text === '' ? undefined : cutText(text.replace(/\s+/g, ' '), 200)
}
