import { afterAll, beforeAll, expect, test } from 'bun:test'
import { treaty } from '@elysiajs/eden'
import { Elysia } from 'elysia'
import type { RequestPeer } from '../../server/admin/request-peer.ts'
import type { AdminApi } from '../../server/admin/routes.ts'
import { adminApp, failure, password } from './admin-app.ts'

// The admin API mounted in an outer application that listens, with the peer read from the socket.
let base = ''
let stop = (): unknown => undefined
const world: { app?: Awaited<ReturnType<typeof adminApp>> } = {}

beforeAll(async () => {
  let addressOf = (_: Request): string => ''
  const peerOf = (request: Request): RequestPeer => {
    const address = addressOf(request)
    const forwarded = ['forwarded', 'x-forwarded-for', 'x-real-ip'].some((name) => request.headers.has(name))
    return { address, loopback: address === '127.0.0.1' || address === '::1', forwarded, https: false }
  }
  world.app = await adminApp({ first: true, deps: { peerOf } })
  const outer = new Elysia()
    .get('/healthz', () => ({ status: 'ok' }))
    .get('/broken', () => {
      throw new Error('outer')
    })
    .onError(({ code }) => `outer ${code}`)
    .use(world.app.admin)
    .listen({ port: 0, hostname: '127.0.0.1' })
  addressOf = (request) => outer.server?.requestIP(request)?.address ?? ''
  base = `http://127.0.0.1:${outer.server?.port}`
  stop = () => outer.stop(true)
})
afterAll(() => stop())

const login = (body: object, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${base}/api/login`, { method: 'POST', body: JSON.stringify(body), headers })

test('what lies around the admin API is untouched by its gate and its error form', async () => {
  expect(await (await fetch(`${base}/healthz`)).json()).toEqual({ status: 'ok' })
  expect((await fetch(`${base}/broken`)).status).toBe(500)
  expect((await fetch(`${base}/elsewhere`)).headers.get('cache-control')).toBeNull()
  expect(await (await fetch(`${base}/v2/none`)).json()).toEqual(failure('Sign in first.', 'UNAUTHORIZED'))
})

test('over a real socket the first password works from loopback, and not behind a proxy', async () => {
  const answers = await Promise.all(
    ['forwarded', 'x-forwarded-for', 'x-real-ip'].map((name) => login({ password: 'admin' }, { [name]: '127.0.0.1' })),
  )
  for (const answer of answers) {
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([401, 'SETUP_CODE_REQUIRED'])
  }
  expect((await login({ password: 'admin' }, { host: 'attacker.example' })).status).toBe(401)
  const opened = await login({ password: 'admin' })
  expect(opened.status).toBe(200)
  const cookie = opened.headers.get('set-cookie')?.split(';')[0] ?? ''
  const changed = await fetch(`${base}/api/password`, {
    method: 'POST',
    headers: { cookie, origin: base, 'content-type': 'application/json' },
    body: JSON.stringify({ currentPassword: 'admin', newPassword: password }),
  })
  expect(changed.status).toBe(200)
  expect((await login({ password: 'admin' })).status).toBe(401)
})

test('the console’s typed client speaks to it', async () => {
  const api = treaty<AdminApi>(base, { headers: { authorization: `Bearer ${password}` } })
  const keys = await api.v2.keys.get()
  expect(keys.data?.count).toBe(0)
  const created = await api.v2.keys.post({ name: 'typed' })
  expect(created.data?.key).toStartWith('sk-')
  const missing = await api.v2.accounts({ id: 'acc_none' }).get()
  expect([missing.status, missing.error?.value]).toMatchObject([404, { code: 'NOT_FOUND' }])
  const patched = await api.v2.accounts({ id: 'acc_none' }).patch({ label: 'x' })
  expect(patched.error?.status as number).toBe(404)
  const settings = await api.v2.settings.put({ maxErrorCount: 7 })
  expect(settings.data?.maxErrorCount).toBe(7)
  const session = await api.api.session.get()
  expect(session.data?.signedIn).toBe(false)
  const list = await api.v2.accounts.get({ query: { pageSize: '1' } })
  expect(list.data?.accounts).toEqual([])
})

test('a host name that confuses the router’s idea of the path opens nothing', async () => {
  // The router looks for the path after the eleventh character: with a one-letter host it takes a later part for it.
  const answers = await Promise.all(
    ['/zz/v2/keys', '/v2/keys', '/zz/api/control/doctor', '/api/session/v2/keys'].map((path) =>
      fetch(`${base}${path}`, { headers: { host: 'x' } }),
    ),
  )
  for (const answer of answers) {
    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect(await answer.text()).not.toContain('"keys"')
  }
})

test('a HEAD is let in like a GET', async () => {
  expect((await fetch(`${base}/v2/keys`, { method: 'HEAD' })).status).toBe(401)
  const headers = { authorization: `Bearer ${password}` }
  expect((await fetch(`${base}/v2/keys`, { method: 'HEAD', headers })).status).toBe(200)
})

test('a chunked body over the limit is a 413 in JSON', async () => {
  const chunk = new Uint8Array(1024 * 1024).fill(32)
  let sent = 0
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => (sent++ < 17 ? controller.enqueue(chunk) : controller.close()),
  })
  const headers = { authorization: `Bearer ${password}` }
  const answer = await fetch(`${base}/v2/accounts/import`, { method: 'POST', body, headers })
  expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([413, 'TOO_LARGE'])
})
