import { expect, test } from 'bun:test'
import { adminApp, password } from './admin-app.ts'

const setUp = async () => {
  const { ask } = await adminApp()
  const headers = { authorization: `Bearer ${password}` }
  const send = async (method: string, path: string, body: object) => ask(method, path, { headers, body })
  const audit = async () => (await ask('GET', '/v2/audit', { headers })).json.entries
  return { send, audit }
}

test('a member is known with an underscore or a capital', async () => {
  const { send } = await setUp()
  const key = await send('POST', '/v2/keys', { name: 'guest', expiresAt: '2030-01-01T00:00:00Z', rateLimitRpm: 5 })
  expect(key.json).toMatchObject({ expires_at: '2030-01-01T00:00:00.000Z', rate_limit_rpm: 5 })
  const token = await send('POST', '/v2/admin-tokens', { name: 'guest', scopes: ['read'], expires_in_days: 1 })
  expect(token.json.expiresAt).toBeString()
  const kept = await send('POST', '/v2/accounts/reset-stats', { request_logs: false })
  expect([kept.status, String(kept.json.message)]).toEqual([200, expect.not.stringContaining('request logs')])
})

test.each([
  ['POST', '/v2/keys', { name: 'guest', rpm: 5 }, 'rpm'],
  ['POST', '/v2/admin-tokens', { name: 'guest', scopes: ['read'], expiresAt: '2030-01-01T00:00:00Z' }, 'expiresAt'],
  ['POST', '/v2/operators', { name: 'guest', role: 'viewer', password: 'a long one', enabled: false }, 'enabled'],
  ['POST', '/v2/accounts/reset-stats', { logs: false }, 'logs'],
  ['POST', '/v2/model-mappings', { name: 'a', target: 'b', key: 'key_1' }, 'key'],
  ['PUT', '/v2/captures/key_1', { hour: 1 }, 'hour'],
  ['POST', '/v2/logs/cleanup', { preveiw: true }, 'preveiw'],
  ['PATCH', '/v2/keys/key_1', { rpm: 5 }, 'rpm'],
  ['PATCH', '/v2/keys/key_1', { enabeld: false }, 'enabeld'],
  ['PATCH', '/v2/accounts/acc_1', { lable: 'x' }, 'lable'],
  ['PUT', '/v2/ips/config/192.0.2.1', { rate_limit: 5 }, 'rate_limit'],
  ['POST', '/v2/ips/block', { ip: '192.0.2.1', expiresIn: 60 }, 'expiresIn'],
  ['PUT', '/v2/proxies/prx_1', { enable: false }, 'enable'],
  ['PUT', '/v2/model-mappings/map_1', { model: 'x' }, 'model'],
  ['PATCH', '/v2/operators/op_1', { disabled: true }, 'disabled'],
] as const)('%s %s refuses a member it does not know, and does nothing', async (method, path, body, field) => {
  const { send, audit } = await setUp()
  const answer = await send(method, path, body)
  expect([answer.status, answer.json.code, answer.json.field]).toEqual([400, 'INVALID_REQUEST', field])
  expect(answer.json.error).toContain(field)
  expect(await audit()).toEqual([])
})

test('the nearest name is told', async () => {
  const { send } = await setUp()
  for (const [path, body, near] of [
    ['/v2/keys/key_1', { enabeld: false }, 'Did you mean enabled?'],
    ['/v2/accounts/acc_1', { lable: 'x' }, 'Did you mean label?'],
  ] as const)
    expect((await send('PATCH', path, body)).json.error).toContain(near)
})

test('what is read can be sent back whole: what cannot be changed in it stays as it is', async () => {
  const app = await adminApp()
  const { call } = app
  await app.addAccount('acc_1', { label: 'team' })
  await call('POST', '/v2/keys', { name: 'k', notes: 'mine', rate_limit_rpm: 5 })
  await call('POST', '/v2/proxies', { url: 'http://u:p@proxy.example:3128', name: 'p' })
  await call('POST', '/v2/model-mappings', { name: 'a', target: 'b' })
  await call('POST', '/v2/operators', { name: 'Ada', role: 'viewer', password: 'a long password of hers' })
  await call('PUT', '/v2/ips/config/192.0.2.1', { rate_limit_rpm: 5, notes: 'office' })
  const idIn = async (path: string, list: string): Promise<string> => (await call('GET', path)).json[list][0].id
  const things: readonly [string, string][] = [
    ['PATCH', '/v2/accounts/acc_1'],
    ['PATCH', `/v2/keys/${await idIn('/v2/keys', 'keys')}`],
    ['PUT', `/v2/proxies/${await idIn('/v2/proxies', 'proxies')}`],
    ['PUT', `/v2/model-mappings/${await idIn('/v2/model-mappings', 'mappings')}`],
    ['PUT', '/v2/ips/config/192.0.2.1'],
  ]
  for (const [method, path] of things) {
    const before = (await call('GET', path)).json
    const answer = await call(method, path, before)
    expect([path, answer.status, answer.json.error]).toEqual([path, 200, undefined])
    const after = (await call('GET', path)).json
    for (const each of [before, after]) for (const name of ['updated_at', 'state_since']) delete each[name]
    expect(after).toEqual(before)
  }
  const [ada] = (await call('GET', '/v2/operators')).json.operators
  expect((await call('PATCH', `/v2/operators/${ada.id}`, ada)).status).toBe(200)
})

test('the switch and the caps of an account’s overage are changed as they are read', async () => {
  const app = await adminApp()
  await app.addAccount('acc_1', {})
  const patch = async (body: object) => (await app.call('PATCH', '/v2/accounts/acc_1', body)).json.overage
  expect(await patch({ overage: { enabled: true, max_credits: 50 } })).toMatchObject({ enabled: true, max_credits: 50 })
  expect(await patch({ overage: { enabled: true, max_credits: 50 }, overageMaxCredits: 7 })).toMatchObject({
    max_credits: 7,
  })
  expect(await patch({ overage: false })).toMatchObject({ enabled: false, max_credits: 7 })
})

test('a member that is meant to change every object is refused by name on every route that reads one', async () => {
  const { ask } = await adminApp()
  const headers = { authorization: `Bearer ${password}` }
  for (const [method, path] of [
    ['PUT', '/v2/settings'],
    ['POST', '/v2/users'],
    ['POST', '/v2/keys'],
    ['POST', '/v2/accounts'],
  ] as const) {
    const answer = await ask(method, path, {
      headers,
      raw: '{"__proto__":{"role":"owner"},"name":"x","debugLog":true}',
    })
    expect([answer.status, answer.json.code, answer.json.field]).toEqual([400, 'INVALID_REQUEST', '__proto__'])
  }
})

test.each([
  [
    'PATCH',
    '/v2/keys/k',
    { rate_limit_rpm: 'x' },
    'rate_limit_rpm must be a whole number from 0 to 9007199254740991 or null.',
  ],
  ['PATCH', '/v2/keys/k', { enabled: 1 }, 'enabled must be true or false.'],
  ['PATCH', '/v2/keys/k', { name: '' }, 'name must be a text of 1 to 64 characters.'],
  [
    'PATCH',
    '/v2/keys/k',
    { models: [5] },
    'models must be a list of at most 200 items, each a text of 1 to 200 characters or null.',
  ],
  ['PATCH', '/v2/accounts/a', { weight: 101 }, 'weight must be a whole number from 1 to 100.'],
  ['POST', '/v2/keys', {}, 'name is missing: it must be a text of 1 to 64 characters.'],
  ['POST', '/v2/keys', { name: 'x', accountIds: [] }, 'accountIds is no member of this body.'],
  [
    'POST',
    '/v2/admin-tokens',
    { name: 'x', scopes: ['all'] },
    'scopes.0 must be "read", "accounts", "users", "settings", "logs" or "write".',
  ],
] as const)('%s %s %j is refused with what would be right: %s', async (method, path, body, error) => {
  const { send } = await setUp()
  const answer = await send(method, path, body)
  expect([answer.status, answer.json.error]).toEqual([400, error])
})
