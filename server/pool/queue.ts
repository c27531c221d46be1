import type { Effects } from '../lib/effects.ts'
import { err, ok, type Result } from '../lib/result.ts'

export type LeftBecause = 'full' | 'too-late' | 'cancelled'

/**
 * A bounded, fair waiting line: each group (a caller's key) has its own queue and groups take turns, so that one caller
 * with many requests does not starve the others. Whoever waits leaves at its deadline or when its signal aborts.
 */
export function createWaitingLine<T, Seat, Fault>(max: number, effects: Pick<Effects, 'now' | 'after'>) {
  type Entry = { readonly item: T; readonly settle: (result: Result<Seat, Fault>) => void }
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

  return {
    size: (): number => size,
    /** True when this group has nobody waiting: a newcomer of it does not jump its own queue. */
    mayPass: (group: string): boolean => !groups.has(group),

    wait: (
      group: string,
      item: T,
      until: number,
      signal: AbortSignal,
      fault: (reason: LeftBecause) => Fault,
    ): Promise<Result<Seat, Fault>> => {
      if (signal.aborted) return Promise.resolve(err(fault('cancelled')))
      if (size >= max) return Promise.resolve(err(fault('full')))
      const waitMs = until - effects.now()
      if (waitMs <= 0) return Promise.resolve(err(fault('too-late')))
      return new Promise((resolve) => {
        const settle = (result: Result<Seat, Fault>): void => {
          drop(group, entry)
          cancelTimer()
          signal.removeEventListener('abort', leave)
          resolve(result)
        }
        const leave = (): void => settle(err(fault('cancelled')))
        const entry: Entry = { item, settle }
        const cancelTimer = effects.after(waitMs, () => settle(err(fault('too-late'))))
        signal.addEventListener('abort', leave, { once: true })
        const entries = groups.get(group)
        if (entries === undefined) groups.set(group, [entry])
        else entries.push(entry)
        size++
      })
    },

    /**
     * Offers a seat to one of each group in turn until a whole round has served nobody. `take` gives a seat, a fault that
     * ends the wait, or undefined: nothing now.
     */
    serve: (take: (item: T) => Seat | Fault | undefined): void => {
      const isSeat = (value: Seat | Fault): value is Seat =>
        typeof value === 'object' && value !== null && 'release' in value
      for (let served = true; served; ) {
        served = false
        for (const [group, entries] of [...groups]) {
          const entry = entries[0]
          const taken = entry === undefined ? undefined : take(entry.item)
          if (entry === undefined || taken === undefined) continue
          served = true
          entry.settle(isSeat(taken) ? ok(taken) : err(taken))
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
