import type { Conversation, Message } from '../conversation/conversation.ts'
import { type GatewayError, gatewayError } from '../conversation/error.ts'
import type { Figure } from '../conversation/event.ts'
import { err, type Result } from '../lib/result.ts'
import type { ReplyStream } from '../relay/reply-source.ts'
import { cutLeaving, keptMessages, withSummary } from './compress-cut.ts'
import type { Asked, Layer, Turns } from './layer.ts'
import { prefixHashes, type Summaries } from './summaries.ts'
import { isClientsCompaction, summaryRequest, summaryTokens, transcriptOf } from './summary-request.ts'

/** When long conversations are made shorter. `percent`: of the model's window; absent: only once they do not fit. */
export type Compression = { readonly percent?: number; readonly model?: string }

export type CompressDeps = {
  /** As it holds for whoever asks; undefined: off. */
  readonly compressionOf: (asked: Asked) => Compression | undefined
  readonly estimate: (conversation: Conversation) => Promise<Figure>
  /** The window of the model that will serve, tokens; undefined: not known. */
  readonly windowOf: (conversation: Conversation, asked: Asked) => Promise<number | undefined>
  readonly summaries: Summaries
}

/** A summary that takes longer is given up, milliseconds. */
const longestSummaryMs = 120_000
/** What one summary is made of at most, as a share of the window: its task, its images and its answer need room too. */
const shareOfSummary = 0.5
const leastShare = 0.25
/** Few characters make fewer tokens than this: what is cut into pieces by it fits. */
const charactersPerToken = 2
const mostPieces = 8
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

/**
 * Long conversations: older turns are replaced by a summary that a model writes, when they do not fit, or from a share of the
 * window on. Never silently: where no summary can be had, the request goes out as it is.
 */
export function createCompression(deps: CompressDeps): Layer {
  const { compressionOf, summaries } = deps
  return {
    wants: (conversation, asked) =>
      conversation.messages.length > 2 && compressionOf(asked) !== undefined && !isClientsCompaction(conversation),
    serve: async (conversation, turns) => {
      const how = compressionOf(turns.asked)
      if (how === undefined) return turns.run(conversation)
      const work = createWork(conversation, turns, how, deps)
      const { window, limit } = await work.limits()
      const { tokens } = await deps.estimate(conversation)
      const known = tokens > (limit ?? window * shareOfKnown) ? work.known() : undefined
      const isLonger = async (one: Conversation): Promise<boolean> =>
        limit !== undefined && (await deps.estimate(one)).tokens > limit
      if (known !== undefined && !(await isLonger(known.conversation))) return work.send(known)
      if (limit !== undefined && tokens > limit) {
        const isWorth = known === undefined || work.isWorthMore(known.cut)
        const shorter = (isWorth ? await work.shorten(known?.cut ?? 0, keptMessages) : undefined) ?? known
        if (shorter !== undefined) return work.send(shorter)
      }
      const sent = await turns.run(conversation)
      if (sent.ok || sent.error.kind !== 'context-too-long') return sent
      const shorter = await work.shorten(known?.cut ?? 0, keptMessages)
      return shorter === undefined ? work.tooLong(sent.error) : work.send(shorter)
    },
  }

  function createWork(
    conversation: Conversation,
    turns: Turns,
    how: Compression,
    { estimate, windowOf }: CompressDeps,
  ) {
    const { messages } = conversation
    let hashes: readonly string[] | undefined
    const hashOf = (cut: number): string => {
      hashes ??= prefixHashes(turns.asked.callerId, messages)
      return hashes[cut - 1] ?? ''
    }
    let window: Promise<number | undefined> | undefined
    const windowTokens = (): Promise<number | undefined> => {
      window ??= windowOf(conversation, turns.asked)
      return window
    }
    const shortened = (cut: number, summary: string, by: string): Shortened => ({
      conversation: { ...conversation, messages: withSummary(messages, cut, summary) },
      cut,
      by,
    })

    const known = (): Shortened | undefined => {
      if (summaries.stats().count === 0 || sizeOf(messages) < worthHashing) return undefined
      hashOf(1)
      const found = summaries.find((hashes ?? []).slice(0, cutLeaving(messages, 1) ?? 0))
      return found && shortened(found.cut, found.summary, fromMemory)
    }
    const limits = async (): Promise<{ readonly window: number; readonly limit?: number }> => {
      const tokens = (await windowTokens()) ?? usualWindow
      return {
        window: tokens,
        ...(how.percent === undefined ? {} : { limit: Math.floor((tokens * how.percent) / 100) }),
      }
    }

    /** A summary for each message or two would cost more than it saves. */
    const isWorthMore = (from: number): boolean => {
      const cut = cutLeaving(messages, keptMessages, from)
      return cut !== undefined && sizeOf(messages.slice(from, cut)) >= sizeOf(messages) * leastGain
    }
    /** Everything behind `from`, which the last summary stands for, up to the last messages; undefined: no summary could be had. */
    const shorten = async (from: number, kept: number): Promise<Shortened | undefined> => {
      const cut = cutLeaving(messages, kept, from)
      if (cut === undefined || sizeOf(messages.slice(from, cut)) < worthReplacing) return undefined
      turns.asked.onCompressed?.('running')
      let earlier = from === 0 ? undefined : summaries.find([hashOf(from)])?.summary
      const begin = earlier === undefined ? 0 : from
      const tokens = (await windowTokens()) ?? usualWindow
      const room = Math.floor(Math.max(tokens * shareOfSummary - summaryTokens, tokens * leastShare))
      const pieces = inPieces(messages.slice(begin, cut), room * charactersPerToken)
      if (pieces.length > mostPieces) return given(undefined)
      let by = ''
      for (const piece of pieces) {
        const written = await summarise(piece, earlier)
        if (written === undefined) return given(undefined)
        earlier = written.summary
        by = written.model
      }
      if (earlier === undefined) return given(undefined)
      summaries.keep(hashOf(cut), earlier)
      const shorter = shortened(cut, earlier, by)
      const [before, after] = [await estimate(conversation), await estimate(shorter.conversation)]
      return given(after.tokens < before.tokens ? shorter : undefined)
    }
    const given = (shorter: Shortened | undefined): Shortened | undefined => {
      if (shorter === undefined) turns.asked.onCompressed?.(undefined)
      return shorter
    }

    /** By the model that is named for it, else by the one that serves. */
    const summarise = async (
      piece: readonly Message[],
      earlier: string | undefined,
    ): Promise<{ readonly summary: string; readonly model: string } | undefined> => {
      for (const model of new Set([how.model ?? conversation.model, conversation.model])) {
        if (turns.signal.aborted) return undefined
        const sent = await turns.run(summaryRequest(conversation, piece, earlier, model), 'summary')
        const summary = sent.ok ? await textOf(sent.value, turns.elapsed) : undefined
        if (summary !== undefined) return { summary, model }
      }
      return undefined
    }

    const send = async (first: Shortened): Promise<Result<ReplyStream, GatewayError>> => {
      let shorter = first
      // A summary that was kept may be of too little by now; in the end nothing stays but the newest turn.
      for (const kept of first.by === fromMemory ? [keptMessages, 1, 0] : [1, 0]) {
        tell(shorter)
        const sent = await turns.run(shorter.conversation)
        if (sent.ok || sent.error.kind !== 'context-too-long') return sent
        const next = kept === 0 ? undefined : await shorten(shorter.cut, kept)
        if (next === undefined) return tooLong(sent.error)
        shorter = next
      }
      return turns.run(shorter.conversation)
    }
    const tell = ({ cut, by }: Shortened): void => {
      turns.asked.onCompressed?.(cut)
      const field = turns.asked.locate?.({ kind: 'messages' })
      const detail = `${cut} of ${messages.length} messages; ${by === fromMemory ? 'by a summary that was kept' : `summary by ${by}`}`
      turns.note({ what: 'history-compressed', ...(field === undefined ? {} : { field }), detail })
    }

    const tooLong = async (error: GatewayError): Promise<Result<never, GatewayError>> => {
      turns.asked.onCompressed?.(undefined)
      const maximum = await windowTokens()
      const input = (await estimate(conversation)).tokens
      if (error.contextTokens !== undefined || maximum === undefined) return err(error)
      const { message, cause } = error
      return err(
        gatewayError('context-too-long', message, { contextTokens: { input, maximum }, ...(cause && { cause }) }),
      )
    }

    return { known, limits, isWorthMore, shorten, send, tooLong }
  }
}

const fromMemory = ''
type Shortened = { readonly conversation: Conversation; readonly cut: number; readonly by: string }

const sizeOf = (messages: readonly Message[]): number =>
  messages.reduce(
    (sum, { parts }) => sum + parts.reduce((of, part) => of + ('text' in part ? part.text.length : 500), 0),
    0,
  )

/** Messages in pieces of so many characters of transcript; one that is longer alone is a piece of its own. */
function inPieces(messages: readonly Message[], characters: number): readonly (readonly Message[])[] {
  const pieces: Message[][] = []
  let room = 0
  for (const message of messages) {
    const { length } = transcriptOf(message)
    if (room < length) {
      pieces.push([])
      room = characters
    }
    pieces.at(-1)?.push(message)
    room -= length
  }
  return pieces
}

/** The whole text of a reply; undefined when it was cut, failed or took too long: half a summary would lose the other half. */
async function textOf(stream: ReplyStream, elapsed: () => number): Promise<string | undefined> {
  const until = elapsed() + longestSummaryMs
  let text = ''
  let isWhole = false
  await stream.run((batch) => {
    for (const event of batch) {
      if (event.type === 'text-delta') text += event.text
      if (event.type === 'finish') isWhole = event.reason === 'end'
    }
    return elapsed() < until
  })
  const summary = text.trim()
  return isWhole && summary !== '' ? summary : undefined
}
