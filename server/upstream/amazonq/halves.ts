const replacement = '\ufffd'

/** Puts characters together again that the provider cut in two. */
export type Halves = {
  /** The text with what was held before it; the first half of a character at its end is held back. */
  readonly push: (text: string) => string
  /** What was held stays alone: something else follows, or nothing. */
  readonly flush: () => string
}

/**
 * A delta may end in the first half of a character whose second half begins the next one (JSON can spell halves). No client in
 * Python, Go or Rust can read half a character, so it waits for the other; one that stays alone becomes U+FFFD.
 */
class JoinedHalves implements Halves {
  private held = ''

  push(text: string): string {
    // Nearly every delta: one native look, and for Latin text not even that.
    if (this.held === '' && text.isWellFormed()) return text
    const joined = this.held + text
    const last = joined.charCodeAt(joined.length - 1)
    const isHalf = (last & 0xfc00) === 0xd800
    this.held = isHalf ? joined.slice(-1) : ''
    return (isHalf ? joined.slice(0, -1) : joined).toWellFormed()
  }

  flush(): string {
    if (this.held === '') return ''
    this.held = ''
    return replacement
  }
}

export const createHalves = (): Halves => new JoinedHalves()
