import { err, ok, type Result } from './result.ts'

export type JsonFault = { readonly reason: string }

/** Parses JSON text whose arrays and objects nest at most `maxDepth` deep; the reason of a failure is fit to show. */
export function parseJson(text: string, maxDepth: number): Result<unknown, JsonFault> {
  if (depthOf(text, maxDepth) > maxDepth) return err({ reason: `the JSON nests deeper than ${maxDepth} levels` })
  try {
    return ok(JSON.parse(text))
  } catch {
    return err({ reason: 'the body is not valid JSON' })
  }
}

/** Counts brackets outside strings; stops counting once past `limit`. Cheap next to parsing, and needs no stack. */
function depthOf(text: string, limit: number): number {
  let depth = 0
  let deepest = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x22) {
      // to the closing quote: one not preceded by an odd run of backslashes
      for (at = text.indexOf('"', at + 1); at > 0 && escaped(text, at); ) at = text.indexOf('"', at + 1)
      if (at < 0) return deepest
    } else if (code === 0x7b || code === 0x5b) {
      depth++
      if (depth > deepest) deepest = depth
      if (deepest > limit) return deepest
    } else if (code === 0x7d || code === 0x5d) depth--
  }
  return deepest
}

function escaped(text: string, at: number): boolean {
  let slashes = 0
  while (text.charCodeAt(at - 1 - slashes) === 0x5c) slashes++
  return slashes % 2 === 1
}

/** Up to here a look at each character costs less than a call of `JSON.stringify`. */
const shortText = 40

/** A text as it stands in JSON between its quotes. */
export const textInJson = (text: string): string => (isPlain(text) ? text : JSON.stringify(text).slice(1, -1))

/** True for short texts that need no escape, as nearly all deltas are. */
function isPlain(text: string): boolean {
  if (text.length > shortText) return false
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    // Control characters, quote, backslash; and surrogates, of which one may stand alone.
    if (code < 0x20 || code === 0x22 || code === 0x5c || (code >= 0xd800 && code < 0xe000)) return false
  }
  return true
}
