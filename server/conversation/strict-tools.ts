import type { Conversation } from './conversation.ts'

/** Tools whose calls are judged before they go on to the caller, by name. */
export function strictTools({ tools, toolChoice }: Conversation): ReadonlySet<string> {
  if (toolChoice.type === 'none') return new Set()
  return new Set(tools.flatMap(({ name, strict }) => (strict === undefined ? [] : [name])))
}
