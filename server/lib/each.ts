/** Runs `task` for every item, at most `width` at a time, until the signal aborts. The first throw ends it. */
export async function forEachLimited<T>(
  items: readonly T[],
  width: number,
  task: (item: T) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < items.length && !signal?.aborted) {
      const item = items[next++] as T // in range by the loop's condition
      await task(item)
    }
  }
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, worker))
}
