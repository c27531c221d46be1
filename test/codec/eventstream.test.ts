import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { crc32 } from '../../server/codec/crc32.ts'
import { createFrameDecoder, encodeFrame, type Frame, type FrameFaultName } from '../../server/codec/eventstream.ts'
import { brokenVectors, frameVectors, streamVectors } from './vectors.ts'

type Outcome = { readonly frames: readonly Frame[]; readonly fault?: FrameFaultName }

function decode(chunks: Iterable<Uint8Array>, decoder = createFrameDecoder()): Outcome {
  const frames: Frame[] = []
  for (const chunk of chunks) {
    const pushed = decoder.push(chunk)
    frames.push(...(pushed.ok ? pushed.value : pushed.error.before))
    if (!pushed.ok) return { frames, fault: pushed.error.name }
  }
  const ended = decoder.end()
  return ended.ok ? { frames } : { frames, fault: ended.error.name }
}

function* pieces(bytes: Uint8Array, size: number): Iterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size)
}

const plain = (frames: readonly Frame[]): unknown =>
  frames.map((frame) => ({ headers: Object.entries(frame.headers), payload: new TextDecoder().decode(frame.payload) }))
const vector = new Map(frameVectors.map((frame) => [frame.name, frame]))
const expected = (names: readonly string[]): unknown =>
  names.map((name) => ({
    headers: Object.entries(vector.get(name)?.headers ?? {}),
    payload: vector.get(name)?.payload,
  }))

test('the published vectors are all there', () => {
  expect([frameVectors.length, streamVectors.length, brokenVectors.length]).toEqual([46, 14, 9])
})

describe.each(frameVectors)('frame $name', ({ name, bytes, headers, payload }) => {
  test('is decoded', () => expect(plain(decode([bytes]).frames)).toEqual(expected([name])))
  test('is encoded to the same bytes', () => expect(encodeFrame(headers, payload).toHex()).toBe(bytes.toHex()))
  test('is encoded again from what was decoded', () => {
    const [frame] = decode([bytes]).frames
    expect(encodeFrame(frame?.headers ?? {}, frame?.payload ?? '').toHex()).toBe(bytes.toHex())
  })
})

describe.each(streamVectors)('stream $name', ({ bytes, frames, end }) => {
  const whole = { frames: expected(frames), fault: end === 'cut-inside-frame' ? 'cut' : undefined }
  const outcome = (chunks: Iterable<Uint8Array>): unknown => {
    const decoded = decode(chunks)
    return { frames: plain(decoded.frames), fault: decoded.fault }
  }
  test('in one piece', () => expect(outcome([bytes])).toEqual(whole))
  test.each([1, 2, 3, 7, 64])('in pieces of %d bytes', (size) => expect(outcome(pieces(bytes, size))).toEqual(whole))
  test('cut in two at every position', () => {
    for (let at = 1; at < bytes.length; at++) expect(outcome([bytes.slice(0, at), bytes.slice(at)])).toEqual(whole)
  })
  test('ended early at every position: the frames so far, then a cut unless on a border', () => {
    const borders = new Set([0])
    for (const frame of decode([bytes]).frames) {
      borders.add(Math.max(...borders) + encodeFrame(frame.headers, frame.payload).length)
    }
    for (let at = 0; at < bytes.length; at++) {
      const decoded = decode([bytes.slice(0, at)])
      expect(decoded.fault).toBe(borders.has(at) ? undefined : 'cut')
      expect(decoded.frames.length).toBe([...borders].filter((border) => border > 0 && border <= at).length)
    }
  })
})

const faults: Readonly<Record<string, FrameFaultName | undefined>> = {
  'prelude-crc-flipped': 'prelude-crc',
  'message-crc-flipped': 'message-crc',
  'payload-byte-flipped': 'message-crc',
  'total-length-smaller-than-16': 'frame-too-short',
  'headers-length-larger-than-frame': 'headers-length',
  'unknown-header-type-10': 'header-type',
  'header-string-runs-past-headers': 'header-overrun',
  'header-name-length-zero': 'header-name',
  // A sound frame; what it carries is refused by the provider's decoder (test/upstream/decode.test.ts).
  'payload-not-json': undefined,
}

describe.each(brokenVectors)('broken $name', ({ name, bytes }) => {
  test('is named in the table', () => expect(Object.keys(faults)).toContain(name))
  test.each([1, 2, 5, 1_000])('is refused by name in pieces of %d bytes', (size) => {
    expect(decode(pieces(bytes, size)).fault).toBe(faults[name])
  })
  test('keeps the sound frames before it, and stays refused after it', () => {
    const sound = encodeFrame({ ':message-type': 'event' }, '{}')
    const decoder = createFrameDecoder()
    const { frames, fault } = decode([Uint8Array.of(...sound, ...bytes)], decoder)
    expect(frames.length).toBe(faults[name] === undefined ? 2 : 1)
    expect(fault).toBe(faults[name])
    expect(decoder.push(sound).ok).toBe(faults[name] === undefined)
  })
})

test('any flipped bit of a frame is noticed', () => {
  const bytes = vector.get('metering')?.bytes ?? new Uint8Array()
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const flipped = bytes.slice()
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    expect(decode([flipped]).fault).toBeDefined()
  }
})

test('a frame over the limit is refused from its prelude, before its bytes are kept', () => {
  const decoder = createFrameDecoder({ maxFrameBytes: 1_000, maxHeadersBytes: 100 })
  const decoded = decode([encodeFrame({}, new Uint8Array(985)).slice(0, 12)], decoder)
  expect(decoded).toEqual({ frames: [], fault: 'frame-too-large' })
  expect(
    decode([encodeFrame({}, new Uint8Array(984))], createFrameDecoder({ maxFrameBytes: 1_000, maxHeadersBytes: 0 }))
      .frames.length,
  ).toBe(1)
})

test('more kinds of header blocks than are remembered are still told apart', () => {
  const written = Array.from({ length: 100 }, (_, index) => encodeFrame({ kind: `k${index % 40}` }, String(index)))
  const { frames } = decode(written)
  expect(frames.map((frame) => frame.headers.kind)).toEqual(Array.from({ length: 100 }, (_, index) => `k${index % 40}`))
})

test('a header may have the name of a prototype member', () => {
  const { frames } = decode([encodeFrame(JSON.parse('{"__proto__":"x","constructor":"y"}'), '')])
  expect(Object.entries(frames[0]?.headers ?? {})).toEqual([
    ['__proto__', 'x'],
    ['constructor', 'y'],
  ])
})

test('headers that do not fit their length fields are not written', () => {
  expect(() => encodeFrame({ '': 'x' }, '')).toThrow(RangeError)
  expect(() => encodeFrame({ ['n'.repeat(256)]: 'x' }, '')).toThrow(RangeError)
  expect(() => encodeFrame({ name: 'x'.repeat(65_536) }, '')).toThrow(RangeError)
})

test('what was written is read back, whatever the headers, payloads and pieces', () => {
  const headers = fc.dictionary(
    fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme-ascii' }),
    fc.string({ maxLength: 50, unit: 'binary' }).map((s) => s.toWellFormed()),
  )
  fc.assert(
    fc.property(
      fc.array(fc.record({ headers, payload: fc.uint8Array({ maxLength: 300 }) }), { maxLength: 8 }),
      fc.integer({ min: 1, max: 200 }),
      (frames, size) => {
        const bytes = Buffer.concat(frames.map((frame) => encodeFrame(frame.headers, frame.payload)))
        const decoded = decode(pieces(bytes, size))
        expect(decoded.fault).toBeUndefined()
        expect(decoded.frames.map((frame) => [Object.entries(frame.headers), Buffer.from(frame.payload)])).toEqual(
          frames.map((frame) => [Object.entries(frame.headers), Buffer.from(frame.payload)]),
        )
      },
    ),
  )
})

test('the CRC is the one of zlib at every length and offset', () => {
  const bytes = Uint8Array.from({ length: 400 }, (_, index) => (index * 31 + 7) & 255)
  for (let start = 0; start < 9; start++) {
    for (let end = start; end < bytes.length; end++) {
      expect(crc32(bytes, start, end)).toBe(Bun.hash.crc32(bytes.slice(start, end)))
    }
  }
})
