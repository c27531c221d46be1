import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import Anthropic from '@anthropic-ai/sdk'
import { samplePdf } from '../documents/sample-pdf.ts'
import { eventually, type Gateway, startGateway } from '../support/gateway.ts'
import { anthropicFault } from '../support/grammar.ts'
import { heldReplies } from '../support/held-replies.ts'
import { longText, readSse, readSseUntil, tinyPng } from '../support/sse.ts'

const model = 'claude-sonnet-4.5'
const thinker = 'claude-opus-4-7'
const tools = ['Read', 'Write', 'Bash', 'Grep', 'mcp__server__tool'].map(
  (name): Anthropic.Tool => ({
    name,
    description: `The tool ${name}.`,
    input_schema: {
      type: 'object',
      properties: { path: { type: 'string' }, count: { type: 'integer', exclusiveMinimum: 0 } },
      required: ['path'],
    },
  }),
)

const { simulator, hold } = heldReplies()
let gateway: Gateway
/** Sends headers before there is an answer: the others wait for it, so that errors keep their status on a busy machine too. */
let hasty: Gateway
let client: Anthropic
const ask = (content: string): Anthropic.MessageParam[] => [{ role: 'user', content }]
const clientOf = (of: Gateway, apiKey = of.key): Anthropic =>
  new Anthropic({ baseURL: of.url, apiKey, maxRetries: 0, timeout: 60_000 })
const post = (body: object, of = gateway, path = '/v1/messages'): Promise<Response> =>
  fetch(of.url + path, {
    method: 'POST',
    headers: { 'x-api-key': of.key, 'anthropic-version': '2023-06-01', 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
const failureOf = (promise: PromiseLike<unknown>): Promise<InstanceType<typeof Anthropic.APIError>> =>
  Promise.resolve(promise).then(
    () => Promise.reject(new Error('the call succeeded')),
    (error: unknown) => {
      if (error instanceof Anthropic.APIError) return error
      throw error
    },
  )
const textOf = (message: Anthropic.Message): string =>
  message.content.map((block) => (block.type === 'text' ? block.text : '')).join('')

beforeAll(async () => {
  gateway = await startGateway({
    simulator,
    config: 'server:\n  keep_alive_seconds: 1\n  max_body_bytes: 2097152\n',
  })
  hasty = await startGateway({ simulator, config: 'server:\n  keep_alive_seconds: 1\n  headers_hold_ms: 100\n' })
  client = clientOf(gateway)
})
afterAll(async () => {
  await hasty?.stop()
  await gateway?.stop()
})

describe('a plain question', () => {
  test('is answered whole', async () => {
    const reply = await client.messages.create({ model, max_tokens: 4_000, messages: ask('Hello there') })
    expect(reply).toMatchObject({ type: 'message', role: 'assistant', model, stop_reason: 'end_turn' })
    expect(reply.id).toStartWith('msg_')
    expect(textOf(reply)).toContain('Hello there')
    expect(reply.usage.input_tokens).toBeGreaterThan(0)
    expect(reply.usage.output_tokens).toBeGreaterThan(0)
    expect(reply._request_id).toStartWith('req_')
  })

  test('is answered in a stream that the strict helper accepts, in many deltas', async () => {
    const stream = client.messages.stream({ model, max_tokens: 4_000, messages: ask('Hello there') })
    let deltas = 0
    stream.on('text', () => deltas++)
    const reply = await stream.finalMessage()
    expect(reply).toMatchObject({ type: 'message', role: 'assistant', model, stop_reason: 'end_turn' })
    expect(textOf(reply)).toContain('Hello there')
    expect(reply.usage.output_tokens).toBeGreaterThan(0)
    expect(reply.usage.input_tokens).toBeGreaterThan(0)
    expect(deltas).toBeGreaterThan(3)
  })

  test('keeps the grammar of a stream to the letter', async () => {
    const { text } = await readSse(await post({ model, max_tokens: 100, stream: true, messages: ask('你好 😀') }))
    expect(anthropicFault(text)).toBeUndefined()
  })

  test('a long system prompt and a system message in the middle arrive', async () => {
    const reply = await client.messages.create({
      model,
      max_tokens: 1_000,
      system: [
        { type: 'text', text: 'x-anthropic-billing-header: cc_version=2.1.330; cc_entrypoint=cli;' },
        { type: 'text', text: `${longText(150)}\nThe last rule.`, cache_control: { type: 'ephemeral' } },
      ],
      messages: [
        { role: 'user', content: 'Hello' },
        { role: 'system', content: 'The date is known.' } as unknown as Anthropic.MessageParam,
      ],
    })
    const sent = JSON.stringify(gateway.simulator.requests().at(-1)?.body)
    expect(sent).toContain('The last rule.')
    expect(sent).toContain('The date is known.')
    expect(sent).not.toContain('x-anthropic-billing-header')
    const { input_tokens: input, cache_creation_input_tokens: written, cache_read_input_tokens: read } = reply.usage
    expect(input + (written ?? 0) + (read ?? 0)).toBeGreaterThan(20_000)
  })

  test('unknown members and betas change nothing', async () => {
    const response = await fetch(`${gateway.url}/v1/messages?beta=true`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${gateway.key}`,
        'anthropic-version': '2026-10-21',
        'anthropic-beta': 'claude-code-20250219,made-up-2027-01-01',
        'content-type': 'application/json',
      },
      body: JSON.stringify({
        model,
        max_tokens: 100,
        messages: [{ role: 'user', content: [{ type: 'text', text: 'Hi', new_member: 1 }] }],
        context_management: { edits: [{ type: 'clear_thinking_20251015', keep: 'all' }] },
        safeguards: [{ type: 'dangerous_tool_use' }],
        made_up: { deep: [1, 2, 3] },
      }),
    })
    expect(response.status).toBe(200)
  })
})

describe('tools', () => {
  test.each([1, 2, 5])('%d parallel calls go round, streamed and whole', async (count) => {
    for (const streamed of [true, false]) {
      const messages = ask(`[[sim:tools=${count}]] use the tools`)
      const asked = { model, max_tokens: 8_000, messages, tools }
      const first = streamed ? await client.messages.stream(asked).finalMessage() : await client.messages.create(asked)
      expect(first.stop_reason).toBe('tool_use')
      const calls = first.content.filter((block) => block.type === 'tool_use')
      expect(calls.map(({ name }) => name)).toEqual(tools.slice(0, count).map(({ name }) => name))
      expect(new Set(calls.map(({ id }) => id)).size).toBe(count)
      for (const call of calls) expect(call.input).toHaveProperty('path')
      const results = calls.map(
        ({ id }, index): Anthropic.ToolResultBlockParam => ({
          type: 'tool_result',
          tool_use_id: id,
          content: [{ type: 'text', text: `result number ${index}` }],
          is_error: index === 1,
        }),
      )
      const second = await client.messages.create({
        ...asked,
        messages: [
          ...messages,
          { role: 'assistant', content: first.content },
          { role: 'user', content: results.reverse() },
        ],
      })
      expect(second.stop_reason).toBe('end_turn')
      for (let index = 0; index < count; index++) expect(textOf(second)).toContain(`result number ${index}`)
    }
  })

  test('disable_parallel_tool_use gives one call', async () => {
    const reply = await client.messages.create({
      model,
      max_tokens: 1_000,
      messages: ask('[[sim:tools=3]]'),
      tools,
      tool_choice: { type: 'auto', disable_parallel_tool_use: true },
    })
    expect(reply.content.filter((block) => block.type === 'tool_use')).toHaveLength(1)
    expect(reply.stop_reason).toBe('tool_use')
  })

  test('a stream with tools keeps the grammar', async () => {
    const { text } = await readSse(
      await post({ model, max_tokens: 1_000, stream: true, messages: ask('[[sim:tools=5]]'), tools }),
    )
    expect(anthropicFault(text)).toBeUndefined()
  })

  test('images and empty texts in results arrive', async () => {
    const reply = await client.messages.create({
      model,
      max_tokens: 1_000,
      tools,
      messages: [
        { role: 'user', content: 'Look' },
        {
          role: 'assistant',
          content: [
            { type: 'tool_use', id: 'toolu_1', name: 'Read', input: { path: 'a.png' } },
            { type: 'tool_use', id: 'toolu_2', name: 'Bash', input: { path: 'x' } },
          ],
        },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: 'toolu_2', content: '' },
            {
              type: 'tool_result',
              tool_use_id: 'toolu_1',
              content: [{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: tinyPng } }],
            },
            { type: 'text', text: 'Go on' },
          ],
        },
      ],
    })
    expect(reply.stop_reason).toBe('end_turn')
    expect(JSON.stringify(gateway.simulator.requests().at(-1)?.body)).toContain('"format":"png"')
  })

  test('the tool runner works, and goes on without threads when they are refused', async () => {
    let ran = 0
    const runner = client.beta.messages.toolRunner({
      model,
      max_tokens: 1_000,
      messages: [{ role: 'user', content: '[[sim:tool=get_weather]] weather?' }],
      tools: [
        {
          type: 'custom',
          name: 'get_weather',
          description: 'Weather',
          input_schema: { type: 'object', properties: { path: { type: 'string' } }, required: ['path'] },
          parse: (input: unknown) => input,
          run: () => {
            ran++
            return 'sunny, 21 degrees'
          },
        },
      ],
    })
    const last = await runner
    expect(ran).toBe(1)
    expect(last.content.map((block) => (block.type === 'text' ? block.text : '')).join('')).toContain(
      'sunny, 21 degrees',
    )
  })
})

describe('images, documents and thinking', () => {
  test('an image arrives at the provider, even when its type was declared wrong', async () => {
    for (const declared of ['image/png', 'image/webp'] as const) {
      const reply = await client.messages.create({
        model,
        max_tokens: 1_000,
        messages: [
          {
            role: 'user',
            content: [
              { type: 'image', source: { type: 'base64', media_type: declared, data: tinyPng } },
              { type: 'text', text: 'What is this?' },
            ],
          },
        ],
      })
      expect(textOf(reply)).toContain('1 image(s)')
    }
  })

  test('what is no image is refused', async () => {
    const failure = await failureOf(
      client.messages.create({
        model,
        max_tokens: 1_000,
        messages: [
          {
            role: 'user',
            content: [
              { type: 'image', source: { type: 'base64', media_type: 'image/png', data: btoa('not an image at all') } },
            ],
          },
        ],
      }),
    )
    expect(failure).toMatchObject({ status: 400, type: 'invalid_request_error' })
    expect(failure.message).toContain('messages.0.content.0.source.data: image is not')
  })

  const withPdf = (data: string): Anthropic.MessageCreateParamsNonStreaming => ({
    model,
    max_tokens: 1_000,
    messages: [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Sum it up' },
          { type: 'document', title: 'Report', source: { type: 'base64', media_type: 'application/pdf', data } },
        ],
      },
    ],
  })

  test('the text of a PDF arrives at the provider', async () => {
    const reply = await client.messages.create(
      withPdf(samplePdf(['The quarterly numbers', 'Page two']).toString('base64')),
    )
    expect(reply.stop_reason).toBe('end_turn')
    const sent = JSON.stringify(gateway.simulator.requests().at(-1)?.body)
    expect(sent).toContain('The quarterly numbers')
    expect(sent).toContain('Page two')
    expect(sent).toContain('Report')
  })

  test('a PDF without text is refused by its field', async () => {
    const failure = await failureOf(client.messages.create(withPdf(samplePdf(['']).toString('base64'))))
    expect(failure.status).toBe(400)
    expect(failure.message).toContain('has no text')
    expect(failure.message).toContain('messages.0.content.1')
  })

  test.each([true, false])('thinking comes with a signature that is accepted back (stream: %p)', async (streamed) => {
    const messages = ask('[[sim:tools=1]] think, then call')
    const asked: Anthropic.MessageCreateParamsNonStreaming = {
      model: thinker,
      max_tokens: 4_000,
      thinking: { type: 'enabled', budget_tokens: 2_000 },
      messages,
      tools,
    }
    const first = streamed ? await client.messages.stream(asked).finalMessage() : await client.messages.create(asked)
    const [thought, call] = [
      first.content.find((block) => block.type === 'thinking'),
      first.content.find((block) => block.type === 'tool_use'),
    ]
    expect(thought?.thinking).toContain('Simulated reasoning')
    expect(thought?.signature.length).toBeGreaterThan(10)
    const second = await client.messages.create({
      ...asked,
      messages: [
        ...messages,
        { role: 'assistant', content: first.content },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: call?.id ?? '', content: 'done it' }] },
      ],
    })
    expect(textOf(second)).toContain('done it')
    expect(JSON.stringify(gateway.simulator.requests().at(-1)?.body)).toContain(thought?.signature ?? 'no signature')
  })

  test('sealed thinking goes both ways unchanged', async () => {
    const messages = ask('[[sim:redacted]] Hello')
    const asked = { model: thinker, max_tokens: 4_000, thinking: { type: 'adaptive' as const }, messages }
    const first = await client.messages.stream(asked).finalMessage()
    const sealed = first.content.find((block) => block.type === 'redacted_thinking')
    expect(sealed?.data.length).toBeGreaterThan(10)
    const second = await client.messages.create({
      ...asked,
      messages: [...messages, { role: 'assistant', content: first.content }, { role: 'user', content: 'Go on' }],
    })
    expect(second.stop_reason).toBe('end_turn')
    expect(JSON.stringify(gateway.simulator.requests().at(-1)?.body)).toContain(sealed?.data ?? 'no data')
  })

  test('thinking out of tags has no signature and is no text', async () => {
    const reply = await client.messages
      .stream({
        model: 'claude-haiku-5-5',
        max_tokens: 4_000,
        thinking: { type: 'enabled', budget_tokens: 2_000 },
        messages: ask('Think about it'),
      })
      .finalMessage()
    const thought = reply.content.find((block) => block.type === 'thinking')
    expect(thought).toMatchObject({ signature: '', thinking: expect.stringContaining('Simulated reasoning') })
    expect(textOf(reply)).not.toContain('<thinking>')
    expect(textOf(reply)).toContain('Think about it')
  })
})

describe('limits of the caller', () => {
  test('a stop sequence ends the reply before it and is named', async () => {
    const asked = {
      model,
      max_tokens: 1_000,
      messages: ask('[[sim:text=one two STOP three]]'),
      stop_sequences: ['STOP'],
    }
    for (const reply of [await client.messages.create(asked), await client.messages.stream(asked).finalMessage()]) {
      expect(reply).toMatchObject({ stop_reason: 'stop_sequence', stop_sequence: 'STOP' })
      expect(textOf(reply)).toBe('one two ')
    }
  })

  test('max_tokens cuts the reply and leaves the provider', async () => {
    const before = gateway.simulator.counters().abortedStreams
    const reply = await client.messages
      .stream({ model, max_tokens: 20, messages: ask('[[sim:repeat=200]][[sim:pace=2]] Hello') })
      .finalMessage()
    expect(reply.stop_reason).toBe('max_tokens')
    expect(reply.usage.output_tokens).toBeWithin(15, 26)
    expect(await eventually(() => gateway.simulator.counters().abortedStreams > before, 30_000)).toBeDefined()
  })
})

describe('leaving and waiting', () => {
  test('a stream that is left is cancelled at the provider', async () => {
    const before = gateway.simulator.counters()
    const stream = client.messages.stream({
      model,
      max_tokens: 60_000,
      messages: ask('[[sim:repeat=1000]][[sim:pace=10]] Hello'),
    })
    await new Promise((resolve) => stream.once('text', resolve))
    stream.abort()
    await expect(stream.finalMessage()).rejects.toThrow()
    const took = await eventually(() => gateway.simulator.counters().abortedStreams > before.abortedStreams, 30_000)
    expect(took).toBeDefined()
    expect(gateway.simulator.counters().openStreams).toBe(0)
  })

  test('a silent provider: headers come early, then pings, then the answer', async () => {
    const held = hold()
    const response = await post(
      { model, max_tokens: 100, messages: ask(`${held.directive} Hello`), stream: true },
      hasty,
    )
    expect(response.status).toBe(200)
    const pings = (all: string): number => all.split('event: ping').length - 1
    const { text, data } = await readSseUntil(response, (all) => pings(all) >= 2, held.release)
    expect(pings(text)).toBeGreaterThanOrEqual(2)
    expect(data.at(-1)).toContain('message_stop')
    expect(anthropicFault(text)).toBeUndefined()
  })

  test('the helper takes pings in the middle of a reply', async () => {
    const reply = await client.messages
      .stream({ model, max_tokens: 1_000, messages: ask('[[sim:fault=silence-after-text:2500]] Hello there') })
      .finalMessage()
    expect(reply.stop_reason).toBe('end_turn')
    expect(textOf(reply)).toContain('Hello there')
  })
})

describe('counting tokens', () => {
  test('25 counts at once are answered, and nobody else is asked', async () => {
    await client.messages.countTokens({ model, messages: ask('warm up') })
    const requests = gateway.simulator.counters().requests
    const counts = await Promise.all(
      Array.from({ length: 25 }, (_, index) =>
        client.messages.countTokens({ model, messages: ask('foo'), tools: tools.slice(0, index % 5) }),
      ),
    )
    expect(gateway.simulator.counters().requests).toBe(requests)
    for (const { input_tokens: tokens } of counts) expect(tokens).toBeGreaterThan(0)
  })

  test('everything counts: system, tools, history', async () => {
    const count = async (more: Partial<Anthropic.MessageCountTokensParams>): Promise<number> =>
      (await client.messages.countTokens({ model, messages: ask('Hello there'), ...more })).input_tokens
    const bare = await count({})
    expect(await count({ system: 'You are a helpful assistant.' })).toBeGreaterThan(bare)
    expect(await count({ tools })).toBeGreaterThan(bare + 100)
    expect(await count({ messages: ask(longText(20)) })).toBeGreaterThan(bare + 3_000)
  })
})

describe('failures', () => {
  test('a wrong key is a 401 nobody retries', async () => {
    const failure = await failureOf(
      clientOf(gateway, 'sk-wrong').messages.create({ model, max_tokens: 10, messages: ask('Hello') }),
    )
    expect(failure).toMatchObject({ status: 401, type: 'authentication_error' })
    expect(failure.headers?.get('x-should-retry')).toBe('false')
  })

  test('an unknown model is a 404 with near names', async () => {
    const failure = await failureOf(
      client.messages.create({ model: 'claude-fable-5-2', max_tokens: 10, messages: ask('Hello') }),
    )
    expect(failure).toMatchObject({ status: 404, type: 'not_found_error' })
    expect(failure.message).toContain('claude-')
  })

  test.each([
    ['messages', { model, max_tokens: 10, messages: {} }],
    [
      'messages.0.content.0.source',
      { model, max_tokens: 10, messages: [{ role: 'user', content: [{ type: 'image' }] }] },
    ],
    ['max_tokens', { model, max_tokens: 'x', messages: ask('hello') }],
    ['tools.0.name', { model, max_tokens: 10, messages: ask('hello'), tools: [{ input_schema: { type: 'object' } }] }],
  ])('a wrong %s is a 400 that names it', async (field, body) => {
    const response = await post(body)
    const answer = (await response.json()) as { error: { type: string; message: string } }
    expect([response.status, answer.error.type]).toEqual([400, 'invalid_request_error'])
    expect(answer.error.message).toContain(field)
    expect(answer).toMatchObject({ type: 'error', request_id: expect.stringContaining('req_') })
  })

  test('a body over the limit is a 413', async () => {
    const failure = await failureOf(
      client.messages.create({ model, max_tokens: 10, messages: ask('x'.repeat(2_200_000)) }),
    )
    expect(failure).toMatchObject({ status: 413, type: 'request_too_large' })
  })

  test.each([true, false])('a prompt that is too long says so (stream: %p)', async (stream) => {
    const failure = await failureOf(
      client.messages.create({ model, max_tokens: 10, messages: ask('[[sim:fault=too-long]] Hello'), stream }),
    )
    expect(failure).toMatchObject({ status: 400, type: 'invalid_request_error' })
    expect(failure.message).toContain('prompt is too long')
  })

  test('thread is refused so that the SDK goes on without it', async () => {
    const response = await post({ model, max_tokens: 10, messages: ask('Hello'), thread: { type: 'create' } })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({
      type: 'error',
      error: {
        type: 'invalid_request_error',
        message: 'thread is not supported',
        details: { error_code: 'thread_unsupported_request', unsupported: ['thread'] },
      },
    })
  })

  test.each(['exception-after-text', 'cut-in-frame', 'cut-boundary', 'reset-after-text', 'crc'])(
    'a reply that breaks (%s) is an error event, never an end',
    async (fault) => {
      const asked = { model, max_tokens: 1_000, messages: ask(`[[sim:fault=${fault}]] Hello there, a longer text`) }
      const { data } = await readSse(await post({ ...asked, stream: true }))
      expect(JSON.parse(data.at(-1) ?? '{}')).toMatchObject({ type: 'error', error: { message: expect.any(String) } })
      expect(data.some((one) => one.includes('message_stop') || one.includes('"stop_reason":"'))).toBe(false)
      expect((await failureOf(client.messages.stream(asked).finalMessage())).message).not.toBe('')
      const whole = await failureOf(client.messages.create(asked))
      expect(whole.status).toBeGreaterThanOrEqual(500)
    },
  )

  test('throttled: 429 with Retry-After; no capacity: 529', async () => {
    const own = await startGateway({ accounts: [{ plan: 'power', fault: { name: 'rate', retryAfterMs: 90_000 } }] })
    try {
      const asked = { model, max_tokens: 10, messages: ask('Hello') }
      const throttled = await failureOf(clientOf(own).messages.create(asked))
      expect(throttled).toMatchObject({ status: 429, type: 'rate_limit_error' })
      expect(Number(throttled.headers?.get('retry-after'))).toBeWithin(1, 92)
    } finally {
      await own.stop()
    }
    const full = await startGateway({ accounts: [{ plan: 'power', fault: 'capacity' }] })
    try {
      const failure = await failureOf(clientOf(full).messages.create({ model, max_tokens: 10, messages: ask('Hello') }))
      expect(failure).toMatchObject({ status: 529, type: 'overloaded_error' })
    } finally {
      await full.stop()
    }
  })
})

describe('models', () => {
  test('are listed in the API’s own shape, on one page', async () => {
    const page = await client.models.list({ limit: 1_000 })
    expect(page.has_more).toBe(false)
    const listed = page.data.find(({ id }) => id === 'claude-sonnet-4-5')
    expect(listed).toMatchObject({ type: 'model', display_name: expect.any(String), created_at: expect.any(String) })
  })

  test('one is retrieved, an unknown one is a 404', async () => {
    expect(await client.models.retrieve('claude-opus-4-7')).toMatchObject({ id: 'claude-opus-4-7', type: 'model' })
    expect(await failureOf(client.models.retrieve('gpt-4o'))).toMatchObject({ status: 404, type: 'not_found_error' })
  })
})
