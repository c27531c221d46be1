import { cutText } from '../lib/sound-text.ts'

const longest = 256

/** The first of the caller's own ids that is given, cut to a bounded length; `undefined` when there is none. */
export function firstId(...candidates: readonly unknown[]): string | undefined {
  const found = candidates.find((candidate) => typeof candidate === 'string' && candidate.trim() !== '')
  return typeof found === 'string' ? cutText(found.trim(), longest) : undefined
}
