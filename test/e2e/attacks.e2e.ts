import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { isRead, needOf, openRoutes } from '../../server/admin/permissions.ts'
import { dialectRoutes } from '../../server/dialect/registry.ts'
import { smallClientRoutes } from '../../server/http/client-routes.ts'
import { adminApp } from '../admin/admin-app.ts'
import { adminPassword, eventually, type Gateway, startGateway } from '../support/gateway.ts'
import { sendBytes, sendRaw } from '../support/raw-request.ts'

// Walks of some thousand requests: a busy machine takes minutes.
setDefaultTimeout(300_000)

const maxBodyBytes = 1024 * 1024
let gateway: Gateway
beforeAll(async () => {
  gateway = await startGateway({ config: `server:\n  max_body_bytes: ${maxBodyBytes}\n` })
})
afterAll(() => gateway.stop())

const bearer = { authorization: `Bearer ${adminPassword}` }
const key = () => ({ 'x-api-key': gateway.key, 'content-type': 'application/json' })
const { routes: adminRoutes } = await adminApp()
const clientRoutes: readonly { method: string; path: string }[] = [
  ...dialectRoutes({} as Parameters<typeof dialectRoutes>[0]).map((route) => ({ method: 'POST', path: route.path })),
  ...smallClientRoutes.map(({ method, path: route }) => ({ method, path: route })),
]
const filled = (route: string): string => route.replace(/:\w+/g, 'none').replace('*', 'none')
const controlToken = (): string => JSON.parse(readFileSync(path.join(gateway.dataDir, 'control.json'), 'utf8')).token

test('the walks see the routes there are', () => {
  expect(adminRoutes.length).toBeGreaterThan(90)
  expect(clientRoutes.map(({ path: route }) => route)).toEqual(
    expect.arrayContaining(['/v1/messages', '/v1/chat/completions', '/v1/responses', '/v1/messages/count_tokens']),
  )
})

describe('line ends where we repeat what was sent', () => {
  const mark = 'x-injected'
  const bad = `a\r\n${mark}: 1\r\n\r\n<html>forged`
  const escaped = encodeURIComponent(bad)
  const chat = (model: string, more: object = {}) =>
    JSON.stringify({ model, max_tokens: 50, messages: [{ role: 'user', content: 'Hello' }], ...more })

  /** One answer, no header of the attacker's, and JSON that is JSON. */
  const isWhole = (answer: string): void => {
    const [head = '', body = ''] = answer.split('\r\n\r\n', 2)
    expect(answer.match(/^HTTP\/1\.1 /gm)?.length).toBe(1)
    expect(head.toLowerCase()).not.toContain(`\n${mark}`)
    expect(body.toLowerCase()).not.toStartWith('<html>forged')
  }
  const request = (line: string, headers: Record<string, string>, body = ''): string =>
    [
      line,
      'host: localhost',
      'connection: close',
      `content-length: ${Buffer.byteLength(body)}`,
      ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
      '',
      body,
    ].join('\r\n')

  const spots: readonly (readonly [spot: string, bytes: () => string])[] = [
    ['a model’s name in the address', () => request(`GET /v1/models/${escaped} HTTP/1.1`, key())],
    ['a model’s name in a body', () => request('POST /v1/messages HTTP/1.1', key(), chat(bad))],
    ['a model’s name over Chat', () => request('POST /v1/chat/completions HTTP/1.1', key(), chat(bad))],
    ['the id of an answer', () => request(`GET /v1/responses/${escaped} HTTP/1.1`, key())],
    ['a path that is nobody’s', () => request(`GET /v1/${escaped} HTTP/1.1`, key())],
    ['a path of a wrong base URL', () => request(`POST /${escaped}/messages HTTP/1.1`, key(), chat('x'))],
    ['the format of an export', () => request(`GET /v2/logs/export?format=${escaped} HTTP/1.1`, bearer)],
    ['the name of a setting', () => request('PUT /v2/settings HTTP/1.1', bearer, JSON.stringify({ [bad]: 1 }))],
    ['a topic', () => request(`GET /v2/events?topics=${escaped} HTTP/1.1`, bearer)],
    ['a next page', () => request(`GET /login?next=${escaped} HTTP/1.1`, { accept: 'text/html' })],
    ['a request id of the caller’s', () => request('GET /healthz HTTP/1.1', { 'x-request-id': escaped })],
    [
      'a request id over Messages',
      () => request('POST /v1/messages HTTP/1.1', { ...key(), 'request-id': escaped }, '{'),
    ],
    [
      'a session',
      () => request('POST /v1/messages HTTP/1.1', { ...key(), 'x-session-id': escaped }, chat('claude-sonnet-4-5')),
    ],
    [
      'the host a proxy names',
      () => request('POST /messages HTTP/1.1', { ...key(), 'x-forwarded-host': escaped }, chat('x')),
    ],
    ['a cookie', () => request('GET /api/session HTTP/1.1', { cookie: `admin_session=${escaped}` })],
    ['a user’s name', () => request('POST /api/login HTTP/1.1', {}, JSON.stringify({ user: bad, password: bad }))],
    [
      'a bare line feed in a header',
      () => `GET /v2/accounts HTTP/1.1\r\nhost: localhost\r\nx-a: b\n${mark}: 1\r\nconnection: close\r\n\r\n`,
    ],
  ]
  test.each(spots)('%s begins no header and no second answer', async (_name, bytes) => {
    isWhole(await sendBytes(gateway.url, bytes()))
  })

  test('a name that is kept and shown in a header later breaks no answer', async () => {
    for (const target of ['claude-sonnet-4.5', bad]) {
      const answer = await sendRaw(
        gateway.url,
        'POST',
        '/v2/model-mappings',
        bearer,
        JSON.stringify({ name: bad, target }),
      )
      expect([200, 400]).toContain(answer.status)
      isWhole(await sendBytes(gateway.url, request('POST /v1/messages HTTP/1.1', key(), chat(bad))))
    }
    const made = await sendRaw(gateway.url, 'POST', '/v2/keys', bearer, JSON.stringify({ name: bad }))
    expect([200, 400]).toContain(made.status)
    isWhole(await sendBytes(gateway.url, request('GET /v2/keys HTTP/1.1', bearer)))
  })

  test('nor does it begin a line of the log, or an event of the live log', async () => {
    const forged = 'x\n2030-01-01 00:00:00 ERROR forged.line\n\nevent: forged\ndata: {"forged":true}\n\n'
    const reading = new AbortController()
    const streams = ['server-logs/stream?level=debug', 'server-logs/stream?level=debug&format=json', 'logs/stream']
    const texts = streams.map(() => '')
    const read = async (index: number): Promise<void> => {
      const answer = await fetch(`${gateway.url}/v2/${streams[index]}`, { headers: bearer, signal: reading.signal })
      for await (const chunk of answer.body ?? []) texts[index] += new TextDecoder().decode(chunk)
    }
    const readers = streams.map((_, index) => read(index).catch(() => undefined))
    // Each says that it is connected.
    expect(await eventually(() => texts.every((text) => text !== ''), 30_000)).toBeNumber()
    await sendRaw(gateway.url, 'POST', '/v1/messages', { ...key(), 'user-agent': 'a\tb' }, chat(forged))
    await sendRaw(gateway.url, 'POST', '/v1/chat/completions', key(), chat(forged, { user: forged }))
    await gateway.admin('POST', '/v2/keys', { name: forged.trim() }).catch(() => undefined)
    expect(await eventually(() => texts.every((text) => text.includes('forged')), 30_000)).toBeNumber()
    expect(
      await eventually(() => gateway.logs().includes('forged') && gateway.logs().endsWith('\n'), 30_000),
    ).toBeNumber()
    const lines = gateway
      .logs()
      .split('\n')
      .filter((line) => line !== '')
    expect(lines.length).toBeGreaterThan(3)
    for (const line of lines) expect(() => JSON.parse(line)).not.toThrow()
    reading.abort()
    await Promise.all(readers)
    for (const text of texts) {
      const fields = text.split('\n').filter((line) => line !== '')
      // Every line is a field of an event that is ours, whatever stands in it.
      expect(
        fields.filter((line) => !/^(event:(connected|log|request|ping)$|id:|data:|retry:3000$)/.test(line)),
      ).toEqual([])
      expect(fields.filter((line) => /^data:\s*\{"forged"|^event:\s*forged/.test(line))).toEqual([])
    }
  })
})

describe('files that are not the console’s', () => {
  const targets = [
    'etc/passwd',
    'data.sqlite3',
    'master.key',
    'control.json',
    'config.yaml',
    'manifest.json',
    'server/main.ts',
  ]
  const ups = [
    '../',
    '..%2f',
    '%2e%2e/',
    '%2e%2e%2f',
    '%252e%252e%252f',
    '..%252f',
    '..\\',
    '..%5c',
    '%c0%ae%c0%ae/',
    '....//',
    '..;/',
    '..%00/',
  ]
  const starts = [
    '/',
    '/assets/',
    '/assets/x/',
    '//',
    '/%2f',
    '/assets/index.html%00/',
    '/static/',
    '/v2/docs/',
    '/public/',
  ]
  const paths = targets.flatMap((target) =>
    starts.flatMap((start) => [`${start}${target}`, ...ups.map((up) => `${start}${up.repeat(8)}${target}`)]),
  )
  const more = [
    '/etc/passwd%00.js',
    '/assets/..%2f..%2f..%2f..%2fetc%2fpasswd%00.css',
    '/%00',
    '/assets/%00',
    '/assets/index.js%00',
    '/file:///etc/passwd',
    '/assets/C:%5cWindows%5cwin.ini',
    '/proc/self/environ',
    '/assets/%2e%2e%2f%2e%2e%2fproc%2fself%2fenviron',
    '/assets/CON',
    '/$bunfs/root/server/main.ts',
    '/assets/../console-dist/manifest.json',
  ]

  test('are reached by no spelling of a path', async () => {
    const secrets = [
      'root:x:0',
      'SQLite format 3',
      readFileSync(path.join(gateway.dataDir, 'master.key'), 'utf8').trim(),
      controlToken(),
      'PATH=',
      'ADMIN_PASSWORD',
      '"variants"',
    ]
    let asked = 0
    for (const route of [...paths, ...more]) {
      const { status, text, headers } = await sendRaw(gateway.url, 'GET', route)
      expect([route, status < 500, status === 200]).toEqual([route, true, false])
      expect([route, headers.get('location')]).toEqual([route, null])
      for (const secret of secrets) expect([route, text.includes(secret)]).toEqual([route, false])
      asked++
    }
    expect(asked).toBeGreaterThan(800)
  })

  test('nor where a browser asks, or with the address written whole', async () => {
    for (const route of [...paths.filter((_, index) => index % 7 === 0), ...more]) {
      const { status, text } = await sendRaw(gateway.url, 'GET', route, { accept: 'text/html' })
      expect([route, status < 500]).toEqual([route, true])
      if (status === 200) expect([route, text.includes('<div id="root">')]).toEqual([route, true])
    }
    for (const target of ['http://localhost/../../etc/passwd', 'file:///etc/passwd', '../../etc/passwd', '*']) {
      const answer = await sendBytes(
        gateway.url,
        `GET ${target} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`,
      )
      expect([target, answer.includes('root:x:0')]).toEqual([target, false])
    }
  })
})

describe('bodies past the limit', () => {
  const readers = adminRoutes.filter(({ method }) => !isRead(method))

  /** Sends so many bytes of a body whose length is not said, and its end or not. Gives the status that comes, however early. */
  function pour(
    ...[method, route, headers, bytes, isEnded]: [string, string, Record<string, string>, number, boolean]
  ): Promise<number> {
    return new Promise((resolve, reject) => {
      const { port } = new URL(gateway.url)
      const sent = request({ host: '127.0.0.1', port, method, path: route, headers }, (response) => {
        resolve(response.statusCode ?? 0)
        sent.destroy()
      })
      sent.on('error', reject)
      sent.setTimeout(60_000, () => reject(new Error(`${method} ${route} was not answered`)))
      sent.write(Buffer.alloc(bytes, ' '))
      if (isEnded) sent.end()
    })
  }

  test('are refused by what they say they are, on every route, before anything of them is read', async () => {
    const all = [...readers, ...clientRoutes.filter((one) => one.method === 'POST')]
    const refused = async ({ method, path: route }: (typeof all)[number]): Promise<void> => {
      const client = route.startsWith('/v1/')
      const headers = client ? key() : { ...bearer, 'x-control-token': controlToken() }
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
      const length = client ? maxBodyBytes + 1 : 16 * 1024 * 1024 + 1
      const answer = await sendBytes(
        gateway.url,
        `${method} ${filled(route)} HTTP/1.1\r\nhost: localhost\r\n${lines.join('')}content-length: ${length}\r\n\r\n{`,
        // Whether the answer comes at once is the runtime's business; that nothing else than 413 comes is ours.
        500,
      )
      if (answer !== '') expect([route, answer.slice(0, 12)]).toEqual([route, 'HTTP/1.1 413'])
    }
    // Most of each is waiting.
    for (let at = 0; at < all.length; at += 16) await Promise.all(all.slice(at, at + 16).map(refused))
  })

  test('are cut off where their length is not said, on every route that reads one', async () => {
    const refused: string[] = []
    for (const { method, path: route } of readers) {
      const headers = { ...bearer, 'x-control-token': controlToken() }
      const status = await pour(method, filled(route), headers, 16 * 1024 * 1024 + 1, true)
      expect([route, status < 500]).toEqual([route, true])
      if (status === 413) refused.push(`${method} ${route}`)
    }
    const documented = (await gateway.admin('GET', '/v2/openapi.json')).paths as Record<string, Record<string, object>>
    const reading = Object.entries(documented).flatMap(([route, operations]) =>
      Object.entries(operations)
        .filter(([, operation]) => 'requestBody' in operation && !route.startsWith('/v1/'))
        .map(([method]) => `${method.toUpperCase()} ${route.replace(/\{(\w+)\}/g, ':$1')}`),
    )
    expect(reading.length).toBeGreaterThan(25)
    const elsewhere = ['POST /v2/test/messages', 'POST /v2/test/chat/completions', 'POST /api/password']
    expect(reading.filter((name) => !refused.includes(name) && !elsewhere.includes(name))).toEqual([])
    for (const route of ['/v1/messages', '/v1/chat/completions', '/v1/responses', '/v1/messages/count_tokens']) {
      // The first byte too many is enough: no more comes, and no end.
      expect([route, await pour('POST', route, key(), maxBodyBytes + 1, false)]).toEqual([route, 413])
    }
    expect((await sendRaw(gateway.url, 'GET', '/healthz')).status).toBe(200)
  })
})

describe('every route and method', () => {
  const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND', 'QUERY']
  const paths = [...new Set(adminRoutes.map(({ path: route }) => route))].filter((route) => !openRoutes.has(route))
  const signIn = async (name: string, role: string) => {
    const password = `the password of ${name}`
    await gateway.admin('POST', '/v2/operators', { name, role, password })
    const answer = await sendRaw(gateway.url, 'POST', '/api/login', {}, JSON.stringify({ user: name, password }))
    const cookie = (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? ''
    expect(cookie).toContain('admin_session=')
    return { cookie, 'x-requested-with': 'test' }
  }

  test('of the admin API opens nothing without a sign-in, whatever key it is tried with', async () => {
    const wrong: readonly Record<string, string>[] = [
      {},
      { authorization: `Bearer ${gateway.key}` },
      { 'x-api-key': gateway.key },
      { cookie: 'admin_session=x' },
      { authorization: `Basic ${btoa(`owner:${adminPassword}`)}` },
      { 'x-control-token': 'x' },
    ]
    for (const route of paths) {
      for (const method of methods) {
        const tried = async (headers: Record<string, string>): Promise<void> => {
          const { status, text } = await sendRaw(gateway.url, method, filled(route), headers)
          // TRACE and the like are not the server's at all.
          expect([method, route, headers, [401, 405, 501].includes(status)]).toEqual([method, route, headers, true])
          expect(text.length).toBeLessThan(400)
        }
        await Promise.all(wrong.map(tried))
      }
    }
  })

  test('does for a viewer and an admin what the table says, and no more', async () => {
    const people = { viewer: await signIn('Vera', 'viewer'), admin: await signIn('Adam', 'admin') }
    const own = /^\/(v2\/(sessions|second-factor)|api\/password)/
    let refusals = 0
    for (const route of paths.filter((one) => !one.startsWith('/api/control') && !own.test(one))) {
      for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'QUERY', 'GET', 'HEAD']) {
        for (const role of ['viewer', 'admin'] as const) {
          const need = needOf(method, route)
          const may = need.role === 'viewer' || need.role === role
          if (may && (!isRead(method) || method === 'HEAD')) continue
          const { status } = await sendRaw(gateway.url, method, filled(route), people[role])
          expect([role, method, route, status === 403]).toEqual([role, method, route, !may])
          if (!may) refusals++
        }
      }
    }
    expect(refusals).toBeGreaterThan(200)
  })

  test('asks for who calls under /v1 too', async () => {
    for (const { method, path: route } of clientRoutes) {
      for (const headers of [{}, bearer, { 'x-api-key': 'sk-no-such-key-000000000000000000' }] as Record<
        string,
        string
      >[]) {
        const body = method === 'POST' ? '{}' : undefined
        expect([route, (await sendRaw(gateway.url, method, filled(route), headers, body)).status]).toEqual([route, 401])
      }
    }
  })
})

describe('a session', () => {
  const login = (headers: Record<string, string>, password = adminPassword) =>
    sendRaw(gateway.url, 'POST', '/api/login', headers, JSON.stringify({ password }))
  const cookieOf = (answer: Awaited<ReturnType<typeof login>>) => answer.headers.get('set-cookie') ?? ''
  const idOf = (cookie: string) => /admin_session=([^;]*)/.exec(cookie)?.[1] ?? ''
  const opens = async (id: string) =>
    (await sendRaw(gateway.url, 'GET', '/v2/keys', { cookie: `admin_session=${id}` })).status === 200

  test('is a new one with each sign-in: what a page planted beforehand opens nothing', async () => {
    const planted = 'A'.repeat(43)
    const first = cookieOf(await login({ cookie: `admin_session=${planted}` }))
    const second = cookieOf(await login({ cookie: first.split(';')[0] ?? '' }))
    expect(new Set([planted, idOf(first), idOf(second)]).size).toBe(3)
    expect([await opens(planted), await opens(idOf(first)), await opens(idOf(second))]).toEqual([false, true, true])
    // Two cookies of the name: whichever counts, the planted one opens nothing.
    const both = await sendRaw(gateway.url, 'GET', '/v2/keys', {
      cookie: `admin_session=${planted}; ${second.split(';')[0]}`,
    })
    expect([200, 401]).toContain(both.status)
  })

  test('has a cookie that scripts cannot read, other sites cannot send, and TLS keeps to TLS', async () => {
    expect(cookieOf(await login({}))).toMatch(/^admin_session=[0-9A-Za-z]{43}; Path=\/; HttpOnly; SameSite=Strict$/)
    const tls = { 'x-forwarded-proto': 'https', 'x-forwarded-for': '192.0.2.1' }
    expect(cookieOf(await login(tls))).toEndWith('; HttpOnly; SameSite=Strict; Secure')
  })

  test('is used by no other site’s page, by the browser’s own word', async () => {
    const cookie = cookieOf(await login({})).split(';')[0] ?? ''
    const forged: readonly Record<string, string>[] = [
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example', 'content-type': 'text/plain' },
      { 'sec-fetch-site': 'cross-site', origin: 'null', 'content-type': 'application/x-www-form-urlencoded' },
      { origin: 'https://evil.example' },
      { origin: 'http://127.0.0.1:1' },
      { 'content-type': 'text/plain' },
      {},
    ]
    for (const headers of forged) {
      const answer = await sendRaw(gateway.url, 'POST', '/v2/keys', { cookie, ...headers }, '{"name":"forged"}')
      expect([headers, answer.status, JSON.parse(answer.text).code]).toEqual([headers, 403, 'FORBIDDEN_ORIGIN'])
    }
    for (const headers of forged.filter((one) => Object.keys(one).some((name) => /origin|sec-/.test(name)))) {
      expect([headers, (await login(headers)).status]).toEqual([headers, 403])
    }
    const names = ((await gateway.admin('GET', '/v2/keys')).keys as { name: string }[]).map(({ name }) => name)
    expect(names).not.toContain('forged')
    const own = await sendRaw(
      gateway.url,
      'POST',
      '/v2/keys',
      { cookie, 'sec-fetch-site': 'same-origin' },
      '{"name":"own"}',
    )
    expect(own.status).toBe(200)
  })

  test('goes on while its own address guesses passwords, and while the whole world does', async () => {
    const from = (last: number) => ({ 'x-forwarded-for': `198.51.100.${last}` })
    const cookie = cookieOf(await login(from(7))).split(';')[0] ?? ''
    const headers = { cookie, 'x-requested-with': 'test' }
    const guesses = async (last: number, count: number) =>
      Promise.all(
        Array.from({ length: count }, async (_, index) => (await login(from(last), `guess ${last} ${index}`)).status),
      )
    // One address has five tries; then it waits, right password or not.
    expect((await guesses(8, 12)).filter((status) => status === 401).length).toBe(5)
    const locked = await login(from(8))
    expect([locked.status, Number(locked.headers.get('retry-after')) > 0]).toEqual([429, true])
    // Many addresses have fifty together.
    const rest = (await Promise.all(Array.from({ length: 20 }, (_, index) => guesses(20 + index, 5)))).flat()
    expect(rest.filter((status) => status === 429).length).toBeGreaterThan(20)
    await guesses(7, 12)
    for (const [method, route, body] of [
      ['GET', '/v2/accounts', undefined],
      ['POST', '/v2/keys', '{"name":"still at work"}'],
      ['PUT', '/v2/settings', '{"logRetentionDays":8}'],
    ] as const) {
      const answer = await sendRaw(gateway.url, method, route, { ...headers, ...from(7) }, body)
      expect([route, answer.status]).toEqual([route, 200])
    }
    // The machine itself, and the client APIs, know nothing of it.
    expect((await login({})).status).toBe(200)
    expect((await sendRaw(gateway.url, 'GET', '/v1/models', { ...key(), ...from(8) })).status).toBe(200)
  })
})

test('the settings of tools in the home folder are for who sits at the machine alone', async () => {
  const home = mkdtempSync(path.join(tmpdir(), 'home-'))
  const own = await startGateway({ env: { HOME: home } })
  const body = JSON.stringify({ baseUrl: 'http://127.0.0.1:1', apiKey: 'sk-x' })
  for (const headers of [
    { 'x-forwarded-for': '192.0.2.1' },
    { forwarded: 'for=192.0.2.1' },
    { host: 'rebound.example' },
    { origin: 'https://evil.example' },
  ] as Record<string, string>[]) {
    const answer = await sendRaw(own.url, 'POST', '/v2/devtools/claude-code/config', { ...bearer, ...headers }, body)
    expect([headers, answer.status]).toEqual([headers, 403])
  }
  await own.stop()
  rmSync(home, { recursive: true })
})
