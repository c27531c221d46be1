import { type AST, RegExpParser } from '@eslint-community/regexpp'

/** A pattern of ECMA-262, read. */
export type PatternReading = {
  /** `u`, or nothing for one that is a pattern only without. */
  readonly flags: 'u' | ''
  /** Steps of a matcher, about: counted repetitions are written out. */
  readonly size: number
  /** What a text has to meet, all of it, for an engine of linear time; undefined: such an engine cannot judge it. */
  readonly linear?: readonly LinearPart[]
}

export type LinearPart = {
  /** In RE2's syntax. */
  readonly source: string
  readonly size: number
  /** Whether it shall be met. */
  readonly holds: boolean
}

const parser = new RegExpParser({ ecmaVersion: 2025 })

/** Larger ones are not written for another engine. */
export const largestPattern = 20_000

/** undefined: it is none. */
export function readEcmaPattern(pattern: string): PatternReading | undefined {
  for (const flags of ['u', ''] as const) {
    const tree = parse(pattern, flags === 'u')
    if (tree === undefined) continue
    const size = sizeOfAll(tree.alternatives)
    const linear = size > largestPattern ? undefined : linearParts(tree, createWriter(flags === 'u'))
    return { flags, size, ...(linear !== undefined && { linear }) }
  }
  return undefined
}

function parse(pattern: string, unicode: boolean): AST.Pattern | undefined {
  try {
    return parser.parsePattern(pattern, 0, pattern.length, { unicode })
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return undefined
    throw thrown
  }
}

/** What looks ahead from the very beginning, which is all that most patterns look at, can be held against the text by itself. */
function linearParts({ alternatives }: AST.Pattern, write: Writer): readonly LinearPart[] | undefined {
  const [only, more] = alternatives
  const elements = more === undefined ? (only?.elements ?? []) : []
  const rest = elements.findIndex((element) => !(isStart(element) || isAhead(element)))
  const first = elements.slice(0, rest < 0 ? elements.length : rest)
  const part = (among: readonly AST.Alternative[], from = 0, isBound = true, holds = true): LinearPart => ({
    source: `${isBound ? '\\A' : ''}(?:${write(among, from)})`,
    size: sizeOfAll(among),
    holds,
  })
  try {
    if (!first.some(isStart)) return [part(alternatives, 0, false)]
    const looks = first.filter(isAhead).map((look) => part(look.alternatives, 0, true, !look.negate))
    return [...looks, part(alternatives, first.length)]
  } catch (thrown) {
    if (thrown instanceof NotLinear) return undefined
    throw thrown
  }
}

const isStart = (element: AST.Element): boolean => element.type === 'Assertion' && element.kind === 'start'
const isAhead = (element: AST.Element): element is AST.LookaheadAssertion =>
  element.type === 'Assertion' && element.kind === 'lookahead'

class NotLinear extends Error {}

/** Alternatives in RE2's syntax, the first without its elements before `from`. */
type Writer = (alternatives: readonly AST.Alternative[], from?: number) => string

/** Writes only what has one meaning: classes as ranges of code points, groups that keep nothing. Greed does not matter to whether a text matches. */
function createWriter(unicode: boolean): Writer {
  const write: Writer = (alternatives, from = 0) =>
    alternatives
      .map(({ elements }, index) =>
        elements
          .slice(index === 0 ? from : 0)
          .map(element)
          .join(''),
      )
      .join('|')
  const element = (node: AST.Element | AST.QuantifiableElement): string => {
    switch (node.type) {
      case 'Group':
        if (node.modifiers !== null) throw new NotLinear()
        return `(?:${write(node.alternatives)})`
      case 'CapturingGroup':
        return `(?:${write(node.alternatives)})`
      case 'Quantifier':
        return repeat(element(node.element), node.min, node.max)
      case 'Assertion':
        if (node.kind === 'start') return '\\A'
        if (node.kind === 'end') return '\\z'
        if (node.kind === 'word') return node.negate ? '\\B' : '\\b'
        throw new NotLinear()
      case 'Character':
        // Half a character, which that engine might find within a whole one.
        if (unicode && isSurrogate(node.value)) throw new NotLinear()
        return character(unicode ? node.value : standIn(node.value))
      case 'CharacterSet':
        return `[${setOf(node)}]`
      case 'CharacterClass': {
        const members = node.elements.map(member).join('')
        if (members === '') return node.negate ? anything : nothing
        return `[${node.negate ? '^' : ''}${members}]`
      }
      default:
        throw new NotLinear()
    }
  }
  const member = (node: AST.CharacterClass['elements'][number]): string => {
    if (node.type === 'Character') return rangeOf(node.value, node.value)
    if (node.type === 'CharacterClassRange') return rangeOf(node.min.value, node.max.value)
    if (node.type === 'CharacterSet') return setOf(node)
    throw new NotLinear()
  }
  const setOf = (node: AST.CharacterSet): string => {
    if (node.kind === 'any') return ranges(complement(lineEnds))
    if (node.kind === 'property') return propertyOf(node)
    const set = sets[node.kind]
    return ranges(node.negate ? complement(set) : set)
  }
  const ranges = (set: Ranges): string => set.map(([low, high]) => rangeOf(low, high)).join('')
  const rangeOf = (low: number, high: number): string => {
    if (unicode) return written(low, high)
    // Surrogates have a place of their own (`surrogatesApart`).
    const parts = [
      [low, Math.min(high, firstSurrogate - 1), 0],
      [Math.max(low, firstSurrogate), Math.min(high, lastSurrogate), surrogatesAt],
      [Math.max(low, lastSurrogate + 1), high, 0],
    ] as const
    return parts.map(([from, to, at]) => (from > to ? '' : written(from + at, to + at))).join('')
  }
  return write
}

/** The engine repeats no more than a thousand times. */
const mostRepeats = 1_000
function repeat(source: string, min: number, max: number): string {
  const one = `(?:${source})`
  const isEndless = max === Number.POSITIVE_INFINITY
  if (min <= mostRepeats && (isEndless || max <= mostRepeats)) return `${one}{${min},${isEndless ? '' : max}}`
  const times = (count: number, low: string): string => {
    const whole = `${one}{${low}${mostRepeats}}`.repeat(Math.floor(count / mostRepeats))
    return `${whole}${one}{${low}${count % mostRepeats}}`
  }
  return times(min, '') + (isEndless ? `${one}*` : times(max - min, '0,'))
}

type Ranges = readonly (readonly [low: number, high: number])[]

const lastCodePoint = 0x10ffff
const lineEnds: Ranges = [
  [0xa, 0xa],
  [0xd, 0xd],
  [0x2028, 0x2029],
]
const sets: Readonly<Record<'digit' | 'space' | 'word', Ranges>> = {
  digit: [[0x30, 0x39]],
  space: [
    [0x9, 0xd],
    [0x20, 0x20],
    [0xa0, 0xa0],
    [0x1680, 0x1680],
    [0x2000, 0x200a],
    [0x2028, 0x2029],
    [0x202f, 0x202f],
    [0x205f, 0x205f],
    [0x3000, 0x3000],
    [0xfeff, 0xfeff],
  ],
  word: [
    [0x30, 0x39],
    [0x41, 0x5a],
    [0x5f, 0x5f],
    [0x61, 0x7a],
  ],
}

/** Of ranges in their order. */
function complement(set: Ranges): Ranges {
  const rest: (readonly [number, number])[] = []
  let from = 0
  for (const [low, high] of set) {
    if (low > from) rest.push([from, low - 1])
    from = high + 1
  }
  return from > lastCodePoint ? rest : [...rest, [from, lastCodePoint]]
}

const character = (code: number): string => `\\x{${code.toString(16)}}`
const written = (low: number, high: number): string =>
  low === high ? character(low) : `${character(low)}-${character(high)}`
const anything = `[${written(0, lastCodePoint)}]`
const nothing = `[^${written(0, lastCodePoint)}]`

const firstSurrogate = 0xd800
const lastSurrogate = 0xdfff
const isSurrogate = (code: number): boolean => code >= firstSurrogate && code <= lastSurrogate
/** Beyond what patterns without the flag know. */
const surrogatesAt = 0x100000
const standIn = (unit: number): number => (isSurrogate(unit) ? surrogatesAt + unit : unit)

/** A text as patterns without the flag `u` see it, where halves of characters count as such: each of them a code point. */
export const surrogatesApart = (text: string): string =>
  text.replace(/[\uD800-\uDFFF]/g, (unit) => String.fromCodePoint(standIn(unit.charCodeAt(0))))

/** Categories by the names that patterns give them. Both engines have one version of Unicode's tables (a test holds them together). */
const categories: Readonly<Record<string, string>> = {
  ...{ Letter: 'L', Cased_Letter: 'LC', Uppercase_Letter: 'Lu', Lowercase_Letter: 'Ll', Titlecase_Letter: 'Lt' },
  ...{ Modifier_Letter: 'Lm', Other_Letter: 'Lo', Mark: 'M', Combining_Mark: 'M', Nonspacing_Mark: 'Mn' },
  ...{ Spacing_Mark: 'Mc', Enclosing_Mark: 'Me', Number: 'N', Decimal_Number: 'Nd', digit: 'Nd', Letter_Number: 'Nl' },
  ...{ Other_Number: 'No', Punctuation: 'P', punct: 'P', Connector_Punctuation: 'Pc', Dash_Punctuation: 'Pd' },
  ...{ Open_Punctuation: 'Ps', Close_Punctuation: 'Pe', Initial_Punctuation: 'Pi', Final_Punctuation: 'Pf' },
  ...{ Other_Punctuation: 'Po', Symbol: 'S', Math_Symbol: 'Sm', Currency_Symbol: 'Sc', Modifier_Symbol: 'Sk' },
  ...{ Other_Symbol: 'So', Separator: 'Z', Space_Separator: 'Zs', Line_Separator: 'Zl', Paragraph_Separator: 'Zp' },
  ...{ Other: 'C', Control: 'Cc', cntrl: 'Cc', Format: 'Cf', Surrogate: 'Cs', Private_Use: 'Co', Unassigned: 'Cn' },
}
const shortCategories: ReadonlySet<string> = new Set(Object.values(categories))
/** Scripts that texts are mostly asked for; others are left to the platform's engine. */
export const linearScripts: ReadonlySet<string> = new Set(
  'Arabic Armenian Bengali Bopomofo Common Cyrillic Devanagari Ethiopic Georgian Greek Gujarati Gurmukhi Han Hangul Hebrew Hiragana Inherited Kannada Katakana Khmer Lao Latin Malayalam Mongolian Myanmar Oriya Sinhala Tamil Telugu Thaana Thai Tibetan'.split(
    ' ',
  ),
)

function propertyOf({ key, value, negate }: AST.UnicodePropertyCharacterSet): string {
  const letter = negate ? '\\P' : '\\p'
  if (key === 'General_Category' || key === 'gc') {
    const short = shortCategories.has(value ?? '') ? value : categories[value ?? '']
    if (short != null) return `${letter}{${short}}`
  }
  if ((key === 'Script' || key === 'sc') && value !== null && linearScripts.has(value)) return `${letter}{${value}}`
  throw new NotLinear()
}

/** A class of Unicode has hundreds of ranges. */
const stepsOfUnicodeClass = 20
const stepsOfRange = 0.1

const sizeOfAll = (alternatives: readonly AST.Alternative[]): number =>
  alternatives.reduce((sum, { elements }) => sum + 1 + elements.reduce((of, one) => of + sizeOf(one), 0), 0)

function sizeOf(node: AST.Element): number {
  switch (node.type) {
    case 'Quantifier':
      return 1 + sizeOf(node.element) * Math.max(1, Number.isFinite(node.max) ? node.max : node.min)
    case 'Group':
    case 'CapturingGroup':
      return 1 + sizeOfAll(node.alternatives)
    case 'Assertion':
      return node.kind === 'lookahead' || node.kind === 'lookbehind' ? 1 + sizeOfAll(node.alternatives) : 1
    case 'CharacterSet':
      return sizeOfSet(node)
    case 'CharacterClass':
      return node.elements.reduce((sum, one) => sum + (one.type === 'CharacterSet' ? sizeOfSet(one) : stepsOfRange), 1)
    default:
      return 1
  }
}

const sizeOfSet = ({ kind }: AST.CharacterSet): number => (kind === 'property' ? stepsOfUnicodeClass : 2)
