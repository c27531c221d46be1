import { createTextRun } from '../../lib/text-run.ts'

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
  const sent = createTextRun()
  let last = Number.NaN
  let waiting = ''
  const recent = (): string => {
    const all = sent.read()
    if (all.length > keptCharacters * 2) sent.reset(all.slice(-keptCharacters))
    return sent.read()
  }
  const note = (text: string): string => {
    if (text === '') return text
    sent.add(text)
    last = text.charCodeAt(text.length - 1)
    if (sent.length() > keptCharacters * 2) recent()
    return text
  }
  return {
    offer: (text) => {
      // The last character rules most pieces out before anything is compared.
      if (text === '' || text.charCodeAt(text.length - 1) !== last || !recent().endsWith(text)) return note(text)
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
