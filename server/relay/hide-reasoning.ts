import type { ReplyEvent } from '../conversation/event.ts'

export type ReasoningFilter = {
  /** What the caller sees of it; undefined: nothing. */
  readonly show: (event: ReplyEvent) => ReplyEvent | undefined
  /** False: there was none until now, and whatever else comes is shown as it is. */
  readonly hasHidden: () => boolean
}

/**
 * Leaves the reasoning out of a reply and numbers the other blocks without gaps. To come after the meter: what the model
 * thought was written all the same, and counts.
 */
export function createReasoningFilter(): ReasoningFilter {
  let hidden = 0
  const show = (event: ReplyEvent): ReplyEvent | undefined => {
    switch (event.type) {
      case 'reasoning-start':
      case 'redacted-reasoning':
        hidden++
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
        return hidden === 0 ? event : { ...event, index: event.index - hidden }
      case 'reply-start':
      case 'finish':
      case 'error':
        return event
    }
  }
  return { show, hasHidden: () => hidden > 0 }
}
