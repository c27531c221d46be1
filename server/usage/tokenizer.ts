import { openVocabulary } from './vocabulary.ts'

/** Model tokens of one text, an estimate: the providers publish no tokenizer of their present models. */
export type CountTokens = (text: string) => number

/** A run of characters without a border the vocabulary knows costs the merge its length squared; longer ones are cut. */
const runLimit = 128
const longRun = /\p{L}{129,}|\p{N}{129,}|[^\s\p{L}\p{N}]{129,}|\s{129,}/gu
/** Words remembered with their counts: at most `runLimit` characters each, so a few MB in all. */
const remembered = 20_000
/** A whole text this short may be one token, whatever its pieces. */
const wholeBelow = 10

/**
 * Loads Claude's published vocabulary, so only when first needed, and gives a synchronous counter: some 5 MB of text per
 * second and more for repeated words.
 */
export async function createTokenizer(): Promise<CountTokens> {
  const { isToken, pattern, tokensOf } = await openVocabulary()
  const piecesOf = (text: string): readonly string[] => text.match(pattern) ?? []
  const count = (text: string): number => piecesOf(text).reduce((tokens, piece) => tokens + tokensOf(piece), 0)
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
  // Look-ups instead of merges: replies and prompts use the same words.
  const words = new Map<number, Word>()
  const countPieces = (text: string): number => {
    let tokens = 0
    for (const piece of piecesOf(text)) {
      // A long run makes a piece as long, but for the two characters an apostrophe may take from it.
      if (piece.length > runLimit - 2) return countInRuns(text)
      tokens += tokensOf(piece)
    }
    return tokens
  }
  return (text) => {
    if (text.length < wholeBelow && isToken(text)) return 1
    let tokens = 0
    let from = 0
    while (from < text.length) {
      let to = from
      let hash = 0
      do hash = (Math.imul(hash, 31) + text.charCodeAt(to++)) | 0
      while (to < text.length && !isWordBorder(text, to))
      // Found by a hash made on the way and then compared: cutting the word out first would cost more than all the rest.
      const known = words.get(hash)
      if (known?.text.length === to - from && text.startsWith(known.text, from)) tokens += known.tokens
      else {
        const word = text.slice(from, to)
        const ofWord = countPieces(word)
        if (word.length <= runLimit) keep(words, hash, { text: copyOf(word), tokens: ofWord })
        tokens += ofWord
      }
      from = to
    }
    return tokens
  }
}

/** For when the vocabulary cannot be had: four ASCII characters are a token, and so is any other character. */
export function countRoughly(text: string): number {
  let ascii = 0
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) < 0x80) ascii++
  return Math.ceil(ascii / 4) + text.length - ascii
}

type Word = { readonly text: string; readonly tokens: number }

/** Before a space between two characters that are none: there the vocabulary always cuts. */
const isWordBorder = (text: string, at: number): boolean =>
  text.charCodeAt(at) === 0x20 && isPrinted(text.charCodeAt(at - 1)) && isPrinted(text.charCodeAt(at + 1))

/** For certain no white space: what lies between these ranges has some. */
const isPrinted = (code: number): boolean =>
  (code > 0x20 && code < 0x7f) || (code > 0xa0 && code < 0x1680) || (code > 0x3000 && code < 0xfeff)

function keep<Key, Value>(memory: Map<Key, Value>, key: Key, value: Value): void {
  if (memory.size >= remembered) memory.clear()
  memory.set(key, value)
}

/** What was cut out of a text is a view that would keep all of it in memory. */
const copyOf = (text: string): string => Buffer.from(text, 'utf16le').toString('utf16le')
