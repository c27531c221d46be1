import type { Conversation, Tool } from './conversation.ts'

type StrictTool = Tool & { readonly strict: NonNullable<Tool['strict']> }

/**
 * Tools whose calls are judged before they go on to the caller; also those that the model is not shown, for the history may tell
 * it of them.
 */
export function strictTools({ tools, alsoStrict = [], toolChoice }: Conversation): readonly StrictTool[] {
  return toolChoice.type === 'none' ? [] : [...tools, ...alsoStrict].filter(isStrict)
}

const isStrict = (tool: Tool): tool is StrictTool => tool.strict !== undefined
