import type {
  ImagePart,
  Message,
  Part,
  ReasoningPart,
  RedactedReasoningPart,
  ToolCallPart,
  ToolResultPart,
} from '../../conversation/conversation.ts'

/** A conversation as the provider can hold it: user and assistant take turns, none is empty. */
export type Turn = UserTurn | AssistantTurn
export type UserTurn = {
  readonly role: 'user'
  readonly text: string
  readonly images: readonly ImagePart[]
  /** As the caller sent them; not yet matched with calls. */
  readonly results: readonly ToolResultPart[]
}
export type AssistantTurn = {
  readonly role: 'assistant'
  readonly text: string
  /** Each once. */
  readonly calls: readonly ToolCallPart[]
  /** The provider keeps one per message: the last, which belongs to what follows it. */
  readonly reasoning?: ReasoningPart | RedactedReasoningPart
}

/** Between texts that were separate blocks or messages. */
export const paragraph = '\n\n'

/**
 * Folds messages into alternating turns: neighbours of one role become one, `system` in the middle of a list becomes part
 * of the user turn where it stood, what says nothing is left out.
 */
export function turnsOf(messages: readonly Message[]): readonly Turn[] {
  const turns: Turn[] = []
  for (const message of messages) {
    const turn = message.role === 'assistant' ? assistantTurn(message.parts) : userTurn(message.parts)
    if (turn === undefined) continue
    const last = turns.at(-1)
    if (last?.role === 'user' && turn.role === 'user') turns[turns.length - 1] = mergeUsers(last, turn)
    else if (last?.role === 'assistant' && turn.role === 'assistant')
      turns[turns.length - 1] = mergeAssistants(last, turn)
    else turns.push(turn)
  }
  return turns
}

export const isBlank = (text: string): boolean => text.trim() === ''

export const joinTexts = (...texts: readonly string[]): string => texts.filter((text) => !isBlank(text)).join(paragraph)

function userTurn(parts: readonly Part[]): UserTurn | undefined {
  const text = joinTexts(...parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])))
  const images = parts.filter((part) => part.type === 'image')
  const results = parts.filter((part) => part.type === 'tool-result')
  if (text === '' && images.length === 0 && results.length === 0) return undefined
  return { role: 'user', text, images, results }
}

function mergeUsers(first: UserTurn, second: UserTurn): UserTurn {
  return {
    role: 'user',
    text: joinTexts(first.text, second.text),
    images: [...first.images, ...second.images],
    results: [...first.results, ...second.results],
  }
}

function assistantTurn(parts: readonly Part[]): AssistantTurn | undefined {
  const text = assistantText(parts)
  const calls = distinctCalls(parts.filter((part) => part.type === 'tool-call'))
  if (isBlank(text) && calls.length === 0) return undefined
  return { role: 'assistant', text: isBlank(text) ? '' : text, calls, ...withReasoning(parts.findLast(isReasoning)) }
}

/** Blocks side by side are one text (citations cut it into many); others are paragraphs. */
function assistantText(parts: readonly Part[]): string {
  const texts: string[] = []
  let adjacent = false
  for (const part of parts) {
    if (part.type === 'text') {
      if (adjacent) texts.push((texts.pop() ?? '') + part.text)
      else texts.push(part.text)
    }
    adjacent = part.type === 'text'
  }
  return joinTexts(...texts)
}

function mergeAssistants(first: AssistantTurn, second: AssistantTurn): AssistantTurn {
  return {
    role: 'assistant',
    text: joinTexts(first.text, second.text),
    calls: distinctCalls([...first.calls, ...second.calls]),
    ...withReasoning(second.reasoning ?? first.reasoning),
  }
}

/** A call told twice is one, with its input where one telling lacks it. Another tool's call under the same id is another. */
function distinctCalls(calls: readonly ToolCallPart[]): readonly ToolCallPart[] {
  const distinct: ToolCallPart[] = []
  for (const call of calls) {
    const index = distinct.findIndex(({ id, name }) => id === call.id && name === call.name)
    const known = distinct[index]
    if (known === undefined) distinct.push(call)
    else if (isEmpty(known.input)) distinct[index] = call
  }
  return distinct
}

const isEmpty = (input: ToolCallPart['input']): boolean => Object.keys(input).length === 0

function isReasoning(part: Part): part is ReasoningPart | RedactedReasoningPart {
  return part.type === 'redacted-reasoning' || (part.type === 'reasoning' && part.signature !== '')
}

function withReasoning(reasoning: AssistantTurn['reasoning']): Pick<AssistantTurn, 'reasoning'> {
  return reasoning === undefined ? {} : { reasoning }
}
