import { createParser, type EventSourceMessage } from 'eventsource-parser'
import type { ReplyEvent } from '../../server/conversation/event.ts'

type Json = Readonly<Record<string, unknown>>
export type Frame = { readonly event: string | undefined; readonly data: string }

/** The frames of an SSE text; a comment is no frame. */
export function framesOf(sse: string): readonly Frame[] {
  const frames: Frame[] = []
  const parser = createParser({
    onEvent: (message: EventSourceMessage) => {
      frames.push({ event: message.event, data: message.data })
    },
  })
  parser.feed(sse)
  return frames
}

const blockKind = { text: 'text', reasoning: 'reasoning', 'tool-call': 'tool-call' } as const

/** What is wrong with the order of a reply's events, or undefined. */
export function replyFault(events: readonly ReplyEvent[]): string | undefined {
  let open: string | undefined
  let next = 0
  for (const [position, event] of events.entries()) {
    const at = `event ${position} (${event.type})`
    if ((position === 0) !== (event.type === 'reply-start')) return `${at}: a reply starts with reply-start, once`
    if (event.type === 'reply-start') continue
    if (event.type === 'error') return position === events.length - 1 ? undefined : `${at}: nothing may follow`
    if (event.type === 'finish') {
      if (open !== undefined) return `${at}: block ${next} is still open`
      return position === events.length - 1 ? undefined : `${at}: nothing may follow`
    }
    if (event.index !== next) return `${at}: index ${event.index}, expected ${next}`
    if (event.type === 'redacted-reasoning') {
      if (open !== undefined) return `${at}: block ${next} is still open`
      next += 1
      continue
    }
    const [, kind, step] = /^(.*)-(start|delta|end)$/.exec(event.type) ?? []
    if (kind === undefined || !(kind in blockKind)) return `${at}: unknown kind`
    if (step === 'start' ? open !== undefined : open !== kind) return `${at}: while ${open ?? 'no block'} is open`
    if (step === 'start') open = kind
    if (step === 'end') {
      open = undefined
      next += 1
    }
  }
  return 'the reply has no finish and no error'
}

const deltaOf: Readonly<Record<string, readonly string[]>> = {
  text: ['text_delta', 'citations_delta'],
  thinking: ['thinking_delta', 'signature_delta'],
  tool_use: ['input_json_delta'],
  redacted_thinking: [],
  server_tool_use: ['input_json_delta'],
  web_search_tool_result: [],
}

/** What is wrong with a Messages stream, or undefined. */
export function anthropicFault(sse: string): string | undefined {
  const frames = framesOf(sse)
  let open: string | undefined
  let next = 0
  /** The search whose result has to come next. */
  let search: unknown
  let stage: 'new' | 'blocks' | 'ending' | 'done' = 'new'
  for (const [position, frame] of frames.entries()) {
    const data = JSON.parse(frame.data) as Json
    const at = `frame ${position} (${frame.event})`
    if (frame.event !== data.type) return `${at}: the event line is not the type of its data`
    if (stage === 'done') return `${at}: nothing may follow`
    switch (data.type) {
      case 'ping':
        break
      case 'error':
        if (typeof (data.error as Json | undefined)?.message !== 'string') return `${at}: no message`
        stage = 'done'
        break
      case 'message_start': {
        if (stage !== 'new') return `${at}: not at the start`
        const message = data.message as Json | undefined
        const usage = message?.usage as Json | undefined
        if (!String(message?.id).startsWith('msg_')) return `${at}: no id`
        if (message?.type !== 'message' || message.role !== 'assistant') return `${at}: no type or role`
        if (typeof message.model !== 'string' || !Array.isArray(message.content)) return `${at}: no model or content`
        if (typeof usage?.input_tokens !== 'number') return `${at}: no input_tokens`
        stage = 'blocks'
        break
      }
      case 'content_block_start': {
        const block = data.content_block as Json | undefined
        if (stage !== 'blocks' || open !== undefined || data.index !== next) return `${at}: out of order`
        open = String(block?.type)
        if (deltaOf[open] === undefined) return `${at}: unknown block`
        if (open === 'text' && block?.text !== '') return `${at}: no text`
        if (open === 'thinking' && (block?.thinking !== '' || block.signature !== '')) return `${at}: no thinking`
        if (open.endsWith('tool_use') && !(block?.id && block.name && block.input)) return `${at}: no id, name or input`
        if (search !== undefined && open !== 'web_search_tool_result') return `${at}: a search without its result`
        if (open === 'web_search_tool_result' && (search === undefined || block?.tool_use_id !== search))
          return `${at}: a result of no search`
        search = open === 'server_tool_use' ? block?.id : undefined
        break
      }
      case 'content_block_delta': {
        const type = String((data.delta as Json | undefined)?.type)
        if (open === undefined || data.index !== next) return `${at}: out of order`
        if (!deltaOf[open]?.includes(type)) return `${at}: ${type} in a ${open} block`
        break
      }
      case 'content_block_stop':
        if (open === undefined || data.index !== next) return `${at}: out of order`
        open = undefined
        next += 1
        break
      case 'message_delta': {
        const delta = data.delta as Json | undefined
        const usage = data.usage as Json | undefined
        if (stage !== 'blocks' || open !== undefined) return `${at}: out of order`
        if (typeof delta?.stop_reason !== 'string' || !('stop_sequence' in delta)) return `${at}: no stop reason`
        if (typeof usage?.output_tokens !== 'number') return `${at}: no usage`
        stage = 'ending'
        break
      }
      case 'message_stop':
        if (stage !== 'ending') return `${at}: out of order`
        stage = 'done'
        break
      default:
        return `${at}: unknown type`
    }
  }
  return stage === 'done' ? undefined : 'the stream has no terminal event'
}

/** What is wrong with a Chat Completions stream, or undefined. */
export function openaiChatFault(sse: string, includeUsage: boolean): string | undefined {
  const frames = framesOf(sse)
  let head: string | undefined
  let calls = 0
  let isCited = false
  let stage: 'new' | 'deltas' | 'finished' | 'counted' | 'done' = 'new'
  for (const [position, frame] of frames.entries()) {
    const at = `frame ${position}`
    if (frame.event !== undefined) return `${at}: an event line`
    if (stage === 'done') return `${at}: nothing may follow`
    if (frame.data === '[DONE]') {
      if (stage !== (includeUsage ? 'counted' : 'finished')) return `${at}: [DONE] too early`
      stage = 'done'
      continue
    }
    const data = JSON.parse(frame.data) as Json
    if ('error' in data) {
      if (typeof (data.error as Json | null)?.message !== 'string') return `${at}: no message`
      stage = 'done'
      continue
    }
    if (data.object !== 'chat.completion.chunk') return `${at}: no object`
    if (!String(data.id).startsWith('chatcmpl-') || typeof data.created !== 'number') return `${at}: no id or created`
    const own = JSON.stringify([data.id, data.created, data.model])
    head ??= own
    if (head !== own) return `${at}: id, created or model changed`
    const choices = data.choices as readonly Json[]
    if (choices.length === 0) {
      if (stage !== 'finished' || !includeUsage) return `${at}: a usage chunk out of order`
      if (typeof (data.usage as Json | null)?.total_tokens !== 'number') return `${at}: no usage`
      stage = 'counted'
      continue
    }
    if (includeUsage ? data.usage !== null : 'usage' in data)
      return `${at}: usage must be ${includeUsage ? 'null' : 'left out'}`
    const choice = choices[0]
    const delta = choice?.delta as Json | undefined
    if (choice?.index !== 0 || delta === undefined || !('finish_reason' in choice))
      return `${at}: no index, delta or reason`
    if (stage === 'finished' || stage === 'counted') return `${at}: a delta after the finish`
    if (stage === 'new' && delta.role !== 'assistant') return `${at}: no role`
    if (stage === 'deltas' && 'role' in delta) return `${at}: the role again`
    stage = 'deltas'
    if ('annotations' in delta && isCited) return `${at}: annotations a second time`
    isCited ||= 'annotations' in delta
    for (const call of (delta.tool_calls as readonly Json[] | undefined) ?? []) {
      const opening = call.index === calls
      if (!opening && call.index !== calls - 1) return `${at}: index of a call`
      const name = (call.function as Json | undefined)?.name
      if (opening !== (typeof call.id === 'string' && call.type === 'function' && typeof name === 'string')) {
        return `${at}: id, type and name come once, at the start of a call`
      }
      if (opening) calls += 1
    }
    if (choice.finish_reason !== null) stage = 'finished'
  }
  return stage === 'done' ? undefined : 'the stream has no terminal frame'
}
