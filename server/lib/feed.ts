export type Numbered<T> = { readonly id: number; readonly value: T }

/** The last values and those to come. Ids count from 1 without gaps. */
export type Feed<T> = {
  readonly publish: (value: T) => void
  /** Of the last values those behind `afterId`, oldest first. */
  readonly recent: (afterId?: number) => readonly Numbered<T>[]
  /** A listener that throws is dropped; the returned function ends it. */
  readonly subscribe: (listener: (value: Numbered<T>) => void) => () => void
}

export function createFeed<T>(keep: number): Feed<T> {
  const ring: Numbered<T>[] = []
  const listeners = new Set<(value: Numbered<T>) => void>()
  let count = 0
  return {
    publish: (value) => {
      const item = { id: ++count, value }
      ring.push(item)
      if (ring.length > keep) ring.shift()
      for (const listener of listeners) {
        try {
          listener(item)
        } catch {
          listeners.delete(listener)
        }
      }
    },
    recent: (afterId = 0) => ring.filter(({ id }) => id > afterId),
    subscribe: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}
