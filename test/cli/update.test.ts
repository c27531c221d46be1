import { afterAll, beforeEach, expect, test } from 'bun:test'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expectSaid, type RunOptions, runCli } from './cli.ts'

let reply: (request: Request) => Response | Promise<Response> = () => new Response()
let asked: { readonly method: string; readonly headers: Headers }[] = []
const answer = (request: Request): Response | Promise<Response> => {
  asked.push({ method: request.method, headers: new Headers(request.headers.toJSON()) })
  return reply(request)
}
const server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: answer })
const other = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: answer })
const feed = `http://127.0.0.1:${server.port}/latest?token=hidden`
const folder = mkdtempSync(path.join(tmpdir(), 'gateway-update-'))
beforeEach(() => {
  asked = []
})
afterAll(() => {
  server.stop(true)
  other.stop(true)
  rmSync(folder, { recursive: true })
})
const check = (from = feed, options: RunOptions = {}) =>
  runCli(['update', '--check', '--from', from, '--data-dir', folder, '--json'], options)

test.each([
  ['9.9.9', 0],
  ['v9.9.9', 0],
  ['9.9.9+build.7', 0],
  ['9.9.9-rc.1', 0],
  ['9.9.8', 0],
  ['9.10.0', 10],
  ['v10.0.0', 10],
  ['9.9.10-rc.2', 10],
])('against 9.9.9 the version %s ends with %i, in both forms of a feed', async (version, code) => {
  const latest = version.replace(/^v/, '')
  for (const body of [
    { version, url: 'https://example.test/x' },
    { tag_name: version, html_url: 'https://example.test/x', url: 'https://example.test/other' },
  ]) {
    reply = () => Response.json(body)
    expectSaid(await check(), code, {
      err: '',
      json: { version: '9.9.9', latest, newer: code === 10, url: 'https://example.test/x' },
    })
  }
})

test('says who asks and nothing more, and leaves the folder as it was', async () => {
  reply = () => Response.json({ version: '9.9.9' })
  expectSaid(await check(), 0, { err: '' })
  expect(asked).toHaveLength(1)
  const [request] = asked
  expect([request?.method, request?.headers.get('user-agent')]).toEqual(['GET', 'claude-server/9.9.9'])
  expect([request?.headers.has('authorization'), request?.headers.has('cookie')]).toEqual([false, false])
  expect(readdirSync(folder)).toEqual([])
})

test('asks nobody without being told whom, and says how to tell', async () => {
  const effects = { fetch: () => Promise.reject(new Error('the network was asked')) }
  expectSaid(await runCli(['update', '--check', '--data-dir', folder], { effects }), 1, {
    err: /--from URL.*update\.feed_url/,
  })
  expectSaid(await runCli(['update', '--from', feed, '--data-dir', folder], { effects }), 2, { err: '--check' })
})

test('takes the address from the environment too', async () => {
  reply = () => Response.json({ version: '10.0.0' })
  const words = ['update', '--check', '--data-dir', folder]
  expectSaid(await runCli(words, { env: { UPDATE_FEED_URL: `http://127.0.0.1:${server.port}/latest` } }), 10, {
    out: 'Version 10.0.0 exists; this is 9.9.9.\n',
  })
  expect(asked).toHaveLength(1)
})

test.each([
  ['http://example.test/', 'https://'],
  ['ftp://127.0.0.1/', 'https://'],
  ['https://me:pass@example.test/', 'must not hold a name or password'],
  ['nonsense', 'not a URL'],
])('does not ask %s', async (from, words) => {
  const effects = { fetch: () => Promise.reject(new Error('the network was asked')) }
  const ran = await check(from, { effects })
  expectSaid(ran, 2, { out: '', err: words })
  expect(ran.err).not.toContain('pass@')
})

test.each([
  ['no JSON', () => new Response('<html>'), 'not JSON'],
  ['no object', () => Response.json(null), 'not an object'],
  ['no version', () => Response.json({ name: 'x' }), 'neither version nor tag_name'],
  ['a version that is none', () => Response.json({ version: '1.2' }), 'not of the form 1.2.3'],
  ['leading zeros', () => Response.json({ version: '1.02.3' }), 'not of the form 1.2.3'],
  ['a fault', () => new Response('', { status: 503 }), 'answered 503'],
  ['too much', () => new Response('x'.repeat(300_000)), 'more than 256 KiB'],
  [
    'an endless walk',
    () => new Response('', { status: 302, headers: { location: '/on' } }),
    'leads on more than 3 times',
  ],
])('ends with 1 on %s', async (_, given, words) => {
  reply = given
  const ran = await check()
  expectSaid(ran, 1, { out: '', err: words })
  expect(ran.err).not.toContain('hidden')
})

test('follows a redirect on its own host and none to another', async () => {
  reply = (request) =>
    request.url.endsWith('/there')
      ? Response.json({ version: '10.0.0' })
      : new Response('', { status: 302, headers: { location: '/there' } })
  expectSaid(await check(), 10, { err: '' })
  asked = []
  reply = () => new Response('', { status: 302, headers: { location: `http://127.0.0.1:${other.port}/there` } })
  expectSaid(await check(), 1, { err: 'leads to another host' })
  expect(asked).toHaveLength(1)
})

test('a feed that does not answer is left', async () => {
  const { promise, resolve } = Promise.withResolvers<Response>()
  reply = () => promise
  const ran = await check(feed, {
    effects: {
      after: (_ms, task) => {
        const timer = setTimeout(task, 50)
        return () => clearTimeout(timer)
      },
    },
  })
  resolve(new Response())
  expectSaid(ran, 1, { err: 'did not answer within 10 s' })
})

test('a link that is no web address is not repeated', async () => {
  reply = () => Response.json({ version: '10.0.0', url: 'javascript:alert(1)' })
  expectSaid(await check(), 10, { json: { latest: '10.0.0' } })
  expect((await check()).json).not.toHaveProperty('url')
})
