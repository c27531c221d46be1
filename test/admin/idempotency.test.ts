import { expect, test } from 'bun:test'
import { adminApp, password } from './admin-app.ts'

const bearer = { authorization: `Bearer ${password}` }
const withKey = (key: string, more: object = {}) => ({ ...bearer, 'idempotency-key': key, ...more })

test('a write that is sent again answers as it did and does nothing twice', async () => {
  const { ask, store, clock, world } = await adminApp()
  const send = (key: string, name = 'Ada') => ask('POST', '/v2/users', { headers: withKey(key), body: { name } })
  const first = await send('one')
  const second = await send('one')
  expect([first.status, second.status, second.text]).toEqual([200, 200, first.text])
  expect([first.headers.get('idempotency-replayed'), second.headers.get('idempotency-replayed')]).toEqual([
    null,
    'true',
  ])
  expect((await store.users.list()).length).toBe(1)
  expect((await store.audit.list({ action: 'POST /v2/users' }, 10)).length).toBe(1)
  expect(world.logged.filter((line) => line.includes('user.created')).length).toBe(1)
  await send('two')
  expect((await store.users.list()).length).toBe(2)
  const other = await send('one', 'Bo')
  expect([other.status, other.json.code, other.json.field]).toEqual([409, 'IDEMPOTENCY_KEY_REUSED', 'Idempotency-Key'])
  clock.now += 3_600_001
  await send('one')
  expect((await store.users.list()).length).toBe(3)
})

test('fifty at once are one', async () => {
  const { ask, store } = await adminApp()
  const answers = await Promise.all(
    Array.from({ length: 50 }, () => ask('POST', '/v2/users', { headers: withKey('same'), body: { name: 'Ada' } })),
  )
  expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1)
  expect((await store.users.list()).length).toBe(1)
})

test('what failed may be tried again, and a key belongs to one route and one person', async () => {
  const { ask, store, signInAs } = await adminApp()
  const post = (path: string, body: unknown, headers: Record<string, string> = withKey('k')) =>
    ask('POST', path, { headers, body })
  expect((await post('/v2/users', { name: '' })).status).toBe(400)
  expect((await post('/v2/users', { name: 'Ada' })).status).toBe(200)
  expect((await post('/v2/keys', { name: 'Ada' })).json.key).toStartWith('sk-')
  const olga = await signInAs('Olga', 'admin')
  expect((await post('/v2/users', { name: 'Bo' }, { ...olga, 'idempotency-key': 'k' })).json.name).toBe('Bo')
  expect((await store.users.list()).length).toBe(2)
  const bad = await post('/v2/users', { name: 'x' }, withKey('two words'))
  expect([bad.status, bad.json.field]).toEqual([400, 'Idempotency-Key'])
  expect((await post('/v2/users', { name: 'x' }, { 'idempotency-key': 'k' })).status).toBe(401)
})

test('of an answer that was too long it is said that the work was done', async () => {
  const { ask, store } = await adminApp()
  const list = Array.from({ length: 2_000 }, (_, at) => ({
    ...{ clientId: `client-${at}`, clientSecret: `secret-of-client-${at}`, label: `account ${at} ${'x'.repeat(60)}` },
  }))
  const send = () => ask('POST', '/v2/accounts/import', { headers: withKey('big'), body: list })
  expect((await send()).json.imported).toBe(2_000)
  const again = await send()
  expect([again.status, again.json.code]).toEqual([409, 'IDEMPOTENCY_ANSWER_GONE'])
  expect((await store.accounts.list()).length).toBe(2_000)
}, 20_000)

test('a body past the bound is refused, one that is no text is the route’s to judge', async () => {
  const { ask } = await adminApp()
  const large = await ask('POST', '/v2/users', {
    headers: withKey('k'),
    raw: new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(1024 * 1024).fill(0x20)),
    }),
  })
  expect(large.status).toBe(413)
  const broken = await ask('POST', '/v2/users', { headers: withKey('k'), raw: new Uint8Array([0xff, 0xfe]) })
  expect(broken.status).toBe(400)
})
