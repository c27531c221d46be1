import { describe, expect, test } from 'bun:test'
import { createJudge } from '../../server/contract/schema-judge.ts'
import { createSchemaJudges } from '../../server/contract/schema-judges.ts'

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
  ['no decimal', { pattern: '^(?!^[-+.]*$)[+-]?0*\\d*\\.?\\d*$' }, '-', false],
  ['a format', { format: 'date-time' }, 'yesterday', false],
  ['a format nobody judges', { format: 'color' }, 'x', true],
  ['null where const says so', { const: null }, 0, false],
  ['the same item twice', { uniqueItems: true }, [1, 1], false],
  ['one of two', { oneOf: [{ type: 'string' }, { type: 'number' }] }, true, false],
]
test.each(rows)('%s', (_, schema, value, valid) => {
  expect(judge(schema, value).length === 0).toBe(valid)
})

test('faults name the place and what is wrong there', () => {
  const schema = { type: 'object', properties: { a: { type: 'array', items: { type: 'integer' } } } }
  expect(judge(schema, { a: [1, 'x'] })).toEqual(['#/a/1: Instance type "string" is invalid. Expected "integer".'])
  expect(judge({ pattern: '^b' }, 'a')).toEqual(['#: String does not match format of the pattern "^b".'])
})

const refused: readonly (readonly [string, Loose, string])[] = [
  ['an unknown type', { properties: { a: { type: 'text' } } }, 'properties.a.type'],
  ['a schema that is none', { properties: { a: 3 } }, 'properties.a'],
  ['a pattern that is none', { pattern: '(' }, 'pattern'],
  ['a list of names that is none', { required: 'a' }, 'required'],
  ['a remote reference', { $ref: 'https://example.com/schema.json' }, '$ref'],
  ['a reference to nothing', { $ref: '#/$defs/none' }, '$ref'],
  ['a circle', { $ref: '#' }, ''],
  ['a circle of two', { $defs: { a: { $ref: '#/$defs/b' }, b: { $ref: '#/$defs/a' } }, $ref: '#/$defs/a' }, ''],
  ['a pattern that looks ahead and repeats repetition', { pattern: '^(?=a)(a+)+$' }, 'pattern'],
  ['member names by groups', { patternProperties: { '^(a+)+$': {} } }, 'patternProperties'],
]
test.each(refused)('%s is refused by its place', (_, schema, path) => {
  const made = createJudge(schema)
  expect(made.ok ? 'accepted' : made.error.path).toBe(path)
})

describe('what would take for ever', () => {
  const quick = (work: () => void): void => {
    const begin = performance.now()
    work()
    expect(performance.now() - begin).toBeLessThan(3_000)
  }
  test('a pattern made for backtracking is judged in linear time', () => {
    quick(() => {
      for (const pattern of ['^(a+)+$', '^(a|a)*$', '^(([a-z])+.)+[A-Z]([a-z])+$'])
        expect(judge({ pattern }, `${'a'.repeat(50_000)}!`)).toHaveLength(1)
    })
  })
  test('a schema that doubles with every step is refused', () => {
    const $defs = Object.fromEntries(
      Array.from({ length: 40 }, (_, n) => [
        `d${n}`,
        { allOf: [{ $ref: `#/$defs/d${n + 1}` }, { $ref: `#/$defs/d${n + 1}` }] },
      ]),
    )
    quick(() => expect(createJudge({ $defs: { ...$defs, d40: {} }, $ref: '#/$defs/d0' }).ok).toBe(false))
  })
  test('a schema that doubles with every level of the value says so', () => {
    const node = { $ref: '#/$defs/n' }
    let value: unknown = {}
    for (let level = 0; level < 60; level++) value = { c: value }
    quick(() =>
      expect(judge({ $defs: { n: { properties: { c: { allOf: [node, node] } } } }, ...node }, value)).toEqual([
        '#: too much to judge',
      ]),
    )
  })
  test('a value nested beyond the stack says so', () => {
    let value: unknown = { of: [] }
    for (let level = 0; level < 20_000; level++) value = { of: [value] }
    quick(() => expect(judge(tree, value)).toEqual(['#: too much to judge']))
  })
})

test('a schema that comes again is not read again', () => {
  const judges = createSchemaJudges()
  expect(judges.of({ type: 'object' })).toBe(judges.of({ type: 'object' }))
  expect(judges.stats().schemas).toBe(1)
})
