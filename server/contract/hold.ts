/** Characters that one reply may hold back, and all together. */
export const mostHeldByOne = 4_000_000
export const mostHeldCharacters = 64_000_000

/**
 * What is held back of one reply while it is judged, as far as its size goes: whoever holds it tells how much it is. A stream
 * that is held says nothing, and the edge keeps the caller's connection alive meanwhile.
 */
export type Hold = {
  /** So many characters are held now; false: there is no room for them, and it counts as before. */
  readonly resize: (characters: number) => boolean
  /** Nothing is held any more. To be called whatever becomes of the reply, so that the room is free. */
  readonly free: () => void
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
      let size = 0
      return {
        resize: (characters) => {
          const isMore = characters > size
          if (isMore && (characters > ofOne || all - size + characters > ofAll)) return false
          all += characters - size
          size = characters
          return true
        },
        free: () => {
          all -= size
          size = 0
        },
      }
    },
    stats: () => ({ characters: all }),
  }
}
