import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import type { OldDemand } from '../../server/simulator/old-demand.ts'
import { type Answered, type ClockedGateway, startClockedGateway } from '../support/clocked-gateway.ts'

let gateway: ClockedGateway
beforeAll(async () => {
  gateway = await startClockedGateway()
}, 240_000)
afterAll(() => gateway.stop())
afterEach(() => refuses())

const refuses = (...demands: readonly OldDemand[]): void => gateway.accounts[0]?.set({ refuses: demands })
const sent = () => gateway.simulator.requests().filter(({ operation }) => operation === 'GenerateAssistantResponse')
const newest = async () => (await gateway.call('GET', '/v2/logs?limit=1')).json.logs[0]
const notes = async () => {
  await gateway.pass(2_000)
  return (await newest()).notes?.first ?? []
}

const withFormat = { type: 'object', properties: { day: { type: 'string', format: 'date' } } }
const odd = { type: 'object', properties: { 'the day': { type: 'string' } } }
const model = 'claude-sonnet-4.5'

type Api = {
  readonly path: string
  readonly body: (schema: object, text: string) => object
  readonly member: string
  readonly told: (answer: Answered) => unknown
}
const apis: readonly Api[] = [
  {
    path: '/v1/messages',
    body: (schema, text) => ({
      model,
      max_tokens: 500,
      tools: [{ name: 'plan', input_schema: schema }],
      messages: [{ role: 'user', content: text }],
    }),
    member: 'tools.0.input_schema',
    told: ({ json }) => [json.error.type, json.error.message.split(':')[0]],
  },
  {
    path: '/v1/chat/completions',
    body: (schema, text) => ({
      model,
      tools: [{ type: 'function', function: { name: 'plan', parameters: schema } }],
      messages: [{ role: 'user', content: text }],
    }),
    member: 'tools.0.function.parameters',
    told: ({ json }) => [json.error.type, json.error.param],
  },
  {
    path: '/v1/responses',
    body: (schema, text) => ({ model, tools: [{ type: 'function', name: 'plan', parameters: schema }], input: text }),
    member: 'tools.0.parameters',
    told: ({ json }) => [json.error.type, json.error.param],
  },
]
const ask = (path: string, body: object): Promise<Answered> =>
  gateway.call('POST', path, body, { authorization: `Bearer ${gateway.key}` })

describe.each(apis.flatMap((api) => [false, true].map((stream) => [api.path, stream, api] as const)))(
  '%s, streamed: %p',
  (path, stream, { body, member }) => {
    test('what can be repaired is, and goes out once more, never the same', async () => {
      refuses('schema-keyword')
      const before = sent().length
      const answer = await ask(path, { ...body(withFormat, '[[sim:text=Fine]]'), stream })
      expect([answer.status, /F.*i.*n.*e/s.test(answer.text)]).toEqual([200, true])
      const [first, second, ...more] = sent()
        .slice(before)
        .map((one) => JSON.stringify(one.body))
      expect(more).toEqual([])
      expect(first).not.toBe(second)
      expect(await notes()).toEqual([
        {
          what: 'rule-repaired',
          rule: 'schema-keyword',
          field: `${member}.properties.day.format`,
          detail: 'format → keywords told in the description instead',
        },
      ])
    })

    test('what cannot be repaired is told by rule and member, after one call', async () => {
      refuses('schema-property')
      const before = sent().length
      const answer = await ask(path, { ...body(odd, 'Hello.'), stream })
      expect(answer.status).toBe(400)
      expect(answer.text).toContain(`${member}.properties.the day: The name of a property has`)
      expect(answer.text).toContain('(rule schema-property)')
      expect(sent().slice(before)).toHaveLength(1)
      expect(await notes()).toMatchObject([
        { what: 'rule-broken', rule: 'schema-property', field: `${member}.properties.the day` },
      ])
    })
  },
)

test('OpenAI clients have the member in `param`', async () => {
  refuses('schema-property')
  for (const { path, body, member, told } of apis.slice(1))
    expect(told(await ask(path, body(odd, 'Hello.')))).toEqual([
      'invalid_request_error',
      `${member}.properties.the day`,
    ])
})

test('a repair that makes the request too long leaves the reason of the first refusal, and its note', async () => {
  const refused = (message: string, reason?: string) => ({
    status: 400,
    headers: { 'x-amzn-errortype': 'ValidationException', 'content-type': 'application/json' },
    body: JSON.stringify({ message, reason }),
  })
  gateway.simulator.enqueue(refused('Improperly formed request.'), { operation: 'GenerateAssistantResponse' })
  gateway.simulator.enqueue(refused('Input is too long.', 'CONTENT_LENGTH_EXCEEDS_THRESHOLD'), {
    operation: 'GenerateAssistantResponse',
  })
  const before = sent().length
  const [{ path, body, member }] = apis as readonly [Api]
  const answer = await ask(path, body(withFormat, 'Hello.'))
  gateway.simulator.clearQueue()
  expect(sent().slice(before)).toHaveLength(2)
  expect([answer.status, answer.text]).toEqual([400, expect.stringContaining('(rule schema-keyword)')])
  expect(await notes()).toMatchObject([
    { what: 'rule-broken', rule: 'schema-keyword', field: `${member}.properties.day.format` },
  ])
})

test('a refusal that no rule explains is said to be one, and counted', async () => {
  const before = sent().length
  const answer = await gateway.ask('[[sim:fault=malformed]]')
  expect(answer.status).toBe(400)
  expect(answer.json.error.message).toMatch(/^Improperly formed request\. .*None of the \d+ rules .* is broken/)
  expect(sent().slice(before)).toHaveLength(1)
  expect(await notes()).toEqual([{ what: 'refusal-unexplained' }])
})

test('many calls in one message go out in rounds where the provider wants few', async () => {
  refuses('calls-per-message')
  const ids = Array.from({ length: 12 }, (_, index) => `c${index}`)
  const answer = await ask('/v1/messages', {
    model,
    max_tokens: 500,
    tools: [{ name: 'plan', input_schema: { type: 'object', properties: {} } }],
    messages: [
      { role: 'user', content: 'Go.' },
      { role: 'assistant', content: ids.map((id) => ({ type: 'tool_use', id, name: 'plan', input: {} })) },
      { role: 'user', content: ids.map((id) => ({ type: 'tool_result', tool_use_id: id, content: `of ${id}` })) },
    ],
  })
  expect(answer.status).toBe(200)
  expect(await notes()).toMatchObject([
    { what: 'rule-repaired', rule: 'calls-per-message', field: 'messages.1.content.0' },
  ])
})

test('tools renamed for the provider are called by the caller’s names', async () => {
  refuses('tool-name-plain')
  const answer = await ask('/v1/messages', {
    model,
    max_tokens: 500,
    tools: [{ name: 'read-file', input_schema: { type: 'object', properties: {} } }],
    messages: [{ role: 'user', content: '[[sim:call=read_file {}]]' }],
  })
  expect(answer.json.content).toMatchObject([{ type: 'tool_use', name: 'read-file' }])
})

test('the metrics count rules by what became of them', async () => {
  const { text } = await gateway.call('GET', '/metrics')
  expect(text).toContain('claude_server_refused_request_rules_total{rule="schema-keyword",outcome="repaired"} 6')
  expect(text).toMatch(/refused_request_rules_total\{rule="schema-property",outcome="refused"\} [1-9]/)
  expect(text).toContain('claude_server_refused_request_rules_total{rule="none",outcome="refused"} 1')
})

test.each([
  ['/v1/messages', 'output_config.format', (schema: object) => ({ format: { type: 'json_schema', schema } })],
  ['/v1/messages', 'output_format', (schema: object) => ({ type: 'json_schema', schema })],
  [
    '/v1/chat/completions',
    'response_format.json_schema',
    (schema: object) => ({ type: 'json_schema', json_schema: { name: 'x', strict: true, schema } }),
  ],
  ['/v1/responses', 'text.format', (schema: object) => ({ format: { type: 'json_schema', name: 'x', schema } })],
] as const)('%s: the schema of an answer is named as the caller’s own %s', async (path, at, format) => {
  const said = path === '/v1/responses' ? { input: 'Hello.' } : { messages: [{ role: 'user', content: 'Hello.' }] }
  const [member = ''] = at === 'output_format' ? [at] : at.split('.')
  const body = (schema: object) => ({ model, max_tokens: 500, ...said, [member]: format(schema) })
  refuses('schema-property')
  const refused = await ask(path, body(odd))
  const field = `${at}.schema.properties.the day`
  expect([refused.status, refused.json.error.message]).toEqual([400, expect.stringContaining(` ${field}: `)])
  if (path !== '/v1/messages') expect(refused.json.error.param).toBe(field)
  expect(await notes()).toMatchObject([{ what: 'rule-broken', rule: 'schema-property', field }])
  refuses('schema-keyword')
  await ask(path, body(withFormat))
  expect(await notes()).toMatchObject([{ what: 'rule-repaired', field: `${at}.schema.properties.day.format` }])
})
