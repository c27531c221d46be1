import { type GatewayError, gatewayError } from '../conversation/error.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { cutText } from '../lib/sound-text.ts'
import type { Encoding } from './unpack.ts'

/** What a client may send a body in, as a refusal lists it. */
export const acceptedEncodings = 'gzip, deflate, br, zstd'

/** More encodings than any client puts on a body: each costs a whole pass over it. */
const maxLayers = 4

const encodings: Readonly<Record<string, Encoding>> = {
  gzip: 'gzip',
  'x-gzip': 'gzip',
  deflate: 'deflate',
  br: 'br',
  zstd: 'zstd',
}

/** Takes a body out of its encodings; what comes out of any of them is at most `maxBytes`. Undefined: it is larger. */
export type Decode = (bytes: Uint8Array, maxBytes: number) => Promise<Uint8Array | undefined>

/** What undoes the encodings of a `Content-Encoding` header, the last applied first; undefined when there is none. */
export function decodeFor(header: string | null): Result<Decode | undefined, GatewayError> {
  if (header === null) return plain
  const names = header
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '' && name !== 'identity')
  if (names.length === 0) return plain
  const layers: Encoding[] = []
  for (const name of names) {
    const encoding = Object.hasOwn(encodings, name) ? encodings[name] : undefined
    if (encoding === undefined) return err(unsupported(`content-encoding "${cutText(name, 32)}" is not supported`))
    layers.unshift(encoding)
  }
  if (layers.length > maxLayers) return err(unsupported(`content-encoding names more than ${maxLayers} encodings`))
  return ok(async (bytes, maxBytes) => {
    const { unpack } = await import('./unpack.ts')
    try {
      let plain = bytes
      for (const layer of layers) plain = await unpack[layer](plain, maxBytes)
      return plain
    } catch (thrown) {
      if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ERR_BUFFER_TOO_LARGE') return undefined
      throw thrown
    }
  })
}

const plain = ok(undefined)

const unsupported = (what: string): GatewayError =>
  gatewayError('unsupported-encoding', `${what}; send plain JSON, or ${acceptedEncodings}.`, {
    field: 'content-encoding',
  })
