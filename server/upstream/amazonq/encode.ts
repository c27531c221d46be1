import type { Conversation, Tool } from '../../conversation/conversation.ts'
import type { ModelInfo } from '../../conversation/model.ts'
import { type AssistantTurn, alternate, type Turn, type UserTurn } from './history.ts'
import { cleanSchema } from './schema.ts'
import { requestFields, thinkingTags } from './thinking.ts'
import { mapToolNames, type ToolNames } from './tool-names.ts'
import {
  type AssistantEntry,
  type HistoryEntry,
  type RequestBody,
  type ToolEntry,
  type UserEntry,
  type UserInputMessage,
  wireLimits,
} from './wire.ts'

export type EncodeInput = {
  readonly conversation: Conversation
  readonly model: ModelInfo
  readonly conversationId: string
  readonly origin: string
  readonly profileArn?: string
}

export type Encoded = {
  readonly body: RequestBody
  /** Turns the provider's tool names back into the caller's. */
  readonly names: ToolNames
  /** The model was asked to think in tags: its text has to be parted. */
  readonly thinksInTags: boolean
}

/** The provider's request for one conversation. Pure and deterministic: the same beginning gives the same bytes. */
export function encodeRequest({ conversation, model, conversationId, origin, profileArn }: EncodeInput): Encoded {
  const turns = alternate(conversation)
  const calls = turns.flatMap((turn) => (turn.role === 'assistant' ? turn.calls : []))
  const names = mapToolNames([...conversation.tools.map(({ name }) => name), ...calls.map(({ name }) => name)])
  const { tools, moved } = encodeTools(offered(conversation, calls), names)
  const tags = thinkingTags(conversation, model)
  const opening = [tags, ...conversation.system, ...moved].filter((text) => text !== undefined)
  const history = turns.slice(0, -1).map((turn, index) => encodeTurn(turn, index === 0 ? opening : [], origin, names))
  const last = turns.at(-1) as UserTurn // alternate() ends with a user turn
  const closing = instructions(conversation, turns.at(-2))
  const before = history.length === 0 ? opening : []
  const current = encodeUser({ ...last, texts: [...before, ...last.texts, ...closing] }, origin)
  const fields = requestFields(conversation, model)
  const context = { ...current.userInputMessageContext, ...(tools.length === 0 ? {} : { tools }) }
  return {
    names,
    thinksInTags: tags !== undefined,
    body: {
      conversationState: {
        conversationId,
        ...(history.length === 0 ? {} : { history }),
        currentMessage: {
          userInputMessage: {
            ...current,
            content: spoken(current, 'Continue.'),
            ...(Object.keys(context).length === 0 ? {} : { userInputMessageContext: context }),
            modelId: model.id,
          },
        },
        chatTriggerType: 'MANUAL',
        agentTaskType: 'vibe',
      },
      ...(profileArn === undefined ? {} : { profileArn }),
      ...(fields === undefined ? {} : { additionalModelRequestFields: fields }),
    },
  }
}

function encodeTurn(turn: Turn, opening: readonly string[], origin: string, names: ToolNames): HistoryEntry {
  if (turn.role === 'assistant') return encodeAssistant(turn, names)
  const message = encodeUser({ ...turn, texts: [...opening, ...turn.texts] }, origin)
  const entry: UserEntry = { userInputMessage: { ...message, content: spoken(message, '(no text)') } }
  return entry
}

function encodeUser({ texts, images, results }: UserTurn, origin: string): UserInputMessage {
  const shown = images.slice(-wireLimits.imagesPerMessage)
  const left = images.length - shown.length
  const note = left === 0 ? [] : [`(${left} earlier images of this message do not fit and were left out.)`]
  return {
    content: [...texts, ...note].join('\n\n'),
    origin,
    ...(shown.length === 0
      ? {}
      : { images: shown.map(({ format, base64 }) => ({ format, source: { bytes: base64 } })) }),
    ...(results.length === 0
      ? {}
      : {
          userInputMessageContext: {
            toolResults: results.map(({ id, text, isError }) => ({
              toolUseId: id,
              content: text === '' ? [] : [{ text }],
              status: isError ? ('error' as const) : ('success' as const),
            })),
          },
        }),
  }
}

/** The provider refuses a message without text, unless it carries tool results. */
const spoken = ({ content, images, userInputMessageContext }: UserInputMessage, otherwise: string): string => {
  if (content.trim() !== '' || userInputMessageContext?.toolResults !== undefined) return content
  return images === undefined ? otherwise : 'See the images of this message.'
}

function encodeAssistant({ texts, calls, reasoning }: AssistantTurn, names: ToolNames): AssistantEntry {
  const content = texts.join('\n\n')
  return {
    assistantResponseMessage: {
      content: content === '' && calls.length === 0 ? '(no text)' : content,
      ...(calls.length === 0
        ? {}
        : { toolUses: calls.map(({ id, name, input }) => ({ toolUseId: id, name: names.toWire(name), input })) }),
      ...(reasoning === undefined
        ? {}
        : {
            reasoningContent:
              reasoning.type === 'reasoning'
                ? { reasoningText: { text: reasoning.text, signature: reasoning.signature } }
                : { redactedContent: reasoning.base64 },
          }),
    },
  }
}

/** The tools the model may see, and a stub for each tool of earlier turns that is not declared any more: the provider wants it. */
function offered({ tools, toolChoice }: Conversation, calls: readonly { readonly name: string }[]): readonly Tool[] {
  const visible = toolChoice.type === 'none' && calls.length === 0 ? [] : tools
  const known = new Set(visible.map(({ name }) => name))
  const stubs = [...new Set(calls.map(({ name }) => name))]
    .filter((name) => !known.has(name))
    .map((name) => ({ name, description: 'No longer available.', schema: { type: 'object', properties: {} } }))
  return [...visible, ...stubs]
}

/** Descriptions too long for their member move to the opening text, with a pointer in their place; nothing is cut. */
function encodeTools(
  tools: readonly Tool[],
  names: ToolNames,
): { readonly tools: readonly ToolEntry[]; readonly moved: readonly string[] } {
  const moved: string[] = []
  const entries = tools.map(({ name, description, schema }) => {
    const wire = names.toWire(name)
    const isLong = Buffer.byteLength(description) > wireLimits.descriptionBytes
    if (isLong) moved.push(`Description of the tool ${wire}:\n${description}`)
    const shown = isLong ? `See "Description of the tool ${wire}" in the first message.` : description.trim()
    return {
      toolSpecification: {
        name: wire,
        description: shown === '' ? wire : shown,
        inputSchema: { json: cleanSchema(schema) },
      },
    }
  })
  return { tools: entries, moved }
}

/** What the provider has no member for and the caller asked: said at the end of the current message (ruling 22: best effort). */
function instructions(conversation: Conversation, before: Turn | undefined): readonly string[] {
  const { toolChoice, tools, parallelToolCalls, output, messages } = conversation
  const said: string[] = []
  if (messages.at(-1)?.role === 'assistant' && before?.role === 'assistant' && before.calls.length === 0) {
    said.push('Go on with your last message from exactly where it ends, without repeating any of it.')
  }
  if (toolChoice.type === 'none' && tools.length > 0) said.push('Answer without using any tool.')
  if (toolChoice.type === 'any' && tools.length > 0) said.push('Answer by using one of the tools.')
  if (toolChoice.type === 'tool') said.push(`Answer by using the tool ${toolChoice.name}.`)
  if (!parallelToolCalls && tools.length > 0 && toolChoice.type !== 'none')
    said.push('Use at most one tool in this answer.')
  if (output.type === 'json') said.push('Answer with a single JSON object and nothing else.')
  if (output.type === 'json-schema') {
    said.push(
      `Answer only with a JSON value that matches this JSON Schema, and nothing else:\n${JSON.stringify(output.schema)}`,
    )
  }
  return said
}
