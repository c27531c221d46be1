import { createFrameDecoder, publishedLimits } from '../../codec/eventstream.ts'
import type { HeaderReader } from '../../codec/eventstream-headers.ts'
import { type GatewayError, gatewayError } from '../../conversation/error.ts'
import type { UpstreamEvent } from '../../conversation/event.ts'
import type { CallGuard } from './call-guard.ts'
import type { ReplyDecoder } from './decode.ts'

type Batch = readonly UpstreamEvent[]

/** One reply's body, read on demand: nothing is read ahead of the consumer. */
export type ReplyStream = {
  /** The events of one network chunk, perhaps none; the last batch ends with `finish` or `error`. Never rejects. */
  readonly read: () => Promise<Batch>
  readonly close: () => void
}

export function createReplyStream(
  body: ReadableStream<Uint8Array>,
  decoder: ReplyDecoder,
  guard: CallGuard,
  headersOf: HeaderReader,
): ReplyStream {
  const reader = body.getReader()
  const frames = createFrameDecoder(publishedLimits, headersOf)
  let complete = false

  async function read(): Promise<Batch> {
    let chunk: { readonly done: boolean; readonly value?: Uint8Array | undefined }
    try {
      chunk = await guard.race(reader.read())
    } catch (thrown) {
      return decoder.fail(guard.reason() ?? lost(thrown, decoder.hasContent()))
    }
    if (chunk.done || chunk.value === undefined) {
      complete = true
      const whole = frames.end()
      return whole.ok ? decoder.end() : decoder.fail(unreadable(whole.error))
    }
    const pushed = frames.push(chunk.value)
    if (pushed.ok) return decoder.steps(pushed.value)
    return [...decoder.steps(pushed.error.before), ...decoder.fail(unreadable(pushed.error))]
  }

  return {
    read,
    close: () => {
      guard.close(complete)
      // Frees the body where abort alone does not; the outcome no longer matters.
      if (!complete) reader.cancel().catch(() => undefined)
    },
  }
}

/** The stream as the relay takes it. `first` was read already. Leaving early closes the call, even before the first step. */
export function eventsOf(
  stream: ReplyStream,
  first: Batch,
  guard: CallGuard,
  idleTimeoutMs: number,
): AsyncIterable<Batch> {
  let waiting: Batch | undefined = first
  let over = false
  const end = (): { readonly done: true; readonly value: undefined } => {
    if (!over) stream.close()
    over = true
    return { done: true, value: undefined }
  }
  const give = (batch: Batch): { readonly done: false; readonly value: Batch } => {
    if (isLast(batch)) end()
    return { done: false, value: batch }
  }
  const iterator: AsyncIterator<Batch, undefined> = {
    next: async () => {
      if (over) return end()
      if (waiting !== undefined) {
        const batch = waiting
        waiting = undefined
        return give(batch)
      }
      guard.wait('next-event', idleTimeoutMs)
      let batch = await stream.read()
      // A chunk without events is half a frame or accounting: some life, so the wait begins anew.
      while (batch.length === 0 && !over) {
        guard.wait('next-event', idleTimeoutMs)
        batch = await stream.read()
      }
      guard.rest()
      return over ? end() : give(batch)
    },
    return: async () => end(),
  }
  return { [Symbol.asyncIterator]: () => iterator }
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
