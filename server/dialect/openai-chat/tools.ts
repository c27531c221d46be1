import type { Static } from '@sinclair/typebox'
import type { Tool } from '../../conversation/conversation.ts'
import { ok } from '../../lib/result.ts'
import { type Choice, choiceOfName, choiceOfWord, narrow, type Toolbox } from '../openai-tools.ts'
import { decodeSearch, isSearchType } from '../search-wish.ts'
import { type Decoded, refuse } from '../validate.ts'
import type { ChatBody, ToolEntry } from './wire.ts'

type Body = Static<typeof ChatBody>
type Entry = Static<typeof ToolEntry>

/** The tools the model may see and how it may use them. Kinds that another server would run are left out, but for the web search. */
export function decodeTools(body: Body): Decoded<Toolbox> {
  const tools: Tool[] = []
  const hosted: string[] = []
  const wish =
    body.web_search_options == null ? ok(undefined) : decodeSearch(body.web_search_options, 'web_search_options')
  if (!wish.ok) return wish
  let search = wish.value
  for (const [index, entry] of (body.tools ?? []).entries()) {
    if (!isFunction(entry)) {
      const hostedSearch = isSearchType(entry.type) ? decodeSearch(entry, `tools.${index}`) : ok(undefined)
      if (!hostedSearch.ok) return hostedSearch
      search ??= hostedSearch.value
      hosted.push(freeformName(entry) ?? entry.name ?? entry.type ?? '')
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
  return narrow(tools, hosted, choice.value, allowsParallel(body), search)
}

// The same name twice is no error of this API; the provider takes each once.
function addTool(tools: Tool[], entry: NonNullable<Entry['function']>, at: string): Decoded<undefined> {
  if (!entry.name) return refuse(`${at}.name`, 'is required')
  if (tools.some((tool) => tool.name === entry.name)) return ok(undefined)
  const schema = (entry.parameters ?? entry.input_schema) as Record<string, unknown> | null | undefined
  const schemaAt = entry.parameters == null && entry.input_schema != null ? 'input_schema' : 'parameters'
  tools.push({
    name: entry.name,
    description: entry.description ?? '',
    schema: schema ?? { type: 'object', properties: {} },
    ...(entry.strict === true && { strict: { at: `${at}.${schemaAt}` } }),
  })
  return ok(undefined)
}

// `custom` is freeform in this family of APIs, and an ordinary tool with a schema in the other.
const isFunction = (entry: Entry): boolean =>
  entry.function != null || entry.input_schema != null || !entry.type || entry.type === 'function'

const freeformName = ({ type, custom }: Entry): string | undefined =>
  type === 'custom' ? (custom?.name ?? undefined) : undefined

/** Freeform tools that the caller declared: calls of them have a form of their own. */
export const freeformNames = (body: Body): ReadonlySet<string> =>
  new Set((body.tools ?? []).flatMap((entry) => (isFunction(entry) ? [] : (freeformName(entry) ?? []))))

function decodeChoice({ tool_choice: choice, function_call: legacy, functions }: Body): Decoded<Choice> {
  if (choice == null && functions != null && legacy != null) {
    const at = 'function_call'
    const decoded = typeof legacy === 'string' ? choiceOfWord(legacy, at) : choiceOfName(legacy.name, `${at}.name`)
    return decoded.ok ? ok({ ...decoded.value, at }) : decoded
  }
  if (choice == null) return ok({ toolChoice: { type: 'auto' } })
  if (typeof choice === 'string') return choiceOfWord(choice, 'tool_choice')
  switch (choice.type ?? 'function') {
    case 'function':
    case 'tool':
      return choice.function == null
        ? choiceOfName(choice.name, 'tool_choice.name')
        : choiceOfName(choice.function.name, 'tool_choice.function.name')
    case 'allowed_tools': {
      const { mode, tools } = choice.allowed_tools ?? choice
      const at = choice.allowed_tools == null ? 'tool_choice' : 'tool_choice.allowed_tools'
      const decoded = choiceOfWord(mode ?? 'auto', `${at}.mode`)
      if (!decoded.ok) return decoded
      return ok({
        ...decoded.value,
        only: (tools ?? []).map((tool) => tool.function?.name ?? tool.custom?.name ?? tool.name ?? tool.type ?? ''),
      })
    }
    case 'custom':
      return choice.custom == null
        ? choiceOfName(choice.name, 'tool_choice.name')
        : choiceOfName(choice.custom.name, 'tool_choice.custom.name')
    default:
      return choiceOfWord(choice.type ?? '', 'tool_choice.type')
  }
}

const allowsParallel = (body: Body): boolean =>
  body.parallel_tool_calls !== false &&
  !isLegacy(body) &&
  !(typeof body.tool_choice === 'object' && body.tool_choice?.disable_parallel_tool_use === true)

/** The older `functions`: at most one call, answered as `function_call`. */
export const isLegacy = (body: Body): boolean => body.functions != null && body.tools == null
