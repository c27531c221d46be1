import type { Effects } from '../../lib/effects.ts'

export type JsonRequest = {
  readonly method: 'GET' | 'POST'
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: unknown
  /** Whole call, from connecting to the last byte. */
  readonly timeoutMs: number
}

/** An answer of any status, or why none came. `json` is undefined when the body was not JSON. `cause` holds no secrets. */
export type JsonAnswer =
  | {
      readonly type: 'answer'
      readonly status: number
      readonly headers: Headers
      readonly text: string
      readonly json: unknown
    }
  | { readonly type: 'network'; readonly cause: string }

const maxAnswerBytes = 4 * 1024 * 1024

/**
 * One JSON exchange with a deadline of its own. Redirects are not followed: the request carries secrets that belong to the
 * host we named and to no other.
 */
export async function callJson(effects: Effects, request: JsonRequest, signal?: AbortSignal): Promise<JsonAnswer> {
  const controller = new AbortController()
  let timedOut = false
  const cancelTimer = effects.after(request.timeoutMs, () => {
    timedOut = true
    controller.abort()
  })
  const forward = (): void => controller.abort()
  if (signal?.aborted) forward()
  else signal?.addEventListener('abort', forward, { once: true })
  try {
    const response = await effects.fetch(request.url, {
      method: request.method,
      headers: { ...request.headers },
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
      signal: controller.signal,
      redirect: 'manual',
      timeout: false,
    })
    const text = await readText(response)
    if (text === undefined) return { type: 'network', cause: `answer larger than ${maxAnswerBytes} bytes` }
    return { type: 'answer', status: response.status, headers: response.headers, text, json: parseJson(text) }
  } catch (thrown) {
    if (timedOut) return { type: 'network', cause: `no answer within ${request.timeoutMs} ms` }
    return { type: 'network', cause: signal?.aborted ? 'cancelled' : nameOf(thrown) }
  } finally {
    cancelTimer()
    signal?.removeEventListener('abort', forward)
  }
}

/** The members of a JSON object; nothing for anything else. */
export function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}
}

export const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined

export const numberOf = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) ? value : undefined

async function readText(response: Response): Promise<string | undefined> {
  if (response.body === null) return ''
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  for await (const chunk of response.body) {
    bytes += chunk.byteLength
    if (bytes > maxAnswerBytes) return undefined
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

// The message of a thrown fetch error may quote the address, with a proxy's password in it; its code never does.
function nameOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return 'unknown failure'
  const code = (thrown as { code?: unknown }).code
  return typeof code === 'string' ? code : thrown.name
}
