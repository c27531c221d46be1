import { RE2JS } from 're2js'
import { err, ok, type Result } from '../lib/result.ts'
import { classLength, nativeSteps, stepsPerTick } from './native-steps.ts'

/** Holds texts against a pattern of a caller's schema; `weightOf`: what that takes for so many characters (schema-weight.ts). */
export type Pattern = {
  readonly test: (text: string) => boolean
  readonly weightOf: (length: number) => number
}

/**
 * A pattern and the text it is held against may both be chosen so that a backtracking engine takes minutes over them; so one
 * of linear time judges. What that one does not know (looking around, references back) is left to the platform's, by the
 * steps that it may take.
 */
export function readPattern(pattern: string): Result<Pattern, string> {
  if (pattern.length > longestPattern) return err(`is longer than ${longestPattern} characters`)
  const native = nativePattern(pattern)
  if (native === undefined) return err('is no regular expression')
  const linear = linearPattern(pattern) ?? linearLooks(pattern)
  if (linear !== undefined) return ok(linear)
  const steps = nativeSteps(pattern)
  const weightOf = (length: number): number => steps(length) / stepsPerTick
  if (!(weightOf(shortText) <= mostOfShortText)) return err('may take too long to judge: its repetitions multiply')
  return ok({ test: (text) => native.test(text), weightOf })
}

const longestPattern = 2_000
/** A pattern for which a text of a line is too much even in a process of its own is of no use. */
const shortText = 40
const mostOfShortText = 400_000
/** States that a character may lead through, at worst each a new set of them. */
const statesPerTick = 300

function linearPattern(pattern: string): Pattern | undefined {
  try {
    const linear = RE2JS.compile(RE2JS.translateRegExp(pattern))
    const ofCharacter = 0.5 + sizeOfPattern(pattern) / statesPerTick
    return { test: (text) => linear.test(text), weightOf: (length) => length * ofCharacter }
  } catch {
    return undefined // not a pattern of that engine
  }
}

/** What is looked at from the very beginning, which is all that most patterns look at, can be held against the text by itself. */
function linearLooks(pattern: string): Pattern | undefined {
  if (!pattern.startsWith('^') || hasTopAlternatives(pattern)) return undefined
  const all: { readonly pattern: Pattern; readonly holds: boolean }[] = []
  const add = (part: string, holds: boolean): boolean => {
    const read = linearPattern(`^(?:${part})`)
    if (read !== undefined) all.push({ pattern: read, holds })
    return read !== undefined
  }
  let rest = pattern.slice(1)
  while (/^\(\?[=!]/.test(rest)) {
    const end = groupLength(rest)
    if (/^[*+?{]/.test(rest.slice(end)) || !add(rest.slice(3, end - 1), rest[2] === '=')) return undefined
    rest = rest.slice(end)
  }
  if (!add(rest, true)) return undefined
  return {
    test: (text) => all.every(({ pattern: one, holds }) => one.test(text) === holds),
    weightOf: (length) => all.reduce((sum, { pattern: one }) => sum + one.weightOf(length), 0),
  }
}

/** Steps of a matcher: counted repetitions are written out. */
export const largestPattern = 20_000
/** A class of Unicode has hundreds of ranges. */
const stepsOfUnicodeClass = 20

/** So many steps the matcher of a pattern has, about. */
export function sizeOfPattern(pattern: string): number {
  const sums = [0]
  let last = 0
  const add = (size: number): void => {
    last = size
    sums[sums.length - 1] = (sums.at(-1) ?? 0) + size
  }
  for (let at = 0; at < pattern.length; at++) {
    const rest = pattern.slice(at, at + 20)
    const counted = /^\{(\d+)(?:,(\d*))?\}/.exec(rest)
    if (counted !== null) {
      const [all, low = '0', high = ''] = counted
      // The first is there already.
      add(last * Math.max(0, Math.max(Number(low), Number(high)) - 1))
      at += all.length - 1
    } else if (pattern[at] === '[') {
      const length = classLength(pattern.slice(at))
      const classes = pattern.slice(at, at + length).split(/\\[pP]/).length - 1
      add(1 + length / 10 + classes * stepsOfUnicodeClass)
      at += length - 1
    } else if (pattern[at] === '(') sums.push(0)
    else if (pattern[at] === ')' && sums.length > 1) add(1 + (sums.pop() ?? 0))
    else if (pattern[at] === '\\') {
      add(/^\\[pP]/.test(rest) ? stepsOfUnicodeClass : 1)
      at++
    } else add(1)
  }
  return sums.reduce((sum, one) => sum + one, 0)
}
function nativePattern(pattern: string): RegExp | undefined {
  for (const flags of ['u', '']) {
    try {
      return new RegExp(pattern, flags)
    } catch {
      // the other form may take it
    }
  }
  return undefined
}

/** Of a group that stands first, its brackets included. */
function groupLength(rest: string): number {
  let level = 0
  for (let at = 0; at < rest.length; at++) {
    if (rest[at] === '\\') at++
    else if (rest[at] === '[') at += classLength(rest.slice(at)) - 1
    else if (rest[at] === '(') level++
    else if (rest[at] === ')' && --level === 0) return at + 1
  }
  return rest.length
}

function hasTopAlternatives(pattern: string): boolean {
  for (let at = 0; at < pattern.length; at++) {
    if (pattern[at] === '\\') at++
    else if (pattern[at] === '[') at += classLength(pattern.slice(at)) - 1
    else if (pattern[at] === '(') at += groupLength(pattern.slice(at)) - 1
    else if (pattern[at] === '|') return true
  }
  return false
}
