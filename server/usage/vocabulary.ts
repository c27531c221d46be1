import { readVocabulary } from './vocabulary-data.ts'

export type Vocabulary = {
  /** What a text is cut into; each piece is merged by itself. */
  readonly pattern: RegExp
  /** Whether a text is one token, whatever the pattern cuts it into. */
  readonly isToken: (text: string) => boolean
  /** Tokens of one piece. Costs its length squared where it is none itself. */
  readonly tokensOf: (piece: string) => number
}

/** Claude's published vocabulary, for counting alone: some 1.5 MB, read in a few milliseconds. */
export async function openVocabulary(): Promise<Vocabulary> {
  const { pattern, packed } = await readVocabulary()
  const ranks = new RankTable(packed)
  const encoder = new TextEncoder()
  let bytes = new Uint8Array(1_024)
  const bytesOf = (text: string): number => {
    if (bytes.length < text.length * 3) bytes = new Uint8Array(text.length * 6)
    return encoder.encodeInto(text, bytes).written
  }
  return {
    pattern: new RegExp(pattern, 'ug'),
    isToken: (text) => ranks.rankOf(bytes, 0, bytesOf(text)) !== noRank,
    tokensOf: (piece) => {
      const length = bytesOf(piece)
      if (length === 0) return 0
      return ranks.rankOf(bytes, 0, length) === noRank ? mergedTokens(ranks, bytes, length) : 1
    },
  }
}

const noRank = 0xffff_ffff

/** Byte pair encoding: the neighbours of the lowest rank become one, again and again, the first of equals first. */
function mergedTokens(ranks: RankTable, bytes: Uint8Array, length: number): number {
  let parts = length
  const starts = Uint32Array.from({ length: length + 1 }, (_, at) => at)
  /** Of each part with the next one. */
  const pairs = new Uint32Array(length).fill(noRank)
  const look = (at: number): void => {
    pairs[at] = at + 2 > parts ? noRank : ranks.rankOf(bytes, starts[at] ?? 0, starts[at + 2] ?? 0)
  }
  for (let at = 0; at < length; at++) look(at)
  for (;;) {
    let lowest = noRank
    let place = 0
    for (let at = 0; at < parts - 1; at++) {
      const rank = pairs[at] ?? noRank
      if (rank >= lowest) continue
      lowest = rank
      place = at
    }
    if (lowest === noRank) return parts
    starts.copyWithin(place + 1, place + 2, parts + 1)
    pairs.copyWithin(place, place + 1, parts)
    parts--
    look(place)
    if (place > 0) look(place - 1)
  }
}

/** Tokens by their bytes, as numbers in two arrays: as strings in an object the same vocabulary takes ten times the memory. */
class RankTable {
  /** Where each token begins in `packed`, behind its length. */
  private readonly starts: Uint32Array
  /** Open addressing: a token's number plus one, 0 where there is none. */
  private readonly slots: Uint32Array
  private readonly mask: number

  constructor(private readonly packed: Uint8Array) {
    let count = 0
    for (let at = 0; at < packed.length; at += 2 + lengthAt(packed, at)) count++
    this.starts = new Uint32Array(count)
    this.slots = new Uint32Array(2 ** Math.ceil(Math.log2(count * 2)))
    this.mask = this.slots.length - 1
    let start = 2
    for (let rank = 0; rank < count; rank++) {
      const end = start + lengthAt(packed, start - 2)
      let slot = hashOf(packed, start, end) & this.mask
      while (this.slots[slot] !== 0) slot = (slot + 1) & this.mask
      this.starts[rank] = start
      this.slots[slot] = rank + 1
      start = end + 2
    }
  }

  rankOf(bytes: Uint8Array, from: number, to: number): number {
    let slot = hashOf(bytes, from, to) & this.mask
    for (let found = this.slots[slot] ?? 0; found !== 0; found = this.slots[slot] ?? 0) {
      if (this.isAt(found - 1, bytes, from, to)) return found - 1
      slot = (slot + 1) & this.mask
    }
    return noRank
  }

  private isAt(rank: number, bytes: Uint8Array, from: number, to: number): boolean {
    const start = this.starts[rank] ?? 0
    if (lengthAt(this.packed, start - 2) !== to - from) return false
    for (let at = from; at < to; at++) if (bytes[at] !== this.packed[start + at - from]) return false
    return true
  }
}

const lengthAt = (packed: Uint8Array, at: number): number => ((packed[at] ?? 0) << 8) | (packed[at + 1] ?? 0)

/** FNV-1a. */
function hashOf(bytes: Uint8Array, from: number, to: number): number {
  let hash = 0x811c9dc5
  for (let at = from; at < to; at++) hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x01000193)
  // Its low bits alone would tell too little of long tokens.
  return (hash ^ (hash >>> 15)) >>> 0
}
