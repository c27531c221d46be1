import type { Conversation, Tool } from '../../conversation/conversation.ts'
import { type AddNote, addNoNote } from '../../conversation/note.ts'
import { cleanSchema } from './schema.ts'
import type { ToolNames } from './tool-names.ts'
import { type ToolEntry, wireLimits } from './wire.ts'

export type EncodedTools = {
  readonly tools: readonly ToolEntry[]
  /** Descriptions too long for their place, for the system text. */
  readonly moved: readonly string[]
}

const noTools: EncodedTools = { tools: [], moved: [] }

/**
 * The tools to declare: the caller's, and stubs for those that history names and the caller no longer declares, without
 * which the provider refuses the history. With tool choice `none` only what history names.
 */
export function encodeTools(
  conversation: Conversation,
  usedNames: ReadonlySet<string>,
  names: ToolNames,
  note: AddNote = addNoNote,
): EncodedTools {
  if (conversation.tools.length === 0 && usedNames.size === 0) return noTools
  const declared = new Map(conversation.tools.toReversed().map((tool) => [tool.name, tool]))
  const offered = new Set(
    conversation.tools
      .map(({ name }) => name)
      .filter((name) => conversation.toolChoice.type !== 'none' || usedNames.has(name)),
  )
  const list = [...offered, ...[...usedNames].filter((name) => !offered.has(name))]
    .map((name) => declared.get(name) ?? stub(name))
    .map((tool) => encodeTool(tool, names.toWire(tool.name), note))
  return {
    tools: list.map(({ entry }) => entry),
    moved: list.flatMap(({ moved }) => (moved === undefined ? [] : [moved])),
  }
}

const stub = (name: string): Tool => ({ name, description: '', schema: {} })

function encodeTool(tool: Tool, name: string, note: AddNote): { readonly entry: ToolEntry; readonly moved?: string } {
  const written = tool.description.toWellFormed()
  const inputSchema = { json: cleanSchema(tool.schema, (what) => note({ what, detail: tool.name })) }
  if (Buffer.byteLength(written) <= wireLimits.descriptionBytes) {
    // An empty description is refused.
    const description = written.trim() === '' ? tool.name.toWellFormed() || name : written
    return { entry: { toolSpecification: { name, description, inputSchema } } }
  }
  const description = `The description of this tool is in the system text, under "Tool ${name}:".`
  return { entry: { toolSpecification: { name, description, inputSchema } }, moved: `Tool ${name}:\n${written}` }
}
