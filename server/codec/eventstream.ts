import { err, ok, type Result } from '../lib/result.ts'
import { crc32 } from './crc32.ts'
import {
  createHeaderReader,
  type HeaderFault,
  type HeaderReader,
  type Headers,
  type HeaderValue,
  headerBytes,
  isHeaderFault,
  writeHeader,
} from './eventstream-headers.ts'

/** One unit of `application/vnd.amazon.eventstream`. */
export type Frame = { readonly headers: Headers; readonly payload: Uint8Array }

/** Prelude (lengths and its CRC) and the closing CRC. */
export const frameOverheadBytes = 16

/** Writes one frame; headers keep their insertion order. Throws a RangeError when a header does not fit its length field. */
export function encodeFrame(headers: Headers, payload: Uint8Array | string): Uint8Array {
  let headersBytes = 0
  for (const name in headers) headersBytes += headerBytes(name, headers[name] as HeaderValue)
  const payloadBytes = typeof payload === 'string' ? Buffer.byteLength(payload) : payload.length
  const totalBytes = frameOverheadBytes + headersBytes + payloadBytes
  const frame = Buffer.from(new ArrayBuffer(totalBytes))
  frame.writeUInt32BE(totalBytes, 0)
  frame.writeUInt32BE(headersBytes, 4)
  frame.writeUInt32BE(crc32(frame, 0, 8), 8)
  let at = 12
  for (const name in headers) at = writeHeader(frame, at, name, headers[name] as HeaderValue)
  if (typeof payload === 'string') frame.write(payload, at)
  else frame.set(payload, at)
  frame.writeUInt32BE(crc32(frame, 0, totalBytes - 4), totalBytes - 4)
  return new Uint8Array(frame.buffer)
}

export type FrameFaultName =
  | 'prelude-crc'
  | 'message-crc'
  /** Total length below the 16-byte minimum. */
  | 'frame-too-short'
  | 'frame-too-large'
  /** Header block longer than its frame leaves room for. */
  | 'headers-length'
  | HeaderFault
  /** The body ended inside a frame. */
  | 'cut'

/** What made a body unreadable; `before` are the sound frames of the same chunk that came first. */
export type FrameFault = {
  readonly name: FrameFaultName
  readonly message: string
  readonly before: readonly Frame[]
}

export type FrameDecoder = {
  /** Frames completed by `chunk`. Payloads are views of it where possible: the caller must not reuse its memory. */
  readonly push: (chunk: Uint8Array) => Result<readonly Frame[], FrameFault>
  /** To be called at the end of the body: a fault when it ended inside a frame. */
  readonly end: () => Result<void, FrameFault>
}

export type FrameLimits = { readonly maxFrameBytes: number; readonly maxHeadersBytes: number }

/** Published limits of the format: 16 MiB of payload, 128 KiB of headers. */
export const publishedLimits: FrameLimits = {
  maxFrameBytes: 16 * 1024 * 1024 + 128 * 1024 + frameOverheadBytes,
  maxHeadersBytes: 128 * 1024,
}

const preludeBytes = 12
const nothing = new Uint8Array(0)

/** A class: each delta passes it, and closures lie scattered in memory (docs/performance.md). */
class FrameCutter implements FrameDecoder {
  private carry = nothing
  private carried = 0
  private fault: Omit<FrameFault, 'before'> | undefined

  constructor(
    private readonly limits: FrameLimits,
    private readonly headersOf: HeaderReader,
  ) {}

  push(chunk: Uint8Array): Result<readonly Frame[], FrameFault> {
    if (this.fault !== undefined) return err({ ...this.fault, before: [] })
    const frames: Frame[] = []
    let at = 0
    while (at < chunk.length) {
      let bytes = chunk
      let start = at
      if (this.carried > 0 || chunk.length - at < preludeBytes) {
        // Finish the prelude first: only it says how long the frame is.
        if (this.carried < preludeBytes) {
          at += this.append(chunk, at, preludeBytes)
          if (this.carried < preludeBytes) break
          const wrong = this.lengthFault(this.carry, 0)
          if (wrong !== undefined) return this.fail(wrong[0], wrong[1], frames)
        }
        const total = uint32(this.carry, 0)
        at += this.append(chunk, at, total)
        if (this.carried < total) break
        bytes = this.carry
        start = 0
        // The finished frame keeps this buffer; the next one gets its own.
        this.carry = nothing
        this.carried = 0
      } else {
        const wrong = this.lengthFault(chunk, at)
        if (wrong !== undefined) return this.fail(wrong[0], wrong[1], frames)
        const total = uint32(chunk, at)
        if (chunk.length - at < total) {
          this.append(chunk, at, total)
          break
        }
        at += total
      }
      const frame = this.frameAt(bytes, start)
      if (isFault(frame)) return this.fail(frame[0], frame[1], frames)
      frames.push(frame)
    }
    return ok(frames)
  }

  end(): Result<void, FrameFault> {
    if (this.fault !== undefined) return err({ ...this.fault, before: [] })
    if (this.carried > 0) return this.fail('cut', 'The body ended inside a frame.')
    return ok(undefined)
  }

  private fail(
    name: FrameFaultName,
    message: string,
    before: readonly Frame[] = [],
  ): { readonly ok: false; readonly error: FrameFault } {
    this.fault = { name, message }
    this.carry = nothing
    this.carried = 0
    return err({ name, message, before })
  }

  /** Appends to the unfinished frame, at most up to `wanted` bytes in all; gives how many were taken. */
  private append(chunk: Uint8Array, from: number, wanted: number): number {
    const taken = Math.min(chunk.length - from, wanted - this.carried)
    if (this.carry.length < this.carried + taken) {
      // Doubling, not the declared length: memory follows what was received, not what was announced.
      const grown = new Uint8Array(Math.min(wanted, Math.max(256, this.carry.length * 2, this.carried + taken)))
      grown.set(this.carry.subarray(0, this.carried))
      this.carry = grown
    }
    this.carry.set(from === 0 && taken === chunk.length ? chunk : chunk.subarray(from, from + taken), this.carried)
    this.carried += taken
    return taken
  }

  private lengthFault(bytes: Uint8Array, at: number): readonly [FrameFaultName, string] | undefined {
    if (crc32(bytes, at, at + 8) !== uint32(bytes, at + 8))
      return ['prelude-crc', 'The CRC of a frame prelude is wrong.']
    const total = uint32(bytes, at)
    const headers = uint32(bytes, at + 4)
    if (total < frameOverheadBytes)
      return ['frame-too-short', `A frame declares ${total} bytes, fewer than its own borders.`]
    if (total > this.limits.maxFrameBytes)
      return ['frame-too-large', `A frame declares ${total} bytes, more than the limit.`]
    if (headers > total - frameOverheadBytes || headers > this.limits.maxHeadersBytes) {
      return ['headers-length', `A frame declares ${headers} bytes of headers, more than fit.`]
    }
    return undefined
  }

  /** One whole frame at `at`, its prelude already checked. */
  private frameAt(bytes: Uint8Array, at: number): Frame | readonly [FrameFaultName, string] {
    const end = at + uint32(bytes, at)
    const headersEnd = at + preludeBytes + uint32(bytes, at + 4)
    if (crc32(bytes, at, end - 4) !== uint32(bytes, end - 4)) return ['message-crc', 'The CRC of a frame is wrong.']
    const headers = this.headersOf(bytes, at + preludeBytes, headersEnd)
    if (isHeaderFault(headers)) return headers
    return { headers, payload: bytes.subarray(headersEnd, end - 4) }
  }
}

/**
 * Cuts a body that arrives in arbitrary pieces into frames, checking both CRCs and every length. After a fault it stays
 * faulty: there is no way to find the next border. Memory is bounded by one frame; a frame that lies inside one chunk is
 * not copied. Equal header blocks give the same `headers` object; bodies that share `headersOf` share them too.
 */
export const createFrameDecoder = (
  limits: FrameLimits = publishedLimits,
  headersOf: HeaderReader = createHeaderReader(),
): FrameDecoder => new FrameCutter(limits, headersOf)

function uint32(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] as number) << 24) |
      ((bytes[at + 1] as number) << 16) |
      ((bytes[at + 2] as number) << 8) |
      (bytes[at + 3] as number)) >>>
    0
  )
}

function isFault(value: Frame | readonly [FrameFaultName, string]): value is readonly [FrameFaultName, string] {
  return Array.isArray(value)
}
