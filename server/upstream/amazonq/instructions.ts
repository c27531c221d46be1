import type { Conversation } from '../../conversation/conversation.ts'
import type { ToolNames } from './tool-names.ts'

/**
 * Wishes of the caller for which the provider has no member, in words, for the end of the current message (there they
 * change no earlier text). Empty when there are none. `hasTools`: the model sees at least one tool.
 */
export function instructionsFor(conversation: Conversation, names: ToolNames, hasTools: boolean): string {
  if (!hasTools && conversation.output.type === 'text') return ''
  return [
    hasTools ? toolInstruction(conversation, names) : '',
    hasTools && !conversation.parallelToolCalls && conversation.toolChoice.type !== 'none'
      ? 'Call at most one tool in this reply.'
      : '',
    outputInstruction(conversation),
  ]
    .filter((line) => line !== '')
    .join('\n')
}

function toolInstruction({ toolChoice }: Conversation, names: ToolNames): string {
  switch (toolChoice.type) {
    case 'auto':
      return ''
    case 'none':
      return 'Do not call any tool in this reply.'
    case 'any':
      return 'Call at least one of the available tools in this reply.'
    case 'tool':
      return `Call the tool "${names.toWire(toolChoice.name)}" in this reply.`
  }
}

function outputInstruction({ output }: Conversation): string {
  switch (output.type) {
    case 'text':
      return ''
    case 'json':
      return 'Answer with one valid JSON object and nothing else: no explanation, no code fence.'
    case 'json-schema':
      return `Answer with one JSON value that is valid against this JSON Schema and nothing else: no explanation, no code fence.\n${JSON.stringify(output.schema)}`
  }
}
