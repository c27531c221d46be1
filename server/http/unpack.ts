import { promisify } from 'node:util'
import zlib from 'node:zlib'

export type Encoding = 'gzip' | 'deflate' | 'br' | 'zstd'
type Decoder = (bytes: Uint8Array, maxBytes: number) => Promise<Uint8Array>

const gunzip = promisify(zlib.gunzip)
const inflate = promisify(zlib.inflate)
const inflateRaw = promisify(zlib.inflateRaw)
const brotli = promisify(zlib.brotliDecompress)
const zstd = promisify(zlib.zstdDecompress)

// RFC 9659: 8 MiB, so that a frame cannot ask for as much memory as it likes.
const zstdParams = { [zlib.constants.ZSTD_d_windowLogMax]: 23 }

/** Loaded by the first body that is packed: zlib brings all kinds of streams with it. */
export const unpack: Readonly<Record<Encoding, Decoder>> = {
  gzip: (bytes, maxOutputLength) => gunzip(bytes, { maxOutputLength }),
  deflate: (bytes, maxOutputLength) =>
    hasZlibHeader(bytes) ? inflate(bytes, { maxOutputLength }) : inflateRaw(bytes, { maxOutputLength }),
  br: (bytes, maxOutputLength) => brotli(bytes, { maxOutputLength }),
  zstd: (bytes, maxOutputLength) => zstd(bytes, { maxOutputLength, params: zstdParams }),
}

/** By the book `deflate` is a zlib stream; some clients send the bare deflate stream instead. */
const hasZlibHeader = ([first = 0, second = 0]: Uint8Array): boolean =>
  (first & 0x0f) === 8 && (first * 256 + second) % 31 === 0
