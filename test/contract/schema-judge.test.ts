import { describe, expect, test } from 'bun:test'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { readDemand } from '../../server/contract/demand.ts'
import { createFarJudges } from '../../server/contract/far-judge.ts'
import type { FarJudge } from '../../server/contract/judging.ts'
import {
  type Bounds,
  createJudge as createBounded,
  matchers,
  nearBounds,
  tooMuch,
} from '../../server/contract/schema-judge.ts'
import { createSchemaJudges } from '../../server/contract/schema-judges.ts'
import { makeConversation } from '../support/conversation.ts'

const bounds: Bounds = { make: 160_000, judge: 160_000, probe: 10_000, natives: 'run', byDepth: false }
const createJudge = (schema: Loose) => createBounded(schema, bounds)
type Loose = Readonly<Record<string, unknown>>
const judge = (schema: Loose, value: unknown): readonly string[] => {
  const made = createJudge(schema)
  if (!made.ok) throw new Error(`${made.error.path}: ${made.error.problem}`)
  return made.value(value)
}
const tree = {
  $ref: '#/$defs/node',
  $defs: {
    node: { type: 'object', properties: { of: { type: 'array', items: { $ref: '#/$defs/node' } } }, required: ['of'] },
  },
}

const components = {
  schemas: {
    A: { type: 'string' },
    'B/': { type: 'object', properties: { a: { $ref: '#/components/schemas/A' } }, required: ['a'] },
  },
}
const named = { $id: 'https://a.example/root', $defs: { a: { $id: 'a', type: 'string' } }, $ref: 'a' }
const anybody = { signal: new AbortController().signal }

const emailPattern = {
  pattern: "^(?!\\.)(?!.*\\.\\.)([A-Za-z0-9_'+\\-\\.]*)[A-Za-z0-9_+-]@([A-Za-z0-9][A-Za-z0-9\\-]*\\.)+[A-Za-z]{2,}$",
}
const $refBeside = { $ref: '#/$defs/text', maxLength: 2, $defs: { text: { type: 'string' } } }

const rows: readonly (readonly [string, Loose, unknown, boolean])[] = [
  ['an object that fits', { type: 'object', properties: { a: { type: 'integer' } }, required: ['a'] }, { a: 1 }, true],
  ['a member that is missing', { type: 'object', required: ['a'] }, {}, false],
  ['a member too many', { properties: { a: true }, additionalProperties: false }, { b: 1 }, false],
  [
    'a member named like one of every object',
    { properties: { a: true }, additionalProperties: false },
    JSON.parse('{"__proto__":1}'),
    false,
  ],
  ['a tuple of draft-07', { items: [{ type: 'string' }], additionalItems: false }, ['a', 1], false],
  ['a tuple of 2020-12', { prefixItems: [{ type: 'string' }], items: false }, ['a', 1], false],
  ['a tree', tree, { of: [{ of: [] }] }, true],
  ['a tree with a bad leaf', tree, { of: [{ of: [{}] }] }, false],
  ['a pattern met', { pattern: '^[a-z]+(-[a-z]+)*$' }, 'a-b', true],
  ['a pattern not met', { pattern: '^[a-z]+(-[a-z]+)*$' }, 'a--b', false],
  ['a pattern holds for texts alone', { pattern: '^a' }, 1, true],
  ['a pattern beside others', { allOf: [{ minLength: 3 }], pattern: '^a' }, 'ab', false],
  ['a decimal as pydantic writes it', { pattern: '^(?!^[-+.]*$)[+-]?0*\\d*\\.?\\d*$' }, '-12.50', true],
  ['an e-mail as zod writes it', emailPattern, 'ada.l@sub.example.com', true],
  ['no e-mail: two dots', emailPattern, 'ada..l@example.com', false],
  ['no e-mail: a dot first', emailPattern, '.ada@example.com', false],
  ['a password by what it must have', { pattern: '^(?=.*[a-z])(?=.*\\d).{8,}$' }, 'abcdefg1', true],
  ['a password without a digit', { pattern: '^(?=.*[a-z])(?=.*\\d).{8,}$' }, 'abcdefgh', false],
  ['a look from the middle', { pattern: '^ab(?!c)' }, 'abd', true],
  ['a look from the middle not met', { pattern: '^ab(?!c)' }, 'abc', false],
  ['alternatives, of which one looks ahead', { pattern: '^(?!a)b|^ac' }, 'ac', true],
  ['a look that is optional', { pattern: '^(?=b)?a' }, 'a', true],
  ['a reference back', { pattern: '^(a|b)\\1$' }, 'bb', true],
  ['a reference back not met', { pattern: '^(a|b)\\1$' }, 'ba', false],
  ['no decimal', { pattern: '^(?!^[-+.]*$)[+-]?0*\\d*\\.?\\d*$' }, '-', false],
  ['a format', { format: 'date-time' }, 'yesterday', false],
  ['a date and time without its offset', { format: 'date-time' }, '2024-01-01T10:00:00', true],
  ['a date and time with its offset', { format: 'date-time' }, '2024-01-01T10:00:00.5+02:00', true],
  ['a date without its time', { format: 'date-time' }, '2024-01-01', false],
  ['a date and time with two offsets', { format: 'date-time' }, '2024-01-01T10:00:00ZZ', false],
  ['a day there is not, without its offset', { format: 'date-time' }, '2024-02-30T10:00:00', false],
  ['a time without its offset', { format: 'time' }, '12:30:00', true],
  ['an hour there is not, without its offset', { format: 'time' }, '25:30:00', false],
  ['a duration with a fraction', { format: 'duration' }, 'PT0.5S', true],
  ['a long duration with a fraction', { format: 'duration' }, 'P1DT3600.250000S', true],
  ['a duration with a fraction of nothing', { format: 'duration' }, 'PT.5S', false],
  ['a duration with a fraction of days', { format: 'duration' }, 'P0.5D', false],
  ['null of OpenAPI 3.0', { type: 'string', nullable: true }, null, true],
  ['null of OpenAPI 3.0 beside a list', { type: 'string', enum: ['a'], nullable: true }, null, true],
  ['neither null nor of the list', { type: 'string', enum: ['a'], nullable: true }, 'b', false],
  ['null where OpenAPI 3.0 has none', { type: 'string', nullable: false }, null, false],
  ['neither null nor the type', { type: 'string', nullable: true }, 1, false],
  ['the least of draft-04 where it is left out', { minimum: 0, exclusiveMinimum: true }, 0, false],
  ['more than the least of draft-04', { minimum: 0, exclusiveMinimum: true }, 0.5, true],
  ['the least of draft-04', { minimum: 0, exclusiveMinimum: false }, 0, true],
  ['the most of draft-04 where it is left out', { maximum: 9, exclusiveMaximum: true }, 9, false],
  ['a format nobody judges', { format: 'color' }, 'x', true],
  ['null where const says so', { const: null }, 0, false],
  ['the same item twice', { uniqueItems: true }, [1, 1], false],
  [
    'a list said with its members in another order',
    { const: { a: 1, b: [null, 'x'] } },
    { b: [null, 'x'], a: 1 },
    true,
  ],
  ['an empty object where an empty list is', { enum: [[], 1] }, {}, false],
  ['an empty list of the allowed', { enum: [{}, []] }, [], true],
  ['null among objects', { enum: [{}, null] }, null, true],
  ['a text among others', { enum: ['a', 1, { b: 1 }] }, 'b', false],
  ['a number among others', { enum: ['a', 1, { b: 1 }] }, 1, true],
  ['const beside enum', { enum: [1, 2], const: 3 }, 3, false],
  ['a number that looks like a text', { uniqueItems: true }, [1, '1', true, 'true', [1], ['1']], true],
  [
    'the same object with its members in another order',
    { uniqueItems: true },
    [
      { a: 1, b: 2 },
      { b: 2, a: 1 },
    ],
    false,
  ],
  [
    'lists within, each for itself',
    { items: { uniqueItems: true } },
    [
      [1, 2],
      [2, 1],
      [3, 3],
    ],
    false,
  ],
  ['an example that looks like a tuple', { ...$refBeside, examples: [{ items: [1] }] }, 'long', false],
  ['a default that looks like a tuple', { ...$refBeside, default: { items: [1] } }, 'long', false],
  [
    'a tuple elsewhere and a limit beside a reference',
    { properties: { t: { items: [true] }, a: $refBeside }, $defs: $refBeside.$defs },
    { a: 'long' },
    false,
  ],
  [
    'a limit beside a reference of draft-07',
    { $schema: 'http://json-schema.org/draft-07/schema#', ...$refBeside },
    'long',
    true,
  ],
  ['a part under a name of no keyword', { components, $ref: '#/components/schemas/A' }, 'x', true],
  ['a part under a name of no keyword, not met', { components, $ref: '#/components/schemas/A' }, 1, false],
  ['one that refers to another', { components, $ref: '#/components/schemas/B~1' }, { a: 'x' }, true],
  ['one that refers to another, not met', { components, $ref: '#/components/schemas/B~1' }, { a: 1 }, false],
  ['a part in a list of no keyword', { 'x-parts': [{}, { type: 'null' }], $ref: '#/x-parts/1' }, 1, false],
  ['a name of its own that is referred to', named, 'x', true],
  ['a name of its own that is referred to, not met', named, 1, false],
  ['one of two', { oneOf: [{ type: 'string' }, { type: 'number' }] }, true, false],
]
test.each(rows)('%s', (_, schema, value, valid) => {
  expect(judge(schema, value).length === 0).toBe(valid)
})

test('names of their own near one another are read beside open streams', () => {
  for (const schema of [named, { items: { $id: 'a', items: { $id: 'b', items: {} } } }])
    expect(createBounded(schema, nearBounds).ok).toBe(true)
})

test('faults name the place and what is wrong there', () => {
  const schema = { type: 'object', properties: { a: { type: 'array', items: { type: 'integer' } } } }
  expect(judge(schema, { a: [1, 'x'] })).toEqual(['#/a/1: Instance type "string" is invalid. Expected "integer".'])
  expect(judge({ pattern: '^b' }, 'a')).toEqual(['#: String does not match format of the pattern "^b".'])
})

test('a name of half a character is a fault where a place has to be told', () => {
  expect(judge({ additionalProperties: { type: 'string' } }, { '\ud800': 'x' })).toHaveLength(1)
})

const refused: readonly (readonly [string, Loose, string])[] = [
  ['an unknown type', { properties: { a: { type: 'text' } } }, 'properties.a.type'],
  ['a schema that is none', { properties: { a: 3 } }, 'properties.a'],
  ['a pattern that is none', { pattern: '(' }, 'pattern'],
  ['a list of names that is none', { required: 'a' }, 'required'],
  ['a remote reference', { $ref: 'https://example.com/schema.json' }, '$ref'],
  ['a reference to nothing', { $ref: '#/$defs/none' }, '$ref'],
  ['a reference into what is no schema', { default: { a: {} }, $ref: '#/default/a' }, '$ref'],
  [
    'a reference to a part that is none',
    { components: { a: { type: 'text' } }, $ref: '#/components/a' },
    'components.a.type',
  ],
  ['a circle', { $ref: '#' }, ''],
  ['a circle of two', { $defs: { a: { $ref: '#/$defs/b' }, b: { $ref: '#/$defs/a' } }, $ref: '#/$defs/a' }, ''],
  [
    'names of their own within one another',
    { properties: { a: { $id: 'a', items: { $id: 'b', not: { $id: 'c', items: { $id: 'd' } } } } } },
    'properties.a.items.not.items.$id',
  ],
  ['dependent members that are no names', { dependentRequired: { a: 5 } }, 'dependentRequired'],
  ['a name that is no text', { $id: 5 }, '$id'],
  [
    'a reference that depends on who refers',
    { $dynamicAnchor: 'n', properties: { c: { $dynamicRef: '#n' } } },
    'properties.c.$dynamicRef',
  ],
  ['one of an older draft', { properties: { c: { $recursiveRef: '#' } } }, 'properties.c.$recursiveRef'],
]
test.each(refused)('%s is refused by its place', (_, schema, path) => {
  const made = createJudge(schema)
  expect(made.ok ? 'accepted' : made.error.path).toBe(path)
})

describe('what would take for ever', () => {
  test('a pattern made for backtracking is judged in linear time', () => {
    for (const pattern of ['^(a+)+$', '^(a|a)*$', '^(([a-z])+.)+[A-Z]([a-z])+$'])
      expect(judge({ pattern }, `${'a'.repeat(50_000)}!`)).toHaveLength(1)
  })
  test('a pattern only the platform’s engine knows is not run beside open streams, nor believed when it gives up', () => {
    for (const pattern of ['x(?!y)(a{0,49}){5}b', '(?<!z)(?:\\u{61}+)+b', '(?=(a*))\\1a*a*c']) {
      const near = createBounded({ pattern }, nearBounds)
      expect([pattern, near.ok && near.value('ad')]).toEqual([pattern, tooMuch])
      expect([pattern, judge({ pattern }, 'ad')]).toEqual([pattern, [expect.stringContaining('does not match')]])
    }
    // It matches, but not within the engine's bound of steps.
    expect(judge({ not: { pattern: '(?<!z)(?:a+)+b|!$' } }, `${'a'.repeat(40)}!`)).toEqual(tooMuch)
  })
  test('a pattern written out is weighed by its states', () => {
    const text = 'ab'.repeat(10_000)
    expect(judge({ pattern: '^[ab]*$' }, text)).toEqual([])
    expect(judge({ pattern: '(?:a|b)*a(?:a|b){900}$' }, text)).toEqual(['#: too much to judge'])
  })
  test('matchers that have learnt much of texts are not all kept', () => {
    const words = Array.from({ length: 6_000 }, (_, n) => ((n * n) % 7 < 3 ? 'a' : 'b')).join('')
    for (let n = 0; n < 40; n++) judge({ pattern: `(?:a|b)*a(?:a|b){100}$|${n}` }, words)
    expect(matchers.calculatedSize).toBeLessThanOrEqual(30_000)
    expect(matchers.size).toBeLessThan(40)
  })
  test('a schema that doubles with every step is refused', () => {
    const $defs = Object.fromEntries(
      Array.from({ length: 40 }, (_, n) => [
        `d${n}`,
        { allOf: [{ $ref: `#/$defs/d${n + 1}` }, { $ref: `#/$defs/d${n + 1}` }] },
      ]),
    )
    expect(createJudge({ $defs: { ...$defs, d40: {} }, $ref: '#/$defs/d0' }).ok).toBe(false)
  })
  test('a schema that doubles with every level of the value says so', () => {
    const node = { $ref: '#/$defs/n' }
    let value: unknown = {}
    for (let level = 0; level < 60; level++) value = { c: value }
    expect(judge({ $defs: { n: { properties: { c: { allOf: [node, node] } } } }, ...node }, value)).toEqual([
      '#: too much to judge',
    ])
  })
  test('a value nested beyond the stack says so', () => {
    let value: unknown = { of: [] }
    for (let level = 0; level < 20_000; level++) value = { of: [value] }
    expect(judge(tree, value)).toEqual(['#: too much to judge'])
  })
})

describe('work is weighed by what is compared', () => {
  const many = <T>(count: number, make: (n: number) => T): T[] => Array.from({ length: count }, (_, n) => make(n))
  const members = many(20_000, (k) => ({ k }))
  const listed = { type: 'object', properties: { a: { type: 'array', items: { enum: members } } } }

  test('thousands of objects against thousands of members are looked up, not compared', () => {
    expect(judge(listed, { a: many(5_000, () => ({ k: 19_999 })) })).toEqual([])
    const faults = judge(listed, { a: many(5_000, () => ({ k: -1 })) })
    expect(faults[0]).toStartWith('#/a/0: Instance does not match any of [{"k":0},{"k":1}')
    expect(faults.join('').length).toBeLessThan(3_000)
  })
  test('a long text that misses is not told in full', () => {
    const faults = judge(
      { items: { const: 'z'.repeat(300_000) } },
      many(3_000, (n) => `${n}`),
    )
    expect(faults[0]).toStartWith('#/0: Instance does not match "zzz')
    expect(faults.join('').length).toBeLessThan(3_000)
  })
  test('long lists are judged, unique or not', () => {
    const schema = { properties: { a: { uniqueItems: true }, b: { items: { type: 'integer' } } } }
    expect(judge(schema, { a: [1], b: many(12_000, () => 1) })).toEqual([])
    expect(judge(schema, { a: many(12_000, (n) => ({ n })) })).toEqual([])
    expect(judge(schema, { a: [...many(12_000, (n) => ({ n })), { n: 7 }] })).toEqual([
      '#/a: Two of its items are the same.',
    ])
  })
  test('12,000 rows are judged', () => {
    const row = {
      type: 'object',
      properties: { id: { type: 'integer' }, name: { type: 'string' }, kind: { enum: ['a', 'b'] } },
      required: ['id', 'name', 'kind'],
      additionalProperties: false,
    }
    const rows = many(12_000, (id) => ({ id, name: `n${id}`, kind: 'a' }))
    expect(judge({ properties: { rows: { type: 'array', items: row } } }, { rows })).toEqual([])
  })
  const much: readonly (readonly [string, Loose, unknown])[] = [
    ['numbers', { items: { enum: many(20_000, (n) => n) } }, many(5_000, () => -1.5)],
    ['required members', { items: { required: many(5_000, (n) => `m${n}`) } }, many(5_000, () => ({}))],
    [
      'known members',
      { items: { properties: Object.fromEntries(many(4_000, (n) => [`m${n}`, true])) } },
      many(5_000, () => ({})),
    ],
    [
      'dependent members',
      { items: { dependentRequired: { a: many(5_000, (n) => `m${n}`) } } },
      many(5_000, () => ({ a: 1 })),
    ],
    [
      'members by alternatives',
      { anyOf: many(1_000, () => ({ type: 'string' })) },
      Object.fromEntries(many(50_000, (n) => [`m${n}`, 1])),
    ],
    ['texts by alternatives', { oneOf: many(1_000, () => ({ maxLength: 1 })) }, 'x'.repeat(1_000_000)],
  ]
  test.each(much)('%s beyond the bound are too much', (_, schema, value) => {
    // Alternatives are all looked at, items only to the first that misses.
    const held = 'items' in schema ? { contains: schema.items } : schema
    expect(judge(held, value)).toEqual(['#: too much to judge'])
  })
  test('references that double and end are too much, no circle', () => {
    const both = (n: number) => ({ allOf: [{ $ref: `#/$defs/d${n}` }, { $ref: `#/$defs/d${n}` }] })
    const $defs = Object.fromEntries(many(28, (n) => [`d${n}`, both(n + 1)]))
    const made = createJudge({ ...both(0), $defs: { ...$defs, d28: {} } })
    expect(made.ok ? '' : made.error.problem).toBe('is too much to judge')
    const circle = createJudge({ $ref: '#' })
    expect(circle.ok ? '' : circle.error.problem).toBe('refers to itself without end')
  })
})

test('a member that is not allowed is told in words', () => {
  expect(judge({ properties: { a: true }, additionalProperties: false }, { b: 1 })).toEqual([
    '#/b: Is not allowed here.',
  ])
})

describe('beside open streams', () => {
  const many = <T>(count: number, make: (n: number) => T): T[] => Array.from({ length: count }, (_, n) => make(n))
  const row = {
    type: 'object',
    properties: { id: { type: 'integer' }, kind: { enum: ['a', 'b'] } },
    required: ['id', 'kind'],
    additionalProperties: false,
  }
  const table = { properties: { rows: { type: 'array', items: row } } }
  const rowsOf = (count: number) => ({ rows: many(count, (id) => ({ id, kind: 'a' })) })
  /** Counts what is looked at of a value. */
  const counting = (value: unknown, counted: { reads: number }): unknown =>
    typeof value !== 'object' || value === null
      ? value
      : new Proxy(value, {
          get: (target, name) => {
            counted.reads++
            return counting(Reflect.get(target, name), counted)
          },
        })
  const farOf = () => {
    const asked: (readonly unknown[])[] = []
    const far: FarJudge = async (_, values) => {
      asked.push(values)
      return { ok: true, value: values.map(() => []) }
    }
    return { asked, judges: createSchemaJudges(far) }
  }
  const judgeOf = async (judges: ReturnType<typeof createSchemaJudges>, schema: Loose) => {
    const made = await judges.of(schema)
    if (!made.ok) throw new Error(made.error.problem)
    return made.value
  }

  test('a small value is judged at once, a large one elsewhere, after a bounded look', async () => {
    const { asked, judges } = farOf()
    const judgeTable = await judgeOf(judges, table)
    expect(judgeTable([rowsOf(100)])).toEqual([[]])
    expect(asked).toEqual([])
    const counted = { reads: 0 }
    const large = counting(rowsOf(12_000), counted)
    expect(await judgeTable([large])).toEqual([[]])
    expect(asked).toEqual([[large]])
    // Twelve thousand rows have 24,000 members.
    expect(counted.reads).toBeLessThan(20_000)
  })
  test('many values share one bound', async () => {
    const { asked, judges } = farOf()
    const judgeTable = await judgeOf(judges, table)
    const counted = { reads: 0 }
    const values = many(50, () => counting(rowsOf(400), counted))
    expect(await judgeTable(values)).toHaveLength(50)
    expect(asked).toEqual([values])
    expect(counted.reads).toBeLessThan(20_000)
  })
  const chain = Object.fromEntries(
    many(1_100, (n) => [`d${n}`, n === 1_099 ? { required: ['z'] } : { $ref: `#/$defs/d${n + 1}` }]),
  )
  const deep = (levels: number): unknown => (levels === 0 ? 1 : { of: deep(levels - 1) })
  const knots: readonly (readonly [string, Loose, unknown])[] = [
    [
      'faults at the end of many references',
      { $defs: chain, properties: { a: { anyOf: many(12, () => ({ $ref: '#/$defs/d0' })) } } },
      { a: {} },
    ],
    [
      'faults deep within a value',
      { $defs: { n: { type: 'object', properties: { of: { $ref: '#/$defs/n' } } } }, $ref: '#/$defs/n' },
      deep(1_000),
    ],
    ['hundreds of thousands of items that may be anything', { items: true }, many(300_000, () => 1)],
    ['items none of which is what shall be there', { contains: false }, many(100_000, () => 1)],
  ]
  test.each(knots)('%s are judged elsewhere', async (_, schema, value) => {
    const { asked, judges } = farOf()
    expect(await (await judgeOf(judges, schema))([value])).toEqual([[]])
    expect(asked).toEqual([[value]])
  })

  /** Four items by a thousand alternatives are some 4,000 parts looked at. */
  const heavy = { items: { anyOf: many(1_000, (n) => ({ type: 'string', minLength: n })) } }
  const items = ['a', 'b', 'c', 'd']
  test('judgements, also of several replies at once, let what waits go on in between', async () => {
    let judged = 0
    const between: number[] = []
    const judges = createSchemaJudges(undefined, async () => {
      await new Promise(setImmediate)
      between.push(judged)
      judged = 0
    })
    const judge = await judgeOf(judges, heavy)
    between.length = 0
    const reply = async (): Promise<void> => {
      for (let call = 0; call < 10; call++) {
        expect(await judge([items])).toEqual([[]])
        judged++
      }
    }
    await Promise.all([reply(), reply(), reply()])
    expect(Math.max(...between)).toBeLessThan(4)
    expect(between.length).toBeGreaterThan(9)
  })
  test('what is judged for a count alone does without when it takes a while, or others wait', async () => {
    let turns = 0
    const judges = createSchemaJudges(undefined, async () => void turns++)
    expect(judges.nearly({ $defs: chain, properties: { a: { $ref: '#/$defs/d0' } } }, { a: {} })).toBeUndefined()
    expect(judges.nearly({ allOf: many(500, () => ({ type: 'string' })) }, 'x')).toBeUndefined()
    await Bun.sleep(0)
    expect(judges.nearly(heavy, items)).toBeUndefined()
    await Bun.sleep(0)
    const verdicts = many(2_000, () => judges.nearly(row, { id: 1, kind: 'a' })?.length)
    expect(new Set(verdicts)).toEqual(new Set([0, undefined]))
    await Bun.sleep(0)
    expect(judges.nearly(row, { id: 1, kind: 'a' })).toEqual([])
    expect(turns).toBeGreaterThan(0)
  })
  test('a schema that was too long for a count is read for a demand', async () => {
    const judges = createSchemaJudges()
    const wide = { allOf: many(600, () => ({ type: 'string' })) }
    expect(judges.nearly(wide, 'x')).toBeUndefined()
    expect(await (await judgeOf(judges, wide))(['x'])).toEqual([[]])
    expect(judges.stats()).toMatchObject({ schemas: 1, far: 0 })
  })
  const hostile: readonly (readonly [string, Loose])[] = [
    ['thousands of parts', { properties: Object.fromEntries(many(4_900, (n) => [`m${n}`, { type: 'string' }])) }],
    ['patterns that are written out', { allOf: many(100, (n) => ({ pattern: `^(?:[a-z]{1,500}){1,2}${n}$` })) }],
    ['classes of Unicode', { allOf: many(100, (n) => ({ pattern: `${n}${'\\p{L}'.repeat(300)}` })) }],
    ['a long list', { enum: many(50_000, (n) => `${n}`) }],
    ['objects to choose from', { enum: many(9_000, (n) => ({ n })) }],
    [
      'names of their own',
      { items: { $id: 'a', items: { $id: 'b', properties: Object.fromEntries(many(600, (n) => [`m${n}`, {}])) } } },
    ],
  ]
  test.each(hostile)('a schema of %s is read elsewhere', async (_, schema) => {
    const { asked, judges } = farOf()
    const judgeIt = await judgeOf(judges, schema)
    expect(asked).toEqual([[]])
    expect(await judgeIt([1])).toEqual([[]])
    expect(asked).toEqual([[], [1]])
    expect(judges.nearly(schema, 1)).toBeUndefined()
    expect(judges.stats()).toMatchObject({ schemas: 1, far: 2 })
  })
  test('a pattern beyond all bounds is refused', () => {
    for (const pattern of [`(?:${'a'.repeat(100)}){1000}`, '((a{100}){10}){50}'])
      expect(createJudge({ pattern })).toMatchObject({ ok: false, error: { path: 'pattern' } })
  })

  describe('a process of its own', () => {
    const child = path.join(import.meta.dir, '../../server/contract/far-judge.ts')
    const run = (text: string) => [process.execPath, '-e', text]
    const { judge: far } = createFarJudges(
      run(`import { runJudgeChild } from ${JSON.stringify(child)}; process.exit(await runJudgeChild())`),
    )

    test('judges what is too much here, and tells what is wrong with a schema', async () => {
      const wrong = { rows: [...rowsOf(12_000).rows, { id: 'x', kind: 'a' }] }
      const judged = await far(table, [rowsOf(12_000), wrong], anybody)
      expect(judged).toMatchObject({ ok: true, value: [[], [expect.stringContaining('#/rows/12000/id')]] })
      const names = Object.fromEntries(many(3_000, (n) => [`m${n}`, { type: 'string' }]))
      const broken = await createSchemaJudges(far).of({ properties: { ...names, last: { type: 'text' } } })
      expect(broken).toMatchObject({ ok: false, error: { path: 'properties.last.type' } })
    })
    test('one that fails leaves it unknown', async () => {
      for (const command of [run('process.exit(1)'), ['/nowhere/at/all']]) {
        const judges = createSchemaJudges(createFarJudges(command).judge)
        const judgeTable = await judgeOf(judges, table)
        expect(await judgeTable([rowsOf(12_000)])).toEqual([[...tooMuch]])
      }
    })
    /** Each says that it has begun and waits until it may end. */
    const holding = (line: Parameters<typeof createFarJudges>[1] = {}) => {
      const folder = mkdtempSync(path.join(tmpdir(), 'judging-'))
      const held = createFarJudges(
        run(`const { existsSync, writeFileSync } = require('node:fs')
          writeFileSync(${JSON.stringify(folder)} + '/' + process.pid, '')
          while (!existsSync(${JSON.stringify(path.join(folder, 'go'))})) await Bun.sleep(5)
          console.log(JSON.stringify({ ok: true, value: [[]] }))`),
        line,
      )
      const begun = async (count: number): Promise<void> => {
        while (readdirSync(folder).length < count) await Bun.sleep(5)
      }
      return { held, begun, go: () => writeFileSync(path.join(folder, 'go'), ''), folder }
    }
    const met = { ok: true, value: [[]] }
    const turnedAway = { ok: false, error: { path: '', isBusy: true, isTooMuch: true } }

    test('two of one caller run at a time, the others wait, and those of another are not behind them', async () => {
      const { held, begun, go, folder } = holding({ ofOne: 3, short: 3, all: 5 })
      const judgeOf = (callerId: string) => held.judge({}, [1], { callerId, signal: anybody.signal })
      const asked = many(5, () => judgeOf('a'))
      expect(held.waiting()).toBe(3)
      expect(await judgeOf('a')).toMatchObject(turnedAway)
      asked.push(judgeOf('b'))
      await begun(3)
      expect(held.waiting()).toBe(3)
      asked.push(judgeOf('b'), judgeOf('c'))
      expect(held.waiting()).toBe(5)
      expect(await judgeOf('d')).toMatchObject(turnedAway)
      go()
      expect(await Promise.all(asked)).toEqual(asked.map(() => met) as never)
      expect(held.waiting()).toBe(0)
      rmSync(folder, { recursive: true })
    })
    test('one caller alone may have more in line, and leaves room for others', async () => {
      const { held, go, folder } = holding()
      const judgeOf = (callerId: string) => held.judge({}, [1], { callerId, signal: anybody.signal })
      const asked = many(62, () => judgeOf('a'))
      expect(held.waiting()).toBe(60)
      expect(await judgeOf('a')).toMatchObject(turnedAway)
      asked.push(...many(21, () => judgeOf('b'))) // one takes the third seat
      expect(held.waiting()).toBe(80)
      for (const callerId of ['a', 'b']) expect(await judgeOf(callerId)).toMatchObject(turnedAway)
      asked.push(...many(20, () => judgeOf('c')))
      expect(held.waiting()).toBe(100)
      expect(await judgeOf('d')).toMatchObject(turnedAway)
      go()
      expect(await Promise.all(asked)).toEqual(asked.map(() => met) as never)
      rmSync(folder, { recursive: true })
    }, 60_000)
    test('whoever leaves gives up its place, in line and in the process', async () => {
      const { held, begun, go, folder } = holding({ ofOne: 3 })
      const leaving = new AbortController()
      const asked = many(5, () => held.judge({}, [1], { callerId: 'a', signal: leaving.signal }))
      await begun(2)
      leaving.abort()
      expect(held.waiting()).toBe(0)
      for (const judged of await Promise.all(asked)) expect(judged.ok).toBe(false)
      const next = held.judge({}, [1], { callerId: 'a', signal: anybody.signal })
      await begun(3)
      go()
      expect(await next).toEqual(met as never)
      rmSync(folder, { recursive: true })
    })
    test('a wait has an end', async () => {
      const { held, go, folder } = holding({ waitMs: 50 })
      const [first, second, third] = many(3, () => held.judge({}, [1], anybody))
      expect(await third).toMatchObject(turnedAway)
      go()
      expect([await first, await second]).toEqual([met, met] as never)
      rmSync(folder, { recursive: true })
    })
    test('a schema whose turn did not come is not the caller’s fault, and comes again', async () => {
      const busy: FarJudge = async () => ({
        ok: false,
        error: { ...turnedAway.error, problem: 'waits', isBusy: true, isTooMuch: true },
      })
      const large = { enum: many(50_000, (n) => `${n}`) }
      const asked = makeConversation({ output: { type: 'json-schema', schema: large, at: 'text.format' } })
      const read = await readDemand(asked, createSchemaJudges(busy), anybody)
      expect(read).toMatchObject({
        ok: false,
        error: { kind: 'model-overloaded', field: 'text.format', retryAfterMs: 10_000 },
      })
    })
  })
})

test('a schema that comes again is not read again, and what waits goes on behind one that is', async () => {
  let turns = 0
  const judges = createSchemaJudges(undefined, async () => void turns++)
  const first = await judges.of({ type: 'object' })
  expect([first.ok, judges.of({ type: 'object' }) instanceof Promise, turns]).toEqual([true, false, 1])
  expect(judges.stats().schemas).toBe(1)
  const tools = Array.from({ length: 5 }, (_, n) => ({
    name: `t${n}`,
    description: '',
    schema: { type: 'object', title: `${n}` },
    strict: { at: `tools.${n}` },
  }))
  expect((await readDemand(makeConversation({ tools }), judges)).ok).toBe(true)
  expect(turns).toBe(6)
})

test('patterns of member names are judged in linear time, groups and all', () => {
  const names = (pattern: string) => {
    const made = createBounded({ patternProperties: { [pattern]: { type: 'integer' } } }, nearBounds)
    if (!made.ok) throw new Error(made.error.problem)
    return made.value
  }
  expect(names('^(a|b)+_')({ ab_: 1, c: 'x' })).toEqual([])
  expect(names('^(a|b)+_')({ ab_: 'x' })).not.toEqual([])
  expect(names('^(a+)+$')({ [`${'a'.repeat(2_000)}!`]: 'x' })).toEqual([])
  expect(names('^a(?<!b)')({ a: 1 })).toEqual(tooMuch)
})
