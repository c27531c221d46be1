import type { Message, Part, ToolCallPart } from '../conversation/conversation.ts'
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
 * The turns of a conversation. Results of one round of calls arrive as a message each, and Responses-shaped bodies spread one
 * assistant turn over several items: such neighbours become one message. Whoever but the user says nothing has no turn.
 */
export function joinTurns(turns: readonly Message[]): readonly Message[] {
  const messages: { readonly role: Message['role']; readonly parts: Part[] }[] = []
  let endsInResults = false
  let endsInReasoning = false
  for (const { role, parts } of turns) {
    const last = messages.at(-1)
    const isResults = role === 'user' && parts.length > 0 && parts.every(isResult)
    // Reasoning belongs to what follows it, a call to what precedes it.
    const joins = role === 'user' ? isResults && endsInResults : endsInReasoning || parts.some(isCall)
    if (last?.role === role && joins) {
      for (const part of parts) last.parts.push(part)
      endsInReasoning &&= parts.every(isReasoning)
    } else if (role === 'user' || parts.length > 0) {
      messages.push({ role, parts: [...parts] })
      endsInResults = isResults
      endsInReasoning = parts.every(isReasoning)
    }
  }
  return messages
}

const isReasoning = ({ type }: Part): boolean => type === 'reasoning' || type === 'redacted-reasoning'
const isCall = (part: Part): boolean => part.type === 'tool-call'
const isResult = (part: Part): boolean => part.type === 'tool-result'
