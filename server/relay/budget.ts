import { createTextRun } from '../lib/text-run.ts'

/** Lets text through up to a number of tokens; positions depend on the text alone, not on how it was cut into pieces. */
export type Budget = {
  /** The part of `text` that still fits; shorter than `text` means that the budget is spent. */
  readonly fit: (text: string) => string
  /** Lets the whole text through where no count is due; false: nothing was done, ask `fit`. */
  readonly passes: (text: string) => boolean
  /** True once nothing more fits. */
  readonly spent: () => boolean
}

/** As good as never exceeded by present vocabularies: tokens per UTF-16 unit. */
const mostTokensPerUnit = 1.5
/** Text before this is settled, so that counting again near the limit stays cheap. */
const tailUnits = 512

/**
 * While the text is too short to reach `maxTokens` whatever it says, nothing is counted: a reply far below its limit costs no
 * tokenizer run. Near the limit it counts after ever shorter steps, at last after each character.
 */
class TokenBudget implements Budget {
  private settled = 0
  private readonly tail = createTextRun()
  /** Units that may pass before the next count. */
  private free: number
  private over: boolean

  constructor(
    private readonly maxTokens: number,
    private readonly countTokens: (text: string) => number,
  ) {
    this.free = freeUnits(maxTokens)
    this.over = maxTokens <= 0
  }

  spent(): boolean {
    return this.over
  }

  passes(text: string): boolean {
    if (this.over || text.length >= this.free) return false
    this.pass(text)
    return true
  }

  fit(text: string): string {
    let at = 0
    while (at < text.length && !this.over) {
      if (this.free > 0) {
        const step = wholeCharacters(text, at, Math.min(this.free, text.length - at))
        this.pass(text.slice(at, at + step))
        at += step
        continue
      }
      const character = text.slice(at, at + wholeCharacters(text, at, 1))
      if (this.settled + this.countTokens(this.tail.read() + character) > this.maxTokens) {
        this.over = true
        break
      }
      this.pass(character)
      at += character.length
    }
    return at === text.length ? text : text.slice(0, at)
  }

  private pass(text: string): void {
    this.tail.add(text)
    this.free -= text.length
    if (this.free <= 0) this.recount()
  }

  private recount(): void {
    const counted = this.countTokens(this.tail.read())
    const left = this.maxTokens - this.settled - counted
    if (left < 0) this.over = true
    this.free = freeUnits(left)
    if (this.tail.length() > tailUnits && this.free > 0) {
      this.settled += counted
      this.tail.reset('')
    }
  }
}

export const createBudget = (maxTokens: number, countTokens: (text: string) => number): Budget =>
  new TokenBudget(maxTokens, countTokens)

/** At most 8 K at a time, so that little is held and no count takes long. */
const freeUnits = (left: number): number => Math.min(8_192, Math.max(0, Math.floor(left / mostTokensPerUnit)))

/** `units`, or one more where that many would cut a surrogate pair. */
function wholeCharacters(text: string, at: number, units: number): number {
  const last = text.charCodeAt(at + units - 1)
  return (last & 0xfc00) === 0xd800 && at + units < text.length ? units + 1 : units
}
