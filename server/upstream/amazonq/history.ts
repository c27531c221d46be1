import type {
  ImagePart,
  ReasoningPart,
  RedactedReasoningPart,
  ToolResultPart,
} from '../../conversation/conversation.ts'
import type { AddNote } from '../../conversation/note.ts'
import { cleanInput } from './schema.ts'
import { type ToolNames, toolUseId } from './tool-names.ts'
import { type AssistantTurn, isBlank, joinTexts, type Turn, type UserTurn } from './turns.ts'
import {
  type HistoryEntry,
  type Image,
  type ReasoningContent,
  type ToolResult,
  type UserEntry,
  wireLimits,
} from './wire.ts'

// Words the protocol forces on us where it has no form for what the caller sent. Nothing else of ours is ever added.
const missingResult = 'Tool use was cancelled by the user'
const emptyResult = '(no output)'
const imageResult = 'See images data supplied'
const imageOnly = '[image]'
const moreImages = '(more images follow)'
const emptyTurn = '(empty message)'
const continueReply = 'Continue your last message exactly where it ends. Do not repeat any of it.'

export type HistoryContext = {
  /** Put at the head of the first user message: there is no system channel, and there it keeps a stable prefix. */
  readonly system: string
  /** Put at the end of the current message. */
  readonly instructions: string
  readonly names: ToolNames
  readonly origin: string
  /** True after the provider refused a signature. */
  readonly dropReasoning: boolean
  readonly note: AddNote
}

export type EncodedTurns = { readonly history: readonly HistoryEntry[]; readonly current: UserEntry }

/**
 * Writes alternating turns as history and current message, repairing what the provider demands: it starts with a user, the
 * current message is a user's, and every tool use is answered, once and in order, by the message right after it.
 */
export function encodeTurns(turns: readonly Turn[], context: HistoryContext): EncodedTurns {
  const entries: HistoryEntry[] = []
  const answers = createAnswers()
  let system = context.system
  if (turns[0]?.role !== 'user') {
    entries.push(userEntry({ text: system === '' ? emptyTurn : system, images: [], results: [] }, context.origin))
    system = ''
  }
  for (const turn of turns) {
    if (turn.role === 'assistant') entries.push(assistantEntry(turn, answers.open(turn), context))
    else {
      const answered = answers.close(turn)
      const text = joinTexts(system, answered.text)
      system = ''
      entries.push(...userEntries({ ...answered, text }, context.origin))
    }
  }
  const last = turns.at(-1)
  if (last?.role === 'assistant') {
    const unanswered = answers.close({ role: 'user', text: '', images: [], results: [] })
    // Without open calls the caller began the reply itself; the protocol knows no such thing, so it is asked for in words.
    const text = last.calls.length > 0 ? '' : continueReply
    entries.push(...userEntries({ ...unanswered, text }, context.origin))
  }
  const history = entries.slice(0, -1)
  const current = entries.at(-1) as UserEntry // the last entry written is always a user's
  return { history, current: instructed(current, context.instructions) }
}

function instructed(entry: UserEntry, instructions: string): UserEntry {
  const message = entry.userInputMessage
  return { userInputMessage: { ...message, content: joinTexts(message.content, instructions.toWellFormed()) } }
}

type Answered = {
  readonly text: string
  readonly images: readonly ImagePart[]
  readonly results: readonly ToolResult[]
}

/** Matches the results of each user turn with the calls of the turn before it. */
function createAnswers(): {
  /** Opens the calls of a turn; gives their ids for the wire. */
  readonly open: (turn: AssistantTurn) => readonly string[]
  readonly close: (turn: UserTurn) => Answered
} {
  const occurrences = new Map<string, number>()
  const nameOfCall = new Map<string, string>()
  let pending: readonly { readonly id: string; readonly wireId: string }[] = []
  return {
    open: (turn) => {
      pending = turn.calls.map(({ id, name }) => {
        const occurrence = occurrences.get(id) ?? 0
        occurrences.set(id, occurrence + 1)
        nameOfCall.set(id, name)
        return { id, wireId: toolUseId(id, occurrence) }
      })
      return pending.map(({ wireId }) => wireId)
    },
    close: (turn) => {
      if (pending.length === 0 && turn.results.length === 0)
        return { text: turn.text, images: turn.images, results: [] }
      const calls = pending
      pending = []
      const open = new Set(calls.map(({ id }) => id))
      const waiting = Map.groupBy(turn.results.toReversed(), ({ callId }) => callId)
      // Calls that a client gave one id take the results of that id one by one.
      const matched = calls.map(({ id, wireId }) => ({ wireId, result: waiting.get(id)?.pop() }))
      const told = new Set(matched.map(({ result }) => result && JSON.stringify(result.parts)))
      const unused = new Set([...waiting.values()].flat())
      // A second result for one call, which some clients send, is news only where it says something else.
      const orphans = turn.results.filter((result) =>
        open.has(result.callId) ? unused.has(result) && !told.has(JSON.stringify(result.parts)) : true,
      )
      return {
        text: joinTexts(...orphans.map((result) => orphanText(result, nameOfCall.get(result.callId))), turn.text),
        // Order alone ties images to results.
        images: [
          ...matched.flatMap(({ result }) => (result === undefined ? [] : imagesOf(result))),
          ...orphans.flatMap(imagesOf),
          ...turn.images,
        ],
        results: matched.map(({ wireId, result }) => encodeResult(wireId, result)),
      }
    },
  }
}

function encodeResult(toolUseId: string, result: ToolResultPart | undefined): ToolResult {
  if (result === undefined) return { toolUseId, content: [{ text: missingResult }], status: 'error' }
  const text = resultText(result)
  const placeholder = imagesOf(result).length > 0 ? imageResult : emptyResult
  return {
    toolUseId,
    content: pieces(isBlank(text) ? placeholder : text).map((piece) => ({ text: piece })),
    status: result.isError ? 'error' : 'success',
  }
}

/** The service takes only so much in one block of a result. */
function pieces(text: string): readonly string[] {
  const limit = wireLimits.resultCharacters
  if (text.length <= limit) return [text]
  // Not between the halves of a character.
  const end = /[\ud800-\udbff]/.test(text[limit - 1] ?? '') ? limit - 1 : limit
  return [text.slice(0, end), ...pieces(text.slice(end))]
}

const resultText = (result: ToolResultPart): string =>
  result.parts
    .flatMap((part) => (part.type === 'text' ? [part.text] : []))
    .join('\n')
    .toWellFormed()

const imagesOf = (result: ToolResultPart): readonly ImagePart[] => result.parts.filter((part) => part.type === 'image')

/** A result whose call is not in the message before it may not be sent as one; what it says is kept as text. */
function orphanText(result: ToolResultPart, name: string | undefined): string {
  const text = resultText(result)
  const head = `${result.isError ? 'Failed result' : 'Result'} of tool call ${name ?? result.callId}:`
  return `${head}\n${isBlank(text) ? emptyResult : text}`
}

/** One user message, or several with the assistant's fillers between when it has more images than one may carry. */
function userEntries(turn: Answered, origin: string): readonly HistoryEntry[] {
  const limit = wireLimits.imagesPerMessage
  const entries: HistoryEntry[] = []
  let { images, results } = turn
  while (images.length > limit) {
    entries.push(
      userEntry({ text: results.length > 0 ? '' : imageOnly, images: images.slice(0, limit), results }, origin),
      { assistantResponseMessage: { content: moreImages } },
    )
    images = images.slice(limit)
    results = []
  }
  return [...entries, userEntry({ text: turn.text, images, results }, origin)]
}

function userEntry({ text, images, results }: Answered, origin: string): UserEntry {
  const filler = results.length > 0 ? '' : images.length > 0 ? imageOnly : emptyTurn
  return {
    userInputMessage: {
      content: text === '' ? filler : text.toWellFormed(),
      ...(results.length === 0 ? {} : { userInputMessageContext: { toolResults: results } }),
      origin,
      ...(images.length === 0 ? {} : { images: images.map(encodeImage) }),
    },
  }
}

const encodeImage = ({ format, base64 }: ImagePart): Image => ({ format, source: { bytes: base64 } })

function assistantEntry(turn: AssistantTurn, ids: readonly string[], context: HistoryContext): HistoryEntry {
  return {
    assistantResponseMessage: {
      content: turn.text.toWellFormed(),
      ...(turn.calls.length === 0
        ? {}
        : {
            toolUses: turn.calls.map((call, index) => ({
              toolUseId: ids[index] as string, // one id per call
              name: context.names.toWire(call.name),
              input: cleanInput(call.input, () => context.note({ what: 'arguments-as-text', detail: call.name })),
            })),
          }),
      ...(turn.reasoning === undefined || context.dropReasoning
        ? {}
        : { reasoningContent: encodeReasoning(turn.reasoning) }),
    },
  }
}

/** Signatures and sealed reasoning go back untouched: a changed one is refused. */
function encodeReasoning(reasoning: ReasoningPart | RedactedReasoningPart): ReasoningContent {
  return reasoning.type === 'redacted-reasoning'
    ? { redactedContent: reasoning.base64 }
    : { reasoningText: { text: reasoning.text, signature: reasoning.signature } }
}
