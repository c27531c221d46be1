import type { Static } from '@sinclair/typebox'
import type { Message, Part, ToolCallPart } from '../../conversation/conversation.ts'
import { ok } from '../../lib/result.ts'
import { appendTurn, decodeArguments } from '../calls.ts'
import { decodeContent, decodeResultContent } from '../openai-content.ts'
import { type Decoded, decodeEach, refuse } from '../validate.ts'
import type { Message as WireMessage } from './wire.ts'

type Wire = Static<typeof WireMessage>

/** `messages` in order. Tool results become parts of user turns; system and developer messages stay where they stood. */
export function decodeMessages(list: readonly Wire[]): Decoded<readonly Message[]> {
  const messages: Message[] = []
  const legacyIds = new Map<string, string>()
  for (const [index, wire] of list.entries()) {
    const decoded = decodeMessage(wire, `messages.${index}`, legacyIds)
    if (!decoded.ok) return decoded
    appendTurn(messages, decoded.value)
  }
  return ok(messages)
}

function decodeMessage(wire: Wire, at: string, legacyIds: Map<string, string>): Decoded<Message> {
  switch (wire.role) {
    case 'system':
    case 'developer':
      return decodeTurn(wire, at, 'system')
    case 'user':
      return decodeTurn(wire, at, 'user')
    case 'assistant':
      return decodeAssistant(wire, at, legacyIds)
    case 'tool':
      return wire.tool_call_id
        ? decodeResult(wire, at, wire.tool_call_id)
        : refuse(`${at}.tool_call_id`, 'is required in a tool message')
    case 'function': {
      const callId = legacyIds.get(wire.name ?? '')
      return callId === undefined
        ? refuse(`${at}.name`, 'names no function that was called before')
        : decodeResult(wire, at, callId)
    }
  }
}

function decodeTurn(wire: Wire, at: string, role: 'user' | 'system'): Decoded<Message> {
  const parts = decodeContent(wire.content, `${at}.content`, role)
  return parts.ok ? ok({ role, parts: parts.value }) : parts
}

function decodeResult(wire: Wire, at: string, callId: string): Decoded<Message> {
  const parts = decodeResultContent(wire.content, `${at}.content`)
  if (!parts.ok) return parts
  return ok({ role: 'user', parts: [{ type: 'tool-result', callId, parts: parts.value, isError: false }] })
}

// `reasoning_content` comes back from several clients; without a provider's signature it is not reasoning we may pass on.
function decodeAssistant(wire: Wire, at: string, legacyIds: Map<string, string>): Decoded<Message> {
  const content = decodeContent(wire.content, `${at}.content`, 'assistant')
  if (!content.ok) return content
  const calls = decodeEach(wire.tool_calls ?? [], (call, index) => decodeCall(call, `${at}.tool_calls.${index}`))
  if (!calls.ok) return calls
  const refusal: readonly Part[] = wire.refusal ? [{ type: 'text', text: wire.refusal }] : []
  const parts: readonly Part[] = [...content.value, ...refusal, ...calls.value]
  if (wire.function_call == null) return ok({ role: 'assistant', parts })
  const { name, arguments: given } = wire.function_call
  const input = decodeArguments(given, `${at}.function_call.arguments`)
  if (!input.ok) return input
  const id = `call_${at.replace('.', '_')}` // the older form has no ids: its results are matched by the function's name
  legacyIds.set(name, id)
  return ok({ role: 'assistant', parts: [...parts, { type: 'tool-call', id, name, input: input.value }] })
}

function decodeCall(call: NonNullable<Wire['tool_calls']>[number], at: string): Decoded<ToolCallPart> {
  if (call.custom != null) {
    return ok({ type: 'tool-call', id: call.id, name: call.custom.name, input: { input: call.custom.input ?? '' } })
  }
  if (call.function == null) return refuse(`${at}.function`, 'is required')
  const input = decodeArguments(call.function.arguments, `${at}.function.arguments`)
  return input.ok ? ok({ type: 'tool-call', id: call.id, name: call.function.name, input: input.value }) : input
}
