import { expect, test } from 'bun:test'
import { createStreamGuard } from '../../server/admin/stream-guard.ts'
import { createTestEffects, settle } from '../support/effects.ts'
import { adminApp, password } from './admin-app.ts'

type App = Awaited<ReturnType<typeof adminApp>>
type Headers = Record<string, string>

const bearer = { authorization: `Bearer ${password}` }
const streams = ['/v2/events', '/v2/server-logs/stream', '/v2/logs/stream'] as const

/** Opens a stream and says whether it still is. */
async function listen({ admin }: App, headers: Headers, path: string = streams[0]) {
  const response = await admin.handle(new Request(`http://localhost:62311${path}`, { headers }))
  expect([path, response.status, response.headers.get('content-type')]).toEqual([
    path,
    200,
    'text/event-stream; charset=utf-8',
  ])
  const reader = response.body?.getReader()
  let open = true
  const pump = async (): Promise<void> => {
    while (!((await reader?.read())?.done ?? true)) {}
    open = false
  }
  void pump()
  await settle()
  return { open: () => open, leave: () => reader?.cancel() }
}

/** Who may go on is asked of the database, which has its own time. */
const eventually = async (holds: () => boolean): Promise<void> => {
  for (let turn = 0; turn < 200 && !holds(); turn++) await settle()
}
const later = async ({ clock, effects }: App, ms: number): Promise<void> => {
  clock.now += ms
  await effects.advance(6_000)
  await settle()
}
const login = async (app: App, body: object): Promise<Headers> => {
  const answer = await app.ask('POST', '/api/login', { body })
  const cookie = (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? ''
  return { cookie, 'x-requested-with': 'test' }
}
const tokenOf = async (app: App, headers: Headers, more: object = {}) => {
  const made = await app.ask('POST', '/v2/admin-tokens', { headers, body: { name: 't', scopes: ['read'], ...more } })
  return { id: String(made.json.id), headers: { authorization: `Bearer ${made.json.token}` } }
}
const operatorId = async (app: App, name: string): Promise<string> =>
  (await app.call('GET', '/v2/operators')).json.operators.find((one: { name: string }) => one.name === name).id

/** Each way a sign-in ends: who listens, and what ends it. */
const ends: Readonly<Record<string, (app: App) => Promise<{ headers: Headers; end: () => Promise<unknown> }>>> = {
  'signing out': async (app) => {
    const headers = await login(app, { password })
    return { headers, end: () => app.ask('POST', '/api/logout', { headers }) }
  },
  'the end of the session by somebody else': async (app) => {
    const headers = await login(app, { password })
    const { sessions } = (await app.ask('GET', '/v2/sessions', { headers })).json
    const { id } = sessions.find((one: { current: boolean }) => one.current)
    return { headers, end: () => app.call('DELETE', `/v2/sessions/${id}`) }
  },
  'the end of all other sessions': async (app) => {
    const headers = await login(app, { password })
    const mine = await login(app, { password })
    return { headers, end: () => app.ask('POST', '/v2/sessions/end-others', { headers: mine }) }
  },
  'idleness, though it listens': async (app) => {
    const headers = await login(app, { password })
    return { headers, end: () => later(app, 13 * 3_600_000) }
  },
  'another password, for a session': async (app) => {
    const headers = await login(app, { password })
    const body = { currentPassword: password, newPassword: 'another long one' }
    return {
      headers,
      end: async () => app.ask('POST', '/api/password', { headers: await login(app, { password }), body }),
    }
  },
  'another password, for the old one as a bearer': async (app) => {
    const body = { currentPassword: password, newPassword: 'another long one' }
    const mine = await login(app, { password })
    return { headers: bearer, end: () => app.ask('POST', '/api/password', { headers: mine, body }) }
  },
  'a token that is revoked': async (app) => {
    const token = await tokenOf(app, await login(app, { password }))
    return {
      headers: token.headers,
      end: async () => app.ask('DELETE', `/v2/admin-tokens/${token.id}`, { headers: await login(app, { password }) }),
    }
  },
  'a token that expires': async (app) => {
    const token = await tokenOf(app, await login(app, { password }), { expiresInDays: 1 })
    return { headers: token.headers, end: () => later(app, 25 * 3_600_000) }
  },
  'the person of a token being switched off': async (app) => {
    const token = await tokenOf(app, await app.signInAs('Adam', 'admin'))
    const id = await operatorId(app, 'Adam')
    return { headers: token.headers, end: () => app.call('PATCH', `/v2/operators/${id}`, { enabled: false }) }
  },
  'the person being removed': async (app) => {
    const headers = await app.signInAs('Vera', 'viewer')
    const id = await operatorId(app, 'Vera')
    return { headers, end: () => app.call('DELETE', `/v2/operators/${id}`) }
  },
  'another role': async (app) => {
    const headers = await app.signInAs('Adam', 'admin')
    const id = await operatorId(app, 'Adam')
    return { headers, end: () => app.call('PATCH', `/v2/operators/${id}`, { role: 'viewer' }) }
  },
}

/** Time ends everybody's. */
const byTime = ['idleness, though it listens', 'a token that expires']

test.each(Object.keys(ends))('%s ends the streams it opened, and nobody else’s', async (name) => {
  const app = await adminApp()
  await app.call('GET', '/v2/keys') // known from here on
  const other = await listen(app, await app.signInAs('Otto', 'admin'))
  const { headers, end } = (await ends[name]?.(app)) ?? { headers: {}, end: async () => {} }
  const opened = await Promise.all(streams.map((path) => listen(app, headers, path)))
  await later(app, 1_000)
  expect(opened.map(({ open }) => open())).toEqual([true, true, true])
  await end()
  await eventually(() => opened.every(({ open }) => !open()))
  expect([name, opened.map(({ open }) => open())]).toEqual([name, [false, false, false]])
  if (byTime.includes(name)) await eventually(() => !other.open())
  expect([name, other.open()]).toEqual([name, !byTime.includes(name)])
  // Nothing of it stays behind on our side.
  expect(app.live.hub.listeners()).toBe(other.open() ? 1 : 0)
  expect(app.streams.size()).toBe(other.open() ? 1 : 0)
  await other.leave()
  expect(app.live.hub.listeners()).toBe(0)
})

test('a second factor that is turned on ends what the password alone opened', async () => {
  const app = await adminApp()
  await app.call('GET', '/v2/keys')
  const read = await listen(app, bearer)
  const headers = await login(app, { password })
  const { secret } = (await app.ask('POST', '/v2/second-factor', { headers, body: { password } })).json
  const { Secret, TOTP } = await import('otpauth')
  const code = new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: app.clock.now })
  expect(read.open()).toBe(true)
  expect((await app.ask('POST', '/v2/second-factor/confirm', { headers, body: { code } })).status).toBe(200)
  await eventually(() => !read.open())
  expect(read.open()).toBe(false)
})

test('an answer that is no stream is passed on untouched, and a stream that ends by itself is forgotten', async () => {
  const effects = createTestEffects()
  const guard = createStreamGuard(effects)
  const plain = Response.json({ a: 1 })
  expect(guard.watch(plain, async () => false)).toBe(plain)
  const short = guard.watch(
    new Response('data: x\n\n', { headers: { 'content-type': 'text/event-stream' } }),
    async () => true,
  )
  expect([guard.size(), effects.timers()]).toEqual([1, 1])
  expect(await short.text()).toBe('data: x\n\n')
  expect([guard.size(), effects.timers()]).toEqual([0, 0])
})

test('who cannot be asked about is let go', async () => {
  const effects = createTestEffects()
  const guard = createStreamGuard(effects)
  const endless = new ReadableStream({ pull: () => new Promise(() => {}) })
  const response = guard.watch(new Response(endless, { headers: { 'content-type': 'text/event-stream' } }), () =>
    Promise.reject(new Error('the disk is gone')),
  )
  const read = response.text()
  await effects.advance(6_000)
  expect(await read).toBe('')
  expect(guard.size()).toBe(0)
})
