import type { Static } from '@sinclair/typebox'
import type { Conversation, Message, OutputFormat } from '../../conversation/conversation.ts'
import { gatewayError } from '../../conversation/error.ts'
import { type AddNote, addNoNote } from '../../conversation/note.ts'
import { err, ok } from '../../lib/result.ts'
import { checkBody, type Lists } from '../check-body.ts'
import { compactionRequest } from '../compaction-request.ts'
import type { DecodedRequest } from '../dialect.ts'
import { decodeOutputFormat } from '../output-format.ts'
import { withoutSearchCalls } from '../past-searches.ts'
import { decodeEffort, thinkingOfEffort } from '../reasoning.ts'
import { firstId } from '../session.ts'
import { splitSystem } from '../system-prompt.ts'
import { createValidator, type Decoded, isObject, type Loose, refuse } from '../validate.ts'
import type { Form, OutputItem } from './form.ts'
import { decodeInput, type ItemSources, type Turns } from './items.ts'
import type { KeptAnswers } from './kept-answers.ts'
import { inputItemId } from './output.ts'
import { createSummarySeal, type SealingVault } from './summary-seal.ts'
import { decodeTools, type NamedToolbox } from './tools.ts'
import { ResponsesBody } from './wire.ts'

type Body = Static<typeof ResponsesBody>

export type ResponsesDeps = {
  readonly kept: KeptAnswers
  readonly vault: SealingVault
}

const readBody = createValidator(ResponsesBody)
const lists: Lists = { turns: ['input'], tools: ['tools'] }

/** Reads Responses requests; what a request builds on comes out of the answers kept for its caller. */
export function createDecode({ kept, vault }: ResponsesDeps) {
  const seal = createSummarySeal(vault)

  return (raw: unknown, note: AddNote = addNoNote, callerId = ''): Decoded<DecodedRequest<Form>> => {
    const nesting = checkBody(raw, lists)
    if (!nesting.ok) return nesting
    const valid = readBody(raw)
    if (!valid.ok) return valid
    const body = valid.value
    const answerable = checkAnswerable(body)
    if (!answerable.ok) return answerable
    const earlier = earlierItems(body, kept, callerId)
    if (!earlier.ok) return earlier
    const sources: ItemSources = {
      findItem: eachOnce(kept.itemFinder(callerId), earlier.value),
      openSummary: seal.open,
    }
    const compacts = isCompaction(body)
    const keeps = body.store !== false && !compacts
    const turns = decodeTurns(body, earlier.value, sources, note)
    if (!turns.ok) return turns
    const tools = decodeTools(body, turns.value.tools, note)
    if (!tools.ok) return tools
    const output = decodeOutputFormat(body.text?.format, 'text.format')
    if (!output.ok) return output
    const asked = conversationOf(body, turns.value.messages, tools.value, output.value)
    const conversation: Conversation = compacts
      ? { ...asked, tools: [], toolChoice: { type: 'none' }, output: { type: 'text' } }
      : asked
    return ok({
      conversation,
      form: {
        ...formOf(body, tools.value, keeps),
        ...(compacts ? { compaction: seal.seal } : {}),
        ...(keeps
          ? { keep: (response) => kept.keep(callerId, { response, input: inputItems(body, response.id) }) }
          : {}),
      },
    })
  }
}

/** Refuses by name what is known and cannot be answered truthfully (ruling 18). */
function checkAnswerable(body: Body): Decoded<undefined> {
  if (body.background === true) return refuse('background', 'answers cannot be worked out in the background')
  if (body.conversation != null) return refuse('conversation', 'stored conversations are not kept; send the items')
  if (body.prompt != null) return refuse('prompt', 'stored prompts are not kept; send instructions and input')
  if (body.top_logprobs) return refuse('top_logprobs', 'token probabilities are not available')
  if (body.include?.includes('message.output_text.logprobs'))
    return refuse('include', 'message.output_text.logprobs: token probabilities are not available')
  return ok(undefined)
}

function earlierItems(body: Body, kept: KeptAnswers, callerId: string): Decoded<readonly OutputItem[]> {
  const { previous_response_id: id } = body
  if (!id) return ok([])
  const field = 'previous_response_id'
  const items = kept.history(callerId, id)
  if (items === undefined) {
    return err(gatewayError('previous-response-not-found', `Previous response with id '${id}' not found.`, { field }))
  }
  if (kept.find(callerId, id)?.response.status === 'failed')
    return refuse(field, 'that response failed; go on from one before it')
  return ok(items)
}

/** An item that is named twice is there already; without this a short request could stand for a conversation of any size. */
function eachOnce(
  find: ReturnType<KeptAnswers['itemFinder']>,
  earlier: readonly OutputItem[],
): ItemSources['findItem'] {
  const given = new Set(earlier.filter(({ type }) => type !== 'item_reference').map(({ id }) => id))
  return (id) => {
    if (given.has(id)) return 'given'
    const item = find(id)
    if (item !== undefined) given.add(id)
    return item
  }
}

/** The caller wants the conversation summarised, not answered. */
const isCompaction = ({ input }: Body): boolean => Array.isArray(input) && typeOf(input.at(-1)) === 'compaction_trigger'

function decodeTurns(body: Body, earlier: readonly OutputItem[], sources: ItemSources, note: AddNote): Decoded<Turns> {
  const { input } = body
  if (input == null && earlier.length === 0) return refuse('input', 'is required')
  const before = decodeInput(earlier, 'previous_response_id', sources, note)
  if (!before.ok) return before
  const now = decodeInput(input ?? [], 'input', sources, note)
  if (!now.ok) return now
  const messages = [...before.value.messages, ...now.value.messages]
  if (messages.length === 0) return refuse('input', 'must have at least one item')
  return ok({
    messages: isCompaction(body) ? [...messages, compactionRequest] : messages,
    tools: [...before.value.tools, ...now.value.tools],
  })
}

function conversationOf(
  body: Body,
  turns: readonly Message[],
  { toolbox }: NamedToolbox,
  output: OutputFormat,
): Conversation {
  const instructions: readonly Message[] = body.instructions
    ? [{ role: 'system', parts: [{ type: 'text', text: body.instructions }] }]
    : []
  const effort = decodeEffort(body.reasoning?.effort)
  const session = firstId(
    body.prompt_cache_key,
    (body.metadata as { session_id?: unknown } | null | undefined)?.session_id,
  )
  const endUser = firstId(body.user, body.safety_identifier)
  return {
    model: body.model,
    ...splitSystem([...instructions, ...(toolbox.search === undefined ? withoutSearchCalls(turns) : turns)]),
    ...toolbox,
    limits: { ...(body.max_output_tokens == null ? {} : { maxOutputTokens: body.max_output_tokens }), stop: [] },
    thinking: thinkingOfEffort(body.reasoning?.effort),
    ...(effort === undefined ? {} : { effort }),
    output,
    stream: body.stream === true,
    ...(session === undefined ? {} : { session }),
    ...(endUser === undefined ? {} : { endUser }),
  }
}

function formOf(body: Body, { toolbox, names }: NamedToolbox, keeps: boolean): Omit<Form, 'keep' | 'compaction'> {
  const { reasoning, text } = body
  const summary = reasoning?.summary ?? reasoning?.generate_summary ?? null
  return {
    names,
    showsReasoning: summary !== null && summary !== 'none',
    sealsReasoning: body.include?.includes('reasoning.encrypted_content') === true,
    ...(body.include?.includes('web_search_call.action.sources') === true ? { showsSources: true } : {}),
    echo: {
      background: false,
      instructions: body.instructions ?? null,
      max_output_tokens: body.max_output_tokens ?? null,
      max_tool_calls: body.max_tool_calls ?? null,
      metadata: body.metadata ?? {},
      parallel_tool_calls: toolbox.parallelToolCalls,
      previous_response_id: body.previous_response_id || null,
      prompt_cache_key: body.prompt_cache_key ?? null,
      reasoning: { effort: reasoning?.effort ?? null, summary },
      safety_identifier: body.safety_identifier ?? null,
      service_tier: 'default',
      store: keeps,
      temperature: body.temperature ?? 1,
      text: { format: text?.format ?? { type: 'text' }, verbosity: text?.verbosity ?? 'medium' },
      tool_choice: body.tool_choice ?? 'auto',
      tools: body.tools ?? [],
      top_logprobs: 0,
      top_p: body.top_p ?? 1,
      truncation: body.truncation ?? 'disabled',
      user: body.user ?? null,
    },
  }
}

/** The request's own items as the API lists them: each with an id, a text as a message. */
function inputItems({ input }: Body, responseId: string): readonly OutputItem[] {
  const given: readonly Loose[] =
    typeof input === 'string' ? [textMessage('user', input)] : (input ?? []).filter(isObject)
  return given.map((item, index) => ({
    ...item,
    ...(isTextMessage(item) ? textMessage(wordOf(item.role) ?? 'user', item.content) : {}),
    type: wordOf(item.type) ?? (item.role == null ? 'item_reference' : 'message'),
    id: wordOf(item.id) ?? inputItemId(responseId.slice('resp_'.length), index),
  }))
}

const isTextMessage = (item: Loose): item is Loose & { readonly content: string } =>
  (item.type ?? 'message') === 'message' && typeof item.content === 'string'

const typeOf = (item: unknown): unknown => (isObject(item) ? item.type : undefined)
const wordOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

const textMessage = (role: string, text: string) => ({
  type: 'message',
  role,
  content: [{ type: role === 'assistant' ? 'output_text' : 'input_text', text }],
})
