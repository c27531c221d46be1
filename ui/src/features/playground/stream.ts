import { EventSourceParserStream } from 'eventsource-parser/stream'

/** One answer as far as it has come. Times are epoch ms; token counts are those the API sent, absent until it did. */
export type Answer = {
  readonly text: string
  readonly thinking: string
  readonly sentAt: number
  readonly firstAt?: number
  readonly endedAt?: number
  readonly inputTokens?: number
  readonly outputTokens?: number
  readonly stopReason?: string
  /** Under which the gateway recorded the request. */
  readonly requestId?: string
  readonly fault?: AnswerFault
}

/** `status` 0: no connection; 200: the failure came inside the stream. */
export type AnswerFault = {
  readonly status: number
  readonly type: string
  readonly message: string
  readonly requestId?: string
}

export type Turn = { readonly role: 'user' | 'assistant'; readonly content: string }
export type Ask = {
  readonly key: string
  readonly model: string
  readonly messages: readonly Turn[]
  readonly maxTokens: number
}

export const startAnswer = (sentAt: number): Answer => ({ text: '', thinking: '', sentAt })

type Data = Readonly<Record<string, unknown>>

const object = (value: unknown): Data => (typeof value === 'object' && value !== null ? (value as Data) : {})
const word = (value: unknown): string => (typeof value === 'string' ? value : '')

/** The Anthropic stream grammar, as far as a text chat needs it; unknown events change nothing. */
export function step(answer: Answer, data: Data, now: number): Answer {
  switch (data.type) {
    case 'message_start':
      return withUsage(answer, object(object(data.message).usage))
    case 'content_block_delta': {
      const delta = object(data.delta)
      const first = { firstAt: answer.firstAt ?? now }
      if (delta.type === 'text_delta') return { ...answer, ...first, text: answer.text + word(delta.text) }
      if (delta.type === 'thinking_delta')
        return { ...answer, ...first, thinking: answer.thinking + word(delta.thinking) }
      return answer
    }
    case 'message_delta': {
      const reason = word(object(data.delta).stop_reason)
      return withUsage(reason ? { ...answer, stopReason: reason } : answer, object(data.usage))
    }
    case 'message_stop':
      return { ...answer, endedAt: now }
    case 'error': {
      const error = object(data.error)
      const fault = { status: 200, type: word(error.type) || 'error', message: word(error.message) }
      return { ...answer, endedAt: now, fault: withRequestId(fault, data.request_id) }
    }
    default:
      return answer
  }
}

function withUsage(answer: Answer, usage: Data): Answer {
  const cached = [usage.cache_read_input_tokens, usage.cache_creation_input_tokens].filter(
    (count) => typeof count === 'number',
  )
  return {
    ...answer,
    ...(typeof usage.input_tokens === 'number'
      ? { inputTokens: cached.reduce((sum, count) => sum + count, usage.input_tokens) }
      : {}),
    ...(typeof usage.output_tokens === 'number' ? { outputTokens: usage.output_tokens } : {}),
  }
}

const withRequestId = (fault: AnswerFault, requestId: unknown): AnswerFault =>
  typeof requestId === 'string' && requestId !== '' ? { ...fault, requestId } : fault

const broken = (status: number, message: string): AnswerFault => ({ status, type: 'connection_error', message })

/**
 * Asks the public API as any app would: own key, no cookie. Yields the answer after every event; it always ends with
 * `endedAt` set, and with `fault` when something went wrong. Aborting ends it without a fault.
 */
export async function* ask(request: Ask, now: () => number, signal: AbortSignal): AsyncGenerator<Answer> {
  let answer = startAnswer(now())
  try {
    const response = await fetch('/v1/messages', {
      method: 'POST',
      credentials: 'omit',
      headers: {
        'content-type': 'application/json',
        'x-api-key': request.key,
        'anthropic-version': '2023-06-01',
      },
      body: JSON.stringify({
        model: request.model,
        max_tokens: request.maxTokens,
        stream: true,
        messages: request.messages,
      }),
      signal,
    })
    if (!response.ok || !response.body) {
      yield { ...answer, endedAt: now(), fault: await refusal(response) }
      return
    }
    const requestId = response.headers.get('x-request-id')
    if (requestId) answer = { ...answer, requestId }
    const events = response.body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream())
    for await (const event of chunks(events)) {
      answer = step(answer, object(JSON.parse(event.data)), now())
      yield answer
      if (answer.endedAt !== undefined) return
    }
    yield { ...answer, endedAt: now(), fault: broken(200, 'The stream ended without a last event.') }
  } catch (cause) {
    if (signal.aborted) yield { ...answer, endedAt: now(), stopReason: 'stopped' }
    else
      yield {
        ...answer,
        endedAt: now(),
        fault: broken(answer.firstAt ? 200 : 0, cause instanceof Error ? cause.message : ''),
      }
  }
}

/** Safari has no async iterator on streams. */
async function* chunks<T>(stream: ReadableStream<T>): AsyncGenerator<T> {
  const reader = stream.getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      yield value
    }
  } finally {
    reader.cancel().catch(() => undefined)
  }
}

async function refusal(response: Response): Promise<AnswerFault> {
  const body = object(await response.json().catch(() => undefined))
  const error = object(body.error)
  const fault = {
    status: response.status,
    type: word(error.type) || `HTTP ${response.status}`,
    message: word(error.message) || word(body.error) || word(body.message),
  }
  return withRequestId(
    fault,
    body.request_id ?? response.headers.get('x-request-id') ?? response.headers.get('request-id'),
  )
}
