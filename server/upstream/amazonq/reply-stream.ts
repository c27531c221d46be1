import { createFrameDecoder, type FrameDecoder, publishedLimits } from '../../codec/eventstream.ts'
import type { HeaderReader } from '../../codec/eventstream-headers.ts'
import { type GatewayError, gatewayError } from '../../conversation/error.ts'
import type { UpstreamEvent } from '../../conversation/event.ts'
import type { Source } from '../../lib/source.ts'
import type { CallGuard } from './call-guard.ts'
import type { ReplyDecoder } from './decode.ts'

type Batch = readonly UpstreamEvent[]
type Chunk = { readonly done: boolean; readonly value?: Uint8Array | undefined }

/** One reply's body, read on demand: nothing is read ahead of the consumer. */
export type ReplyStream = {
  /** What the network gives next; rejects when the connection is lost. */
  readonly next: () => Promise<Chunk>
  /** The events of what `next` gave, perhaps none; the last batch ends with `finish` or `error`. */
  readonly take: (chunk: Chunk) => Batch
  /** The events of a `next` that was rejected. */
  readonly lose: (thrown: unknown) => Batch
  /** `next` and one of the others. */
  readonly read: () => Promise<Batch>
  readonly close: () => void
}

/** A class: each delta passes it (docs/performance.md). */
class ReplyBody implements ReplyStream {
  private readonly reader: ReadableStreamDefaultReader<Uint8Array>
  private readonly frames: FrameDecoder
  private complete = false

  constructor(
    body: ReadableStream<Uint8Array>,
    private readonly decoder: ReplyDecoder,
    private readonly guard: CallGuard,
    headersOf: HeaderReader,
  ) {
    this.reader = body.getReader()
    this.frames = createFrameDecoder(publishedLimits, headersOf)
    guard.onStop(() => this.cancel())
  }

  next(): Promise<Chunk> {
    return this.reader.read()
  }

  take(chunk: Chunk): Batch {
    const { decoder, frames } = this
    // A read that we ended ourselves looks like the end of the body.
    const stopped = this.guard.reason()
    if (stopped !== undefined) return decoder.fail(stopped)
    if (chunk.done || chunk.value === undefined) {
      this.complete = true
      const whole = frames.end()
      return whole.ok ? decoder.end() : decoder.fail(unreadable(whole.error))
    }
    const pushed = frames.push(chunk.value)
    if (pushed.ok) return decoder.steps(pushed.value)
    return [...decoder.steps(pushed.error.before), ...decoder.fail(unreadable(pushed.error))]
  }

  lose(thrown: unknown): Batch {
    return this.decoder.fail(this.guard.reason() ?? lost(thrown, this.decoder.hasContent()))
  }

  read(): Promise<Batch> {
    return this.next().then(
      (chunk) => this.take(chunk),
      (thrown) => this.lose(thrown),
    )
  }

  close(): void {
    this.guard.close(this.complete)
    if (!this.complete) this.cancel()
  }

  /** Ends a pending read where abort alone does not, and frees the body; the outcome no longer matters. */
  private cancel(): void {
    this.reader.cancel().catch(() => undefined)
  }
}

export const createReplyStream = (
  body: ReadableStream<Uint8Array>,
  decoder: ReplyDecoder,
  guard: CallGuard,
  headersOf: HeaderReader,
): ReplyStream => new ReplyBody(body, decoder, guard, headersOf)

/** The stream as the relay takes it. `first` was read already. */
export function eventsOf(stream: ReplyStream, first: Batch, guard: CallGuard, idleTimeoutMs: number): Source<Batch> {
  return {
    run: async (sink) => {
      try {
        let batch = first
        for (;;) {
          // A chunk without events is half a frame or accounting: some life, so the wait begins anew.
          if (batch.length > 0) {
            const taken = sink(batch)
            if (taken === false || isLast(batch)) {
              await taken
              return
            }
            if (taken !== true) {
              guard.rest()
              if (!(await taken)) return
            }
          }
          guard.wait('next-event', idleTimeoutMs)
          let chunk: Chunk
          try {
            chunk = await stream.next()
          } catch (thrown) {
            batch = stream.lose(thrown)
            continue
          }
          batch = stream.take(chunk)
        }
      } finally {
        stream.close()
      }
    },
    drop: () => stream.close(),
  }
}

export function isLast(batch: Batch): boolean {
  const type = batch.at(-1)?.type
  return type === 'finish' || type === 'error'
}

function unreadable(fault: { readonly name: string; readonly message: string }): GatewayError {
  const message =
    fault.name === 'cut' ? 'The reply was cut short by the provider.' : "The provider's reply could not be read."
  return gatewayError('broken-reply', message, { cause: `${fault.name}: ${fault.message}` })
}

/** A connection lost within a reply breaks it; before, nothing was there to be broken. */
function lost(thrown: unknown, hasContent: boolean): GatewayError {
  return hasContent
    ? gatewayError('broken-reply', 'The connection to the provider was lost within the reply.', {
        cause: codeOf(thrown) ?? 'read failed',
      })
    : unreachable(thrown)
}

/** What the network throws carries a code; anything else is a fault of ours. */
export function unreachable(thrown: unknown): GatewayError {
  const code = codeOf(thrown)
  if (code !== undefined) {
    return gatewayError('upstream-unreachable', 'The provider could not be reached.', { cause: code })
  }
  const cause = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)
  return gatewayError('internal', "The gateway failed on the provider's reply.", { cause })
}

// The message of a thrown fetch error may quote the address, with a proxy's password in it; its code never does.
function codeOf(thrown: unknown): string | undefined {
  const code: unknown = thrown instanceof Error ? (thrown as { code?: unknown }).code : undefined
  return typeof code === 'string' ? code : typeof code === 'number' ? `${(thrown as Error).name} ${code}` : undefined
}
