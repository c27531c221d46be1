const keptCharacters = 4_096

export type RepeatGuard = {
  /** Text to pass on now; empty when this piece may be a repeat and waits for the next frame. */
  readonly offer: (text: string) => string
  /** To be called with each frame before it is looked at: gives the text that waited, unless the frame shows it was a repeat. */
  readonly settle: (isCodeReference: boolean) => string
}

/**
 * The provider repeats referenced code in one text event right before the event that names the source, and only that next
 * event tells. So a piece that equals the end of what was already sent waits one frame; everything else passes at once, and
 * equal neighbours that are real text are kept. Source: provider's protocol notes, chunking and duplicates.
 */
export function createRepeatGuard(): RepeatGuard {
  let recent = ''
  let waiting = ''
  const note = (text: string): string => {
    recent += text
    if (recent.length > keptCharacters * 2) recent = recent.slice(-keptCharacters)
    return text
  }
  return {
    offer: (text) => {
      // The last character rules most pieces out before the strings are compared.
      if (text === '' || recent.at(-1) !== text.at(-1) || !recent.endsWith(text)) return note(text)
      waiting = text
      return ''
    },
    settle: (isCodeReference) => {
      if (waiting === '') return ''
      const text = waiting
      waiting = ''
      return isCodeReference ? '' : note(text)
    },
  }
}
