import type { Job } from './scheduler.ts'

export type GarbageDeps = {
  /** What the runtime's heap holds now, garbage among it. */
  readonly heapBytes: () => number
  /** Takes some 30 ms, in which nothing else runs. */
  readonly collect: () => void
  /** Somebody waits for an answer. */
  readonly isBusy: () => boolean
}

const lookEveryMs = 10_000
/** Less is not worth the pause. */
const worthBytes = 16 * 1024 * 1024

/**
 * The runtime collects when its heap has doubled, however long that takes: a server with little to do carries its garbage for
 * an hour. So what has come together is collected in a moment in which nobody waits.
 */
export function garbageJob({ heapBytes, collect, isBusy }: GarbageDeps): Job {
  let least = heapBytes()
  return {
    name: 'collect-garbage',
    everyMs: lookEveryMs,
    run: async () => {
      const heap = heapBytes()
      least = Math.min(least, heap)
      if (heap - least < worthBytes || isBusy()) return
      collect()
      least = heapBytes()
    },
  }
}
