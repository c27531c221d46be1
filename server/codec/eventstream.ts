import { crc32 } from './crc32.ts'

/**
 * A header's value. Strings, the only kind this product's provider sends, stand for themselves; the others say their wire
 * type, so that a decoded frame can be encoded to the same bytes.
 */
export type HeaderValue =
  | string
  | boolean
  | { readonly type: 'byte' | 'short' | 'int'; readonly value: number }
  /** `timestamp` is epoch milliseconds. */
  | { readonly type: 'long' | 'timestamp'; readonly value: bigint }
  | { readonly type: 'bytes'; readonly value: Uint8Array }
  /** Lower-case, with dashes. */
  | { readonly type: 'uuid'; readonly value: string }

export type Headers = Readonly<Record<string, HeaderValue>>

/** One unit of `application/vnd.amazon.eventstream`. */
export type Frame = { readonly headers: Headers; readonly payload: Uint8Array }

/** Prelude (lengths and its CRC) and the closing CRC. */
export const frameOverheadBytes = 16

const text = new TextEncoder()

/** Writes one frame; headers keep their insertion order. Throws a RangeError when a header does not fit its length field. */
export function encodeFrame(headers: Headers, payload: Uint8Array | string): Uint8Array {
  const body = typeof payload === 'string' ? text.encode(payload) : payload
  const blocks = Object.entries(headers).map(([name, value]) => encodeHeader(name, value))
  const headersBytes = blocks.reduce((sum, block) => sum + block.length, 0)
  const totalBytes = frameOverheadBytes + headersBytes + body.length
  const frame = new Uint8Array(totalBytes)
  const view = new DataView(frame.buffer)
  view.setUint32(0, totalBytes)
  view.setUint32(4, headersBytes)
  view.setUint32(8, crc32(frame, 0, 8))
  let at = 12
  for (const block of blocks) {
    frame.set(block, at)
    at += block.length
  }
  frame.set(body, at)
  view.setUint32(totalBytes - 4, crc32(frame, 0, totalBytes - 4))
  return frame
}

function encodeHeader(name: string, value: HeaderValue): Uint8Array {
  const nameBytes = text.encode(name)
  if (nameBytes.length === 0 || nameBytes.length > 255) throw new RangeError('a header name has 1 to 255 bytes')
  const [type, valueBytes] = encodeValue(value)
  const block = new Uint8Array(2 + nameBytes.length + valueBytes.length)
  block[0] = nameBytes.length
  block.set(nameBytes, 1)
  block[1 + nameBytes.length] = type
  block.set(valueBytes, 2 + nameBytes.length)
  return block
}

function encodeValue(value: HeaderValue): readonly [type: number, bytes: Uint8Array] {
  if (typeof value === 'boolean') return [value ? 0 : 1, new Uint8Array(0)]
  if (typeof value === 'string') return [7, withLength(text.encode(value))]
  switch (value.type) {
    case 'byte':
      return [2, integer(1, (view) => view.setInt8(0, value.value))]
    case 'short':
      return [3, integer(2, (view) => view.setInt16(0, value.value))]
    case 'int':
      return [4, integer(4, (view) => view.setInt32(0, value.value))]
    case 'long':
      return [5, integer(8, (view) => view.setBigInt64(0, value.value))]
    case 'bytes':
      return [6, withLength(value.value)]
    case 'timestamp':
      return [8, integer(8, (view) => view.setBigInt64(0, value.value))]
    case 'uuid':
      return [9, Uint8Array.fromHex(value.value.replaceAll('-', ''))]
  }
}

function integer(bytes: number, write: (view: DataView) => void): Uint8Array {
  const view = new DataView(new ArrayBuffer(bytes))
  write(view)
  return new Uint8Array(view.buffer)
}

function withLength(bytes: Uint8Array): Uint8Array {
  if (bytes.length > 0xffff) throw new RangeError('a header value has at most 65535 bytes')
  const block = new Uint8Array(2 + bytes.length)
  new DataView(block.buffer).setUint16(0, bytes.length)
  block.set(bytes, 2)
  return block
}
