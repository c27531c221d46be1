import type { Effects } from '../lib/effects.ts'
import type { Logger } from '../observe/log.ts'
import { StoreFault } from '../store/engine/fault.ts'

export type StoreFaults = {
  /** Something could not be kept. */
  readonly failed: (error: unknown) => void
  /** The same of work that may fail for other reasons too, which it then tells itself. False: for one of those. */
  readonly isAway: (error: unknown) => boolean
}

const quietMs = 60_000

/** Tells of faults of the database: each kind at once, then at most once a minute, with how many there were meanwhile. */
export function createStoreFaults(effects: Pick<Effects, 'now'>, log: Logger): StoreFaults {
  const told = new Map<string, { at: number; unsaid: number }>()

  const failed = (error: unknown): void => {
    const kind = error instanceof StoreFault ? error.kind : 'other'
    const now = effects.now()
    const last = told.get(kind)
    // A fault of no known kind is each its own.
    if (kind !== 'other' && last !== undefined && now >= last.at && now - last.at < quietMs) {
      last.unsaid++
      return
    }
    told.set(kind, { at: now, unsaid: 0 })
    log.error('store.failed', {
      cause: String(error),
      ...(last === undefined || last.unsaid === 0 ? {} : { repeated: last.unsaid }),
    })
  }
  return {
    failed,
    isAway: (error) => {
      const isAway = error instanceof StoreFault && error.kind === 'unreachable'
      if (isAway) failed(error)
      return isAway
    },
  }
}
