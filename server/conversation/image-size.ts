/** Enough of a file to hold the size in nearly every image. */
const headerBytes = 96 * 1024

/** Pixel size of an image in base64; undefined where its first part does not tell (a JPEG with a long preview in front). */
export const sizeOfImage = (base64: string): Size | undefined =>
  imageSize(Buffer.from(base64.slice(0, Math.ceil(headerBytes / 3) * 4), 'base64'))

export type Size = { readonly width: number; readonly height: number }

/** Pixel size from the first bytes of a PNG, GIF, WebP or JPEG; undefined when they do not tell. */
export function imageSize(bytes: Buffer): Size | undefined {
  if (bytes.length < 10) return undefined
  if (bytes.readUInt32BE(0) === 0x89504e47)
    return bytes.length < 24 ? undefined : size(bytes.readUInt32BE(16), bytes.readUInt32BE(20))
  if (bytes.toString('latin1', 0, 3) === 'GIF') return size(bytes.readUInt16LE(6), bytes.readUInt16LE(8))
  if (bytes.toString('latin1', 0, 4) === 'RIFF') return webpSize(bytes)
  return bytes.readUInt16BE(0) === 0xffd8 ? jpegSize(bytes) : undefined
}

const size = (width: number, height: number): Size | undefined =>
  width > 0 && height > 0 ? { width, height } : undefined

// Source: WebP container specification, the three kinds of first chunk.
function webpSize(bytes: Buffer): Size | undefined {
  if (bytes.length < 30) return undefined
  switch (bytes.toString('latin1', 12, 16)) {
    case 'VP8 ':
      return size(bytes.readUInt16LE(26) & 0x3fff, bytes.readUInt16LE(28) & 0x3fff)
    case 'VP8L': {
      const bits = bytes.readUInt32LE(21)
      return size((bits & 0x3fff) + 1, ((bits >>> 14) & 0x3fff) + 1)
    }
    case 'VP8X':
      return size(bytes.readUIntLE(24, 3) + 1, bytes.readUIntLE(27, 3) + 1)
    default:
      return undefined
  }
}

// Walks the segments up to the frame header (SOF0…SOF15 without DHT, JPG and DAC).
function jpegSize(bytes: Buffer): Size | undefined {
  let at = 2
  while (at + 9 < bytes.length && bytes[at] === 0xff) {
    const marker = bytes[at + 1] ?? 0
    if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc) {
      return size(bytes.readUInt16BE(at + 7), bytes.readUInt16BE(at + 5))
    }
    at += 2 + Math.max(2, bytes.readUInt16BE(at + 2))
  }
  return undefined
}
