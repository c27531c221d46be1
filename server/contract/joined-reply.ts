import { gatewayError } from '../conversation/error.ts'
import type { ReplyEvent, Usage } from '../conversation/event.ts'
import type { Sink } from '../lib/source.ts'
import { Outlet } from '../relay/outlet.ts'
import type { ReplyStream } from '../relay/reply-source.ts'

type End = Extract<ReplyEvent, { type: 'finish' | 'error' }>

export type JoinContext = {
  readonly signal: AbortSignal
  /** What all turns that the caller is shown have used, now that the end passes. */
  readonly usage: () => Usage | undefined
  /** Told once; without an end the caller left. */
  readonly onEnd: (end: End | undefined, firstTokenMs: number | undefined) => void
  readonly elapsed: () => number
  /** What the caller has of it already. */
  readonly begun?: { readonly blocks: number; readonly firstTokenMs: number | undefined }
}

/** What one turn gave, as one reply: opened once, blocks numbered without gaps, the usage of all, exactly one end. */
export const joinedReply = (inner: ReplyStream, context: JoinContext): ReplyStream => new JoinedReply(inner, context)

class JoinedReply extends Outlet implements ReplyStream {
  private opened: boolean
  private next: number
  private firstTokenMs: number | undefined
  private end: End | undefined
  private over = false

  constructor(
    private readonly inner: ReplyStream,
    private readonly context: JoinContext,
  ) {
    super()
    const { begun } = context
    this.opened = begun !== undefined
    this.next = begun?.blocks ?? 0
    this.firstTokenMs = this.next === 0 ? undefined : begun?.firstTokenMs
  }

  drop(): void {
    this.inner.drop()
    this.close()
  }

  async run(sink: Sink<readonly ReplyEvent[]>): Promise<void> {
    this.sink = sink
    try {
      await this.inner.run((batch) => this.pass(batch))
      if (this.end === undefined && !this.left && !this.context.signal.aborted)
        await this.fail('broken-reply', 'The provider ended the reply without a closing event.')
    } catch (thrown) {
      if (this.left) throw thrown
      if (this.end === undefined)
        await this.fail(
          'internal',
          'The gateway failed while serving the reply.',
          thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown),
        )
    } finally {
      this.close()
    }
  }

  private pass(batch: readonly ReplyEvent[]): boolean | Promise<boolean> {
    if (this.end !== undefined) return false
    const out: ReplyEvent[] = []
    for (const event of batch) {
      const ordered = this.order(event)
      if (ordered !== undefined) out.push(ordered)
      if (this.end !== undefined) break
    }
    const taken = out.length === 0 || this.give(out)
    if (this.end === undefined) return taken
    return typeof taken === 'boolean' ? false : taken.then(() => false)
  }

  private order(event: ReplyEvent): ReplyEvent | undefined {
    switch (event.type) {
      case 'reply-start': {
        if (this.opened) return undefined
        this.opened = true
        return event
      }
      case 'text-start':
      case 'reasoning-start':
      case 'tool-call-start':
      case 'redacted-reasoning':
      case 'search-call':
      case 'search-result':
        this.firstTokenMs ??= this.context.elapsed()
        return { ...event, index: this.next++ }
      case 'text-delta':
      case 'text-end':
      case 'reasoning-delta':
      case 'reasoning-end':
      case 'tool-call-delta':
      case 'tool-call-end':
      case 'citation':
        return event.index === this.next - 1 ? event : { ...event, index: this.next - 1 }
      case 'finish':
        this.end = { ...event, usage: this.context.usage() ?? event.usage }
        return this.end
      case 'error': {
        const usage = this.context.usage()
        this.end = usage === undefined ? event : { ...event, usage }
        return this.end
      }
    }
  }

  private async fail(kind: 'broken-reply' | 'internal', message: string, cause?: string): Promise<void> {
    const end: End = { type: 'error', error: gatewayError(kind, message, cause === undefined ? {} : { cause }) }
    this.end = end
    await this.give([end])
  }

  private close(): void {
    if (this.over) return
    this.over = true
    this.context.onEnd(this.end, this.firstTokenMs)
  }
}
