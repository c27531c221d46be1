import { describe, expect, test } from 'bun:test'
import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import type { ReplyEvent } from '../../server/conversation/event.ts'
import { foldReply, type Reply } from '../../server/conversation/reply.ts'
import { anthropic } from '../../server/dialect/anthropic/anthropic.ts'
import type { Dialect, EncodedError } from '../../server/dialect/dialect.ts'
import { openaiChat } from '../../server/dialect/openai-chat/openai-chat.ts'
import {
  asStream,
  callBlock,
  encodeAll,
  failure,
  finish,
  reasoningBlock,
  replyContext,
  replyStart,
  textBlock,
} from './samples.ts'

// The official clients' strictest readers, fed without a network.

const eventStream = (sse: string): Response =>
  new Response(sse, { status: 200, headers: { 'content-type': 'text/event-stream' } })
const json = ({ status, headers, body }: EncodedError): Response =>
  new Response(JSON.stringify(body), { status, headers: { ...headers, 'content-type': 'application/json' } })

const anthropicClient = (answer: () => Response): Anthropic =>
  new Anthropic({ apiKey: 'key', baseURL: 'http://gateway.test', maxRetries: 2, fetch: async () => answer() })
const openaiClient = (answer: () => Response): OpenAI =>
  new OpenAI({ apiKey: 'key', baseURL: 'http://gateway.test/v1', maxRetries: 2, fetch: async () => answer() })

const ask = { model: 'claude-sonnet-4.5', max_tokens: 100, messages: [{ role: 'user' as const, content: 'x' }] }
const finalMessage = (sse: string) =>
  anthropicClient(() => eventStream(sse))
    .messages.stream(ask)
    .finalMessage()
const finalCompletion = (sse: string) =>
  openaiClient(() => eventStream(sse))
    .chat.completions.stream({ ...ask, stream_options: { include_usage: true } })
    .finalChatCompletion()

/** The stream with a keep-alive before, between and after all frames but the last. */
const withKeepAlive = (dialect: Dialect, events: readonly ReplyEvent[]): string => {
  const { encode, keepAlive } = dialect.createEncoder(replyContext)
  return events.map((event) => keepAlive() + encode(event)).join('')
}

const text = [replyStart, ...textBlock(0, 'Hello ', 'wörld 👩‍💻'), finish('end')]
const twoCalls = [
  replyStart,
  ...textBlock(0, 'I look.'),
  ...callBlock(1, 'toolu_A', 'get_weather', '{"city"', ':"Oslo"}'),
  ...callBlock(2, 'toolu_B', 'now'),
  finish('tool-calls'),
]
const thinking = [replyStart, ...reasoningBlock(0, 'I plan.', 'c2lnbmVk'), ...textBlock(1, 'Done.'), finish('end')]
const broken = [replyStart, ...textBlock(0, 'Half'), { type: 'error', error: failure('broken-reply') }] as const

describe("Anthropic's client reads", () => {
  test.each([
    ['as it is', encodeAll(anthropic, text)],
    ['with keep-alives all over', withKeepAlive(anthropic, text)],
  ])('text, %s', async (_, sse) => {
    expect(await finalMessage(sse)).toMatchObject({
      id: 'msg_abc123',
      content: [{ type: 'text', text: 'Hello wörld 👩‍💻' }],
      stop_reason: 'end_turn',
      usage: { input_tokens: 12, output_tokens: 7 },
    })
  })

  test('two tool calls', async () => {
    expect(await finalMessage(encodeAll(anthropic, twoCalls))).toMatchObject({
      content: [
        { type: 'text', text: 'I look.' },
        { type: 'tool_use', id: 'toolu_A', name: 'get_weather', input: { city: 'Oslo' } },
        { type: 'tool_use', id: 'toolu_B', name: 'now', input: {} },
      ],
      stop_reason: 'tool_use',
    })
  })

  test('thinking with its signature', async () => {
    expect(await finalMessage(encodeAll(anthropic, thinking))).toMatchObject({
      content: [
        { type: 'thinking', thinking: 'I plan.', signature: 'c2lnbmVk' },
        { type: 'text', text: 'Done.' },
      ],
    })
  })

  test('a stream that breaks as an error', async () => {
    await expect(finalMessage(encodeAll(anthropic, broken))).rejects.toThrow('It went wrong.')
  })

  test('a whole answer as the stream', async () => {
    const reply = await foldReply(asStream(twoCalls))
    if (!reply.ok) throw new Error(reply.error.message)
    const body = anthropic.encodeReply(reply.value, replyContext)
    const whole = await anthropicClient(() => Response.json(body)).messages.create(ask)
    const streamed = await finalMessage(encodeAll(anthropic, twoCalls))
    expect(whole.content).toEqual(streamed.content.map((block) => ({ ...block })))
    expect(whole.usage).toMatchObject({ ...streamed.usage })
  })

  test.each([
    ['authentication', Anthropic.AuthenticationError],
    ['pool-exhausted', Anthropic.RateLimitError],
    ['no-healthy-account', Anthropic.InternalServerError],
    ['model-not-found', Anthropic.NotFoundError],
    ['context-too-long', Anthropic.BadRequestError],
  ] as const)('%s as its own error and asks only once', async (kind, errorClass) => {
    let asked = 0
    const client = anthropicClient(() => {
      asked += 1
      return json(anthropic.encodeError(failure(kind), { requestId: 'req_1' }))
    })
    const thrown = await client.messages.create(ask).then(undefined, (error: unknown) => error)
    expect(thrown).toBeInstanceOf(errorClass)
    expect(asked).toBe(1)
  })
})

describe("OpenAI's client reads", () => {
  test.each([
    ['as it is', encodeAll(openaiChat, text)],
    ['with keep-alives all over', withKeepAlive(openaiChat, text)],
  ])('text, %s', async (_, sse) => {
    const completion = await finalCompletion(sse)
    expect(completion).toMatchObject({
      id: 'chatcmpl-abc123',
      choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'Hello wörld 👩‍💻' } }],
      usage: { prompt_tokens: 12, completion_tokens: 7, total_tokens: 19 },
    })
  })

  test('two tool calls', async () => {
    const completion = await finalCompletion(encodeAll(openaiChat, twoCalls))
    expect(completion.choices[0]).toMatchObject({
      finish_reason: 'tool_calls',
      message: {
        content: 'I look.',
        tool_calls: [
          { id: 'toolu_A', type: 'function', function: { name: 'get_weather', arguments: '{"city":"Oslo"}' } },
          { id: 'toolu_B', type: 'function', function: { name: 'now', arguments: '{}' } },
        ],
      },
    })
  })

  test('thinking beside the text', async () => {
    const completion = await finalCompletion(encodeAll(openaiChat, thinking))
    expect(completion.choices[0]?.message).toMatchObject({ content: 'Done.', reasoning_content: 'I plan.' })
  })

  test('a stream that breaks as an error', async () => {
    await expect(finalCompletion(encodeAll(openaiChat, broken))).rejects.toThrow('It went wrong.')
  })

  test('a whole answer', async () => {
    const reply = await foldReply(asStream(twoCalls))
    if (!reply.ok) throw new Error(reply.error.message)
    const body = openaiChat.encodeReply(reply.value, replyContext)
    const whole = await openaiClient(() => Response.json(body)).chat.completions.create(ask)
    expect(whole.choices[0]?.message.tool_calls?.length).toBe(2)
  })

  test.each([
    ['authentication', OpenAI.AuthenticationError],
    ['pool-exhausted', OpenAI.RateLimitError],
    ['no-healthy-account', OpenAI.InternalServerError],
    ['model-not-found', OpenAI.NotFoundError],
    ['context-too-long', OpenAI.BadRequestError],
  ] as const)('%s as its own error and asks only once', async (kind, errorClass) => {
    let asked = 0
    const client = openaiClient(() => {
      asked += 1
      return json(openaiChat.encodeError(failure(kind), { requestId: 'req_1' }))
    })
    const thrown = await client.chat.completions.create(ask).then(undefined, (error: unknown) => error)
    expect(thrown).toBeInstanceOf(errorClass)
    expect(asked).toBe(1)
  })
})

test("Anthropic's tool runner goes on without threads when they are refused", async () => {
  const threads: boolean[] = []
  const usage = { input: replyStart.input, output: replyStart.input }
  const answers: readonly Reply[] = [
    { blocks: [{ type: 'tool-call', id: 'toolu_1', name: 'now', json: '{}' }], reason: 'tool-calls', usage },
    { blocks: [{ type: 'text', text: 'It is noon.' }], reason: 'end', usage },
  ]
  let answered = 0
  const client = new Anthropic({
    apiKey: 'key',
    baseURL: 'http://gateway.test',
    fetch: async (_url, init) => {
      const body = JSON.parse(String(init?.body)) as { readonly thread?: unknown }
      threads.push(body.thread !== undefined)
      const decoded = anthropic.decode(body)
      if (!decoded.ok) return json(anthropic.encodeError(decoded.error, { requestId: 'req_1' }))
      const answer = answers[answered++]
      return answer === undefined
        ? json(anthropic.encodeError(failure('internal'), { requestId: 'req_1' }))
        : Response.json(anthropic.encodeReply(answer, replyContext))
    },
  })
  const runner = client.beta.messages.toolRunner({
    ...ask,
    tools: [
      {
        name: 'now',
        description: 'The time',
        input_schema: { type: 'object', properties: {} },
        run: async () => '12:00',
        parse: (input: unknown) => input,
      },
    ],
  })
  const message = await runner
  expect(message.content).toMatchObject([{ type: 'text', text: 'It is noon.' }])
  expect(threads).toEqual([true, false, false])
})
