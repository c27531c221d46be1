import type { FinishReason } from '../../conversation/ending.ts'
import type { ReplyEvent, Usage } from '../../conversation/event.ts'
import type { Reply, ReplyBlock } from '../../conversation/reply.ts'
import type { Citation } from '../../conversation/search.ts'
import { textInJson } from '../../lib/json.ts'
import type { ReplyContext, StreamEncoder } from '../dialect.ts'
import { createFreeformReader, type FreeformReader, textOf } from '../openai-responses/freeform.ts'
import { errorBody } from './error.ts'
import type { Form } from './form.ts'

const finishReasons = {
  end: 'stop',
  'tool-calls': 'tool_calls',
  'max-tokens': 'length',
  'stop-sequence': 'stop',
  'context-full': 'length',
  paused: 'length',
  refusal: 'content_filter',
  filtered: 'content_filter',
} as const satisfies Record<FinishReason, string>

const keepAlive = ': keep-alive\n\n'

/** One Chat Completions stream. Deltas are the hot path: everything around their text is made once per stream. */
export const createEncoder = (context: ReplyContext<Form>): StreamEncoder => new ChatEncoder(context)

/** A class: each delta passes it (docs/performance.md). */
class ChatEncoder implements StreamEncoder {
  private readonly about: string
  private readonly usageMember: string
  private readonly head: string
  private readonly tail: string
  private readonly contentHead: string
  /** Of the text block that is open: content, or why there is none. */
  private textHead: string
  private refused = false
  /** A piece of the content so far, the last one of a text that may be followed by another. */
  private last = ''
  private isApart = false
  /** Characters between the texts so far, which places in the content count too. */
  private between = 0
  private readonly textTail: string
  private readonly includesUsage: boolean
  private readonly legacy: boolean
  private readonly freeform: ReadonlySet<string> | undefined
  /** Of a freeform call that is open. */
  private reader: FreeformReader | undefined
  // Tool calls are numbered among themselves here, from 0.
  private calls = 0
  private argumentsHead = ''
  private argumentsTail = ''
  private fed = false
  /** Told at once before the end: libraries that join deltas keep the last list of them, or fail at a second one. */
  private annotations: object[] | undefined

  constructor(context: ReplyContext<Form>) {
    const { includeUsage, legacyFunctions = false, freeform } = context.form
    this.freeform = freeform
    this.about = JSON.stringify(chunkHead(context)).slice(0, -1)
    this.usageMember = includeUsage ? ',"usage":null' : ''
    this.head = `data: ${this.about},"choices":[{"index":0,"delta":`
    this.tail = `,"logprobs":null,"finish_reason":null}]${this.usageMember}}\n\n`
    this.contentHead = `${this.head}{"content":"`
    this.textHead = this.contentHead
    this.textTail = `"}${this.tail}`
    this.includesUsage = includeUsage
    this.legacy = legacyFunctions
  }

  keepAlive(): string {
    return keepAlive
  }

  encode(event: ReplyEvent): string {
    switch (event.type) {
      case 'reply-start':
        return `${this.head}{"role":"assistant","content":""}${this.tail}`
      case 'text-delta':
        if (event.text === '') return ''
        if (this.isApart) return this.apart(event.text)
        this.last = event.text
        return this.textHead + textInJson(event.text) + this.textTail
      case 'reasoning-delta':
        return event.text === '' ? '' : `${this.head}{"reasoning_content":"${textInJson(event.text)}${this.textTail}`
      case 'tool-call-start':
        return this.openCall(event.id, event.name)
      case 'tool-call-delta':
        return this.feedCall(this.reader === undefined ? event.json : this.reader.push(event.json))
      case 'tool-call-end':
        if (this.reader !== undefined) return this.feedCall(this.reader.end().rest)
        return this.fed ? '' : this.feedCall('{}')
      case 'text-start':
        if (event.isRefusal) this.refused = true
        this.textHead = event.isRefusal ? `${this.head}{"refusal":"` : this.contentHead
        this.isApart = !event.isRefusal && this.last !== ''
        return ''
      case 'text-end':
      case 'reasoning-start':
      case 'reasoning-end':
      case 'redacted-reasoning':
      case 'search-call':
      case 'search-result':
        return ''
      case 'citation':
        this.annotations ??= []
        this.annotations.push(annotationOf(event.citation, this.between))
        return ''
      case 'finish': {
        const { annotations } = this
        const cited = annotations === undefined ? '' : `${this.head}${JSON.stringify({ annotations })}${this.tail}`
        const reason = this.refused ? 'stop' : finishReason(event.reason, this.legacy)
        const last = `${this.head}{},"logprobs":null,"finish_reason":"${reason}"}]${this.usageMember}}\n\n`
        const usage = this.includesUsage
          ? `data: ${this.about},"choices":[],"usage":${JSON.stringify(encodeUsage(event.usage))}}\n\n`
          : ''
        return `${cited}${last}${usage}data: [DONE]\n\n`
      }
      case 'error':
        return `data: ${JSON.stringify(errorBody(event.error))}\n\n`
    }
  }

  /** The beginning of a text behind another. */
  private apart(text: string): string {
    const blank = blankBetween(this.last, text)
    this.isApart = false
    this.between += blank.length
    this.last = text
    return this.contentHead + textInJson(blank + text) + this.textTail
  }

  private openCall(id: string, name: string): string {
    const { head, tail } = this
    const index = this.calls++
    this.fed = false
    this.reader = this.freeform?.has(name) ? createFreeformReader() : undefined
    if (this.reader !== undefined) {
      this.argumentsHead = `${head}{"tool_calls":[{"index":${index},"custom":{"input":`
      this.argumentsTail = `}}]}${tail}`
      return head + JSON.stringify({ tool_calls: [{ index, id, type: 'custom', custom: { name, input: '' } }] }) + tail
    }
    if (!this.legacy) {
      this.argumentsHead = `${head}{"tool_calls":[{"index":${index},"function":{"arguments":`
      this.argumentsTail = `}}]}${tail}`
      const call = { index, id, type: 'function', function: { name, arguments: '' } }
      return head + JSON.stringify({ tool_calls: [call] }) + tail
    }
    // The older form has room for one call.
    this.argumentsHead = index === 0 ? `${head}{"function_call":{"arguments":` : ''
    this.argumentsTail = `}}${tail}`
    return index === 0 ? head + JSON.stringify({ function_call: { name, arguments: '' } }) + tail : ''
  }

  private feedCall(json: string): string {
    if (json === '' || this.argumentsHead === '') return ''
    this.fed = true
    return this.argumentsHead + JSON.stringify(json) + this.argumentsTail
  }
}

/** A whole Chat Completions answer. */
export function encodeReply(reply: Reply, context: ReplyContext<Form>): object {
  const { legacyFunctions = false, freeform } = context.form
  const { content, annotations } = contentOf(reply.blocks)
  const refusal = reply.blocks.map((block) => (block.type === 'text' && block.isRefusal ? block.text : '')).join('')
  const reasoning = reply.blocks.map((block) => (block.type === 'reasoning' ? block.text : '')).join('')
  const calls = reply.blocks.flatMap((block) => (block.type === 'tool-call' ? [encodeCall(block, freeform)] : []))
  const message = {
    role: 'assistant',
    content: content === '' && (calls.length > 0 || refusal !== '') ? null : content,
    refusal: refusal === '' ? null : refusal,
    ...(reasoning === '' ? {} : { reasoning_content: reasoning }),
    ...(annotations.length === 0 ? {} : { annotations }),
    ...callMembers(calls, legacyFunctions),
  }
  return {
    id: `chatcmpl-${context.id}`,
    object: 'chat.completion',
    created: Math.floor(context.createdAt / 1000),
    model: context.model,
    choices: [
      {
        index: 0,
        message,
        logprobs: null,
        finish_reason: refusal === '' ? finishReason(reply.reason, legacyFunctions) : 'stop',
      },
    ],
    usage: encodeUsage(reply.usage),
    system_fingerprint: null,
  }
}

type Call = ReturnType<typeof encodeCall>

const encodeCall = ({ id, name, json }: Extract<ReplyBlock, { type: 'tool-call' }>, freeform?: ReadonlySet<string>) =>
  freeform?.has(name)
    ? ({ id, type: 'custom', custom: { name, input: textOf(json) } } as const)
    : ({ id, type: 'function', function: { name, arguments: json } } as const)

/** Its places are those of the whole content, which is all texts with what was put between them. */
function annotationOf({ result, start, end, before }: Citation, between: number): object {
  const { url, title } = result
  const first = before + between
  return { type: 'url_citation', url_citation: { start_index: first + start, end_index: first + end, url, title } }
}

/** All texts as the one content this API has. */
function contentOf(blocks: readonly ReplyBlock[]): {
  readonly content: string
  readonly annotations: readonly object[]
} {
  const annotations: object[] = []
  let content = ''
  let between = 0
  for (const block of blocks) {
    if (block.type !== 'text' || block.isRefusal) continue
    const blank = blankBetween(content, block.text)
    between += blank.length
    content += blank + block.text
    for (const citation of block.citations ?? []) annotations.push(annotationOf(citation, between))
  }
  return { content, annotations }
}

/** The model gave them apart, with a call, a search or reasoning between: they must not run into each other. */
const blankBetween = (before: string, text: string): string =>
  before === '' || text === '' || /\s/.test(before.at(-1) ?? '') || /\s/.test(text.charAt(0)) ? '' : '\n\n'

function callMembers(calls: readonly Call[], legacy: boolean): object {
  if (calls.length === 0) return {}
  const [first] = calls
  return legacy && first?.type === 'function' ? { function_call: first.function } : { tool_calls: calls }
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
