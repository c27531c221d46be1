import { createHmac } from 'node:crypto'
import type { Effects } from '../lib/effects.ts'
import type { AlertBody } from './contract/alerts.ts'

export type Tried =
  | { readonly ok: true; readonly status: number }
  | {
      readonly ok: false
      readonly status?: number
      readonly error: string
      /** The same in a word: `timeout`, or the platform's own; absent where the status says it. */
      readonly cause?: string
      /** Another try may go better. */
      readonly again: boolean
      readonly retryAfterMs?: number
    }

const timeoutMs = 10_000

/**
 * Posts one alert, signed as Standard Webhooks has it (HMAC-SHA256 over id, time and body), so that a receiver can use that
 * library. Redirects are not followed: the address is the operator's, and no other is called.
 */
export async function postAlert(
  to: { readonly url: string; readonly secret: string },
  body: AlertBody,
  effects: Pick<Effects, 'now' | 'after' | 'fetch'>,
  stopping: AbortSignal,
): Promise<Tried> {
  const text = JSON.stringify(body)
  const seconds = Math.floor(effects.now() / 1000)
  const limit = new AbortController()
  const abort = (): void => limit.abort()
  const cancel = effects.after(timeoutMs, abort)
  stopping.addEventListener('abort', abort, { once: true })
  try {
    const response = await effects.fetch(to.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'user-agent': 'claude-server',
        'webhook-id': body.id,
        'webhook-timestamp': String(seconds),
        'webhook-signature': signatureOf(to.secret, body.id, seconds, text),
      },
      body: text,
      redirect: 'manual',
      signal: limit.signal,
    })
    void response.body?.cancel().catch(() => {})
    return outcomeOf(response)
  } catch (thrown) {
    if (limit.signal.aborted)
      return { ok: false, error: `No answer within ${timeoutMs / 1000} s.`, cause: 'timeout', again: true }
    const cause = codeOf(thrown)
    return { ok: false, error: `Not reached: ${cause}.`, cause, again: true }
  } finally {
    cancel()
    stopping.removeEventListener('abort', abort)
  }
}

/** `v1,` and the base64 of the HMAC; a secret that begins with `whsec_` is base64 behind it, any other is taken as it is. */
export function signatureOf(secret: string, id: string, seconds: number, body: string): string {
  const prefix = 'whsec_'
  const key = secret.startsWith(prefix) ? Buffer.from(secret.slice(prefix.length), 'base64') : Buffer.from(secret)
  return `v1,${createHmac('sha256', key).update(`${id}.${seconds}.${body}`).digest('base64')}`
}

function outcomeOf({ status, headers }: Response): Tried {
  if (status >= 200 && status < 300) return { ok: true, status }
  const isRedirect = status >= 300 && status < 400
  const error = isRedirect ? `It answered ${status}; redirects are not followed.` : `It answered ${status}.`
  const again = status >= 500 || status === 408 || status === 425 || status === 429
  const seconds = Number(headers.get('retry-after') ?? Number.NaN)
  return { ok: false, status, error, again, ...(seconds > 0 ? { retryAfterMs: seconds * 1000 } : {}) }
}

/** The platform's word for it; its sentences name the address, which may hold a secret. */
function codeOf(thrown: unknown): string {
  const code = typeof thrown === 'object' && thrown !== null && 'code' in thrown ? String(thrown.code) : 'failed'
  return code.slice(0, 60)
}
