import type { Effects } from '../lib/effects.ts'
import { err, ok, type Result } from '../lib/result.ts'

export type LeftBecause = 'full' | 'too-late' | 'cancelled'

/**
 * A bounded, fair waiting line: those of a higher priority go first; among equals each group (a caller's key) has its own queue and groups take turns, so that one caller
 * with many requests does not starve the others. Within a group requests of one lane (those any seat suits alike) keep their
 * order, and lanes do not hold each other up. Whoever waits leaves at its deadline or when its signal aborts.
 */
export function createWaitingLine<T, Seat, Fault>(
  max: number,
  laneOf: (item: T) => string,
  priorityOf: (item: T) => number,
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
  /** Waiting ones that are not of the usual priority. */
  let ranked = 0

  const drop = (group: string, entry: Entry): void => {
    const entries = groups.get(group)
    const at = entries?.indexOf(entry) ?? -1
    if (entries === undefined || at < 0) return
    entries.splice(at, 1)
    size--
    if (priorityOf(entry.item) !== 0) ranked--
    if (entries.length === 0) groups.delete(group)
  }

  const priorityIn = (entries: readonly Entry[]): number => Math.max(...entries.map(({ item }) => priorityOf(item)))

  /** Turns away the newest of the largest group for one of a smaller: nobody fills the line for all. Lower ones first. */
  const makeRoom = (group: string, priority: number): boolean => {
    for (const entries of groups.values()) {
      if (priorityIn(entries) >= priority) continue
      entries.at(-1)?.leave('full')
      return true
    }
    const own = groups.get(group)?.length ?? 0
    let largest: readonly Entry[] = []
    for (const entries of groups.values()) if (entries.length > largest.length) largest = entries
    if (largest.length <= own + 1) return false
    largest.at(-1)?.leave('full')
    return true
  }

  const hasRanks = (): boolean => ranked > 0
  /** Groups in the order of their turns, higher priorities before. */
  const inTurn = (): readonly (readonly [string, Entry[]])[] =>
    hasRanks() ? [...groups].toSorted(([, a], [, b]) => priorityIn(b) - priorityIn(a)) : [...groups]

  return {
    size: (): number => size,
    /** True when nobody of this group or of a higher priority waits for the like: a newcomer does not jump the queue. */
    mayPass: (group: string, item: T): boolean => {
      const lane = laneOf(item)
      const priority = priorityOf(item)
      for (const [other, entries] of groups) {
        const isBefore = (entry: Entry): boolean =>
          entry.lane === lane && (other === group || priorityOf(entry.item) > priority)
        if (entries.some(isBefore)) return false
      }
      return true
    },

    wait: (
      group: string,
      item: T,
      until: number,
      signal: AbortSignal,
      fault: (reason: LeftBecause) => Fault,
    ): Promise<Result<Seat, Fault>> => {
      if (signal.aborted) return Promise.resolve(err(fault('cancelled')))
      if (size >= max && !makeRoom(group, priorityOf(item))) return Promise.resolve(err(fault('full')))
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
        if (priorityOf(item) !== 0) ranked++
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
        for (const [group, entries] of inTurn()) {
          if (!serveOne(entries)) continue
          served = true
          const rest = groups.get(group)
          if (rest !== undefined) {
            groups.delete(group)
            groups.set(group, rest)
          }
          // One of a higher priority may have more to ask for before the next.
          if (hasRanks()) break
        }
      }
    },
  }
}
