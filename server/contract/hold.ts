import type { ReplyEvent } from '../conversation/event.ts'

/** Characters that one reply may hold back, and all together. */
export const mostHeldByOne = 4_000_000
export const mostHeldCharacters = 64_000_000
/** What an event takes besides its text. */
const charactersOfEvent = 64

/**
 * What is held back of one reply while it is judged. To give it up: pass `take()` to the sink. A stream that is held says
 * nothing, and the edge keeps the caller's connection alive meanwhile.
 */
export type Hold = {
  /** False: no room, and the batch was not kept. */
  readonly add: (batch: readonly ReplyEvent[]) => boolean
  /** All that is held, in order; after this nothing is. To be called whatever becomes of the reply, so that the room is free. */
  readonly take: () => readonly ReplyEvent[]
}

export type Holds = {
  readonly open: () => Hold
  readonly stats: () => { readonly characters: number }
}

/** Bounds what all replies together hold back. */
export function createHolds(ofOne = mostHeldByOne, ofAll = mostHeldCharacters): Holds {
  let all = 0
  return {
    open: () => {
      let held: ReplyEvent[] = []
      let size = 0
      return {
        add: (batch) => {
          const more = batch.reduce((sum, event) => sum + sizeOf(event), 0)
          if (size + more > ofOne || all + more > ofAll) return false
          for (const event of batch) held.push(event)
          size += more
          all += more
          return true
        },
        take: () => {
          const given = held
          all -= size
          size = 0
          held = []
          return given
        },
      }
    },
    stats: () => ({ characters: all }),
  }
}

function sizeOf(event: ReplyEvent): number {
  switch (event.type) {
    case 'text-delta':
    case 'reasoning-delta':
      return charactersOfEvent + event.text.length
    case 'tool-call-delta':
      return charactersOfEvent + event.json.length
    case 'redacted-reasoning':
      return charactersOfEvent + event.base64.length
    case 'reasoning-end':
      return charactersOfEvent + (event.signature?.length ?? 0)
    case 'search-result':
      return event.outcome.ok
        ? event.outcome.results.reduce(
            (sum, { title, url, snippet }) => sum + title.length + url.length + snippet.length,
            charactersOfEvent,
          )
        : charactersOfEvent
    default:
      return charactersOfEvent
  }
}
