import { describe, expect, test } from 'bun:test'
import { Value } from '@sinclair/typebox/value'
import { AdminErrorShown } from '../../server/admin/contract/session.ts'
import { gatewayError } from '../../server/conversation/error.ts'
import { adminApp, password } from './admin-app.ts'

type App = Awaited<ReturnType<typeof adminApp>>
const bearer = { authorization: `Bearer ${password}` }

describe('every failure has the members the original had and those the console needs', () => {
  const rows: readonly [string, (app: App) => ReturnType<App['call']>, object][] = [
    ['nobody', ({ ask }) => ask('GET', '/v2/accounts'), { code: 'UNAUTHORIZED' }],
    ['no such route', ({ call }) => call('GET', '/v2/nothing'), { code: 'NOT_FOUND' }],
    ['an unknown id', ({ call }) => call('GET', '/v2/users/x'), { code: 'NOT_FOUND', params: {} }],
    ['a wrong type', ({ call }) => call('POST', '/v2/keys', { name: 5 }), { code: 'INVALID_REQUEST', field: 'name' }],
    ['a refused value', ({ call }) => call('POST', '/v2/keys', { name: ' ' }), { field: 'name' }],
    [
      'a text that is too long',
      ({ call }) => call('POST', '/v2/users', { name: 'n'.repeat(300) }),
      { params: { reason: 'long', most: 255 } },
    ],
    [
      'a number out of range',
      ({ call }) => call('POST', '/v2/proxies', { url: 'http://p:1', weight: 0 }),
      { params: { reason: 'range', least: 1, most: 100 } },
    ],
    [
      'an address that is there',
      async ({ call }) => {
        await call('POST', '/v2/proxies', { url: 'http://p:1', name: 'first' })
        return call('POST', '/v2/proxies', { url: 'http://p:1' })
      },
      { code: 'CONFLICT', field: 'url', params: { reason: 'proxy-there', name: 'first' } },
    ],
    [
      'a setting out of its choices',
      ({ call }) => call('PUT', '/v2/settings', { accountSelectionMode: 'x' }),
      { params: { reason: 'choice' } },
    ],
    [
      'a sign-in without its token',
      ({ call }) => call('POST', '/v2/accounts', { clientId: 'c', clientSecret: 's', region: 'here' }),
      { params: { reason: 'sign-in' } },
    ],
    ['no JSON', ({ ask }) => ask('POST', '/v2/keys', { headers: bearer, raw: '{' }), { code: 'INVALID_JSON' }],
    [
      'one too many',
      async ({ call, addAccount }) => {
        await addAccount('a')
        await call('PATCH', '/v2/settings', { maxAccounts: 1 })
        return call('POST', '/v2/accounts', { refreshToken: 'aorRefreshTokenOfTheNewOne0001' })
      },
      { code: 'ACCOUNT_LIMIT_REACHED', params: { limit: 1 } },
    ],
    [
      'who may not',
      async ({ ask, signInAs }) => ask('POST', '/v2/keys', { headers: await signInAs('Vera', 'viewer'), body: {} }),
      { code: 'FORBIDDEN', params: { role: 'admin', has: 'viewer' } },
    ],
  ]
  test.each(rows)('%s', async (_, refuse, expected) => {
    const { status, json } = await refuse(await adminApp())
    expect(status).toBeGreaterThanOrEqual(400)
    expect([...Value.Errors(AdminErrorShown, json)]).toEqual([])
    expect(Value.Clean(AdminErrorShown, structuredClone(json))).toEqual(json)
    expect(json).toMatchObject({ ...expected, message: json.error, requestId: 'req_test' })
  })
})

test('when to come again stands in the header and in the body', async () => {
  const app = await adminApp()
  await app.addAccount('a')
  app.world.check = () => ({ error: gatewayError('rate-limited', 'Slowly.', { retryAfterMs: 2_500 }) })
  const slow = await app.call('POST', '/v2/accounts/a/refresh')
  expect([slow.status, slow.headers.get('retry-after'), slow.json]).toMatchObject([429, '3', { retryAfter: 3 }])

  const wrong = () => app.ask('GET', '/v2/accounts', { headers: { authorization: 'Bearer wrong password' } })
  let answer = await wrong()
  for (let tries = 0; tries < 20 && answer.status !== 429; tries++) answer = await wrong()
  expect([answer.status, answer.json.code]).toEqual([429, 'LOCKED'])
  expect(answer.json.retryAfter).toBeGreaterThanOrEqual(1)
  expect(answer.headers.get('retry-after')).toBe(String(answer.json.retryAfter))
})

test('a client API’s own errors pass through the console’s chats as they are', async () => {
  const error = { type: 'error', error: { type: 'api_error', message: 'x' } }
  const { call } = await adminApp({ deps: { testChat: async () => Response.json(error, { status: 500 }) } })
  const answer = await call('POST', '/v2/test/messages', {})
  expect([answer.status, answer.json]).toEqual([500, error])
})
