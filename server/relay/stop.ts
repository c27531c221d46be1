/** Finds the first of several stop sequences in a text that comes in pieces; `ready` may be shown, the rest is held back. */
export type StopFinder = {
  readonly push: (text: string) => StopStep
  /** The text has ended: what was held back is shown, unless it holds a stop. */
  readonly end: () => StopStep
}
export type StopStep = { readonly ready: string; readonly stop?: string }

const noStops: StopFinder = { push: (text) => ({ ready: text }), end: () => ({ ready: '' }) }

/**
 * The earliest stop wins, and of two that begin at one place the longer, as if the whole text had been there at once. At most
 * the longest stop's length minus one is ever held back. Empty stops are ignored.
 */
export function createStopFinder(given: readonly string[]): StopFinder {
  if (given.length === 0) return noStops
  const stops = [...new Set(given)].filter((stop) => stop !== '').sort((a, b) => b.length - a.length)
  if (stops.length === 0) return noStops
  const firsts = new Set(stops.map((stop) => stop.charCodeAt(0)))
  let held = ''

  function search(text: string, ended: boolean): StopStep {
    for (let at = 0; at < text.length; at++) {
      if (!firsts.has(text.charCodeAt(at))) continue
      // Longest first: a longer stop that may still complete is waited for before a shorter one is taken.
      for (const stop of stops) {
        if (text.startsWith(stop, at)) {
          held = ''
          return { ready: text.slice(0, at), stop }
        }
        if (!ended && text.length - at < stop.length && stop.startsWith(text.slice(at))) {
          held = text.slice(at)
          return { ready: text.slice(0, at) }
        }
      }
    }
    held = ''
    return { ready: text }
  }

  return {
    push: (text) => search(held + text, false),
    end: () => search(held, true),
  }
}
