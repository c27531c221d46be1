import { realEffects } from '../../server/lib/effects.ts'
import type { SimulatorOptions } from '../../server/simulator/simulator.ts'

export type Hold = {
  /** For whatever takes a delay. */
  readonly ms: number
  /** In a prompt: the reply opens, and says nothing until `release`. */
  readonly directive: string
  /** Lets those go on that are held, and those that come later. */
  readonly release: () => void
}

/** Replies that wait for a test and not for a time, which a busy machine takes from others as well. */
export function heldReplies(): {
  /** For the simulator whose replies are to be held. */
  readonly simulator: Pick<SimulatorOptions, 'effects'>
  readonly hold: () => Hold
} {
  const { sleep } = realEffects
  // Which hold it is stands in the delay that is asked for.
  const first = 500_000
  const holds: PromiseWithResolvers<void>[] = []
  const held = (ms: number, signal?: AbortSignal): Promise<void> => {
    const hold = holds[ms - first]
    if (hold === undefined) return sleep(ms, signal)
    return new Promise((resolve) => {
      void hold.promise.then(resolve)
      signal?.addEventListener('abort', () => resolve())
    })
  }
  return {
    simulator: { effects: { ...realEffects, sleep: held } },
    hold: () => {
      const hold = Promise.withResolvers<void>()
      const ms = first + holds.push(hold) - 1
      return { ms, directive: `[[sim:delay=${ms}]]`, release: () => hold.resolve() }
    },
  }
}
