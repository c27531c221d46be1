/** Text that comes in many small pieces and is looked at rarely. */
export type TextRun = {
  readonly add: (text: string) => void
  readonly length: () => number
  /** All of it. */
  readonly read: () => string
  /** Goes on with this instead. */
  readonly reset: (text: string) => void
}

const mostPieces = 64

/**
 * Holds few long strings instead of one for each piece: a reply is hundreds of pieces, and what stays alive as so many small
 * strings, or as a string of so many parts, the garbage collector walks again and again.
 */
export function createTextRun(): TextRun {
  let joined = ''
  let pieces: string[] = []
  let length = 0
  const read = (): string => {
    if (pieces.length > 0) {
      joined += pieces.join('')
      pieces = []
    }
    return joined
  }
  return {
    add: (text) => {
      length += text.length
      if (pieces.push(text) === mostPieces) read()
    },
    length: () => length,
    read,
    reset: (text) => {
      joined = text
      pieces = []
      length = text.length
    },
  }
}
