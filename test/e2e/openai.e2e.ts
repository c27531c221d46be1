import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import OpenAI from 'openai'
import { eventually, type Gateway, startGateway } from '../support/gateway.ts'
import { heldReplies } from '../support/held-replies.ts'
import { longText, readSse, readSseUntil, tinyPng } from '../support/sse.ts'

const model = 'claude-sonnet-4.5'
const tools = ['read_file', 'list_files', 'run_tests', 'search', 'get_weather'].map(
  (name): OpenAI.Chat.Completions.ChatCompletionTool => ({
    type: 'function',
    function: {
      name,
      description: `The tool ${name}.`,
      parameters: {
        type: 'object',
        properties: { path: { type: 'string' }, count: { type: 'integer', minimum: 1 } },
        required: ['path'],
        additionalProperties: false,
      },
    },
  }),
)

const { simulator, hold } = heldReplies()
let gateway: Gateway
/** Sends headers before there is an answer: the others wait for it, so that errors keep their status on a busy machine too. */
let hasty: Gateway
let client: OpenAI
const ask = (content: string): OpenAI.Chat.Completions.ChatCompletionMessageParam[] => [{ role: 'user', content }]
const clientOf = (of: Gateway, apiKey = of.key): OpenAI =>
  new OpenAI({ baseURL: `${of.url}/v1`, apiKey, maxRetries: 0, timeout: 60_000 })
const post = (body: object, of = gateway): Promise<Response> =>
  fetch(`${of.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${of.key}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
const failureOf = (promise: PromiseLike<unknown>): Promise<InstanceType<typeof OpenAI.APIError>> =>
  Promise.resolve(promise).then(
    () => Promise.reject(new Error('the call succeeded')),
    (error: unknown) => {
      if (error instanceof OpenAI.APIError) return error
      throw error
    },
  )

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
    const reply = await client.chat.completions.create({ model, messages: ask('Hello there') })
    expect(reply).toMatchObject({ object: 'chat.completion', model })
    expect(reply.id).toStartWith('chatcmpl-')
    expect(reply.choices).toHaveLength(1)
    expect(reply.choices[0]).toMatchObject({ index: 0, finish_reason: 'stop', message: { role: 'assistant' } })
    expect(reply.choices[0]?.message.content).toContain('Hello there')
    expect(reply.choices[0]?.message.tool_calls).toBeUndefined()
    expect(reply.usage?.prompt_tokens).toBeGreaterThan(0)
    expect(reply.usage?.completion_tokens).toBeGreaterThan(0)
    expect(reply.usage?.total_tokens).toBe((reply.usage?.prompt_tokens ?? 0) + (reply.usage?.completion_tokens ?? 0))
    expect(reply._request_id).toBeString()
  })

  test('is answered in a stream that the strict helper accepts, in many deltas', async () => {
    const stream = client.chat.completions.stream({ model, messages: ask('Hello there') })
    let deltas = 0
    stream.on('content', () => deltas++)
    const reply = await stream.finalChatCompletion()
    expect(reply.choices[0]).toMatchObject({ finish_reason: 'stop' })
    expect(reply.choices[0]?.message.content).toContain('Hello there')
    expect(deltas).toBeGreaterThan(3)
  })

  test('gives the same text whole and streamed', async () => {
    const asked = { model, messages: ask('中文问题 [[marker:same]]') }
    const whole = await client.chat.completions.create(asked)
    const streamed = await client.chat.completions.stream(asked).finalChatCompletion()
    expect(streamed.choices[0]?.message.content).toBe(whole.choices[0]?.message.content as string)
  })

  test('usage comes in a stream only when asked for, in a chunk of its own', async () => {
    const asked = { model, messages: ask('Hello'), stream: true }
    const without = await readSse(await post(asked))
    expect(without.data.at(-1)).toBe('[DONE]')
    expect(without.data.some((data) => data.includes('"usage":{'))).toBe(false)
    const withUsage = await readSse(await post({ ...asked, stream_options: { include_usage: true } }))
    const chunks = withUsage.data.slice(0, -1).map((data) => JSON.parse(data) as OpenAI.ChatCompletionChunk)
    const last = chunks.at(-1)
    expect(last).toMatchObject({ choices: [], object: 'chat.completion.chunk' })
    expect(last?.usage?.prompt_tokens).toBeGreaterThan(0)
    expect(last?.usage?.completion_tokens).toBeGreaterThan(0)
    expect(chunks.slice(0, -1).every((chunk) => chunk.usage === null)).toBe(true)
    expect(chunks[0]?.choices[0]?.delta).toMatchObject({ role: 'assistant' })
    expect(new Set(chunks.map((chunk) => chunk.id)).size).toBe(1)
  })

  test('a long system prompt arrives whole and is counted', async () => {
    const system = `${longText(150)}\nThe last rule.`
    const reply = await client.chat.completions.create({
      model,
      messages: [{ role: 'system', content: system }, ...ask('Hello')],
    })
    expect(JSON.stringify(gateway.simulator.requests().at(-1)?.body)).toContain('The last rule.')
    expect(reply.usage?.prompt_tokens).toBeGreaterThan(20_000)
  })
})

describe('tools', () => {
  test.each([1, 2, 5])('%d parallel calls go round, streamed and whole', async (count) => {
    for (const streamed of [true, false]) {
      const messages = ask(`[[sim:tools=${count}]] use the tools`)
      const asked = { model, messages, tools }
      const first = streamed
        ? await client.chat.completions.stream(asked).finalChatCompletion()
        : await client.chat.completions.create(asked)
      const choice = first.choices[0]
      expect(choice?.finish_reason).toBe('tool_calls')
      const calls = choice?.message.tool_calls ?? []
      expect(calls).toHaveLength(count)
      expect(new Set(calls.map(({ id }) => id)).size).toBe(count)
      for (const [index, call] of calls.entries()) {
        if (call.type !== 'function') throw new Error(`call ${index} is no function call`)
        expect(call.function.name).toBe(tools[index]?.type === 'function' ? tools[index].function.name : '')
        expect(JSON.parse(call.function.arguments)).toHaveProperty('path')
      }
      const results = calls.map(
        ({ id }, index): OpenAI.Chat.Completions.ChatCompletionMessageParam => ({
          role: 'tool',
          tool_call_id: id,
          content: `result number ${index}`,
        }),
      )
      // In the order of completion, not of the calls.
      const second = await client.chat.completions.create({
        model,
        tools,
        messages: [...messages, { role: 'assistant', content: null, tool_calls: calls }, ...results.reverse()],
      })
      expect(second.choices[0]?.finish_reason).toBe('stop')
      for (let index = 0; index < count; index++) {
        expect(second.choices[0]?.message.content).toContain(`result number ${index}`)
      }
    }
  })

  test('parallel_tool_calls: false gives one call', async () => {
    const reply = await client.chat.completions.create({
      model,
      messages: ask('[[sim:tools=3]]'),
      tools,
      parallel_tool_calls: false,
    })
    expect(reply.choices[0]?.message.tool_calls).toHaveLength(1)
    expect(reply.choices[0]?.finish_reason).toBe('tool_calls')
  })

  test('a tool without input has the arguments {}', async () => {
    const reply = await client.chat.completions
      .stream({
        model,
        messages: ask('[[sim:tools=1]]'),
        tools: [{ type: 'function', function: { name: 'ping', parameters: { type: 'object', properties: {} } } }],
      })
      .finalChatCompletion()
    const call = reply.choices[0]?.message.tool_calls?.[0]
    expect(call?.type === 'function' && call.function.arguments).toBe('{}')
  })

  test('names the provider would refuse come back as declared', async () => {
    const name = `mcp__a_server_with_a_long_name__and_a_tool_with_a_long_name_${'x'.repeat(4)}`
    const reply = await client.chat.completions.create({
      model,
      messages: ask('[[sim:tools=1]]'),
      tools: [{ type: 'function', function: { name, parameters: { type: 'object', properties: {} } } }],
    })
    const call = reply.choices[0]?.message.tool_calls?.[0]
    expect(call?.type === 'function' && call.function.name).toBe(name)
  })

  test('the helper runs a tool loop by itself', async () => {
    let ran = 0
    const runner = client.chat.completions.runTools({
      model,
      stream: true,
      messages: ask('[[sim:tool=get_weather]] weather?'),
      tools: [
        {
          type: 'function',
          function: {
            name: 'get_weather',
            description: 'Weather',
            parameters: { type: 'object', properties: { path: { type: 'string' } }, required: ['path'] },
            parse: JSON.parse,
            function: () => {
              ran++
              return 'sunny, 21 degrees'
            },
          },
        },
      ],
    })
    expect(await runner.finalContent()).toContain('sunny, 21 degrees')
    expect(ran).toBe(1)
  })
})

describe('images and reasoning', () => {
  test('an image arrives at the provider, even when its type was declared wrong', async () => {
    for (const declared of ['png', 'jpeg']) {
      const reply = await client.chat.completions.create({
        model,
        messages: [
          {
            role: 'user',
            content: [
              { type: 'text', text: 'What is this?' },
              { type: 'image_url', image_url: { url: `data:image/${declared};base64,${tinyPng}` } },
            ],
          },
        ],
      })
      expect(reply.choices[0]?.message.content).toContain('1 image(s)')
      expect(JSON.stringify(gateway.simulator.requests().at(-1)?.body)).toContain('"format":"png"')
    }
  })

  test('an image by address is refused with what to do', async () => {
    const failure = await failureOf(
      client.chat.completions.create({
        model,
        messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'https://example.com/a.png' } }] }],
      }),
    )
    expect(failure.status).toBe(400)
    expect(failure.message).toContain('base64')
  })

  test.each(['claude-opus-4.7', 'claude-sonnet-4.5-thinking'])('%s reasons in reasoning_content', async (name) => {
    const asked = { model: name, messages: ask('Think about it'), reasoning_effort: 'high' as const }
    const whole = await client.chat.completions.create(asked)
    const message = whole.choices[0]?.message as { reasoning_content?: string; content: string | null }
    expect(message.reasoning_content).toContain('Simulated reasoning')
    expect(message.content).not.toContain('<thinking>')
    let reasoning = ''
    let content = ''
    for await (const chunk of await client.chat.completions.create({ ...asked, stream: true })) {
      const delta = chunk.choices[0]?.delta as { reasoning_content?: string; content?: string } | undefined
      if (delta?.reasoning_content) expect(content).toBe('')
      reasoning += delta?.reasoning_content ?? ''
      content += delta?.content ?? ''
    }
    expect(reasoning).toBe(message.reasoning_content ?? '')
    expect(content).toBe(message.content ?? '')
  })
})

describe('limits of the caller', () => {
  test('a stop sequence ends the reply before it', async () => {
    const asked = { model, messages: ask('[[sim:text=one two STOP three]]'), stop: ['STOP', 'never'] }
    const whole = await client.chat.completions.create(asked)
    expect(whole.choices[0]).toMatchObject({ finish_reason: 'stop', message: { content: 'one two ' } })
    const streamed = await client.chat.completions.stream(asked).finalChatCompletion()
    expect(streamed.choices[0]).toMatchObject({ finish_reason: 'stop', message: { content: 'one two ' } })
  })

  test('a stop sequence that does not come changes nothing', async () => {
    const reply = await client.chat.completions.create({
      model,
      messages: ask('[[sim:text=one two STO]]'),
      stop: 'STOP',
    })
    expect(reply.choices[0]).toMatchObject({ finish_reason: 'stop', message: { content: 'one two STO' } })
  })

  test('max_tokens cuts the reply and leaves the provider', async () => {
    const before = gateway.simulator.counters().abortedStreams
    const reply = await client.chat.completions.create({
      model,
      messages: ask('[[sim:repeat=200]][[sim:pace=2]] Hello'),
      max_tokens: 20,
    })
    expect(reply.choices[0]?.finish_reason).toBe('length')
    expect(reply.usage?.completion_tokens).toBeWithin(15, 26)
    expect(await eventually(() => gateway.simulator.counters().abortedStreams > before, 1_000)).toBeDefined()
  })

  test('max_completion_tokens far above the reply changes nothing', async () => {
    const reply = await client.chat.completions.create({
      model,
      messages: ask('Hello'),
      max_completion_tokens: 32_000,
    })
    expect(reply.choices[0]?.finish_reason).toBe('stop')
  })
})

describe('leaving and waiting', () => {
  test('a stream that is left is cancelled at the provider', async () => {
    const before = gateway.simulator.counters()
    const stream = await client.chat.completions.create({
      model,
      messages: ask('[[sim:repeat=1000]][[sim:pace=10]] Hello'),
      stream: true,
    })
    for await (const chunk of stream) {
      if (chunk.choices[0]?.delta.content) break
    }
    const took = await eventually(() => gateway.simulator.counters().abortedStreams > before.abortedStreams, 30_000)
    expect(took).toBeDefined()
    expect(gateway.simulator.counters().openStreams).toBe(0)
  })

  test.each([true, false])(
    'a call that is left before its first event is cancelled too (stream: %p)',
    async (stream) => {
      const before = gateway.simulator.counters()
      const leaving = new AbortController()
      // The SDK's own promise counts as settled before it is; awaited in a function it becomes a plain one.
      const call = (async () =>
        await client.chat.completions.create(
          { model, messages: ask(`${hold().directive} Hello`), stream },
          { signal: leaving.signal },
        ))()
      call.catch(() => undefined)
      expect(await eventually(() => gateway.simulator.counters().openStreams > 0, 30_000)).toBeDefined()
      leaving.abort()
      await expect(call).rejects.toThrow()
      const took = await eventually(() => gateway.simulator.counters().abortedStreams > before.abortedStreams, 30_000)
      expect(took).toBeDefined()
    },
  )

  test('leaving is no fault of the account', async () => {
    const reply = await client.chat.completions.create({ model, messages: ask('Still there?') })
    expect(reply.choices[0]?.finish_reason).toBe('stop')
  })

  test('a silent provider: headers come early, then keep-alive, then the answer', async () => {
    const held = hold()
    const response = await post({ model, messages: ask(`${held.directive} Hello`), stream: true }, hasty)
    expect(response.status).toBe(200)
    const comments = (all: string): number => all.split('\n').filter((line) => line.startsWith(':')).length
    const { text, data } = await readSseUntil(response, (all) => comments(all) >= 2, held.release)
    expect(comments(text)).toBeGreaterThanOrEqual(2)
    expect(data.at(-1)).toBe('[DONE]')
    expect(text).toContain('Hello')
  })

  test('silence in the middle is kept alive too', async () => {
    const { text, data } = await readSse(
      await post({ model, messages: ask('[[sim:fault=silence-after-text:2500]] Hello'), stream: true }),
    )
    expect(text).toMatch(/\n:/)
    expect(data.at(-1)).toBe('[DONE]')
  })
})

describe('failures', () => {
  test('a wrong key is a 401 nobody retries', async () => {
    const failure = await failureOf(
      clientOf(gateway, 'sk-wrong').chat.completions.create({ model, messages: ask('Hello') }),
    )
    expect(failure).toMatchObject({ status: 401, code: 'invalid_api_key' })
    expect(failure.headers?.get('x-should-retry')).toBe('false')
  })

  test.each(['gpt-4o', 'claude-fable-5-2'])('the unknown model %s is a 404 with near names', async (name) => {
    const failure = await failureOf(client.chat.completions.create({ model: name, messages: ask('Hello') }))
    expect(failure).toMatchObject({ status: 404, code: 'model_not_found' })
    expect(failure.message).toMatch(/auto|claude-/)
  })

  test.each([
    ['messages', { model, messages: 'hello' }],
    ['messages.0.role', { model, messages: [{ role: 'poet', content: 'hello' }] }],
    ['n', { model, messages: ask('hello'), n: 2 }],
    ['max_tokens', { model, messages: ask('hello'), max_tokens: 'many' }],
  ])('a wrong %s is a 400 that names it', async (field, body) => {
    const response = await post(body)
    const answer = (await response.json()) as { error: { param: string; type: string } }
    expect([response.status, answer.error.param, answer.error.type]).toEqual([400, field, 'invalid_request_error'])
  })

  test('what is no JSON is a 400 in the API’s form', async () => {
    const response = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${gateway.key}` },
      body: '{"model":',
    })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ error: { type: 'invalid_request_error' } })
  })

  test('a body over the limit is a 413 in the API’s form', async () => {
    const failure = await failureOf(client.chat.completions.create({ model, messages: ask('x'.repeat(2_200_000)) }))
    expect(failure.status).toBe(413)
    expect(failure.type).toBe('invalid_request_error')
  })

  test.each([true, false])('a prompt that is too long says so in all wordings (stream: %p)', async (stream) => {
    const failure = await failureOf(
      client.chat.completions.create({ model, messages: ask('[[sim:fault=too-long]] Hello'), stream }),
    )
    expect(failure).toMatchObject({ status: 400, code: 'context_length_exceeded' })
    expect(failure.message).toContain('prompt is too long')
    expect(failure.message).toContain('maximum context length')
  })

  test.each(['exception-after-text', 'cut-in-frame', 'reset-after-text', 'crc'])(
    'a reply that breaks (%s) is an error in the stream, never an end',
    async (fault) => {
      const { data } = await readSse(
        await post({ model, messages: ask(`[[sim:fault=${fault}]] Hello there, a longer text`), stream: true }),
      )
      expect(data.at(-1)).not.toBe('[DONE]')
      expect(JSON.parse(data.at(-1) ?? '{}')).toHaveProperty('error.message')
      expect(data.some((one) => one.includes('"finish_reason":"'))).toBe(false)
      const failure = await failureOf(
        client.chat.completions
          .stream({ model, messages: ask(`[[sim:fault=${fault}]] Hello there, a longer text`) })
          .finalChatCompletion(),
      )
      expect(failure.message).not.toBe('')
    },
  )

  test('a fault before the first content is mended by another try', async () => {
    gateway.simulator.enqueue('500')
    const reply = await client.chat.completions.create({ model, messages: ask('Hello') })
    expect(reply.choices[0]?.finish_reason).toBe('stop')
  })

  test('an unknown path is JSON', async () => {
    const response = await fetch(`${gateway.url}/v1/embeddings`, {
      method: 'POST',
      headers: { authorization: `Bearer ${gateway.key}` },
      body: '{}',
    })
    expect(response.status).toBe(404)
    expect(await response.json()).toHaveProperty('error.message')
  })
})

describe('accounts that cannot serve', () => {
  const alone = async (
    fault: Parameters<Gateway['accounts'][number]['set']>[0]['fault'],
    check: (of: Gateway) => Promise<void>,
  ) => {
    const own = await startGateway()
    try {
      own.accounts[0]?.set({ fault })
      await check(own)
    } finally {
      await own.stop()
    }
  }

  test('a throttled account is a 429 with Retry-After', async () => {
    await alone({ name: 'rate', retryAfterMs: 90_000 }, async (own) => {
      const failure = await failureOf(clientOf(own).chat.completions.create({ model, messages: ask('Hello') }))
      expect(failure).toMatchObject({ status: 429, code: 'rate_limit_exceeded' })
      expect(Number(failure.headers?.get('retry-after'))).toBeWithin(1, 92)
    })
  })

  test('a spent account is a 429 that says insufficient_quota', async () => {
    await alone('monthly-limit', async (own) => {
      const failure = await failureOf(clientOf(own).chat.completions.create({ model, messages: ask('Hello') }))
      expect(failure).toMatchObject({ status: 429, code: 'insufficient_quota', type: 'insufficient_quota' })
      expect(failure.headers?.get('x-should-retry')).toBe('false')
    })
  })

  test('a suspended account is a 503 that says not to retry', async () => {
    await alone('suspended', async (own) => {
      const failure = await failureOf(clientOf(own).chat.completions.create({ model, messages: ask('Hello') }))
      expect(failure.status).toBe(503)
      expect(failure.headers?.get('x-should-retry')).toBe('false')
    })
  })

  test('a model without capacity is a 503', async () => {
    await alone('capacity', async (own) => {
      const failure = await failureOf(clientOf(own).chat.completions.create({ model, messages: ask('Hello') }))
      expect(failure.status).toBe(503)
      expect(Number(failure.headers?.get('retry-after'))).toBeGreaterThan(0)
    })
  })

  test('without any account the caller is told so, and no model is listed', async () => {
    const own = await startGateway({ accounts: [] })
    try {
      const failure = await failureOf(clientOf(own).chat.completions.create({ model, messages: ask('Hello') }))
      expect(failure.status).toBe(503)
      expect(failure.headers?.get('x-should-retry')).toBe('false')
      expect((await clientOf(own).models.list()).data).toEqual([])
    } finally {
      await own.stop()
    }
  })

  test('a stop finishes the open stream and exits cleanly', async () => {
    const own = await startGateway()
    const stream = await clientOf(own).chat.completions.create({
      model,
      messages: ask('[[sim:repeat=4]][[sim:pace=15]] Hello'),
      stream: true,
    })
    let stopped: Promise<number> | undefined
    let reason: string | null | undefined
    for await (const chunk of stream) {
      stopped ??= own.stop()
      reason = chunk.choices[0]?.finish_reason ?? reason
    }
    expect(reason).toBe('stop')
    expect(await stopped).toBe(0)
  })

  test('another account takes over', async () => {
    const own = await startGateway({ accounts: [{ plan: 'power' }, { plan: 'power' }, { plan: 'power' }] })
    try {
      own.accounts[0]?.set({ fault: 'suspended' })
      own.accounts[1]?.set({ fault: 'monthly-limit' })
      for (let index = 0; index < 4; index++) {
        const reply = await clientOf(own).chat.completions.create({ model, messages: ask(`Hello ${index}`) })
        expect(reply.choices[0]?.finish_reason).toBe('stop')
      }
    } finally {
      await own.stop()
    }
  })
})

describe('models', () => {
  test('are listed live and in the dashed form', async () => {
    const ids: string[] = []
    for await (const one of client.models.list()) ids.push(one.id)
    expect(ids).toContain('claude-sonnet-4.5')
    expect(ids).toContain('claude-sonnet-4-5')
    expect(ids).toContain('auto')
  })

  test('one is retrieved under any of its names, an unknown one is a 404', async () => {
    expect(await client.models.retrieve('claude-sonnet-4-5-20250929')).toMatchObject({
      id: 'claude-sonnet-4-5-20250929',
      object: 'model',
    })
    expect(await failureOf(client.models.retrieve('gpt-4o'))).toMatchObject({ status: 404, code: 'model_not_found' })
  })
})
