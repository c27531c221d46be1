import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { contentSecurityPolicy } from '../../server/console/security-headers.ts'
import { adminPassword, type Gateway, startGateway } from '../support/gateway.ts'
import { type RawAnswer, sendRaw } from '../support/raw-request.ts'

setDefaultTimeout(180_000)

const app = 'https://app.example.com'
let gateway: Gateway
let closed: Gateway
beforeAll(async () => {
  gateway = await startGateway()
  closed = await startGateway({
    config: `server:\n  cors_origins: ['${app}', 'http://localhost:3000']\n  hsts_seconds: 0\n`,
  })
  await gateway.admin('POST', '/v2/ips/block', { ip: '203.0.113.66' })
  await closed.admin('POST', '/v2/ips/block', { ip: '203.0.113.66' })
})
afterAll(async () => {
  await gateway.stop()
  await closed.stop()
})

const page = { accept: 'text/html' }
const bearer = { authorization: `Bearer ${adminPassword}` }
const blocked = { 'x-forwarded-for': '203.0.113.66' }
const key = () => ({ 'x-api-key': gateway.key, 'content-type': 'application/json' })
const chat = (more: object = {}): string =>
  JSON.stringify({
    model: 'claude-sonnet-4-5',
    max_tokens: 100,
    messages: [{ role: 'user', content: 'Hello' }],
    ...more,
  })
const responses = JSON.stringify({ model: 'claude-sonnet-4-5', input: 'Hello', stream: true })

type Call = readonly [
  status: number,
  method: string,
  path: string,
  headers?: (() => Readonly<Record<string, string>>) | undefined,
  body?: string,
]

/** An answer of every kind there is: of each part, found and not, refused, broken, streamed. */
const calls: readonly Call[] = [
  [200, 'GET', '/', () => page],
  [200, 'HEAD', '/', () => page],
  [200, 'GET', '/login', () => page],
  [404, 'GET', '/assets/nothing.js'],
  [404, 'GET', '/nothing'],
  [404, 'POST', '/nothing', undefined, '{}'],
  [404, 'PUT', '/', undefined, '{}'],
  [200, 'GET', '/healthz'],
  [200, 'GET', '/version'],
  [200, 'GET', '/metrics'],
  [403, 'GET', '/metrics', () => ({ 'x-forwarded-for': '192.0.2.1' })],
  [200, 'GET', '/api/session'],
  [401, 'POST', '/api/login', undefined, '{"password":"not it"}'],
  [400, 'POST', '/api/login', undefined, '{'],
  [401, 'GET', '/v2/accounts'],
  [200, 'GET', '/v2/accounts', () => bearer],
  [404, 'GET', '/v2/accounts/none', () => bearer],
  [404, 'GET', '/v2/none', () => bearer],
  [400, 'PUT', '/v2/settings', () => bearer, '{"none":1}'],
  [415, 'PUT', '/v2/settings', () => ({ ...bearer, 'content-encoding': 'gzip' }), 'x'],
  [413, 'PUT', '/v2/settings', () => bearer, ' '.repeat(16 * 1024 * 1024 + 1)],
  [200, 'GET', '/v2/openapi.json', () => bearer],
  [200, 'GET', '/v2/docs', () => bearer],
  [200, 'GET', '/v2/docs/style.css', () => bearer],
  [200, 'GET', '/v2/logs/export?format=csv', () => bearer],
  [200, 'GET', '/v2/accounts/export', () => bearer],
  [200, 'GET', '/v2/events', () => bearer],
  [200, 'GET', '/v2/server-logs/stream', () => bearer],
  [401, 'OPTIONS', '/v2/settings', () => ({ origin: app, 'access-control-request-method': 'PUT' })],
  [204, 'OPTIONS', '/v1/messages', () => ({ origin: app, 'access-control-request-method': 'POST' })],
  [401, 'GET', '/v1/models'],
  [200, 'GET', '/v1/models', key],
  [404, 'GET', '/v1/models/none', key],
  [200, 'GET', '/v1/usage', key],
  [404, 'GET', '/v1/none', key],
  [404, 'GET', '/v1/responses/none', key],
  [426, 'GET', '/v1/responses', () => ({ upgrade: 'websocket', connection: 'upgrade' })],
  [404, 'POST', '/messages', key, chat()],
  [404, 'POST', '/api/v1/messages', key, chat()],
  [401, 'POST', '/v1/messages', undefined, chat()],
  [400, 'POST', '/v1/messages', key, '{'],
  [415, 'POST', '/v1/messages', () => ({ ...key(), 'content-encoding': 'rot13' }), chat()],
  [200, 'POST', '/v1/messages', key, chat()],
  [200, 'POST', '/v1/messages', key, chat({ stream: true })],
  [200, 'POST', '/v1/messages/count_tokens', key, chat()],
  [200, 'POST', '/v1/chat/completions', key, chat({ stream: true })],
  [200, 'POST', '/v1/responses', key, responses],
  [400, 'GET', '/v2/accounts', () => ({ host: 'evil"><x' })],
  [400, 'GET', '/v1/models', () => ({ host: 'evil"><x' })],
  [403, 'GET', '/', () => blocked],
  [403, 'GET', '/v2/accounts', () => blocked],
  [403, 'GET', '/v1/models', () => blocked],
  [404, 'GET', '/%'],
  [404, 'GET', '/%00'],
  [401, 'GET', '/v2/%'],
]

const ask = ([, method, path, headers, body]: Call, to = gateway, more = {}): Promise<RawAnswer> =>
  sendRaw(to.url, method, path, { ...headers?.(), ...more }, body)

test.each(calls.map((call) => [call.slice(0, 3).join(' '), call] as const))(
  '%s: nobody frames it, guesses its type or learns from where it was asked',
  async (name, call) => {
    const { status, headers, text } = await ask(call)
    const of = (header: string): string | null => headers.get(header)
    expect([name, status, text.slice(0, 200)]).toEqual([name, call[0], expect.any(String)])
    const isClient = /^(\/v1\/|\/messages|\/api\/v1\/)/.test(call[2]) && of('access-control-allow-origin') !== null
    const isPage = /text\/(html|css)|svg/.test(of('content-type') ?? '')
    expect(of('x-content-type-options')).toBe('nosniff')
    expect(of('x-frame-options')).toBe('DENY')
    expect(of('referrer-policy')).toBe(isPage ? 'same-origin' : 'no-referrer')
    expect(of('content-security-policy')).toBe(
      isPage
        ? contentSecurityPolicy
        : "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    )
    expect(of('cross-origin-resource-policy')).toBe(isClient ? 'cross-origin' : 'same-origin')
    // Over plain HTTP browsers ignore it; where it came from a proxy's cache it would lock people out.
    expect(of('strict-transport-security')).toBeNull()
    expect(of('x-powered-by')).toBeNull()
    expect(of('server')).toBeNull()
    if (!isPage || call[2].startsWith('/v2')) expect(of('cache-control')).toStartWith('no-store')
  },
)

test('the console’s files say the same, whole and as 304', async () => {
  const index = (await sendRaw(gateway.url, 'GET', '/', { ...page, 'accept-encoding': 'identity' })).text
  const script = /src="(\/assets\/[^"]+)"/.exec(index)?.[1] ?? ''
  const whole = await sendRaw(gateway.url, 'GET', script)
  const unchanged = await sendRaw(gateway.url, 'GET', script, { 'if-none-match': whole.headers.get('etag') ?? '' })
  expect([whole.status, unchanged.status]).toEqual([200, 304])
  for (const { headers } of [whole, unchanged]) {
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('content-security-policy')).toBe(contentSecurityPolicy)
    expect(headers.get('cross-origin-resource-policy')).toBe('same-origin')
    expect(headers.get('cache-control')).toContain('immutable')
  }
})

test('a proxy’s word that the browser came by TLS makes it keep to TLS, unless that is switched off; nobody else’s word does', async () => {
  const tls = { 'x-forwarded-proto': 'https', 'x-forwarded-for': '192.0.2.1' }
  for (const call of calls.filter(
    ([status, , path]) => status === 200 && !path.startsWith('/v1') && path !== '/metrics',
  )) {
    const name = call[2]
    const told = (await ask(call, gateway, tls)).headers.get('strict-transport-security')
    expect([name, told]).toEqual([name, 'max-age=15552000'])
  }
  const off = await sendRaw(closed.url, 'GET', '/', { ...page, ...tls })
  expect(off.headers.get('strict-transport-security')).toBeNull()
})

test('the request has one id, whatever stands in its query', async () => {
  for (const path of ['/healthz?next=/v1/messages', '/v2/none?/v1/', '/nothing?x=/v1/models', '/api/session?a=//v1/']) {
    const { headers } = await sendRaw(gateway.url, 'GET', path)
    expect([path, headers.get('x-request-id')]).toEqual([path, expect.stringMatching(/^req_[0-9A-Za-z]+$/)])
  }
  const client = await sendRaw(gateway.url, 'GET', '/v1/models', key())
  expect(client.headers.get('x-request-id')).toBe(client.headers.get('request-id'))
})

describe('pages of other origins', () => {
  const allow = (answer: RawAnswer) => answer.headers.get('access-control-allow-origin')
  const crossed = (answer: RawAnswer) => [...answer.headers.keys()].filter((name) => name.startsWith('access-control'))
  const wanted = {
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'authorization, content-type, x-stainless-os',
  }

  test('may call the client APIs with a key, and read of every answer what clients need', async () => {
    const preflight = await sendRaw(gateway.url, 'OPTIONS', '/v1/chat/completions', { origin: app, ...wanted })
    expect([preflight.status, allow(preflight)]).toEqual([204, '*'])
    expect(preflight.headers.get('access-control-allow-methods')).toContain('POST')
    // A wildcard does not cover this one.
    expect(preflight.headers.get('access-control-allow-headers')).toContain('authorization')
    expect(preflight.headers.get('access-control-allow-headers')).toEndWith('*')
    for (const call of calls.filter(([status, , path]) => /^\/v1\//.test(path) && status !== 204 && status !== 400)) {
      const answer = await ask(call, gateway, { origin: app })
      expect([call[2], allow(answer)]).toEqual([call[2], '*'])
      const exposed = answer.headers.get('access-control-expose-headers')
      for (const name of ['request-id', 'x-request-id', 'retry-after', 'x-model-served'])
        expect(exposed).toContain(name)
      // With `*` a browser sends no cookie, and must never be told to.
      expect(answer.headers.get('access-control-allow-credentials')).toBeNull()
    }
  })

  test('read nothing outside of the client APIs, signed in or not', async () => {
    for (const to of [gateway, closed]) {
      for (const call of calls.filter(([, , path]) => !/^(\/v1\/|\/messages|\/api\/v1\/)/.test(path))) {
        const answer = await ask(call, to, { origin: app })
        expect([call[1], call[2], crossed(answer)]).toEqual([call[1], call[2], []])
      }
    }
  })

  test('are let in one by one where the setting names them, and the answer is kept apart for each', async () => {
    const own = { 'x-api-key': closed.key, 'content-type': 'application/json' }
    for (const origin of [app, 'http://localhost:3000']) {
      const preflight = await sendRaw(closed.url, 'OPTIONS', '/v1/messages', { origin, ...wanted })
      expect([preflight.status, allow(preflight), preflight.headers.get('vary')]).toEqual([204, origin, 'Origin'])
      for (const [path, body] of [
        ['/v1/messages', chat({ stream: true })],
        ['/v1/messages', '{'],
        ['/v1/none', '{}'],
        ['/messages', chat()],
      ] as const) {
        const answer = await sendRaw(closed.url, 'POST', path, { ...own, origin }, body)
        expect([path, allow(answer), answer.headers.get('vary')]).toEqual([path, origin, 'Origin'])
        expect(answer.headers.get('access-control-expose-headers')).toContain('retry-after')
      }
    }
    for (const origin of ['https://evil.example', `${app}.evil.example`, 'http://app.example.com', 'null']) {
      const preflight = await sendRaw(closed.url, 'OPTIONS', '/v1/messages', { origin, ...wanted })
      expect([origin, preflight.status, crossed(preflight)]).toEqual([origin, 204, []])
      for (const call of calls.filter(
        ([status, , path]) => /^(\/v1\/|\/messages|\/api\/v1)/.test(path) && status !== 400,
      )) {
        const answer = await ask(call, closed, { ...own, origin })
        expect([origin, call[1], call[2], crossed(answer)]).toEqual([origin, call[1], call[2], []])
        expect(answer.headers.get('vary')).toBe('Origin')
      }
    }
    // Who is no page is asked for nothing.
    const script = await sendRaw(closed.url, 'POST', '/v1/messages', own, chat())
    expect(script.status).toBe(200)
  })
})
