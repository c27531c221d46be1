import type { Static } from '@sinclair/typebox'
import type { Tool, ToolChoice } from '../../conversation/conversation.ts'
import { ok } from '../../lib/result.ts'
import { type Decoded, refuse } from '../validate.ts'
import type { ChatBody, ToolEntry } from './wire.ts'

type Body = Static<typeof ChatBody>
type Entry = Static<typeof ToolEntry>
type Toolbox = {
  readonly tools: readonly Tool[]
  readonly toolChoice: ToolChoice
  readonly parallelToolCalls: boolean
}
type Choice = { readonly toolChoice: ToolChoice; readonly only?: readonly string[] }

/** The tools the model may see and how it may use them. Kinds that another server would run are left out. */
export function decodeTools(body: Body): Decoded<Toolbox> {
  const tools: Tool[] = []
  const hosted: string[] = []
  for (const [index, entry] of (body.tools ?? []).entries()) {
    if (!isFunction(entry)) {
      hosted.push(entry.name ?? entry.type ?? '')
      continue
    }
    const at = entry.function == null ? `tools.${index}` : `tools.${index}.function`
    const refusal = addTool(tools, entry.function ?? entry, at)
    if (!refusal.ok) return refusal
  }
  for (const [index, entry] of (body.functions ?? []).entries()) {
    const refusal = addTool(tools, entry, `functions.${index}`)
    if (!refusal.ok) return refusal
  }
  const choice = decodeChoice(body)
  if (!choice.ok) return choice
  return narrow(tools, hosted, choice.value, allowsParallel(body))
}

// The same name twice is no error of this API; the provider takes each once.
function addTool(tools: Tool[], entry: NonNullable<Entry['function']>, at: string): Decoded<undefined> {
  if (!entry.name) return refuse(`${at}.name`, 'is required')
  if (tools.some((tool) => tool.name === entry.name)) return ok(undefined)
  const schema = (entry.parameters ?? entry.input_schema) as Record<string, unknown> | null | undefined
  tools.push({
    name: entry.name,
    description: entry.description ?? '',
    schema: schema ?? { type: 'object', properties: {} },
  })
  return ok(undefined)
}

// `custom` is freeform in this family of APIs, and an ordinary tool with a schema in the other.
const isFunction = (entry: Entry): boolean =>
  entry.function != null || entry.input_schema != null || !entry.type || entry.type === 'function'

const words: Readonly<Record<string, ToolChoice['type']>> = {
  auto: 'auto',
  none: 'none',
  required: 'any',
  any: 'any',
}

function decodeChoice({ tool_choice: choice, function_call: legacy, functions }: Body): Decoded<Choice> {
  if (choice == null && functions != null && legacy != null) {
    return typeof legacy === 'string' ? word(legacy, 'function_call') : named(legacy.name, 'function_call.name')
  }
  if (choice == null) return ok({ toolChoice: { type: 'auto' } })
  if (typeof choice === 'string') return word(choice, 'tool_choice')
  switch (choice.type ?? 'function') {
    case 'function':
    case 'tool':
      return choice.function == null
        ? named(choice.name, 'tool_choice.name')
        : named(choice.function.name, 'tool_choice.function.name')
    case 'allowed_tools': {
      const { mode, tools } = choice.allowed_tools ?? choice
      const decoded = word(mode ?? 'auto', 'tool_choice.allowed_tools.mode')
      if (!decoded.ok) return decoded
      return ok({ ...decoded.value, only: (tools ?? []).map((tool) => tool.function?.name ?? tool.name ?? '') })
    }
    default:
      return word(choice.type ?? '', 'tool_choice.type')
  }
}

function word(text: string, at: string): Decoded<Choice> {
  const type = words[text]
  if (type === undefined || type === 'tool') return refuse(at, 'must be none, auto, required or name a function')
  return ok({ toolChoice: { type } })
}

const named = (name: string | null | undefined, at: string): Decoded<Choice> =>
  name ? ok({ toolChoice: { type: 'tool', name } }) : refuse(at, 'is required')

/** Applies the choice to what there is: a choice that no tool can meet falls back to `auto` or is refused. */
function narrow(all: readonly Tool[], hosted: readonly string[], choice: Choice, parallel: boolean): Decoded<Toolbox> {
  const tools = choice.only === undefined ? all : all.filter((tool) => choice.only?.includes(tool.name))
  const { toolChoice } = choice
  const found = (value: ToolChoice): Decoded<Toolbox> => ok({ tools, toolChoice: value, parallelToolCalls: parallel })
  if (toolChoice.type !== 'tool') {
    return found(toolChoice.type === 'any' && tools.length === 0 ? { type: 'auto' } : toolChoice)
  }
  if (tools.some((tool) => tool.name === toolChoice.name)) return found(toolChoice)
  if (hosted.includes(toolChoice.name)) return found({ type: 'auto' })
  return refuse('tool_choice', 'names no tool of this request')
}

const allowsParallel = (body: Body): boolean =>
  body.parallel_tool_calls !== false &&
  !isLegacy(body) &&
  !(typeof body.tool_choice === 'object' && body.tool_choice?.disable_parallel_tool_use === true)

/** The older `functions`: at most one call, answered as `function_call`. */
export const isLegacy = (body: Body): boolean => body.functions != null && body.tools == null
