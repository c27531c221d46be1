import type { Message } from './conversation.ts'

/**
 * What a message is, as far as the border between old and new goes. `results`: nothing but the results of tools; `system` goes
 * along with its neighbours; `unknown` cannot be told.
 */
export type TurnKind = 'user' | 'results' | 'assistant' | 'system' | 'unknown'

/**
 * Where the newest user turn begins: the last message that is not the assistant's, and what came along with it (the results
 * of one round of calls are a message each; reminders follow the user's words). Messages of the user before that one were
 * sent before: an answer was refused or cancelled. Only the newest turn is the caller's to correct, so only there faults are
 * refused; what lies before it, and whatever the assistant said, is carried as well as it can be.
 */
export function newestTurnStart(kinds: readonly TurnKind[]): number {
  const last = kinds.findLastIndex((kind) => kind !== 'assistant' && kind !== 'system')
  if (last < 0) return kinds.lastIndexOf('assistant') + 1
  let start = last
  while (kinds[start] === 'results' && kinds[start - 1] === 'results') start--
  return start
}

export function kindOfTurn({ role, parts }: Message): TurnKind {
  if (role !== 'user') return role
  return parts.length > 0 && parts.every(({ type }) => type === 'tool-result') ? 'results' : 'user'
}
