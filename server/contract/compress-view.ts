import type { Conversation, Message, Part } from '../conversation/conversation.ts'
import type { Figure } from '../conversation/event.ts'
import type { Unshown } from '../relay/relay.ts'
import { besides, clientsSummaryIn } from './clients-summary.ts'
import { cutLeaving, cutsOf, keptByEstimate, withSummary } from './compress-cut.ts'
import { imagesToKeep } from './kept-images.ts'
import type { Asker } from './layer.ts'
import { type KeptSummary, prefixHashes, type Summaries } from './summaries.ts'
import { allShown } from './summary-pieces.ts'

/** When long conversations are made shorter. `percent`: of the model's window; absent: only once they do not fit. */
export type Compression = { readonly percent?: number; readonly model?: string }

export type CompressDeps = {
  /** As it holds for whoever asks; undefined: off. */
  readonly compressionOf: (asker: Asker) => Compression | undefined
  readonly estimate: (conversation: Conversation) => Promise<Figure>
  /** The window of the model that will serve, tokens; undefined: not known. */
  readonly windowOf: (conversation: Conversation, asker: Asker) => Promise<number | undefined>
  readonly summaries: Summaries
}

/** A summary that is kept is extended when so much of the conversation would be taken up by it. */
const leastGain = 0.1
/** Shorter conversations are never looked up: no hash of them is worth its time. */
const worthHashing = 4_000
/** Less than this, characters, a summary would hardly shorten. */
const worthReplacing = 4_000
/** From this share of the window on a summary that is kept serves at once; below it the whole conversation may fit again. */
const shareOfKnown = 0.5
/** Our estimate may be wrong by much, but not by so much: what is beyond it is not sent only to be refused. */
const plainlyTooLong = 1.5
/** What the images before a cut may take of the window, and what a summary is taken for before it is written. */
const shareOfImages = 0.1
const shareOfSummary = 0.02
/** Where no list says how much a model reads. */
const usualWindow = 200_000

export const fromMemory = ''
const unwritten: KeptSummary = { summary: '', unshown: allShown }
export type Shortened = {
  readonly conversation: Conversation
  readonly cut: number
  readonly by: string
  readonly unshown: Unshown
  /** Among what is replaced. */
  readonly images: { readonly kept: number; readonly of: number }
}

/** A place to cut at, and what would be left, tokens; the summary is guessed. */
export type Place = { readonly kept: number; readonly cut: number; readonly tokens: number }

/** What is to be done with a conversation before it is sent. */
export type Plan = {
  readonly tokens: number
  readonly window: number
  readonly limit?: number
  /** A summary that is kept and serves as it is, or from which another goes on. */
  readonly known?: Shortened
  /** Of a summary that is to be written. */
  readonly place?: Place
  /**
   * `known`: that one is sent; `shorten`: a summary is written first; `whole`: it is sent as it is; `refuse`: whatever is
   * replaced, what has to stay is plainly too long.
   */
  readonly does: 'known' | 'shorten' | 'whole' | 'refuse'
  /** Sent as it is it would be refused, as far as an estimate can tell. */
  readonly isPlainlyTooLong: boolean
}

export type CompressView = ReturnType<typeof createView>

/** Looks at a conversation: what of it could be replaced, by what, and whether it is to be. Changes nothing. */
export function createView(
  conversation: Conversation,
  asker: Asker,
  how: Compression,
  { estimate, windowOf, summaries }: CompressDeps,
  isCounted = true,
) {
  const { messages } = conversation
  let hashes: readonly string[] | undefined
  const hashOf = (cut: number): string => {
    hashes ??= prefixHashes(asker.callerId, messages)
    return hashes[cut - 1] ?? ''
  }
  let window: Promise<number | undefined> | undefined
  let mostImageTokens = usualWindow * shareOfImages
  const knownWindow = async (): Promise<number | undefined> => {
    window ??= windowOf(conversation, asker)
    const tokens = await window
    mostImageTokens = (tokens ?? usualWindow) * shareOfImages
    return tokens
  }
  const windowTokens = async (): Promise<number> => (await knownWindow()) ?? usualWindow
  const shortened = (cut: number, { summary, unshown }: KeptSummary, by: string, withImages = true): Shortened => {
    const images = imagesToKeep(messages.slice(0, cut), messages.slice(cut), withImages ? mostImageTokens : 0)
    return {
      conversation: { ...conversation, messages: withSummary(messages, cut, summary, images) },
      ...{ cut, by, unshown },
      images: { kept: images.images.length, of: images.of },
    }
  }

  const known = (): Shortened | undefined => {
    if (summaries.stats().count === 0 || sizeOf(messages) < worthHashing) return undefined
    hashOf(1)
    const found = summaries.find((hashes ?? []).slice(0, cutsOf(messages).at(-1) ?? 0), isCounted)
    return found && shortened(found.cut, found, fromMemory)
  }
  /** What a summary of these messages would take the place of, characters. */
  const replacedBetween = (from: number, cut: number): number =>
    sizeOf(besides(clientsSummaryIn(messages.slice(0, cut)), messages.slice(from, cut)))
  /**
   * Where a summary behind `from` could reach, for each number of messages that may stay; places that leave more than `most`
   * only where none leaves less. Empty: nothing there is worth one.
   */
  const placesBehind = async (
    from: number,
    most: number,
    keeping: readonly number[] = keptByEstimate,
  ): Promise<readonly Place[]> => {
    const guess = (await windowTokens()) * shareOfSummary
    const places: Place[] = []
    for (const kept of keeping) {
      const cut = cutLeaving(messages, kept, from, (at) => replacedBetween(from, at) >= worthReplacing)
      if (cut === undefined || places.some((place) => place.cut === cut)) continue
      const rest = await estimate(shortened(cut, unwritten, fromMemory).conversation)
      places.push({ kept, cut, tokens: rest.tokens + guess })
    }
    const first = places.findIndex(({ tokens }) => tokens <= most)
    return first < 0 ? places.slice(-1) : places.slice(first)
  }
  const plan = async (): Promise<Plan> => {
    const isKnown = (await knownWindow()) !== undefined
    const tokensOfWindow = await windowTokens()
    const mostSent = isKnown ? tokensOfWindow * plainlyTooLong : Number.POSITIVE_INFINITY
    const limit = how.percent === undefined ? undefined : Math.floor((tokensOfWindow * how.percent) / 100)
    const { tokens } = await estimate(conversation)
    const kept = tokens > (limit ?? tokensOfWindow * shareOfKnown) ? known() : undefined
    const sent = kept === undefined ? tokens : (await estimate(kept.conversation)).tokens
    const isPlainlyTooLong = sent > mostSent
    const common = { tokens, window: tokensOfWindow, isPlainlyTooLong, ...(limit !== undefined && { limit }) }
    const withKnown = { ...common, ...(kept && { known: kept }) }
    const asItIs: Plan = { ...withKnown, does: kept === undefined ? 'whole' : 'known' }
    if (sent <= Math.min(limit ?? mostSent, mostSent)) return asItIs
    const from = kept?.cut ?? 0
    const [nearest] = await placesBehind(from, limit ?? tokensOfWindow)
    // Where the share cannot be reached, more of the last messages stay as long as the window is not passed.
    const [place] =
      nearest === undefined || nearest.tokens <= (limit ?? tokensOfWindow)
        ? [nearest]
        : await placesBehind(from, tokensOfWindow)
    if (isPlainlyTooLong && (place === undefined || place.tokens > mostSent)) return { ...withKnown, does: 'refuse' }
    if (place === undefined) return asItIs
    // A summary for each message or two would cost more than it saves.
    const isWorthMore = replacedBetween(from, place.cut) >= sizeOf(messages) * leastGain
    if (kept !== undefined && sent <= tokensOfWindow && !isWorthMore) return asItIs
    return { ...withKnown, does: 'shorten', place }
  }

  return { messages, hashOf, knownWindow, windowTokens, shortened, placesBehind, plan }
}

const sizeOf = (messages: readonly Message[]): number =>
  messages.reduce((sum, { parts }) => sum + sizeOfParts(parts), 0)
const sizeOfParts = (parts: readonly Part[]): number => parts.reduce((sum, part) => sum + sizeOfPart(part), 0)

function sizeOfPart(part: Part): number {
  if (part.type === 'tool-result') return sizeOfParts(part.parts)
  if (part.type === 'tool-call') return JSON.stringify(part.input).length
  return 'text' in part ? part.text.length : 500
}
