import type { Message } from '../conversation/conversation.ts'

/** System messages at the head of the list are the system prompt; later ones keep their place. */
export function splitSystem(turns: readonly Message[]): {
  readonly system: readonly string[]
  readonly messages: readonly Message[]
} {
  const found = turns.findIndex((turn) => turn.role !== 'system')
  const head = found < 0 ? turns.length : found
  const system = turns.slice(0, head).flatMap((turn) => turn.parts.flatMap((part) => textOf(part)))
  return { system, messages: turns.slice(head) }
}

const textOf = (part: Message['parts'][number]): readonly string[] => (part.type === 'text' ? [part.text] : [])
