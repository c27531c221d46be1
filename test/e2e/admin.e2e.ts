import { afterAll, beforeAll, expect, test } from 'bun:test'
import { createHmac } from 'node:crypto'
import { adminPassword, answerOnce, eventually, type Gateway, loggedRows, startGateway } from '../support/gateway.ts'

let gateway: Gateway
const received: { readonly headers: Headers; readonly text: string }[] = []
let answers: number[] = []
const hook = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  fetch: async (request) => {
    received.push({ headers: request.headers, text: await request.text() })
    return new Response(null, { status: answers.shift() ?? 204 })
  },
})
beforeAll(async () => {
  gateway = await startGateway({ accounts: [{ plan: 'power' }, { plan: 'power' }] })
})
afterAll(async () => {
  await gateway.stop()
  hook.stop(true)
})
const bearer = { authorization: `Bearer ${adminPassword}`, 'content-type': 'application/json' }
const post = (path: string, body: object, headers: Record<string, string> = {}) =>
  fetch(gateway.url + path, { method: 'POST', headers: { ...bearer, ...headers }, body: JSON.stringify(body) })

test('the console’s chat streams in the original’s events, needs no key, and is in the log as the operator’s', async () => {
  const ask = { model: 'claude-sonnet-4.5', max_tokens: 200, messages: [{ role: 'user', content: 'hello' }] }
  const response = await post('/v2/test/messages', { ...ask, stream: true })
  const text = await response.text()
  const events = [...text.matchAll(/^event: (\w+)$/gm)].map((match) => match[1])
  expect([response.status, events[0], events.at(-1)]).toEqual([200, 'meta', 'done'])
  expect(events).toContain('answer_delta')
  const whole = (await (await post('/v2/test/messages', ask)).json()) as { content: unknown[] }
  expect(whole.content.length).toBeGreaterThan(0)
  const chat = await post('/v2/test/chat/completions', { model: 'claude-sonnet-4.5', messages: ask.messages })
  expect(Object.keys((await chat.json()) as object)).toContain('choices')
  const bad = await post('/v2/test/messages', { ...ask, messages: 5 })
  expect([bad.status, typeof ((await bad.json()) as { error: unknown }).error]).toEqual([400, 'string'])
  expect((await fetch(`${gateway.url}/v2/test/messages`, { method: 'POST', body: '{}' })).status).toBe(401)
  const logs = await loggedRows<{ path: string }>(gateway, 3, '&endpoint_type=admin')
  expect(new Set(logs.map(({ path }) => path))).toEqual(new Set(['/v2/test/messages', '/v2/test/chat/completions']))
})

test('an alert reaches the webhook, signed, once, and is tried again while the receiver is away', async () => {
  const secret = 'a secret of the webhook'
  const alertWebhookUrl = `http://127.0.0.1:${hook.port}/secret-path`
  const off = await post('/v2/alerts/test', {})
  expect(off.status).toBe(400)
  const saved = await gateway.admin('PUT', '/v2/settings', {
    alertWebhookUrl,
    alertWebhookSecret: secret,
    alertsEnabled: true,
  })
  expect(JSON.stringify(saved)).not.toContain('secret-path')
  expect(await gateway.admin('POST', '/v2/alerts/test')).toMatchObject({ success: true, status: 204 })
  const [test] = received.splice(0)
  const [id, time] = [test?.headers.get('webhook-id'), test?.headers.get('webhook-timestamp')]
  const signature = createHmac('sha256', secret).update(`${id}.${time}.${test?.text}`).digest('base64')
  expect(test?.headers.get('webhook-signature')).toBe(`v1,${signature}`)

  answers = [503]
  const { accounts } = (await gateway.admin('GET', '/v2/accounts')) as { accounts: { id: string }[] }
  for (const { id: accountId } of accounts)
    await gateway.admin('PATCH', `/v2/accounts/${accountId}`, { enabled: false })
  expect(await eventually(() => received.length >= 2, 50_000)).toBeNumber()
  const bodies = received.map(({ text }) => JSON.parse(text))
  expect(bodies.map(({ type }) => type)).toEqual(['pool.empty', 'pool.empty'])
  expect(bodies[0].id).toBe(bodies[1].id)
  // The receiver has it before the gateway has read the answer.
  const alerts = await answerOnce(
    () => gateway.admin('GET', '/v2/alerts'),
    ({ waiting }) => waiting === 0,
  )
  expect(alerts).toMatchObject({
    waiting: 0,
    deliveries: [{ type: 'pool.empty', state: 'delivered', tries: 2, status: 204 }],
  })
  expect(gateway.logs()).not.toContain('secret-path')
  await gateway.admin('POST', '/v2/accounts/enable-all')
}, 120_000)
