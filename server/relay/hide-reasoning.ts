import type { ReplyEvent } from '../conversation/event.ts'

export type ReasoningFilter = {
  /** What the caller sees of it; undefined: nothing. */
  readonly show: (event: ReplyEvent) => ReplyEvent | undefined
  /** False: there was none until now, and whatever else comes is shown as it is. */
  readonly hasHidden: () => boolean
}

/** A class: each delta passes it (docs/performance.md). */
class HiddenReasoning implements ReasoningFilter {
  private hidden = 0

  hasHidden(): boolean {
    return this.hidden > 0
  }

  show(event: ReplyEvent): ReplyEvent | undefined {
    switch (event.type) {
      case 'reasoning-start':
      case 'redacted-reasoning':
        this.hidden++
        return undefined
      case 'reasoning-delta':
      case 'reasoning-end':
        return undefined
      case 'text-start':
      case 'text-delta':
      case 'text-end':
      case 'tool-call-start':
      case 'tool-call-delta':
      case 'tool-call-end':
        return this.hidden === 0 ? event : { ...event, index: event.index - this.hidden }
      case 'reply-start':
      case 'finish':
      case 'error':
        return event
    }
  }
}

/**
 * Leaves the reasoning out of a reply and numbers the other blocks without gaps. To come after the meter: what the model
 * thought was written all the same, and counts.
 */
export const createReasoningFilter = (): ReasoningFilter => new HiddenReasoning()
