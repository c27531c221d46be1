import { expect, test } from 'bun:test'
import { ensureConsoleKey } from '../../server/admin/keys-service.ts'
import { adminApp, failure } from './admin-app.ts'

test('the key of the console is in a list of its own, takes limits and rights, and stays', async () => {
  const app = await adminApp()
  const { call, store, clock, world } = app
  await ensureConsoleKey(store.keys, { now: () => clock.now })
  await ensureConsoleKey(store.keys, { now: () => clock.now + 1 })
  await call('POST', '/v2/keys', { name: 'team' })
  expect((await call('GET', '/v2/keys')).json).toMatchObject({ count: 1, keys: [{ name: 'team', internal: false }] })
  const own = (await call('GET', '/v2/keys?internal=true')).json
  expect(own).toMatchObject({ count: 1, keys: [{ id: 'key_console', internal: true, prefix: '', last4: '' }] })

  const before = world.keysChanged
  const limited = await call('PATCH', '/v2/keys/key_console', { request_quota: 50, concurrency: 2, name: 'Console' })
  expect([limited.status, limited.json]).toMatchObject([200, { request_quota: 50, concurrency: 2 }])
  expect(world.keysChanged).toBe(before + 1)
  expect((await store.keys.get('key_console'))?.limits).toEqual({ requestsPerDay: 50, concurrency: 2 })

  const renamed = await call('PATCH', '/v2/keys/key_console', { name: 'other' })
  expect([renamed.status, renamed.json.field]).toEqual([400, 'name'])
  const own400 = failure(
    'This key is the console’s own: it has no string, and stays. Disable it to end its chats.',
    'INVALID_REQUEST',
  )
  expect((await call('DELETE', '/v2/keys/key_console')).json).toMatchObject(own400)
  expect((await call('POST', '/v2/keys/key_console/regenerate')).json).toMatchObject(own400)
  expect((await call('GET', '/v2/keys/key_console')).status).toBe(200)
})

test('a chat names its one account and the user it is made for, each once and within bounds', async () => {
  const { call } = await adminApp({
    deps: { testChat: async (path, _, as) => Response.json({ path, ...as }) },
  })
  expect((await call('POST', '/v2/test/v1/messages?account_id=acc_1&user_id=usr_1', {})).json).toEqual({
    ...{ path: '/v2/test/v1/messages', accountId: 'acc_1', userId: 'usr_1' },
  })
  expect((await call('POST', '/v2/test/v1/responses?account_id=', {})).json).toEqual({ path: '/v2/test/v1/responses' })
  const long = await call('POST', `/v2/test/v1/messages?user_id=${'x'.repeat(101)}`, {})
  expect([long.status, long.json.field]).toEqual([400, 'user_id'])
})
