import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { request } from 'node:http'
import { connect } from 'node:net'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { adminPassword, eventually, type Gateway, startGateway } from '../support/gateway.ts'

let gateway: Gateway
/** Under way while the other tests run. */
let slowUpload: Promise<string>
beforeAll(async () => {
  gateway = await startGateway()
  slowUpload = uploadSlowly().catch(String)
})
afterAll(() => gateway.stop())

type Answer = { readonly status: number; readonly headers: Headers; readonly text: string }

/** Sends the path as it is written: `fetch` would tidy it up. */
function send(method: string, path: string, headers: Record<string, string>, body?: string | Buffer): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { port } = new URL(gateway.url)
    const sent = request({ host: '127.0.0.1', port, method, path, headers }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: new Headers(response.headers as Record<string, string>),
          text: Buffer.concat(chunks).toString('utf8'),
        }),
      )
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

const chat = (more: object = {}): string =>
  JSON.stringify({
    model: 'claude-sonnet-4-5',
    max_tokens: 100,
    messages: [{ role: 'user', content: 'Hello' }],
    ...more,
  })
const json = { 'content-type': 'application/json' }
const key = (): Record<string, string> => ({ ...json, 'x-api-key': gateway.key })

/** A body that comes in seventeen pieces, one a second; gives status and answer. */
function uploadSlowly(): Promise<string> {
  const { hostname, port } = new URL(gateway.url)
  const body = chat()
  const parts = 17
  return new Promise<string>((resolve, reject) => {
    const headers = {
      ...key(),
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(body)),
    }
    const sent = request({ hostname, port, method: 'POST', path: '/v1/messages', headers }, (got) => {
      let text = `${got.statusCode} `
      got.on('data', (bytes) => {
        text += bytes
      })
      got.on('end', () => resolve(text))
    }).on('error', reject)
    const piece = Math.ceil(body.length / parts)
    let at = 0
    const timer = setInterval(() => {
      sent.write(body.slice(at, at + piece))
      at += piece
      if (at < body.length) return
      clearInterval(timer)
      sent.end()
    }, 1_000)
  })
}

describe('a base URL typed wrong', () => {
  test.each([
    ['/v1/v1/messages', '"stop_reason":"end_turn"'],
    ['//v1/messages?beta=true', '"stop_reason":"end_turn"'],
    ['/v1//messages', '"stop_reason":"end_turn"'],
    ['//v1/v1/chat/completions', '"finish_reason":"stop"'],
    ['/v1/v1/messages/count_tokens', '"input_tokens":'],
  ])('%s can only mean one thing and is served', async (path, words) => {
    const answer = await send('POST', path, key(), chat())
    expect([answer.status, answer.text]).toEqual([200, expect.stringContaining(words)])
  })

  test('lists of models are found the same way', async () => {
    for (const path of ['/v1/v1/models', '//v1/models']) {
      expect((await send('GET', path, key())).text).toContain('claude-sonnet-4.5')
    }
  })

  test('what is served astray streams, and ends when the client leaves', async () => {
    const streamed = await send('POST', '//v1/messages', key(), chat({ stream: true }))
    expect(streamed.text).toEndWith('event: message_stop\ndata: {"type":"message_stop"}\n\n')
    const controller = new AbortController()
    const slow = { stream: true, messages: [{ role: 'user', content: '[[sim:pace=500]][[sim:repeat=100]] hello' }] }
    const open = await fetch(`${gateway.url}/v1/v1/messages`, {
      method: 'POST',
      headers: key(),
      body: chat(slow),
      signal: controller.signal,
    })
    expect(open.status).toBe(200)
    const streams = (): number => gateway.simulator.counters().openStreams
    expect(await eventually(() => streams() === 1, 30_000)).toBeNumber()
    controller.abort()
    expect(await eventually(() => streams() === 0, 30_000)).toBeNumber()
  })

  test('a key is asked for there too', async () => {
    expect((await send('POST', '/v1/v1/messages', json, chat())).status).toBe(401)
  })

  test.each([
    ['POST', '/messages', 'without /v1'],
    ['POST', '/messages/count_tokens', 'without /v1'],
    ['POST', '/anthropic/v1/messages', 'without /v1'],
    ['POST', '/api/v1/messages', 'without /v1'],
    ['POST', '/v2/v1/messages/count_tokens', 'without /v1'],
  ])('%s %s says what the base URL must be, as the Messages API does', async (method, path, words) => {
    const answer = await send(method, path, key(), chat())
    expect(answer.status).toBe(404)
    expect(JSON.parse(answer.text)).toMatchObject({
      type: 'error',
      error: {
        type: 'not_found_error',
        message: expect.stringContaining(`Set the base URL to ${gateway.url} (${words})`),
      },
      request_id: answer.headers.get('request-id'),
    })
    expect(answer.headers.get('access-control-allow-origin')).toBe('*')
  })

  test.each([
    ['POST', '/chat/completions'],
    ['POST', '/v1/chat/completions/chat/completions'],
    ['POST', '/api/v1/chat/completions'],
    ['GET', '/api/v1/models'],
    ['POST', '/responses'],
    ['GET', '/models'],
  ])('%s %s says so as the OpenAI API does', async (method, path) => {
    const answer = await send(method, path, key())
    expect(answer.status).toBe(404)
    expect(JSON.parse(answer.text)).toMatchObject({
      error: { type: 'not_found_error', code: 'not_found', message: expect.stringContaining(`${gateway.url}/v1:`) },
    })
  })

  test('a page of another origin may ask, and read the advice', async () => {
    const preflight = await send('OPTIONS', '/chat/completions', { origin: 'http://app.example' })
    expect([preflight.status, preflight.headers.get('access-control-allow-origin')]).toEqual([204, '*'])
  })

  test('a wrong method or an endpoint that does not exist is not blamed on the base URL', async () => {
    for (const [method, path] of [
      ['GET', '/v1/messages'],
      ['DELETE', '/v1/chat/completions/'],
      ['POST', '/v1/embeddings'],
    ] as const) {
      const answer = await send(method, path, key())
      expect([path, answer.status, answer.text.includes('base URL')]).toEqual([path, 404, false])
    }
  })

  test('what stands below a Messages path is answered in its form', async () => {
    expect(JSON.parse((await send('POST', '/v1/messages/batches', key(), '{}')).text)).toMatchObject({ type: 'error' })
  })

  test('the console keeps its own paths', async () => {
    for (const path of ['/', '/keys', '/models', '/messages']) {
      const page = await send('GET', path, { accept: 'text/html' })
      expect([page.status, page.text.includes('<div id="root">')]).toEqual([200, true])
    }
  })
})

test.each(['evil"><x', 'a b', 'x:99999'])(
  'a Host header like %j is a 400 everywhere, and nothing of ours is shown',
  async (host) => {
    for (const [method, path] of [
      ['GET', '/'],
      ['GET', '/v1/models'],
      ['POST', '/v1/messages'],
      ['POST', '/messages'],
      ['GET', '/v2/keys'],
      ['GET', '/assets/x.js'],
      ['POST', '/nothing'],
    ] as const) {
      const answer = await send(method, path, { ...key(), host, accept: 'text/html' })
      expect([path, answer.status, JSON.parse(answer.text).code]).toEqual([path, 400, 'INVALID_REQUEST'])
    }
  },
)

test.each([
  ['GET /healthz', 200],
  ['HEAD /healthz', 200],
  ['OPTIONS /', 204],
  ['GET /v1/models', 400],
  ['GET /v2/keys', 400],
] as const)('a load balancer that asks %s by HTTP/1.0 without a Host gets %d', async (line, status) => {
  const { hostname, port } = new URL(gateway.url)
  const answer = await new Promise<string>((resolve, reject) => {
    let text = ''
    const socket = connect(Number(port), hostname, () => socket.write(`${line} HTTP/1.0\r\n\r\n`))
    const end = setTimeout(() => resolve(text), 30_000)
    socket.on('data', (bytes) => {
      text += bytes
      if (!text.includes('\r\n\r\n')) return
      clearTimeout(end)
      socket.destroy()
      resolve(text)
    })
    socket.on('error', reject)
  })
  expect(answer.split(' ')[1]).toBe(String(status))
})

test.each(['gw', 'abc', 'x', 'gateway.example'])('under the host name %s every address is found', async (host) => {
  expect((await send('GET', '/v1/models/claude-sonnet-4.5', { ...key(), host })).status).toBe(200)
  expect((await send('GET', '/v2/keys', { host, authorization: `Bearer ${adminPassword}` })).status).toBe(200)
  const nothing = await send('GET', '/v1/nothing', { ...key(), host })
  expect([nothing.status, JSON.parse(nothing.text).error.code]).toEqual([404, 'not_found'])
  expect((await send('GET', '/v1/v1/models/claude-sonnet-4.5', { ...key(), host })).status).toBe(200)
})

describe('bodies as clients send them', () => {
  test.each([
    ['gzip', gzipSync],
    ['zstd', zstdCompressSync],
  ] as const)('%s is read', async (encoding, pack) => {
    const answer = await send('POST', '/v1/messages', { ...key(), 'content-encoding': encoding }, pack(chat()))
    expect([answer.status, answer.text]).toEqual([200, expect.stringContaining('end_turn')])
  })

  test('an unknown encoding is a 415 that lists the known ones', async () => {
    const answer = await send('POST', '/v1/chat/completions', { ...key(), 'content-encoding': 'lzma' }, 'x')
    expect([answer.status, answer.headers.get('accept-encoding')]).toEqual([415, 'gzip, deflate, br, zstd'])
    expect(JSON.parse(answer.text).error).toMatchObject({ code: 'unsupported_encoding', param: 'content-encoding' })
  })
})

test.each([
  ['a stale bearer beside a good x-api-key', (good: string) => ({ authorization: 'Bearer stale', 'x-api-key': good })],
  [
    'a stale x-api-key beside a good bearer',
    (good: string) => ({ 'x-api-key': 'stale', authorization: `Bearer ${good}` }),
  ],
  ['a bearer in x-api-key', (good: string) => ({ 'x-api-key': `Bearer ${good}` })],
])('%s is let in', async (_, headers) => {
  expect((await send('POST', '/v1/messages', { ...json, ...headers(gateway.key) }, chat())).status).toBe(200)
})

test('an upload that takes longer than the original’s fifteen seconds arrives', async () => {
  const answer = await slowUpload
  expect(answer).toStartWith('200 ')
  expect(answer).toContain('end_turn')
})
