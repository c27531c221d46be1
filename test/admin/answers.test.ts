import { afterAll, describe, expect, test } from 'bun:test'
import { Value } from '@sinclair/typebox/value'
import { Secret, TOTP } from 'otpauth'
import { otherAnswers, responses } from '../../server/admin/openapi/responses.ts'
import { password } from './admin-app.ts'
import { filledApp } from './filled-app.ts'
import { samples } from './route-samples.ts'

// What the reference says of a route's answer, held against what the route answers.

/** What has to be done before some routes have an answer. */
const before: Readonly<Record<string, (app: App) => Promise<unknown>>> = {
  'GET /v2/logs/:id/content': ({ store, clock }) =>
    store.captures.save(
      { requestId: 'r1', keyId: 'k', expiresAt: clock.now + 1_000 },
      { prompt: '{}', reply: '{}', cut: false },
    ),
  'DELETE /v2/captures/:keyId': ({ call }) => call('PUT', '/v2/captures/k', {}),
  'GET /v2/captures': ({ call }) => call('PUT', '/v2/captures/k', {}),
  'POST /v2/devtools/claude-code/undo': (app) => saved(app, 'claude-code'),
  'POST /v2/devtools/droid/undo': (app) => saved(app, 'droid'),
  'GET /v2/deleted': ({ call }) => call('DELETE', '/v2/accounts/a'),
  'DELETE /v2/deleted': ({ call }) => call('DELETE', '/v2/users/u'),
  'DELETE /v2/deleted/:id': ({ call }) => call('DELETE', '/v2/accounts/a'),
  'POST /v2/accounts/:id/restore': ({ call }) => call('DELETE', '/v2/accounts/a'),
  'POST /v2/users/:id/restore': ({ call }) => call('DELETE', '/v2/users/u'),
  'POST /v2/keys/:id/restore': ({ call }) => call('DELETE', '/v2/keys/k'),
  'POST /v2/proxies/:id/restore': ({ call, ids }) => call('DELETE', `/v2/proxies/${ids.proxy}`),
  'POST /v2/model-mappings/:id/restore': ({ call, ids }) => call('DELETE', `/v2/model-mappings/${ids.mapping}`),
  'POST /v2/ips/restore': ({ call }) => call('POST', '/v2/ips/unblock', { ip: '198.51.100.7' }),
  'POST /v2/auth/claim/:authId': async ({ world, ids }) =>
    world.signIns.set(ids.signIn ?? '', { status: 'completed', remainingMs: 0, accountId: 'a' }),
  'POST /v2/alerts/test': ({ call }) =>
    call('PUT', '/v2/settings', {
      alertWebhookUrl: 'http://127.0.0.1:9/none',
      alertWebhookSecret: 'a secret of the webhook',
    }),
}

/** Twice, so that there is a copy of what was there first. */
async function saved({ call }: App, tool: string) {
  for (const apiKey of ['sk-first-key-0001', 'sk-second-key-0002'])
    await call('POST', `/v2/devtools/${tool}/config`, { baseUrl: 'http://127.0.0.1:62311', apiKey })
}

type App = Awaited<ReturnType<typeof filledApp>>
/** For what changes nothing. */
const shared = await filledApp()
afterAll(shared.remove)
const described = shared.routes
  .map(({ method, path }) => `${method} ${path}`)
  .filter((name) => !name.includes(' /api/control/'))

test('every route’s answer is described, and nothing is described that is no route', () => {
  const known = [...Object.keys(responses), ...Object.keys(otherAnswers)]
  expect(described.filter((name) => !known.includes(name))).toEqual([])
  expect(known.filter((name) => !described.includes(name))).toEqual([])
})

describe('the answer is as it is described', () => {
  const own = new Set(['POST /v2/second-factor/confirm', 'POST /v2/second-factor/remove'])
  test.each(described.filter((name) => responses[name] !== undefined && !own.has(name)))('%s', async (name) => {
    const [method = '', route = ''] = name.split(' ')
    const isShared = method === 'GET' && before[name] === undefined
    const app = isShared ? shared : await filledApp()
    try {
      await before[name]?.(app)
      const { path, send } = samples[name] ?? {}
      const answer = await answered(app, method, app.fill(path ?? route), send)
      expect([answer.status, answer.text]).toEqual([200, expect.any(String)])
      holds(name, answer.json)
    } finally {
      if (!isShared) await app.remove()
    }
  })

  test('the second factor’s', async () => {
    const app = await filledApp()
    const headers = { cookie: await app.signIn(), 'x-requested-with': 'test' }
    const post = (step: string, body: object) => app.ask('POST', `/v2/second-factor${step}`, { headers, body })
    const { json: begun } = await post('', { password })
    const code = new TOTP({ secret: Secret.fromBase32(begun.secret) }).generate({ timestamp: app.clock.now })
    const confirmed = await post('/confirm', { code })
    holds('POST /v2/second-factor/confirm', confirmed.json)
    const removed = await post('/remove', { password, code: confirmed.json.recoveryCodes[0] })
    holds('POST /v2/second-factor/remove', removed.json)
    await app.remove()
  })
})

/** The password's own route, and sessions, are for who is signed in with a cookie. */
async function answered(app: App, method: string, path: string, send: unknown) {
  if (path !== '/api/password' && !path.startsWith('/v2/sessions')) return app.call(method, path, send)
  const headers = { cookie: await app.signIn(), 'x-requested-with': 'test' }
  await app.signIn()
  const { sessions } = (await app.ask('GET', '/v2/sessions', { headers })).json
  const other = sessions.find(({ current }: { current: boolean }) => !current)?.id ?? ''
  return app.ask(method, path.replace(/\/session$/, `/${other}`), {
    headers,
    ...(send === undefined ? {} : { body: send }),
  })
}

/** Of the right types, and without a member the description does not name. */
function holds(name: string, json: unknown): void {
  const schema = responses[name]
  if (schema === undefined) throw new Error(`${name} is not described`)
  expect([...Value.Errors(schema, json)].map(({ path, message }) => `${path} ${message}`)).toEqual([])
  expect(Value.Clean(schema, structuredClone(json))).toEqual(json)
}
