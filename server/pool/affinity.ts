import { LRUCache } from 'lru-cache'

/** Which account a conversation went to last, and its id at the provider: keeps the provider's prompt cache warm. */
export type Tie = { readonly accountId: string; readonly conversationId: string }

export type Affinity = {
  readonly find: (session: string) => Tie | undefined
  readonly tie: (session: string, tie: Tie) => void
  readonly stats: () => { readonly size: number; readonly hits: number; readonly misses: number }
}

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
    find: (session) => {
      const tie = ties.get(session)
      if (tie === undefined) misses++
      else hits++
      return tie
    },
    tie: (session, tie) => {
      ties.set(session, tie)
    },
    stats: () => ({ size: ties.size, hits, misses }),
  }
}
