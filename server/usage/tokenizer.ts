/** Model tokens of one text, an estimate: the providers publish no tokenizer of their present models. */
export type CountTokens = (text: string) => number

/** A run of characters without a border the vocabulary knows costs the merge its length squared; longer ones are cut. */
const runLimit = 128
const longRun = /\p{L}{129,}|\p{N}{129,}|[^\s\p{L}\p{N}]{129,}|\s{129,}/gu
/** Pieces remembered with their counts; each is at most `runLimit` characters, so a few MB in all. */
const rememberedPieces = 20_000
/** The library may have a whole text this short as one token, whatever its pieces. */
const wholeBelow = 10

/**
 * Loads Claude's published vocabulary (about 0.3 s and 35 MB, so only when first needed) and gives a synchronous counter:
 * some 5 MB of text per second and more for repeated words.
 */
export async function createTokenizer(): Promise<CountTokens> {
  const [{ Tokenizer }, encoding] = await Promise.all([import('ai-tokenizer'), import('ai-tokenizer/encoding/claude')])
  // The counts below are remembered instead of the tokenizer's own merges.
  const tokenizer = new Tokenizer(encoding, undefined, 1)
  // As ordinary text: names of special tokens are words like others here, where `count` would throw at them.
  const count = (text: string): number => tokenizer.encode(text, 'all').length
  const countInRuns = (text: string): number => {
    let tokens = 0
    let from = 0
    longRun.lastIndex = 0
    for (const match of text.matchAll(longRun)) {
      tokens += count(text.slice(from, match.index))
      const run = match[0]
      for (let at = 0; at < run.length; at += runLimit) tokens += count(run.slice(at, at + runLimit))
      from = match.index + run.length
    }
    return tokens + count(from === 0 ? text : text.slice(from))
  }
  // A look-up per word instead of the library's search of its vocabulary: replies and prompts use the same words.
  const pattern = new RegExp(encoding.pat_str, 'ug')
  const counts = new Map<string, number>()
  return (text) => {
    if (text.length < wholeBelow) return count(text)
    const pieces = text.match(pattern)
    if (pieces === null) return 0
    let tokens = 0
    for (const piece of pieces) {
      const known = counts.get(piece)
      if (known !== undefined) {
        tokens += known
        continue
      }
      // A long run makes a piece as long, but for the two characters an apostrophe may take from it.
      if (piece.length > runLimit - 2) return countInRuns(text)
      const ofPiece = count(piece)
      if (counts.size >= rememberedPieces) counts.clear()
      // A copy: the piece is a view that would keep its whole text in memory.
      counts.set(Buffer.from(piece, 'utf16le').toString('utf16le'), ofPiece)
      tokens += ofPiece
    }
    return tokens
  }
}
