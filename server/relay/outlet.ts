import type { ReplyEvent } from '../conversation/event.ts'
import type { Sink } from '../lib/source.ts'

/** What hands a reply on to a sink and knows whether that has taken the last of it. A base class: each delta passes it (docs/performance.md). */
export abstract class Outlet {
  protected sink: Sink<readonly ReplyEvent[]> | undefined
  /** Until the sink has taken what it was given. */
  protected left = false

  protected give(out: readonly ReplyEvent[]): boolean | Promise<boolean> {
    this.left = true
    const taken = this.sink?.(out) ?? false
    if (typeof taken === 'boolean') {
      this.left = !taken
      return taken
    }
    return taken.then((more) => {
      this.left = !more
      return more
    })
  }
}
