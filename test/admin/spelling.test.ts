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
] as const)('%s %s refuses a member it does not know, and does nothing', async (method, path, body, field) => {
  const { send, audit } = await setUp()
  const answer = await send(method, path, body)
  expect([answer.status, answer.json.code, answer.json.field]).toEqual([400, 'INVALID_REQUEST', field])
  expect(answer.json.error).toContain(field)
  expect(await audit()).toEqual([])
})
