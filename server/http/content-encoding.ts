import { promisify } from 'node:util'
import zlib from 'node:zlib'
import { type GatewayError, gatewayError } from '../conversation/error.ts'
import { err, ok, type Result } from '../lib/result.ts'

/** What a client may send a body in, as a refusal lists it. */
export const acceptedEncodings = 'gzip, deflate, br, zstd'

/** More encodings than any client puts on a body: each costs a whole pass over it. */
const maxLayers = 4

type Decoder = (bytes: Uint8Array, maxBytes: number) => Promise<Uint8Array>

const gunzip = promisify(zlib.gunzip)
const inflate = promisify(zlib.inflate)
const inflateRaw = promisify(zlib.inflateRaw)
const brotli = promisify(zlib.brotliDecompress)
const zstd = promisify(zlib.zstdDecompress)

// RFC 9659: 8 MiB, so that a frame cannot ask for as much memory as it likes.
const zstdParams = { [zlib.constants.ZSTD_d_windowLogMax]: 23 }

const decoders: Readonly<Record<string, Decoder>> = {
  gzip: (bytes, maxOutputLength) => gunzip(bytes, { maxOutputLength }),
  deflate: (bytes, maxOutputLength) =>
    hasZlibHeader(bytes) ? inflate(bytes, { maxOutputLength }) : inflateRaw(bytes, { maxOutputLength }),
  br: (bytes, maxOutputLength) => brotli(bytes, { maxOutputLength }),
  zstd: (bytes, maxOutputLength) => zstd(bytes, { maxOutputLength, params: zstdParams }),
}
const aliases: Readonly<Record<string, string>> = { 'x-gzip': 'gzip' }

/** Takes a body out of its encodings; what comes out of any of them is at most `maxBytes`. Undefined: it is larger. */
export type Decode = (bytes: Uint8Array, maxBytes: number) => Promise<Uint8Array | undefined>

/** What undoes the encodings of a `Content-Encoding` header, the last applied first; undefined when there is none. */
export function decodeFor(header: string | null): Result<Decode | undefined, GatewayError> {
  const names = (header ?? '')
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '' && name !== 'identity')
  if (names.length === 0) return ok(undefined)
  const layers: Decoder[] = []
  for (const name of names) {
    const decoder = Object.hasOwn(decoders, aliases[name] ?? name) ? decoders[aliases[name] ?? name] : undefined
    if (decoder === undefined) return err(unsupported(`content-encoding "${name.slice(0, 32)}" is not supported`))
    layers.unshift(decoder)
  }
  if (layers.length > maxLayers) return err(unsupported(`content-encoding names more than ${maxLayers} encodings`))
  return ok(async (bytes, maxBytes) => {
    try {
      let plain = bytes
      for (const layer of layers) plain = await layer(plain, maxBytes)
      return plain
    } catch (thrown) {
      if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ERR_BUFFER_TOO_LARGE') return undefined
      throw thrown
    }
  })
}

/** By the book `deflate` is a zlib stream; some clients send the bare deflate stream instead. */
const hasZlibHeader = ([first = 0, second = 0]: Uint8Array): boolean =>
  (first & 0x0f) === 8 && (first * 256 + second) % 31 === 0

const unsupported = (what: string): GatewayError =>
  gatewayError('unsupported-encoding', `${what}; send plain JSON, or ${acceptedEncodings}.`, {
    field: 'content-encoding',
  })
