import { describe, expect, test } from 'bun:test'
import { brotliCompressSync, constants, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { maxJsonDepth, readJson as readJsonWithin } from '../../server/http/body.ts'
import { createBodyRoom } from '../../server/http/body-room.ts'
import { realEffects } from '../../server/lib/effects.ts'
import { unwatched } from '../../server/lib/watch-memory.ts'

const roomOf = (maxBytes: number) => createBodyRoom(maxBytes, realEffects, unwatched)
const readJson = (request: Request, maxBytes: number) => readJsonWithin(request, maxBytes, roomOf(maxBytes).open('key'))

const post = (body: BodyInit, headers: Record<string, string> = {}): Request =>
  new Request('http://localhost/', { method: 'POST', body, headers })
const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth)
const gzip = { 'content-encoding': 'gzip' }
const twice = { 'content-encoding': 'gzip, gzip' }
const between = { 'content-encoding': 'gzip, br' }
const zeros = Buffer.alloc(100_000)
const noise = crypto.getRandomValues(new Uint8Array(2_000))
const zstd = { 'content-encoding': 'zstd' }
const streamed = (bytes: Uint8Array): ReadableStream<Uint8Array> =>
  new ReadableStream({
    start: (controller) => {
      for (const byte of bytes) controller.enqueue(Uint8Array.of(byte))
      controller.close()
    },
  })
const chunked = (size: number): ReadableStream<Uint8Array> =>
  new ReadableStream({
    pull: (controller) => controller.enqueue(new Uint8Array(size).fill(0x20)),
  })

describe('a body is read when it is', () => {
  test.each([
    ['plain', post('{"a":"你好"}'), { a: '你好' }],
    ['behind a byte-order mark', post('\uFEFF{"a":1}'), { a: 1 }],
    ['gzip', post(Bun.gzipSync('{"a":2}'), { 'content-encoding': 'gzip' }), { a: 2 }],
    ['x-gzip', post(gzipSync('{"a":3}'), { 'content-encoding': 'X-GZip' }), { a: 3 }],
    ['deflate', post(deflateSync('{"a":4}'), { 'content-encoding': 'deflate' }), { a: 4 }],
    ['deflate without its zlib wrapping', post(deflateRawSync('{"a":5}'), { 'content-encoding': 'deflate' }), { a: 5 }],
    ['br', post(brotliCompressSync('{"a":6}'), { 'content-encoding': 'br' }), { a: 6 }],
    ['zstd', post(zstdCompressSync('{"a":7}'), { 'content-encoding': 'zstd' }), { a: 7 }],
    ['zstd in two frames', post(Buffer.concat(['{"a":', '8}'].map((part) => zstdCompressSync(part))), zstd), { a: 8 }],
    [
      'encoded twice',
      post(brotliCompressSync(gzipSync('{"a":9}')), { 'content-encoding': 'gzip, identity, br' }),
      { a: 9 },
    ],
    ['encoded and of unknown length', post(streamed(zstdCompressSync('{"a":10}')), zstd), { a: 10 }],
    ['said to be encoded by nothing', post('{"a":11}', { 'content-encoding': 'identity' }), { a: 11 }],
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
    ['too deep', post('['.repeat(maxJsonDepth + 1)), 'invalid-request', 'deeper'],
    ['a bracket bomb', post('['.repeat(500_000)), 'invalid-request', 'deeper'],
    [
      'in an encoding we do not read',
      post('x', { 'content-encoding': 'compress' }),
      'unsupported-encoding',
      'compress',
    ],
    ['in one of many', post('x', { 'content-encoding': 'gzip, aws-chunked' }), 'unsupported-encoding', 'aws-chunked'],
    ['in a member of every object', post('x', { 'content-encoding': 'toString' }), 'unsupported-encoding', 'tostring'],
    [
      'encoded over and over',
      post('x', { 'content-encoding': 'gzip,gzip,gzip,gzip,gzip' }),
      'unsupported-encoding',
      '4',
    ],
    ['not the zstd it says', post('x', zstd), 'invalid-request', 'could not be read'],
    ['cut within its gzip', post(gzipSync('{"a":1}').subarray(0, -9), gzip), 'invalid-request', 'could not be read'],
    [
      'cut early in its zstd',
      post(zstdCompressSync(JSON.stringify('abcdefghij'.repeat(9))).subarray(0, 12), zstd),
      'invalid-request',
      'could not be read',
    ],
    ['not the gzip it says', post('x', { 'content-encoding': 'gzip' }), 'invalid-request', 'could not be read'],
    ['too large by its own word', post('x'.repeat(2_000)), 'request-too-large', '1000 bytes'],
    ['too large without a word', post(chunked(300)), 'request-too-large', '1000 bytes'],
    [
      'too large once unpacked',
      post(Bun.gzipSync(' '.repeat(5_000)), { 'content-encoding': 'gzip' }),
      'request-too-large',
      '1000 bytes',
    ],
    ['too large once unpacked twice', post(gzipSync(gzipSync(zeros)), twice), 'request-too-large', '1000 bytes'],
    ['too large in between', post(brotliCompressSync(gzipSync(noise)), between), 'request-too-large', '1000 bytes'],
    ['too large out of zstd', post(zstdCompressSync(zeros), zstd), 'request-too-large', '1000 bytes'],
    [
      'asking for a window beyond all measure',
      post(zstdCompressSync(noise, { params: { [constants.ZSTD_c_windowLog]: 27 } }), zstd),
      'request-too-large',
      '1000 bytes',
    ],
  ] as const)('%s', async (name, request, kind, words) => {
    const limit = /bomb|deep/.test(name) ? 1_000_000 : 1_000
    const result = await readJson(request, limit)
    expect(result).toMatchObject({ ok: false, error: { kind, message: expect.stringContaining(words) } })
  })
})

test('a small body that unpacks to gigabytes takes no more memory than the limit allows', async () => {
  const bomb = zstdCompressSync(Buffer.alloc(256 * 1024 * 1024))
  const before = process.memoryUsage.rss()
  const results = await Promise.all(
    Array.from({ length: 8 }, () =>
      readJson(post(Buffer.concat(Array.from({ length: 40 }, () => bomb)), zstd), 4_000_000),
    ),
  )
  for (const result of results) expect(result).toMatchObject({ ok: false, error: { kind: 'request-too-large' } })
  expect(process.memoryUsage.rss() - before).toBeLessThan(200_000_000)
})

describe('the room for large bodies', () => {
  const mebibyte = 1024 * 1024
  const most = 64 * mebibyte
  const large = JSON.stringify({ text: 'x'.repeat(40 * mebibyte) })
  const full = { ok: false, error: { kind: 'pool-busy', retryAfterMs: 5_000 } }
  const left = AbortSignal.abort()
  const here = (): AbortSignal => new AbortController().signal

  test('counts what comes out of an encoding, leaves a quarter to others, and is free again once released', async () => {
    const room = roomOf(most)
    const packed = Bun.gzipSync(large)
    const read = async (holder: string, body: BodyInit = packed, headers: Record<string, string> = gzip) => {
      const held = room.open(holder)
      return { held, result: await readJsonWithin(post(body, headers), most, held) }
    }
    const own = [await read('a'), await read('a'), await read('a'), await read('a')]
    expect(own.map(({ result }) => result.ok)).toEqual([true, true, true, true])
    // 192 of 256 MiB are one key's, while nobody else has any.
    expect((await read('a')).result).toMatchObject(full)
    expect((await read('a', '{"small":1}', {})).result).toEqual({ ok: true, value: { small: 1 } })
    own[3]?.held.release()
    const others = [await read('b'), await read('c', large, {}), await read('d', new Blob([large]).stream(), {})]
    expect(others.map(({ result }) => result.ok)).toEqual([true, true, true])
    expect((await read('e')).result).toMatchObject(full)
    own[0]?.held.release()
    own[0]?.held.release()
    expect((await read('e')).result.ok).toBe(true)
    expect((await read('f')).result).toMatchObject(full)
  }, 30_000)

  test('is waited for some seconds by what is not read yet, declared or not', async () => {
    const room = roomOf(most)
    for (const holder of ['a', 'b']) expect(await room.open(holder).take(128 * mebibyte)).toBe(true)
    const read = (body: BodyInit) => readJsonWithin(post(body), most, room.open('c'))
    const since = performance.now()
    for (const result of await Promise.all([read(large), read(new Blob([large]).stream())]))
      expect(result).toMatchObject({ ok: false, error: { ...full.error, isUnread: true } })
    expect(performance.now() - since).toBeGreaterThan(4_900)
    expect(performance.now() - since).toBeLessThan(9_000)
  }, 15_000)

  test('keeps those of some megabytes apart, and never refuses somebody the only one', async () => {
    const room = roomOf(1024 * mebibyte)
    expect(await room.open('a').take(1024 * mebibyte)).toBe(true)
    expect(await room.open('a').take(1024 * mebibyte)).toBe(false)
    const medium = room.open('a')
    expect(await medium.take(2 * mebibyte)).toBe(true)
    // What is read piece by piece takes the room of the whole in place of that before.
    for (let size = 2; size < 8; size++) expect(await medium.take(size * mebibyte)).toBe(true)
    for (let count = 0; count < 10; count++) expect(await room.open('a').take(1000)).toBe(true)
  })

  test('goes to half for one as soon as somebody else has or wants some', async () => {
    const room = roomOf(most)
    const own = Array.from({ length: 8 }, () => room.open('a'))
    for (const held of own) expect(await held.take(24 * mebibyte)).toBe(true)
    expect(await room.open('a').take(8 * mebibyte, left)).toBe(false)
    const other = room.open('b')
    const waiting = room.open('c')
    expect(await other.take(64 * mebibyte)).toBe(true)
    const wanted = waiting.take(64 * mebibyte, here())
    own[0]?.release()
    own[1]?.release()
    // 144 MiB are a's: what is free goes to c, though a asks.
    expect(await room.open('a').take(8 * mebibyte, left)).toBe(false)
    own[2]?.release()
    expect(await wanted).toBe(true)
    other.release()
    waiting.release()
    expect(await room.open('a').take(8 * mebibyte)).toBe(true)
  })

  test('goes first to the body that has most, and to nobody who left', async () => {
    const room = roomOf(most)
    const first = room.open('a')
    const growing = room.open('b')
    expect(await first.take(128 * mebibyte)).toBe(true)
    expect(await growing.take(64 * mebibyte)).toBe(true)
    expect(await room.open('c').take(64 * mebibyte)).toBe(true)
    const caller = new AbortController()
    const served: string[] = []
    const ask = async (name: string, taken: Promise<boolean>) => {
      if (await taken) served.push(name)
    }
    const all = [
      ask('gone', room.open('d').take(64 * mebibyte, caller.signal)),
      ask('new', room.open('e').take(64 * mebibyte, here())),
      ask('growing', growing.take(128 * mebibyte, here())),
    ]
    caller.abort()
    first.release()
    await Promise.all(all)
    expect(served).toEqual(['growing', 'new'])
  })

  test('small bodies have theirs, and however full it is each may have some', async () => {
    const room = createBodyRoom(most, realEffects, unwatched)
    const takenBy = async (holder: string): Promise<number> => {
      let count = 0
      while (count < 2_000 && (await room.open(holder).take(1_000_000))) count++
      return count
    }
    expect(await takenBy('a')).toBe(402)
    const others = [await takenBy('b'), await takenBy('c'), await takenBy('d')]
    expect(others).toEqual([134, 8, 8])
    expect(await room.open('a').take(2_000_000)).toBe(true)
  })

  test('is taken for what has arrived, in steps of at most twice of it', async () => {
    const sizes = new Map<string, () => number>()
    const room = createBodyRoom(most, realEffects, (name, size) => sizes.set(name, size))
    const held = room.open('a')
    const takes = async (arrived: number): Promise<number> => {
      expect(await held.takeFor(arrived * mebibyte, 20 * mebibyte, left)).toBe(true)
      return [...sizes.values()].reduce((sum, size) => sum + size(), 0) / mebibyte
    }
    expect([await takes(0.5), await takes(3), await takes(9), await takes(15), await takes(17)]).toEqual([
      0.5, 3, 16, 16, 20,
    ])
    held.release()
    expect([...sizes.values()].map((size) => size())).toEqual([0, 0, 0])
  })
})
