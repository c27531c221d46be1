import type { Conversation, Message, Part, Tool } from '../../server/conversation/conversation.ts'
import type { ModelInfo } from '../../server/conversation/model.ts'
import { allModels } from '../../server/simulator/models.ts'
import { validate } from '../../server/simulator/validate.ts'
import { type EncodeContext, type EncodedRequest, encodeRequest } from '../../server/upstream/amazonq/encode.ts'
import type { AmazonQSettings } from '../../server/upstream/amazonq/endpoint.ts'
import type { HistoryEntry, RequestBody, UserInputMessage } from '../../server/upstream/amazonq/wire.ts'
import { wireText } from '../../server/upstream/amazonq/wire-text.ts'
import { makeConversation } from '../support/conversation.ts'

export const conversation = (more: Partial<Conversation> = {}): Conversation =>
  makeConversation({ model: 'claude-sonnet-4.5', messages: [user('Hello')], ...more })

type Content = string | Part
const parts = (contents: readonly Content[]): readonly Part[] =>
  contents.map((content) => (typeof content === 'string' ? { type: 'text', text: content } : content))
export const user = (...contents: readonly Content[]): Message => ({ role: 'user', parts: parts(contents) })
export const assistant = (...contents: readonly Content[]): Message => ({ role: 'assistant', parts: parts(contents) })
export const system = (...contents: readonly Content[]): Message => ({ role: 'system', parts: parts(contents) })
export const toolCall = (id: string, name = 'run', input: Readonly<Record<string, unknown>> = {}): Part => ({
  type: 'tool-call',
  id,
  name,
  input,
})
export const toolResult = (callId: string, ...contents: readonly (string | Part)[]): Part => ({
  type: 'tool-result',
  callId,
  isError: false,
  parts: parts(contents).filter((part) => part.type === 'text' || part.type === 'image'),
})
export const image = (base64 = 'iVBORw0KGgoA'): Part => ({ type: 'image', format: 'png', base64 })
export const tool = (name: string, more: Partial<Tool> = {}): Tool => ({
  name,
  description: `Does ${name}.`,
  schema: { type: 'object', properties: { path: { type: 'string' } }, required: ['path'] },
  ...more,
})

/** A model as the live list would describe it. */
export function modelInfo(id = 'claude-sonnet-4.5'): ModelInfo {
  const model = allModels.find((candidate) => candidate.id === id)
  if (model === undefined) throw new Error(`no model ${id}`)
  return {
    id,
    name: model.name,
    maxInputTokens: model.inputTokens,
    maxOutputTokens: model.outputTokens,
    acceptsImages: model.images,
    ...(model.fields === undefined ? {} : { requestFieldsSchema: model.fields }),
  }
}

export const encodeContext: EncodeContext = {
  conversationId: '11111111-2222-4333-8444-555555555555',
  access: {},
  settings: { origin: 'AI_EDITOR' },
}

export function encode(talk: Conversation, model = modelInfo(), context: Partial<EncodeContext> = {}): EncodedRequest {
  const encoded = encodeRequest(talk, model, { ...encodeContext, ...context })
  if (!encoded.ok) throw new Error(encoded.error.message)
  return encoded.value
}

export const currentOf = (body: RequestBody): UserInputMessage => body.conversationState.currentMessage.userInputMessage
export const historyOf = (body: RequestBody): readonly HistoryEntry[] => body.conversationState.history ?? []

/** What the simulated provider has against a request, or undefined. */
export function refusal(body: unknown): string | undefined {
  const checked = validate(JSON.parse(wireText(body as RequestBody)), {
    region: 'us-east-1',
    age: 'runtime-2026-08',
    models: allModels,
    isOwnSignature: () => true,
    isOwnRedaction: () => true,
  })
  return 'rule' in checked ? checked.rule : undefined
}

export const amazonQSettings: AmazonQSettings = {
  protocol: 'rpc',
  host: 'q',
  origin: 'AI_EDITOR',
  optOut: true,
  defaultRegion: 'us-east-1',
  version: '0.0.0',
  connectTimeoutMs: 1_000,
  firstEventTimeoutMs: 5_000,
  idleTimeoutMs: 2_000,
}
