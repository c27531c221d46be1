import { listOf, type Shape, shapeOf, textOf } from './shape.ts'
import { toolNames } from './validate-tools.ts'
import { mismatch, type ValidationContext, type Violation, violation } from './violation.ts'

/** One message of a conversation, told apart. */
export type Turn = { readonly role: 'user' | 'assistant'; readonly message: Shape }

/** Reads one union entry of the history; undefined when it is neither. */
export function turnOf(entry: unknown): Turn | undefined {
  const union = shapeOf(entry)
  const user = shapeOf(union?.userInputMessage)
  const assistant = shapeOf(union?.assistantResponseMessage)
  if (user !== undefined && assistant === undefined) return { role: 'user', message: user }
  if (assistant !== undefined && user === undefined) return { role: 'assistant', message: assistant }
  return undefined
}

export const usesOf = (turn: Turn | undefined): readonly Shape[] =>
  listOf(turn?.message.toolUses)
    .map(shapeOf)
    .filter((use) => use !== undefined)
const idsOf = (entries: readonly unknown[]): readonly string[] =>
  entries.flatMap((entry) => textOf(shapeOf(entry)?.toolUseId) ?? [])

export const resultsOf = (turn: Turn): readonly unknown[] =>
  listOf(shapeOf(turn.message.userInputMessageContext)?.toolResults)

/** Rules over the whole conversation: alternation, and tool uses with their results. */
export function orderViolation(
  history: readonly Turn[],
  current: Turn,
  context: ValidationContext,
): Violation | undefined {
  if (history[0]?.role === 'assistant') return violation('history starts with an assistant message')
  if (history.length > 0 && history.at(-1)?.role !== 'assistant') {
    return violation('history does not end with an assistant message')
  }
  const turns = [...history, current]
  for (const [index, turn] of turns.entries()) {
    const before = turns[index - 1]
    if (before !== undefined && before.role === turn.role) return violation(`two ${turn.role} messages in a row`)
    if (turn.role !== 'user') continue
    const results = idsOf(resultsOf(turn))
    if (index === 0 && results.length > 0) {
      return history.length > 0
        ? violation('the first history message carries tool results')
        : mismatch('tool results without tool uses', context.age)
    }
    const uses = idsOf(usesOf(before))
    if (uses.some((id) => !results.includes(id))) return mismatch('a tool use without its result', context.age)
    if (results.some((id) => !uses.includes(id))) return mismatch('a tool result without its use', context.age)
  }
  const named = new Set(history.flatMap((turn) => usesOf(turn).flatMap((use) => textOf(use.name) ?? [])))
  const declared = toolNames(shapeOf(current.message.userInputMessageContext)?.tools)
  if (named.size > 0 && declared.size === 0) return violation('tool turns without tools')
  if ([...named].some((name) => !declared.has(name))) return violation('a tool named in history is not declared')
  return undefined
}
