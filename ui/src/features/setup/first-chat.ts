import { EventSourceParserStream } from 'eventsource-parser/stream'

/** How far the first message has got; times are ms since it was sent. */
export type Attempt = {
  readonly reached: boolean
  readonly accepted: boolean
  readonly firstMs?: number
  readonly finished: boolean
  readonly text: string
  readonly requestId?: string
  /** What went wrong, in the server's words; empty: it could not be reached, or broke off. */
  readonly fault?: { readonly status: number; readonly message: string }
}

export const startAttempt: Attempt = { reached: false, accepted: false, finished: false, text: '' }

type Event = {
  readonly type?: string
  readonly delta?: { readonly type?: string; readonly text?: string }
  readonly error?: { readonly message?: string }
}

/** One event of the Messages API. */
export function step(attempt: Attempt, event: Event, sinceMs: number): Attempt {
  if (event.type === 'content_block_delta') {
    const text = event.delta?.type === 'text_delta' ? (event.delta.text ?? '') : ''
    return { ...attempt, firstMs: attempt.firstMs ?? sinceMs, text: attempt.text + text }
  }
  if (event.type === 'message_stop') return { ...attempt, finished: true }
  if (event.type === 'error') return { ...attempt, fault: { status: 200, message: event.error?.message ?? '' } }
  return attempt
}

/** A real message by the public API with a client's key, as an app would send it: without the session's cookie. */
export async function* firstChat(
  ask: { readonly key: string; readonly model: string; readonly message: string },
  now: () => number,
): AsyncGenerator<Attempt> {
  const startedAt = now()
  let attempt = startAttempt
  try {
    const response = await fetch('/v1/messages', {
      method: 'POST',
      credentials: 'omit',
      headers: { 'content-type': 'application/json', 'x-api-key': ask.key, 'anthropic-version': '2023-06-01' },
      body: JSON.stringify({
        model: ask.model,
        max_tokens: 300,
        stream: true,
        messages: [{ role: 'user', content: ask.message }],
      }),
    })
    const requestId = response.headers.get('x-request-id')
    const accepted = response.status !== 401 && response.status !== 403
    attempt = { ...attempt, reached: true, accepted, ...(requestId ? { requestId } : {}) }
    yield attempt
    if (!response.ok || !response.body) {
      const body = (await response.json().catch(() => undefined)) as Event | undefined
      yield { ...attempt, fault: { status: response.status, message: body?.error?.message ?? '' } }
      return
    }
    const reader = response.body
      .pipeThrough(new TextDecoderStream())
      .pipeThrough(new EventSourceParserStream())
      .getReader()
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      attempt = step(attempt, JSON.parse(value.data) as Event, now() - startedAt)
      yield attempt
      if (attempt.finished || attempt.fault) return
    }
    yield { ...attempt, fault: { status: 200, message: '' } }
  } catch {
    yield { ...attempt, fault: { status: 0, message: '' } }
  }
}
