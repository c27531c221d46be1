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
  // A run of one role is merged as a whole: one by one, a long run would be copied for each message of it.
  let users: UserTurn[] = []
  let assistants: AssistantTurn[] = []
  const close = (): void => {
    if (users.length > 0) turns.push(mergeUsers(users))
    if (assistants.length > 0) turns.push(mergeAssistants(assistants))
    users = []
    assistants = []
  }
  for (const message of messages) {
    const turn = message.role === 'assistant' ? assistantTurn(message.parts) : userTurn(message.parts)
    if (turn === undefined) continue
    if (turn.role === 'user') {
      if (users.length === 0) close()
      users.push(turn)
    } else {
      if (assistants.length === 0) close()
      assistants.push(turn)
    }
  }
  close()
  return turns
}

/** Found by the first character that is none: `trim` would copy a text of a megabyte. */
export const isBlank = (text: string): boolean => !/\S/.test(text)

export const joinTexts = (...texts: readonly string[]): string => joinAll(texts)

const joinAll = (texts: readonly string[]): string => texts.filter((text) => !isBlank(text)).join(paragraph)

function userTurn(parts: readonly Part[]): UserTurn | undefined {
  const text = joinAll(parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])))
  const images = parts.filter((part) => part.type === 'image')
  const results = parts.filter((part) => part.type === 'tool-result')
  if (text === '' && images.length === 0 && results.length === 0) return undefined
  return { role: 'user', text, images, results }
}

function mergeUsers(turns: readonly UserTurn[]): UserTurn {
  const [only] = turns
  if (only !== undefined && turns.length === 1) return only
  return {
    role: 'user',
    text: joinAll(turns.map(({ text }) => text)),
    images: turns.flatMap(({ images }) => images),
    results: turns.flatMap(({ results }) => results),
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
  return joinAll(texts)
}

function mergeAssistants(turns: readonly AssistantTurn[]): AssistantTurn {
  const [only] = turns
  if (only !== undefined && turns.length === 1) return only
  return {
    role: 'assistant',
    text: joinAll(turns.map(({ text }) => text)),
    calls: distinctCalls(turns.flatMap(({ calls }) => calls)),
    ...withReasoning(turns.findLast(({ reasoning }) => reasoning !== undefined)?.reasoning),
  }
}

/** A call told twice is one, with its input where one telling lacks it. Another tool's call under the same id is another. */
function distinctCalls(calls: readonly ToolCallPart[]): readonly ToolCallPart[] {
  if (calls.length < 2) return calls
  const distinct = new Map<string, ToolCallPart>()
  for (const call of calls) {
    const key = `${call.id}\0${call.name}`
    const known = distinct.get(key)
    if (known === undefined || isEmpty(known.input)) distinct.set(key, call)
  }
  return [...distinct.values()]
}

const isEmpty = (input: ToolCallPart['input']): boolean => Object.keys(input).length === 0

function isReasoning(part: Part): part is ReasoningPart | RedactedReasoningPart {
  return part.type === 'redacted-reasoning' || (part.type === 'reasoning' && part.signature !== '')
}

function withReasoning(reasoning: AssistantTurn['reasoning']): Pick<AssistantTurn, 'reasoning'> {
  return reasoning === undefined ? {} : { reasoning }
}
