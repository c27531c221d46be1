import type { Static } from '@sinclair/typebox'
import type { Conversation, Message, OutputFormat } from '../../conversation/conversation.ts'
import { gatewayError } from '../../conversation/error.ts'
import type { TurnKind } from '../../conversation/newest-turn.ts'
import { type AddNote, addNoNote } from '../../conversation/note.ts'
import { err, ok } from '../../lib/result.ts'
import { cutText } from '../../lib/sound-text.ts'
import { checkBody, type Lists } from '../check-body.ts'
import type { DecodedRequest } from '../dialect.ts'
import { createPast, decodeTurns, kindOfMessage } from '../past.ts'
import { withoutSearchCalls } from '../past-searches.ts'
import { decodeEffort, decodeThinking } from '../reasoning.ts'
import { firstId } from '../session.ts'
import { createValidator, type Decoded, isAmong, isObject, refuse } from '../validate.ts'
import { decodeBlock, decodeContent } from './blocks.ts'
import { behindCompaction } from './compaction.ts'
import { decodeTools } from './tools.ts'
import { CountBody, MessagesBody, Message as WireMessage } from './wire.ts'

type Body = Static<typeof CountBody>

const readMessages = createValidator(MessagesBody)
const readCount = createValidator(CountBody)
const readMessage = createValidator(WireMessage)
const lists: Lists = { turns: ['messages'], tools: ['tools'] }

/** A Messages request as a conversation. */
export function decode(body: unknown, note: AddNote = addNoNote): Decoded<DecodedRequest<undefined>> {
  const nesting = checkBody(body, lists)
  if (!nesting.ok) return nesting
  const valid = readMessages(body)
  if (!valid.ok) return valid
  const conversation = decodeBody(valid.value, note)
  return conversation.ok ? ok({ conversation: conversation.value, form: undefined }) : conversation
}

/** A token count request; `model` is `''` when the caller named none. */
export function decodeCount(body: unknown): Decoded<Conversation> {
  const nesting = checkBody(body, lists)
  if (!nesting.ok) return nesting
  const valid = readCount(body)
  return valid.ok ? decodeBody(valid.value, addNoNote) : valid
}

function decodeBody(body: Body, note: AddNote): Decoded<Conversation> {
  // Ignoring it would answer a conversation without its beginning; refused so, the SDK goes on without threads.
  if (body.thread != null)
    return err(gatewayError('unsupported-thread', 'thread is not supported', { field: 'thread' }))
  // The caller would take the answer for a summary signed by another API.
  if (body.compaction != null) return refuse('compaction', 'is not supported; ask for a summary in a message instead')
  const system = decodeSystem(body.system)
  if (!system.ok) return system
  const past = createPast(decodeBlock, note)
  const turns = { kindOf, newest: decodeMessage, past: past.message }
  const compacted = behindCompaction(body.messages, note)
  const behind = decodeTurns(compacted.messages, 'messages', turns, compacted.from)
  if (!behind.ok) return behind
  const messages = [...compacted.opening, ...behind.value]
  const toolbox = decodeTools(body)
  if (!toolbox.ok) return toolbox
  const said = toolbox.value.search === undefined ? withoutSearchCalls(messages) : messages
  const output = decodeOutput(body)
  if (!output.ok) return output
  const effort = decodeEffort(body.output_config?.effort ?? lastEffort(body.messages))
  const who = decodeUserId(body.metadata?.user_id ?? '')
  const session = firstId(body.conversation_id, who.session)
  const endUser = firstId(who.endUser)
  return ok({
    model: body.model ?? '',
    system: system.value.texts,
    messages: said.filter(hasSubstance),
    ...toolbox.value,
    limits: {
      ...(body.max_tokens == null ? {} : { maxOutputTokens: body.max_tokens }),
      stop: (body.stop_sequences ?? []).filter((text) => text !== ''),
    },
    thinking: decodeThinking(body.thinking),
    ...(effort === undefined ? {} : { effort }),
    output: output.value,
    stream: body.stream === true,
    ...(session === undefined ? {} : { session }),
    ...(endUser === undefined ? {} : { endUser }),
    ...(system.value.note === undefined ? {} : { clientNote: system.value.note }),
  })
}

/** Roles of the other API's are none here. */
function kindOf(message: unknown): TurnKind {
  const isOurs = isObject(message) && isAmong(message.role, ['user', 'assistant', 'system'])
  return isOurs ? kindOfMessage(message) : 'unknown'
}

function decodeMessage(message: unknown, at: string): Decoded<readonly Message[]> {
  const valid = readMessage(message, at)
  if (!valid.ok) return valid
  const { role, content } = valid.value
  const parts = decodeContent(content, `${at}.content`, role)
  return parts.ok ? ok([{ role, parts: parts.value }]) : parts
}

// A user's empty turn is still a turn; nothing said by the assistant or the system is nothing.
const hasSubstance = (message: Message): boolean => message.role === 'user' || message.parts.length > 0

const billingHeader = 'x-anthropic-billing-header:'

/** System texts in order, without the line that one client addresses to another API's accounting (ruling 23). */
function decodeSystem(system: Body['system']): Decoded<{ readonly texts: readonly string[]; readonly note?: string }> {
  const parts = decodeContent(system, 'system', 'system')
  if (!parts.ok) return parts
  const texts: string[] = []
  let note: string | undefined
  for (const part of parts.value) {
    if (part.type !== 'text') continue
    if (!part.text.startsWith(billingHeader)) {
      texts.push(part.text)
      continue
    }
    const lineEnd = part.text.indexOf('\n')
    note = cutText(lineEnd < 0 ? part.text : part.text.slice(0, lineEnd), 500)
    const rest = lineEnd < 0 ? '' : part.text.slice(lineEnd + 1).trimStart()
    if (rest !== '') texts.push(rest)
  }
  return ok({ texts, ...(note === undefined ? {} : { note }) })
}

function decodeOutput(body: Body): Decoded<OutputFormat> {
  const format = body.output_config?.format ?? body.output_format
  const at = body.output_config?.format ? 'output_config.format' : 'output_format'
  if (format == null || format.type === 'text') return ok({ type: 'text' })
  if (format.type !== 'json_schema') return refuse(`${at}.type`, "must be 'json_schema'")
  if (format.schema == null) return refuse(`${at}.schema`, 'is required')
  // This API knows no lesser form: what it answers fits.
  const schema = format.schema as Record<string, unknown>
  return ok({ type: 'json-schema', schema, strict: true, at: `${at}.schema` })
}

// Newer clients put the turn's effort on the system message that opens it.
const lastEffort = (messages: Body['messages']): unknown => messages.map(effortOf).findLast((effort) => effort != null)

function effortOf(message: unknown): unknown {
  const { output_config: config } = isObject(message) ? message : {}
  return isObject(config) ? config.effort : undefined
}

/**
 * Claude Code puts its session in here: `user_…_account_…_session_<uuid>`, newer ones as JSON text with `session_id`. What
 * stands beside it names the machine, not the conversation; any other id is an end user's.
 */
function decodeUserId(userId: string): { readonly session?: string; readonly endUser?: string } {
  const session = /^user_.*_session_([A-Za-z0-9-]+)$/.exec(userId)?.[1] ?? firstId(jsonMember(userId, 'session_id'))
  return session === undefined ? { endUser: userId } : { session }
}

function jsonMember(text: string, name: string): unknown {
  if (!text.startsWith('{')) return undefined
  try {
    return (JSON.parse(text) as Record<string, unknown>)[name] // an object: it opens with a brace
  } catch {
    return undefined
  }
}
