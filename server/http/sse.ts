import type { GatewayError } from '../conversation/error.ts'
import type { ReplyEvent } from '../conversation/event.ts'
import type { StreamEncoder } from '../dialect/dialect.ts'
import type { Effects } from '../lib/effects.ts'
import type { Result } from '../lib/result.ts'
import type { ReplyStream } from '../relay/reply-source.ts'

/** What a stream is written with, for as long as it takes. */
type PumpParts = {
  /** May still be pending when the response is opened: the caller waits on keep-alive frames meanwhile. */
  readonly reply: Promise<Result<ReplyStream, GatewayError>>
  /** True when the headers go out before the reply has begun: then a first keep-alive frame goes with them. */
  readonly early: boolean
  readonly encoder: StreamEncoder
  readonly keepAliveMs: number
  readonly effects: Pick<Effects, 'after' | 'now'>
  /** Called when the client has left: cancels the relay. */
  readonly leave: () => void
  readonly onStream: (open: boolean) => void
}
export type SseParts = PumpParts & { readonly headers: Readonly<Record<string, string>> }

/**
 * The client's event stream. Writes are awaited, so a slow client slows the provider down; each write is whole frames, so
 * a keep-alive can stand between any two. Whatever happens, the stream ends with the dialect's closing or error frame.
 */
export function sseResponse({ headers, ...parts }: SseParts): Response {
  let pulled = false
  const body = new ReadableStream({
    type: 'direct',
    pull: (controller: ReadableStreamDirectController) => {
      pulled = true
      return new Pump(parts, controller).run()
    },
    cancel: () => {
      parts.leave()
      // Nobody will read what nobody began to: the account must not wait for it.
      if (!pulled) void parts.reply.then((reply) => reply.ok && reply.value.drop())
    },
  } as unknown as UnderlyingDefaultSource)
  return new Response(body, {
    headers: {
      ...headers,
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
    },
  })
}

/** Writes one stream. A class: each delta passes it (docs/performance.md). */
class Pump {
  private writing = false
  // One timer that looks when the last write was: starting it anew with each write would cost a timer per delta.
  private quietSince: number
  private cancelTick: () => void

  constructor(
    private readonly parts: PumpParts,
    private readonly controller: ReadableStreamDirectController,
  ) {
    const { effects, keepAliveMs } = parts
    this.quietSince = effects.now()
    this.cancelTick = effects.after(keepAliveMs, () => this.tick())
  }

  async run(): Promise<void> {
    const { parts, controller } = this
    const { encoder } = parts
    parts.onStream(true)
    try {
      if (parts.early) await this.write(encoder.keepAlive())
      const reply = await parts.reply
      if (!reply.ok) {
        await this.write(encoder.encode({ type: 'error', error: reply.error }))
        return
      }
      await reply.value.run((batch) => this.send(batch))
    } catch {
      parts.leave() // the client is gone, or the write failed: nobody is left to tell
    } finally {
      this.cancelTick()
      parts.onStream(false)
      try {
        await controller.close()
      } catch {
        // already closed by the client's leaving
      }
    }
  }

  private send(batch: readonly ReplyEvent[]): true | Promise<true> {
    const { encoder } = this.parts
    let text = ''
    for (const event of batch) text += encoder.encode(event)
    const last = batch[batch.length - 1]?.type
    return this.write(text, last === 'finish' || last === 'error')
  }

  /** True when the client has room for more at once; else a promise until it has. */
  private write(text: string, isLast = false): true | Promise<true> {
    if (text === '') return true
    const { controller } = this
    const written: unknown = controller.write(text)
    // The closing right after the last frames sends them: one packet less.
    if (!isLast) controller.flush()
    this.quietSince = this.parts.effects.now()
    if (typeof written === 'number') return true
    this.writing = true
    return Promise.resolve(written).then(() => {
      this.writing = false
      this.quietSince = this.parts.effects.now()
      return true
    })
  }

  private tick(): void {
    const { effects, keepAliveMs } = this.parts
    const quietMs = effects.now() - this.quietSince
    const due = this.writing || quietMs >= keepAliveMs
    if (due && !this.writing) void this.keepAwake()
    // A clock that was set back must not stretch the silence.
    const inMs = due ? keepAliveMs : Math.min(keepAliveMs, keepAliveMs - quietMs)
    this.cancelTick = effects.after(inMs, () => this.tick())
  }

  private async keepAwake(): Promise<void> {
    try {
      await this.write(this.parts.encoder.keepAlive())
    } catch {
      this.parts.leave()
    }
  }
}
