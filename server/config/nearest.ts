/**
 * The known name closest to a mistyped one, or undefined when none is close. A dotted name is also compared by its last
 * part, so that a key in the wrong section is found.
 */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const last = (text: string): string => text.slice(text.lastIndexOf('.') + 1)
  const depth = (text: string): number => text.split('.').length
  let best: string | undefined
  let bestCost = Number.POSITIVE_INFINITY
  for (const candidate of known) {
    // A key in the wrong section costs one more than the same slip in the right one.
    const cost = Math.min(distance(name, candidate), distance(last(name), last(candidate)) + 1)
    const isNearer = cost < bestCost || (cost === bestCost && depth(candidate) < depth(best ?? ''))
    if (isNearer) {
      best = candidate
      bestCost = cost
    }
  }
  return bestCost <= Math.max(1, Math.floor(last(name).length / 3)) + 1 ? best : undefined
}

/** Levenshtein distance, case ignored, `-` and `_` alike; names over 64 characters are cut. */
export function distance(left: string, right: string): number {
  const plain = (text: string): string => text.slice(0, 64).toLowerCase().replaceAll('-', '_')
  const a = plain(left)
  const b = plain(right)
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const swap = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
