import { describe, expect, test } from 'bun:test'
import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import type { ReplyEvent } from '../../server/conversation/event.ts'
import { foldReply, type Reply } from '../../server/conversation/reply.ts'
import { anthropic } from '../../server/dialect/anthropic/anthropic.ts'
import type { Dialect, EncodedError } from '../../server/dialect/dialect.ts'
import { openaiChat } from '../../server/dialect/openai-chat/openai-chat.ts'
import type { Origin } from '../../server/dialect/openai-responses/names.ts'
import {
  asStream,
  callBlock,
  encodeAll,
  failure,
  finish,
  openaiResponses,
  reasoningBlock,
  replyContext,
  replyStart,
  sampleForm,
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
  const encoder = dialect.createEncoder(replyContext)
  return events.map((event) => encoder.keepAlive() + encoder.encode(event)).join('')
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

describe("OpenAI's client reads of the Responses API", () => {
  const asked = { model: 'claude-sonnet-4.5', input: 'x' }
  const finalResponse = (sse: string) =>
    openaiClient(() => eventStream(sse))
      .responses.stream(asked)
      .finalResponse()

  test.each([
    ['as it is', encodeAll(openaiResponses, text)],
    ['with keep-alives all over', withKeepAlive(openaiResponses, text)],
  ])('text, %s', async (_, sse) => {
    const response = await finalResponse(sse)
    expect(response).toMatchObject({ id: 'resp_abc123', status: 'completed', output_text: 'Hello wörld 👩‍💻' })
    expect(response.usage).toMatchObject({ input_tokens: 12, output_tokens: 7, total_tokens: 19 })
  })

  test('two tool calls', async () => {
    const response = await finalResponse(withKeepAlive(openaiResponses, twoCalls))
    expect(response.output).toMatchObject([
      { type: 'message', content: [{ type: 'output_text', text: 'I look.' }] },
      { type: 'function_call', call_id: 'toolu_A', name: 'get_weather', arguments: '{"city":"Oslo"}' },
      { type: 'function_call', call_id: 'toolu_B', name: 'now', arguments: '{}' },
    ])
  })

  test('the call of a freeform tool, and of one in a group', async () => {
    const names = new Map<string, Origin>([
      ['apply_patch', { kind: 'custom', name: 'apply_patch' }],
      ['mcp__docs__search', { kind: 'function', name: 'search', namespace: 'mcp__docs' }],
    ])
    const events = [
      replyStart,
      ...callBlock(0, 'toolu_A', 'apply_patch', '{"inp', 'ut": "*** \\u00', 'e9\\n', 'x"}'),
      ...callBlock(1, 'toolu_B', 'mcp__docs__search', '{}'),
      finish('tool-calls'),
    ]
    const context = { ...replyContext, form: { ...sampleForm, names } }
    const response = await finalResponse(encodeAll(openaiResponses, events, context))
    expect(response.output).toMatchObject([
      { type: 'custom_tool_call', call_id: 'toolu_A', name: 'apply_patch', input: '*** é\nx' },
      { type: 'function_call', call_id: 'toolu_B', name: 'search', namespace: 'mcp__docs', arguments: '{}' },
    ])
  })

  test('thinking as a summary', async () => {
    const response = await finalResponse(withKeepAlive(openaiResponses, thinking))
    expect(response.output).toMatchObject([
      {
        type: 'reasoning',
        summary: [{ type: 'summary_text', text: 'I plan.' }],
        encrypted_content: expect.any(String),
      },
      { type: 'message' },
    ])
  })

  test('a reply cut short, a reply that was filtered', async () => {
    const cut = await finalResponse(
      encodeAll(openaiResponses, [replyStart, ...textBlock(0, 'Half'), finish('max-tokens')]),
    )
    expect(cut).toMatchObject({ status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } })
    expect(cut.output).toMatchObject([{ type: 'message', status: 'incomplete' }])
    const filtered = await finalResponse(encodeAll(openaiResponses, [replyStart, finish('filtered')]))
    expect(filtered).toMatchObject({ status: 'incomplete', incomplete_details: { reason: 'content_filter' } })
  })

  test('a stream that breaks, as a response that failed', async () => {
    const response = await finalResponse(encodeAll(openaiResponses, broken))
    expect(response).toMatchObject({ status: 'failed', error: { code: 'server_error', message: 'It went wrong.' } })
  })

  test('a whole answer as the stream', async () => {
    for (const events of [text, twoCalls, thinking]) {
      const reply = await foldReply(asStream(events))
      if (!reply.ok) throw new Error(reply.error.message)
      const body = openaiResponses.encodeReply(reply.value, replyContext)
      const whole = await openaiClient(() => Response.json(body)).responses.create(asked)
      const streamed = await finalResponse(encodeAll(openaiResponses, events))
      expect(JSON.parse(JSON.stringify(whole.output))).toEqual(
        JSON.parse(JSON.stringify(streamed.output), (key, value) => (/^parsed/.test(key) ? undefined : value)),
      )
      expect(whole).toMatchObject({ output_text: streamed.output_text, usage: { ...streamed.usage } })
    }
  })

  test('structured output, parsed', async () => {
    const json = [replyStart, ...textBlock(0, '{"city":', '"Oslo"}'), finish('end')]
    const format = { type: 'json_schema', name: 'city', strict: true, schema: { type: 'object' } } as const
    const client = openaiClient(() => eventStream(encodeAll(openaiResponses, json)))
    const streamed = await client.responses.stream({ ...asked, text: { format } }).finalResponse()
    expect(JSON.parse(streamed.output_text)).toEqual({ city: 'Oslo' })
    const reply = await foldReply(asStream(json))
    if (!reply.ok) throw new Error(reply.error.message)
    const body = openaiResponses.encodeReply(reply.value, replyContext)
    const parsing = { ...format, $parseRaw: JSON.parse, $brand: 'auto-parseable-response-format' }
    Object.defineProperty(parsing, '$brand', { enumerable: false })
    Object.defineProperty(parsing, '$parseRaw', { enumerable: false })
    const parsed = await openaiClient(() => Response.json(body)).responses.parse({
      ...asked,
      text: { format: parsing },
    })
    expect(parsed.output_parsed as unknown).toEqual({ city: 'Oslo' })
  })

  test.each([
    ['authentication', OpenAI.AuthenticationError, 'invalid_api_key'],
    ['pool-exhausted', OpenAI.RateLimitError, 'insufficient_quota'],
    ['model-not-found', OpenAI.NotFoundError, 'model_not_found'],
    ['context-too-long', OpenAI.BadRequestError, 'context_length_exceeded'],
    ['previous-response-not-found', OpenAI.BadRequestError, 'previous_response_not_found'],
  ] as const)('%s as its own error and asks only once', async (kind, errorClass, code) => {
    let times = 0
    const client = openaiClient(() => {
      times += 1
      return json(openaiResponses.encodeError(failure(kind), { requestId: 'req_1' }))
    })
    const thrown = await client.responses.create(asked).then(undefined, (error: unknown) => error)
    expect(thrown).toBeInstanceOf(errorClass)
    expect(thrown).toMatchObject({ code })
    expect(times).toBe(1)
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
