import type { Message, Part, TextPart } from '../conversation/conversation.ts'
import { searchIdPrefix } from '../conversation/search.ts'

/**
 * Without a search at hand now, searches of earlier turns are told as text: a call would have to be declared as a tool, and
 * the model could call what nobody would answer.
 */
export function withoutSearchCalls(messages: readonly Message[]): readonly Message[] {
  if (!messages.some(({ parts }) => parts.some(isSearch))) return messages
  return messages.flatMap((message) => {
    if (!message.parts.some(isSearch)) return [message]
    const parts = message.parts.flatMap((part): readonly Part[] => {
      if (!isSearch(part)) return [part]
      return part.type === 'tool-result' ? part.parts.filter((inner): inner is TextPart => inner.type === 'text') : []
    })
    // The results stood in the assistant's own message.
    const role = message.parts.every(isSearch) ? 'assistant' : message.role
    return parts.length === 0 ? [] : [{ role, parts }]
  })
}

const isSearch = (part: Part): boolean =>
  (part.type === 'tool-call' && part.id.startsWith(searchIdPrefix)) ||
  (part.type === 'tool-result' && part.callId.startsWith(searchIdPrefix))
