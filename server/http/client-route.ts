import type { Admitted } from '../access/ledger.ts'
import type { Level } from '../access/limits.ts'
import { databaseAwayError } from '../admin/database-away.ts'
import type { Conversation } from '../conversation/conversation.ts'
import { type GatewayError, gatewayError } from '../conversation/error.ts'
import { turnIfLong } from '../conversation/long-turn.ts'
import { createNoteBook } from '../conversation/note.ts'
import { foldReply } from '../conversation/reply.ts'
import type { Dialect, ReplyContext, StreamEncoder } from '../dialect/dialect.ts'
import { createLocate } from '../dialect/locate.ts'
import { headerText } from '../lib/header-text.ts'
import { cutText } from '../lib/sound-text.ts'
import { within } from '../lib/within.ts'
import type { Summary } from '../relay/record.ts'
import type { Compressed, ModelTaken } from '../relay/relay.ts'
import { readJson } from './body.ts'
import type { HeldRoom } from './body-room.ts'
import type { Capture, ClientDeps, RequestEnd } from './client-deps.ts'
import { acceptedEncodings } from './content-encoding.ts'
import { openToAll } from './cors.ts'
import { answerDryRun, isDryRun, orOperator } from './dry-run.ts'
import { clientEdgeHeaders } from './edge-headers.ts'
import { addLimitHeaders } from './limit-headers.ts'
import type { Peer } from './peer.ts'
import { sseResponse } from './sse.ts'

/** Serves one call of a client API. Never throws: every failure has the caller's own error form. */
export async function serveClient(dialect: Dialect, request: Request, peer: Peer, deps: ClientDeps): Promise<Response> {
  const { effects } = deps
  const requestId = effects.newId('req')
  const arrivedAt = effects.now()
  const notes = createNoteBook()
  let known: Partial<RequestEnd> = {}
  let taken: ModelTaken | undefined
  let compressed: Compressed | 'running' | undefined
  let capture: Capture | undefined
  let admitted: Admitted | undefined
  let room: HeldRoom | undefined
  let levels = (): readonly Level[] => []
  const headers = (): Record<string, string> => {
    const common = clientHeaders(requestId, taken)
    if (compressed !== undefined) common['x-claude-server-compressed'] = compressedHeader(compressed)
    addLimitHeaders(common, levels(), dialect.family, effects.now())
    return common
  }
  const end = (status: number, more: Partial<RequestEnd> = {}): void => {
    const userAgent = headerText(request.headers.get('user-agent') ?? '').slice(0, 300)
    const used = more.summary === undefined ? undefined : deps.usedOf(more.summary)
    admitted?.settle(used)
    capture?.end(requestId)
    const common = { requestId, arrivedAt, dialect: dialect.name, peer, userAgent, notes: notes.read(), status }
    const ended: RequestEnd = { model: '', stream: false, ...common, ...known, ...more }
    if (taken?.because !== undefined) Object.assign(ended, { modelReason: taken.because })
    deps.onEnd(used === undefined ? ended : Object.assign(ended, { used }))
  }
  const refuse = (error: GatewayError, summary?: Summary): Response => {
    const { status, headers: ofError, body } = dialect.encodeError(error, { requestId })
    // First what it frees: the headers tell how things stand after it.
    end(status, { error, ...(summary === undefined ? {} : { summary }) })
    return Response.json(body, { status, headers: { ...ofError, ...edgeOf(error), ...headers() } })
  }
  try {
    if (deps.stopping())
      return refuse(
        gatewayError('shutting-down', 'The gateway is restarting; try again shortly.', { retryAfterMs: 5_000 }),
      )
    const dry = isDryRun(request)
    const byKey = await deps.admit(request, peer)
    const isStranger = !byKey.ok && byKey.error.kind === 'authentication'
    const caller: typeof byKey = isStranger && dry.ok && dry.value ? await orOperator(byKey, request, deps) : byKey
    if (!caller.ok) {
      const { levels: ofError = [], ...error } = caller.error
      levels = () => ofError
      return refuse(error)
    }
    const { keyId, userId, accounts, allows, priority, terms, compression } = caller.value
    known = { keyId, ...(userId === undefined ? {} : { userId }) }
    if (!dry.ok) return errorResponse(dialect, dry.error, requestId)
    if (dry.value) {
      const seen = await answerDryRun(dialect, request, caller.value, deps)
      if (seen.ok) return Response.json(seen.value, { headers: headers() })
      return errorResponse(dialect, seen.error, requestId)
    }
    const entered = await deps.enter(requestId, caller.value)
    if (!entered.ok) {
      const standing = await deps.standings(caller.value)
      levels = () => standing
      return refuse(entered.error)
    }
    admitted = entered.value
    levels = admitted.levels
    room = deps.bodyRoom.open(userId ?? keyId)
    const body = await readJson(request, deps.maxBodyBytes, room)
    if (!body.ok) return refuse(body.error)
    capture = deps.captureOf(keyId)
    capture?.prompt(body.value)
    const decoded = dialect.decode(body.value, notes.add, keyId)
    if (!decoded.ok) return refuse(decoded.error)
    await turnIfLong(decoded.value.conversation, effects)
    const leaving = leavingOf(request)
    const asked = withSession(decoded.value.conversation, request.headers)
    const { model, stream, clientNote, session } = asked
    known = Object.assign(
      known,
      { model, stream },
      clientNote !== undefined && { clientNote },
      session !== undefined && { session },
    )
    const conversation = await deps.resolveDocuments(asked, leaving.signal, notes.add, { callerId: keyId })
    if (!conversation.ok) return refuse(conversation.error)

    let summary: Summary | undefined
    let status = 200
    const reply = deps.relay(
      {
        conversation: conversation.value,
        callerId: keyId,
        priority,
        ...(accounts === undefined ? {} : { accounts }),
        ...(allows === undefined ? {} : { allows }),
        ...(terms === undefined ? {} : { terms }),
        ...(compression && { compression }),
        charge: admitted,
        arrivedAt,
        reasoningIfAsked: dialect.reasoningIfAsked === true,
        note: notes.add,
        locate: createLocate(body.value),
        onModel: (told) => {
          taken = told
        },
        onCompressed: (told) => {
          compressed = told
        },
        onEnd: (told) => {
          summary = told
          // A stream's end is the request's end; a whole reply, or an error before the headers, is told where it is sent.
          if (stream && opened) end(status, { summary: told })
        },
      },
      leaving.signal,
    )
    // Once the model answers, nothing of the body is needed any more.
    const { release } = room
    room = undefined
    reply.then(release, release)
    let opened = false
    const context: ReplyContext<unknown> = {
      id: requestId.slice(4),
      model,
      createdAt: arrivedAt,
      requestId,
      form: decoded.value.form,
    }
    if (!stream) {
      const sent = await reply
      const whole = sent.ok ? await foldReply(sent.value) : sent
      // A reply that nobody waits for any more may just stop, and is not the provider's fault.
      if (!whole.ok) return refuse(leaving.signal.aborted ? callerLeft : whole.error, summary)
      const answer = dialect.encodeReply(whole.value, context)
      capture?.reply(JSON.stringify(answer))
      end(200, summary === undefined ? {} : { summary })
      return Response.json(answer, { headers: headers() })
    }
    const first = await within(reply, deps.holdHeadersMs, effects)
    if (first !== undefined && !first.ok) return refuse(first.error, summary)
    opened = true
    if (summary !== undefined) end(status, { summary })
    status = 200
    return sseResponse({
      reply,
      early: first === undefined,
      encoder: captured(dialect.createEncoder(context), capture),
      keepAliveMs: deps.keepAliveMs,
      headers: headers(),
      effects,
      leave: leaving.leave,
      onStream: deps.onStream,
    })
  } catch (thrown) {
    const bug = () =>
      gatewayError('internal', 'The gateway failed on this request.', {
        cause: thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown),
      })
    return refuse(databaseAwayError(thrown) ?? bug())
  } finally {
    room?.release()
  }
}

export function errorResponse(dialect: Dialect, error: GatewayError, requestId: string, taken?: ModelTaken): Response {
  const { status, headers, body } = dialect.encodeError(error, { requestId })
  return Response.json(body, {
    status,
    headers: { ...headers, ...edgeOf(error), ...clientHeaders(requestId, taken) },
  })
}

const callerLeft = gatewayError('cancelled', 'The caller left before the end.')

/** What the edge itself says with an error. */
const edgeOf = ({ kind, isUnread }: GatewayError): Record<string, string> => ({
  ...(kind === 'unsupported-encoding' && { 'accept-encoding': acceptedEncodings }),
  // Else the rest would be waited for.
  ...(isUnread && { connection: 'close' }),
})

/**
 * What every answer of the client APIs carries: both APIs' names of its id, which model serves and why it is another than
 * the one named, leave for pages of other origins to read it, and that it is no page itself.
 */
export function clientHeaders(requestId: string, taken?: ModelTaken): Record<string, string> {
  const headers: Record<string, string> = { ...ofEveryAnswer, 'request-id': requestId, 'x-request-id': requestId }
  // The id is the provider's: what a header cannot carry must not break the answer.
  if (taken !== undefined) headers['x-model-served'] = taken.id.replace(/[^\x21-\x7e]/g, '?')
  if (taken?.because !== undefined) headers['x-model-reason'] = taken.because
  return headers
}
const ofEveryAnswer = { ...clientEdgeHeaders, ...openToAll }

function compressedHeader(compressed: Compressed | 'running'): string {
  if (compressed === 'running') return compressed
  const { messages, used, unshown } = compressed
  const members = [`messages=${messages}`]
  if (used === 'cached') members.push('cached')
  else if (used !== undefined) members.push(`input_tokens=${used.input.tokens}`, `output_tokens=${used.output.tokens}`)
  if (unshown.messages > 0)
    members.push(`unshown_characters=${unshown.characters}`, `unshown_messages=${unshown.messages}`)
  return members.join('; ')
}

/** The same encoder; what it writes is taken down where that was asked for. */
function captured(encoder: StreamEncoder, capture: Capture | undefined): StreamEncoder {
  if (capture === undefined) return encoder
  return {
    keepAlive: () => encoder.keepAlive(),
    encode: (event) => {
      const text = encoder.encode(event)
      capture.reply(text)
      return text
    },
  }
}

/** The session id clients put into headers, when the body named none. */
function withSession(conversation: Conversation, headers: Headers): Conversation {
  if (conversation.session !== undefined) return conversation
  for (const name of sessionHeaders) {
    const session = headers.get(name)?.trim() ?? ''
    if (session !== '') return { ...conversation, session: cutText(session, 200) }
  }
  return conversation
}
const sessionHeaders = [
  'x-claude-code-session-id',
  'x-session-affinity',
  'x-session-id',
  'session-id',
  'x-conversation-id',
]

/** An abort signal of our own that follows the client's leaving; cheaper to keep than a combined one. */
function leavingOf(request: Request): { readonly signal: AbortSignal; readonly leave: () => void } {
  const controller = new AbortController()
  const leave = (): void => controller.abort()
  if (request.signal.aborted) leave()
  else request.signal.addEventListener('abort', leave, { once: true })
  return { signal: controller.signal, leave }
}
