/** An outbound proxy as it is chosen. `href` is absent when the sealed address could not be opened, or is none. */
export type OutboundProxy = {
  readonly id: string
  readonly href?: string
  /** 1-100: its share of the accounts relative to others. */
  readonly weight: number
  readonly enabled: boolean
  /** False: the last checks through it failed. */
  readonly healthy: boolean
}

/** What the operator has set for the whole gateway. */
export type Network = {
  readonly proxies: readonly OutboundProxy[]
  /** Accounts without a proxy of their own are spread over the enabled ones. */
  readonly poolEnabled: boolean
  /** For everything that has no other way. */
  readonly globalHref?: string
  /** There is one, but its sealed address could not be opened, or is none. */
  readonly globalUnreadable?: boolean
}

/**
 * `environment`: nothing is configured, so HTTP_PROXY and NO_PROXY decide. `blocked`: the way asked for is closed, and going
 * around it would take the traffic where the operator did not want it.
 */
export type Way =
  | { readonly type: 'proxy'; readonly id: string; readonly href: string }
  | { readonly type: 'global'; readonly href: string }
  | { readonly type: 'environment' }
  | { readonly type: 'blocked'; readonly id: string; readonly reason: 'gone' | 'switched-off' | 'unreadable' }

/**
 * The way out of `who`: its own proxy, even a failing one; else with the pool on always the same of the healthy ones; else the
 * global one; else whatever the environment says. When no proxy of the pool is healthy and there is no global one, the
 * enabled ones are tried all the same: a check may be wrong, and traffic must not slip past them; nor where none of them has an
 * address that could be used.
 */
export function chooseWay(network: Network, who: string, ownProxyId: string | undefined): Way {
  if (ownProxyId !== undefined) return ownWay(network, ownProxyId)
  const global = globalWay(network)
  if (network.poolEnabled) {
    const usable = network.proxies.filter(isUsable)
    const healthy = stickyProxy(
      usable.filter((proxy) => proxy.healthy),
      who,
    )
    if (healthy !== undefined) return { type: 'proxy', id: healthy.id, href: healthy.href }
    if (global !== undefined) return global
    const failing = stickyProxy(usable, who)
    if (failing !== undefined) return { type: 'proxy', id: failing.id, href: failing.href }
    const closed = network.proxies.find(({ enabled }) => enabled)
    if (closed !== undefined) return { type: 'blocked', id: closed.id, reason: 'unreadable' }
  }
  return global ?? { type: 'environment' }
}

function globalWay({ globalHref, globalUnreadable }: Network): Way | undefined {
  if (globalHref !== undefined) return { type: 'global', href: globalHref }
  return globalUnreadable === true ? { type: 'blocked', id: 'global', reason: 'unreadable' } : undefined
}

type Usable = OutboundProxy & { readonly href: string }
const isUsable = (proxy: OutboundProxy): proxy is Usable => proxy.enabled && proxy.href !== undefined

function ownWay(network: Network, id: string): Way {
  const own = network.proxies.find((proxy) => proxy.id === id)
  if (own === undefined) return { type: 'blocked', id, reason: 'gone' }
  if (!own.enabled) return { type: 'blocked', id, reason: 'switched-off' }
  return own.href === undefined ? { type: 'blocked', id, reason: 'unreadable' } : { type: 'proxy', id, href: own.href }
}

/**
 * Weighted rendezvous hashing: each proxy draws a lot for `who`, the best one wins. When a proxy comes or goes, only the
 * accounts it wins or loses move, and they come back to it later.
 */
export function stickyProxy<T extends Pick<OutboundProxy, 'id' | 'weight'>>(
  proxies: readonly T[],
  who: string,
): T | undefined {
  let best: T | undefined
  let bestLot = Number.NEGATIVE_INFINITY
  for (const proxy of proxies) {
    // Uniform in (0, 1): 53 bits of a hash whose definition does not change between versions.
    const uniform = (Number(Bun.hash.xxHash64(`${who}\n${proxy.id}`) >> 11n) + 0.5) / 2 ** 53
    const lot = proxy.weight / -Math.log(uniform)
    if (lot > bestLot) {
      best = proxy
      bestLot = lot
    }
  }
  return best
}
