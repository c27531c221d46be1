import { parseRange, rangeText, shownRange, touchesLoopback } from '../access/ip-range.ts'
import { maskProxyUrl, parseProxyUrl } from '../egress/proxy-url.ts'
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

export function readProxy(cells: Cells, id: string, now: number): (ProxyRecord & { readonly url: string }) | string {
  const parsed = parseProxyUrl(cells.text('url', 4_000) ?? '')
  if (!parsed.ok) return `its address ${parsed.error}`
  const weight = cells.count('weight') ?? 1
  if (weight < 1 || weight > 100) cells.repair('weight was moved into 1 to 100')
  const { href } = parsed.value
  const createdAt = Math.min(cells.time('created_at') ?? now, now)
  return {
    id,
    name: cells.text('name', 100)?.trim() || new URL(href.replace(/^\w+:/, 'http:')).host,
    url: href,
    shownUrl: maskProxyUrl(href),
    weight: Math.min(100, Math.max(1, weight)),
    enabled: cells.flag('enabled') ?? !cells.isColumn('enabled'),
    health: { state: 'unchecked', failures: 0 },
    createdAt,
    updatedAt: Math.min(cells.time('updated_at') ?? createdAt, now),
  }
}
