import type { Message, Part } from '../conversation/conversation.ts'
import { summaryLead } from '../dialect/compaction-request.ts'

/** As clients begin what they go on from after a compaction of their own. */
const openings = [
  // Claude Code
  'This session is being continued from a previous conversation',
  // Codex
  'Another language model started to solve this problem and produced a summary',
  // Codex by its item, which we sealed
  summaryLead,
]
/** A text that is longer is no summary, whatever it begins with: it has to make room like any other. */
const longest = 100_000

/** A client's own summary among messages, the newest one: it is never summarised a second time. Undefined: there is none. */
export function clientsSummaryIn(messages: readonly Message[]): Message | undefined {
  const found = messages.findLast(({ role, parts }) => role === 'user' && parts.some(isSummary))
  return found && { ...found, parts: found.parts.filter(isSummary) }
}

/** What else there is. */
export function besides(summary: Message | undefined, messages: readonly Message[]): readonly Message[] {
  if (summary === undefined) return messages
  const own = new Set(summary.parts)
  return messages.flatMap((message) => {
    if (!message.parts.some((part) => own.has(part))) return [message]
    const parts = message.parts.filter((part) => !own.has(part))
    return parts.length === 0 ? [] : [{ ...message, parts }]
  })
}

function isSummary(part: Part): boolean {
  if (part.type !== 'text' || part.text.length > longest) return false
  const start = part.text.slice(0, 200).trimStart()
  return openings.some((opening) => start.startsWith(opening))
}
