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
 * strings, or as a string of so many parts, the garbage collector walks again and again. A class, as are the other parts of a
 * stream that each delta passes: closures lie scattered in memory, and with many streams each of them is a cache miss.
 */
class PiecewiseRun implements TextRun {
  private joined = ''
  private pieces: string[] = []
  private units = 0

  add(text: string): void {
    this.units += text.length
    if (this.pieces.push(text) === mostPieces) this.read()
  }

  length(): number {
    return this.units
  }

  read(): string {
    if (this.pieces.length > 0) {
      this.joined += this.pieces.join('')
      this.pieces = []
    }
    return this.joined
  }

  reset(text: string): void {
    this.joined = text
    this.pieces = []
    this.units = text.length
  }
}

export const createTextRun = (): TextRun => new PiecewiseRun()
