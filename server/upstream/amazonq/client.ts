import { createHeaderReader, type HeaderReader } from '../../codec/eventstream-headers.ts'
import { type ErrorKind, type GatewayError, gatewayError } from '../../conversation/error.ts'
import { turnIfLong } from '../../conversation/long-turn.ts'
import { strictTools } from '../../conversation/strict-tools.ts'
import type { Effects } from '../../lib/effects.ts'
import { err, ok, type Result } from '../../lib/result.ts'
import { inSlices } from '../../lib/slices.ts'
import type { Upstream, UpstreamCall, UpstreamReply } from '../upstream.ts'
import { type AccountingMemory, habitOf } from './accounting-memory.ts'
import { type CallGuard, cancelled, createCallGuard } from './call-guard.ts'
import type { Access, TokenSource } from './credentials.ts'
import { createReplyDecoder } from './decode.ts'
import { type EncodedRequest, encodeRequest } from './encode.ts'
import { type AmazonQSettings, dataUrl, userAgent } from './endpoint.ts'
import { classifyHttpError, requestIdOf } from './errors.ts'
import { explainedError, findingsOf, isNameless, notesOf } from './explain.ts'
import { preview } from './preview.ts'
import { createReplyStream, eventsOf, unreachable } from './reply-stream.ts'
import { bodyOf } from './request-body.ts'
import { brokenRules, type Mended, mend } from './rules.ts'
import { cleanAhead } from './schema.ts'
import { wireText } from './wire-text.ts'

export type ClientDeps = {
  readonly settings: AmazonQSettings
  readonly effects: Pick<Effects, 'now' | 'after' | 'fetch' | 'turn'>
  readonly tokens: TokenSource
  readonly accounting: AccountingMemory
}

const gone = gatewayError('no-account', 'The account was switched off, removed or lost meanwhile.')

const unanswered: ReadonlySet<ErrorKind> = new Set(['upstream-unreachable', 'timeout', 'cancelled', 'internal'])

/** Notes of a failure whether the host has said anything at all. */
const answered = (sent: Sent): Sent =>
  sent.ok || unanswered.has(sent.error.kind) ? sent : err({ ...sent.error, reached: true })

/** A token that cannot be had for now, for whatever reason, says nothing about the account. */
const withoutToken = (error: GatewayError): GatewayError =>
  error.kind === 'internal' ? { ...error, kind: 'renewal-failed' } : error

/** A request that could go elsewhere does not wait longer for one account's token; its refresh goes on. */
const tokenPatienceMs = 8_000
const stillRenewing = gatewayError('renewal-failed', 'The access of this account is still being renewed.', {
  retryAfterMs: 1_000,
})

/** One picture that nobody can read, or that was shown to another model, must not end the conversation. */
const refusesImage = ({ kind, message }: GatewayError): boolean =>
  kind === 'invalid-request' && /\bimages?\b/i.test(message)
const takesNoImages = /model doesn't support the image/i
const readsNoImages = 'this model reads no images'

type Sent = Result<UpstreamReply, GatewayError>
type Answer = Result<Access, GatewayError>

/**
 * Conversations with the provider. Within one call a refused token is replaced, a refused thinking signature and refused old
 * images are left out, and what breaks a rule of the provider's is repaired, once each; everything else is the relay's to decide.
 */
export function createAmazonQ(deps: ClientDeps): Upstream {
  // All replies have the same few header blocks: decoded once, not once per reply.
  const readHeaders = createHeaderReader()
  /** Models that said they take no images; what the list declares is not always so. */
  const blind = new Set<string>()
  return {
    preview: (call) => preview(call, deps.settings, deps.effects.turn),
    send: async (call, signal) => {
      const first = await tokenWithin(deps.tokens.get(call.accountId), deps.effects, signal)
      if (!first.ok) return err(withoutToken(first.error))
      if (call.isCurrent?.() === false) return err(gone)
      let access = first.value
      let replaced = false
      let dropReasoning = false
      let dropPastImages = blind.has(call.model.id) ? readsNoImages : undefined
      for (let repeats = 0; ; repeats++) {
        const { conversationId, note } = call
        const context = {
          ...{ conversationId, access, settings: deps.settings, dropReasoning },
          ...(dropPastImages !== undefined && { dropPastImages }),
          ...(note && { note }),
        }
        const { tools } = call.conversation
        if (tools.length > 0)
          await cleanAhead(
            tools.map(({ schema }) => schema),
            deps.effects.turn,
          )
        await turnIfLong(call.conversation, deps.effects)
        const encoded = encodeRequest(call.conversation, call.model, context)
        if (!encoded.ok) return encoded
        const sent = answered(await attempt(deps, readHeaders, call, access, encoded.value, repeats, signal))
        if (sent.ok) return sent
        if (sent.error.kind === 'token-rejected' && !replaced) {
          replaced = true
          const newer = await tokenWithin(deps.tokens.replace(call.accountId, access.token), deps.effects, signal)
          if (!newer.ok) return err(withoutToken(newer.error))
          if (newer.value.token === access.token) return sent
          if (call.isCurrent?.() === false) return err(gone)
          access = newer.value
        } else if (sent.error.kind === 'thinking-signature' && !dropReasoning && encoded.value.hasReasoning) {
          dropReasoning = true
        } else if (refusesImage(sent.error) && dropPastImages === undefined && encoded.value.hasPastImages) {
          const isBlind = takesNoImages.test(sent.error.message)
          if (isBlind) blind.add(call.model.id)
          dropPastImages = isBlind ? readsNoImages : 'the provider refused an image of this conversation'
        } else if (sent.error.kind === 'invalid-request' && sent.error.reached === true) {
          return explained(sent.error, call, access, encoded.value, deps.effects.turn, (mended) =>
            attempt(deps, readHeaders, call, access, mended, repeats + 1, signal),
          )
        } else return sent
      }
    },
  }
}

/** Why the provider refused a request, as far as is known; what can be repaired is, and goes out once more. */
async function explained(
  refusal: GatewayError,
  { conversation, model, locate, note }: UpstreamCall,
  { region }: Access,
  request: EncodedRequest,
  turn: Effects['turn'],
  again: (request: EncodedRequest) => Promise<Sent>,
): Promise<Sent> {
  const { body, names } = request
  const looked = await inSlices(brokenRules(body, model, region), turn)
  const asked = { conversation, body, names, ...(locate && { locate }) }
  const findings = await inSlices(findingsOf(looked.broken, asked), turn)
  const mended = await inSlices(mend(body, looked), turn)
  const sent = mended && (await again(mendedRequest(request, mended)))
  if (sent?.ok === true) {
    for (const told of notesOf(looked, findings, mended)) note?.(told)
    return sent
  }
  // Another failure than the refusal is not the request's, and may be better elsewhere: there it is refused and mended anew.
  const isTooLong = sent?.error.kind === 'context-too-long'
  if (sent !== undefined && sent.error.kind !== 'invalid-request' && !isTooLong) return sent
  for (const told of notesOf(looked, findings, undefined)) note?.(told)
  const { broken, isWhole } = looked
  if (broken.length === 0 && isNameless(refusal))
    note?.({ what: 'refusal-unexplained', ...(!isWhole && { detail: 'too large to be looked through' }) })
  // What the repair added is not the caller's: it is told what the request was refused for.
  return err(explainedError(isTooLong ? refusal : (sent?.error ?? refusal), findings, isWhole))
}

function mendedRequest(request: EncodedRequest, { body, renamed }: Mended): EncodedRequest {
  if (renamed.size === 0) return { ...request, body }
  const { fromWire } = request.names
  return { ...request, body, names: { ...request.names, fromWire: (wire) => fromWire(renamed.get(wire) ?? wire) } }
}

async function attempt(
  { settings, effects, accounting }: ClientDeps,
  readHeaders: HeaderReader,
  call: UpstreamCall,
  access: Access,
  request: EncodedRequest,
  repeats: number,
  signal: AbortSignal,
): Promise<Sent> {
  const guard = createCallGuard(effects, signal)
  const fail = (error: GatewayError, complete = false): Sent => {
    guard.close(complete)
    return err(error)
  }
  try {
    const url = urlOf(settings, access)
    let isConnected = false
    const connected = (): void => {
      // From here on the provider is at work and will be paid: headers and first event have one limit together.
      if (!isConnected) guard.wait('first-event', settings.firstEventTimeoutMs)
      isConnected = true
    }
    const { stream: sent, length } = bodyOf(wireText(request.body), connected)
    guard.wait('connection', settings.connectTimeoutMs)
    const response = await guard.race(
      effects.fetch(url, {
        method: 'POST',
        headers: { ...headersOf(settings, call, access, call.attempt + repeats), 'content-length': String(length) },
        body: sent,
        signal: guard.signal,
        redirect: 'manual',
        timeout: false,
        via: call.accountId,
      }),
    )
    connected()
    const { status, headers, body } = response
    if (status !== 200 || body === null || isJson(headers)) {
      const { text, complete } = await readText(body, guard)
      return fail(classifyHttpError(status, headers, text), complete)
    }
    const judged = new Set(strictTools(call.conversation).map(({ name }) => name))
    const decoder = createReplyDecoder({
      toolName: request.names.fromWire,
      splitThinking: request.splitThinking,
      ...(judged.size > 0 && { judged }),
      accounting: habitOf(accounting, call.accountId, new URL(url).host),
      ...(call.note && { note: call.note }),
    })
    const stream = createReplyStream(body, decoder, guard, readHeaders)
    let batch = await stream.read()
    while (batch.length === 0) batch = await stream.read()
    guard.rest()
    const [event] = batch
    if (event?.type === 'error') {
      stream.close()
      return err(event.error)
    }
    const providerRequestId = requestIdOf(headers)
    return ok({
      ...(providerRequestId === undefined ? {} : { providerRequestId }),
      events: eventsOf(stream, batch, guard, settings.idleTimeoutMs),
    })
  } catch (thrown) {
    return fail(guard.reason() ?? unreachable(thrown))
  }
}

function urlOf(settings: AmazonQSettings, { region }: Access): string {
  const base = dataUrl(settings, region)
  return settings.protocol === 'rest' ? `${base}/generateAssistantResponse` : `${base}/`
}

/** What the protocol needs and nothing more. Source: provider's protocol notes, request headers. */
function headersOf(
  settings: AmazonQSettings,
  call: UpstreamCall,
  access: Access,
  attemptNumber: number,
): Record<string, string> {
  const rpc = settings.protocol === 'rpc'
  const agent = userAgent(settings, 'codewhispererstreaming')
  return {
    authorization: `Bearer ${access.token}`,
    'content-type': rpc ? 'application/x-amz-json-1.0' : 'application/json',
    ...(rpc ? { 'x-amz-target': 'AmazonCodeWhispererStreamingService.GenerateAssistantResponse' } : {}),
    // Compression would hold small frames back until a block of it is full.
    'accept-encoding': 'identity',
    'user-agent': agent,
    'x-amz-user-agent': agent,
    'amz-sdk-invocation-id': call.invocationId,
    'amz-sdk-request': `attempt=${attemptNumber}; max=${Math.max(3, attemptNumber)}`,
    'x-amzn-codewhisperer-optout': String(settings.optOut),
    ...(access.method === 'api-key' ? { tokentype: 'API_KEY' } : {}),
  }
}

/** A 200 that is no event stream is an error in disguise, or some other server. */
const isJson = (headers: Headers): boolean =>
  /^(?:application|text)\/[\w.+-]*json/i.test(headers.get('content-type') ?? '')

const maxErrorBytes = 64 * 1024

/** The beginning of an error's body; `complete`: there was no more. */
async function readText(
  body: ReadableStream<Uint8Array> | null,
  guard: CallGuard,
): Promise<{ readonly text: string; readonly complete: boolean }> {
  if (body === null) return { text: '', complete: true }
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  while (bytes < maxErrorBytes) {
    const { done, value } = await guard.race(reader.read())
    if (done || value === undefined) return { text: text + decoder.decode(), complete: true }
    bytes += value.length
    text += decoder.decode(value, { stream: true })
  }
  return { text, complete: false }
}

/** Tokens are refreshed on nobody's signal; who leaves meanwhile, or has waited long enough, only stops waiting for them. */
async function tokenWithin(
  promise: Answer | Promise<Answer>,
  { after }: Pick<Effects, 'after'>,
  signal: AbortSignal,
): Promise<Answer> {
  if (!(promise instanceof Promise)) return signal.aborted ? err(cancelled) : promise
  if (signal.aborted) {
    promise.catch(() => undefined)
    return err(cancelled)
  }
  return new Promise((resolve) => {
    const settle = (answer: Answer): void => {
      cancelTimer()
      signal.removeEventListener('abort', leave)
      resolve(answer)
    }
    const leave = (): void => settle(err(cancelled))
    const cancelTimer = after(tokenPatienceMs, () => settle(err(stillRenewing)))
    signal.addEventListener('abort', leave, { once: true })
    promise.then(settle, () => settle(err(gatewayError('internal', 'The account could not be read.'))))
  })
}
