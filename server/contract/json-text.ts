import { twiceIn } from '../lib/given-twice.ts'
import { err, ok, type Result } from '../lib/result.ts'

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

const [colon, quote, backslash, brace, braceEnd, bracket, bracketEnd] = [58, 34, 92, 123, 125, 91, 93] as const

/** A value, or what keeps a text from being one for certain. */
export type JsonReading = Result<unknown, string>

/**
 * Reads a JSON text, but for what programs read differently: a member given twice, of which one takes the first and another the
 * last, and a number no program of the usual kind can hold.
 */
export function readJson(json: string): JsonReading {
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch (thrown) {
    return err(`not JSON: ${String(thrown instanceof Error ? thrown.message : thrown).slice(0, 200)}`)
  }
  const { members, areHeld } = count(value)
  if (!areHeld) return err('#: a number is too large to be held')
  if (members === membersIn(json)) return ok(value)
  const place = json.length > longestNamed ? undefined : twiceIn(json)
  return err(`#: ${place === undefined ? 'a member' : JSON.stringify(place.slice(0, 100))} is given twice`)
}

/** In longer texts it takes some time to find the place. */
const longestNamed = 200_000

function count(value: unknown): { readonly members: number; readonly areHeld: boolean } {
  const open: unknown[] = [value]
  let members = 0
  while (open.length > 0) {
    const one = open.pop()
    if (one === Number.POSITIVE_INFINITY || one === Number.NEGATIVE_INFINITY) return { members, areHeld: false }
    if (typeof one !== 'object' || one === null) continue
    if (Array.isArray(one)) {
      for (const item of one) open.push(item)
      continue
    }
    // Not by their names: looking up each of very many takes several times as long.
    for (const member of Object.values(one)) {
      members++
      open.push(member)
    }
  }
  return { members, areHeld: true }
}

/** As they are written: a colon each, outside strings. */
function membersIn(json: string): number {
  let members = 0
  for (let at = 0; at < json.length; at++) {
    const character = json.charCodeAt(at)
    if (character === colon) members++
    else if (character === quote)
      for (at++; json.charCodeAt(at) !== quote; at++) if (json.charCodeAt(at) === backslash) at++
  }
  return members
}

/** Values looked for in one text, and the characters gone through for all but the first. */
const mostCandidates = 50
const mostLookedThrough = 1_000_000

/** `fault`: it is no certain value, and null stands for it. */
export type FoundValue = { readonly json: string; readonly value: unknown; readonly fault?: string }

/**
 * The JSON values that a text holds: the text itself, else those in its code fences, else objects and lists that stand in it
 * for themselves.
 */
export function valuesIn(text: string): readonly FoundValue[] {
  const bare = text.replace(/^\uFEFF/, '').trim()
  const whole = parsed(bare)
  if (whole !== undefined) return [whole]
  const fenced = [...bare.matchAll(/```[\w-]*[^\S\n]*\n([\s\S]*?)```/g)]
    .slice(0, mostCandidates)
    .flatMap(([, inner = '']) => parsed(inner.trim()) ?? [])
  if (fenced.length > 0) return fenced
  const found: FoundValue[] = []
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

function parsed(json: string): FoundValue | undefined {
  const read = readJson(json)
  if (read.ok) return { json, value: read.value }
  return read.error.startsWith('#') ? { json, value: null, fault: read.error } : undefined
}
