import { RE2JS } from 're2js'
import { realEffects } from '../lib/effects.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { largestPattern, readEcmaPattern, surrogatesApart } from './linear-pattern.ts'

/** Work done, in parts of a schema looked at. */
export type Tick = (weight: number) => void

/** Holds texts against a pattern of a caller's schema. */
export type Pattern =
  | {
      readonly isLinear: true
      /** `tick` is told of what the matcher learns of the text on its way, and may throw. */
      readonly test: (text: string, tick?: Tick) => boolean
      /** What that takes for so many characters (schema-weight.ts), whatever they are. */
      readonly weightOf: (length: number) => number
    }
  /** The platform's engine has to, and nobody knows how long it may take; undefined: it gave up. */
  | { readonly isLinear: false; readonly test: (text: string) => boolean | undefined }

/**
 * A pattern and the text it is held against may both be chosen so that a backtracking engine takes minutes over them; so one
 * of linear time judges, of what ECMA-262 says the pattern means. What that one cannot (looking around, references back) is the
 * platform's, in a process that can be ended. `weigh` is told the size before a matcher is made of it.
 */
export function readPattern(pattern: string, weigh: (size: number) => void = noTick): Result<Pattern, string> {
  if (pattern.length > longestPattern) return err(`is longer than ${longestPattern} characters`)
  const read = readEcmaPattern(pattern)
  if (read === undefined) return err('is no regular expression')
  const { flags, size, linear = [] } = read
  if (size > largestPattern) return err('repeats too much to be judged')
  weigh(size)
  const parts = linear.map(({ source, size: steps, holds }) => {
    const test = matcherOf(source)
    return test && { test, holds, ofCharacter: 0.5 + steps / statesPerTick }
  })
  if (parts.length === 0 || parts.includes(undefined)) return nativePattern(pattern, flags)
  const known = parts.filter((part) => part !== undefined)
  const ofCharacter = known.reduce((sum, part) => sum + part.ofCharacter, 0)
  return ok({
    isLinear: true,
    test: (given, tick = noTick) => {
      const text = flags === 'u' ? given : surrogatesApart(given)
      return known.every(({ test, holds }) => test(text, tick) === holds)
    },
    weightOf: (length) => length * ofCharacter,
  })
}

const longestPattern = 2_000
/** States that a character may lead through where that is known already. */
const statesPerTick = 300
/** Those that are made for it. */
const newStatesPerTick = 20
const noTick = (): void => {}

/**
 * Linear is not short: each character may lead to a set of states that was not met before, thousands of them. What the engine looks
 * at while it makes these, and what it would look at once it gives that up, is weighed.
 */
function matcherOf(source: string): ((text: string, tick: Tick) => boolean) | undefined {
  let matcher: RE2JS
  try {
    matcher = RE2JS.compile(source)
  } catch {
    return undefined // more than that engine takes
  }
  let tick: Tick = noTick
  const engine = matcher.re2Input
  const { prog } = engine
  prog.getInst = (at: number) => {
    tick(1 / newStatesPerTick)
    return prog.inst[at]
  }
  const runWithout = engine.doExecuteNFA.bind(engine)
  engine.doExecuteNFA = (input, ...rest) => {
    tick((input.endPos() * prog.numInst()) / newStatesPerTick)
    return runWithout(input, ...rest)
  }
  return (text, told) => {
    tick = told
    try {
      return matcher.test(text)
    } finally {
      tick = noTick
    }
  }
}

/** Within a judgement that name is ours (schema-weight.ts). */
const PlatformRegExp = RegExp

function nativePattern(pattern: string, flags: string): Result<Pattern, string> {
  let native: RegExp
  try {
    native = new PlatformRegExp(pattern, flags)
  } catch {
    return err('is no regular expression')
  }
  return ok({
    isLinear: false,
    test: (text) => {
      const begun = realEffects.now()
      return native.test(text) || (realEffects.now() - begun > surelyWholeMs ? undefined : false)
    },
  })
}

/**
 * The platform's engine says "no match" too where it has given up, after 100 million steps or when it runs out of memory. Within so
 * many milliseconds it can have come to neither.
 */
const surelyWholeMs = 50
