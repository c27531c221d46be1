/** Model tokens of one text, an estimate: the providers publish no tokenizer of their present models. */
export type CountTokens = (text: string) => number

/** A run of characters without a border the vocabulary knows costs the merge its length squared; longer ones are cut. */
const runLimit = 128
const longRun = /\p{L}{129,}|\p{N}{129,}|[^\s\p{L}\p{N}]{129,}|\s{129,}/gu
/** Pieces remembered by the tokenizer; each is at most `runLimit` characters, so a few MB in all. */
const rememberedPieces = 20_000

/**
 * Loads Claude's published vocabulary (about 0.3 s and 35 MB, so only when first needed) and gives a synchronous counter:
 * some 5 MB of text per second and more for repeated words.
 */
export async function createTokenizer(): Promise<CountTokens> {
  const [{ Tokenizer }, encoding] = await Promise.all([import('ai-tokenizer'), import('ai-tokenizer/encoding/claude')])
  const tokenizer = new Tokenizer(encoding, undefined, rememberedPieces)
  // As ordinary text: names of special tokens are words like others here, where `count` would throw at them.
  const count = (text: string): number => tokenizer.encode(text, 'all').length
  return (text) => {
    if (text.length <= runLimit) return count(text)
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
}
