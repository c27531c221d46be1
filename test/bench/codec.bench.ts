import { EventStreamCodec } from '@smithy/eventstream-codec'
import { createFrameDecoder, encodeFrame, type Frame } from '../../server/codec/eventstream.ts'

export type Measurement = { readonly name: string; readonly value: number; readonly unit: string }

/** A reply as the provider sends it: mostly text deltas of a few characters, one tool call, accounting. */
function replyBody(frames: number): Uint8Array {
  const headers = (type: string) => ({
    ':event-type': type,
    ':content-type': 'application/json',
    ':message-type': 'event',
  })
  const list = Array.from({ length: frames }, (_, index) =>
    index % 10 === 9
      ? encodeFrame(
          headers('toolUseEvent'),
          JSON.stringify({ input: '{"path":"a', name: 'read_file', toolUseId: 'tooluse_0123456789abcdefghijkl' }),
        )
      : encodeFrame(headers('assistantResponseEvent'), JSON.stringify({ content: ` word${index}`, modelId: 'auto' })),
  )
  return Buffer.concat([
    ...list,
    encodeFrame(headers('meteringEvent'), '{"unit":"credit","unitPlural":"credits","usage":0.07}'),
  ])
}

function chunksOf(bytes: Uint8Array, size: number): readonly Uint8Array[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
    bytes.slice(index * size, (index + 1) * size),
  )
}

function decodeOurs(chunks: readonly Uint8Array[]): number {
  const decoder = createFrameDecoder()
  let frames = 0
  for (const chunk of chunks) {
    const pushed = decoder.push(chunk)
    if (!pushed.ok) throw new Error(pushed.error.message)
    frames += pushed.value.length
  }
  const ended = decoder.end()
  if (!ended.ok) throw new Error(ended.error.message)
  return frames
}

// The npm codec decodes single frames; cutting the body is left to its caller, here in the cheapest way that works.
const codec = new EventStreamCodec(
  (bytes) => Buffer.from(bytes).toString('utf8'),
  (text) => Buffer.from(text, 'utf8'),
)
function decodeSmithy(chunks: readonly Uint8Array[]): number {
  let rest = new Uint8Array(0)
  let frames = 0
  for (const chunk of chunks) {
    const bytes: Uint8Array = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    let at = 0
    while (bytes.length - at >= 16 && bytes.length - at >= view.getUint32(at)) {
      const total = view.getUint32(at)
      codec.decode(bytes.subarray(at, at + total))
      frames++
      at += total
    }
    rest = bytes.slice(at)
  }
  return frames
}

/** Best of several rounds, in MB of body per second: the minimum time is what a shared machine disturbs least. */
function rate(bytes: number, work: () => void, rounds = 12): number {
  let best = Number.POSITIVE_INFINITY
  for (let round = 0; round < rounds; round++) {
    const start = Bun.nanoseconds()
    work()
    best = Math.min(best, Bun.nanoseconds() - start)
  }
  return (bytes / best) * 1_000
}

/** Event-stream decoding and encoding, ours and the npm codec's, in one run. */
export async function run(): Promise<readonly Measurement[]> {
  const body = replyBody(20_000)
  const measurements: Measurement[] = []
  for (const [name, size] of [
    ['16 KiB chunks', 16_384],
    ['one frame or less (120 B chunks)', 120],
  ] as const) {
    const chunks = chunksOf(body, size)
    if (decodeOurs(chunks) !== decodeSmithy(chunks)) throw new Error('the two decoders disagree')
    const ours = rate(body.length, () => decodeOurs(chunks))
    const smithy = rate(body.length, () => decodeSmithy(chunks))
    measurements.push(
      { name: `decode, ${name}, ours`, value: ours, unit: 'MB/s' },
      { name: `decode, ${name}, @smithy/eventstream-codec`, value: smithy, unit: 'MB/s' },
      { name: `decode, ${name}, ours / npm`, value: ours / smithy, unit: 'x' },
    )
  }
  const decoder = createFrameDecoder()
  const pushed = decoder.push(body)
  const frames: readonly Frame[] = pushed.ok ? pushed.value : []
  const encoded = rate(body.length, () => {
    for (const frame of frames) encodeFrame(frame.headers, frame.payload)
  })
  measurements.push({ name: 'encode, ours', value: encoded, unit: 'MB/s' })
  return measurements
}

if (import.meta.main) {
  for (const { name, value, unit } of await run())
    console.log(`${name}: ${value.toFixed(unit === 'x' ? 2 : 1)} ${unit}`)
}
