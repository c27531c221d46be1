import { RE2JS } from 're2js'
import { err, ok, type Result } from '../lib/result.ts'

export type Matches = (text: string) => boolean

/**
 * A pattern of a caller's schema. It and the text it is held against may both be chosen so that a backtracking engine takes
 * minutes over them; so one of linear time judges. What that one does not know (looking ahead, references back) is left to the
 * platform's, if no group repeats what repeats itself, and on short texts only: a longer one does not match.
 */
export function readPattern(pattern: string): Result<Matches, string> {
  if (pattern.length > longestPattern) return err(`is longer than ${longestPattern} characters`)
  const native = nativePattern(pattern)
  if (native === undefined) return err('is no regular expression')
  try {
    const linear = RE2JS.compile(RE2JS.translateRegExp(pattern))
    return ok((text) => linear.test(text))
  } catch {
    // not a pattern of that engine
  }
  const repeats = repeatsIn(pattern)
  const longest = repeats === undefined ? undefined : longestTexts[repeats]
  if (longest === undefined) return err('may take too long to judge: a group repeats what repeats itself')
  return ok((text) => text.length <= longest && native.test(text))
}

const longestPattern = 2_000
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
/** By the number of open repetitions: each of them multiplies the time by the text's length. */
const longestTexts = [100_000, 4_000, 500, 256, 100, 64]
const usualRepeat = 50

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

/** How many open repetitions a pattern has; undefined: one of them repeats a group that repeats or chooses within. */
function repeatsIn(pattern: string): number | undefined {
  let count = 0
  const groups: { varies: boolean }[] = [{ varies: false }]
  let closed: { varies: boolean } | undefined
  for (let at = 0; at < pattern.length; at++) {
    const rest = pattern.slice(at)
    const character = pattern[at]
    const quantifier = /^(?:[*+?]|\{\d+(?:,\d*)?\})/.exec(rest)?.[0]
    const group = groups.at(-1)
    if (quantifier !== undefined) {
      const [, low = '0', comma, high = ''] = /^\{(\d+)(,?)(\d*)\}$/.exec(quantifier) ?? []
      const most = quantifier.startsWith('{')
        ? Number(comma === '' ? low : high || Infinity)
        : quantifier === '?'
          ? 1
          : Infinity
      if (most > 1 && closed?.varies) return undefined
      if (most > usualRepeat) count++
      if (group !== undefined && quantifier !== '?') group.varies = true
      at += quantifier.length - 1
      closed = undefined
      continue
    }
    closed = undefined
    if (character === '\\') at++
    else if (character === '[') at += classLength(rest) - 1
    else if (character === '(') groups.push({ varies: false })
    else if (character === '|' && group !== undefined) group.varies = true
    else if (character === ')' && groups.length > 1) {
      closed = groups.pop()
      const outer = groups.at(-1)
      if (outer !== undefined && closed?.varies) outer.varies = true
    }
  }
  return count
}

function classLength(rest: string): number {
  for (let at = 1; at < rest.length; at++) {
    if (rest[at] === '\\') at++
    else if (rest[at] === ']') return at + 1
  }
  return rest.length
}
