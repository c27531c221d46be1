import type { Message, ToolCallPart } from '../conversation/conversation.ts'
import { ok } from '../lib/result.ts'
import { type Decoded, refuse } from './validate.ts'

/** A call's arguments: JSON text of an object, the object itself, or nothing. */
export function decodeArguments(given: unknown, at: string): Decoded<ToolCallPart['input']> {
  const value = typeof given === 'string' ? parse(given) : given
  if (value === undefined || value === null) return ok({})
  if (typeof value !== 'object' || Array.isArray(value)) return refuse(at, 'must be the JSON text of an object')
  return ok(value as Record<string, unknown>)
}

// Text that is no JSON stays text, which is no object either.
function parse(text: string): unknown {
  if (text.trim() === '') return undefined
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/**
 * Appends a turn to those before it. Results of one round of calls arrive as a message each, and Responses-shaped bodies
 * spread one assistant turn over several items: such neighbours become one message.
 */
export function appendTurn(messages: Message[], next: Message): void {
  const last = messages.at(-1)
  if (last !== undefined && last.role === next.role && joins(last, next)) {
    messages[messages.length - 1] = { role: next.role, parts: [...last.parts, ...next.parts] }
  } else if (next.role === 'user' || next.parts.length > 0) {
    messages.push(next)
  }
}

export function joinTurns(turns: readonly Message[]): readonly Message[] {
  const messages: Message[] = []
  for (const turn of turns) appendTurn(messages, turn)
  return messages
}

/** Reasoning belongs to what follows it, a call to what precedes it. */
function joins(last: Message, next: Message): boolean {
  if (next.role === 'user') return isResults(next) && isResults(last)
  return next.parts.some(isCall) || last.parts.every(isReasoning)
}

const isReasoning = ({ type }: Message['parts'][number]): boolean =>
  type === 'reasoning' || type === 'redacted-reasoning'
const isCall = (part: Message['parts'][number]): boolean => part.type === 'tool-call'
const isResults = (message: Message): boolean =>
  message.role === 'user' && message.parts.length > 0 && message.parts.every((part) => part.type === 'tool-result')
