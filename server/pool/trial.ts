/**
 * How an account is tried after a rest: one call alone, and the others wait for its word. After a rate limit its first word lets
 * in a few more, and theirs again more, so that those who waited do not run into the same limit all at once.
 */
export type Trial = {
  /** Calls that may be without a word at once. */
  window: number
  /** Calls that are. */
  out: number
  /** Epoch ms at which one more may go, whatever the others do. */
  until: number
  readonly grows: boolean
}

/** A call that says nothing for so long makes way for another. */
const silenceMs = 5_000
/** Each word of a window lets in so many more: every round is four times the last. */
const growth = 3
/** From here on nobody need be careful. */
const openWindow = 64

export const startTrial = (grows: boolean): Trial => ({ window: 1, out: 0, until: 0, grows })

export const isFull = ({ window, out, until }: Trial, now: number): boolean => out >= window && until > now

export function countTry(trial: Trial, now: number): void {
  trial.out++
  trial.until = now + silenceMs
}

/** The trial after a call's first word; undefined: it is over. */
export function afterGoodWord(trial: Trial): Trial | undefined {
  trial.window += growth
  return trial.grows && trial.window < openWindow ? trial : undefined
}
