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
  gzip: (bytes, most) => gunzip(bytes, boundsOf(bytes, most)),
  deflate: (bytes, most) => (hasZlibHeader(bytes) ? inflate : inflateRaw)(bytes, boundsOf(bytes, most)),
  br: (bytes, most) => brotli(bytes, boundsOf(bytes, most)),
  zstd: (bytes, most) => zstd(bytes, { ...boundsOf(bytes, most), params: zstdParams }),
}

/** The usual chunks of 16 KiB, of which each comes by a call of its own, would be thousands for a large body. */
const boundsOf = ({ byteLength }: Uint8Array, maxOutputLength: number) => ({
  maxOutputLength,
  chunkSize: Math.min(1024 * 1024, Math.max(16 * 1024, byteLength * 8)),
})

/** By the book `deflate` is a zlib stream; some clients send the bare deflate stream instead. */
const hasZlibHeader = ([first = 0, second = 0]: Uint8Array): boolean =>
  (first & 0x0f) === 8 && (first * 256 + second) % 31 === 0
