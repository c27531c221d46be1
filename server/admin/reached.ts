import type { MetaView } from './contract/meta.ts'
import { askedOf, isHttpsPage } from './origin.ts'
import type { RequestPeer } from './request-peer.ts'

/**
 * The address a request came to, for the settings of clients: where a page says its own and it is one of the names that were asked
 * for, that one; else the outermost name a trusted proxy gives, else `Host`. `lan`: other addresses that are listened on.
 */
export function reachedOf(
  request: Request,
  peer: RequestPeer,
  lan: readonly string[],
): NonNullable<MetaView['reached']> {
  const { host, page } = askedOf(request)
  const hosts = [...(peer.forwardedHosts ?? []), host]
  const shown = page === undefined ? null : URL.parse(page)
  const scheme = peer.https || isHttpsPage(request) ? 'https:' : 'http:'
  const of = (name: string): string => URL.parse(`${scheme}//${name}`)?.origin ?? ''
  const own = shown !== null && hosts.some((name) => URL.parse(`${shown.protocol}//${name}`)?.host === shown.host)
  const url = own && shown !== null ? shown.origin : of(hosts[0] ?? host)
  const named = request.headers.has('x-forwarded-host') || /host=/i.test(request.headers.get('forwarded') ?? '')
  return {
    url,
    by_proxy: peer.forwarded,
    disbelieved: named && (peer.forwardedHosts ?? []).length === 0,
    lan: lan.filter((address) => address !== url),
  }
}
