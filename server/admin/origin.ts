import type { RefusalReason } from './contract/refusal-reasons.ts'
import type { AdminError } from './contract/session.ts'
import type { RequestPeer } from './request-peer.ts'

/** The header a script or the console sets on writes without an Origin: no page elsewhere can send it unasked. */
const customHeader = 'x-requested-with'

/** The host a request asked for, and the page it was sent from, when the browser says so. */
export type Asked = { readonly host: string; readonly page?: string }

export function askedOf(request: Request): Asked {
  const { headers } = request
  const page = headers.get('origin') ?? headers.get('referer')
  return { host: headers.get('host') ?? new URL(request.url).host, ...(page === null ? {} : { page }) }
}

/**
 * Whether a request may act with a session's cookie: it comes from our own page, or from a script that set the custom header.
 * The browser's own word goes first, since a proxy may have changed every name; browsers that say nothing (old ones, and all
 * on plain HTTP) send the page's Origin, which must be the host that was asked for, by our proxy's word if not by its own.
 */
export function isOwnPage(request: Request, peer: RequestPeer, consoleOrigins: readonly string[]): boolean {
  const site = request.headers.get('sec-fetch-site')
  // `none`: typed, a bookmark, a reload: no page sent it.
  if (site === 'same-origin' || site === 'none') return true
  const origin = request.headers.get('origin')
  if (origin === null) return request.headers.has(customHeader)
  if (consoleOrigins.some((own) => URL.parse(own)?.origin === origin)) return true
  return site === null && isHost(origin, hostsOf(request, peer))
}

/** Signs of a browser at all: a sign-in with one of them is held to the rule above, a script's without any is not. */
export const isFromPage = ({ headers }: Request): boolean => headers.has('origin') || headers.has('sec-fetch-site')

/** The scheme is left out: behind a proxy we may not know it. Default ports are the same as none. */
function isHost(origin: string, hosts: readonly string[]): boolean {
  const page = URL.parse(origin)
  return page !== null && hosts.some((host) => URL.parse(`${page.protocol}//${host}`)?.host === page.host)
}

/** Why a write was refused: the two names that differ, and what makes them the same. */
export function originFault(request: Request, peer: RequestPeer): Pick<AdminError, 'error' | 'params'> {
  const { headers } = request
  const origin = headers.get('origin')
  if (origin === null) {
    const error =
      'This request may come from another site. Scripts that use the cookie set the header x-requested-with.'
    return { error, params: { reason: 'no-origin' satisfies RefusalReason } }
  }
  const hosts = hostsOf(request, peer).join(' and ')
  const disbelieved = headers.has('x-forwarded-host') && (peer.forwardedHosts ?? []).length === 0
  const params = { page: origin.slice(0, 200), hosts: hosts.slice(0, 400) }
  const reason: RefusalReason = disbelieved ? 'origin-unbelieved' : 'origin'
  const error = [
    `The page is ${params.page}, but the request asks for ${params.hosts}: another site's page may not use the console.`,
    disbelieved ? `X-Forwarded-Host from this proxy is not believed: add its address to server.trusted_proxies.` : '',
    'If this is the console behind a reverse proxy, let the proxy pass the Host on or list the page in server.console_origins (docs/deploy.md).',
  ]
    .filter((sentence) => sentence !== '')
    .join(' ')
  return { error, params: { reason, ...params } }
}

/** True where a proxy in front changes the host and names no client: all visitors then look like this machine. */
export function hidesVisitors(request: Request, peer: RequestPeer): boolean {
  const { page } = askedOf(request)
  return peer.loopback && !peer.forwarded && page !== undefined && !isLocalPage(page)
}

/** A page over TLS says so even where no proxy does: then the cookie of the session is for TLS alone. */
export const isHttpsPage = (request: Request): boolean => request.headers.get('origin')?.startsWith('https://') === true

/**
 * The operator's own browser on this machine. The host must be an address or `localhost`: a name that somebody else's DNS
 * turned to loopback would let a web page sign in with the first password. So must the page's, when it is known: a proxy
 * that changes the host and says nothing of the client would let everybody in.
 */
export function isAtTheMachine(from: RequestPeer, { host, page }: Asked): boolean {
  return from.loopback && !from.forwarded && isLocalHost(host) && (page === undefined || isLocalPage(page))
}

function isLocalHost(host: string): boolean {
  const name = host.replace(/:\d+$/, '').toLowerCase()
  return name === 'localhost' || name.endsWith('.localhost') || /^(\d{1,3}(\.\d{1,3}){3}|\[[0-9a-f:.]+\])$/.test(name)
}

const isLocalPage = (page: string): boolean => isLocalHost(URL.parse(page)?.host ?? '')

const hostsOf = (request: Request, peer: RequestPeer): readonly string[] => [
  ...(peer.forwardedHosts ?? []),
  askedOf(request).host,
]
