import { expect, test } from 'bun:test'
import type { Entry } from '../../server/admin/actor.ts'
import { createIdempotency } from '../../server/admin/idempotency.ts'
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
}, 240_000)

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

test('an answer that took a password is for nobody else: not with the same key, and not without the password', async () => {
  const { ask, signInAs } = await adminApp()
  const olga = await signInAs('Olga', 'admin')
  const exported = (headers: Record<string, string>) =>
    ask('POST', '/v2/accounts/export', { headers: { ...headers, 'idempotency-key': 'e1' }, body: {} })
  const whole = await exported({ ...bearer, 'x-confirm-password': password })
  expect([whole.status, whole.headers.get('idempotency-replayed')]).toEqual([200, null])
  const masked = await exported(bearer)
  expect([masked.status, masked.headers.get('idempotency-replayed')]).toEqual([200, null])
  expect((await exported({ ...bearer, 'x-confirm-password': 'WRONG' })).status).toBe(403)
  expect((await exported(olga)).headers.get('idempotency-replayed')).toBeNull()
  const key = await ask('POST', '/v2/keys', { headers: withKey('k1'), body: { name: 'one' } })
  const other = await ask('POST', '/v2/keys', {
    headers: withKey('k1', { 'x-confirm-password': 'x' }),
    body: { name: 'one' },
  })
  expect(other.json.key).not.toBe(key.json.key)
})

test('of many that wait for one that fails, one goes on and the others get its answer', async () => {
  const idempotency = createIdempotency({ now: () => 1_000 })
  const entry = { by: 'bearer', actor: { subject: 'owner' } } as unknown as Entry
  let made = 0
  const serve = async (): Promise<Response> => {
    made += 1
    const status = made === 1 ? 503 : 200
    await Bun.sleep(5)
    return Response.json({ made }, { status })
  }
  const request = () =>
    new Request('http://127.0.0.1/v2/users', { method: 'POST', headers: { 'idempotency-key': 'same' }, body: '{}' })
  const answers = await Promise.all(Array.from({ length: 20 }, () => idempotency(request(), entry, serve)))
  expect(made).toBe(2)
  expect(answers.filter(({ replayed }) => replayed).length).toBe(18)
})
