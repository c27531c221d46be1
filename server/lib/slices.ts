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
