import { createTextRun } from '../../lib/text-run.ts'

const keptCharacters = 4_096

export type RepeatGuard = {
  /** Text to pass on now; empty when this piece may be a repeat and waits for the next frame. */
  readonly offer: (text: string) => string
  /** Whether a piece waits for the next frame. */
  readonly isWaiting: () => boolean
  /** To be called with each frame before it is looked at: gives the text that waited, unless the frame shows it was a repeat. */
  readonly settle: (isCodeReference: boolean) => string
}

/**
 * The provider repeats referenced code in one text event right before the event that names the source, and only that next
 * event tells. So a piece that equals the end of what was already sent waits one frame; everything else passes at once, and
 * equal neighbours that are real text are kept. Source: provider's protocol notes, chunking and duplicates.
 */
class SentText implements RepeatGuard {
  private readonly sent = createTextRun()
  private last = -1
  private waiting = ''

  offer(text: string): string {
    // The last character rules most pieces out before anything is compared.
    if (text === '' || text.charCodeAt(text.length - 1) !== this.last || !this.recent().endsWith(text))
      return this.note(text)
    this.waiting = text
    return ''
  }

  isWaiting(): boolean {
    return this.waiting !== ''
  }

  settle(isCodeReference: boolean): string {
    if (this.waiting === '') return ''
    const text = this.waiting
    this.waiting = ''
    return isCodeReference ? '' : this.note(text)
  }

  private recent(): string {
    const all = this.sent.read()
    if (all.length > keptCharacters * 2) this.sent.reset(all.slice(-keptCharacters))
    return this.sent.read()
  }

  private note(text: string): string {
    if (text === '') return text
    this.sent.add(text)
    this.last = text.charCodeAt(text.length - 1)
    if (this.sent.length() > keptCharacters * 2) this.recent()
    return text
  }
}

export const createRepeatGuard = (): RepeatGuard => new SentText()
