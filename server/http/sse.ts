import type { GatewayError } from '../conversation/error.ts'
import type { StreamEncoder } from '../dialect/dialect.ts'
import type { Effects } from '../lib/effects.ts'
import type { Result } from '../lib/result.ts'
import type { ReplyStream } from '../relay/reply-source.ts'

export type SseParts = {
  /** May still be pending when the response is opened: the caller waits on keep-alive frames meanwhile. */
  readonly reply: Promise<Result<ReplyStream, GatewayError>>
  /** True when the headers go out before the reply has begun: then a first keep-alive frame goes with them. */
  readonly early: boolean
  readonly encoder: StreamEncoder
  readonly keepAliveMs: number
  readonly headers: Readonly<Record<string, string>>
  readonly effects: Pick<Effects, 'after' | 'now'>
  /** Called when the client has left: cancels the relay. */
  readonly leave: () => void
  readonly onStream: (open: boolean) => void
}

/**
 * The client's event stream. Writes are awaited, so a slow client slows the provider down; each write is whole frames, so
 * a keep-alive can stand between any two. Whatever happens, the stream ends with the dialect's closing or error frame.
 */
export function sseResponse(parts: SseParts): Response {
  let pulled = false
  const body = new ReadableStream({
    type: 'direct',
    pull: (controller: ReadableStreamDirectController) => {
      pulled = true
      return pump(parts, controller)
    },
    cancel: () => {
      parts.leave()
      // Nobody will read what nobody began to: the account must not wait for it.
      if (!pulled) void parts.reply.then((reply) => reply.ok && reply.value.drop())
    },
  } as unknown as UnderlyingDefaultSource)
  return new Response(body, {
    headers: {
      ...parts.headers,
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
    },
  })
}

async function pump(parts: SseParts, controller: ReadableStreamDirectController): Promise<void> {
  const { encoder, keepAliveMs, effects } = parts
  const { encode, keepAlive } = encoder
  let writing = false
  // One timer that looks when the last write was: starting it anew with each write would cost a timer per delta.
  let quietSince = effects.now()
  /** True when the client has room for more at once; else a promise until it has. */
  const write = (text: string, isLast = false): true | Promise<true> => {
    if (text === '') return true
    const written: unknown = controller.write(text)
    // The closing right after the last frames sends them: one packet less.
    if (!isLast) controller.flush()
    quietSince = effects.now()
    if (typeof written === 'number') return true
    writing = true
    return Promise.resolve(written).then(() => {
      writing = false
      quietSince = effects.now()
      return true
    })
  }
  const keepAwake = async (): Promise<void> => {
    try {
      await write(keepAlive())
    } catch {
      parts.leave()
    }
  }
  const tick = (): void => {
    const quietMs = effects.now() - quietSince
    const due = writing || quietMs >= keepAliveMs
    if (due && !writing) void keepAwake()
    // A clock that was set back must not stretch the silence.
    cancelTick = effects.after(due ? keepAliveMs : Math.min(keepAliveMs, keepAliveMs - quietMs), tick)
  }
  let cancelTick = effects.after(keepAliveMs, tick)
  parts.onStream(true)
  try {
    if (parts.early) await write(keepAlive())
    const reply = await parts.reply
    if (!reply.ok) {
      await write(encode({ type: 'error', error: reply.error }))
      return
    }
    await reply.value.run((batch) => {
      let text = ''
      for (const event of batch) text += encode(event)
      const last = batch[batch.length - 1]?.type
      return write(text, last === 'finish' || last === 'error')
    })
  } catch {
    parts.leave() // the client is gone, or the write failed: nobody is left to tell
  } finally {
    cancelTick()
    parts.onStream(false)
    try {
      await controller.close()
    } catch {
      // already closed by the client's leaving
    }
  }
}
