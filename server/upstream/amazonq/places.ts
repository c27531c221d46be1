import type { Effects } from '../../lib/effects.ts'

/** A fixed number of places; who finds none free waits in line and is served in the order of coming. */
export type Places = {
  /** A place, given back by calling the result; undefined when none came free within the time to wait. */
  readonly take: () => Promise<(() => void) | undefined>
  /** How many wait in line. */
  readonly waiting: () => number
}

export function createPlaces(count: number, waitMs: number, { after }: Pick<Effects, 'after'>): Places {
  let free = count
  const line = new Set<() => void>()

  /** Gives a place to the first in line; it is free only when nobody waits. */
  const pass = (): void => {
    const [first] = line
    if (first === undefined) free++
    else first()
  }
  const place = (): (() => void) => {
    let isHeld = true
    return () => {
      if (isHeld) pass()
      isHeld = false
    }
  }

  return {
    take: () => {
      if (free > 0) {
        free--
        return Promise.resolve(place())
      }
      return new Promise((resolve) => {
        const enter = (): void => {
          line.delete(enter)
          cancel()
          resolve(place())
        }
        const cancel = after(waitMs, () => {
          line.delete(enter)
          resolve(undefined)
        })
        line.add(enter)
      })
    },
    waiting: () => line.size,
  }
}
