import { type GatewayError, gatewayError } from '../conversation/error.ts'
import { parseJson } from '../lib/json.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { within } from '../lib/within.ts'
import type { HeldRoom } from './body-room.ts'
import { decodeFor } from './content-encoding.ts'

/** Far from where any later step would run out of stack; nobody can be stopped by an old message below it. */
export const maxJsonDepth = 1_000

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** What of a body is read in one go; a larger one lets others have their turn between the steps. */
const largeBytes = 1024 * 1024

/** Of a body that is not complete so much arrives within any 30 seconds: who sends slower holds room that others want. */
const paceMs = 30_000
const leastBytes = 16 * paceMs
/** How finely it is looked at. */
const paceStepMs = 250

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
  if (isLarge) await room.effects.turn()
  const parsed = parseJson(text, maxJsonDepth)
  if (isLarge) await room.effects.turn()
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
    // No wait: what waits here would be held unpacked.
    if (!(await room.take(plain.byteLength))) return err(full)
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
  // What is complete within the time that any body has for so much.
  if (declared >= 0 && declared < leastBytes) {
    if (!(await room.take(declared)) && !(await room.take(declared, request.signal)))
      return err(request.signal.aborted ? cutShort() : { ...full, isUnread })
    // Before `body` is looked at, which would make a stream of what is wanted whole.
    const whole = await within(request.arrayBuffer(), paceMs, room.effects)
    return whole === undefined ? err(tooSlow) : ok(new Uint8Array(whole))
  }
  const body = request.body
  if (body === null) return ok(new Uint8Array())
  const reader = body.getReader()
  const sent = await collect(reader, declared >= 0 ? declared : maxBytes, request.signal, room)
  // What is left of it is not waited for.
  if (!sent.ok) reader.cancel().catch(() => {})
  return sent.ok && sent.value.byteLength < declared ? err(cutShort()) : sent
}

/** What is not asked for stays with the sender, so that a body that waits for room takes none. */
async function collect(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  maxBytes: number,
  signal: AbortSignal,
  room: HeldRoom,
): Promise<Result<Uint8Array, GatewayError>> {
  const { now } = room.effects
  const chunks: Uint8Array[] = []
  const pace = createPace()
  let size = 0
  let readingMs = 0
  for (;;) {
    const asked = now()
    const next = await within(reader.read(), Math.max(0, pace.untilMs() - readingMs), room.effects)
    readingMs += now() - asked
    if (next === undefined) return err(tooSlow)
    if (next.done) break
    size += next.value.byteLength
    pace.note(size, readingMs)
    if (size > maxBytes) return err(tooLarge(maxBytes))
    if (!(await room.takeFor(size, maxBytes, signal))) return err(signal.aborted ? cutShort() : { ...full, isUnread })
    chunks.push(next.value)
  }
  await room.take(size)
  return ok(Buffer.concat(chunks))
}

/** Times are those that were spent on waiting for the sender. */
function createPace() {
  /** How much there was from when on, as far back as the last `leastBytes` go. */
  const steps = [{ atMs: 0, bytes: 0 }]
  return {
    note: (bytes: number, atMs: number): void => {
      const last = steps.at(-1)
      if (last !== undefined && atMs - last.atMs < paceStepMs) last.bytes = bytes
      else steps.push({ atMs, bytes })
      while ((steps[0]?.bytes ?? bytes) <= bytes - leastBytes) steps.shift()
    },
    /** When it is too slow if no more comes. */
    untilMs: () => (steps[0]?.atMs ?? 0) + paceMs,
  }
}

const isUnread = true
const full = gatewayError(
  'pool-busy',
  'The gateway is reading as many requests of this size as it has room for; try again shortly.',
  {
    retryAfterMs: 5_000,
  },
)
const tooSlow = gatewayError(
  'request-timeout',
  'The request body arrived too slowly: 16 kB per second are the least, over any 30 seconds.',
  { isUnread },
)
const tooLarge = (maxBytes: number): GatewayError =>
  gatewayError('request-too-large', `The request body is larger than the limit of ${maxBytes} bytes.`)
