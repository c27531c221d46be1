import type { Effects } from '../lib/effects.ts'
import { err, ok, type Result } from '../lib/result.ts'

export type LeftBecause = 'full' | 'too-late' | 'cancelled'

/**
 * A bounded, fair waiting line: each group (a caller's key) has its own queue and groups take turns, so that one caller
 * with many requests does not starve the others. Within a group requests of one lane (those any seat suits alike) keep their
 * order, and lanes do not hold each other up. Whoever waits leaves at its deadline or when its signal aborts.
 */
export function createWaitingLine<T, Seat, Fault>(
  max: number,
  laneOf: (item: T) => string,
  effects: Pick<Effects, 'now' | 'after'>,
) {
  type Entry = {
    readonly item: T
    readonly lane: string
    readonly settle: (result: Result<Seat, Fault>) => void
    readonly leave: (reason: LeftBecause) => void
  }
  const groups = new Map<string, Entry[]>()
  let size = 0

  const drop = (group: string, entry: Entry): void => {
    const entries = groups.get(group)
    const at = entries?.indexOf(entry) ?? -1
    if (entries === undefined || at < 0) return
    entries.splice(at, 1)
    size--
    if (entries.length === 0) groups.delete(group)
  }

  /** Turns away the newest of the largest group for one of a smaller: nobody fills the line for all. */
  const makeRoom = (group: string): boolean => {
    const own = groups.get(group)?.length ?? 0
    let largest: readonly Entry[] = []
    for (const entries of groups.values()) if (entries.length > largest.length) largest = entries
    if (largest.length <= own + 1) return false
    largest.at(-1)?.leave('full')
    return true
  }

  return {
    size: (): number => size,
    /** True when nobody of this group waits for the like: a newcomer does not jump its own queue. */
    mayPass: (group: string, item: T): boolean => {
      const entries = groups.get(group)
      if (entries === undefined) return true
      const lane = laneOf(item)
      return !entries.some((entry) => entry.lane === lane)
    },

    wait: (
      group: string,
      item: T,
      until: number,
      signal: AbortSignal,
      fault: (reason: LeftBecause) => Fault,
    ): Promise<Result<Seat, Fault>> => {
      if (signal.aborted) return Promise.resolve(err(fault('cancelled')))
      if (size >= max && !makeRoom(group)) return Promise.resolve(err(fault('full')))
      const waitMs = until - effects.now()
      if (waitMs <= 0) return Promise.resolve(err(fault('too-late')))
      return new Promise((resolve) => {
        const settle = (result: Result<Seat, Fault>): void => {
          drop(group, entry)
          cancelTimer()
          signal.removeEventListener('abort', leave)
          resolve(result)
        }
        const leaveBecause = (reason: LeftBecause): void => settle(err(fault(reason)))
        const leave = (): void => leaveBecause('cancelled')
        const entry: Entry = { item, lane: laneOf(item), settle, leave: leaveBecause }
        const cancelTimer = effects.after(waitMs, () => leaveBecause('too-late'))
        signal.addEventListener('abort', leave, { once: true })
        const entries = groups.get(group)
        if (entries === undefined) groups.set(group, [entry])
        else entries.push(entry)
        size++
      })
    },

    /**
     * Offers a seat to one of each group in turn until a whole round has served nobody. `take` gives a seat, a fault that
     * ends the wait, or undefined: nothing now for anybody of that lane.
     */
    serve: (take: (item: T) => Seat | Fault | undefined): void => {
      const isSeat = (value: Seat | Fault): value is Seat =>
        typeof value === 'object' && value !== null && 'release' in value
      const blocked = new Set<string>()
      /** The first of a group that something came of. */
      const serveOne = (entries: readonly Entry[]): boolean => {
        for (const entry of entries) {
          if (blocked.has(entry.lane)) continue
          const taken = take(entry.item)
          if (taken === undefined) blocked.add(entry.lane)
          else {
            entry.settle(isSeat(taken) ? ok(taken) : err(taken))
            return true
          }
        }
        return false
      }
      for (let served = true; served; ) {
        served = false
        for (const [group, entries] of [...groups]) {
          if (!serveOne(entries)) continue
          served = true
          const rest = groups.get(group)
          if (rest !== undefined) {
            groups.delete(group)
            groups.set(group, rest)
          }
        }
      }
    },
  }
}
