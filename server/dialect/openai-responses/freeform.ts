import { freeformMember } from './names.ts'

/** Takes the raw text out of a freeform call's JSON input while it arrives. */
export type FreeformReader = {
  /** What of the text has become certain with this fragment of JSON. */
  readonly push: (json: string) => string
  /** The whole text, and what of it `push` has not given yet. */
  readonly end: () => { readonly text: string; readonly rest: string }
}

const opening = new RegExp(`^\\s*\\{\\s*"${freeformMember}"\\s*:\\s*"`)

/**
 * The model fills `{"input": "…"}`. While the JSON begins so, the text is given as it comes; anything else is looked at in
 * the end: what holds no such text is given as the model wrote it.
 */
export function createFreeformReader(): FreeformReader {
  let json = ''
  /** Where in `json` the part of the text begins that was not given yet; undefined before the text. */
  let at: number | undefined
  let closed = false
  let given = ''

  const push = (fragment: string): string => {
    json += fragment
    at ??= opening.exec(json)?.[0].length
    if (at === undefined || closed) return ''
    const found = safeEnd(json, at)
    closed = found.closed
    const text = unescaped(json.slice(at, found.end))
    if (text === undefined) {
      closed = true // no JSON after all: left to the end
      return ''
    }
    at = found.end
    given += text
    return text
  }
  const end = (): { text: string; rest: string } => {
    const whole = wholeText(json)
    return whole.startsWith(given) ? { text: whole, rest: whole.slice(given.length) } : { text: given, rest: '' }
  }
  return { push, end }
}

/** The raw text of a freeform call's input that is all there. */
export function textOf(json: string): string {
  const reader = createFreeformReader()
  reader.push(json)
  return reader.end().text
}

function wholeText(json: string): string {
  try {
    const input: unknown = JSON.parse(json === '' ? '{}' : json)
    if (typeof input !== 'object' || input === null) return json
    const text = (input as Readonly<Record<string, unknown>>)[freeformMember]
    if (typeof text === 'string') return text
    return Object.keys(input).length === 0 ? '' : json
  } catch {
    return json // cut short by a limit
  }
}

/** How far from `start` the text is certain: not into an escape, nor between the halves of one character. */
function safeEnd(json: string, start: number): { readonly end: number; readonly closed: boolean } {
  let at = start
  let safe = start
  while (at < json.length) {
    const char = json.charAt(at)
    if (char === '"') return { end: at, closed: true }
    const length = char !== '\\' ? 1 : json.charAt(at + 1) === 'u' ? 6 : 2
    if (at + length > json.length) break
    const isHighHalf =
      length === 6 ? /^\\u[dD][89abAB]/.test(json.slice(at, at + 4)) : length === 1 && /[\ud800-\udbff]/.test(char)
    at += length
    if (!isHighHalf) safe = at
  }
  return { end: safe, closed: false }
}

function unescaped(text: string): string | undefined {
  try {
    return JSON.parse(`"${text}"`) as string
  } catch {
    return undefined
  }
}
