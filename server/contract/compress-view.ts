import type { Conversation, Message, Part } from '../conversation/conversation.ts'
import type { Figure } from '../conversation/event.ts'
import { cutLeaving, cutsOf, keptMessages, withSummary } from './compress-cut.ts'
import type { Asker } from './layer.ts'
import { prefixHashes, type Summaries } from './summaries.ts'

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
/** Where no list says how much a model reads. */
const usualWindow = 200_000

export const fromMemory = ''
export type Shortened = { readonly conversation: Conversation; readonly cut: number; readonly by: string }

/** What is to be done with a conversation before it is sent. */
export type Plan = {
  readonly tokens: number
  readonly window: number
  readonly limit?: number
  /** A summary that is kept and serves as it is, or from which another goes on. */
  readonly known?: Shortened
  /** `known`: that one is sent; `shorten`: a summary is written first; `whole`: it is sent as it is. */
  readonly does: 'known' | 'shorten' | 'whole'
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
  const knownWindow = (): Promise<number | undefined> => {
    window ??= windowOf(conversation, asker)
    return window
  }
  const windowTokens = async (): Promise<number> => (await knownWindow()) ?? usualWindow
  const shortened = (cut: number, summary: string, by: string): Shortened => ({
    conversation: { ...conversation, messages: withSummary(messages, cut, summary) },
    cut,
    by,
  })

  const known = (): Shortened | undefined => {
    if (summaries.stats().count === 0 || sizeOf(messages) < worthHashing) return undefined
    hashOf(1)
    const found = summaries.find((hashes ?? []).slice(0, cutsOf(messages).at(-1) ?? 0), isCounted)
    return found && shortened(found.cut, found.summary, fromMemory)
  }
  /** How far a summary behind `from` would reach; undefined: nothing there is worth one. */
  const cutBehind = (from: number, kept: number): number | undefined =>
    cutLeaving(messages, kept, from, (cut) => sizeOf(messages.slice(from, cut)) >= worthReplacing)
  /** A summary for each message or two would cost more than it saves. */
  const isWorthMore = (from: number): boolean => {
    const cut = cutLeaving(messages, keptMessages, from)
    return cut !== undefined && sizeOf(messages.slice(from, cut)) >= sizeOf(messages) * leastGain
  }
  const plan = async (): Promise<Plan> => {
    const tokensOfWindow = await windowTokens()
    const limit = how.percent === undefined ? undefined : Math.floor((tokensOfWindow * how.percent) / 100)
    const { tokens } = await estimate(conversation)
    const common = { tokens, window: tokensOfWindow, ...(limit !== undefined && { limit }) }
    const kept = tokens > (limit ?? tokensOfWindow * shareOfKnown) ? known() : undefined
    const withKnown = { ...common, ...(kept && { known: kept }) }
    if (kept !== undefined && (limit === undefined || (await estimate(kept.conversation)).tokens <= limit))
      return { ...withKnown, does: 'known' }
    if (limit === undefined || tokens <= limit) return { ...withKnown, does: 'whole' }
    if (kept !== undefined && !isWorthMore(kept.cut)) return { ...withKnown, does: 'known' }
    return { ...withKnown, does: 'shorten' }
  }

  return { messages, hashOf, knownWindow, windowTokens, shortened, cutBehind, plan }
}

const sizeOf = (messages: readonly Message[]): number =>
  messages.reduce((sum, { parts }) => sum + sizeOfParts(parts), 0)
const sizeOfParts = (parts: readonly Part[]): number => parts.reduce((sum, part) => sum + sizeOfPart(part), 0)

function sizeOfPart(part: Part): number {
  if (part.type === 'tool-result') return sizeOfParts(part.parts)
  if (part.type === 'tool-call') return JSON.stringify(part.input).length
  return 'text' in part ? part.text.length : 500
}
