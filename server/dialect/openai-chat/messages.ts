import type { Message } from '../../conversation/conversation.ts'
import type { AddNote } from '../../conversation/note.ts'
import { ok } from '../../lib/result.ts'
import { joinTurns } from '../calls.ts'
import { decodeContent, decodePart, decodeResultContent } from '../openai-content.ts'
import { createPast, decodeTurns, kindOfMessage, type Past } from '../past.ts'
import { createValidator, type Decoded, refuse } from '../validate.ts'
import { Message as WireMessage } from './wire.ts'

const readMessage = createValidator(WireMessage)

/** `messages` in order. Tool results become parts of user turns; system and developer messages stay where they stood. */
export function decodeMessages(list: readonly unknown[], note: AddNote): Decoded<readonly Message[]> {
  const past = createPast(decodePart, note)
  const newest = (message: unknown, at: string) => decodeMessage(message, at, past)
  const turns = decodeTurns(list, 'messages', { kindOf: kindOfMessage, newest, past: past.message })
  return turns.ok ? ok(joinTurns(turns.value)) : turns
}

/** A message of the newest turn: a user's, a tool's or an instruction. */
function decodeMessage(message: unknown, at: string, past: Past): Decoded<readonly Message[]> {
  const valid = readMessage(message, at)
  if (!valid.ok) return valid
  const { role, content, tool_call_id: toolCallId, name } = valid.value
  switch (role) {
    case 'system':
    case 'developer':
      return decodeTurn(content, at, 'system')
    case 'user':
      return decodeTurn(content, at, 'user')
    case 'tool':
      return toolCallId
        ? decodeResult(content, at, toolCallId)
        : refuse(`${at}.tool_call_id`, 'is required in a tool message')
    case 'function': {
      const callId = past.callIdOf(name)
      return callId === undefined
        ? refuse(`${at}.name`, 'names no function that was called before')
        : decodeResult(content, at, callId)
    }
    // Whatever the assistant said is past.
    case 'assistant':
      return ok(past.message(message, at))
  }
}

type Content = Parameters<typeof decodeContent>[0]

function decodeTurn(content: Content, at: string, role: 'user' | 'system'): Decoded<readonly Message[]> {
  const parts = decodeContent(content, `${at}.content`, role)
  return parts.ok ? ok([{ role, parts: parts.value }]) : parts
}

function decodeResult(content: Content, at: string, callId: string): Decoded<readonly Message[]> {
  const parts = decodeResultContent(content, `${at}.content`)
  if (!parts.ok) return parts
  return ok([{ role: 'user', parts: [{ type: 'tool-result', callId, parts: parts.value, isError: false }] }])
}
