import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import Anthropic from '@anthropic-ai/sdk'
import { jsonSchemaOutputFormat } from '@anthropic-ai/sdk/helpers/json-schema'
import OpenAI from 'openai'
import { type ClockedGateway, startClockedGateway } from '../support/clocked-gateway.ts'

let gateway: ClockedGateway
let openai: OpenAI
let anthropic: Anthropic
beforeAll(async () => {
  gateway = await startClockedGateway()
  openai = new OpenAI({ apiKey: gateway.key, baseURL: `${gateway.url()}/v1`, maxRetries: 0 })
  anthropic = new Anthropic({ apiKey: gateway.key, baseURL: gateway.url(), maxRetries: 0 })
}, 240_000)
afterAll(() => gateway.stop())

const model = 'claude-sonnet-4.5'
const schema = {
  type: 'object',
  properties: { city: { type: 'string' }, degrees: { type: 'integer' } },
  required: ['city', 'degrees'],
  additionalProperties: false,
} as const
type Weather = { readonly city: string; readonly degrees: number }
const right = { city: 'Paris', degrees: 1 }
const chatFormat = (strict: boolean) =>
  ({ type: 'json_schema', json_schema: { name: 'weather', strict, schema } }) as const
const textFormat = (strict: boolean) => ({ type: 'json_schema', name: 'weather', strict, schema }) as const

/** The answer of each API, whole and streamed, as its own library hands it out. */
const apis: readonly (readonly [name: string, ask: (content: string) => Promise<string>])[] = [
  [
    'Chat Completions, whole',
    async (content) => {
      const messages = [{ role: 'user' as const, content }]
      const { choices } = await openai.chat.completions.parse({ model, messages, response_format: chatFormat(true) })
      return choices[0]?.message.content || `refusal: ${choices[0]?.message.refusal}`
    },
  ],
  [
    'Chat Completions, streamed',
    async (content) => {
      const messages = [{ role: 'user' as const, content }]
      const stream = openai.chat.completions.stream({ model, messages, response_format: chatFormat(true) })
      const { choices } = await stream.finalChatCompletion()
      return choices[0]?.message.content || `refusal: ${choices[0]?.message.refusal}`
    },
  ],
  [
    'Responses, whole',
    async (input) => {
      const response = await openai.responses.parse({ model, input, text: { format: textFormat(true) } })
      return response.output_text || JSON.stringify(response.output)
    },
  ],
  [
    'Responses, streamed',
    async (input) => {
      const stream = openai.responses.stream({ model, input, text: { format: textFormat(true) } })
      const response = await stream.finalResponse()
      return response.output_text || JSON.stringify(response.output)
    },
  ],
  [
    'Messages, whole',
    async (content) => {
      const answer = await anthropic.messages.parse({
        model,
        max_tokens: 500,
        messages: [{ role: 'user', content }],
        output_config: { format: jsonSchemaOutputFormat(schema) },
      })
      return JSON.stringify(answer.parsed_output)
    },
  ],
  [
    'Messages, streamed',
    async (content) => {
      const answer = await anthropic.messages
        .stream({
          model,
          max_tokens: 500,
          messages: [{ role: 'user', content }],
          output_config: { format: { type: 'json_schema', schema } },
        })
        .finalMessage()
      const text = answer.content.map((block) => (block.type === 'text' ? block.text : '')).join('')
      return answer.stop_reason === 'refusal' ? `refusal: ${text}` : text
    },
  ],
]
const newest = async () => {
  await gateway.pass(3_000) // rows are written in batches
  return (await gateway.call('GET', '/v2/logs?limit=1')).json.logs[0]
}

describe.each([...apis])('%s', (name, ask) => {
  test('an answer by a schema', async () => {
    expect(JSON.parse(await ask('How is the weather?'))).toEqual(right)
  })
  test('in a fence, or with prose around it', async () => {
    for (const said of [`\`\`\`json\n${JSON.stringify(right)}\n\`\`\``, `Here: ${JSON.stringify(right)} Enjoy!`])
      expect(JSON.parse(await ask(`[[sim:instead=${said}]]`))).toEqual(right)
  })
  test('one that misses is repaired, and the record says how', async () => {
    expect(JSON.parse(await ask('[[sim:instead=It is warm.]]'))).toEqual(right)
    const { route, credits } = await newest()
    expect(route.repair).toMatchObject({ of: 'output-format', outcome: 'repaired', before: 'It is warm.' })
    expect(route.turns).toHaveLength(2)
    expect(credits).toBeGreaterThan(0)
  })
  test('one that is never right is said to be none', async () => {
    const asked = ask('[[sim:always=It is warm.]]')
    if (name.endsWith('streamed')) expect(await asked).toContain('refusal')
    else
      expect(
        await asked.catch((error: { status: number; headers: Headers }) => [
          error.status,
          error.headers.get('x-should-retry'),
        ]),
      ).toEqual([502, 'false'])
    expect((await newest()).route.repair).toMatchObject({ outcome: 'failed' })
  })
})

test('a format that is not strict ends in a refusal, not in an error', async () => {
  const messages = [{ role: 'user' as const, content: '[[sim:always=no]]' }]
  const { choices } = await openai.chat.completions.create({ model, messages, response_format: chatFormat(false) })
  expect(choices[0]?.message).toMatchObject({ content: null, refusal: expect.stringContaining('no JSON value') })
})

test('a response that goes on from another is held to its schema too', async () => {
  const first = await openai.responses.create({ model, input: 'Hi.' })
  const more = { previous_response_id: first.id, text: { format: textFormat(true) } }
  const second = await openai.responses.parse({ model, input: '[[sim:instead=It is warm.]]', ...more })
  expect(second.output_parsed as unknown as Weather).toEqual(right)
})

test('a forced tool is called, by whichever words the model would rather answer', async () => {
  const tools = [{ type: 'function' as const, function: { name: 'look', parameters: schema } }]
  const ask = (content: string) =>
    openai.chat.completions.create({ model, messages: [{ role: 'user', content }], tools, tool_choice: 'required' })
  const { choices } = await ask('[[sim:instead=I would rather not.]]')
  expect(choices[0]).toMatchObject({ finish_reason: 'tool_calls', message: { content: null } })
  const refused = await ask('[[sim:always=Never.]]').catch((error: { status: number; code: string }) => error)
  expect(refused).toMatchObject({ status: 502, code: 'invalid_model_output' })
})

test('a schema that is none is refused by its place, in the API’s own form', async () => {
  const broken = { ...schema, properties: { city: { type: 'text' } } }
  const chat = {
    model,
    messages: [{ role: 'user', content: 'x' }],
    response_format: { type: 'json_schema', json_schema: { name: 'n', schema: broken } },
  }
  const bearer = { authorization: `Bearer ${gateway.key}` }
  const answer = await gateway.call('POST', '/v1/chat/completions', chat, bearer)
  expect([answer.status, answer.json.error.param]).toEqual([
    400,
    'response_format.json_schema.schema.properties.city.type',
  ])
  const remote = {
    ...chat,
    response_format: undefined,
    max_tokens: 9,
    output_config: { format: { type: 'json_schema', schema: { $ref: 'http://127.0.0.1:1/s' } } },
  }
  const other = await gateway.call('POST', '/v1/messages', remote, bearer)
  expect([other.status, other.json.error.message]).toEqual([
    400,
    expect.stringContaining('output_config.format.schema.$ref'),
  ])
})

test('a key may do without repairs', async () => {
  const made = (await gateway.call('POST', '/v2/keys', { name: 'plain', repair: false })).json
  expect(made.repair).toBe(false)
  const body = {
    model,
    messages: [{ role: 'user', content: '[[sim:instead=no]]' }],
    response_format: { type: 'json_object' },
  }
  const ask = async () =>
    (await gateway.call('POST', '/v1/chat/completions', body, { authorization: `Bearer ${made.key}` })).json.choices[0]
      .message
  expect(await ask()).toMatchObject({ content: null, refusal: expect.any(String) })
  expect((await newest()).route.repair.outcome).toBe('off')
  expect((await gateway.call('PATCH', `/v2/keys/${made.id}`, { repair: null })).json.repair).toBeNull()
  expect(JSON.parse((await ask()).content)).toMatchObject({ simulated: true })
  expect((await gateway.call('GET', '/metrics')).text).toContain(
    'claude_server_repairs_total{what="output-format",outcome="off"} 1',
  )
})
