import type { Message, Part } from '../../conversation/conversation.ts'
import { leftOut } from '../../conversation/left-out.ts'
import { kindOfTurn, newestTurnStart } from '../../conversation/newest-turn.ts'

/** The messages with a line of text for every image before the newest turn, and how many there were. */
export function withoutPastImages(
  messages: readonly Message[],
  reason: string,
): { readonly messages: readonly Message[]; readonly count: number } {
  const newest = newestTurnStart(messages.map(kindOfTurn))
  const line = leftOut('image', reason)
  let count = 0
  const replace = <P extends Part>(part: P): P | typeof line => {
    if (part.type !== 'image') return part
    count++
    return line
  }
  const replaced = messages.map((message, index) => {
    if (index >= newest || !message.parts.some(holdsImage)) return message
    const parts = message.parts.map((part) =>
      part.type === 'tool-result' ? { ...part, parts: part.parts.map(replace) } : replace(part),
    )
    return { ...message, parts }
  })
  return { messages: count === 0 ? messages : replaced, count }
}

/** Whether there is an image before the newest turn. */
export function hasPastImages(messages: readonly Message[]): boolean {
  if (!messages.some(({ parts }) => parts.some(holdsImage))) return false
  return messages.slice(0, newestTurnStart(messages.map(kindOfTurn))).some(({ parts }) => parts.some(holdsImage))
}

const holdsImage = (part: Part): boolean =>
  part.type === 'image' || (part.type === 'tool-result' && part.parts.some(({ type }) => type === 'image'))
