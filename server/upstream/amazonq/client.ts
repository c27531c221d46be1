import { createFrameDecoder } from '../../codec/eventstream.ts'
import type { Conversation } from '../../conversation/conversation.ts'
import { type GatewayError, gatewayError } from '../../conversation/error.ts'
import type { UpstreamEvent } from '../../conversation/event.ts'
import type { Effects } from '../../lib/effects.ts'
import { err, ok, type Result } from '../../lib/result.ts'
import type { Upstream, UpstreamCall, UpstreamReply } from '../upstream.ts'
import type { Access, TokenSource } from './credentials.ts'
import { createReplyDecoder, type ReplyDecoder } from './decode.ts'
import { encodeRequest } from './encode.ts'
import { type AmazonQSettings, dataUrl, userAgent } from './endpoint.ts'
import { classifyHttpError } from './errors.ts'
import { createWatchdog, type Watchdog } from './watchdog.ts'

export type ClientDeps = {
  readonly settings: AmazonQSettings
  readonly effects: Pick<Effects, 'now' | 'after' | 'fetch'>
  readonly tokens: TokenSource
}

type Sent = Result<UpstreamReply, GatewayError>

/** Conversations with the provider. A refused token is replaced once, a refused thinking signature dropped once. */
export function createAmazonQ(deps: ClientDeps): Upstream {
  return {
    send: async (call, signal) => {
      const access = await deps.tokens.get(call.accountId)
      if (!access.ok) return access
      const sent = await attempt(deps, call, access.value, signal)
      if (sent.ok) return sent
      if (sent.error.kind === 'token-rejected') {
        const newer = await deps.tokens.replace(call.accountId, access.value.token)
        return newer.ok ? attempt(deps, call, newer.value, signal) : newer
      }
      if (sent.error.kind === 'thinking-signature' && hasReasoning(call.conversation)) {
        return attempt(deps, call, access.value, signal, true)
      }
      return sent
    },
  }
}

async function attempt(
  deps: ClientDeps,
  call: UpstreamCall,
  access: Access,
  signal: AbortSignal,
  dropReasoning = false,
): Promise<Sent> {
  const { settings, effects } = deps
  const controller = new AbortController()
  let late = false
  const leave = (): void => controller.abort()
  if (signal.aborted) return err(cancelled)
  signal.addEventListener('abort', leave, { once: true })
  const watchdog = createWatchdog(effects, () => {
    late = true
    leave()
  })
  const done = (): void => {
    watchdog.stop()
    signal.removeEventListener('abort', leave)
  }
  const explain = (thrown: unknown): GatewayError => (signal.aborted ? cancelled : late ? tooLate : unreachable(thrown))

  const encoded = encodeRequest(call.conversation, call.model, {
    conversationId: call.conversationId,
    access,
    settings,
    dropReasoning,
  })
  if (!encoded.ok) {
    done()
    return encoded
  }
  const { body, names, splitThinking } = encoded.value
  try {
    watchdog.wait(settings.connectTimeoutMs)
    const response = await effects.fetch(urlOf(settings, access), {
      method: 'POST',
      headers: headersOf(settings, call, access),
      body: JSON.stringify(body),
      signal: controller.signal,
      redirect: 'manual',
      timeout: false,
    })
    if (!response.ok || response.body === null) {
      const error = classifyHttpError(response.status, response.headers, await textOf(response))
      done()
      leave()
      return err(error)
    }
    const source: Source = {
      reader: response.body.getReader() as ReadableStreamDefaultReader<Uint8Array>,
      frames: createFrameDecoder(),
      events: createReplyDecoder({ names, thinksInTags: splitThinking }),
      watchdog,
      idleMs: settings.idleTimeoutMs,
      explain,
      close: () => {
        done()
        leave()
      },
    }
    watchdog.wait(settings.firstEventTimeoutMs)
    const first = await untilContent(source)
    const error = first.find((event) => event.type === 'error')
    if (error !== undefined && !first.some(isContent)) {
      source.close()
      return err(error.error)
    }
    const requestId = response.headers.get('x-amzn-requestid')
    return ok({
      ...(requestId === null ? {} : { providerRequestId: requestId }),
      events: restOf(source, first),
    })
  } catch (thrown) {
    done()
    leave()
    return err(explain(thrown))
  }
}

type Source = {
  readonly reader: ReadableStreamDefaultReader<Uint8Array>
  readonly frames: ReturnType<typeof createFrameDecoder>
  readonly events: ReplyDecoder
  readonly watchdog: Watchdog
  readonly idleMs: number
  readonly explain: (thrown: unknown) => GatewayError
  readonly close: () => void
}

const isEnd = (event: UpstreamEvent): boolean => event.type === 'finish' || event.type === 'error'
const isContent = (event: UpstreamEvent): boolean => !isEnd(event)

/** Reads on until there is content, or the reply is over; the first-event limit runs meanwhile. */
async function untilContent(source: Source): Promise<readonly UpstreamEvent[]> {
  for (;;) {
    const events = await nextEvents(source)
    if (events.length > 0) return events
  }
}

/** The events of one network read; the last batch ends with `finish` or `error`. Never throws. */
async function nextEvents({ reader, frames, events, explain }: Source): Promise<readonly UpstreamEvent[]> {
  let read: { readonly done: boolean; readonly value?: Uint8Array | undefined }
  try {
    read = await reader.read()
  } catch (thrown) {
    const error = explain(thrown)
    // A connection lost inside a reply is a broken reply; before it, nothing has arrived that could be broken.
    return [{ type: 'error', error }]
  }
  if (read.done || read.value === undefined) {
    const whole = frames.end()
    return whole.ok ? events.end() : [{ type: 'error', error: broken(whole.error.message) }]
  }
  const pushed = frames.push(read.value)
  const out: UpstreamEvent[] = []
  if (!pushed.ok) return [{ type: 'error', error: broken(pushed.error.message) }]
  for (const frame of pushed.value) {
    for (const event of events.push(frame)) {
      out.push(event)
      if (isEnd(event)) return out
    }
  }
  return out
}

async function* restOf(source: Source, first: readonly UpstreamEvent[]): AsyncGenerator<readonly UpstreamEvent[]> {
  const { watchdog, idleMs } = source
  try {
    for (let batch = first; ; ) {
      watchdog.rest()
      if (batch.length > 0) {
        yield batch
        const last = batch.at(-1)
        if (last !== undefined && isEnd(last)) return
      }
      watchdog.wait(idleMs)
      batch = (await nextEvents(source)).map(afterContent)
    }
  } finally {
    source.close()
  }
}

/** Whatever breaks a reply that has begun is one thing to the caller; being asked to stop is not. */
const afterContent = (event: UpstreamEvent): UpstreamEvent =>
  event.type === 'error' && (event.error.kind === 'upstream-unreachable' || event.error.kind === 'empty-reply')
    ? { type: 'error', error: broken(event.error.cause ?? event.error.message) }
    : event

function urlOf(settings: AmazonQSettings, { region }: Access): string {
  const base = dataUrl(settings, region)
  return settings.protocol === 'rest' ? `${base}/generateAssistantResponse` : `${base}/`
}

/** Source: protocol notes, 1.3. Nothing beyond what the protocol needs. */
function headersOf(settings: AmazonQSettings, call: UpstreamCall, access: Access): Record<string, string> {
  const rpc = settings.protocol === 'rpc'
  const agent = userAgent(settings, 'codewhispererstreaming')
  return {
    authorization: `Bearer ${access.token}`,
    'content-type': rpc ? 'application/x-amz-json-1.0' : 'application/json',
    ...(rpc ? { 'x-amz-target': 'AmazonCodeWhispererStreamingService.GenerateAssistantResponse' } : {}),
    accept: 'application/vnd.amazon.eventstream',
    'user-agent': agent,
    'x-amz-user-agent': agent,
    'amz-sdk-invocation-id': call.invocationId,
    'amz-sdk-request': `attempt=${call.attempt}; max=${Math.max(3, call.attempt)}`,
    'x-amzn-codewhisperer-optout': String(settings.optOut),
    ...(access.method === 'api-key' ? { tokentype: 'API_KEY' } : {}),
  }
}

const longestErrorBody = 64 * 1024

async function textOf(response: Response): Promise<string> {
  const text = await response.text()
  return text.slice(0, longestErrorBody)
}

const cancelled = gatewayError('cancelled', 'The caller left.')
const tooLate = gatewayError('timeout', 'The provider did not answer in time.')
const broken = (cause: string): GatewayError =>
  gatewayError('broken-reply', 'The provider’s reply broke off.', { cause })

/** What the network throws carries a code; anything else is a fault of ours. */
function unreachable(thrown: unknown): GatewayError {
  const code = typeof thrown === 'object' && thrown !== null && 'code' in thrown ? String(thrown.code) : ''
  if (code !== '') return gatewayError('upstream-unreachable', 'The provider could not be reached.', { cause: code })
  const cause = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)
  return gatewayError('internal', 'The gateway failed on the provider’s reply.', { cause })
}

const isReasoning = ({ type }: { readonly type: string }): boolean =>
  type === 'reasoning' || type === 'redacted-reasoning'
const hasReasoning = ({ messages }: Conversation): boolean => messages.some(({ parts }) => parts.some(isReasoning))
