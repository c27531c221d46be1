const parts = 60

/**
 * Counts what happened within a moving window, in sixty parts: what is in the oldest part counts until all of the part is
 * past, so that in no stretch as long as the window more than `max` is let in. Its size does not depend on the number.
 */
export type Window = {
  /** How many count at `now`. */
  readonly count: (now: number) => number
  readonly add: (now: number, count?: number) => void
  /** Epoch ms at which fewer than `max` count; `now` when that is so already. */
  readonly freeAt: (now: number, max: number) => number
  /** What counts at `now`, as times (epoch ms) and how many, oldest first: for another window of the same length. */
  readonly told: (now: number) => readonly (readonly [at: number, count: number])[]
}

export function createWindow(lengthMs: number): Window {
  const partMs = lengthMs / parts
  const counts = new Array<number>(parts + 1).fill(0)
  let newest = Number.NEGATIVE_INFINITY
  let total = 0

  const slotOf = (part: number): number => part % (parts + 1)
  const move = (now: number): void => {
    const part = Math.floor(now / partMs)
    if (part <= newest) return // also when the clock was set back
    const steps = Math.min(part - newest, parts + 1)
    for (let step = steps - 1; step >= 0; step--) {
      const slot = slotOf(part - step)
      total -= counts[slot] ?? 0
      counts[slot] = 0
    }
    newest = part
  }
  return {
    count: (now) => {
      move(now)
      return total
    },
    add: (now, count = 1) => {
      move(now)
      const slot = slotOf(newest)
      counts[slot] = (counts[slot] ?? 0) + count
      total += count
    },
    freeAt: (now, max) => {
      move(now)
      let left = total
      if (left < max) return now
      for (let part = newest - parts; part <= newest; part++) {
        left -= counts[slotOf(part)] ?? 0
        if (left < max) return (part + parts + 1) * partMs
      }
      return now + lengthMs
    },
    told: (now) => {
      move(now)
      return Array.from({ length: parts + 1 }, (_, index) => newest - parts + index).flatMap((part) => {
        const count = counts[slotOf(part)] ?? 0
        return count === 0 ? [] : [[part * partMs, count] as const]
      })
    },
  }
}
