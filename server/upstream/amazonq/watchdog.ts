import type { Effects } from '../../lib/effects.ts'

export type Watchdog = {
  /** Something is being waited for from now on, at most `ms`. */
  readonly wait: (ms: number) => void
  /** It came. */
  readonly rest: () => void
  readonly stop: () => void
}

/** One timer for any number of short waits: it looks at the clock when it fires instead of being set anew for each. */
export function createWatchdog(effects: Pick<Effects, 'now' | 'after'>, onExpired: () => void): Watchdog {
  let until = Number.POSITIVE_INFINITY
  let firesAt = Number.POSITIVE_INFINITY
  let cancel = (): void => {}
  const fire = (): void => {
    firesAt = Number.POSITIVE_INFINITY
    if (until === Number.POSITIVE_INFINITY) return
    const left = until - effects.now()
    if (left <= 0) onExpired()
    else set(left)
  }
  const set = (ms: number): void => {
    cancel()
    firesAt = effects.now() + ms
    cancel = effects.after(ms, fire)
  }
  return {
    wait: (ms) => {
      until = effects.now() + ms
      if (firesAt > until) set(ms)
    },
    rest: () => {
      until = Number.POSITIVE_INFINITY
    },
    stop: () => {
      until = Number.POSITIVE_INFINITY
      cancel()
    },
  }
}
