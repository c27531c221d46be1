const longestSession = 256

/** The caller's own name of a session, cut to a bounded length; `undefined` when there is none. */
export function sessionOf(...candidates: readonly unknown[]): string | undefined {
  const found = candidates.find((candidate) => typeof candidate === 'string' && candidate.trim() !== '')
  return typeof found === 'string' ? found.trim().slice(0, longestSession) : undefined
}
