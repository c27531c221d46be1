/**
 * Cuts a text into deltas as the service does: 1 to 12 characters, now and then an empty one, never inside a character.
 * The cuts depend on the text alone, so that a run can be repeated.
 */
export function* splitText(text: string): Generator<string> {
  const next = sequence(text)
  let at = 0
  while (at < text.length) {
    if (next(40) === 0) yield ''
    let end = Math.min(text.length, at + 1 + next(12))
    if (isHighSurrogate(text.charCodeAt(end - 1)) && end < text.length) end++
    yield text.slice(at, end)
    at = end
  }
}

/** Cuts JSON text anywhere between code units' characters: inside keys, numbers and escapes. */
export function* splitJson(json: string): Generator<string> {
  for (const piece of splitText(json)) if (piece !== '') yield piece
}

/** Cuts right inside each character of two halves. */
export const splitHalves = (text: string): readonly string[] => text.split(/(?<=[\ud800-\udbff])(?=[\udc00-\udfff])/)

const isHighSurrogate = (code: number): boolean => code >= 0xd800 && code <= 0xdbff

/** Numbers below a bound, the same for the same text. */
function sequence(text: string): (bound: number) => number {
  let state = 2_166_136_261
  for (let at = 0; at < Math.min(text.length, 64); at++) state = Math.imul(state ^ text.charCodeAt(at), 16_777_619)
  return (bound) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0
    return (state >>> 16) % bound
  }
}
