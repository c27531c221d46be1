import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { Elysia } from 'elysia'
import { createConsole } from '../../server/console/assets.ts'
import { contentSecurityPolicy } from '../../server/console/security-headers.ts'
import { packConsole } from '../../server/release/console.ts'

const script = `export const words = ${JSON.stringify('a gateway in one file '.repeat(200))}\n`
const page = `<!doctype html><title>Console</title><script type="module" src="/assets/index-AbCd1234.js"></script>${' '.repeat(400)}`
const html = 'text/html,application/xhtml+xml,*/*;q=0.8'

let folder = ''
let server: { readonly url: URL; readonly stop: () => void }

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'console-'))
  await mkdir(path.join(folder, 'built/assets'), { recursive: true })
  await writeFile(path.join(folder, 'built/index.html'), page)
  await writeFile(path.join(folder, 'built/assets/index-AbCd1234.js'), script)
  await writeFile(path.join(folder, 'built/assets/tiny-AbCd1234.svg'), '<svg/>')
  await writeFile(path.join(folder, 'secret.txt'), 'nobody may read this')
  await packConsole(path.join(folder, 'built'), path.join(folder, 'packed-console'), 'source-hash')
  server = await serve(path.join(folder, 'packed-console'))
})

afterAll(async () => {
  server.stop()
  await rm(folder, { recursive: true, force: true })
})

/** The console in an application as it will be: other rooms' routes beside it, their own form of 404. */
async function serve(root: string): Promise<typeof server> {
  const app = new Elysia()
    .onError(({ code, status }) => (code === 'NOT_FOUND' ? status(404, { error: 'none' }) : undefined))
    .get('/healthz', () => ({ status: 'ok' }))
    .get('/v1/models', () => ({ data: [] }))
    .use(await createConsole({ root }))
    .listen({ port: 0, hostname: '127.0.0.1' })
  const url = app.server?.url
  if (!url) throw new Error('not listening')
  return { url: new URL(`http://127.0.0.1:${url.port}`), stop: () => void app.stop(true) }
}

const get = (pathname: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Response> =>
  fetch(new URL(pathname, server.url), { method, headers, decompress: false } as RequestInit)

const bytes = async (response: Response): Promise<Buffer> => Buffer.from(await response.arrayBuffer())

describe('an asset', () => {
  const asset = '/assets/index-AbCd1234.js'
  test.each([
    ['br, gzip', 'br', 'br'],
    ['gzip, deflate, br', 'br', 'br'],
    ['gzip', 'gzip', 'gzip'],
    ['br;q=0, gzip;q=0.5', 'gzip', 'gzip'],
    ['*', 'br', 'br'],
    ['identity', null, ''],
    ['', null, ''],
  ])('asked for with "%s" comes as %s', async (acceptEncoding, encoding, suffix) => {
    const response = await get(asset, { 'accept-encoding': acceptEncoding })
    expect(response.status).toBe(200)
    expect(response.headers.get('content-encoding')).toBe(encoding)
    expect(response.headers.get('content-type')).toBe('text/javascript; charset=utf-8')
    expect(response.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
    expect(response.headers.get('vary')).toBe('Accept-Encoding')
    expect(response.headers.get('x-content-type-options')).toBe('nosniff')
    expect(response.headers.get('etag')).toMatch(suffix ? new RegExp(`^"[\\w-]{22}-${suffix}"$`) : /^"[\w-]{22}"$/)
    const body = await bytes(response)
    const plain = encoding === 'br' ? brotliDecompressSync(body) : encoding === 'gzip' ? gunzipSync(body) : body
    expect(plain.toString()).toBe(script)
    if (encoding) expect(body.length).toBeLessThan(script.length)
  })

  test('stays right when it is asked for again and again', async () => {
    for (const encoding of ['identity', 'br', 'identity', 'gzip', 'identity']) {
      const response = await get(asset, { 'accept-encoding': encoding })
      expect(response.headers.get('content-encoding')).toBe(encoding === 'identity' ? null : encoding)
      expect((await bytes(response)).length).toBeGreaterThan(0)
    }
  })

  test('that compression does not shrink is sent plain', async () => {
    const response = await get('/assets/tiny-AbCd1234.svg', { 'accept-encoding': 'br, gzip' })
    expect(response.headers.get('content-encoding')).toBeNull()
    expect(response.headers.get('content-type')).toBe('image/svg+xml')
    expect((await bytes(response)).toString()).toBe('<svg/>')
  })

  test.each(['br', 'gzip', 'identity'])('known to the client as %s is a 304, twice', async (encoding) => {
    const first = await get(asset, { 'accept-encoding': encoding })
    const etag = first.headers.get('etag') ?? ''
    for (const known of [etag, `W/${etag}, "other"`, '*']) {
      const again = await get(asset, { 'accept-encoding': encoding, 'if-none-match': known })
      expect(again.status).toBe(304)
      expect((await bytes(again)).length).toBe(0)
      expect(again.headers.get('etag')).toBe(etag)
      expect(again.headers.get('cache-control')).toContain('immutable')
    }
    expect((await get(asset, { 'accept-encoding': encoding, 'if-none-match': '"other"' })).status).toBe(200)
  })

  test('answers HEAD without a body', async () => {
    const response = await get(asset, { 'accept-encoding': 'br' }, 'HEAD')
    expect(response.status).toBe(200)
    expect((await bytes(response)).length).toBe(0)
  })

  test.each(['/assets/missing-AbCd1234.js', '/assets/', '/assets', '/assets/constructor'])(
    '%s does not exist',
    async (url) => {
      const response = await get(url, { accept: html })
      expect(response.status).toBe(404)
      expect(await response.json()).toEqual({ error: 'none' })
    },
  )
})

describe('the page', () => {
  test.each([
    '/',
    '/login',
    '/accounts',
    '/accounts/acc_1',
    '/login?next=%2Fkeys',
    '/index.html',
    '/v1beta',
    '/constructor',
  ])('is what a browser gets at %s, never from a stale cache', async (url) => {
    const response = await get(url, { accept: html, 'accept-encoding': 'gzip' })
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(response.headers.get('cache-control')).toBe('no-cache')
    expect(response.headers.get('content-security-policy')).toBe(contentSecurityPolicy)
    expect(response.headers.get('referrer-policy')).toBe('same-origin')
    expect(response.headers.get('permissions-policy')).toBe('camera=(), microphone=(), geolocation=()')
    expect(response.headers.get('strict-transport-security')).toBeNull()
    expect(gunzipSync(await bytes(response)).toString()).toBe(page)
  })

  test('is a 304 when the client has it', async () => {
    const etag = (await get('/', { accept: html, 'accept-encoding': 'br' })).headers.get('etag') ?? ''
    const again = await get('/accounts', { accept: html, 'accept-encoding': 'br', 'if-none-match': etag })
    expect(again.status).toBe(304)
    expect(again.headers.get('content-security-policy')).toBe(contentSecurityPolicy)
  })

  test.each([
    ['/v1/unknown', html],
    ['/v2/unknown', html],
    ['/api/unknown', html],
    ['/metrics', html],
    ['/version', html],
    ['/accounts/acc_1', 'application/json'],
    ['/keys', '*/*'],
    ['/favicon.ico', 'image/avif,image/webp,*/*;q=0.8'],
  ])('does not stand in for %s (%s)', async (url, accept) => {
    const response = await get(url, { accept })
    expect(response.status).toBe(404)
    expect(await response.json()).toEqual({ error: 'none' })
  })

  test.each(['/', '/login', '/accounts'])('is there at %s for scripts too, as the original’s was', async (url) => {
    for (const accept of [undefined, '*/*', 'application/json']) {
      const response = await get(url, accept === undefined ? {} : { accept })
      expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
    }
  })

  test('leaves the other rooms their paths', async () => {
    expect(await (await get('/healthz', { accept: html })).json()).toEqual({ status: 'ok' })
    expect(await (await get('/v1/models', { accept: html })).json()).toEqual({ data: [] })
    expect((await get('/accounts', { accept: html }, 'POST')).status).toBe(404)
  })

  test('asks for an opener policy only where the browser honours it', async () => {
    expect((await get('/', { accept: html })).headers.get('cross-origin-opener-policy')).toBe('same-origin')
    const remote = await get('/', { accept: html, host: '192.168.1.5:62311' })
    expect(remote.status).toBe(200)
    expect(remote.headers.get('cross-origin-opener-policy')).toBeNull()
  })
})

describe('nothing outside of the built console can be read', () => {
  test.each([
    '/assets/../manifest.json',
    '/assets/..%2fmanifest.json',
    '/assets/%2e%2e/manifest.json',
    '/assets/..%2f..%2fsecret.txt',
    '/..%2fsecret.txt',
    '/%2e%2e%2fsecret.txt',
    '/assets/..%5c..%5csecret.txt',
    '/packed/br/index.html',
    '/manifest.json',
  ])('%s', async (url) => {
    const response = await rawGet(url)
    expect(response).not.toContain('nobody may read this')
    expect(response).not.toContain('source-hash')
    expect(response).toMatch(/^HTTP\/1\.1 (404|400)/)
  })

  // fetch would tidy the path before it is sent.
  function rawGet(url: string): Promise<string> {
    return new Promise((resolve, reject) => {
      let text = ''
      Bun.connect({
        hostname: server.url.hostname,
        port: Number(server.url.port),
        socket: {
          open: (socket) => void socket.write(`GET ${url} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`),
          data: (_socket, chunk) => {
            text += chunk.toString()
          },
          close: () => resolve(text),
          error: (_socket, error) => reject(error),
        },
      })
    })
  }
})

describe('a console that was never built', () => {
  test('says so at / and at pages, and keeps out of the other paths', async () => {
    const unbuilt = await serve(path.join(folder, 'nowhere'))
    try {
      for (const pathname of ['/', '/accounts']) {
        const response = await fetch(new URL(pathname, unbuilt.url), { headers: { accept: html } })
        expect(response.status).toBe(503)
        expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8')
        expect(await response.text()).toContain('bun run build.ts --ui')
      }
      expect((await fetch(new URL('/v1/unknown', unbuilt.url), { headers: { accept: html } })).status).toBe(404)
      expect((await fetch(new URL('/healthz', unbuilt.url))).status).toBe(200)
    } finally {
      unbuilt.stop()
    }
  })

  test('is also one whose manifest is damaged', async () => {
    const damaged = path.join(folder, 'damaged')
    await mkdir(damaged, { recursive: true })
    await writeFile(path.join(damaged, 'manifest.json'), '{"assets":{"/index.html":{}}}')
    const server = await serve(damaged)
    try {
      expect((await fetch(server.url, { headers: { accept: html } })).status).toBe(503)
    } finally {
      server.stop()
    }
  })
})
