import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type ClockedGateway, startClockedGateway } from '../support/clocked-gateway.ts'

let gateway: ClockedGateway
let allowed: string
beforeAll(async () => {
  gateway = await startClockedGateway()
  allowed = (await gateway.call('POST', '/v2/keys', { name: 'asks', dry_run: true })).json.key
}, 60_000)
afterAll(() => gateway.stop())

const model = 'claude-sonnet-4.5'
const png = `iVBORw0KGgo${'A'.repeat(5_001)}`
const schema = { type: 'object', properties: { day: { type: 'string', format: 'date' } } }
const secret = `sk-${'abcdefgh'.repeat(4)}`
const bodies = {
  '/v1/messages': {
    max_tokens: 10,
    tools: [{ name: 'plan', input_schema: schema }],
    messages: [
      {
        role: 'user',
        content: [
          { type: 'text', text: `My key is ${secret}` },
          { type: 'image', source: { type: 'base64', media_type: 'image/png', data: png } },
        ],
      },
    ],
  },
  '/v1/chat/completions': {
    tools: [{ type: 'function', function: { name: 'plan', parameters: schema } }],
    messages: [
      {
        role: 'user',
        content: [
          { type: 'text', text: `My key is ${secret}` },
          { type: 'image_url', image_url: { url: `data:image/png;base64,${png}` } },
        ],
      },
    ],
  },
  '/v1/responses': {
    tools: [{ type: 'function', name: 'plan', parameters: schema }],
    input: [
      {
        role: 'user',
        content: [
          { type: 'input_text', text: `My key is ${secret}` },
          { type: 'input_image', image_url: `data:image/png;base64,${png}` },
        ],
      },
    ],
  },
}
const members = {
  '/v1/messages': 'tools.0.input_schema.properties.day.format',
  '/v1/chat/completions': 'tools.0.function.parameters.properties.day.format',
  '/v1/responses': 'tools.0.parameters.properties.day.format',
}
const paths = Object.keys(bodies) as (keyof typeof bodies)[]

describe.each(paths)('a dry run of %s', (path) => {
  const body = { model, ...bodies[path], stream: true }

  test('tells a key that may ask what would become of the request, and sends nothing', async () => {
    const before = gateway.simulator.requests().length
    const answer = await gateway.call('POST', `${path}?dry_run=1`, body, { authorization: `Bearer ${allowed}` })
    expect([answer.status, answer.json.object, answer.json.model.served]).toEqual([200, 'dry_run', model])
    expect(answer.json.input_tokens).toBeGreaterThan(100)
    expect(answer.json.window_tokens).toBe(200_000)
    expect(answer.json.rules).toMatchObject([
      { rule: 'schema-keyword', sure: 'reported', field: members[path], found: 'format' },
    ])
    expect(answer.json.would_send.conversationState.currentMessage.userInputMessage.modelId).toBe(model)
    expect([answer.text.includes('AAAAAAAA'), answer.text.includes(secret)]).toEqual([false, false])
    expect(answer.json.would_send_bytes).toBeGreaterThan(5_000)
    expect(answer.json.candidates.verdicts).toEqual({ free: 1 })
    expect(answer.json.candidates.accounts).toBeUndefined()
    expect(gateway.simulator.requests().length).toBe(before)
  })

  test('shows the operator which accounts there are', async () => {
    const answer = await gateway.call('POST', `/v2/test${path}?dry_run=1`, body)
    expect([answer.status, answer.json.candidates.accounts.length]).toEqual([200, 1])
  })

  test('is refused to other keys, in the API’s own form', async () => {
    const answer = await gateway.call('POST', `${path}?dry_run=1`, body, { authorization: `Bearer ${gateway.key}` })
    expect(answer.status).toBe(403)
    expect(answer.json.error.message).toContain('dry_run')
    const bad = await gateway.call(
      'POST',
      `${path}?dry_run=1`,
      { ...body, model: 5 },
      { authorization: `Bearer ${allowed}` },
    )
    expect([bad.status, bad.json.error.message.includes('model')]).toEqual([400, true])
  })
})

test.each([
  ['?dry_run', 200],
  ['?dry_run=', 200],
  ['?dry_run=0&dry_run=1', 200],
  ['?dry_run=maybe', 400],
  ['?dry_run=1&dry_run=maybe', 400],
] as const)('%s is never a call that costs', async (query, status) => {
  const before = gateway.simulator.requests().length
  const body = { model, ...bodies['/v1/messages'] }
  const answer = await gateway.call('POST', `/v1/messages${query}`, body, { authorization: `Bearer ${allowed}` })
  expect([answer.status, answer.json.object ?? answer.json.error.message]).toEqual([
    status,
    status === 200 ? 'dry_run' : expect.stringContaining('dry_run'),
  ])
  expect(gateway.simulator.requests().length).toBe(before)
})

test('nothing of it counts or is logged', async () => {
  await gateway.pass(2_000)
  expect((await gateway.call('GET', '/v2/logs?limit=1')).json.total).toBe(0)
  const used = await gateway.call('GET', '/v1/usage', undefined, { authorization: `Bearer ${allowed}` })
  expect(used.json.key.usage.total).toMatchObject({ requests: 0, input_tokens: 0 })
})

test('the permission is given and taken by key', async () => {
  const made = (await gateway.call('POST', '/v2/keys', { name: 'later' })).json
  expect(made.dry_run).toBe(false)
  expect((await gateway.call('PATCH', `/v2/keys/${made.id}`, { dry_run: true })).json.dry_run).toBe(true)
  const ask = () =>
    gateway.call(
      'POST',
      '/v1/messages?dry_run=1',
      { model, ...bodies['/v1/messages'] },
      { authorization: `Bearer ${made.key}` },
    )
  expect((await ask()).status).toBe(200)
  expect((await gateway.call('PATCH', `/v2/keys/${made.id}`, { dry_run: false })).json.dry_run).toBe(false)
  expect((await ask()).status).toBe(403)
})
