import { LRUCache } from 'lru-cache'

/** Which account a conversation went to last, and its id at the provider: keeps the provider's prompt cache warm. */
export type Tie = { readonly accountId: string; readonly conversationId: string }

export type Affinity = {
  readonly find: (session: string) => Tie | undefined
  readonly tie: (session: string, tie: Tie) => void
  /** A request of a conversation that was known got its account, or another one. */
  readonly count: (kept: boolean) => void
  readonly stats: () => AffinityStats
}
/** `hits` and `misses` count requests of conversations that had an account already: served by it, or by another. */
export type AffinityStats = { readonly size: number; readonly hits: number; readonly misses: number }

/** Bounded and forgetful: at most `max` conversations, each for `ttlMs` after its last use. `now` is epoch ms. */
export function createAffinity(max: number, ttlMs: number, now: () => number): Affinity {
  const ties = new LRUCache<string, Tie>({
    max,
    ttl: ttlMs,
    updateAgeOnGet: true,
    ttlResolution: 0,
    perf: { now },
  })
  let hits = 0
  let misses = 0
  return {
    find: (session) => ties.get(session),
    tie: (session, tie) => {
      ties.set(session, tie)
    },
    count: (kept) => {
      if (kept) hits++
      else misses++
    },
    stats: () => ({ size: ties.size, hits, misses }),
  }
}
