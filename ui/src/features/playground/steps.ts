import { type Answer, type AnswerFault, type StopReason, withBlock, withChanged, withText } from './answer.ts'
import type { Api } from './chat.ts'
import { count, type Data, list, object, word } from './json.ts'

/** What an event makes of an answer; unknown events change nothing. */
export type Step = (answer: Answer, data: Data, now: number) => Answer

export const fault = (status: number, error: Data, requestId: unknown): AnswerFault => ({
  status,
  type: word(error.type) || word(error.code) || 'error',
  message: word(error.message),
  ...(typeof requestId === 'string' && requestId !== '' ? { requestId } : {}),
})

const failed = (answer: Answer, error: Data, requestId: unknown, now: number): Answer => ({
  ...answer,
  endedAt: now,
  fault: fault(200, error, requestId),
})

const stopReasons: Readonly<Record<string, StopReason>> = {
  end_turn: 'end',
  stop_sequence: 'end',
  stop: 'end',
  tool_use: 'calls',
  tool_calls: 'calls',
  function_call: 'calls',
  max_tokens: 'length',
  pause_turn: 'length',
  model_context_window_exceeded: 'length',
  length: 'length',
  max_output_tokens: 'length',
  refusal: 'refused',
  content_filter: 'refused',
}
const stopped = (reason: unknown): { readonly stopReason?: StopReason } => {
  const known = stopReasons[word(reason)]
  return known === undefined ? {} : { stopReason: known }
}

const used = (input: number | undefined, output: number | undefined) => ({
  ...(input === undefined ? {} : { inputTokens: input }),
  ...(output === undefined ? {} : { outputTokens: output }),
})

/** The stream of `POST /v1/messages`. */
const messages: Step = (answer, data, now) => {
  switch (data.type) {
    case 'message_start':
      return { ...answer, ...messagesUsage(object(object(data.message).usage)) }
    case 'content_block_start': {
      const block = object(data.content_block)
      if (block.type === 'tool_use')
        return withBlock(answer, { kind: 'call', id: word(block.id), name: word(block.name), input: '' }, now)
      if (block.type === 'redacted_thinking')
        return withBlock(answer, { kind: 'redacted', data: word(block.data) }, now)
      if (block.type === 'thinking') return withText(answer, 'thinking', word(block.thinking), now)
      return withText(answer, 'text', word(block.text), now)
    }
    case 'content_block_delta': {
      const delta = object(data.delta)
      if (delta.type === 'text_delta') return withText(answer, 'text', word(delta.text), now)
      if (delta.type === 'thinking_delta') return withText(answer, 'thinking', word(delta.thinking), now)
      if (delta.type === 'signature_delta')
        return withChanged(answer, 'thinking', (block) => ({
          ...block,
          signature: (block.signature ?? '') + word(delta.signature),
        }))
      if (delta.type === 'input_json_delta')
        return withChanged(answer, 'call', (call) => ({ ...call, input: call.input + word(delta.partial_json) }))
      return answer
    }
    case 'message_delta':
      return { ...answer, ...stopped(object(data.delta).stop_reason), ...messagesUsage(object(data.usage)) }
    case 'message_stop':
      return { ...answer, endedAt: now }
    case 'error':
      return failed(answer, object(data.error), data.request_id, now)
    default:
      return answer
  }
}

/** What came out of the cache is input too. */
function messagesUsage(usage: Data) {
  const parts = [usage.input_tokens, usage.cache_read_input_tokens, usage.cache_creation_input_tokens]
  const known = parts.filter((part) => typeof part === 'number')
  const input = typeof usage.input_tokens === 'number' ? known.reduce((sum, part) => sum + part, 0) : undefined
  return used(input, count(usage.output_tokens))
}

/** The stream of `POST /v1/chat/completions`; `[DONE]` ends it. */
const chat: Step = (answer, data, now) => {
  if (data.error !== undefined) return failed(answer, object(data.error), data.request_id, now)
  const usage = object(data.usage)
  const counted = { ...answer, ...used(count(usage.prompt_tokens), count(usage.completion_tokens)) }
  return list(data.choices).reduce<Answer>((before, item) => {
    const { delta: given, finish_reason: reason } = object(item)
    const delta = object(given)
    const thought = withText(before, 'thinking', word(delta.reasoning_content), now)
    const said = withText(thought, 'text', word(delta.content), now)
    const called = list(delta.tool_calls).reduce<Answer>((so, call) => withChatCall(so, object(call), now), said)
    return { ...called, ...stopped(reason) }
  }, counted)
}

function withChatCall(answer: Answer, call: Data, now: number): Answer {
  const given = object(call.function)
  const calls = answer.blocks.filter(({ kind }) => kind === 'call').length
  const nth = count(call.index) ?? Math.max(0, calls - 1)
  if (nth >= calls)
    return withBlock(
      answer,
      { kind: 'call', id: word(call.id), name: word(given.name), input: word(given.arguments) },
      now,
    )
  return withChanged(answer, 'call', (known) => ({ ...known, input: known.input + word(given.arguments) }), nth)
}

/** The stream of `POST /v1/responses`. */
const responses: Step = (answer, data, now) => {
  switch (data.type) {
    case 'response.output_text.delta':
      return withText(answer, 'text', word(data.delta), now)
    case 'response.refusal.delta':
      return { ...withText(answer, 'text', word(data.delta), now), stopReason: 'refused' }
    case 'response.reasoning_summary_text.delta':
    case 'response.reasoning_text.delta':
      return withText(answer, 'thinking', word(data.delta), now)
    case 'response.output_item.added': {
      const item = object(data.item)
      if (item.type !== 'function_call') return answer
      const call = { kind: 'call', id: word(item.call_id), name: word(item.name), input: word(item.arguments) } as const
      return withBlock(answer, call, now)
    }
    case 'response.function_call_arguments.delta':
      return withChanged(answer, 'call', (call) => ({ ...call, input: call.input + word(data.delta) }))
    case 'response.completed':
    case 'response.incomplete': {
      const response = object(data.response)
      const usage = object(response.usage)
      const calls = answer.blocks.some(({ kind }) => kind === 'call')
      const reason = object(response.incomplete_details).reason ?? (calls ? 'tool_calls' : 'stop')
      return {
        ...answer,
        ...used(count(usage.input_tokens), count(usage.output_tokens)),
        ...(answer.stopReason === undefined ? stopped(reason) : {}),
        endedAt: now,
      }
    }
    case 'response.failed':
      return failed(answer, object(object(data.response).error), undefined, now)
    case 'error':
      return failed(
        answer,
        data.error === undefined ? { type: data.code, message: data.message } : object(data.error),
        undefined,
        now,
      )
    default:
      return answer
  }
}

export const steps: Readonly<Record<Api, Step>> = { messages, chat, responses }
