import type { Static } from '@sinclair/typebox'
import type { Tool, ToolChoice } from '../../conversation/conversation.ts'
import type { SearchWish } from '../../conversation/search.ts'
import { ok } from '../../lib/result.ts'
import { decodeSearch, isSearchType } from '../search-wish.ts'
import { createValidator, type Decoded, isObject, refuse } from '../validate.ts'
import { type MessagesBody, placeholderTool, ToolEntry } from './wire.ts'

type Body = Pick<Static<typeof MessagesBody>, 'messages' | 'tools' | 'tool_choice'>
type Entry = Static<typeof ToolEntry>
type Toolbox = {
  readonly tools: readonly Tool[]
  readonly alsoDeclared?: readonly string[]
  readonly alsoStrict?: readonly Tool[]
  readonly toolChoice: ToolChoice
  readonly parallelToolCalls: boolean
  readonly search?: SearchWish
}

const readEntry = createValidator(ToolEntry)

/**
 * The tools the model may see now and how it may use them. Of the tools that another server would run there is the web search
 * alone; the others are left out.
 */
export function decodeTools({ messages, tools, tool_choice: choice }: Body): Decoded<Toolbox> {
  const declared = new Map<string, Tool>()
  const offered = new Set<string>()
  const hidden = new Set<string>()
  let search: SearchWish | undefined
  for (const [index, entry] of (tools ?? []).entries()) {
    if (isServerTool(entry)) {
      const wish = isSearchType(entry.type) ? decodeSearch(entry, `tools.${index}`) : ok(undefined)
      if (!wish.ok) return wish
      search ??= wish.value
      if (entry.name && !isSearchType(entry.type)) hidden.add(entry.name)
      continue
    }
    if (!entry.name) return refuse(`tools.${index}.name`, 'is required')
    if (declared.has(entry.name)) return refuse(`tools.${index}.name`, 'tool names must be unique')
    declared.set(entry.name, toolOf(entry, entry.name, `tools.${index}.input_schema`))
    const list = entry.defer_loading ? hidden : offered
    list.add(entry.name)
  }
  for (const change of toolChanges(messages)) {
    const { name, definition } = change
    if (definition?.name && !isServerTool(definition)) declared.set(name, toolOf(definition, name))
    if (change.offered) offered.add(name)
    else for (const list of [offered, hidden]) list.delete(name)
  }
  if (choice?.name) offered.add(choice.name)
  const visible = [...declared.values()].filter((tool) => offered.has(tool.name) && tool.name !== placeholderTool)
  const alsoDeclared = [...hidden].filter((name) => !offered.has(name) && name !== placeholderTool)
  const alsoStrict = alsoDeclared
    .flatMap((name) => declared.get(name) ?? [])
    .filter(({ strict }) => strict !== undefined)
  const server = (tools ?? []).filter(isServerTool)
  const toolChoice = decodeToolChoice(choice, visible, server, server.length > 0 || declared.has(placeholderTool))
  if (!toolChoice.ok) return toolChoice
  if (search !== undefined && isForced(choice, visible, tools ?? [])) search = { ...search, isForced: true }
  return ok({
    tools: visible,
    ...(alsoDeclared.length === 0 ? {} : { alsoDeclared }),
    ...(alsoStrict.length === 0 ? {} : { alsoStrict }),
    toolChoice: toolChoice.value,
    ...(search === undefined ? {} : { search }),
    parallelToolCalls: choice?.disable_parallel_tool_use !== true,
  })
}

const toolOf = (entry: Entry, name: string, at = 'messages'): Tool => ({
  name,
  description: entry.description ?? '',
  schema: (entry.input_schema as Record<string, unknown> | null | undefined) ?? { type: 'object', properties: {} },
  ...(entry.strict === true && { strict: { at } }),
})

function decodeToolChoice(
  choice: Body['tool_choice'],
  visible: readonly Tool[],
  server: readonly Entry[],
  canBeLeft: boolean,
): Decoded<ToolChoice> {
  if (choice?.type !== 'tool') {
    const type = choice?.type ?? 'auto'
    if (type !== 'any' || visible.length > 0) return ok({ type })
    return canBeLeft ? ok({ type: 'auto' }) : refuse('tool_choice', 'demands a call, and there is no tool to call')
  }
  if (!choice.name) return refuse('tool_choice.name', 'is required')
  if (visible.some((tool) => tool.name === choice.name)) return ok({ type: 'tool', name: choice.name })
  // A plain answer is what clients take in place of a server tool's.
  if (server.some((entry) => entry.name === choice.name)) return ok({ type: 'auto' })
  return refuse('tool_choice.name', 'names no tool of this request')
}

/** The search is demanded by its name, or any tool is and there is no other. */
function isForced(choice: Body['tool_choice'], visible: readonly Tool[], tools: readonly Entry[]): boolean {
  if (choice?.type === 'any') return visible.length === 0
  const named = tools.find(({ name }) => name === choice?.name)
  return choice?.type === 'tool' && named !== undefined && isServerTool(named) && isSearchType(named.type)
}

// web_search_20250305 and its like: a kind of their own and no schema. Anything with a schema is the caller's to run.
const isServerTool = (entry: Entry): boolean =>
  Boolean(entry.type) && entry.type !== 'custom' && entry.input_schema == null

type ToolChange = { readonly name: string; readonly offered: boolean; readonly definition?: Entry }

/**
 * What the messages say about tools, in order: `tool_reference` brings in a deferred one, wherever it stands (a message, a
 * tool's result, a tool search's result); `tool_addition` and `tool_removal` change the list in mid-conversation.
 */
function toolChanges(messages: Body['messages']): readonly ToolChange[] {
  const changes: ToolChange[] = []
  const visit = (value: unknown, depth: number): void => {
    if (Array.isArray(value)) for (const item of value) visit(item, depth)
    if (!isObject(value)) return
    if (value.type === 'tool_reference') addChange(changes, value.tool_name, true)
    if (value.type === 'tool_addition' || value.type === 'tool_removal') {
      const tool = isObject(value.tool) ? value.tool : {}
      const definition = readEntry(tool.definition)
      const name = definition.ok ? definition.value.name : tool.name
      addChange(changes, name, value.type === 'tool_addition', definition.ok ? definition.value : undefined)
    }
    if (depth === 0) return
    visit(value.content, depth - 1)
    visit(value.tool_references, depth - 1)
    visit(value.tool_changes, depth - 1)
  }
  for (const message of messages) if (isObject(message)) visit(message.content, 2)
  return changes
}

function addChange(changes: ToolChange[], name: unknown, offered: boolean, definition?: Entry): void {
  if (typeof name !== 'string') return
  changes.push({ name, offered, ...(definition === undefined ? {} : { definition }) })
}
