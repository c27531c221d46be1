/** What may open the value: it decides when its start is certain. */
export type Opening = '{' | '[' | 'any'

/**
 * Follows a reply's text for the one JSON value it holds. While the text begins with the value, bare or in a code fence, its
 * text is given as it comes and what stands behind it is left out; anything else waits for the end.
 */
export type ValueReader = {
  /** What of the value has become certain. */
  readonly push: (text: string) => string
  /** Some of the value was given. */
  readonly begun: () => boolean
  /** All of the text so far. */
  readonly text: () => string
  /** The value's text as far as it was given. */
  readonly given: () => string
}

const fence = /^\uFEFF?\s*(?:```[\w-]*[^\S\n]*\n\s*)?$/
const fenceBegun = /^\uFEFF?\s*`{0,3}[\w-]*[^\S\n]*$/

/** What may follow the opening: from there on the start is certain. */
const second = { '{': /^\{\s*["}]/, '[': /^\[\s*[\]{["\-\dtfn]/ } as const
const openedOnly = /^[{[]\s*$/
/** What may stand before the start is certain; a model that says nothing but spaces is not looked through again with each of them. */
const longestStart = 1_000

export function createValueReader(opening: Opening): ValueReader {
  let all = ''
  let state: 'before' | 'prose' | 'within' | 'after' = opening === 'any' ? 'prose' : 'before'
  let given = ''
  let depth = 0
  let isString = false
  let isEscape = false

  /** The end of the value within `text` from `from`; the text's length when it goes on. */
  const endOf = (text: string, from: number): number => {
    for (let at = from; at < text.length; at++) {
      const character = text.charCodeAt(at)
      if (isString) {
        if (isEscape) isEscape = false
        else if (character === backslash) isEscape = true
        else if (character === quote) isString = false
      } else if (character === quote) isString = true
      else if (character === brace || character === bracket) depth++
      else if ((character === braceEnd || character === bracketEnd) && --depth === 0) {
        state = 'after'
        return at + 1
      }
    }
    return text.length
  }
  const take = (text: string, from: number): string => {
    const piece = text.slice(from, endOf(text, from))
    given += piece
    return piece
  }

  return {
    push: (text) => {
      const known = all.length
      all += text
      if (state === 'within') return take(text, 0)
      if (known > longestStart && state === 'before') state = 'prose'
      if (state !== 'before') return ''
      const at = all.search(/[{[]/)
      if (at >= 0 && opening !== 'any' && all[at] === opening && fence.test(all.slice(0, at))) {
        const value = all.slice(at)
        if (openedOnly.test(value)) return ''
        if (second[opening].test(value)) {
          state = 'within'
          return take(all, at)
        }
      }
      if (at >= 0 || !(fence.test(all) || fenceBegun.test(all))) state = 'prose'
      return ''
    },
    begun: () => given !== '',
    text: () => all,
    given: () => given,
  }
}

const [quote, backslash, brace, braceEnd, bracket, bracketEnd] = [34, 92, 123, 125, 91, 93] as const

/** Values looked for in one text, and the characters gone through for all but the first. */
const mostCandidates = 50
const mostLookedThrough = 1_000_000

/**
 * The JSON values that a text holds: the text itself, else those in its code fences, else objects and lists that stand in it
 * for themselves.
 */
export function valuesIn(text: string): readonly { readonly json: string; readonly value: unknown }[] {
  const bare = text.replace(/^\uFEFF/, '').trim()
  const whole = parsed(bare)
  if (whole !== undefined) return [whole]
  const fenced = [...bare.matchAll(/```[\w-]*[^\S\n]*\n([\s\S]*?)```/g)]
    .slice(0, mostCandidates)
    .flatMap(([, inner = '']) => parsed(inner.trim()) ?? [])
  if (fenced.length > 0) return fenced
  const found: { json: string; value: unknown }[] = []
  let tries = 0
  let through = 0
  for (let at = 0; at < bare.length && tries < mostCandidates && through < mostLookedThrough; at++) {
    if (bare[at] !== '{' && bare[at] !== '[') continue
    tries++
    const reader = createValueReader(bare[at] as Opening)
    const json = reader.push(bare.slice(at))
    through += json.length
    const value = parsed(json)
    if (value === undefined) continue
    found.push(value)
    at += json.length - 1
  }
  return found
}

function parsed(json: string): { readonly json: string; readonly value: unknown } | undefined {
  try {
    return { json, value: JSON.parse(json) }
  } catch {
    return undefined
  }
}
