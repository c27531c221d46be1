import type { Static } from '@sinclair/typebox'
import type { Tool } from '../../conversation/conversation.ts'
import type { AddNote } from '../../conversation/note.ts'
import type { SearchWish } from '../../conversation/search.ts'
import { ok } from '../../lib/result.ts'
import { nameForModel } from '../group-name.ts'
import { type Choice, choiceOfName, choiceOfWord, narrow, type Toolbox } from '../openai-tools.ts'
import { decodeSearch, isSearchType } from '../search-wish.ts'
import { createValidator, type Decoded, refuse } from '../validate.ts'
import type { LaterTool } from './items.ts'
import { freeformMember, type Origin, type ToolNames } from './names.ts'
import { type ResponsesBody, ToolEntry } from './wire.ts'

type Body = Static<typeof ResponsesBody>
type Entry = Static<typeof ToolEntry>

export type NamedToolbox = { readonly toolbox: Toolbox; readonly names: ToolNames }

const readTool = createValidator(ToolEntry)

/** A list while it grows: the tools the model sees, where each came from, and the kinds that are left out. */
type Bench = {
  readonly tools: Tool[]
  readonly names: Map<string, Origin>
  readonly hosted: string[]
  search?: SearchWish
}

/**
 * The tools of the request and those that came in the course of the conversation. Freeform tools become functions of one
 * text; groups (`namespace`) are laid flat. Kinds that OpenAI's own servers run are left out, but for the web search.
 */
export function decodeTools(body: Body, later: readonly LaterTool[], note: AddNote): Decoded<NamedToolbox> {
  const bench: Bench = { tools: [], names: new Map(), hosted: [] }
  for (const [index, entry] of (body.tools ?? []).entries()) {
    const added = addEntry(bench, entry, `tools.${index}`)
    if (!added.ok) return added
  }
  for (const { tool, at, isPast } of later) {
    const added = addEntry(bench, tool, at)
    if (added.ok) continue
    if (!isPast) return added
    note({ what: 'part-left-out', field: at, detail: 'a tool that cannot be read' })
  }
  const choice = decodeChoice(body.tool_choice, bench.names)
  if (!choice.ok) return choice
  const uses = body.max_tool_calls == null ? {} : { maxUses: body.max_tool_calls }
  const search = bench.search && { ...bench.search, ...uses }
  const toolbox = narrow(bench.tools, bench.hosted, choice.value, body.parallel_tool_calls !== false, search)
  return toolbox.ok ? ok({ toolbox: toolbox.value, names: bench.names }) : toolbox
}

function addEntry(bench: Bench, given: unknown, at: string, group?: string): Decoded<undefined> {
  const entry = readTool(given, at)
  if (!entry.ok) return entry
  const { type, name, tools, description } = entry.value
  switch (type ?? 'function') {
    case 'function':
    case 'custom':
      return addTool(bench, entry.value, at, group)
    case 'namespace': {
      if (!name) return refuse(`${at}.name`, 'is required')
      const first = bench.tools.length
      for (const [index, member] of (tools ?? []).entries()) {
        const added = addEntry(bench, member, `${at}.tools.${index}`, name)
        if (!added.ok) return added
      }
      explainGroup(bench.tools, first, description)
      return ok(undefined)
    }
    default: {
      bench.hosted.push(name ?? type ?? '')
      if (!isSearchType(type)) return ok(undefined)
      const wish = decodeSearch(entry.value, at)
      if (!wish.ok) return wish
      if (wish.value !== undefined) bench.search ??= wish.value
      return ok(undefined)
    }
  }
}

// The same tool twice is no error of this API; the provider takes each once.
function addTool(bench: Bench, entry: Entry, at: string, group: string | undefined): Decoded<undefined> {
  if (!entry.name) return refuse(`${at}.name`, 'is required')
  const name = freeName(entry.name, group, bench.names)
  if (name === undefined) return ok(undefined)
  const kind = entry.type === 'custom' ? 'custom' : 'function'
  bench.names.set(name, { kind, name: entry.name, ...(group === undefined ? {} : { namespace: group }) })
  const schema = (entry.parameters ?? { type: 'object', properties: {} }) as Record<string, unknown>
  const names = { name, ...(group === undefined ? {} : { alias: entry.name }) }
  bench.tools.push(
    kind === 'custom'
      ? { ...names, description: freeformDescription(entry), schema: freeformSchema }
      : {
          ...names,
          description: entry.description ?? '',
          schema,
          ...(entry.strict === true && { strict: { at: `${at}.parameters` } }),
        },
  )
  return ok(undefined)
}

/** `a` with `b__c` and `a__b` with `c` would be one name to the model. Undefined: the tool is there already. */
function freeName(name: string, group: string | undefined, names: ToolNames): string | undefined {
  const wanted = nameForModel(name, group)
  for (let count = 1, free = wanted; ; free = `${wanted}_${++count}`) {
    const holder = names.get(free)
    if (holder === undefined) return free
    if (holder.name === name && holder.namespace === group) return undefined
  }
}

const freeformSchema = {
  type: 'object',
  properties: { [freeformMember]: { type: 'string', description: 'The raw text of the input.' } },
  required: [freeformMember],
  additionalProperties: false,
} as const

/** The provider cannot hold the model to a grammar; as text it at least knows it. */
function freeformDescription({ description, format }: Entry): string {
  const grammar = format?.definition
    ? `The input must follow this ${format.syntax ?? ''} grammar:\n${format.definition}`.replace('  ', ' ')
    : ''
  return [description, grammar].filter(Boolean).join('\n\n')
}

/** What is said of a group stands with its first tool. */
function explainGroup(tools: Tool[], first: number, description: string | null | undefined): void {
  const tool = tools[first]
  if (tool !== undefined && description)
    tools[first] = { ...tool, description: `${description}\n\n${tool.description}`.trim() }
}

function decodeChoice(choice: Body['tool_choice'], names: ToolNames): Decoded<Choice> {
  if (choice == null) return ok({ toolChoice: { type: 'auto' } })
  if (typeof choice === 'string') return choiceOfWord(choice, 'tool_choice')
  switch (choice.type) {
    case 'function':
    case 'custom':
    case undefined:
    case null: {
      const name = knownName(choice, names)
      return choiceOfName(name, 'tool_choice.name')
    }
    case 'allowed_tools': {
      const decoded = choiceOfWord(choice.mode ?? 'auto', 'tool_choice.mode')
      if (!decoded.ok) return decoded
      return ok({
        ...decoded.value,
        only: (choice.tools ?? []).map((tool) => knownName(tool, names) ?? tool.type ?? ''),
      })
    }
    default:
      // One that another server would run: it is not there, but for the search.
      return ok({ toolChoice: isSearchType(choice.type) ? { type: 'tool', name: choice.type } : { type: 'auto' } })
  }
}

type NamedTool = { readonly name?: string | null | undefined; readonly namespace?: string | null | undefined }

/** The model's name of a tool; one of a group may be named without its group. */
function knownName({ name, namespace }: NamedTool, names: ToolNames): string | undefined {
  if (!name) return undefined
  const full = nameForModel(name, namespace)
  for (const [own, origin] of names)
    if (origin.name === name && origin.namespace === (namespace ?? undefined)) return own
  if (names.has(full)) return full
  for (const [own, origin] of names) if (origin.name === name && !namespace) return own
  return full
}
