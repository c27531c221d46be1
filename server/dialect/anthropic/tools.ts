import type { Static } from '@sinclair/typebox'
import type { Tool, ToolChoice } from '../../conversation/conversation.ts'
import { ok } from '../../lib/result.ts'
import { type Decoded, refuse } from '../validate.ts'
import type { MessagesBody, ToolEntry } from './wire.ts'

type Body = Pick<Static<typeof MessagesBody>, 'messages' | 'tools' | 'tool_choice'>
type Entry = Static<typeof ToolEntry>
type Toolbox = {
  readonly tools: readonly Tool[]
  readonly toolChoice: ToolChoice
  readonly parallelToolCalls: boolean
}

/** Stands for "there are more tools" towards another API; never shown to a model. */
const placeholder = 'DeferredToolPlaceholder'

/** The tools the model may see now and how it may use them. Tools that another server would run are left out. */
export function decodeTools({ messages, tools, tool_choice: choice }: Body): Decoded<Toolbox> {
  const wanted = new Set([...referencedNames(messages), ...(choice?.name ? [choice.name] : [])])
  const names = new Set<string>()
  const visible: Tool[] = []
  for (const [index, entry] of (tools ?? []).entries()) {
    if (isServerTool(entry)) continue
    if (!entry.name) return refuse(`tools.${index}.name`, 'is required')
    if (names.has(entry.name)) return refuse(`tools.${index}.name`, 'tool names must be unique')
    names.add(entry.name)
    if (entry.name === placeholder || (entry.defer_loading && !wanted.has(entry.name))) continue
    visible.push({
      name: entry.name,
      description: entry.description ?? '',
      schema: (entry.input_schema as Record<string, unknown> | null | undefined) ?? { type: 'object', properties: {} },
    })
  }
  const toolChoice = decodeToolChoice(choice, visible, (tools ?? []).filter(isServerTool))
  if (!toolChoice.ok) return toolChoice
  return ok({
    tools: visible,
    toolChoice: toolChoice.value,
    parallelToolCalls: choice?.disable_parallel_tool_use !== true,
  })
}

function decodeToolChoice(
  choice: Body['tool_choice'],
  visible: readonly Tool[],
  server: readonly Entry[],
): Decoded<ToolChoice> {
  if (choice?.type !== 'tool') {
    const type = choice?.type ?? 'auto'
    return ok({ type: type === 'any' && visible.length === 0 ? 'auto' : type })
  }
  if (!choice.name) return refuse('tool_choice.name', 'is required')
  if (visible.some((tool) => tool.name === choice.name)) return ok({ type: 'tool', name: choice.name })
  // A plain answer is what clients take in place of a server tool's.
  if (server.some((entry) => entry.name === choice.name)) return ok({ type: 'auto' })
  return refuse('tool_choice.name', 'names no tool of this request')
}

// web_search_20250305 and its like: a kind of their own and no schema. Anything with a schema is the caller's to run.
const isServerTool = (entry: Entry): boolean =>
  Boolean(entry.type) && entry.type !== 'custom' && entry.input_schema == null

/** Names brought in by `tool_reference`, wherever it stands: in a message, a tool's result or a tool search's result. */
function referencedNames(messages: Body['messages']): readonly string[] {
  const names: string[] = []
  const visit = (value: unknown, depth: number): void => {
    if (Array.isArray(value)) for (const item of value) visit(item, depth)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return
    const block = value as Readonly<Record<string, unknown>>
    if (block.type === 'tool_reference' && typeof block.tool_name === 'string') names.push(block.tool_name)
    if (depth === 0) return
    visit(block.content, depth - 1)
    visit(block.tool_references, depth - 1)
  }
  for (const message of messages) visit(message.content, 2)
  return names
}
