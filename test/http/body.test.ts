import { describe, expect, test } from 'bun:test'
import { maxJsonDepth, readJson } from '../../server/http/body.ts'

const post = (body: BodyInit, headers: Record<string, string> = {}): Request =>
  new Request('http://localhost/', { method: 'POST', body, headers })
const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth)
const chunked = (size: number): ReadableStream<Uint8Array> =>
  new ReadableStream({
    pull: (controller) => controller.enqueue(new Uint8Array(size).fill(0x20)),
  })

describe('a body is read when it is', () => {
  test.each([
    ['plain', post('{"a":"你好"}'), { a: '你好' }],
    ['behind a byte-order mark', post('\uFEFF{"a":1}'), { a: 1 }],
    ['gzip', post(Bun.gzipSync('{"a":2}'), { 'content-encoding': 'gzip' }), { a: 2 }],
    ['deep within the limit', post(nested(maxJsonDepth)), JSON.parse(nested(maxJsonDepth))],
    [
      'full of brackets inside strings',
      post(JSON.stringify({ a: `${'['.repeat(5_000)}\\" ` })),
      { a: `${'['.repeat(5_000)}\\" ` },
    ],
  ] as const)('%s', async (_, request, value) => {
    expect(await readJson(request, 1_000_000)).toEqual({ ok: true, value })
  })
})

describe('a body is refused by name when it is', () => {
  test.each([
    ['empty', post(''), 'invalid-request', 'empty'],
    ['not JSON', post('{"a":'), 'invalid-request', 'not valid JSON'],
    ['not UTF-8', post(new Uint8Array([0x22, 0xff, 0x22])), 'invalid-request', 'UTF-8'],
    ['too deep', post(nested(maxJsonDepth + 1)), 'invalid-request', 'deeper'],
    ['a bracket bomb', post('['.repeat(500_000)), 'invalid-request', 'deeper'],
    ['in an encoding we do not read', post('x', { 'content-encoding': 'br' }), 'invalid-request', 'content-encoding'],
    ['not the gzip it says', post('x', { 'content-encoding': 'gzip' }), 'invalid-request', 'could not be read'],
    ['too large by its own word', post('x'.repeat(2_000)), 'request-too-large', '1000 bytes'],
    ['too large without a word', post(chunked(300)), 'request-too-large', '1000 bytes'],
    [
      'too large once unpacked',
      post(Bun.gzipSync(' '.repeat(5_000)), { 'content-encoding': 'gzip' }),
      'request-too-large',
      '1000 bytes',
    ],
  ] as const)('%s', async (name, request, kind, words) => {
    const limit = name.includes('bomb') ? 1_000_000 : 1_000
    const result = await readJson(request, limit)
    expect(result).toMatchObject({ ok: false, error: { kind, message: expect.stringContaining(words) } })
  })
})
