import type { Message } from '../../conversation/conversation.ts'
import type { AddNote } from '../../conversation/note.ts'
import { summaryLead } from '../compaction-request.ts'
import { isObject, type Loose } from '../validate.ts'

/** What is left of a conversation that was compacted. */
export type Compacted = {
  /** The summary of what is left out, as the conversation's first message; empty: nothing was compacted. */
  readonly opening: readonly Message[]
  /** All messages, so that each keeps its place; those before `from` say nothing any more. */
  readonly messages: readonly unknown[]
  readonly from: number
}

/**
 * A `compaction` block stands for everything before it: the newest one with a summary opens the conversation. Those without one
 * tell of a compaction that failed, and mean nothing.
 */
export function behindCompaction(messages: readonly unknown[], note: AddNote): Compacted {
  const from = messages.findLastIndex((message) => placeIn(message) >= 0)
  const message = messages[from]
  const place = placeIn(message)
  if (!isObject(message) || place < 0) return { opening: [], messages, from: 0 }
  const blocks = message.content as readonly unknown[]
  if (from + place > 0) {
    const detail = `${from} of ${messages.length} messages stand before it`
    note({ what: 'history-superseded', field: `messages.${from}.content.${place}`, detail })
  }
  const { content } = blocks[place] as Loose
  const opening: Message = { role: 'user', parts: [{ type: 'text', text: `${summaryLead}\n\n${String(content)}` }] }
  if (place === blocks.length - 1) return { opening: [opening], messages, from: from + 1 }
  // Blocks keep their places too: an empty text is nothing.
  const rest = { ...message, content: blocks.map((block, index) => (index > place ? block : '')) }
  return { opening: [opening], messages: messages.with(from, rest), from }
}

/** Where a message's newest summary is; -1: there is none. */
function placeIn(message: unknown): number {
  if (!isObject(message) || !Array.isArray(message.content)) return -1
  return message.content.findLastIndex(
    (block: unknown) =>
      isObject(block) &&
      block.type === 'compaction' &&
      typeof block.content === 'string' &&
      block.content.trim() !== '',
  )
}
