import { afterAll, beforeAll, expect, test } from 'bun:test'
import { adminPassword, type Gateway, startGateway } from '../support/gateway.ts'

let gateway: Gateway
let cookie = ''
beforeAll(async () => {
  gateway = await startGateway({ accounts: [{ plan: 'power' }, { plan: 'power' }] })
  cookie = await signIn({ password: adminPassword })
})
afterAll(async () => {
  await gateway.stop()
})

async function signIn(body: object): Promise<string> {
  const answer = await fetch(`${gateway.url}/api/login`, { method: 'POST', body: JSON.stringify(body) })
  return (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? ''
}

const ours = () => ({ origin: gateway.url, 'sec-fetch-site': 'same-origin', cookie })
const chat = (path: string, body: object, headers: Record<string, string> = ours()): Promise<Response> =>
  fetch(`${gateway.url}/v2/test${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ model: 'claude-sonnet-4.5', ...body }),
  })
/** The row of a request, as soon as it is written. */
async function rowOf(answer: Response): Promise<Record<string, unknown> | undefined> {
  const route = `/v2/logs?request_id=${answer.headers.get('x-request-id')}`
  for (let tries = 0; tries < 100; tries++) {
    const { logs } = (await gateway.admin('GET', route)) as { logs: Record<string, unknown>[] }
    if (logs[0] !== undefined) return logs[0]
    await Bun.sleep(50)
  }
  return undefined
}
const messages = [{ role: 'user', content: 'hello' }]

const apis = [
  ['/v1/messages', { max_tokens: 60, messages }, 'message_stop', 'content'],
  ['/v1/chat/completions', { messages }, '[DONE]', 'choices'],
  ['/v1/responses', { input: 'hello' }, 'response.completed', 'output'],
] as const

test.each(apis)(
  'the console speaks %s by its session, streamed and whole, and the log knows it',
  async (path, body, last, member) => {
    const streamed = await chat(path, { ...body, stream: true })
    expect([streamed.status, streamed.headers.get('content-type')]).toEqual([200, 'text/event-stream; charset=utf-8'])
    expect(await streamed.text()).toContain(last)
    const whole = await chat(path, body)
    expect(whole.status).toBe(200)
    expect(Object.keys((await whole.json()) as object)).toContain(member)
    expect(await rowOf(whole)).toMatchObject({
      ...{ path: `/v2/test${path}`, endpoint_type: 'admin', status_code: 200 },
      ...{ api_key_id: 'key_console', api_key_name: 'Console', user_name: 'Console', user_type: 'admin' },
    })
  },
)

test('a refusal has the form of the API that was asked, and no page of another origin may read an answer', async () => {
  const claude = await chat('/v1/messages', { messages: 5 })
  expect([claude.status, await claude.json()]).toMatchObject([
    400,
    { type: 'error', error: { type: 'invalid_request_error' } },
  ])
  const openai = await chat('/v1/chat/completions', { messages: 5 })
  expect([openai.status, await openai.json()]).toMatchObject([400, { error: { type: 'invalid_request_error' } }])
  for (const { headers } of [claude, openai]) {
    expect([...headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([])
    expect(headers.get('cross-origin-resource-policy')).toBe('same-origin')
  }
})

test('whoever has not signed in, a page elsewhere, a viewer and a client key are refused before anything is read', async () => {
  await gateway.admin('POST', '/v2/operators', { name: 'Vera', role: 'viewer', password: 'a long pass phrase of hers' })
  const viewer = await signIn({ user: 'Vera', password: 'a long pass phrase of hers' })
  const before = gateway.simulator.counters().requests
  for (const [path, body] of apis) {
    const tries: readonly [number, Record<string, string>][] = [
      [401, {}],
      [401, { authorization: `Bearer ${gateway.key}` }],
      [401, { 'x-api-key': gateway.key }],
      [403, { cookie, origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }],
      [403, { cookie }],
      [403, { ...ours(), cookie: viewer }],
    ]
    for (const [status, headers] of tries)
      expect([path, (await chat(path, body, headers)).status]).toEqual([path, status])
    expect((await fetch(gateway.url + path, { method: 'POST', headers: ours(), body: '{}' })).status).toBe(401)
  }
  expect(gateway.simulator.counters().requests).toBe(before)
})

test('the limits an operator sets for it hold, and those of a user it chats as', async () => {
  const ask = { max_tokens: 60, messages }
  await gateway.admin('PATCH', '/v2/keys/key_console', { rate_limit_rpm: 2 })
  const statuses = []
  for (let index = 0; index < 3; index++) statuses.push((await chat('/v1/messages', ask)).status)
  const last = await chat('/v1/messages', ask)
  expect([...statuses, last.status]).toEqual([200, 200, 429, 429])
  expect([last.headers.get('retry-after'), last.headers.get('anthropic-ratelimit-requests-limit')]).toEqual([
    expect.stringMatching(/^\d+$/),
    '2',
  ])
  expect((await chat('/messages', ask)).status).toBe(429)
  await gateway.admin('PATCH', '/v2/keys/key_console', { rate_limit_rpm: 0 })
  expect((await chat('/v1/messages', ask)).status).toBe(200)

  const { id } = await gateway.admin('POST', '/v2/users', { name: 'Ada', request_quota: 1 })
  const asAda = () => chat(`/v1/messages?user_id=${id}`, ask)
  expect((await asAda()).status).toBe(200)
  const spent = await asAda()
  expect([spent.status, await spent.text()]).toMatchObject([429, expect.stringContaining('1 request per day')])
  expect((await chat('/v1/messages', ask)).status).toBe(200)
  const nobody = await chat('/v1/messages?user_id=usr_none', ask)
  expect([nobody.status, await nobody.text()]).toMatchObject([400, expect.stringContaining('usr_none')])

  await gateway.admin('PATCH', '/v2/keys/key_console', { enabled: false })
  expect((await chat('/v1/messages', ask)).status).toBe(403)
  await gateway.admin('PATCH', '/v2/keys/key_console', { enabled: true })
})

test('a chat that names an account is served by that one alone', async () => {
  const { accounts } = (await gateway.admin('GET', '/v2/accounts')) as { accounts: { id: string }[] }
  for (const { id } of accounts) {
    for (let index = 0; index < 3; index++) {
      const answer = await chat(`/v1/messages?account_id=${id}`, { max_tokens: 60, messages })
      expect(await rowOf(answer)).toMatchObject({ account_id: id })
    }
  }
  const gone = await chat('/v1/messages?account_id=acc_none', { max_tokens: 60, messages })
  expect([gone.status, await gone.text()]).toMatchObject([400, expect.stringContaining('acc_none')])
})

test('a chat may be as large as a client’s request', async () => {
  const content = 'x '.repeat(9 * 1024 * 1024)
  const answer = await chat('/v1/messages', { max_tokens: 60, messages: [{ role: 'user', content }] })
  expect([answer.status, (await answer.text()).includes('16384 KiB')]).not.toEqual([413, true])
})
