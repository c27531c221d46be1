// How long the main process stands still for one judgement by a schema at worst: of what schema-judge.ts lets through beside
// open streams, and of what turns out to be too much. Run alone: `bun run test/bench/judgement.bench.ts`. CPU time of the main
// thread, so that other work of the machine counts little.
import { createJudge, nearBounds, tooMuch } from '../../server/contract/schema-judge.ts'
import { fixed, judged, median, say } from './figures.ts'

type Loose = Readonly<Record<string, unknown>>
const many = <T>(count: number, make: (n: number) => T): T[] => Array.from({ length: count }, (_, n) => make(n))
const named = (count: number, make: (n: number) => unknown, pad = 0): Loose =>
  Object.fromEntries(many(count, (n) => [`m${n}${'x'.repeat(pad)}`, make(n)]))
const nested = (levels: number, inner: unknown, wrap: (inner: unknown) => unknown): unknown =>
  levels <= 0 ? inner : wrap(nested(levels - 1, inner, wrap))
let state = 7
/** A text in which an automaton meets ever new states. */
const mixed = (characters: string, length: number): string =>
  many(length, () => {
    state = (state * 1_103_515_245 + 12_345) & 0x7fffffff
    return characters[(state % 1_009) % characters.length]
  }).join('')

const longestMs = 50
const rounds = 5

/** Schemas of growing size; `mark`, another one each time, keeps a matcher from being known already. */
const schemas: Readonly<Record<string, (size: number, mark: string) => Loose>> = {
  'parts side by side': (size) => ({ properties: named(size, () => ({ type: 'string' })) }),
  'parts with long names': (size) => ({ properties: named(size, () => ({ type: 'string' }), 60) }),
  'parts within one another, long names': (size) =>
    nested(Math.min(size, 95), { properties: named(Math.max(0, size - 95), () => true) }, (inner) => ({
      properties: { ['n'.repeat(900)]: inner },
    })) as Loose,
  'alternatives of alternatives': (size) => ({
    anyOf: many(Math.ceil(Math.sqrt(size)), () => ({
      anyOf: many(Math.ceil(Math.sqrt(size)), () => ({ type: 'string' })),
    })),
  }),
  'parts that refer to one another': (size) => ({
    $defs: named(size, (n) => ({ properties: { next: { $ref: `#/$defs/m${n === 0 ? 0 : n - 1}` } } })),
    $ref: '#/$defs/m0',
  }),
  'references that double': (size) => ({
    $defs: {
      ...named(size, (n) => ({ allOf: [{ $ref: `#/$defs/m${n + 1}` }, { $ref: `#/$defs/m${n + 1}` }] })),
      [`m${size}`]: {},
    },
    $ref: '#/$defs/m0',
  }),
  'a list of texts': (size) => ({ enum: many(size, (n) => `${n}`) }),
  'a list of objects': (size) => ({ enum: many(size, (n) => ({ n, of: [n] })) }),
  'patterns written out': (size, mark) => ({ allOf: many(size, (n) => ({ pattern: `^[a-z${n}]{1,200}$|${mark}` })) }),
  'alternations written out': (size, mark) => ({
    pattern: `^(?:${'ab|cd|'.repeat(20)}ef){1,${Math.max(1, size)}}${mark}$`,
  }),
  'classes of Unicode': (size, mark) => ({ allOf: many(size, (n) => ({ pattern: `${n}\\p{L}\\p{N}\\p{Lu}${mark}` })) }),
  'classes of Unicode turned round': (size, mark) => ({
    allOf: many(size, (n) => ({ pattern: `${n}[^\\p{L}\\p{N}]${mark}` })),
  }),
  'many short patterns': (size, mark) => ({ allOf: many(size, (n) => ({ pattern: `^a${n}${mark}$` })) }),
  'wide classes': (size, mark) => ({
    allOf: many(size, (n) => ({
      pattern: `${n}[${many(300, (c) => String.fromCharCode(0x4e00 + 2 * c)).join('')}]${mark}`,
    })),
  }),
  'patterns that look around': (size, mark) => ({
    allOf: many(size, (n) => ({ pattern: `${'a?'.repeat(20)}(?!x)${n}${mark}` })),
  }),
  'required names': (size) => ({ required: many(size, (n) => `m${n}`) }),
  'names of members by pattern': (size) => ({ patternProperties: named(size, () => true) }),
}

/** A schema, and values of growing size. */
type Judgement = readonly [schema: (mark: string) => Loose, value: (size: number) => unknown]
const judgements: Readonly<Record<string, Judgement>> = {
  rows: [
    () => ({
      items: {
        type: 'object',
        properties: { id: { type: 'integer' }, name: { type: 'string', maxLength: 20 }, kind: { enum: ['a', 'b'] } },
        required: ['id', 'name', 'kind'],
        additionalProperties: false,
      },
    }),
    (size) => many(size, (id) => ({ id, name: `n${id}`, kind: 'a' })),
  ],
  'rows of which none fits': [
    () => ({ anyOf: many(100, (n) => ({ contains: { properties: { kind: { const: n } }, required: ['kind'] } })) }),
    (size) => many(size, () => ({ kind: 'none' })),
  ],
  'rows by alternatives, the last of which fits': [
    () => ({ items: { oneOf: many(100, (n) => ({ properties: { kind: { const: n } }, required: ['kind'] })) } }),
    (size) => many(size, () => ({ kind: 99 })),
  ],
  'one member against many known': [
    () => ({ contains: { properties: named(400, () => ({ type: 'string' })), required: ['none'] } }),
    (size) => many(size, () => ({ a: 1 })),
  ],
  'members of no name known': [() => ({ additionalProperties: { type: 'string' } }), (size) => named(size, () => 'x')],
  'members that are wrong': [
    () => ({ anyOf: many(20, () => ({ additionalProperties: { type: 'string' } })) }),
    (size) => ({ ...named(size, () => 'x'), wrong: 1 }),
  ],
  'names of members by names': [
    (mark) => ({ propertyNames: { maxLength: 100, pattern: `^m|${mark}` } }),
    (size) => named(size, () => 1, 60),
  ],
  'names of members by two patterns': [
    () => ({ patternProperties: { '^m[0-9]*x*$': { type: 'string' }, '^n[0-9]*x*$': true } }),
    (size) => named(size, () => 'x', 12),
  ],
  'a long name by a pattern that may begin anywhere': [
    () => ({ patternProperties: { 'm*x*y$': true } }),
    (size) => ({ ['x'.repeat(size)]: 1 }),
  ],
  'a tree of lists': [
    () => ({ $ref: '#/$defs/n', $defs: { n: { type: 'array', items: { $ref: '#/$defs/n' } } } }),
    (size) =>
      nested(
        Math.min(size, 400),
        many(Math.max(0, size - 400), () => []),
        (inner) => [inner],
      ),
  ],
  'items that differ': [() => ({ uniqueItems: true }), (size) => many(size, (n) => ({ n, of: [`${n}`] }))],
  'numbers among many': [() => ({ items: { enum: many(20_000, (n) => n) } }), (size) => many(size, () => 19_999)],
  'objects among many': [
    () => ({ items: { enum: many(4_000, (n) => ({ n })) } }),
    (size) => many(size, () => ({ n: 3_999 })),
  ],
  'a long text by its length': [
    () => ({ allOf: many(100, () => ({ maxLength: 1_000_000 })) }),
    (size) => 'é'.repeat(size),
  ],
  'many texts by a pattern': [
    (mark) => ({ items: { pattern: `^[a-z]+(-[a-z]+)*$|${mark}` } }),
    (size) => many(size, (n) => `abc-def-ghi-${n % 2 === 0 ? 'jkl' : 'mno'}`),
  ],
  'a text by a pattern made for backtracking': [
    (mark) => ({ pattern: `^(a+)+$|${mark}` }),
    (size) => `${'a'.repeat(size)}!`,
  ],
  'a text by classes of Unicode': [
    (mark) => ({ pattern: `^(?:\\p{L}|\\p{N}| )*$|${mark}` }),
    (size) => mixed('é9 ж日', size),
  ],
  ...Object.fromEntries(
    [12, 60, 300, 900].map((count): readonly [string, Judgement] => [
      `a text by a pattern of ever new states, ${count} of them`,
      [(mark) => ({ pattern: `(?:a|b)*a(?:a|b){${count}}$|${mark}` }), (size) => mixed('ab', size)],
    ]),
  ),
  'a text by alternations written out': [
    (mark) => ({ pattern: `(?:a|b|ab|ba){1,300}c|${mark}` }),
    (size) => `${mixed('ab', size)}xc`,
  ],
  'a text by repetitions that share it': [
    (mark) => ({ pattern: `[^x]{0,900}x[^y]{0,900}y$|${mark}` }),
    (size) => mixed('abxy', size),
  ],
  ...Object.fromEntries(
    ['a{0,900}a{0,900}a{0,600}', '(?:a?){900}a{900}', '[ab]{0,999}a[ab]{0,999}', '(?:a|aa)+'].map(
      (rest): readonly [string, Judgement] => [
        `a text that many states share: ${rest}`,
        [(mark) => ({ pattern: `^${rest}[bc]$|^[^ab]${mark}$` }), (size) => 'a'.repeat(size)],
      ],
    ),
  ),
  'texts by a look from the beginning': [
    (mark) => ({ items: { pattern: `^(?!\\.)(?!.*\\.\\.)([a-z.]*)[a-z]@([a-z][a-z-]*\\.)+[a-z]{2,}(?:${mark})?$` } }),
    (size) => many(size, (n) => `ada.${n % 2 === 0 ? 'l' : 'm'}@sub.example.com`),
  ],
  'texts by formats': [
    () => ({
      contains: {
        anyOf: ['email', 'hostname', 'ipv4', 'ipv6', 'date-time', 'duration', 'time', 'uuid'].map((format) => ({
          format,
        })),
      },
    }),
    (size) => many(size, () => `${'a.'.repeat(60)}!`),
  ],
  'a text by formats': [
    () => ({ anyOf: ['email', 'hostname', 'ipv6', 'date-time', 'duration', 'time'].map((format) => ({ format })) }),
    (size) => `${'a-'.repeat(size)}!`,
  ],
  'faults at the end of references': [
    () => ({
      $defs: { ...named(60, (n) => ({ $ref: `#/$defs/m${n + 1}` })), m60: { required: many(20, (n) => `r${n}`) } },
      contains: { $ref: '#/$defs/m0' },
    }),
    (size) => many(size, () => ({})),
  ],
  'a fault deep within a value': [
    () => ({ $defs: { n: { type: 'object', properties: { of: { $ref: '#/$defs/n' } } } }, $ref: '#/$defs/n' }),
    (size) => nested(size, 1, (of) => ({ of })),
  ],
  'items that may be anything': [() => ({ items: true }), (size) => many(size, () => 1)],
  'items none of which is wanted': [() => ({ contains: false }), (size) => many(size, () => 1)],
  'numbers by multiples': [
    () => ({ items: { multipleOf: 0.01, minimum: 0, maximum: 1e9 } }),
    (size) => many(size, (n) => n / 100),
  ],
}

const ofThread = (): number => {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1_000
}
const timed = (work: () => unknown): number => {
  const start = ofThread()
  work()
  return ofThread() - start
}

/** The largest size that is let through. */
function largest(fits: (size: number) => boolean): number {
  let low = 1
  let high = 2
  while (high < 200_000 && fits(high)) [low, high] = [high, high * 2]
  while (high - low > Math.max(1, low / 50)) {
    const middle = Math.floor((low + high) / 2)
    if (fits(middle)) low = middle
    else high = middle
  }
  return low
}

let marks = 1_000
const nextMark = (): string => `${marks++}`
let worst = 0
/** What is just too much may cost as much before that is known. */
function measure(name: string, size: number, prepare: (size: number) => () => unknown): void {
  const medians = [size, size + Math.ceil(size / 25) + 1].map((one) => {
    const works = many(rounds, () => prepare(one))
    return median(works.map(timed))
  })
  worst = Math.max(worst, ...medians)
  say(name, `${medians.map((ms) => fixed(ms)).join(' / ')} ms, size ${size}`)
}

for (const [name, schemaOf] of Object.entries(schemas)) {
  const isRead = (size: number): boolean => {
    const schema = schemaOf(size, nextMark())
    if (JSON.stringify(schema).length > 100_000) return false
    const made = createJudge(schema, nearBounds)
    return made.ok || made.error.isTooMuch !== true
  }
  measure(`read: ${name}`, largest(isRead), (size) => {
    const schema = schemaOf(size, nextMark())
    return () => createJudge(schema, nearBounds)
  })
}
for (const [name, [schemaOf, makeValue]] of Object.entries(judgements)) {
  const judgeOf = () => {
    const made = createJudge(schemaOf(nextMark()), nearBounds)
    if (!made.ok) throw new Error(`${name}: ${made.error.problem}`)
    return made.value
  }
  const known = judgeOf()
  measure(
    `judge: ${name}`,
    largest((size) => known(makeValue(size)) !== tooMuch),
    (size) => {
      const [judge, value] = [judgeOf(), makeValue(size)]
      return () => judge(value)
    },
  )
}
say('the longest', judged(worst, { most: longestMs }, ' ms'))
