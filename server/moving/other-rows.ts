import { parseRange, rangeText, shownRange, touchesLoopback } from '../access/ip-range.ts'
import { maskProxyUrl, parseProxyUrl } from '../egress/proxy-url.ts'
import { fromOriginal } from '../egress/session.ts'
import type { IpBlock, IpConfig, ProxyRecord } from '../store/store.ts'
import type { Cells } from './values.ts'

/** A row that cannot be taken is the reason why. */

export function readBlock(cells: Cells, now: number): IpBlock | string {
  const range = parseRange(cells.text('ip') ?? '')
  if (range === undefined) return 'it is no address: it never blocked anybody'
  if (touchesLoopback(range)) return 'it is this machine itself, which is never blocked'
  return {
    range: rangeText(range),
    shown: shownRange(range),
    reason: cells.text('reason')?.trim() ?? 'Blocked by hand',
    createdAt: Math.min(cells.time('created_at') ?? now, now),
  }
}

export function readIpConfig(cells: Cells, now: number): IpConfig | string {
  const range = parseRange(cells.text('ip') ?? '')
  if (range === undefined || shownRange(range) !== range.address) return 'it is no single address'
  const [perMinute = 0, perDay = 0] = [cells.count('rate_limit_rpm'), cells.count('daily_request_limit')]
  const notes = cells.text('notes', 10_000)
  const createdAt = Math.min(cells.time('created_at') ?? now, now)
  return {
    ip: range.address,
    ...(notes === undefined ? {} : { notes }),
    ...(perMinute > 0 ? { requestsPerMinute: perMinute } : {}),
    ...(perDay > 0 ? { requestsPerDay: perDay } : {}),
    createdAt,
    updatedAt: Math.min(cells.time('updated_at') ?? createdAt, now),
  }
}

/**
 * One whose address cannot be used is kept all the same: without it, what was meant to leave through it would leave past it. In the
 * original every `%` was the session of the account.
 */
export function readProxy(cells: Cells, id: string, now: number): (ProxyRecord & { readonly url: string }) | string {
  const text = cells.text('url', 4_000)?.trim() ?? ''
  if (text === '') return 'it has no address'
  if (/%[0-9a-f]{2}/i.test(text)) cells.repair('a % of its address is the session, also before two digits, as it was')
  const parsed = parseProxyUrl(fromOriginal(text))
  if (!parsed.ok) cells.repair(`its address ${parsed.error}: nothing leaves by it until it is given again`)
  const weight = cells.count('weight') ?? 1
  if (weight < 1 || weight > 100) cells.repair('weight was moved into 1 to 100')
  const href = parsed.ok ? parsed.value.href : text
  const createdAt = Math.min(cells.time('created_at') ?? now, now)
  return {
    id,
    name: cells.text('name', 100)?.trim() || (parsed.ok ? placeIn(href) : 'unreadable'),
    url: href,
    shownUrl: maskProxyUrl(href),
    weight: Math.min(100, Math.max(1, weight)),
    enabled: cells.flag('enabled') ?? !cells.isColumn('enabled'),
    health: { state: 'unchecked', failures: 0 },
    createdAt,
    updatedAt: Math.min(cells.time('updated_at') ?? createdAt, now),
  }
}

const placeIn = (href: string): string => href.replace(/^.*[/@]/, '').slice(0, 100)
