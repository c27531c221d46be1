import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import OpenAI from 'openai'
import type { ResponseInput, Tool } from 'openai/resources/responses/responses'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { heldReplies } from '../support/held-replies.ts'
import { openaiResponsesFault } from '../support/responses-grammar.ts'
import { readSse, readSseUntil, tinyPng } from '../support/sse.ts'

const model = 'claude-sonnet-4.5'
const thinkingModel = 'claude-opus-4.7'
const weather = {
  type: 'function',
  name: 'get_weather',
  description: 'Weather of a city',
  parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  strict: false,
} as const satisfies Tool

const { simulator, hold } = heldReplies()
let gateway: Gateway
/** Sends headers before there is an answer: the others wait for it, so that errors keep their status on a busy machine too. */
let hasty: Gateway
let client: OpenAI
const clientOf = (apiKey: string): OpenAI =>
  new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey, maxRetries: 0, timeout: 20_000 })
const post = (body: object, of = gateway): Promise<Response> =>
  fetch(`${of.url}/v1/responses`, {
    method: 'POST',
    headers: { authorization: `Bearer ${of.key}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
const failureOf = async (promise: PromiseLike<unknown>) => {
  const error = await Promise.resolve(promise).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof OpenAI.APIError)) throw new Error(`no API error: ${error}`)
  return error
}
const anotherKey = async (): Promise<string> => String((await gateway.admin('POST', '/v2/keys', { name: 'other' })).key)
const metric = async (name: string): Promise<number> => {
  const text = await (await fetch(`${gateway.url}/metrics`)).text()
  return Number(new RegExp(`^\\S*${name} (\\d+)$`, 'm').exec(text)?.[1] ?? Number.NaN)
}

beforeAll(async () => {
  gateway = await startGateway()
  hasty = await startGateway({ simulator, config: 'server:\n  keep_alive_seconds: 1\n  headers_hold_ms: 100\n' })
  client = clientOf(gateway.key)
})
afterAll(async () => {
  await hasty?.stop()
  await gateway?.stop()
})

describe("the official client's helpers", () => {
  test('read the same answer whole and streamed', async () => {
    const asked = { model, input: '中文问题 [[marker:same]]' }
    const whole = await client.responses.create(asked)
    const streamed = await client.responses.stream(asked).finalResponse()
    expect(whole).toMatchObject({ object: 'response', status: 'completed', model })
    expect(streamed.output_text).toBe(whole.output_text)
    expect(whole.output_text).toContain('[[marker:same]]')
    expect(whole.usage?.input_tokens).toBeGreaterThan(0)
    expect(whole.usage?.total_tokens).toBe((whole.usage?.input_tokens ?? 0) + (whole.usage?.output_tokens ?? 0))
    expect(whole._request_id).toBeString()
  })

  test('parse structured output', async () => {
    const schema = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] }
    const format = { type: 'json_schema', name: 'place', strict: true, schema } as const
    const parsed = await client.responses.parse({ model, input: '[[sim:text={"city":"Oslo"}]]', text: { format } })
    expect(JSON.parse(parsed.output_text)).toEqual({ city: 'Oslo' })
    expect(parsed.text?.format).toMatchObject({ type: 'json_schema', name: 'place' })
  })

  test.each([
    ['by previous_response_id', true],
    ['by sending all items again', false],
  ])('run a tool loop %s', async (_, byId) => {
    let input: ResponseInput = [{ role: 'user', content: '[[sim:tools=2]] [[sim:rounds=2]] weather?' }]
    let previous: string | undefined
    let rounds = 0
    for (;;) {
      const response = await client.responses
        .stream({ model, tools: [weather], input, store: byId, ...(previous && { previous_response_id: previous }) })
        .finalResponse()
      const calls = response.output.flatMap((item) => (item.type === 'function_call' ? [item] : []))
      if (calls.length === 0) {
        expect(response.output_text).toContain(`sunny ${rounds}`)
        break
      }
      rounds++
      const outputs = calls.map(({ call_id }) => ({
        type: 'function_call_output' as const,
        call_id,
        output: `sunny ${rounds}`,
      }))
      input = byId ? outputs : [...input, ...(response.output as ResponseInput), ...outputs]
      previous = byId ? response.id : undefined
    }
    expect(rounds).toBeGreaterThan(0)
  })
})

describe('tools that are no functions', () => {
  test('a freeform tool goes round, its text as it is', async () => {
    const tools = [{ type: 'custom', name: 'apply_patch', description: 'Edits.' }] as const
    const asked = '[[sim:tool=apply_patch]] [[sim:input={"input":"*** Begin \\"é\\"\\n+x"}]] patch it'
    const first = await client.responses.stream({ model, input: asked, tools: [...tools] }).finalResponse()
    const [call] = first.output
    if (call?.type !== 'custom_tool_call') throw new Error(`got ${call?.type}`)
    expect(call).toMatchObject({ name: 'apply_patch', input: '*** Begin "é"\n+x' })
    const output = { type: 'custom_tool_call_output', call_id: call.call_id, output: 'Done patching' } as const
    const second = await client.responses.create({
      model,
      tools: [...tools],
      previous_response_id: first.id,
      input: [output],
    })
    expect(second.output_text).toContain('Done patching')
  })

  test('a tool of a namespace comes back with it', async () => {
    const tools: Tool[] = ['mcp__a', 'mcp__b'].map((name) => ({
      type: 'namespace',
      name,
      description: `Of ${name}.`,
      tools: [{ type: 'function', name: 'search', parameters: { type: 'object', properties: {} } }],
    }))
    const response = await client.responses.create({ model, tools, input: '[[sim:tools=2]] search' })
    expect(response.output).toMatchObject([
      { type: 'function_call', name: 'search', namespace: 'mcp__a' },
      { type: 'function_call', name: 'search', namespace: 'mcp__b' },
    ])
  })

  test('hosted ones fail nothing', async () => {
    const tools: Tool[] = [{ type: 'web_search' }, { type: 'local_shell' }, { type: 'image_generation' }]
    const response = await client.responses.create({
      model,
      tools,
      input: 'Hello',
      tool_choice: { type: 'web_search_preview' },
    })
    expect(response.status).toBe('completed')
  })

  test('images go in, also as what a tool gave', async () => {
    const image = { type: 'input_image', detail: 'auto', image_url: `data:image/png;base64,${tinyPng}` } as const
    await client.responses.create({
      model,
      input: [
        { role: 'user', content: 'Look' },
        { type: 'function_call', call_id: 'call_1', name: 'view_image', arguments: '{}' },
        { type: 'function_call_output', call_id: 'call_1', output: [image] },
        { role: 'user', content: [{ type: 'input_text', text: 'What is it?' }, image] },
      ],
    })
    const sent = JSON.stringify(gateway.simulator.requests().at(-1)?.body)
    expect(sent.match(/"format":"png"/g)?.length).toBe(2)
  })
})

describe('reasoning', () => {
  test('goes back to the provider as it came, whether we keep it or the caller does', async () => {
    const tools: Tool[] = [weather]
    const asked = { model: thinkingModel, tools, reasoning: { effort: 'high' as const, summary: 'auto' as const } }
    const input: ResponseInput = [{ role: 'user', content: '[[sim:tools=1]] Think about it' }]
    const sent = (): string => JSON.stringify(gateway.simulator.requests().at(-1)?.body)
    const signatureOf = (text: string): string | undefined => /"signature":"([^"]+)"/.exec(text)?.[1]
    for (const store of [true, false]) {
      const first = await client.responses.create({
        ...asked,
        store,
        input,
        ...(store ? {} : { include: ['reasoning.encrypted_content'] }),
      })
      const reasoning = first.output.find((item) => item.type === 'reasoning')
      expect(reasoning?.summary[0]?.text).toContain('Simulated reasoning')
      expect(reasoning?.encrypted_content === undefined).toBe(store)
      const call = first.output.find((item) => item.type === 'function_call')
      const output = { type: 'function_call_output', call_id: call?.call_id ?? '', output: 'sunny' } as const
      const more: ResponseInput = store ? [output] : [...input, ...(first.output as ResponseInput), output]
      await client.responses.create({
        ...asked,
        store,
        input: more,
        ...(store ? { previous_response_id: first.id } : {}),
      })
      expect(signatureOf(sent())).toBeString()
    }
  })
})

describe('kept answers', () => {
  test('are retrieved, listed, deleted, and then are not found', async () => {
    const input: ResponseInput = [
      { role: 'user', content: 'a' },
      { role: 'assistant', content: 'b' },
      { role: 'user', content: 'c' },
    ]
    const { _request_id, ...response } = await client.responses.create({ model, input })
    const { _request_id: _, ...again } = await client.responses.retrieve(response.id)
    expect(again).toEqual(response)
    const roles: unknown[] = []
    for await (const item of client.responses.inputItems.list(response.id, { limit: 1, order: 'asc' })) {
      roles.push('role' in item && item.role)
    }
    expect(roles).toEqual(['user', 'assistant', 'user'])
    await client.responses.delete(response.id)
    const gone = await failureOf(client.responses.retrieve(response.id))
    expect(gone).toMatchObject({ status: 404 })
    expect(gone.message).toContain(`Response with id '${response.id}' not found.`)
    const lost = await failureOf(client.responses.create({ model, input: 'x', previous_response_id: response.id }))
    expect(lost).toMatchObject({ status: 400, code: 'previous_response_not_found', param: 'previous_response_id' })
  })

  test("are nobody else's", async () => {
    const other = clientOf(await anotherKey())
    const { id } = await client.responses.create({ model, input: 'Hello' })
    expect(await failureOf(other.responses.retrieve(id))).toMatchObject({ status: 404 })
    expect(await failureOf(other.responses.delete(id))).toMatchObject({ status: 404 })
    expect(await failureOf(other.responses.inputItems.list(id))).toMatchObject({ status: 404 })
    const lost = await failureOf(other.responses.create({ model, input: 'x', previous_response_id: id }))
    expect(lost).toMatchObject({ code: 'previous_response_not_found' })
    expect(await failureOf(clientOf('sk-wrong').responses.retrieve(id))).toMatchObject({ status: 401 })
    expect((await client.responses.retrieve(id)).id).toBe(id)
  })

  test('are counted, and those with store: false are not there', async () => {
    const before = await metric('answers_kept')
    const { id } = await client.responses.create({ model, input: 'Hello', store: false })
    expect(await metric('answers_kept')).toBe(before)
    expect(await failureOf(client.responses.retrieve(id))).toMatchObject({ status: 404 })
    await client.responses.create({ model, input: 'Hello' })
    expect(await metric('answers_kept')).toBe(before + 1)
    expect(await metric('answers_kept_bytes')).toBeGreaterThan(500)
  })

  test('are never on disk, and a restart forgets them', async () => {
    const secret = 'a text that must not be written down'
    const { id } = await client.responses.create({ model, input: secret })
    await gateway.restart('SIGTERM')
    const lost = await failureOf(client.responses.create({ model, input: 'x', previous_response_id: id }))
    expect(lost).toMatchObject({ status: 400, code: 'previous_response_not_found' })
    for (const name of readdirSync(gateway.dataDir, { recursive: true, encoding: 'utf8' })) {
      const file = path.join(gateway.dataDir, name)
      if (statSync(file).isFile()) expect(readFileSync(file).includes(secret)).toBe(false)
    }
  })
})

test('a conversation is compacted into one item that outlasts a restart', async () => {
  const trigger = { type: 'compaction_trigger' } as unknown as ResponseInput[number]
  const asked: ResponseInput = [{ role: 'user', content: '[[sim:text=The user likes blue.]]' }, trigger]
  const response = await client.responses.stream({ model, input: asked, store: false }).finalResponse()
  expect(response.output.map(({ type }) => type)).toEqual(['compaction'])
  await gateway.restart('SIGTERM')
  await client.responses.create({
    model,
    input: [...(response.output as ResponseInput), { role: 'user', content: 'Which colour?' }],
  })
  expect(JSON.stringify(gateway.simulator.requests().at(-1)?.body)).toContain('The user likes blue.')
  const foreign = { type: 'compaction', encrypted_content: 'gAAAAABo-not-ours' } as const
  const failure = await failureOf(client.responses.create({ model, input: [foreign, { role: 'user', content: 'x' }] }))
  expect(failure).toMatchObject({ status: 400, param: 'input.0.encrypted_content' })
})

describe('edges', () => {
  test('a websocket upgrade is 426, so that clients go on over HTTP', async () => {
    const response = await fetch(`${gateway.url}/v1/responses`, {
      headers: { upgrade: 'websocket', connection: 'upgrade', authorization: `Bearer ${gateway.key}` },
    })
    expect(response.status).toBe(426)
  })

  test.each([
    ['background', { background: true }],
    ['conversation', { conversation: 'conv_1' }],
    ['prompt', { prompt: { id: 'p' } }],
    ['input', { input: undefined }],
  ])('%s is refused by name', async (field, more) => {
    const response = await post({ model, input: 'x', ...more })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ error: { type: 'invalid_request_error', param: field } })
  })

  test('a prompt that is too long has the code and the words clients look for', async () => {
    const failure = await failureOf(client.responses.create({ model, input: '[[sim:fault=too-long]] Hello' }))
    expect(failure).toMatchObject({ status: 400, code: 'context_length_exceeded' })
    expect(failure.message).toContain('prompt is too long')
  })

  test('what fails after the headers is response.failed, told with a code', async () => {
    const { text, data } = await readSse(
      await post({ model, input: '[[sim:fault=exception-after-text]] Hello', stream: true }),
    )
    expect(openaiResponsesFault(text)).toBeUndefined()
    expect(JSON.parse(data.at(-1) ?? '{}')).toMatchObject({
      type: 'response.failed',
      response: { status: 'failed', error: { code: expect.any(String), message: expect.any(String) } },
    })
  })

  test('a long silence is opened and kept alive with data that every client counts', async () => {
    const held = hold()
    const response = await post({ model, input: `${held.directive} Hello`, stream: true }, hasty)
    const { text, data } = await readSseUntil(response, (all) => all.includes('keepalive'), held.release)
    expect(openaiResponsesFault(text)).toBeUndefined()
    const types = data.map((one) => (JSON.parse(one) as { type: string }).type)
    expect(types.slice(0, 3)).toEqual(['response.created', 'response.in_progress', 'keepalive'])
    expect(types.at(-1)).toBe('response.completed')
  })
})
