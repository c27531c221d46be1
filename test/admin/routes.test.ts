import { expect, test } from 'bun:test'
import { isAtLeast } from '../../server/access/role.ts'
import { isDeclared, isRead, needOf, openRoutes } from '../../server/admin/permissions.ts'
import { poisonedText } from '../support/poison.ts'
import { adminApp, controlToken, elsewhere, password } from './admin-app.ts'
import { bodies } from './route-bodies.ts'

const { routes } = await adminApp()
const served = routes.filter(({ path }) => !openRoutes.has(path))
const names = served.map(({ method, path }) => `${method} ${path}`)
const filled = (path: string): string => path.replace(/:\w+/g, 'none').replace('*', 'none')
const split = (name: string): [method: string, path: string] => {
  const [method = '', path = ''] = name.split(' ')
  return [method, path]
}

test('the walk sees the routes there are', () => {
  expect(names.length).toBeGreaterThan(50)
  for (const known of ['GET /v2/accounts', 'PUT /v2/settings', 'DELETE /v2/keys/:id', 'POST /api/control/password']) {
    expect(names).toContain(known)
  }
})

test.each(names)('%s stands in the table of permissions', (name) => {
  expect(isDeclared(split(name)[1])).toBe(true)
})

test('a route that nobody declared is the owner’s alone, and no token’s', () => {
  expect(needOf('GET', '/v2/new-thing/:id')).toEqual({ role: 'owner', dangerous: false, audited: false })
  expect(needOf('POST', '/v2/constructor')).toEqual({ role: 'owner', dangerous: false, audited: true })
})

test.each([
  ['PATCH /v2/settings', 'PUT /v2/settings'],
  ['POST /v2/accounts/batch', 'DELETE /v2/accounts/:id'],
  ['PATCH /v2/keys/:id', 'PATCH /v2/users/:id'],
  ['DELETE /v2/keys/:id', 'DELETE /v2/users/:id'],
])('%s needs the test password as %s does, whose work it can do', (other, guarded) => {
  for (const route of [other, guarded]) {
    const [method = '', path = ''] = route.split(' ')
    expect([route, needOf(method, path).dangerous]).toEqual([route, true])
  }
})

test('what a path asks for is what its route asks for', () => {
  for (const name of names) {
    const [method, path] = split(name)
    expect([name, needOf(method, path.replace(/:\w+/g, 'x1'))]).toEqual([name, needOf(method, path)])
  }
  expect(needOf('GET', '/v2/accounts/export').role).toBe('admin')
  expect(needOf('HEAD', '/v2/accounts/export')).toEqual(needOf('GET', '/v2/accounts/export'))
  expect(needOf('GET', '/v2/accounts/exports').role).toBe('viewer')
})

const app = await adminApp()
app.world.peer = elsewhere
test.each(names)('%s refuses who is not signed in, whatever is sent', async (name) => {
  const [method, path] = split(name)
  const body = isRead(method) ? {} : { body: { anything: true } }
  const bad = [{}, { 'x-control-token': controlToken }, { authorization: 'Bearer sk-0123456789abcdefghijklmn' }]
  for (const headers of bad) {
    const answer = await app.ask(method, filled(path), { headers, ...body })
    expect([name, answer.status]).toEqual([name, 401])
    expect(answer.json.code).toBe('UNAUTHORIZED')
    expect(answer.headers.get('set-cookie')).toBeNull()
  }
  for (const query of [`token=${password}`, `password=${password}`]) {
    expect((await app.ask(method, `${filled(path)}?${query}`, body)).status).toBe(401)
  }
})

test.each(['HEAD', 'OPTIONS', 'GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'QUERY'])(
  '%s on paths that only look like a route learns nothing without a sign-in',
  async (method) => {
    for (const path of [
      '/v2',
      '/v2/',
      '/v2/none',
      '/v2//accounts',
      '/v2/accounts/',
      '/v2/%61ccounts',
      '/v2/accounts/..%2fkeys',
      '/api/control/keys',
      '/api/none',
      '/api/login/../password',
    ]) {
      const answer = await app.ask(method, path)
      expect([path, [401, 404].includes(answer.status)]).toEqual([path, true])
      expect(answer.text).not.toContain('keys')
    }
  },
)

const people = await adminApp()
const viewer = await people.signInAs('Vera', 'viewer')
const admin = await people.signInAs('Adam', 'admin')
/** Streams have no end to wait for; that they need a sign-in is asked above. */
const endless = /\/(stream|events)$/
/** A person's own: they may be called by a viewer and reach nobody else's. */
const own = /^\/(v2\/(sessions|second-factor|confirmation)|api\/password)/

test.each(names.filter((name) => !name.includes('/api/control') && !endless.test(name)))(
  '%s asks for its role',
  async (name) => {
    const [method, path] = split(name)
    if (own.test(path)) return expect(needOf(method, path).role).toBe('viewer')
    if (!isRead(method)) expect(isAtLeast('viewer', needOf(method, path).role)).toBe(false)
    for (const [headers, role] of [[viewer, 'viewer'] as const, [admin, 'admin'] as const]) {
      const before = people.world.logged.length
      const answer = await people.ask(method, filled(path), { headers, ...(isRead(method) ? {} : { body: {} }) })
      if (isAtLeast(role, needOf(method, path).role)) {
        expect([name, role, answer.status === 401 || answer.json?.code === 'FORBIDDEN']).toEqual([name, role, false])
      } else {
        expect([name, role, answer.status, answer.json.code]).toEqual([name, role, 403, 'FORBIDDEN'])
        expect(people.world.logged.length).toBe(before)
      }
    }
  },
)

test('the command line’s routes answer no session, however strong', async () => {
  const { ask, signIn } = await adminApp()
  const headers = { cookie: await signIn(), 'x-requested-with': 'test' }
  for (const name of names.filter((one) => one.includes('/api/control'))) {
    const [method, path] = split(name)
    expect([name, (await ask(method, filled(path), { headers })).status]).toEqual([name, 401])
  }
})

test('a body that is packed, too large or poisoned does no harm on any route', async () => {
  const { call, ask, signIn } = await adminApp()
  const cookie = { cookie: await signIn(), 'x-requested-with': 'test' }
  for (const { method, path } of served.filter((route) => !isRead(route.method))) {
    if (path.startsWith('/api/control') || path.startsWith('/v2/sessions')) continue
    for (const encoding of ['gzip', 'br', 'zstd', 'deflate, gzip', 'nonsense']) {
      const headers = { ...cookie, 'content-encoding': encoding }
      const packed = await ask(method, filled(path), { headers, raw: Bun.gzipSync(new Uint8Array(2 ** 20)) })
      expect([path, packed.status, packed.json.code]).toEqual([path, 415, 'UNSUPPORTED_ENCODING'])
    }
    // Alone, and inside of a body that is taken, at the top and one step down.
    // Not where it would end the session this walk goes on with.
    const taken = path === '/api/password' ? undefined : bodies[`${method} ${path}`]
    for (const body of [{}, ...(taken === undefined ? [] : [taken])]) {
      const poisoned = await ask(method, filled(path), { headers: cookie, raw: poisonedText(body) })
      expect([path, poisoned.status === 500]).toEqual([path, false])
      expect([path, Object.keys(Object.prototype), Reflect.get({}, 'polluted')]).toEqual([path, [], undefined])
      expect(poisoned.text).not.toContain('polluted-value')
    }
  }
  const large = await ask('PUT', '/v2/settings', { headers: cookie, raw: new Uint8Array(16 * 1024 * 1024 + 1) })
  expect([large.status, large.json.code]).toEqual([413, 'TOO_LARGE'])
  const endless = new ReadableStream({
    pull: (controller) => controller.enqueue(new Uint8Array(1024 * 1024).fill(0x20)),
  })
  expect((await ask('PUT', '/v2/settings', { headers: cookie, raw: endless })).status).toBe(413)
  expect((await call('GET', '/v2/settings')).status).toBe(200)
})

test('a body that nests without end is refused at once, before sign-in and after it', async () => {
  const { ask, signIn } = await adminApp()
  const cookie = { cookie: await signIn(), 'x-requested-with': 'test' }
  const deep = `${'{"a":'.repeat(4_000)}1${'}'.repeat(4_000)}`
  const routes = [['POST', '/api/login', 'password'] as const, ['POST', '/v2/users', 'name'] as const]
  for (const [method, path, member] of [...routes, ['PUT', '/v2/settings', 'apiKey'] as const]) {
    const began = performance.now()
    const headers = path === '/api/login' ? {} : cookie
    const answer = await ask(method, path, { headers, raw: `{"${member}":${deep}}` })
    expect([path, answer.status, answer.json.code]).toEqual([path, 400, 'INVALID_JSON'])
    expect([path, performance.now() - began < 500]).toEqual([path, true])
  }
  const long = await ask('POST', '/api/login', { raw: JSON.stringify({ password: 'x'.repeat(70_000) }) })
  expect([long.status, long.json.code]).toEqual([413, 'TOO_LARGE'])
})

test('no answer of the admin API lets pages of other sites read it', async () => {
  const { ask, call } = await adminApp()
  const origin = { origin: 'https://evil.example', authorization: `Bearer ${password}` }
  for (const { method, path } of served.filter((route) => route.method === 'GET' && !endless.test(route.path))) {
    const answer = await ask(method, filled(path), { headers: origin })
    expect([path, [...answer.headers.keys()].filter((name) => name.startsWith('access-control'))]).toEqual([path, []])
  }
  const preflight = await ask('OPTIONS', '/v2/settings', {
    headers: { origin: 'https://evil.example', 'access-control-request-method': 'PUT' },
  })
  expect([preflight.status, preflight.headers.get('access-control-allow-origin')]).toEqual([401, null])
  expect((await call('GET', '/v2/settings')).headers.get('cache-control')).toBe('no-store')
})
