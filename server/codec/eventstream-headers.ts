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

/** Why a header block cannot be read. */
export type HeaderFault =
  | 'header-name'
  | 'header-type'
  /** A header's name or value runs past the header block. */
  | 'header-overrun'

/** Bytes of one header: name length, name, type, value. */
export function headerBytes(name: string, value: HeaderValue): number {
  const nameBytes = Buffer.byteLength(name)
  if (nameBytes === 0 || nameBytes > 255) throw new RangeError('A header name has 1 to 255 bytes.')
  const bytes = valueBytes(value)
  if (bytes > 2 + 0xffff) throw new RangeError('A header value has at most 65535 bytes.')
  return 2 + nameBytes + bytes
}

function valueBytes(value: HeaderValue): number {
  if (typeof value === 'string') return 2 + Buffer.byteLength(value)
  if (typeof value === 'boolean') return 0
  switch (value.type) {
    case 'byte':
      return 1
    case 'short':
      return 2
    case 'int':
      return 4
    case 'long':
    case 'timestamp':
      return 8
    case 'bytes':
      return 2 + value.value.length
    case 'uuid':
      return 16
  }
}

/** Gives the offset after the header. */
export function writeHeader(frame: Buffer, start: number, name: string, value: HeaderValue): number {
  const nameBytes = frame.write(name, start + 1)
  frame[start] = nameBytes
  const typeAt = start + 1 + nameBytes
  const at = typeAt + 1
  if (typeof value === 'string') {
    frame[typeAt] = 7
    const bytes = frame.write(value, at + 2)
    return frame.writeUInt16BE(bytes, at) + bytes
  }
  if (typeof value === 'boolean') {
    frame[typeAt] = value ? 0 : 1
    return at
  }
  switch (value.type) {
    case 'byte':
      frame[typeAt] = 2
      return frame.writeInt8(value.value, at)
    case 'short':
      frame[typeAt] = 3
      return frame.writeInt16BE(value.value, at)
    case 'int':
      frame[typeAt] = 4
      return frame.writeInt32BE(value.value, at)
    case 'long':
      frame[typeAt] = 5
      return frame.writeBigInt64BE(value.value, at)
    case 'bytes':
      frame[typeAt] = 6
      frame.set(value.value, at + 2)
      return frame.writeUInt16BE(value.value.length, at) + value.value.length
    case 'timestamp':
      frame[typeAt] = 8
      return frame.writeBigInt64BE(value.value, at)
    case 'uuid':
      frame[typeAt] = 9
      return at + frame.write(value.value.replaceAll('-', ''), at, 'hex')
  }
}

export type HeaderReader = (bytes: Uint8Array, from: number, to: number) => Headers | readonly [HeaderFault, string]

const keptBlocks = 16
const keptBlockBytes = 512

/**
 * Reads header blocks. A stream repeats a handful of them thousands of times, so the last distinct ones are kept beside
 * what they decode to and recognised by their bytes, which is several times cheaper than decoding again.
 */
export function createHeaderReader(): HeaderReader {
  const known: { readonly block: Uint8Array; readonly headers: Headers }[] = []
  let oldest = 0
  return (bytes, from, to) => {
    for (const entry of known) {
      if (entry.block.length === to - from && equalAt(entry.block, bytes, from)) return entry.headers
    }
    const block = bytes.slice(from, to)
    const headers = decodeHeaders(block)
    if (!isHeaderFault(headers) && block.length <= keptBlockBytes) {
      known[known.length < keptBlocks ? known.length : oldest++ % keptBlocks] = { block, headers }
    }
    return headers
  }
}

function equalAt(block: Uint8Array, bytes: Uint8Array, from: number): boolean {
  for (let index = 0; index < block.length; index++) if (block[index] !== bytes[from + index]) return false
  return true
}

const text = new TextDecoder('utf-8', { ignoreBOM: true })

function decodeHeaders(block: Uint8Array): Headers | readonly [HeaderFault, string] {
  // Without a prototype a header called `__proto__` is a name like any other.
  const headers: Record<string, HeaderValue> = Object.create(null)
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength)
  const overrun = ['header-overrun', 'A header runs past the header block.'] as const
  let at = 0
  while (at < block.length) {
    const nameBytes = view.getUint8(at)
    if (nameBytes === 0) return ['header-name', 'A header has an empty name.']
    const typeAt = at + 1 + nameBytes
    if (typeAt >= block.length) return overrun
    const name = text.decode(block.subarray(at + 1, typeAt))
    const type = view.getUint8(typeAt)
    const fixedBytes = fixedSizes[type]
    if (fixedBytes === undefined) return ['header-type', `Header type ${type} does not exist.`]
    let valueAt = typeAt + 1
    let valueBytes = fixedBytes
    if (fixedBytes === withLength) {
      if (valueAt + 2 > block.length) return overrun
      valueBytes = view.getUint16(valueAt)
      valueAt += 2
    }
    if (valueAt + valueBytes > block.length) return overrun
    headers[name] = decodeValue(type, view, block.subarray(valueAt, valueAt + valueBytes), valueAt)
    at = valueAt + valueBytes
  }
  return Object.freeze(headers)
}

const withLength = -1
/** Bytes after the type, by type number. */
const fixedSizes: readonly number[] = [0, 0, 1, 2, 4, 8, withLength, withLength, 8, 16]

function decodeValue(type: number, view: DataView, bytes: Uint8Array, at: number): HeaderValue {
  switch (type) {
    case 0:
    case 1:
      return type === 0
    case 2:
      return { type: 'byte', value: view.getInt8(at) }
    case 3:
      return { type: 'short', value: view.getInt16(at) }
    case 4:
      return { type: 'int', value: view.getInt32(at) }
    case 5:
      return { type: 'long', value: view.getBigInt64(at) }
    case 6:
      return { type: 'bytes', value: bytes }
    case 8:
      return { type: 'timestamp', value: view.getBigInt64(at) }
    case 9:
      return { type: 'uuid', value: bytes.toHex().replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-') }
    default:
      return text.decode(bytes)
  }
}

export function isHeaderFault(
  value: Headers | readonly [HeaderFault, string],
): value is readonly [HeaderFault, string] {
  return Array.isArray(value)
}
