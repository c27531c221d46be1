import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { cleanInput, cleanSchema } from '../../server/upstream/amazonq/schema.ts'

const empty = { type: 'object', properties: {} }

test.each([
  ['nothing at all', {}, empty],
  [
    'what is refused',
    { $schema: 'x', $id: 'y', type: 'object', properties: null, required: null, additionalProperties: false },
    empty,
  ],
  ['an empty list of required members', { ...empty, required: [] }, empty],
  ['another type than object', { type: ['object', 'null'] }, empty],
  [
    'required members that are none',
    { properties: { a: {}, b: {} }, required: ['a', '', 7, null] },
    { type: 'object', properties: { a: {}, b: {} }, required: ['a'] },
  ],
  [
    'properties without a name',
    { properties: { '': {}, a: { type: 'string' } } },
    { type: 'object', properties: { a: { type: 'string' } } },
  ],
  [
    'members called like keywords',
    { properties: { additionalProperties: { type: 'string' }, required: { type: 'array', items: {} }, $schema: {} } },
    {
      type: 'object',
      properties: { additionalProperties: { type: 'string' }, required: { type: 'array', items: {} }, $schema: {} },
    },
  ],
  [
    'the same inside',
    {
      properties: {
        a: {
          anyOf: [
            { type: 'object', additionalProperties: true, required: [] },
            { type: 'array', items: { $comment: 'x' } },
          ],
        },
      },
    },
    { type: 'object', properties: { a: { anyOf: [{ type: 'object' }, { type: 'array', items: {} }] } } },
  ],
  [
    'yes and no as schemas',
    { properties: { a: true, b: false } },
    { type: 'object', properties: { a: {}, b: { not: {} } } },
  ],
  [
    'null as the only value',
    { properties: { a: { const: null, default: null, title: null } } },
    { type: 'object', properties: { a: { enum: [null] } } },
  ],
  [
    'values, which are no schemas',
    { properties: { a: { enum: [null, { additionalProperties: 1 }], default: { required: [] } } } },
    { type: 'object', properties: { a: { enum: [null, { additionalProperties: 1 }], default: { required: [] } } } },
  ],
  [
    'references',
    { $defs: { x: { additionalProperties: false, type: 'object' } }, properties: { a: { $ref: '#/$defs/x' } } },
    { $defs: { x: { type: 'object' } }, properties: { a: { $ref: '#/$defs/x' } }, type: 'object' },
  ],
  [
    'what a dropped keyword says',
    {
      type: 'object',
      description: 'A map.',
      additionalProperties: { type: 'number' },
      propertyNames: { pattern: '^x' },
    },
    {
      type: 'object',
      description: 'A map.\nFurther properties match: {"type":"number"}\nProperty names match: {"pattern":"^x"}',
      properties: {},
    },
  ],
])('a schema with %s', (_, schema, expected) => {
  const before = JSON.stringify(schema)
  expect(cleanSchema(schema)).toEqual(expected)
  expect(JSON.stringify(schema)).toBe(before)
})

test('a schema deeper than any sense ends, and cleaning twice changes nothing', () => {
  let deep: Record<string, unknown> = { type: 'string' }
  for (let level = 0; level < 5_000; level++) deep = { type: 'array', items: deep }
  const cleaned = cleanSchema({ properties: { deep } })
  expect(JSON.stringify(cleaned).length).toBeLessThan(5_000)
  expect(cleanSchema(cleaned)).toEqual(cleaned)
})

const withoutNameless = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withoutNameless)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, member]) => (name === '' ? [] : [[name, withoutNameless(member)]])),
  )
}

test('an input loses nameless members and nothing else', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom('', 'a', 'b'), fc.jsonValue({ maxDepth: 3 })), (input) => {
      const before = JSON.stringify(input)
      expect(JSON.stringify(cleanInput(input))).toBe(JSON.stringify(withoutNameless(input)))
      expect(JSON.stringify(input)).toBe(before)
    }),
  )
  const clean = { a: [1, { b: null }] }
  expect(cleanInput(clean)).toBe(clean)
})

const levelsOf = (value: unknown): number =>
  typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(levelsOf)) : 0

test.each([
  [{ type: 'STRING' }, { type: 'string' }],
  [
    { type: 'Array', items: { type: 'INTEGER', minimum: '1' } },
    { type: 'array', items: { type: 'integer', minimum: 1 } },
  ],
  [{ type: ['STRING', 'NULL', 'STRING'] }, { type: ['string', 'null'] }],
  [{ anyOf: [{ type: 'BOOLEAN' }] }, { anyOf: [{ type: 'boolean' }] }],
  [{ type: 'TYPE_UNSPECIFIED', description: 'Any' }, { description: 'Any\nType: TYPE_UNSPECIFIED' }],
  [{ type: ['date'] }, {}],
  [{ type: {} }, {}],
])('a type in another spelling, %j, is corrected and told', (given, expected) => {
  const told: string[] = []
  const cleaned = cleanSchema({ type: 'OBJECT', properties: { a: given } }, (what) => told.push(what))
  expect(cleaned).toEqual({ type: 'object', properties: { a: expected } })
  expect(told).toContain('schema-corrected')
})

test('a schema in order is told of nothing', () => {
  const told: string[] = []
  const schema = {
    type: 'object',
    properties: { type: { type: ['string', 'null'], minLength: 1, default: { a: [1] } } },
  }
  expect(cleanSchema(schema, (what) => told.push(what))).toEqual(schema)
  expect(told).toEqual([])
})

test('what lies too deep is described instead, in schemas of any shape', () => {
  const wraps: readonly ((inner: object) => object)[] = [
    (inner) => ({ type: 'object', properties: { a: inner }, required: ['a'] }),
    (inner) => ({ type: 'array', items: inner }),
    (inner) => ({ anyOf: [{ type: 'null' }, inner] }),
    (inner) => ({ $defs: { a: { not: inner } } }),
    (inner) => ({ default: inner }),
    (inner) => ({ enum: [inner] }),
  ]
  for (const wrap of wraps) {
    let schema: object = { type: 'string' }
    for (let level = 0; level < 100; level++) schema = wrap(schema)
    const told: string[] = []
    const cleaned = cleanSchema(schema as Record<string, unknown>, (what) => told.push(what))
    expect(levelsOf(cleaned)).toBeLessThanOrEqual(50)
    expect(told).toContain('schema-cut')
    expect(cleanSchema(cleaned)).toEqual(cleaned)
  }
})

test('an input that nests too deeply goes as text', () => {
  let deep: Record<string, unknown> = { a: 1 }
  for (let level = 1; level < 48; level++) deep = { a: deep }
  expect(cleanInput(deep)).toBe(deep)
  let told = 0
  const raw = cleanInput({ a: deep }, () => told++)
  expect(raw).toEqual({ raw_arguments: JSON.stringify({ a: deep }) })
  expect(told).toBe(1)
})
