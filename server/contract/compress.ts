import type { Conversation, Message } from '../conversation/conversation.ts'
import { type GatewayError, gatewayError } from '../conversation/error.ts'
import type { Usage } from '../conversation/event.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { Compressed } from '../relay/relay.ts'
import type { ReplyStream } from '../relay/reply-source.ts'
import { clientsSummaryIn } from './clients-summary.ts'
import { cutsOf, keptInTurn } from './compress-cut.ts'
import {
  type CompressDeps,
  type Compression,
  type CompressView,
  createView,
  fromMemory,
  type Place,
  type Shortened,
} from './compress-view.ts'
import type { Asker, Layer, Outlook, Turns } from './layer.ts'
import type { KeptSummary } from './summaries.ts'
import { createFlights } from './summary-flights.ts'
import { allShown, type Piece, piecesOf, sumUnshown } from './summary-pieces.ts'
import { type Earlier, isClientsCompaction, summaryRequest, summaryTokens } from './summary-request.ts'
import { sumUsage } from './usage.ts'

/** A summary that takes longer is given up, milliseconds. */
const longestSummaryMs = 120_000
/** What one summary is made of at most, as a share of the window: its task, its images and its answer need room too. */
const shareOfSummary = 0.5
const leastShare = 0.25
/** Few characters make fewer tokens than this: what is cut into pieces by it fits. */
const charactersPerToken = 2
/** A summary that has grown to more, as a share of the window, is written anew as one; until then it only grows. */
const shareOfGrown = 0.1

type Written = KeptSummary & { readonly model: string }

/** What of one request's compression has been told, whichever of its rounds it came of. */
type Told = {
  /** Messages that the caller sent. */
  readonly of: number
  /** What writing summaries took. */
  readonly spent: Usage[]
  whose: string | undefined
  detail: string | undefined
  shown: Compressed | undefined
}

/**
 * Long conversations: older turns are replaced by a summary that a model writes, when they do not fit, or from a share of the
 * window on. Never silently: where no summary can be had, the request goes out as it is.
 */
export function createCompression(deps: CompressDeps): Layer {
  const { compressionOf, summaries } = deps
  const joined = createFlights<Written>()
  // A further round of a request adds messages of ours, and goes on from the summary that was written for the first.
  const toldOf = new WeakMap<Turns['asked'], Told>()
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
      const { does, known, place, isPlainlyTooLong, window } = await view.plan()
      if (does === 'refuse') return work.tooLong(plainly)
      if (does === 'known' && known !== undefined) return work.send(known)
      if (place !== undefined) {
        const shorter = (await work.shorten(known?.cut ?? 0, [place])) ?? known
        if (shorter !== undefined) return work.send(shorter)
        if (isPlainlyTooLong && !turns.signal.aborted) return work.tooLong(plainly)
      }
      const sent = await turns.run(conversation)
      if (sent.ok || sent.error.kind !== 'context-too-long') return sent
      const behind = known?.cut ?? 0
      const shorter = await work.shorten(behind, await view.placesBehind(behind, window, keptInTurn))
      return shorter === undefined ? work.tooLong(sent.error) : work.send(shorter)
    },
  }

  function createWork(conversation: Conversation, turns: Turns, how: Compression, view: CompressView) {
    const { estimate } = deps
    const { messages, hashOf, knownWindow, windowTokens, shortened, placesBehind } = view
    const told = toldOf.get(turns.asked) ?? nothingYet(messages.length)
    toldOf.set(turns.asked, told)
    const before = told.shown

    /**
     * Everything behind `from`, which the last summary stands for, up to the first of these places with which it gets shorter;
     * undefined: no summary could be had.
     */
    const shorten = async (from: number, places: readonly Place[]): Promise<Shortened | undefined> => {
      let behind = from
      for (const { cut } of places) {
        if (cut <= behind) continue
        turns.asked.onCompressed?.('running')
        const shorter = await keptOrWritten(behind, cut)
        if (shorter === undefined) break
        const [before, after] = [await estimate(conversation), await estimate(shorter.conversation)]
        if (after.tokens < before.tokens) return shorter
        behind = cut
      }
      turns.asked.onCompressed?.(told.shown)
      return undefined
    }
    /** Another request may have written it meanwhile, or be writing it. */
    const keptOrWritten = async (from: number, cut: number): Promise<Shortened | undefined> => {
      const kept = summaries.find([hashOf(cut)])
      if (kept !== undefined) return shortened(cut, kept, fromMemory)
      const written = await joined(hashOf(cut), turns.signal, () => write(from, cut))
      return written && shortened(cut, written.found, written.isOwn ? written.found.model : fromMemory)
    }
    /**
     * A summary that there is already stays word for word and the new one is put behind it: nothing is summarised twice, until
     * the whole has grown too long. A client's own summary stands for itself, and is only shown.
     */
    const write = async (from: number, cut: number): Promise<Written | undefined> => {
      const kept = from === 0 ? undefined : summaries.find([hashOf(from)])
      let summary = kept?.summary
      let unshown = kept?.unshown ?? allShown
      const own = clientsSummaryIn(messages.slice(0, cut))
      const tokens = await windowTokens()
      const room = Math.floor(Math.max(tokens * shareOfSummary - summaryTokens, tokens * leastShare))
      const pieces = piecesOf(messages, kept === undefined ? 0 : from, cut, own, room * charactersPerToken)
      if (pieces === undefined) return undefined
      const cuts = new Set(cutsOf(messages))
      let model = ''
      for (const piece of pieces) {
        const grows = (summary?.length ?? 0) <= tokens * shareOfGrown * charactersPerToken
        const shown = [...(grows && own ? [wordsOf(own)] : []), ...(summary === undefined ? [] : [summary])].join(
          '\n\n',
        )
        const written = await summarise(piece, shown === '' ? undefined : { summary: shown, stays: grows })
        if (written === undefined) return undefined
        summary = grows && summary !== undefined ? `${summary}\n\n${written.summary}` : written.summary
        unshown = sumUnshown(unshown, piece.unshown)
        model = written.model
        // Who asks again after a failure goes on from here.
        const end = piece === pieces.at(-1) ? cut : piece.end
        if (end !== undefined && (end === cut || cuts.has(end))) summaries.keep(hashOf(end), { summary, unshown })
      }
      return summary === undefined || model === '' ? undefined : { summary, unshown, model }
    }

    /** By the model that is named for it, else by the one that serves. */
    const summarise = async (
      piece: Piece,
      earlier: Earlier | undefined,
    ): Promise<Pick<Written, 'summary' | 'model'> | undefined> => {
      for (const model of new Set([how.model ?? conversation.model, conversation.model])) {
        if (turns.signal.aborted) return undefined
        const sent = await turns.run(summaryRequest(conversation, piece, earlier, model), 'summary')
        const summary = sent.ok ? await textOf(sent.value, turns.elapsed, (usage) => told.spent.push(usage)) : undefined
        if (summary !== undefined) return { summary, model }
      }
      return undefined
    }

    const send = async (first: Shortened): Promise<Result<ReplyStream, GatewayError>> => {
      let shorter = first
      // A summary that was kept may be of too little by now, and what is left behind a new one too much.
      let keeping = first.by === fromMemory ? keptInTurn : keptInTurn.slice(1)
      for (let isLast = false; ; keeping = keeping.slice(1)) {
        tell(shorter)
        const sent = await turns.run(shorter.conversation)
        if (sent.ok || sent.error.kind !== 'context-too-long') return sent
        const places: readonly Place[] = isLast ? [] : await placesBehind(shorter.cut, await windowTokens(), keeping)
        const next: Shortened | undefined =
          (await shorten(shorter.cut, places)) ?? (isLast ? undefined : withoutImages(shorter))
        if (next === undefined) return tooLong(sent.error)
        isLast = next.images.kept === 0 && next.cut === shorter.cut
        shorter = next
      }
    }
    /** The last thing that can be left out; undefined: there are none. */
    const withoutImages = ({ cut, by, images }: Shortened): Shortened | undefined => {
      const kept = images.kept === 0 ? undefined : summaries.find([hashOf(cut)], false)
      return kept && shortened(cut, kept, by, false)
    }
    const tell = ({ cut, by, images, unshown }: Shortened): void => {
      if (by !== fromMemory) told.whose = `summary by ${by}`
      told.whose ??= keptOne
      const count = Math.min(cut, told.of)
      const used = sumUsage(told.spent) ?? (told.whose === keptOne ? 'cached' : undefined)
      told.shown = { messages: count, ...(used && { used }), unshown }
      turns.asked.onCompressed?.(told.shown)
      const seen = images.of === 0 ? '' : `; ${images.kept} of ${images.of} images kept`
      const lost =
        unshown.messages === 0
          ? ''
          : `; ${unshown.characters} characters of ${unshown.messages} messages were not shown to it`
      const detail = `${count} of ${told.of} messages; ${told.whose}${seen}${lost}`
      if (detail === told.detail) return
      told.detail = detail
      const field = turns.asked.locate?.({ kind: 'messages' })
      turns.note({ what: 'history-compressed', ...(field === undefined ? {} : { field }), detail })
    }

    /** With the numbers of the caller's own conversation: of the shortened one it knows nothing. */
    const tooLong = async (error: GatewayError): Promise<Result<never, GatewayError>> => {
      told.shown = before
      turns.asked.onCompressed?.(before)
      const maximum = await knownWindow()
      const input = (await estimate(conversation)).tokens
      return err(maximum === undefined ? error : { ...error, contextTokens: { input, maximum } })
    }

    return { shorten, send, tooLong }
  }
}

const keptOne = 'by a summary that was kept'

const nothingYet = (of: number): Told => ({ of, spent: [], whose: undefined, detail: undefined, shown: undefined })

/** What would become of a conversation, and from how many tokens on. */
async function outlookOf(conversation: Conversation, asker: Asker, deps: CompressDeps): Promise<Outlook> {
  const how = deps.compressionOf(asker)
  if (how === undefined) return { setting: 'off', would: 'no' }
  const view = createView(conversation, asker, how, deps, false)
  const { does, known, place, tokens, window, limit } = await view.plan()
  const common = { setting: limit === undefined ? 'overflow' : 'share', fromTokens: limit ?? window } as const
  if (conversation.messages.length <= 2 || isClientsCompaction(conversation)) return { ...common, would: 'no' }
  if (does === 'refuse') return { ...common, would: 'refuse' }
  if (does === 'known' && known !== undefined) return { ...common, would: 'use-kept-summary', messages: known.cut }
  if (place !== undefined) return { ...common, would: 'write-summary', messages: place.cut }
  const [later] = tokens <= window ? [] : await view.placesBehind(0, window, keptInTurn)
  return later === undefined
    ? { ...common, would: 'no' }
    : { ...common, would: 'write-summary-if-refused', messages: later.cut }
}

const wordsOf = ({ parts }: Message): string =>
  parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n\n')

/** Said before anybody was asked. */
const plainly = gatewayError('context-too-long', 'Input is too long.', {
  cause: 'what has to stay of the conversation is far beyond the window by our own estimate; nothing was sent',
})

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
