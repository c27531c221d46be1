import { LRUCache } from 'lru-cache'
import type { Message, Part } from '../conversation/conversation.ts'
import type { Effects } from '../lib/effects.ts'
import type { Unshown } from '../relay/relay.ts'

export type KeptSummary = { readonly summary: string; readonly unshown: Unshown }

export type Summaries = {
  /** The summary that stands for the most of these messages; only looked at, it counts as no use. */
  readonly find: (
    hashes: readonly string[],
    isCounted?: boolean,
  ) => (KeptSummary & { readonly cut: number }) | undefined
  /** `hash`: of what it replaces. */
  readonly keep: (hash: string, summary: KeptSummary) => void
  readonly stats: () => {
    readonly count: number
    readonly bytes: number
    readonly hits: number
    readonly written: number
  }
}

export const summariesLimit = 5_000
export const summaryBytesLimit = 64 * 1024 * 1024
const ttlMs = 24 * 3_600_000
const bytesOfEntry = 200

/** Holds summaries by the hash of what they replace, in memory alone: the next turn of a conversation goes on from one. */
export function createSummaries({ now }: Pick<Effects, 'now'>): Summaries {
  const cache = new LRUCache<string, KeptSummary>({
    max: summariesLimit,
    maxSize: summaryBytesLimit,
    maxEntrySize: summaryBytesLimit / 16,
    sizeCalculation: ({ summary }) => summary.length * 2 + bytesOfEntry,
    ttl: ttlMs,
    perf: { now },
  })
  let hits = 0
  let written = 0
  return {
    find: (hashes, isCounted = true) => {
      if (cache.size === 0) return undefined
      for (let cut = hashes.length; cut > 0; cut--) {
        const hash = hashes[cut - 1] ?? ''
        const kept = isCounted ? cache.get(hash) : cache.peek(hash)
        if (kept === undefined) continue
        if (isCounted) hits++
        return { cut, ...kept }
      }
      return undefined
    },
    keep: (hash, summary) => {
      written++
      cache.set(hash, summary)
    },
    stats: () => ({ count: cache.size, bytes: cache.calculatedSize, hits, written }),
  }
}

/** The hash of the first message, the first two, and so on, for one caller: nobody learns from another's. */
export function prefixHashes(callerId: string, messages: readonly Message[]): readonly string[] {
  const hasher = new Bun.CryptoHasher('sha256').update(callerId)
  return messages.map(({ role, parts }) =>
    hasher
      .update(`\0${JSON.stringify([role, parts.flatMap(saidBy)])}`)
      .copy()
      .digest('base64'),
  )
}

/**
 * What makes a message the same when it comes again: reasoning, which clients leave out of older turns, is in no summary, and a
 * part's place in the request depends on what the client sends along.
 */
function saidBy(part: Part): readonly object[] {
  switch (part.type) {
    case 'reasoning':
    case 'redacted-reasoning':
      return []
    case 'image':
    case 'document':
    case 'remote':
      return [{ ...part, field: undefined }]
    case 'tool-result':
      return [{ ...part, parts: part.parts.flatMap(saidBy) }]
    case 'text':
    case 'tool-call':
      return [part]
  }
}
