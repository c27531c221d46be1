import { EventSourceParserStream } from 'eventsource-parser/stream'
import { type Answer, type AnswerFault, startAnswer } from './answer.ts'
import type { Api } from './chat.ts'
import { object, parsed, word } from './json.ts'
import { fault, steps } from './steps.ts'

/** The client APIs for who is signed in: the same handlers, without a key. */
export const paths: Readonly<Record<Api, string>> = {
  messages: '/v2/test/v1/messages',
  chat: '/v2/test/v1/chat/completions',
  responses: '/v2/test/v1/responses',
}

export type Ask = { readonly api: Api; readonly model: string; readonly account: string; readonly body: object }

const broken = (status: number, message: string): AnswerFault => ({ status, type: 'connection_error', message })

/**
 * Asks as an app would, with the session in place of a key. Yields the answer after every read of the network; it always ends with
 * `endedAt` set, and with `fault` when something went wrong. Aborting ends it without a fault.
 */
export async function* ask(request: Ask, now: () => number, signal: AbortSignal): AsyncGenerator<Answer> {
  let answer = startAnswer(now(), request.model)
  const step = steps[request.api]
  try {
    const only = request.account === '' ? '' : `?account_id=${encodeURIComponent(request.account)}`
    const response = await fetch(paths[request.api] + only, {
      method: 'POST',
      credentials: 'same-origin',
      headers: {
        'content-type': 'application/json',
        'x-requested-with': 'console',
        ...(request.api === 'messages' ? { 'anthropic-version': '2023-06-01' } : {}),
      },
      body: JSON.stringify(request.body),
      signal,
    })
    const requestId = response.headers.get('x-request-id')
    if (requestId) answer = { ...answer, requestId }
    if (!response.ok || !response.body) {
      yield { ...answer, endedAt: now(), fault: await refusal(response) }
      return
    }
    const events = response.body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream())
    for await (const { data } of chunks(events)) {
      if (data === '[DONE]') answer = { ...answer, endedAt: now() }
      else answer = step(answer, object(parsed(data)), now())
      yield answer
      if (answer.endedAt !== undefined) return
    }
    yield { ...answer, endedAt: now(), fault: broken(200, '') }
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

/** The client APIs have `error` as an object, the admin API as a text beside its code. */
async function refusal(response: Response): Promise<AnswerFault> {
  const body = object(await response.json().catch(() => undefined))
  const requestId = body.request_id ?? body.requestId ?? response.headers.get('x-request-id') ?? undefined
  const error =
    typeof body.error === 'string'
      ? { type: body.code, message: body.error }
      : { message: body.message, ...object(body.error) }
  const given = fault(response.status, error, requestId)
  return word(object(error).type) === '' ? { ...given, type: `HTTP ${response.status}` } : given
}
