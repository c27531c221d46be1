import type { FinishReason, ReplyEvent, Usage } from '../../conversation/event.ts'
import type { Reply, ReplyBlock } from '../../conversation/reply.ts'
import { textInJson } from '../../lib/json.ts'
import type { ReplyContext, StreamEncoder } from '../dialect.ts'
import { errorBody } from './error.ts'
import type { Form } from './form.ts'

const finishReasons = {
  end: 'stop',
  'tool-calls': 'tool_calls',
  'max-tokens': 'length',
  'stop-sequence': 'stop',
  'context-full': 'length',
  refusal: 'content_filter',
  filtered: 'content_filter',
} as const satisfies Record<FinishReason, string>

const keepAlive = ': keep-alive\n\n'

/** One Chat Completions stream. Deltas are the hot path: everything around their text is made once per stream. */
export function createEncoder(context: ReplyContext<Form>): StreamEncoder {
  const { includeUsage, legacyFunctions = false } = context.form
  const about = JSON.stringify(chunkHead(context)).slice(0, -1)
  const usageMember = includeUsage ? ',"usage":null' : ''
  const head = `data: ${about},"choices":[{"index":0,"delta":`
  const tail = `,"logprobs":null,"finish_reason":null}]${usageMember}}\n\n`
  const contentHead = `${head}{"content":"`
  const reasoningHead = `${head}{"reasoning_content":"`
  const textTail = `"}${tail}`

  // Tool calls are numbered among themselves here, from 0.
  let calls = 0
  let argumentsHead = ''
  let argumentsTail = ''
  let fed = false

  const text = (start: string, value: string): string => (value === '' ? '' : start + textInJson(value) + textTail)
  const openCall = (id: string, name: string): string => {
    const index = calls++
    fed = false
    if (!legacyFunctions) {
      argumentsHead = `${head}{"tool_calls":[{"index":${index},"function":{"arguments":`
      argumentsTail = `}}]}${tail}`
      const call = { index, id, type: 'function', function: { name, arguments: '' } }
      return head + JSON.stringify({ tool_calls: [call] }) + tail
    }
    // The older form has room for one call.
    argumentsHead = index === 0 ? `${head}{"function_call":{"arguments":` : ''
    argumentsTail = `}}${tail}`
    return index === 0 ? head + JSON.stringify({ function_call: { name, arguments: '' } }) + tail : ''
  }
  const feedCall = (json: string): string => {
    if (json === '' || argumentsHead === '') return ''
    fed = true
    return argumentsHead + JSON.stringify(json) + argumentsTail
  }

  const encode = (event: ReplyEvent): string => {
    switch (event.type) {
      case 'reply-start':
        return `${head}{"role":"assistant","content":""}${tail}`
      case 'text-delta':
        return text(contentHead, event.text)
      case 'reasoning-delta':
        return text(reasoningHead, event.text)
      case 'tool-call-start':
        return openCall(event.id, event.name)
      case 'tool-call-delta':
        return feedCall(event.json)
      case 'tool-call-end':
        return fed ? '' : feedCall('{}')
      case 'text-start':
      case 'text-end':
      case 'reasoning-start':
      case 'reasoning-end':
      case 'redacted-reasoning':
        return ''
      case 'finish': {
        const reason = finishReason(event.reason, legacyFunctions)
        const last = `${head}{},"logprobs":null,"finish_reason":"${reason}"}]${usageMember}}\n\n`
        const usage = includeUsage
          ? `data: ${about},"choices":[],"usage":${JSON.stringify(encodeUsage(event.usage))}}\n\n`
          : ''
        return `${last}${usage}data: [DONE]\n\n`
      }
      case 'error':
        return `data: ${JSON.stringify(errorBody(event.error))}\n\n`
    }
  }
  return { encode, keepAlive: () => keepAlive }
}

/** A whole Chat Completions answer. */
export function encodeReply(reply: Reply, context: ReplyContext<Form>): object {
  const { legacyFunctions = false } = context.form
  const content = joined(reply.blocks, 'text')
  const reasoning = joined(reply.blocks, 'reasoning')
  const calls = reply.blocks.flatMap((block) => (block.type === 'tool-call' ? [encodeCall(block)] : []))
  const message = {
    role: 'assistant',
    content: content === '' && calls.length > 0 ? null : content,
    refusal: null,
    ...(reasoning === '' ? {} : { reasoning_content: reasoning }),
    ...callMembers(calls, legacyFunctions),
  }
  return {
    id: `chatcmpl-${context.id}`,
    object: 'chat.completion',
    created: Math.floor(context.createdAt / 1000),
    model: context.model,
    choices: [{ index: 0, message, logprobs: null, finish_reason: finishReason(reply.reason, legacyFunctions) }],
    usage: encodeUsage(reply.usage),
    system_fingerprint: null,
  }
}

type Call = ReturnType<typeof encodeCall>

const encodeCall = ({ id, name, json }: Extract<ReplyBlock, { type: 'tool-call' }>) =>
  ({ id, type: 'function', function: { name, arguments: json } }) as const

function callMembers(calls: readonly Call[], legacy: boolean): object {
  if (calls.length === 0) return {}
  return legacy ? { function_call: calls[0]?.function } : { tool_calls: calls }
}

function joined(blocks: readonly ReplyBlock[], type: 'text' | 'reasoning'): string {
  return blocks.map((block) => (block.type === type ? block.text : '')).join('')
}

const finishReason = (reason: FinishReason, legacy: boolean): string =>
  legacy && reason === 'tool-calls' ? 'function_call' : finishReasons[reason]

// Here `prompt_tokens` includes what came from a cache, and the output includes the reasoning.
function encodeUsage(usage: Usage): object {
  return {
    prompt_tokens: usage.input.tokens,
    completion_tokens: usage.output.tokens,
    total_tokens: usage.input.tokens + usage.output.tokens,
    prompt_tokens_details: { cached_tokens: usage.cacheRead?.tokens ?? 0 },
    completion_tokens_details: { reasoning_tokens: usage.reasoning?.tokens ?? 0 },
  }
}

const chunkHead = (context: ReplyContext<Form>): object => ({
  id: `chatcmpl-${context.id}`,
  object: 'chat.completion.chunk',
  created: Math.floor(context.createdAt / 1000),
  model: context.model,
  system_fingerprint: null,
})
