import type { FetchInit, FetchLike } from '../lib/effects.ts'
import { cutText } from '../lib/sound-text.ts'
import { chooseWay, type Network, type Way } from './choose.ts'
import { secretsOf } from './proxy-url.ts'
import { inSession } from './session.ts'
import { bridgeFaultHeader, createSocksBridge } from './socks-bridge.ts'

export type EgressDeps = {
  readonly fetch: FetchLike
  /** A request through this proxy failed on the network; must not throw. */
  readonly onFault?: (proxyId: string) => void
}

export type Egress = {
  /** The wrapped fetch: `init.via` says on whose behalf, and by that which way. Rejects with a code and no address. */
  readonly fetch: FetchLike
  /** Sends through exactly this proxy address, whatever is configured: to look whether it works. `who`: in whose session. */
  readonly fetchThrough: (href: string, url: string, init: FetchInit, who: string) => Promise<Response>
  /** What rests when calls of this account meet network faults: the host it talks to and the way there. */
  readonly routeOf: (accountId: string) => string
  /** Accounts whose own way is closed or known to fail: to be taken only when there is no other. */
  readonly cutOff: () => ReadonlySet<string>
  /** Takes effect with the next request; those under way finish where they are. */
  readonly setNetwork: (network: Network) => void
  readonly setAccount: (accountId: string, route: AccountRoute) => void
  readonly forgetAccount: (accountId: string) => void
  readonly close: () => Promise<void>
}

export type AccountRoute = {
  /** The account's own proxy. */
  readonly proxyId?: string
  /** Host of its API region. */
  readonly host?: string
}

/** Why a request got no answer. Holds no credentials: `message` is scrubbed and nothing else of the cause is kept. */
export class EgressFault extends Error {
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.name = 'EgressFault'
    this.code = code
  }
}

const blockedBecause = {
  gone: 'the outbound proxy chosen for it does not exist',
  'switched-off': 'the outbound proxy chosen for it is switched off',
  unreadable: 'the address of the outbound proxy chosen for it cannot be opened',
} as const

const nothingSet: Network = { proxies: [], poolEnabled: false }
const named = /^proxy:(.+)$/

/** The one door to the provider's network: each account leaves by its way, whatever kind of call it is. */
export function createEgress(deps: EgressDeps): Egress {
  const bridge = createSocksBridge()
  const accounts = new Map<string, AccountRoute>()
  let network = nothingSet
  let cutOff: ReadonlySet<string> | undefined

  const wayOf = (via: string | undefined): Way => {
    const proxyId = via === undefined ? undefined : (named.exec(via)?.[1] ?? accounts.get(via)?.proxyId)
    return chooseWay(network, via ?? '', proxyId)
  }

  async function fetchThrough(given: string, url: string, init: FetchInit, who: string): Promise<Response> {
    const href = inSession(given, who)
    const socks = href.startsWith('socks')
    try {
      const proxy = socks ? await bridge.addressFor(href, given) : href
      const answer = await deps.fetch(url, { ...init, proxy })
      const fault = socks ? answer.headers.get(bridgeFaultHeader) : null
      if (fault === null && answer.status !== 407) return answer
      void answer.body?.cancel()
      throw new EgressFault(fault ?? 'ERR_PROXY_AUTH', 'The outbound proxy did not let the request through.')
    } catch (thrown) {
      throw init.signal?.aborted ? thrown : scrubbed(thrown, href)
    }
  }

  async function fetchBy(
    way: Exclude<Way, { type: 'environment' }>,
    url: string,
    init: FetchInit,
    who: string,
  ): Promise<Response> {
    switch (way.type) {
      case 'blocked':
        throw new EgressFault('ERR_PROXY_BLOCKED', `The request was not sent: ${blockedBecause[way.reason]}.`)
      case 'global':
        return fetchThrough(way.href, url, init, who)
      case 'proxy':
        try {
          return await fetchThrough(way.href, url, init, who)
        } catch (thrown) {
          if (!init.signal?.aborted) deps.onFault?.(way.id)
          throw thrown
        }
    }
  }

  return {
    fetch: (url, { via, ...init } = {}) => {
      if (init.proxy !== undefined) return deps.fetch(url, init)
      const way = wayOf(via)
      return way.type === 'environment' ? deps.fetch(url, init) : fetchBy(way, url, init, via ?? '')
    },
    fetchThrough,
    routeOf: (accountId) => {
      const way = wayOf(accountId)
      const host = accounts.get(accountId)?.host ?? 'provider'
      return way.type === 'proxy' || way.type === 'blocked' ? `${host} by ${way.id}` : `${host} by ${way.type}`
    },
    cutOff: () => {
      cutOff ??= new Set([...accounts.keys()].filter((id) => isCutOff(network, wayOf(id))))
      return cutOff
    },
    setNetwork: (next) => {
      network = next
      cutOff = undefined
      const hrefs = [...next.proxies.map(({ href }) => href), next.globalHref]
      bridge.keepOnly(hrefs.filter((href) => href !== undefined))
    },
    setAccount: (accountId, route) => {
      accounts.set(accountId, route)
      cutOff = undefined
    },
    forgetAccount: (accountId) => {
      accounts.delete(accountId)
      cutOff = undefined
    },
    close: bridge.close,
  }
}

function isCutOff({ proxies }: Network, way: Way): boolean {
  if (way.type === 'blocked') return true
  return way.type === 'proxy' && proxies.some(({ id, healthy }) => id === way.id && !healthy)
}

/** Bun's errors carry the address they failed on in members and sometimes in the message: only code and clean words are kept. */
function scrubbed(thrown: unknown, href: string): EgressFault {
  if (thrown instanceof EgressFault) return thrown
  if (!(thrown instanceof Error)) return new EgressFault('ERR_PROXY', 'The request failed.')
  const { code } = thrown as { readonly code?: unknown }
  const message = [href, ...secretsOf(href)].reduce((text, secret) => text.replaceAll(secret, '••••'), thrown.message)
  const name = typeof code === 'string' ? code : typeof code === 'number' ? `${thrown.name}_${code}` : thrown.name
  return new EgressFault(name, cutText(message.replace(/\b([a-z0-9+.-]+:\/\/)[^\s/@]+@/gi, '$1••••@'), 300))
}
