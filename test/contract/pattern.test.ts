import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { linearScripts, readEcmaPattern } from '../../server/contract/linear-pattern.ts'
import { type Pattern, readPattern } from '../../server/contract/pattern.ts'
import { createJudge, nearBounds, tooMuch } from '../../server/contract/schema-judge.ts'

/** What the platform, and with it any program that checks by the schema, says the pattern is. */
function platform(source: string): RegExp | undefined {
  for (const flags of ['u', '']) {
    try {
      return new RegExp(source, flags)
    } catch {
      // the other form may take it
    }
  }
  return undefined
}
function read(source: string): Pattern {
  const made = readPattern(source)
  if (!made.ok) throw new Error(`${source}: ${made.error}`)
  return made.value
}

const characters = [
  ...'aAbBkKsS01_-!.:[]{}()^$|&\\/ \t\n\r\v\f\b\0z,',
  ...['\u00a0', '\u1680', '\u180e', '\u2003', '\u200b', '\u2028', '\u2029', '\u202f', '\u3000', '\ufeff', '\u0085'],
  ...['é', 'ß', 'ſ', '\u212a', 'İ', 'ı', 'Σ', 'ς', '你', '٣', '\u0301', '\uffff', '\u{10ffff}', '😀', '𝒜', '𐐀'],
  ...['\ud83d', '\ude00', '\ud800', '\udfff'],
]
const anyCharacter = fc.constantFrom(...characters)
const anyText = fc.array(fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...'aab0_ ') }, anyCharacter), {
  maxLength: 6,
})
const hex = (text: string, width: number): string => (text.codePointAt(0) ?? 0).toString(16).padStart(width, '0')

const anyEscape = fc.oneof(
  fc.constantFrom(...[...'dDwWsSbBntvfr0aAzZQECGhHRXNeipPukxcl1239/-.^$|[](){}*+?\\'].map((one) => `\\${one}`)),
  anyCharacter.map((one) => `\\u{${hex(one, 1)}}`),
  anyCharacter.map((one) =>
    [...Array(one.length).keys()].map((at) => `\\u${one.charCodeAt(at).toString(16).padStart(4, '0')}`).join(''),
  ),
  anyCharacter.map((one) => `\\x${hex(one, 2)}`),
  fc.constantFrom('\\cA', '\\cj', '\\c1', '\\c', '\\pL', '\\p{L}', '\\P{Lu}', '\\p{Nd}', '\\p{Letter}', '\\p{gc=Zs}'),
  fc.constantFrom('\\p{Script=Han}', '\\P{sc=Greek}', '\\p{Script_Extensions=Han}', '\\p{Alphabetic}', '\\p{ASCII}'),
  fc.constantFrom(
    '\\p{Any}',
    '\\p{White_Space}',
    '\\p{Emoji}',
    '\\p{Cn}',
    '\\p{Surrogate}',
    '\\k<n>',
    '\\k',
    '\\0',
    '\\00',
  ),
)
const anyPlain = anyCharacter.filter((one) => !/[\\[\](){}*+?|^$.]/.test(one))
const anyClass = fc
  .tuple(
    fc.constantFrom('', '^', '^'),
    fc.array(
      fc.oneof(
        anyPlain,
        anyEscape,
        fc.tuple(anyPlain, anyPlain).map(([from, to]) => `${from}-${to}`),
        fc.constantFrom('a-z', 'A-Z', '0-9', '\\0-\\x7f', '\\u0000-\\uffff', '\\u{0}-\\u{10ffff}', '\\ud800-\\udfff'),
        fc.constantFrom('[:alpha:', '&&', '--', '[', '.', '$', '\\b', '\\-', '-', '(', '|'),
      ),
      { maxLength: 4 },
    ),
  )
  .map(([negate, members]) => `[${negate}${members.join('')}]`)
const anyCount = fc.oneof(
  { weight: 6, arbitrary: fc.constant('') },
  fc.constantFrom('*', '+', '?', '*?', '+?', '??', '{2}', '{0}', '{1,2}', '{0,3}?', '{2,}', '{,2}', '{', '{1'),
)
const { pattern: anyPattern } = fc.letrec<{ atom: string; pattern: string }>((tie) => ({
  atom: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    { weight: 3, arbitrary: fc.constantFrom(...'aab0_ ') },
    anyPlain,
    fc.constantFrom('.', '^', '$', '\\b', '\\B', '|', '|', '😀', '你'),
    anyEscape,
    anyClass,
    fc
      .tuple(
        fc.constantFrom(
          '(',
          '(?:',
          '(?:',
          '(?:',
          '(?<n>',
          '(?=',
          '(?!',
          '(?<=',
          '(?<!',
          '(?i:',
          '(?-s:',
          '(?P<a>',
          '(?>',
          '(?#',
        ),
        tie('pattern'),
      )
      .map(([opening, inner]) => `${opening}${inner})`),
  ),
  pattern: fc
    .array(fc.tuple(tie('atom'), anyCount), { minLength: 1, maxLength: 4 })
    .map((parts) => parts.map(([atom, count]) => `${atom}${count}`).join('')),
}))
const anyBound = fc
  .tuple(fc.constantFrom('', '^', '^', '^(?!b)', '^(?=.*\\s)(?!\\S*z)'), anyPattern, fc.constantFrom('', '$'))
  .map((parts) => parts.join(''))

describe('a pattern means what ECMA-262 says', () => {
  test('whatever it is made of, over whatever text', () => {
    const seen = { linear: 0, native: 0, met: 0, missed: 0, none: 0, loose: 0 }
    fc.assert(
      fc.property(anyBound, fc.array(anyText, { minLength: 4, maxLength: 8 }), (source, texts) => {
        const known = platform(source)
        const made = readPattern(source)
        expect([source, made.ok]).toEqual([source, known !== undefined])
        if (!made.ok || known === undefined) {
          seen.none++
          return
        }
        seen[made.value.isLinear ? 'linear' : 'native']++
        if (known.flags === '') seen.loose++
        for (const text of texts.map((parts) => parts.join(''))) {
          const isMet = known.test(text)
          seen[isMet ? 'met' : 'missed']++
          expect([source, text, made.value.test(text)]).toEqual([source, text, isMet])
        }
      }),
      { numRuns: 5_000 },
    )
    // Else it says less than it seems.
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(100)
  })

  test.each([
    ['^\\S+$', 'a\u3000b', 'a\u00a0b', '\ufeff', 'ab'],
    ['^[^\\s]+$', 'a\u3000b', 'a\u2028b', 'ab'],
    ['^.+$', 'a\rb', 'a\u2028b', 'a\u0085b', 'a\nb'],
    ['^a\\sb$', 'a\u3000b', 'a\vb', 'a\u200bb'],
    ['^[[:alpha:]]$', 'a', ':]', 'a]'],
    ['^\\a$', 'a', '\u0007'],
    ['^\\A$', 'A', ''],
    ['^\\pL$', 'é', 'pL'],
    ['^\\Qa$', 'a', 'Qa'],
    ['^[\\b]$', '\b', 'b'],
    ['^[a&&b]$', '&', 'a'],
    ['^[]$|x', '', 'x', 'a'],
    ['^[^]$', '\n', '\ud800', '😀'],
    ['a$', 'a\n', 'a'],
    ['\\bé', 'é', 'aé', ' é'],
    ['^\\w$', 'ſ', '\u212a', 'k'],
    ['^\\-.$', '-😀', '-\ude00', '-a'],
    ['^(?:a|ab)(?:c|bcd)$', 'abcd', 'abc'],
  ] as readonly (readonly [string, ...string[]])[])('%s', (source, ...texts) => {
    const pattern = read(source)
    expect(pattern.isLinear).toBe(true)
    const known = platform(source)
    const all: readonly string[] = texts
    expect(all.map((text) => pattern.test(text))).toEqual(all.map((text) => known?.test(text) === true))
  })

  test.each([
    ['^a{1500}$', 1_500, 1_500],
    ['^a{0,1500}$', 0, 1_500],
    ['^a{1200,1400}$', 1_200, 1_400],
    ['^a{2001,}$', 2_001, Number.POSITIVE_INFINITY],
  ] as const)('%s, which repeats more than a thousand times, is the linear engine’s too', (source, least, most) => {
    const pattern = read(source)
    expect(pattern.isLinear).toBe(true)
    for (const length of [0, least - 1, least, Math.min(most, 3_000), Math.min(most, 3_000) + 1].filter((n) => n >= 0))
      expect([length, pattern.test('a'.repeat(length))]).toEqual([length, length >= least && length <= most])
  })

  test('classes of Unicode are the same in both engines', () => {
    const all = Array.from({ length: 0x110000 }, (_, code) => String.fromCodePoint(code))
    const text = all.filter((_, code) => code < 0xd800 || code > 0xdfff).join('')
    const categories =
      'L LC Lu Ll Lt Lm Lo M Mn Mc Me N Nd Nl No P Pc Pd Ps Pe Pi Pf Po S Sm Sc Sk So Z Zs Zl Zp C Cc Cf Co Cn'
    const properties = [...categories.split(' '), ...[...linearScripts].map((script) => `Script=${script}`)]
    for (const property of properties) {
      const source = `^\\p{${property}}$`
      const pattern = read(source)
      expect([source, pattern.isLinear]).toEqual([source, true])
      const edges = new Set<number>()
      for (const { index, 0: run } of text.matchAll(new RegExp(`\\p{${property}}+`, 'gu'))) {
        const first = text.codePointAt(index) ?? 0
        const last = first + [...run].length - 1
        for (const code of [first - 1, first, last, last + 1]) edges.add(code)
      }
      for (let code = 0; code < 0x110000; code += 1_009) edges.add(code)
      const known = new RegExp(source, 'u')
      const differ = [...edges].filter((code) => {
        const one = all[code] ?? ''
        return known.test(one) !== pattern.test(one)
      })
      expect([property, differ]).toEqual([property, []])
    }
  })
})

describe('beside open streams', () => {
  const near = (schema: Readonly<Record<string, unknown>>, value: unknown) => {
    const made = createJudge(schema, nearBounds)
    return made.ok ? made.value(value) : made.error
  }
  test('nothing runs but what takes linear time, as texts and as names of members', () => {
    const seen = { run: 0, refused: 0 }
    fc.assert(
      fc.property(anyBound, anyText, (source, parts) => {
        const made = readPattern(source)
        if (!made.ok) return
        const text = parts.join('')
        const { isLinear } = made.value
        seen[isLinear ? 'run' : 'refused']++
        const isMet = platform(source)?.test(text) === true
        expect([source, near({ pattern: source }, text)]).toEqual([
          source,
          isLinear ? (isMet ? [] : [expect.stringContaining('does not match')]) : tooMuch,
        ])
        // Names of members have whole characters, or there is no telling where they are.
        if (!source.isWellFormed() || !text.isWellFormed()) return
        expect([source, near({ patternProperties: { [source]: false } }, { [text]: 1 })]).toEqual([
          source,
          isLinear ? (isMet ? expect.arrayContaining([expect.any(String)]) : []) : tooMuch,
        ])
      }),
      { numRuns: 1_500 },
    )
    expect(Math.min(seen.run, seen.refused)).toBeGreaterThan(100)
  })

  test('new states are weighed as they are made: a second’s work is not done here', () => {
    const shared = { pattern: '^a{0,900}a{0,900}a{0,600}$' }
    expect(near(shared, 'a'.repeat(100))).toEqual([])
    expect(near(shared, 'a'.repeat(1_000))).toEqual(tooMuch)
  })

  const hostile = [
    ...[
      '(?<!z)(?:\\u{61}+)+b',
      '(?<!z)\\u{61}+\\u{61}+b',
      '(?:\\u{61}+)+b',
      '(?<!z)(?:\\x61+)+b',
      '(?<!z)(?:\\p{L}+)+b',
    ],
    ...[
      '(?<!z)(?:[\\u{61}]+)+b',
      '(?<n>a+)+\\k<n>b',
      '(a*)*\\1b',
      '^(([a-z])+.)+[A-Z]([a-z])+$',
      '(?:a|aa)+$',
      '(?=(a+))a*b\\1',
    ],
    ...['(?:(?:a+)?)+$', '(?:a?){900}a{900}b', '(?:a|b)*a(?:a|b){900}$', '(?<![^]*[^]*[^]*z)b', '(?!(a|a)*b)a*a*a*c'],
  ]
  test.each(hostile)('%s holds nobody up', (source) => {
    for (const length of [22, 25, 200, 3_000, 40_000])
      for (const text of [`${'a'.repeat(length)}!`, 'ab'.repeat(length)]) {
        const schemas = [
          [{ type: 'string', pattern: source }, text],
          [{ patternProperties: { [source]: true } }, { [text]: 1 }],
        ] as const
        for (const [schema, value] of schemas) {
          const begun = process.threadCpuUsage()
          near(schema, value)
          const { user, system } = process.threadCpuUsage()
          // Milliseconds; 35 on a quiet machine.
          expect((user + system - begun.user - begun.system) / 1_000).toBeLessThan(250)
        }
      }
  })
})

test('a size is never less than a matcher’s steps', () => {
  for (const [source, least] of [
    ['\\p{L}{900}', 900],
    ['\\u{61}{900}', 900],
    ['[\\]a]{900}', 900],
    ['(?:(?:a|b){10}){20}', 400],
    ['(?<name>a{1,30}){1,30}', 900],
  ] as const)
    expect(readEcmaPattern(source)?.size).toBeGreaterThanOrEqual(least)
})

test('what is larger than can be judged is refused before it is written out', () => {
  for (const source of [
    '(?:a{1001}){1001}',
    '(?=x)(?:a{1000}){1000}',
    `${'(?:'.repeat(30)}a${'){1001,1002}'.repeat(30)}`,
  ])
    expect(readPattern(source)).toEqual({ ok: false, error: 'repeats too much to be judged' })
  expect(readPattern('a'.repeat(2_001)).ok).toBe(false)
})
