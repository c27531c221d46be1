import { unwatched, type WatchMemory } from '../lib/watch-memory.ts'

/** How wrong passwords are slowed down. All durations milliseconds. */
export type LockoutPolicy = {
  /** Wrong tries a peer has before it must wait. */
  readonly freeTries: number
  readonly firstWaitMs: number
  readonly longestWaitMs: number
  /** A peer's wrong tries are forgotten after this much quiet. */
  readonly forgetMs: number
  /** All peers together: so many wrong tries at once, then one each `globalEveryMs`. Loopback is never held up by it. */
  readonly globalTries: number
  readonly globalEveryMs: number
}

export const defaultLockout: LockoutPolicy = {
  freeTries: 5,
  firstWaitMs: 5_000,
  longestWaitMs: 15 * 60_000,
  forgetMs: 60 * 60_000,
  globalTries: 50,
  globalEveryMs: 2_000,
}

/** How long a peer waits after its `failures`-th wrong try: nothing, then doubling. */
export function waitAfter(failures: number, policy: LockoutPolicy): number {
  if (failures < policy.freeTries) return 0
  return Math.min(policy.longestWaitMs, policy.firstWaitMs * 2 ** Math.min(40, failures - policy.freeTries))
}

/**
 * Whom a wrong try is counted against: the address, or its /64 for IPv6, since one home has all of it.
 * An IPv4 address in its IPv6 form counts as itself.
 */
export function peerKey(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)
  if (mapped?.[1] !== undefined) return mapped[1]
  if (!address.includes(':')) return address
  const [head = '', tail] = address.toLowerCase().split('%')[0]?.split('::') ?? []
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? [] : Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => '0')
  return `${[...left, ...zeros, ...right]
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`
}

export type Peer = { readonly address: string; readonly loopback: boolean }

export type Lockout = {
  /** Milliseconds this peer still has to wait; 0 when it may try. Counts nothing. */
  readonly waitMs: (peer: Peer) => number
  /** Counts a try as wrong until `succeeded` says otherwise, so that many at once gain nothing. Gives `waitMs`; counts only at 0. */
  readonly enter: (peer: Peer) => number
  readonly succeeded: (peer: Peer) => void
  /** Takes back one `enter`: what was sent was incomplete rather than wrong. */
  readonly withdraw: (peer: Peer) => void
}

type Entry = { readonly failures: number; readonly lastAt: number; readonly until: number }

/** Counts wrong passwords per peer, within bounds: the peers longest quiet are forgotten first. */
export function createLockout(
  now: () => number,
  policy = defaultLockout,
  maxPeers = 10_000,
  memory: WatchMemory = unwatched,
): Lockout {
  const entries = new Map<string, Entry>()
  // Peers that have given the right password: strangers' guessing does not slow them down.
  const trusted = new Set<string>()
  memory('guessing_addresses', () => entries.size + trusted.size, 2 * maxPeers)
  let spent = 0
  let spentAt = now()

  const globalSpent = (): number => Math.max(0, spent - (now() - spentAt) / policy.globalEveryMs)
  const spend = (amount: number): void => {
    spent = Math.max(0, globalSpent() + amount)
    spentAt = now()
  }
  const read = (key: string): Entry | undefined => {
    const entry = entries.get(key)
    return entry !== undefined && now() - entry.lastAt > policy.forgetMs ? undefined : entry
  }
  const write = (key: string, failures: number): void => {
    entries.delete(key)
    if (failures <= 0) return
    entries.set(key, { failures, lastAt: now(), until: now() + waitAfter(failures, policy) })
    if (entries.size > maxPeers) for (const oldest of entries.keys()) return void entries.delete(oldest)
  }
  const waitMs = (peer: Peer): number => {
    const key = peerKey(peer.address)
    const own = Math.max(0, (read(key)?.until ?? 0) - now())
    if (own > 0 || peer.loopback || trusted.has(key)) return own
    return Math.max(0, Math.ceil((globalSpent() + 1 - policy.globalTries) * policy.globalEveryMs))
  }

  return {
    waitMs,
    enter: (peer) => {
      const wait = waitMs(peer)
      if (wait > 0) return wait
      const key = peerKey(peer.address)
      write(key, (read(key)?.failures ?? 0) + 1)
      spend(1)
      return 0
    },
    succeeded: (peer) => {
      const key = peerKey(peer.address)
      entries.delete(key)
      spend(-1)
      trusted.delete(key)
      trusted.add(key)
      if (trusted.size > maxPeers) for (const oldest of trusted) return void trusted.delete(oldest)
    },
    withdraw: (peer) => {
      const key = peerKey(peer.address)
      write(key, (read(key)?.failures ?? 0) - 1)
      spend(-1)
    },
  }
}
