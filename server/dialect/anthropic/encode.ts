import type { FinishReason } from '../../conversation/ending.ts'
import type { ReplyEvent, Usage } from '../../conversation/event.ts'
import type { Reply, ReplyBlock } from '../../conversation/reply.ts'
import { textInJson } from '../../lib/json.ts'
import type { ReplyContext, StreamEncoder } from '../dialect.ts'
import { errorBody } from './error.ts'
import { citationOf, searchCallBlock, searchResultBlock } from './search-blocks.ts'

const stopReasons = {
  end: 'end_turn',
  'tool-calls': 'tool_use',
  'max-tokens': 'max_tokens',
  'stop-sequence': 'stop_sequence',
  'context-full': 'model_context_window_exceeded',
  paused: 'pause_turn',
  refusal: 'refusal',
  filtered: 'refusal',
} as const satisfies Record<FinishReason, string>

const ping = frame('ping', { type: 'ping' })
const messageStop = frame('message_stop', { type: 'message_stop' })

/** One Messages stream. Deltas are the hot path: everything around their text is made once per block. */
export const createEncoder = (context: ReplyContext<unknown>): StreamEncoder => new MessagesEncoder(context)

/** A class: each delta passes it (docs/performance.md). */
class MessagesEncoder implements StreamEncoder {
  private deltaHead = ''
  private fed = false

  constructor(private readonly context: ReplyContext<unknown>) {}

  keepAlive(): string {
    return ping
  }

  encode(event: ReplyEvent): string {
    switch (event.type) {
      case 'reply-start': {
        const message = openingMessage(event.input.tokens, this.context)
        return frame('message_start', { type: 'message_start', message })
      }
      case 'text-start':
        return this.open(event.index, { type: 'text', text: '' }, '{"type":"text_delta","text":')
      case 'text-delta':
      case 'reasoning-delta':
        return this.feed(event.text)
      case 'reasoning-start':
        return this.open(
          event.index,
          { type: 'thinking', thinking: '', signature: '' },
          '{"type":"thinking_delta","thinking":',
        )
      case 'reasoning-end':
        return (event.signature ? signatureDelta(event.index, event.signature) : '') + blockStop(event.index)
      case 'redacted-reasoning':
        return this.open(event.index, { type: 'redacted_thinking', data: event.base64 }, '') + blockStop(event.index)
      case 'tool-call-start':
        return this.open(
          event.index,
          { type: 'tool_use', id: event.id, name: event.name, input: {} },
          '{"type":"input_json_delta","partial_json":',
        )
      case 'tool-call-delta':
        return this.feed(event.json)
      case 'tool-call-end':
        return (this.fed ? '' : this.feed('{}')) + blockStop(event.index)
      case 'text-end':
        return blockStop(event.index)
      case 'search-call': {
        const start = this.open(
          event.index,
          searchCallBlock(event.id, undefined),
          '{"type":"input_json_delta","partial_json":',
        )
        return start + this.feed(JSON.stringify({ query: event.query })) + blockStop(event.index)
      }
      case 'search-result':
        return this.open(event.index, searchResultBlock(event.callId, event.outcome), '') + blockStop(event.index)
      case 'citation': {
        const delta = { type: 'citations_delta', citation: citationOf(event.citation) }
        return frame('content_block_delta', { type: 'content_block_delta', index: event.index, delta })
      }
      case 'finish': {
        const delta = { stop_reason: stopReasons[event.reason], stop_sequence: event.stopSequence ?? null }
        const last = frame('message_delta', { type: 'message_delta', delta, usage: encodeUsage(event.usage) })
        return last + messageStop
      }
      case 'error':
        return frame('error', errorBody(event.error, this.context.requestId))
    }
  }

  private open(index: number, block: object, delta: string): string {
    this.deltaHead = `event: content_block_delta\ndata: {"type":"content_block_delta","index":${index},"delta":${delta}"`
    this.fed = false
    return frame('content_block_start', { type: 'content_block_start', index, content_block: block })
  }

  private feed(text: string): string {
    if (text === '') return ''
    this.fed = true
    return `${this.deltaHead}${textInJson(text)}"}}\n\n`
  }
}

/** A whole Messages answer. */
export function encodeReply(reply: Reply, context: ReplyContext<unknown>): object {
  return {
    id: `msg_${context.id}`,
    type: 'message',
    role: 'assistant',
    model: context.model,
    content: reply.blocks.flatMap(encodeBlock),
    stop_reason: stopReasons[reply.reason],
    stop_sequence: reply.stopSequence ?? null,
    usage: encodeUsage(reply.usage),
  }
}

function encodeBlock(block: ReplyBlock): object | readonly object[] {
  switch (block.type) {
    case 'text':
      return {
        type: 'text',
        text: block.text,
        ...(block.citations === undefined ? {} : { citations: block.citations.map(citationOf) }),
      }
    case 'search':
      return [searchCallBlock(block.id, block.query), searchResultBlock(block.id, block.outcome)]
    case 'reasoning':
      return { type: 'thinking', thinking: block.text, signature: block.signature ?? '' }
    case 'redacted-reasoning':
      return { type: 'redacted_thinking', data: block.base64 }
    case 'tool-call':
      return { type: 'tool_use', id: block.id, name: block.name, input: parseInput(block.json) }
  }
}

// Only a call cut short by `max_tokens` has half an input; the stop reason says so.
function parseInput(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return {}
  }
}

// Here `input_tokens` excludes what was read from or written to a cache. An unknown cache figure has to be a number: 0.
function encodeUsage(usage: Usage): object {
  const cacheRead = usage.cacheRead?.tokens ?? 0
  const cacheWrite = usage.cacheWrite?.tokens ?? 0
  return {
    input_tokens: Math.max(0, usage.input.tokens - cacheRead - cacheWrite),
    output_tokens: usage.output.tokens,
    cache_creation_input_tokens: cacheWrite,
    cache_read_input_tokens: cacheRead,
    ...(usage.searches === undefined
      ? {}
      : { server_tool_use: { web_search_requests: usage.searches, web_fetch_requests: 0 } }),
  }
}

function openingMessage(inputTokens: number, context: ReplyContext<unknown>): object {
  return {
    id: `msg_${context.id}`,
    type: 'message',
    role: 'assistant',
    model: context.model,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: {
      input_tokens: inputTokens,
      output_tokens: 0,
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 0,
    },
  }
}

const signatureDelta = (index: number, signature: string): string =>
  frame('content_block_delta', { type: 'content_block_delta', index, delta: { type: 'signature_delta', signature } })

const blockStop = (index: number): string =>
  `event: content_block_stop\ndata: {"type":"content_block_stop","index":${index}}\n\n`

function frame(event: string, data: object): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`
}
