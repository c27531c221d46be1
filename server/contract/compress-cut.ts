import type { Message } from '../conversation/conversation.ts'
import { kindOfTurn, newestTurnStart } from '../conversation/newest-turn.ts'
import { clientsSummaryIn } from './clients-summary.ts'
import { type KeptImages, tellImages } from './kept-images.ts'

/** So many of the last messages stay as they are, where a conversation leaves the choice. */
export const keptMessages = 6
/** Where an estimate says that this is too much, as many fewer as it takes. */
export const keptByEstimate: readonly number[] = Array.from(
  { length: keptMessages + 1 },
  (_, less) => keptMessages - less,
)
/** Where the provider says that it is too much, and each try costs a call, far fewer; in the end nothing stays but the newest turn. */
export const keptInTurn: readonly number[] = [keptMessages, 1, 0]

/**
 * The places where a conversation may be cut in two: an index is one when no result behind it answers a call before it. In
 * order; never the beginning, and never behind the beginning of the newest turn.
 */
export function cutsOf(messages: readonly Message[]): readonly number[] {
  const last = newestTurnStart(messages.map(kindOfTurn))
  const calledAt = new Map<string, number>()
  /** For each call that is answered: no cut between it and its result. */
  const spans: { readonly from: number; readonly to: number }[] = []
  for (const [index, { parts }] of messages.entries()) {
    for (const part of parts) {
      if (part.type === 'tool-call') calledAt.set(part.id, index)
      const from = part.type === 'tool-result' ? calledAt.get(part.callId) : undefined
      if (from !== undefined && from < index) spans.push({ from, to: index })
    }
  }
  const cuts: number[] = []
  let closedUntil = 0
  let span = 0
  const inOrder = spans.toSorted((a, b) => a.from - b.from)
  for (let index = 1; index <= last; index++) {
    for (; (inOrder[span]?.from ?? index) < index; span++) closedUntil = Math.max(closedUntil, inOrder[span]?.to ?? 0)
    if (index > closedUntil) cuts.push(index)
  }
  return cuts
}

/** So far back a cut is moved to fall before what the user says. */
const lookBack = 10

/**
 * The latest cut that leaves so many messages, else the earliest there is; before what the user says, where that one is worth it
 * too. Undefined: no cut behind `after` is.
 */
export function cutLeaving(
  messages: readonly Message[],
  kept: number,
  after = 0,
  isWorth: (cut: number) => boolean = () => true,
): number | undefined {
  const cuts = cutsOf(messages).filter((cut) => cut > after)
  const latest = cuts.findLast((cut) => messages.length - cut >= kept) ?? cuts[0]
  if (latest === undefined || !isWorth(latest)) return undefined
  const isAsked = (cut: number): boolean => {
    const message = messages[cut]
    return message !== undefined && kindOfTurn(message) === 'user'
  }
  return cuts.findLast((cut) => cut <= latest && latest - cut <= lookBack && isAsked(cut) && isWorth(cut)) ?? latest
}

/**
 * The conversation with a summary in place of its first messages. Word for word stay what the system said among them, and a
 * client's own summary of what came before it.
 */
export function withSummary(
  messages: readonly Message[],
  cut: number,
  summary: string,
  images: KeptImages,
): readonly Message[] {
  const replaced = messages.slice(0, cut)
  const own = clientsSummaryIn(replaced)
  const text = [
    `The earlier part of this conversation, ${cut} messages, is replaced by this summary of it:`,
    `<summary>\n${summary}\n</summary>`,
    tellImages(images),
  ].join('\n\n')
  const opening: Message = { role: 'user', parts: [{ type: 'text', text }, ...images.images] }
  return [
    ...(own === undefined ? [] : [own]),
    opening,
    ...replaced.filter(({ role }) => role === 'system'),
    ...messages.slice(cut),
  ]
}
