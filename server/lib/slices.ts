/** Work that is done in small steps; each tells how many things it looked at, of which one takes some microseconds at most. */
export type Steps<T> = Generator<number, T, undefined>

/** So many things are looked at between two turns of the event loop: some ten milliseconds. */
const slice = 5_000

/** Does the work and lets what waits in the event loop go on in between. */
export async function inSlices<T>(steps: Steps<T>, turn: () => Promise<void>): Promise<T> {
  let since = 0
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
    since += step.value
    if (since < slice) continue
    since = 0
    await turn()
  }
}

/** What many tasks that nobody can cut into steps share of the event loop. */
export type SharedSlice = {
  readonly spend: (looked: number) => void
  /** Whether what waits in the event loop has to go on first. */
  readonly isSpent: () => boolean
  /** Resolves once that is so no more; undefined: there is nothing to wait for. */
  readonly rest: () => Promise<void> | undefined
}

/** Those that wait go on one by one, as far as a slice goes between two turns of the event loop. */
export function createSharedSlice(turn: () => Promise<void>): SharedSlice {
  let spent = 0
  let turning: Promise<void> | undefined
  const turnOver = (): Promise<void> => {
    turning ??= turn().then(() => {
      spent = 0
      turning = undefined
    })
    return turning
  }
  const waitForSome = async (): Promise<void> => {
    while (spent >= slice) await turnOver()
  }
  return {
    spend: (looked) => {
      spent += looked
      if (spent >= slice) void turnOver()
    },
    isSpent: () => spent >= slice,
    rest: () => (spent < slice ? undefined : waitForSome()),
  }
}
