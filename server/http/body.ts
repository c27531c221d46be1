import { type GatewayError, gatewayError } from '../conversation/error.ts'
import { parseJson } from '../lib/json.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { HeldRoom } from './body-room.ts'
import { decodeFor } from './content-encoding.ts'

/** Far from where any later step would run out of stack; nobody can be stopped by an old message below it. */
export const maxJsonDepth = 1_000

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** What of a body is read in one go; a larger one lets others have their turn between the steps. */
const largeBytes = 1024 * 1024

/**
 * Reads a request's JSON body of at most `maxBytes`, in UTF-8, plain or in one of the usual encodings. It keeps its room until the
 * caller releases it. Failures are the caller's own, but for a room that is full.
 */
export async function readJson(
  request: Request,
  maxBytes: number,
  room: HeldRoom,
): Promise<Result<unknown, GatewayError>> {
  const bytes = await readBytes(request, maxBytes, room)
  if (!bytes.ok) return bytes
  if (bytes.value.byteLength === 0) return err(gatewayError('invalid-request', 'The request body is empty; send JSON.'))
  let text: string
  try {
    text = utf8.decode(bytes.value)
  } catch {
    return err(gatewayError('invalid-request', 'The request body is not valid UTF-8.'))
  }
  const isLarge = bytes.value.byteLength > largeBytes
  if (isLarge) await room.turn()
  const parsed = parseJson(text, maxJsonDepth)
  if (isLarge) await room.turn()
  return parsed.ok
    ? parsed
    : err(gatewayError('invalid-request', `The request cannot be read: ${parsed.error.reason}.`))
}

async function readBytes(
  request: Request,
  maxBytes: number,
  room: HeldRoom,
): Promise<Result<Uint8Array, GatewayError>> {
  const declared = Number(request.headers.get('content-length') ?? Number.NaN)
  if (declared > maxBytes) return err(tooLarge(maxBytes))
  const decode = decodeFor(request.headers.get('content-encoding'))
  if (!decode.ok) return decode
  try {
    const sent = await readSent(request, declared, maxBytes, room)
    if (!sent.ok || decode.value === undefined || sent.value.byteLength === 0) return sent
    if (!(await room.unpacking.take(request.signal, room.holder))) return err(cutShort())
    const plain = await decode.value(sent.value, maxBytes).finally(() => room.unpacking.giveBack(room.holder))
    if (plain === undefined) return err(tooLarge(maxBytes))
    if (!room.take(plain.byteLength)) return err(full)
    // Of a zstd body that was cut short nothing comes out, without an error.
    return plain.byteLength === 0 ? err(cutShort()) : ok(plain)
  } catch {
    return err(cutShort())
  }
}

const cutShort = (): GatewayError => gatewayError('invalid-request', 'The request body could not be read to its end.')

async function readSent(
  request: Request,
  declared: number,
  maxBytes: number,
  room: HeldRoom,
): Promise<Result<Uint8Array, GatewayError>> {
  if (declared >= 0 && !room.take(declared)) return err(full)
  // Before `body` is looked at, which would make a stream of what is wanted whole.
  if (declared >= 0) return ok(new Uint8Array(await request.arrayBuffer()))
  const body = request.body
  return body === null ? ok(new Uint8Array()) : collect(body, maxBytes, room)
}

async function collect(
  stream: ReadableStream<Uint8Array>,
  maxBytes: number,
  room: HeldRoom,
): Promise<Result<Uint8Array, GatewayError>> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of stream) {
    size += chunk.byteLength
    if (size > maxBytes) return err(tooLarge(maxBytes))
    if (!room.take(size)) return err(full)
    chunks.push(chunk)
  }
  return ok(Buffer.concat(chunks))
}

const full = gatewayError(
  'pool-busy',
  'The gateway is reading as many large requests as it has room for; try again shortly.',
  {
    retryAfterMs: 5_000,
  },
)
const tooLarge = (maxBytes: number): GatewayError =>
  gatewayError('request-too-large', `The request body is larger than the limit of ${maxBytes} bytes.`)
