import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { Fault, FaultName } from '../../server/simulator/fault.ts'
import { eventually, type Gateway, startGateway } from '../support/gateway.ts'
import { anthropicFault } from '../support/grammar.ts'
import { readSse } from '../support/sse.ts'

// How replies end, what a half of one is, and what a caller sees of it: over HTTP, in both shapes of each API.

const model = 'claude-sonnet-4.5'
const thinker = 'claude-opus-4-7'
const tool = { name: 'run', input_schema: { type: 'object', properties: { x: { type: 'string' } } } }

let gateway: Gateway
beforeAll(async () => {
  gateway = await startGateway({
    config:
      'server:\n  keep_alive_seconds: 1\nupstream:\n  connect_timeout_ms: 1000\n  first_event_timeout_ms: 30000\n',
  })
})
afterAll(async () => {
  await gateway?.stop()
})

const post = (path: string, body: object): Promise<Response> =>
  fetch(gateway.url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${gateway.key}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
const messages = (content: unknown, more: object = {}): Promise<Response> =>
  post('/v1/messages', { model, max_tokens: 4_000, messages: [{ role: 'user', content }], ...more })
const chat = (content: unknown, more: object = {}): Promise<Response> =>
  post('/v1/chat/completions', { model, messages: [{ role: 'user', content }], ...more })

type Message = {
  readonly content: readonly { type: string; text?: string; thinking?: string; input?: unknown }[]
  readonly stop_reason: string
  readonly usage: { readonly output_tokens: number }
  readonly error?: { readonly type: string; readonly message: string; readonly code?: string }
}
type Chat = {
  readonly choices: readonly [
    { readonly message: { content: string | null; reasoning_content?: string }; readonly finish_reason: string },
  ]
  readonly usage: { readonly completion_tokens: number }
  readonly error?: { readonly type: string; readonly message: string; readonly code?: string }
}
const whole = async <T>(response: Promise<Response>): Promise<T & { status: number }> => {
  const answered = await response
  return { status: answered.status, ...((await answered.json()) as T) }
}
/** The events of a stream, by their JSON; `text` is what went over the wire. */
async function streamed(
  response: Promise<Response>,
): Promise<{ text: string; events: readonly Record<string, never>[] }> {
  const { text, data } = await readSse(await response)
  return { text, events: data.filter((line) => line !== '[DONE]').map((line) => JSON.parse(line)) }
}
const enqueue = (...faults: readonly (FaultName | Fault)[]): void => {
  gateway.simulator.clearQueue()
  for (const fault of faults) gateway.simulator.enqueue(fault)
}
const calls = (): number =>
  gateway.simulator.requests().filter(({ operation }) => operation === 'GenerateAssistantResponse').length
/** What the record of a request notes; records are written a moment after the answer. */
async function notesOf(response: Response): Promise<readonly string[]> {
  const id = response.headers.get('request-id')
  await response.body?.cancel()
  for (let tries = 0; tries < 300; tries++) {
    const { logs } = await gateway.admin('GET', '/v2/logs?limit=5')
    const record = (logs as { id: string; notes?: { first: { what: string }[] } }[]).find((one) => one.id === id)
    if (record !== undefined) return record.notes?.first.map(({ what }) => what) ?? []
    await Bun.sleep(100)
  }
  throw new Error('no record of the request')
}

describe('a reply closed properly without content', () => {
  test('is repeated once, then a well-formed empty answer of each API', async () => {
    const before = calls()
    enqueue('nothing-said', 'nothing-said')
    expect(await whole<Message>(messages('hi'))).toMatchObject({ status: 200, content: [], stop_reason: 'end_turn' })
    expect(calls() - before).toBe(2)
    enqueue('nothing-said', 'nothing-said')
    expect(await notesOf(await messages('hi'))).toEqual(['reply-repeated'])
    enqueue('nothing-said', 'nothing-said')
    expect(await whole<Chat>(chat('hi'))).toMatchObject({
      status: 200,
      choices: [{ message: { role: 'assistant', content: '' }, finish_reason: 'stop' }],
    })
  })
  test('streamed too', async () => {
    enqueue('nothing-said', 'nothing-said')
    const first = await streamed(messages('hi', { stream: true }))
    expect(anthropicFault(first.text)).toBeUndefined()
    expect(first.events.map(({ type }) => type).filter((type) => type !== ('ping' as never))).toEqual([
      'message_start',
      'message_delta',
      'message_stop',
    ] as never[])
    enqueue('nothing-said', 'nothing-said')
    const second = await streamed(chat('hi', { stream: true }))
    expect(second.events.at(-1)).toMatchObject({ choices: [{ delta: {}, finish_reason: 'stop' }] })
    expect(second.text).toEndWith('data: [DONE]\n\n')
  })
  test('is forgotten when the repeat says something', async () => {
    enqueue('nothing-said')
    expect((await whole<Message>(messages('Good day'))).content[0]?.text).toContain('Good day')
  })
})

describe('the provider’s own limit within a reply', () => {
  test('ends it as max_tokens and length, whole and streamed', async () => {
    enqueue('exception-too-long')
    expect(await whole<Message>(messages('hi'))).toMatchObject({ status: 200, stop_reason: 'max_tokens' })
    enqueue('exception-too-long')
    expect((await whole<Chat>(chat('hi'))).choices[0].finish_reason).toBe('length')
    enqueue('exception-too-long')
    const first = await streamed(messages('hi', { stream: true }))
    expect(anthropicFault(first.text)).toBeUndefined()
    expect(first.events.at(-2)).toMatchObject({ type: 'message_delta', delta: { stop_reason: 'max_tokens' } })
    enqueue('exception-too-long')
    const second = await streamed(chat('hi', { stream: true }))
    expect(second.events.at(-1)).toMatchObject({ choices: [{ finish_reason: 'length' }] })
  })
})

describe('too much for the provider', () => {
  test('reads so that agents compact', async () => {
    enqueue('body-too-large')
    const first = await whole<Message>(messages('hi', { stream: true }))
    expect(first).toMatchObject({ status: 400, error: { type: 'invalid_request_error' } })
    expect(first.error?.message).toStartWith('prompt is too long')
    enqueue('body-too-large')
    const second = await whole<Chat>(chat('hi'))
    expect(second).toMatchObject({ status: 400, error: { code: 'context_length_exceeded' } })
    expect(second.error?.message).toContain('maximum context length')
  })
  test('in one image that cannot be made smaller is told by its field', async () => {
    const data = `iVBORw0KGgoA${'A'.repeat(14 * 1024 * 1024)}`
    const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data } }
    const answer = await whole<Message>(messages([image, { type: 'text', text: 'What is it?' }]))
    expect(answer).toMatchObject({ status: 400, error: { type: 'invalid_request_error' } })
    expect(answer.error?.message).toBe('messages.0.content.0.source.data: image is not a sound PNG image.')
  })
})

describe('thinking', () => {
  test('between tags is found wherever a paragraph begins', async () => {
    const thinking = { type: 'enabled', budget_tokens: 2_000 }
    const answer = await whole<Message>(messages('Hi [[sim:thoughts=2]]', { thinking }))
    expect(answer.content.map(({ type }) => type)).toEqual(['thinking', 'text', 'thinking', 'text'])
    const stream = await streamed(messages('Hi [[sim:thoughts=3]]', { thinking, stream: true }))
    expect(anthropicFault(stream.text)).toBeUndefined()
    expect(stream.text).not.toContain('<thinking>')
  })
  test('that a caller of Messages did not ask for is not shown, but counted; Chat Completions shows it', async () => {
    const prompt = `[[sim:think=${'I think. '.repeat(50)}]][[sim:text=Done.]]`
    for (const thinking of [undefined, { type: 'disabled' }]) {
      const answer = await whole<Message>(messages(prompt, { model: thinker, ...(thinking && { thinking }) }))
      expect(answer.content.map(({ type }) => type)).toEqual(['text'])
      expect(answer.usage.output_tokens).toBeGreaterThan(100)
      const stream = await streamed(messages(prompt, { model: thinker, stream: true, ...(thinking && { thinking }) }))
      expect(anthropicFault(stream.text)).toBeUndefined()
      expect(stream.text).not.toContain('I think.')
    }
    const asked = await whole<Message>(messages(prompt, { model: thinker, thinking: { type: 'adaptive' } }))
    expect(asked.content.map(({ type }) => type)).toEqual(['thinking', 'text'])
    const byName = await whole<Message>(messages(prompt, { model: `${thinker}-thinking` }))
    expect(byName.content.map(({ type }) => type)).toEqual(['thinking', 'text'])
    expect((await whole<Chat>(chat(prompt, { model: thinker }))).choices[0].message.reasoning_content).toContain(
      'I think.',
    )
  })
})

describe('characters cut in two', () => {
  const prompt = '[[sim:think=Hm 🤔.]][[sim:text=A 🎉, a 👩‍👩‍👧.]]'
  const more = { model: thinker, thinking: { type: 'adaptive' } }
  const halves = /\\ud[89a-f]|\ufffd/i
  test('go out whole in text and thinking', async () => {
    enqueue('cut-characters')
    const answer = await whole<Message>(messages(prompt, more))
    expect(answer.content.map(({ text, thinking }) => text ?? thinking)).toEqual(['Hm 🤔.', 'A 🎉, a 👩‍👩‍👧.'])
    for (const ask of [messages, chat]) {
      enqueue('cut-characters')
      const { text } = await streamed(ask(prompt, { ...more, stream: true }))
      expect(text).toMatch('🎉')
      expect(text).not.toMatch(halves)
    }
  })
  test('and in tool input', async () => {
    const asked = '[[sim:tool=run]][[sim:input={"x":"🎉🙂"}]]'
    enqueue('cut-characters')
    const answer = await whole<Message>(messages(asked, { tools: [tool] }))
    expect(answer.content.find(({ type }) => type === 'tool_use')?.input).toEqual({ x: '🎉🙂' })
    enqueue('cut-characters')
    expect((await streamed(messages(asked, { tools: [tool], stream: true }))).text).not.toMatch(halves)
  })
})

describe('a slow model', () => {
  test('is waited for, kept alive and never asked twice', async () => {
    const shared = gateway
    // Elsewhere headers wait for the first event, whose error has a status.
    gateway = await startGateway({
      config: 'server:\n  keep_alive_seconds: 1\n  headers_hold_ms: 100\nupstream:\n  connect_timeout_ms: 1000\n',
    })
    try {
      enqueue({ name: 'slow-headers', waitMs: 2_500 })
      const { text } = await streamed(messages('[[sim:delay=2000]]Good day', { stream: true }))
      expect(text).toContain('event: ping')
      expect(anthropicFault(text)).toBeUndefined()
      expect(text).toContain('message_stop')
      enqueue({ name: 'slow-headers', waitMs: 2_500 })
      expect(await whole<Message>(messages('[[sim:delay=500]]Good day'))).toMatchObject({ status: 200 })
      expect(calls()).toBe(2)
    } finally {
      await gateway.stop()
      gateway = shared
    }
  })
})

describe('an account', () => {
  test('that never sends accounting is served, and the record says so; one that stops sending it was cut', async () => {
    // A gateway of its own: what it learns is kept.
    const own = await startGateway({ accounts: [{ plan: 'power', sendsAccounting: false }] })
    const shared = gateway
    gateway = own
    try {
      const [account] = own.accounts
      expect(await whole<Message>(messages('hi'))).toMatchObject({ status: 200, stop_reason: 'end_turn' })
      expect(await notesOf(await messages('hi'))).toEqual(['accounting-missing'])
      expect((await streamed(messages('hi', { stream: true }))).text).toContain('"stop_reason":"end_turn"')
      const calling = await whole<Message>(messages('[[sim:tool=run]]', { tools: [tool] }))
      expect(calling.stop_reason).toBe('tool_use')

      account?.set({ sendsAccounting: true })
      expect(await notesOf(await messages('hi'))).toEqual([])

      account?.set({ sendsAccounting: false })
      expect(await whole<Message>(messages('hi'))).toMatchObject({ status: 502 })
      expect((await streamed(messages('hi', { stream: true }))).text).toContain('event: error')
      // What was learnt outlives the process.
      await own.restart('SIGKILL')
      expect((await streamed(messages('hi', { stream: true }))).text).toContain('event: error')
      expect(await eventually(() => own.logs().includes('broken-reply'), 30_000)).toBeDefined()
    } finally {
      gateway = shared
      await own.stop()
    }
  }, 120_000)
})
