import type { Effects } from '../lib/effects.ts'
import type { Store } from '../store/store.ts'
import type { Job } from './scheduler.ts'

export type LogUpkeepDeps = {
  readonly store: Pick<Store, 'requests' | 'rollups' | 'visitors' | 'captures'>
  readonly effects: Pick<Effects, 'now'>
  /** How long and how large the request log may get, as the settings have it now; 0: no limit. */
  readonly keep: () => { readonly days: number; readonly bytes: number }
}

const dayMs = 86_400_000
const visitorDays = 400
const mostVisitors = 100_000
const mostCaptures = 10_000

/** What the request log needs with nobody asking: its sums, and that old rows go. */
export function logUpkeepJobs({ store, effects, keep }: LogUpkeepDeps): readonly Job[] {
  const { requests, rollups, visitors, captures } = store
  return [
    {
      name: 'roll-up-requests',
      everyMs: 30_000, // the longer, the more requests share a sum; who asks for sums has them added up before
      run: async (signal) => {
        while (!signal.aborted && !(await rollups.catchUp(5_000))) {
          // a long log of an older version: goes on until it is added up
        }
      },
    },
    {
      name: 'prune-requests',
      everyMs: 3_600_000,
      firstAfterMs: 60_000,
      run: async (signal) => {
        // No row goes before it is in the sums.
        while (!(await rollups.catchUp(5_000))) if (signal.aborted) return
        const { days, bytes } = keep()
        if (days > 0) await requests.prune(effects.now() - days * dayMs)
        if (bytes > 0) await pruneToSize(requests, bytes)
        await rollups.prune()
        await captures.prune(mostCaptures)
        await visitors.prune(effects.now() - visitorDays * dayMs, mostVisitors)
      },
    },
  ]
}

/** Deletes the oldest rows until the rest takes no more than `bytes`. Gives how many went. */
export async function pruneToSize(requests: Store['requests'], bytes: number): Promise<number> {
  const size = await requests.size()
  if (size.bytes <= bytes) return 0
  const before = await requests.timeBehind(Math.floor((size.rows * bytes) / size.bytes))
  return before === undefined ? 0 : requests.prune(before + 1)
}
