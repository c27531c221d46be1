export type Seats = {
  /** False: the signal aborted first, there is no seat to give back. Whoever takes it under a name gives it back under that. */
  readonly take: (signal: AbortSignal, holder?: string) => Promise<boolean>
  readonly giveBack: (holder?: string) => void
  /** All, or those of one holder. */
  readonly waiting: (holder?: string) => number
}

/**
 * At most `count` at a time, `mostEach` of them for one holder. The next seat goes to the waiting holder that has the fewest,
 * in turn where several have as few; one holder's own wait in the order they came.
 */
export function createSeats(count: number, mostEach = count): Seats {
  /** By holder, in the order in which their turn is. */
  const lines = new Map<string, (() => void)[]>()
  const held = new Map<string, number>()
  let free = count
  const heldBy = (holder: string): number => held.get(holder) ?? 0

  const seat = (holder: string): void => {
    free--
    held.set(holder, heldBy(holder) + 1)
  }
  function nextHolder(): string | undefined {
    let next: string | undefined
    for (const holder of lines.keys()) {
      if (heldBy(holder) >= mostEach) continue
      if (next === undefined || heldBy(holder) < heldBy(next)) next = holder
    }
    return next
  }

  return {
    take: async (signal, holder = '') => {
      if (signal.aborted) return false
      if (free > 0 && heldBy(holder) < mostEach) {
        seat(holder)
        return true
      }
      return new Promise<boolean>((resolve) => {
        const line = lines.get(holder) ?? []
        const enter = (): void => {
          signal.removeEventListener('abort', leave)
          resolve(true)
        }
        const leave = (): void => {
          line.splice(line.indexOf(enter), 1)
          if (line.length === 0) lines.delete(holder)
          resolve(false)
        }
        line.push(enter)
        lines.set(holder, line)
        signal.addEventListener('abort', leave, { once: true })
      })
    },
    giveBack: (holder = '') => {
      free++
      if (heldBy(holder) > 1) held.set(holder, heldBy(holder) - 1)
      else held.delete(holder)
      const next = nextHolder()
      if (next === undefined) return
      const line = lines.get(next) ?? []
      const enter = line.shift()
      lines.delete(next)
      if (line.length > 0) lines.set(next, line)
      seat(next)
      enter?.()
    },
    waiting: (holder) =>
      holder === undefined
        ? [...lines.values()].reduce((sum, line) => sum + line.length, 0)
        : (lines.get(holder)?.length ?? 0),
  }
}
