import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type ClockedGateway, startClockedGateway } from '../support/clocked-gateway.ts'
import { adminPassword } from '../support/gateway.ts'

let gateway: ClockedGateway
let allowed: string
beforeAll(async () => {
  gateway = await startClockedGateway()
  allowed = (await gateway.call('POST', '/v2/keys', { name: 'asks', dry_run: true })).json.key
}, 240_000)
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
  ['?beta=true&%64ry_run=1', 200],
  ['?dry%5Frun=1', 200],
  ['?dry%5frun=%31', 200],
  ['?dry_run=maybe', 400],
  ['?dryRun=1', 400],
  ['?dry-run=1', 400],
  ['?DRY_RUN=1', 400],
  ['?dry_run%3D1', 400],
  ['?dry_run%3D', 400],
  ['?beta=true&Dry-Run%3dtrue', 400],
  ['?dry%2520run%253D1', 400],
  ['?dry%255Frun=1', 400],
  ['?dry_run[0]=1', 400],
  ['?dry_runs=1', 400],
  ['?beta=true%26dry_run=1', 400],
  ['?beta=true?dry_run=1', 400],
  ['?beta=true;dry_run=1', 400],
  ['?dry_run=1&dry_run=maybe', 400],
  ...[',', '/', '|', '%20', '+', '%0A', '_', '--', ':', '"', '%5B', '.', '', '%E2%80%8B'].map(
    (sign) => [`?beta=true${sign}dry_run=1`, 400] as const,
  ),
  ['?beta=true&_dry_run=1', 400],
  ['?beta=true&--dry-run=1', 400],
  ['?beta=true&isDryRun=1', 400],
  ['?beta=true&dry%20-%20run', 400],
  ['?beta=%zz%2564ry_run%3D1', 400],
  ['?beta=true&%EF%BD%84ry_run=1', 400],
  ['?beta=true&dry_run%2525252525253D1', 400],
  ['?dry_run=0,dry_run=1', 400],
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

describe('an admin credential in place of a key', () => {
  const ask = (headers: Readonly<Record<string, string>>, query = '?dry_run=1', path = '/v1/messages') =>
    gateway.call('POST', `${path}${query}`, { model, ...bodies['/v1/messages'] }, { authorization: '', ...headers })
  const tokenWith = async (scopes: readonly string[]) =>
    (await gateway.call('POST', '/v2/admin-tokens', { name: `dry ${scopes.join(' ')}`, scopes })).json.token

  test('the password, and a token with the scope of the console’s own chats, may ask in any API', async () => {
    const token = await tokenWith(['accounts'])
    for (const headers of [
      { authorization: `Bearer ${adminPassword}` },
      { 'x-api-key': adminPassword },
      { authorization: `Bearer ${token}` },
      { 'x-api-key': token },
    ]) {
      const answer = await ask(headers as Readonly<Record<string, string>>)
      expect([answer.status, answer.json.candidates?.accounts?.length]).toEqual([200, 1])
    }
    for (const path of paths) {
      const body = { model, ...bodies[path] }
      const answer = await gateway.call('POST', `${path}?dry_run=1`, body)
      expect([path, answer.status, answer.json.object]).toEqual([path, 200, 'dry_run'])
    }
  })
  test('it opens nothing but dry runs', async () => {
    const before = gateway.simulator.requests().length
    for (const query of ['', '?dry_run=0', '?dry_run=maybe'])
      expect((await ask({ authorization: `Bearer ${adminPassword}` }, query)).status).toBe(401)
    expect(gateway.simulator.requests().length).toBe(before)
  })
  test('a token without the scope is told so, and who knows neither is told about keys', async () => {
    const narrow = await ask({ authorization: `Bearer ${await tokenWith(['logs'])}` })
    expect([narrow.status, narrow.json.error]).toEqual([
      403,
      { type: 'permission_error', message: expect.stringContaining('accounts') },
    ])
    const stranger = await ask({ authorization: `Bearer sk-${'x'.repeat(48)}` })
    expect([stranger.status, stranger.json.error.type]).toEqual([401, 'authentication_error'])
    expect((await ask({})).status).toBe(401)
  })
})

describe('what would be sent is what is sent', () => {
  const format = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] }
  const asked = (type: 'chat' | 'messages' | 'responses') =>
    type === 'chat'
      ? {
          path: '/v1/chat/completions',
          body: {
            messages: [{ role: 'user', content: 'Where?' }],
            response_format: { type: 'json_schema', json_schema: { name: 'place', schema: format } },
          },
        }
      : type === 'messages'
        ? {
            path: '/v1/messages',
            body: {
              max_tokens: 99,
              messages: [{ role: 'user', content: 'Where?' }],
              tools: [{ type: 'web_search_20250305', name: 'web_search' }],
            },
          }
        : { path: '/v1/responses', body: { input: 'Where?', text: { format: { type: 'json_object' } } } }

  test.each(['chat', 'messages', 'responses'] as const)('%s: with what the gateway adds to it', async (type) => {
    const { path, body } = asked(type)
    const headers = { authorization: `Bearer ${allowed}` }
    const dry = await gateway.call('POST', `${path}?dry_run=1`, { model, ...body }, headers)
    expect(dry.status).toBe(200)
    expect((await gateway.call('POST', path, { model, ...body }, headers)).status).toBe(200)
    const sent = gateway.simulator
      .requests()
      .map((request) => request.body)
      .findLast((one) => typeof one === 'object' && one !== null && 'conversationState' in one)
    const plain = (value: unknown) =>
      JSON.parse(JSON.stringify(value, (name, member) => (/Id$|profileArn/.test(name) ? undefined : member)))
    expect(plain(dry.json.would_send)).toEqual(plain(sent))
  })

  test('a schema that would be refused is', async () => {
    const body = {
      messages: [{ role: 'user', content: 'x' }],
      response_format: { type: 'json_schema', json_schema: { name: 'n', schema: { type: 'text' } } },
    }
    const answer = await gateway.call(
      'POST',
      '/v1/chat/completions?dry_run=1',
      { model, ...body },
      { authorization: `Bearer ${allowed}` },
    )
    expect([answer.status, answer.json.error.param]).toEqual([400, 'response_format.json_schema.schema.type'])
  })
})

describe('what stands at an address', () => {
  const withImage = (url: string) => ({
    model,
    messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url } }] }],
  })
  const ask = (url: string) =>
    gateway.call('POST', '/v1/chat/completions?dry_run=1', withImage(url), { authorization: `Bearer ${allowed}` })

  test('is not fetched; where it would be refused, it is', async () => {
    expect((await ask('https://pictures.example/a.png')).status).toBe(400)
    await gateway.call('PATCH', '/v2/settings', { fetchAttachments: true })
    const answer = await ask('https://pictures.example/a.png')
    expect([answer.status, answer.json.notes.first]).toEqual([
      200,
      [{ what: 'address-not-fetched', field: 'messages.0.content.0.image_url.url', detail: 'pictures.example' }],
    ])
    expect(JSON.stringify(answer.json.would_send)).toContain('fetched when the request is sent')
    for (const url of [
      'http://169.254.169.254/x',
      'http://[::1]/x',
      'ftp://pictures.example/x',
      'http://u:p@a.example/',
    ])
      expect([url, (await ask(url)).status]).toEqual([url, 400])
    await gateway.call('PATCH', '/v2/settings', { fetchAttachments: false })
  })
})

describe('whether a long conversation would be made shorter', () => {
  const turn = (index: number) => ({
    role: index % 2 === 0 ? 'user' : 'assistant',
    content: `${index} ${'words of it '.repeat(3_000)}`,
  })
  const long = Array.from({ length: 11 }, (_, index) => turn(index))
  const ask = async (messages: readonly object[]) =>
    (
      await gateway.call(
        'POST',
        '/v1/messages?dry_run=1',
        { model, max_tokens: 9, messages },
        { authorization: `Bearer ${allowed}` },
      )
    ).json
  const set = (settings: object) => gateway.call('PATCH', '/v2/settings', settings)

  test('is told, and no summary is written', async () => {
    expect((await ask(long)).compression).toEqual({ setting: 'off', from_tokens: null, would: 'no', messages: 0 })
    await set({ compressionEnabled: true, compressionAtPercent: 25 })
    const before = gateway.simulator.requests().length
    expect((await ask(long)).compression).toEqual({
      setting: 'share',
      from_tokens: 50_000,
      would: 'write-summary',
      messages: 8,
    })
    expect((await ask(long.slice(0, 3))).compression).toMatchObject({ setting: 'share', would: 'no' })
    expect(gateway.simulator.requests().length).toBe(before)
  })
  test('one that is kept is gone on from', async () => {
    await gateway.call(
      'POST',
      '/v1/messages',
      { model, max_tokens: 9, messages: long },
      { authorization: `Bearer ${allowed}` },
    )
    const { compression, would_send } = await ask(long)
    expect(compression).toMatchObject({ would: 'use-kept-summary', messages: 8 })
    expect(would_send.conversationState.history.length).toBeLessThan(10)
  })
  test('on overflow alone, the provider has the word', async () => {
    await set({ compressionAtPercent: 0 })
    const other = [{ role: 'user', content: 'Another one.' }, ...long.slice(1), ...long.slice(1), ...long.slice(1)]
    expect((await ask(other)).compression).toMatchObject({
      setting: 'overflow',
      from_tokens: 200_000,
      would: 'write-summary-if-refused',
    })
    await set({ compressionEnabled: false })
  })
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

test.each(['?beta=true', '?note=a%20dry%20day', '?laundry_run=1', '?x=%'])(
  '%s is a call like any other',
  async (query) => {
    const body = { model, max_tokens: 10, messages: [{ role: 'user', content: 'Hi' }] }
    const answer = await gateway.call('POST', `/v1/messages${query}`, body, { authorization: `Bearer ${gateway.key}` })
    expect([answer.status, answer.json.type]).toEqual([200, 'message'])
  },
)
