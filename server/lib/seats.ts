export type Seats = {
  /** False: the signal aborted first, there is no seat to give back. */
  readonly take: (signal: AbortSignal) => Promise<boolean>
  readonly giveBack: () => void
  readonly waiting: () => number
}

/** At most `count` at a time; the others wait in the order they came. */
export function createSeats(count: number): Seats {
  const waiting: (() => void)[] = []
  let free = count
  return {
    take: async (signal) => {
      if (signal.aborted) return false
      if (free > 0) {
        free--
        return true
      }
      return new Promise<boolean>((resolve) => {
        const enter = (): void => {
          signal.removeEventListener('abort', leave)
          resolve(true)
        }
        const leave = (): void => {
          waiting.splice(waiting.indexOf(enter), 1)
          resolve(false)
        }
        waiting.push(enter)
        signal.addEventListener('abort', leave, { once: true })
      })
    },
    giveBack: () => {
      const next = waiting.shift()
      if (next) next()
      else free++
    },
    waiting: () => waiting.length,
  }
}
