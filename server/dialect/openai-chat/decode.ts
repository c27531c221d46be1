import type { Static } from '@sinclair/typebox'
import type { Effort, Message, OutputFormat, Thinking } from '../../conversation/conversation.ts'
import { type AddNote, addNoNote } from '../../conversation/note.ts'
import { ok } from '../../lib/result.ts'
import { checkBody, type Lists } from '../check-body.ts'
import type { DecodedRequest } from '../dialect.ts'
import { decodeContent } from '../openai-content.ts'
import { decodeInput, noSources } from '../openai-responses/items.ts'
import { decodeOutputFormat } from '../output-format.ts'
import { withoutSearchCalls } from '../past-searches.ts'
import { decodeEffort, decodeThinking, thinkingOfEffort } from '../reasoning.ts'
import { firstId } from '../session.ts'
import { splitSystem } from '../system-prompt.ts'
import { createValidator, type Decoded, refuse } from '../validate.ts'
import type { Form } from './form.ts'
import { decodeMessages } from './messages.ts'
import { decodeTools, freeformNames, isLegacy } from './tools.ts'
import { ChatBody } from './wire.ts'

type Body = Static<typeof ChatBody>

const readChat = createValidator(ChatBody)
const lists: Lists = { turns: ['messages', 'input'], tools: ['tools', 'functions'] }

/** A Chat Completions request as a conversation. */
export function decode(raw: unknown, note: AddNote = addNoNote): Decoded<DecodedRequest<Form>> {
  const nesting = checkBody(raw, lists)
  if (!nesting.ok) return nesting
  const valid = readChat(raw)
  if (!valid.ok) return valid
  const body = valid.value
  const answerable = checkAnswerable(body)
  if (!answerable.ok) return answerable
  const turns = decodeTurns(body, note)
  if (!turns.ok) return turns
  const toolbox = decodeTools(body)
  if (!toolbox.ok) return toolbox
  const output = decodeOutput(body)
  if (!output.ok) return output
  const maxOutputTokens = body.max_completion_tokens ?? body.max_tokens ?? body.max_output_tokens
  const session = firstId(body.prompt_cache_key, body.metadata?.session_id)
  const endUser = firstId(body.user, body.safety_identifier)
  const conversation = {
    model: body.model,
    ...splitSystem(toolbox.value.search === undefined ? withoutSearchCalls(turns.value) : turns.value),
    ...toolbox.value,
    limits: { ...(maxOutputTokens == null ? {} : { maxOutputTokens }), stop: stopsOf(body.stop) },
    ...decodeReasoning(body),
    output: output.value,
    stream: body.stream === true,
    ...(session === undefined ? {} : { session }),
    ...(endUser === undefined ? {} : { endUser }),
  }
  const freeform = freeformNames(body)
  const form = {
    includeUsage: body.stream_options?.include_usage === true,
    ...(isLegacy(body) ? { legacyFunctions: true } : {}),
    ...(freeform.size === 0 ? {} : { freeform }),
  }
  return ok({ conversation, form })
}

/** Refuses by name what is known and cannot be answered truthfully (ruling 18). */
function checkAnswerable(body: Body): Decoded<undefined> {
  if (body.n != null && body.n !== 1) return refuse('n', 'only one answer per request is supported')
  if (body.logprobs === true) return refuse('logprobs', 'token probabilities are not available')
  if (body.top_logprobs) return refuse('top_logprobs', 'token probabilities are not available')
  if (body.modalities?.some((modality) => modality !== 'text')) return refuse('modalities', 'only text can be answered')
  if (body.audio != null) return refuse('audio', 'audio output is not supported')
  const stateful = 'earlier answers are not kept; send the whole conversation'
  if (body.previous_response_id != null) return refuse('previous_response_id', stateful)
  if (body.conversation != null) return refuse('conversation', stateful)
  if (body.background === true) return refuse('background', 'answers cannot be fetched later')
  if (body.prompt != null) return refuse('prompt', 'stored prompts are not kept; send messages')
  return ok(undefined)
}

function decodeTurns(body: Body, note: AddNote): Decoded<readonly Message[]> {
  const extra = decodeContent(body.system, 'system', 'system')
  if (!extra.ok) return extra
  const instructions = body.instructions ? [{ type: 'text', text: body.instructions } as const] : []
  const opening = [...instructions, ...extra.value]
  if (body.messages == null && body.input == null) return refuse('messages', 'is required')
  const turns = body.messages == null ? decodeItems(body.input ?? '', note) : decodeMessages(body.messages, note)
  if (!turns.ok) return turns
  if (turns.value.length === 0) {
    return refuse(body.messages == null ? 'input' : 'messages', 'must have at least one message')
  }
  return ok(opening.length === 0 ? turns.value : [{ role: 'system', parts: opening }, ...turns.value])
}

/** `input` of a Responses-shaped body, which one client sends here in place of `messages`. */
function decodeItems(input: NonNullable<Body['input']>, note: AddNote): Decoded<readonly Message[]> {
  const turns = decodeInput(input, 'input', noSources, note)
  return turns.ok ? ok(turns.value.messages) : turns
}

function decodeReasoning(body: Body): { readonly thinking: Thinking; readonly effort?: Effort } {
  const wish = body.reasoning_effort ?? body.reasoning?.effort
  const effort = decodeEffort(wish)
  const explicit = decodeThinking(body.thinking)
  return { thinking: explicit.type === 'unspecified' ? thinkingOfEffort(wish) : explicit, ...(effort && { effort }) }
}

function decodeOutput(body: Body): Decoded<OutputFormat> {
  const format = body.response_format ?? body.text?.format
  return decodeOutputFormat(format, body.response_format ? 'response_format' : 'text.format')
}

function stopsOf(stop: Body['stop']): readonly string[] {
  return (typeof stop === 'string' ? [stop] : (stop ?? [])).filter((text) => text !== '')
}
