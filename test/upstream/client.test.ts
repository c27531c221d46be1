import { afterEach, describe, expect, test } from 'bun:test'
import { encodeFrame } from '../../server/codec/eventstream.ts'
import type { Tool, ToolChoice } from '../../server/conversation/conversation.ts'
import { gatewayError } from '../../server/conversation/error.ts'
import type { UpstreamEvent } from '../../server/conversation/event.ts'
import type { Note } from '../../server/conversation/note.ts'
import { err, ok } from '../../server/lib/result.ts'
import { createAmazonQ } from '../../server/upstream/amazonq/client.ts'
import type { Access, TokenSource } from '../../server/upstream/amazonq/credentials.ts'
import type { AmazonQSettings } from '../../server/upstream/amazonq/endpoint.ts'
import type { RequestBody } from '../../server/upstream/amazonq/wire.ts'
import type { UpstreamCall } from '../../server/upstream/upstream.ts'
import { createTestEffects, settle } from '../support/effects.ts'
import { startMutePeer } from '../support/mute-peer.ts'
import { batchesOf, stepsOf } from '../support/source.ts'
import { amazonQSettings, assistant, conversation, image, modelInfo, user } from './conversation-support.ts'
import { until } from './identity-support.ts'

const event = (type: string, payload: object): Uint8Array =>
  encodeFrame(
    { ':event-type': type, ':content-type': 'application/json', ':message-type': 'event' },
    JSON.stringify(payload),
  )
const text = (content: string): Uint8Array => event('assistantResponseEvent', { content })
const initial = event('initial-response', { conversationId: '' })
const metering = event('meteringEvent', { unit: 'credit', usage: 0.5 })
const stream = { headers: { 'content-type': 'application/vnd.amazon.eventstream', 'x-amzn-requestid': 'req-1' } }
const whole = (...frames: readonly Uint8Array[]): Response => new Response(Buffer.concat(frames), stream)

type Handler = (request: Request, seen: Seen) => Response | Promise<Response>
type Seen = { readonly url: URL; readonly headers: Headers; readonly body: RequestBody }

const stops: (() => void)[] = []
afterEach(() => {
  for (const stop of stops.splice(0)) stop()
})

/** The client against a provider on loopback, with a clock that stands still. */
function setUp(handler: Handler, more: Partial<AmazonQSettings> = {}, tokens?: TokenSource) {
  const seen: Seen[] = []
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    idleTimeout: 0,
    fetch: async (request) => {
      const one = { url: new URL(request.url), headers: request.headers, body: (await request.json()) as RequestBody }
      seen.push(one)
      return handler(request, one)
    },
  })
  stops.push(() => void server.stop(true))
  const effects = createTestEffects()
  const upstream = createAmazonQ({
    settings: { ...amazonQSettings, qUrl: `http://127.0.0.1:${server.port}`, ...more },
    effects,
    accounting: { has: () => true, add: () => undefined },
    tokens: tokens ?? {
      get: async () => ok(access),
      replace: async () => err(gatewayError('token-rejected', 'No other.')),
    },
  })
  const controller = new AbortController()
  const send = (more: Partial<UpstreamCall> = {}) => upstream.send({ ...call, ...more }, controller.signal)
  return { send, seen, effects, leave: () => controller.abort(), server }
}

const access: Access = { token: 'token-1', method: 'builder-id', region: 'us-east-1' }
const call: UpstreamCall = {
  accountId: 'acc_1',
  conversation: conversation(),
  model: modelInfo(),
  conversationId: '11111111-2222-4333-8444-555555555555',
  invocationId: '99999999-2222-4333-8444-555555555555',
  attempt: 2,
}

type Sent = Awaited<ReturnType<ReturnType<typeof setUp>['send']>>
async function eventsOf(sent: Sent): Promise<readonly UpstreamEvent[]> {
  if (!sent.ok) throw new Error(`${sent.error.kind}: ${sent.error.message}`)
  return (await batchesOf(sent.value.events)).flat()
}
const errorOf = (sent: Sent): string | undefined => (sent.ok ? undefined : sent.error.kind)
const typesOf = (events: readonly UpstreamEvent[]): readonly string[] => events.map(({ type }) => type)
const lastError = (events: readonly UpstreamEvent[]): string | undefined => {
  const last = events.at(-1)
  return last?.type === 'error' ? last.error.kind : undefined
}

async function mutePort(): Promise<number> {
  const peer = await startMutePeer()
  stops.push(peer.stop)
  return peer.port
}

/** A body that is written by hand; `gone` tells when the client is. */
function handWritten() {
  let sink: ReadableStreamDefaultController<Uint8Array> | undefined
  let gone = false
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      sink = controller
    },
    cancel: () => {
      gone = true
    },
  })
  return {
    response: () => new Response(body, stream),
    write: (...frames: readonly Uint8Array[]) => sink?.enqueue(Buffer.concat(frames)),
    end: () => sink?.close(),
    isGone: () => gone,
  }
}

describe('a call', () => {
  test('carries what the protocol needs and a truthful name', async () => {
    const { send, seen } = setUp(() => whole(initial, text('Hi'), metering))
    const sent = await send()
    expect(typesOf(await eventsOf(sent))).toEqual(['text-start', 'text-delta', 'text-end', 'finish'])
    expect(sent.ok ? sent.value.providerRequestId : undefined).toBe('req-1')
    const [{ url, headers, body } = {} as Seen] = seen
    expect(url?.pathname).toBe('/')
    expect(Object.fromEntries(headers ?? [])).toMatchObject({
      authorization: 'Bearer token-1',
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': 'AmazonCodeWhispererStreamingService.GenerateAssistantResponse',
      'amz-sdk-invocation-id': call.invocationId,
      'amz-sdk-request': 'attempt=2; max=3',
      'x-amzn-codewhisperer-optout': 'true',
    })
    expect(headers?.get('user-agent')).toStartWith('claude-server/0.0.0 ')
    expect(headers?.has('tokentype')).toBe(false)
    expect(body?.conversationState.currentMessage.userInputMessage.content).toBe('Hello')
  })
  test('of a strict tool whose input is no JSON object does not end the reply, of another it does', async () => {
    const use = (toolUseId: string, input: string) =>
      event('toolUseEvent', { toolUseId, name: 'run', input, stop: true })
    const { send } = setUp(() => whole(use('a', '{"x":'), use('b', '{}'), metering))
    const ended = async (more: Partial<Tool>, toolChoice: ToolChoice = { type: 'auto' }) => {
      const tools = [{ name: 'run', description: 'Runs.', schema: {}, ...more }]
      const events = await eventsOf(await send({ conversation: conversation({ tools, toolChoice }) }))
      return [typesOf(events).filter((type) => type === 'tool-call-end').length, lastError(events)]
    }
    expect(await ended({ strict: { at: 'tools.0' } })).toEqual([2, undefined])
    expect(await ended({})).toEqual([0, 'broken-reply'])
    expect(await ended({ strict: { at: 'tools.0' } }, { type: 'none' })).toEqual([0, 'broken-reply'])
  })
  test('by REST has a path of its own and no target; an API key says that it is one', async () => {
    const tokens: TokenSource = {
      get: async () => ok({ ...access, method: 'api-key', token: 'ksk_1' }),
      replace: async () => err(gatewayError('token-rejected', 'x')),
    }
    const { send, seen } = setUp(() => whole(text('Hi'), metering), { protocol: 'rest', optOut: false }, tokens)
    await eventsOf(await send())
    expect(seen[0]?.url.pathname).toBe('/generateAssistantResponse')
    expect(seen[0]?.headers.get('content-type')).toBe('application/json')
    expect(seen[0]?.headers.has('x-amz-target')).toBe(false)
    expect(seen[0]?.headers.get('tokentype')).toBe('API_KEY')
    expect(seen[0]?.headers.get('x-amzn-codewhisperer-optout')).toBe('false')
  })
  test('resolves with the first content, and each network read is one batch', async () => {
    const body = handWritten()
    const { send } = setUp(() => body.response())
    const sending = send()
    body.write(initial)
    const early = await Promise.race([sending, Bun.sleep(30).then(() => 'waiting')])
    expect(early).toBe('waiting')
    body.write(text('One'))
    const sent = await sending
    if (!sent.ok) throw new Error(sent.error.message)
    const reading = stepsOf(sent.value.events)
    expect((await reading.next())?.at(-1)).toEqual({ type: 'text-delta', index: 0, text: 'One' })
    body.write(text('Two'), text('Three'))
    expect(await reading.next()).toHaveLength(2)
    body.write(metering)
    body.end()
    expect(typesOf((await reading.next()) ?? [])).toEqual(['text-end', 'finish'])
    expect(await reading.next()).toBeUndefined()
  })
  test('reads tool names back and splits tags when it asked for them', async () => {
    const { send } = setUp((_, { body }) => {
      const spec = body.conversationState.currentMessage.userInputMessage.userInputMessageContext?.tools?.[0]
      const name = spec?.toolSpecification.name ?? ''
      return whole(
        text('<thinking>Hm.</thinking>\n\nOk'),
        event('toolUseEvent', { name, toolUseId: 'a', stop: true }),
        metering,
      )
    })
    const asked = conversation({
      thinking: { type: 'enabled' },
      tools: [{ name: 'web_search', description: 'x', schema: {} }],
    })
    const events = await eventsOf(await send({ conversation: asked }))
    expect(events).toContainEqual({ type: 'reasoning-delta', index: 0, text: 'Hm.' })
    expect(events).toContainEqual({ type: 'tool-call-start', index: 2, id: 'a', name: 'web_search' })
  })
})

describe('a refusal', () => {
  const refused = (status: number, body: object, headers: Record<string, string> = {}): Response =>
    Response.json(body, { status, headers })
  const badToken = (): Response => refused(403, { message: 'The bearer token included in the request is invalid.' })

  test('is an error in our words, with the wait', async () => {
    const { send } = setUp(() => refused(429, { message: 'Slow down.' }, { 'retry-after': '3' }))
    const sent = await send()
    expect(sent.ok ? undefined : sent.error).toMatchObject({
      kind: 'rate-limited',
      message: 'Slow down.',
      retryAfterMs: 3_000,
    })
  })
  test('of the token is answered with a newer one, once', async () => {
    const asked: string[] = []
    const tokens: TokenSource = {
      get: async () => ok(access),
      replace: async (_, token) => {
        asked.push(token)
        return ok({ ...access, token: 'token-2' })
      },
    }
    const works = setUp(
      (request) => (request.headers.get('authorization')?.endsWith('2') ? whole(text('Hi'), metering) : badToken()),
      {},
      tokens,
    )
    expect(lastError(await eventsOf(await works.send()))).toBeUndefined()
    expect(asked).toEqual(['token-1'])
    expect(works.seen.map(({ headers }) => headers.get('amz-sdk-request'))).toEqual([
      'attempt=2; max=3',
      'attempt=3; max=3',
    ])
    const fails = setUp(badToken, {}, tokens)
    expect(errorOf(await fails.send())).toBe('token-rejected')
    expect(fails.seen).toHaveLength(2)
  })
  test('of the token is final when there is no other', async () => {
    const fails = setUp(badToken)
    expect(errorOf(await fails.send())).toBe('token-rejected')
    expect(fails.seen).toHaveLength(1)
    const same = setUp(badToken, {}, { get: async () => ok(access), replace: async () => ok(access) })
    expect(errorOf(await same.send())).toBe('token-rejected')
    expect(same.seen).toHaveLength(1)
  })
  test('of a signature leaves all reasoning out and repeats, once', async () => {
    const signature = { message: 'Invalid signature.', reason: 'THINKING_SIGNATURE_INVALID' }
    const thought = { type: 'reasoning', text: 'x', signature: 'y' } as const
    const asked = conversation({ messages: [user('A'), assistant(thought, 'B'), user('C')] })
    const { send, seen } = setUp((_, { body }) =>
      JSON.stringify(body).includes('reasoningContent') ? refused(400, signature) : whole(text('Hi'), metering),
    )
    expect(lastError(await eventsOf(await send({ conversation: asked })))).toBeUndefined()
    expect(seen).toHaveLength(2)
    const without = setUp(() => refused(400, signature))
    expect(errorOf(await without.send())).toBe('thinking-signature')
    expect(without.seen).toHaveLength(1)
  })
  describe('of an image repeats once without the old ones', () => {
    const history = [user('A', image()), assistant('B')]
    const noEyes = {
      message: "Bedrock error message: This model doesn't support the image content block that you provided.",
      reason: 'IMAGE_FORMAT_UNSUPPORTED',
    }
    const unreadable = { message: 'Could not process image' }
    const answer =
      (refusal: object) =>
      (_: Request, { body }: Seen): Response =>
        JSON.stringify(body).includes('"images"') ? refused(400, refusal) : whole(text('Hi'), metering)
    const asked = conversation({ messages: [...history, user('C')] })

    test('and says so', async () => {
      const notes: Note[] = []
      const { send, seen } = setUp(answer(unreadable))
      const sent = await send({ conversation: asked, note: (note) => notes.push(note) })
      expect(lastError(await eventsOf(sent))).toBeUndefined()
      expect(JSON.stringify(seen[1]?.body)).toContain('[image left out: the provider refused an image')
      expect(notes.map(({ what }) => what)).toEqual(['attachment-left-out'])
      // Another conversation of this model has done nothing wrong.
      await send({ conversation: asked })
      expect(seen).toHaveLength(4)
    })

    test('and at once the next time, where the model takes none at all', async () => {
      const { send, seen } = setUp(answer(noEyes))
      for (let turn = 0; turn < 2; turn++) {
        expect(lastError(await eventsOf(await send({ conversation: asked })))).toBeUndefined()
      }
      expect(seen).toHaveLength(3)
    })

    test('and stands where the newest turn has it', async () => {
      const { send, seen } = setUp(answer(unreadable))
      expect(errorOf(await send({ conversation: conversation({ messages: [user('A', image())] }) }))).toBe(
        'invalid-request',
      )
      expect(seen).toHaveLength(1)
      const both = conversation({ messages: [...history, user('C', image())] })
      expect(errorOf(await send({ conversation: both }))).toBe('invalid-request')
      expect(seen).toHaveLength(3)
    })
  })
  test('of an account without a token never reaches the network', async () => {
    const none: TokenSource = {
      get: async () => err(gatewayError('account-refused', 'Sign in again.')),
      replace: async () => err(gatewayError('account-refused', 'x')),
    }
    const { send, seen } = setUp(() => whole(), {}, none)
    expect(errorOf(await send())).toBe('account-refused')
    expect(seen).toHaveLength(0)
  })
  test('whose token cannot be renewed for now says nothing about the account or the way to its host', async () => {
    const away = err(gatewayError('renewal-failed', 'The sign-in service could not be reached.'))
    const none = setUp(() => whole(), {}, { get: () => away, replace: async () => away })
    expect(errorOf(await none.send())).toBe('renewal-failed')
    const stale = { get: async () => ok(access), replace: async () => away }
    const refused = setUp(badToken, {}, stale)
    expect(errorOf(await refused.send())).toBe('renewal-failed')
    const unread = err(gatewayError('internal', 'The stored sign-in could not be read or written.'))
    const disk = setUp(() => whole(), {}, { get: () => unread, replace: async () => unread })
    expect(errorOf(await disk.send())).toBe('renewal-failed')
  })
  test('whose token takes long to come is given up for now, while its refresh goes on', async () => {
    const { send, seen, effects } = setUp(
      () => whole(),
      {},
      { get: () => new Promise(() => {}), replace: () => new Promise(() => {}) },
    )
    const sending = send()
    await effects.advance(8_000)
    const sent = await sending
    expect(sent.ok ? undefined : sent.error).toMatchObject({ kind: 'renewal-failed', retryAfterMs: 1_000 })
    expect([seen.length, effects.timers()]).toEqual([0, 0])
  })
  test('of an account that was switched off meanwhile never reaches the network', async () => {
    const { send, seen } = setUp(() => whole(text('Hi'), metering))
    expect(errorOf(await send({ isCurrent: () => false }))).toBe('no-account')
    expect(seen).toHaveLength(0)
  })
})

describe('a reply that fails', () => {
  const throttled = encodeFrame(
    { ':exception-type': 'ThrottlingException', ':message-type': 'exception' },
    JSON.stringify({ message: 'Slow.', retryAfterMilliseconds: 9 }),
  )
  test.each([
    ['by an exception', () => whole(initial, throttled), 'rate-limited'],
    ['by being empty', () => whole(initial, metering), 'empty-reply'],
    ['by having no body', () => whole(), 'empty-reply'],
    ['by a wrong CRC', () => whole(text('Hi').with(30, 0)), 'broken-reply'],
    ['by being JSON', () => Response.json({ message: 'Not a stream.' }), 'upstream-failed'],
  ])('before content %s is an error value', async (_, answer, kind) => {
    expect(errorOf(await setUp(answer).send())).toBe(kind)
  })
  test.each([
    ['by an exception', () => whole(text('Hi'), throttled), 'rate-limited'],
    ['by being cut on a border', () => whole(text('Hi')), 'broken-reply'],
    ['by being cut in a frame', () => whole(text('Hi'), text('there').subarray(0, 40)), 'broken-reply'],
    ['by a wrong CRC', () => whole(text('Hi'), text('there').with(30, 0), metering), 'broken-reply'],
  ])('after content %s is the last event', async (_, answer, kind) => {
    const events = await eventsOf(await setUp(answer).send())
    expect(typesOf(events)).toEqual(['text-start', 'text-delta', 'error'])
    expect(lastError(events)).toBe(kind)
  })
  test('by a lost connection is unreachable before content and broken after it', async () => {
    const drop = (frames: readonly Uint8Array[], when: Promise<void>) =>
      Bun.listen({
        hostname: '127.0.0.1',
        port: 0,
        socket: {
          data: (socket, received) => {
            // The request comes in two pieces, its body behind its head.
            if (!received.toString().endsWith('}')) return
            if (frames.length > 0) {
              const body = Buffer.concat(frames)
              socket.write(
                'HTTP/1.1 200 OK\r\ncontent-type: application/vnd.amazon.eventstream\r\ntransfer-encoding: chunked\r\n\r\n',
              )
              socket.write(`${body.length.toString(16)}\r\n`)
              socket.write(body)
              socket.write('\r\n')
            }
            void when.then(() => socket.terminate())
          },
        },
      })
    for (const [frames, kind] of [
      [[], 'upstream-unreachable'],
      [[initial], 'upstream-unreachable'],
    ] as const) {
      const server = drop(frames, Bun.sleep(20))
      stops.push(() => server.stop(true))
      const { send } = setUp(() => whole(), { qUrl: `http://127.0.0.1:${server.port}` })
      expect(errorOf(await send())).toBe(kind)
    }
    // What is cut off may take along what was not read yet.
    const begun = Promise.withResolvers<void>()
    const server = drop([text('Hi')], begun.promise)
    stops.push(() => server.stop(true))
    const { send } = setUp(() => whole(), { qUrl: `http://127.0.0.1:${server.port}` })
    const sent = await send()
    begun.resolve()
    expect(lastError(await eventsOf(sent))).toBe('broken-reply')
  })
  test('where nobody listens is unreachable', async () => {
    const { send, server } = setUp(() => whole())
    await server.stop(true)
    const sent = await send()
    expect(sent.ok ? undefined : sent.error).toMatchObject({ kind: 'upstream-unreachable' })
  })
})

describe('who leaves', () => {
  test('before the provider answers gets an error at once', async () => {
    let gone = false
    const { send, seen, leave } = setUp(async (request) => {
      request.signal.addEventListener('abort', () => {
        gone = true
      })
      await Bun.sleep(5_000)
      return whole()
    })
    const sending = send()
    await until(() => seen.length === 1)
    leave()
    expect(errorOf(await sending)).toBe('cancelled')
    await until(() => gone)
  })
  test('while the token is fetched does not wait for it, and nothing is sent', async () => {
    const { send, seen, leave } = setUp(
      () => whole(),
      {},
      { get: () => new Promise(() => {}), replace: () => new Promise(() => {}) },
    )
    const sending = send()
    leave()
    expect(errorOf(await sending)).toBe('cancelled')
    expect(errorOf(await send())).toBe('cancelled')
    expect(seen).toHaveLength(0)
  })
  test('within the reply ends it for both sides', async () => {
    const body = handWritten()
    const { send, leave, effects } = setUp(() => body.response())
    const sending = send()
    body.write(text('Hi'))
    const sent = await sending
    if (!sent.ok) throw new Error(sent.error.message)
    const reading = stepsOf(sent.value.events)
    await reading.next()
    const next = reading.next()
    leave()
    expect(lastError((await next) ?? [])).toBe('cancelled')
    expect(await reading.next()).toBeUndefined()
    await until(body.isGone)
    expect(effects.timers()).toBe(0)
  })
  test.each([
    ['the loop', true],
    ['before the first step', false],
  ])('%s cancels the call', async (_, begin) => {
    const body = handWritten()
    const { send, effects } = setUp(() => body.response())
    const sending = send()
    body.write(text('Hi'))
    const sent = await sending
    if (!sent.ok) throw new Error(sent.error.message)
    const reading = stepsOf(sent.value.events)
    if (begin) await reading.next()
    await reading.leave()
    await until(body.isGone)
    expect(await reading.next()).toBeUndefined()
    expect(effects.timers()).toBe(0)
  })
})

describe('time limits', () => {
  test('for a connection: a peer that takes it and never shakes hands', async () => {
    const { send, effects } = setUp(() => whole(), { qUrl: `https://127.0.0.1:${await mutePort()}` })
    const sending = send()
    await until(() => effects.timers() > 0)
    await effects.advance(amazonQSettings.connectTimeoutMs - 1)
    expect(await Promise.race([sending, settle().then(() => 'waiting')])).toBe('waiting')
    await effects.advance(1)
    const sent = await sending
    expect(sent.ok ? undefined : sent.error).toMatchObject({
      kind: 'upstream-unreachable',
      cause: 'no connection within 1000 ms',
    })
    expect(effects.timers()).toBe(0)
  })
  test('for headers and first content together, long after the connection stood; nothing is sent twice', async () => {
    const body = handWritten()
    const answer = Promise.withResolvers<Response>()
    const { send, seen, effects } = setUp(() => answer.promise)
    const sending = send()
    await until(() => seen.length === 1)
    await effects.advance(amazonQSettings.connectTimeoutMs * 3)
    answer.resolve(body.response())
    body.write(initial)
    await Bun.sleep(30)
    await effects.advance(1_900)
    body.write(text('Hi'), metering)
    body.end()
    expect(typesOf(await eventsOf(await sending))).toEqual(['text-start', 'text-delta', 'text-end', 'finish'])
    expect(seen).toHaveLength(1)
  })
  test('for headers that never come', async () => {
    const { send, seen, effects } = setUp(() => new Promise<Response>(() => undefined))
    const sending = send()
    await until(() => seen.length === 1)
    await effects.advance(amazonQSettings.firstEventTimeoutMs - 1)
    expect(await Promise.race([sending, settle().then(() => 'waiting')])).toBe('waiting')
    await effects.advance(1)
    const sent = await sending
    expect(sent.ok ? undefined : sent.error).toMatchObject({ kind: 'timeout', cause: 'no first-event within 5000 ms' })
  })
  test('for the first content, which frames without any do not prolong', async () => {
    const body = handWritten()
    const { send, seen, effects } = setUp(() => body.response())
    const sending = send()
    body.write(initial)
    // The connection stands.
    await until(() => seen.length === 1)
    await Bun.sleep(30)
    await effects.advance(4_000)
    body.write(initial)
    await Bun.sleep(30)
    await effects.advance(1_000)
    const sent = await sending
    expect(sent.ok ? undefined : sent.error).toMatchObject({ kind: 'timeout', cause: 'no first-event within 5000 ms' })
    await until(body.isGone)
  })
  test('for silence within the reply; the consumer’s own pauses do not count', async () => {
    const body = handWritten()
    const { send, effects } = setUp(() => body.response())
    const sending = send()
    body.write(text('Hi'))
    const sent = await sending
    if (!sent.ok) throw new Error(sent.error.message)
    const reading = stepsOf(sent.value.events)
    await reading.next()
    await effects.advance(60_000)
    const next = reading.next()
    await effects.advance(1_999)
    body.write(text('there'))
    expect(await next).toEqual([{ type: 'text-delta', index: 0, text: 'there' }])
    const silent = reading.next()
    await effects.advance(2_000)
    expect(lastError((await silent) ?? [])).toBe('timeout')
    await until(body.isGone)
    expect(effects.timers()).toBe(0)
  })
})

test('nothing is read ahead of a consumer that does not ask', async () => {
  let written = 0
  const piece = text('x'.repeat(256 * 1024))
  const endless = new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        written += piece.length
        controller.enqueue(piece)
        await Bun.sleep(0)
      },
    },
    { highWaterMark: 0 },
  )
  const { send } = setUp(() => new Response(endless, stream))
  const sent = await send()
  if (!sent.ok) throw new Error(sent.error.message)
  // Until the buffers on the way are full.
  let before = -1
  while (written !== before && written < 64 * 1024 * 1024) {
    before = written
    await Bun.sleep(300)
  }
  expect(before).toBeLessThan(64 * 1024 * 1024)
  sent.value.events.drop()
})
