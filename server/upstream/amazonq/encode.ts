import type { Conversation, DocumentPart, Message, Part, RemotePart } from '../../conversation/conversation.ts'
import { type GatewayError, gatewayError } from '../../conversation/error.ts'
import type { ModelInfo } from '../../conversation/model.ts'
import { type AddNote, addNoNote } from '../../conversation/note.ts'
import { err, ok, type Result } from '../../lib/result.ts'
import type { Access } from './credentials.ts'
import { encodeTurns } from './history.ts'
import { instructionsFor } from './instructions.ts'
import { hasPastImages, withoutPastImages } from './past-images.ts'
import { thinkingRequest } from './thinking-request.ts'
import { aliasesOf, mapToolNames, type ToolNames } from './tool-names.ts'
import { encodeTools } from './tools.ts'
import { joinTexts, turnsOf } from './turns.ts'
import type { RequestBody } from './wire.ts'

export type EncodeContext = {
  readonly conversationId: string
  readonly access: Pick<Access, 'profileArn'>
  readonly settings: { readonly origin: string }
  /** Leaves all reasoning out: the repeat after the provider refused a signature. */
  readonly dropReasoning?: boolean
  /** Leaves images out that came before the newest turn, for this reason: the repeat after the provider refused an image. */
  readonly dropPastImages?: string
  readonly note?: AddNote
}

/** A request, and what the reply's decoder has to know of it. */
export type EncodedRequest = {
  readonly body: RequestBody
  readonly names: ToolNames
  /** The model was asked to think between tags, so its text is to be split. */
  readonly splitThinking: boolean
  /** Some reasoning went along, so leaving it out would make a difference. */
  readonly hasReasoning: boolean
  /** The same of images before the newest turn. */
  readonly hasPastImages: boolean
}

/**
 * Encodes a conversation as the body of GenerateAssistantResponse. Pure: the same arguments give the same bytes, and a
 * conversation that only grows keeps its beginning, which the provider's prompt cache lives on. Therefore the system text
 * stands at the head of the first user message (there is no channel for it, and a history pair would need an answer nobody
 * gave), and instructions for this reply at the end of the current one.
 */
export function encodeRequest(
  conversation: Conversation,
  model: ModelInfo,
  context: EncodeContext,
): Result<EncodedRequest, GatewayError> {
  const document = documentIn(conversation)
  if (document !== undefined) return err(document)
  const messages = carriedMessages(conversation, context)
  const turns = turnsOf(messages)
  const called = turns.flatMap((turn) => (turn.role === 'assistant' ? turn.calls.map(({ name }) => name) : []))
  const names = mapToolNames(
    conversation.tools.map(({ name }) => name),
    called,
    aliasesOf(conversation),
    conversation.alsoDeclared,
  )
  const used = new Set(called.map(names.meant))
  noteRenamed(names.renamed, context.note)
  const { tools, moved } = encodeTools(conversation, used, names, context.note)
  const thinking = thinkingRequest(conversation, model)
  const { history, current } = encodeTurns(turns, {
    system: joinTexts(thinking.tags ?? '', ...conversation.system, ...moved),
    instructions: instructionsFor(conversation, names, tools.length > 0),
    names,
    origin: context.settings.origin,
    dropReasoning: context.dropReasoning ?? false,
    note: context.note ?? addNoNote,
  })
  const { content, userInputMessageContext, origin, images } = current.userInputMessage
  const hasContext = userInputMessageContext !== undefined || tools.length > 0
  const body: RequestBody = {
    conversationState: {
      conversationId: context.conversationId,
      ...(history.length === 0 ? {} : { history }),
      currentMessage: {
        userInputMessage: {
          content,
          ...(hasContext
            ? { userInputMessageContext: { ...userInputMessageContext, ...(tools.length === 0 ? {} : { tools }) } }
            : {}),
          origin,
          modelId: model.id,
          ...(images === undefined ? {} : { images }),
        },
      },
      chatTriggerType: 'MANUAL',
      agentTaskType: 'vibe',
    },
    ...(context.access.profileArn === undefined ? {} : { profileArn: context.access.profileArn }),
    ...(thinking.fields === undefined ? {} : { additionalModelRequestFields: thinking.fields }),
  }
  return ok({
    body,
    names,
    splitThinking: thinking.tags !== undefined,
    hasPastImages: hasPastImages(messages),
    hasReasoning: turns.some((turn) => turn.role === 'assistant' && turn.reasoning !== undefined),
  })
}

function carriedMessages({ messages }: Conversation, { dropPastImages, note }: EncodeContext): readonly Message[] {
  if (dropPastImages === undefined) return messages
  const carried = withoutPastImages(messages, dropPastImages)
  if (carried.count > 0) note?.({ what: 'attachment-left-out', detail: `images: ${carried.count}; ${dropPastImages}` })
  return carried.messages
}

function noteRenamed(names: readonly string[], note: AddNote | undefined): void {
  if (names.length > 0) note?.({ what: 'tool-renamed', detail: `${names.length}: ${names.join(', ')}` })
}

/** Documents have become text before they come here; one that did not is refused by name, not dropped. */
function documentIn({ messages }: Conversation): GatewayError | undefined {
  for (const { parts } of messages) {
    const document = documentAmong(parts) ?? documentAmong(parts.flatMap(innerParts))
    if (document !== undefined)
      return gatewayError('invalid-request', 'This document could not be read.', { field: document.field })
  }
  return undefined
}

const documentAmong = (parts: readonly Part[]): DocumentPart | RemotePart | undefined =>
  parts.find((part) => part.type === 'document' || part.type === 'remote')
const innerParts = (part: Part): readonly Part[] => (part.type === 'tool-result' ? part.parts : [])
