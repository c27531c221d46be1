import type { PlainKey } from '../../i18n/dictionary.ts'
import type { Api } from './chat.ts'
import { type Data, object, parsed, word } from './json.ts'

/** A tool whose kind the APIs spell differently, or one that is passed on as it is. */
type Tool = { readonly name: string; readonly description: string; readonly schema: unknown } | { readonly as: Data }

export type ReadTools =
  | { readonly ok: true; readonly tools: readonly Tool[] }
  | { readonly ok: false; readonly fault: PlainKey }

/** Reads tools in the spelling of any of the three APIs, so that the API may be changed without rewriting them. */
export function readTools(text: string): ReadTools {
  if (text.trim() === '') return { ok: true, tools: [] }
  const value = parsed(text)
  if (value === undefined) return { ok: false, fault: 'playground.toolsJson' }
  const items = Array.isArray(value) ? value : [value]
  const tools = items.map(toolOf)
  return tools.every((tool) => tool !== undefined) ? { ok: true, tools } : { ok: false, fault: 'playground.toolsShape' }
}

function toolOf(item: unknown): Tool | undefined {
  const tool = object(item)
  const inner = tool.type === 'function' && tool.function !== undefined ? object(tool.function) : tool
  const isFunction = tool.type === undefined || tool.type === 'function' || tool.type === 'custom'
  const schema = inner.input_schema ?? inner.parameters
  if (word(inner.name) === '') return isFunction || word(tool.type) === '' ? undefined : { as: tool }
  if (!isFunction || (tool.type === 'custom' && schema === undefined)) return { as: tool }
  return { name: word(inner.name), description: word(inner.description), schema: schema ?? { type: 'object' } }
}

/** The tools as an API spells them. */
export function writeTools(tools: readonly Tool[], api: Api): readonly object[] {
  return tools.map((tool) => written(tool, api))
}

function written(tool: Tool, api: Api): object {
  if ('as' in tool) return tool.as
  const { name, schema } = tool
  const described = { name, ...(tool.description === '' ? {} : { description: tool.description }) }
  switch (api) {
    case 'messages':
      return { ...described, input_schema: schema }
    case 'chat':
      return { type: 'function', function: { ...described, parameters: schema } }
    case 'responses':
      return { type: 'function', ...described, parameters: schema }
  }
}
