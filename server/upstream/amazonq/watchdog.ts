import type { Effects } from '../../lib/effects.ts'

export type Watchdog = {
  /** Something is being waited for from now on, at most `ms`. */
  readonly wait: (ms: number) => void
  /** It came. */
  readonly rest: () => void
  readonly stop: () => void
}

/** One timer for any number of short waits: it looks at the clock when it fires instead of being set anew for each. */
class SingleTimer implements Watchdog {
  private until = Number.POSITIVE_INFINITY
  private firesAt = Number.POSITIVE_INFINITY
  private cancel = (): void => {}

  constructor(
    private readonly effects: Pick<Effects, 'now' | 'after'>,
    private readonly onExpired: () => void,
  ) {}

  wait(ms: number): void {
    this.until = this.effects.now() + ms
    if (this.firesAt > this.until) this.set(ms)
  }

  rest(): void {
    this.until = Number.POSITIVE_INFINITY
  }

  stop(): void {
    this.until = Number.POSITIVE_INFINITY
    this.cancel()
  }

  private set(ms: number): void {
    this.cancel()
    this.firesAt = this.effects.now() + ms
    this.cancel = this.effects.after(ms, () => this.fire())
  }

  private fire(): void {
    this.firesAt = Number.POSITIVE_INFINITY
    if (this.until === Number.POSITIVE_INFINITY) return
    const left = this.until - this.effects.now()
    if (left <= 0) this.onExpired()
    else this.set(left)
  }
}

export const createWatchdog = (effects: Pick<Effects, 'now' | 'after'>, onExpired: () => void): Watchdog =>
  new SingleTimer(effects, onExpired)
