import type { Sink, Source } from '../../server/lib/source.ts'

/** A source of these batches; whatever iterates them is told when nobody wants more. */
export function sourceOf<Batch>(batches: Iterable<Batch> | AsyncIterable<Batch>): Source<Batch> {
  return {
    run: async (sink) => {
      for await (const batch of batches) if (!(await sink(batch))) return
    },
    drop: () => {},
  }
}

export async function batchesOf<Batch>(source: Source<Batch>): Promise<readonly Batch[]> {
  const batches: Batch[] = []
  await source.run((batch) => {
    batches.push(batch)
    return true
  })
  return batches
}

/** The batches of a source taken one by one: while nobody asks for the next, its sink is full. */
export function stepsOf<Batch>(source: Source<Batch>): {
  /** Undefined at the end. */
  readonly next: () => Promise<Batch | undefined>
  /** Wants no more; resolves when the source has given everything back. */
  readonly leave: () => Promise<void>
} {
  let running: Promise<void> | undefined
  let over = false
  let given: Batch | undefined
  let taken = (_more: boolean): void => {}
  let told = (): void => {}
  const sink: Sink<Batch> = (batch) => {
    given = batch
    told()
    return new Promise((resolve) => {
      taken = resolve
    })
  }
  return {
    next: async () => {
      if (over) return undefined
      const arrived = new Promise<void>((resolve) => {
        told = resolve
      })
      given = undefined
      taken(true)
      running ??= source.run(sink).finally(() => {
        over = true
        told()
      })
      await arrived
      return given
    },
    leave: async () => {
      if (running === undefined) source.drop()
      over = true
      taken(false)
      await running
    },
  }
}
