export type Backlog = {
  /** Does the work for this item soon; an item that waits already is not added twice. */
  readonly add: (item: string) => void
  readonly size: () => number
}

/** Work that comes in bursts, done at most `width` pieces at a time. `task` must not reject. */
export function createBacklog(width: number, task: (item: string) => Promise<void>): Backlog {
  const waiting = new Set<string>()
  let running = 0
  const next = (): void => {
    for (const item of waiting) {
      if (running >= width) return
      waiting.delete(item)
      running++
      void task(item).finally(() => {
        running--
        next()
      })
    }
  }
  return {
    add: (item) => {
      waiting.add(item)
      next()
    },
    size: () => waiting.size + running,
  }
}
