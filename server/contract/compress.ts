import type { Conversation, Message } from '../conversation/conversation.ts'
import type { GatewayError } from '../conversation/error.ts'
import type { Usage } from '../conversation/event.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { ReplyStream } from '../relay/reply-source.ts'
import { keptInTurn, keptMessages } from './compress-cut.ts'
import {
  type CompressDeps,
  type Compression,
  type CompressView,
  createView,
  fromMemory,
  type Shortened,
} from './compress-view.ts'
import type { Asker, Layer, Outlook, Turns } from './layer.ts'
import { createFlights } from './summary-flights.ts'
import { isClientsCompaction, summaryRequest, summaryTokens, transcriptOf } from './summary-request.ts'
import { sumUsage } from './usage.ts'

/** A summary that takes longer is given up, milliseconds. */
const longestSummaryMs = 120_000
/** What one summary is made of at most, as a share of the window: its task, its images and its answer need room too. */
const shareOfSummary = 0.5
const leastShare = 0.25
/** Few characters make fewer tokens than this: what is cut into pieces by it fits. */
const charactersPerToken = 2
const mostPieces = 8

type Written = { readonly summary: string; readonly model: string }

/**
 * Long conversations: older turns are replaced by a summary that a model writes, when they do not fit, or from a share of the
 * window on. Never silently: where no summary can be had, the request goes out as it is.
 */
export function createCompression(deps: CompressDeps): Layer {
  const { compressionOf, summaries } = deps
  const joined = createFlights<Written>()
  const isShort = ({ messages }: Conversation): boolean => messages.length <= 2
  return {
    wants: (conversation, asker) =>
      !isShort(conversation) && compressionOf(asker) !== undefined && !isClientsCompaction(conversation),
    begin: async (conversation, asker) => {
      const how = compressionOf(asker)
      if (how === undefined) return ok(conversation)
      const { does, known } = await createView(conversation, asker, how, deps, false).plan()
      return ok(does === 'whole' ? conversation : (known?.conversation ?? conversation))
    },
    outlook: (conversation, asker) => outlookOf(conversation, asker, deps),
    serve: async (conversation, turns) => {
      const how = compressionOf(turns.asked)
      if (how === undefined) return turns.run(conversation)
      const view = createView(conversation, turns.asked, how, deps)
      const work = createWork(conversation, turns, how, view)
      const { does, known } = await view.plan()
      if (does === 'known' && known !== undefined) return work.send(known)
      if (does === 'shorten') {
        const shorter = (await work.shorten(known?.cut ?? 0, [keptMessages])) ?? known
        if (shorter !== undefined) return work.send(shorter)
      }
      const sent = await turns.run(conversation)
      if (sent.ok || sent.error.kind !== 'context-too-long') return sent
      const shorter = await work.shorten(known?.cut ?? 0, keptInTurn)
      return shorter === undefined ? work.tooLong(sent.error) : work.send(shorter)
    },
  }

  function createWork(conversation: Conversation, turns: Turns, how: Compression, view: CompressView) {
    const { estimate } = deps
    const { messages, hashOf, knownWindow, windowTokens, shortened, cutBehind } = view
    const spent: Usage[] = []

    /**
     * Everything behind `from`, which the last summary stands for, up to so many of the last messages as the first of `keeping`
     * with which it gets shorter; undefined: no summary could be had.
     */
    const shorten = async (from: number, keeping: readonly number[]): Promise<Shortened | undefined> => {
      let behind = from
      for (const kept of keeping) {
        const cut = cutBehind(behind, kept)
        if (cut === undefined) continue
        turns.asked.onCompressed?.('running')
        const shorter = await keptOrWritten(behind, cut)
        if (shorter === undefined) break
        const [before, after] = [await estimate(conversation), await estimate(shorter.conversation)]
        if (after.tokens < before.tokens) return shorter
        behind = cut
      }
      turns.asked.onCompressed?.(undefined)
      return undefined
    }
    /** Another request may have written it meanwhile, or be writing it. */
    const keptOrWritten = async (from: number, cut: number): Promise<Shortened | undefined> => {
      const kept = summaries.find([hashOf(cut)])
      if (kept !== undefined) return shortened(cut, kept.summary, fromMemory)
      const written = await joined(hashOf(cut), turns.signal, () => write(from, cut))
      return written && shortened(cut, written.found.summary, written.isOwn ? written.found.model : fromMemory)
    }
    const write = async (from: number, cut: number): Promise<Written | undefined> => {
      let earlier = from === 0 ? undefined : summaries.find([hashOf(from)])?.summary
      const begin = earlier === undefined ? 0 : from
      const tokens = await windowTokens()
      const room = Math.floor(Math.max(tokens * shareOfSummary - summaryTokens, tokens * leastShare))
      const pieces = inPieces(messages.slice(begin, cut), room * charactersPerToken)
      if (pieces.length > mostPieces) return undefined
      let model = ''
      for (const piece of pieces) {
        const written = await summarise(piece, earlier)
        if (written === undefined) return undefined
        earlier = written.summary
        model = written.model
      }
      if (earlier === undefined) return undefined
      summaries.keep(hashOf(cut), earlier)
      return { summary: earlier, model }
    }

    /** By the model that is named for it, else by the one that serves. */
    const summarise = async (piece: readonly Message[], earlier: string | undefined): Promise<Written | undefined> => {
      for (const model of new Set([how.model ?? conversation.model, conversation.model])) {
        if (turns.signal.aborted) return undefined
        const sent = await turns.run(summaryRequest(conversation, piece, earlier, model), 'summary')
        const summary = sent.ok ? await textOf(sent.value, turns.elapsed, (usage) => spent.push(usage)) : undefined
        if (summary !== undefined) return { summary, model }
      }
      return undefined
    }

    const send = async (first: Shortened): Promise<Result<ReplyStream, GatewayError>> => {
      let shorter = first
      // A summary that was kept may be of too little by now, and what is left behind a new one too much.
      for (let left = first.by === fromMemory ? keptInTurn : keptInTurn.slice(1); ; left = left.slice(1)) {
        tell(shorter)
        const sent = await turns.run(shorter.conversation)
        if (sent.ok || sent.error.kind !== 'context-too-long') return sent
        const next = await shorten(shorter.cut, left)
        if (next === undefined) return tooLong(sent.error)
        shorter = next
      }
    }
    const tell = ({ cut, by }: Shortened): void => {
      const used = by === fromMemory ? 'cached' : sumUsage(spent)
      turns.asked.onCompressed?.({ messages: cut, ...(used && { used }) })
      const field = turns.asked.locate?.({ kind: 'messages' })
      const detail = `${cut} of ${messages.length} messages; ${by === fromMemory ? 'by a summary that was kept' : `summary by ${by}`}`
      turns.note({ what: 'history-compressed', ...(field === undefined ? {} : { field }), detail })
    }

    /** With the numbers of the caller's own conversation: of the shortened one it knows nothing. */
    const tooLong = async (error: GatewayError): Promise<Result<never, GatewayError>> => {
      turns.asked.onCompressed?.(undefined)
      const maximum = await knownWindow()
      const input = (await estimate(conversation)).tokens
      return err(maximum === undefined ? error : { ...error, contextTokens: { input, maximum } })
    }

    return { shorten, send, tooLong }
  }
}

/** What would become of a conversation, and from how many tokens on. */
async function outlookOf(conversation: Conversation, asker: Asker, deps: CompressDeps): Promise<Outlook> {
  const how = deps.compressionOf(asker)
  if (how === undefined) return { setting: 'off', would: 'no' }
  const view = createView(conversation, asker, how, deps, false)
  const { does, known, tokens, window, limit } = await view.plan()
  const common = { setting: limit === undefined ? 'overflow' : 'share', fromTokens: limit ?? window } as const
  const isTooShort = conversation.messages.length <= 2 || isClientsCompaction(conversation)
  if (does === 'known' && known !== undefined && !isTooShort)
    return { ...common, would: 'use-kept-summary', messages: known.cut }
  const behind = known?.cut ?? 0
  const ahead = isTooShort || does !== 'shorten' ? undefined : view.cutBehind(behind, keptMessages)
  if (ahead !== undefined) return { ...common, would: 'write-summary', messages: ahead }
  if (isTooShort || tokens <= window) return { ...common, would: 'no' }
  const [cut] = keptInTurn.flatMap((kept) => view.cutBehind(behind, kept) ?? [])
  return cut === undefined
    ? { ...common, would: 'no' }
    : { ...common, would: 'write-summary-if-refused', messages: cut }
}

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
async function textOf(
  stream: ReplyStream,
  elapsed: () => number,
  onUsage: (usage: Usage) => void,
): Promise<string | undefined> {
  const until = elapsed() + longestSummaryMs
  let text = ''
  let isWhole = false
  await stream.run((batch) => {
    for (const event of batch) {
      if (event.type === 'text-delta') text += event.text
      if (event.type !== 'finish') continue
      isWhole = event.reason === 'end'
      onUsage(event.usage)
    }
    return elapsed() < until
  })
  const summary = text.trim()
  return isWhole && summary !== '' ? summary : undefined
}
