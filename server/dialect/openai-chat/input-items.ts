import type { Static } from '@sinclair/typebox'
import type { Message, ToolCallPart } from '../../conversation/conversation.ts'
import { ok } from '../../lib/result.ts'
import { type Decoded, refuse } from '../validate.ts'
import { appendTurn, decodeArguments } from './calls.ts'
import { decodeContent, decodeResultContent } from './parts.ts'
import type { InputItem } from './wire.ts'

type Item = Static<typeof InputItem>

/** `input` of a Responses-shaped body that was sent to the Chat path. Kinds of item we do not know are left out. */
export function decodeInput(input: string | readonly Item[]): Decoded<readonly Message[]> {
  if (typeof input === 'string')
    return ok([{ role: 'user', parts: input === '' ? [] : [{ type: 'text', text: input }] }])
  const messages: Message[] = []
  for (const [index, item] of input.entries()) {
    const decoded = decodeItem(item, `input.${index}`)
    if (!decoded.ok) return decoded
    if (decoded.value !== undefined) appendTurn(messages, decoded.value)
  }
  return ok(messages)
}

function decodeItem(item: Item, at: string): Decoded<Message | undefined> {
  switch (item.type ?? (item.role == null ? undefined : 'message')) {
    case 'message': {
      const role = item.role === 'assistant' || item.role === 'user' ? item.role : 'system'
      const parts = decodeContent(item.content, `${at}.content`, role)
      return parts.ok ? ok({ role, parts: parts.value }) : parts
    }
    case 'function_call': {
      const input = decodeArguments(item.arguments, `${at}.arguments`)
      return input.ok ? decodeCall(item, at, input.value) : input
    }
    case 'custom_tool_call':
      return decodeCall(item, at, { input: item.input ?? '' })
    case 'function_call_output':
    case 'custom_tool_call_output': {
      if (!item.call_id) return refuse(`${at}.call_id`, 'is required')
      const parts = decodeResultContent(item.output, `${at}.output`)
      if (!parts.ok) return parts
      const result = { type: 'tool-result', callId: item.call_id, parts: parts.value, isError: false } as const
      return ok({ role: 'user', parts: [result] })
    }
    case 'item_reference':
      return refuse(`${at}.type`, 'item_reference is not supported; earlier answers are not kept, send the item itself')
    default:
      return ok(undefined)
  }
}

function decodeCall(item: Item, at: string, input: ToolCallPart['input']): Decoded<Message> {
  if (!item.call_id) return refuse(`${at}.call_id`, 'is required')
  if (!item.name) return refuse(`${at}.name`, 'is required')
  return ok({ role: 'assistant', parts: [{ type: 'tool-call', id: item.call_id, name: item.name, input }] })
}
