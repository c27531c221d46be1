import { expect, test } from 'bun:test'
import { readdirSync } from 'node:fs'
import path from 'node:path'
import { Kind, type TSchema, Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { array, assert, constant, dictionary, double, integer, oneof, property, string } from 'fast-check'
import { KeyCreate } from '../../server/admin/contract/keys.ts'
import { UserCreate } from '../../server/admin/contract/users.ts'
import { faultsOf, type Schema } from '../../ui/src/lib/schema-check.ts'

const folder = path.join(import.meta.dir, '../../server/admin/contract')

async function everySchema(): Promise<readonly (readonly [name: string, schema: TSchema])[]> {
  const modules = await Promise.all(
    readdirSync(folder).map(async (file) => Object.entries((await import(path.join(folder, file))) as object)),
  )
  return modules.flat().filter(([, value]) => typeof value === 'object' && value !== null && Kind in value)
}

/** What stands in a schema for people, or says no more than its structure. */
const silent = ['description', 'title', 'default', 'examples', '$id']
const known = [
  ...['type', 'const', 'anyOf', 'not', 'properties', 'required', 'patternProperties', 'additionalProperties', 'items'],
  ...['minLength', 'maxLength', 'minimum', 'maximum', 'minItems', 'maxItems'],
]

function keywords(schema: unknown): readonly string[] {
  if (typeof schema !== 'object' || schema === null) return []
  const { properties = {}, patternProperties = {}, anyOf = [], items } = schema as Schema
  const inner = [...Object.values(properties), ...Object.values(patternProperties), ...anyOf, items]
  return [...Object.keys(schema), ...inner.flatMap(keywords)]
}

test('the checker knows every word that the contracts use', async () => {
  const schemas = await everySchema()
  expect(schemas.length).toBeGreaterThan(100)
  const strange = schemas.flatMap(([name, schema]) =>
    keywords(schema)
      .filter((word) => !silent.includes(word) && !known.includes(word))
      .map((word) => `${name}: ${word}`),
  )
  expect(strange).toEqual([])
})

test('it takes what the server takes, and refuses what it refuses', () => {
  const schema = Type.Object(
    {
      name: Type.String({ minLength: 1, maxLength: 4 }),
      count: Type.Optional(Type.Union([Type.Integer({ minimum: 0, maximum: 9 }), Type.Null()])),
      share: Type.Optional(Type.Number({ minimum: 0 })),
      ids: Type.Optional(Type.Array(Type.String({ minLength: 1 }), { minItems: 1, maxItems: 2 })),
      kind: Type.Optional(Type.Union([Type.Literal('a'), Type.Literal('b')])),
      by: Type.Optional(Type.Record(Type.String(), Type.Boolean())),
      on: Type.Optional(Type.Boolean()),
      never: Type.Optional(Type.Never()),
    },
    { additionalProperties: false },
  )
  const leaf = oneof(
    string({ maxLength: 6 }),
    integer({ min: -2, max: 12 }),
    double({ noNaN: true }),
    constant(null),
    constant('a'),
    constant(true),
    array(string({ maxLength: 2 }), { maxLength: 3 }),
    dictionary(string({ maxLength: 2 }), constant(true), { maxKeys: 2 }),
  )
  const names = oneof(...[...Object.keys(schema.properties), 'strange'].map((name) => constant(name)))
  assert(
    property(dictionary(names, leaf), (value) => {
      expect(faultsOf(schema as Schema, value).length === 0).toBe(Value.Check(schema, value))
    }),
    { numRuns: 2_000 },
  )
})

test.each([
  [UserCreate, { name: '' }, 'name required undefined'],
  [UserCreate, {}, 'name required undefined'],
  [UserCreate, { name: 'x'.repeat(256) }, 'name long 255'],
  [UserCreate, { name: 'a', priority: 10 }, 'priority above 9'],
  [UserCreate, { name: 'a', priority: -1 }, 'priority below 0'],
  [UserCreate, { name: 'a', priority: 1.5 }, 'priority whole undefined'],
  [UserCreate, { name: 'a', priority: 'high' }, 'priority wrong undefined'],
  [KeyCreate, { name: 'a', accountIds: [] }, 'accountIds wrong undefined'],
] as const)('a fault names its member, its kind and the limit: %#', (schema, value, expected) => {
  const [fault] = faultsOf(schema as Schema, value)
  expect(`${fault?.path} ${fault?.kind} ${fault && 'limit' in fault ? fault.limit : undefined}`).toBe(expected)
})

test('what lies deeper is named with its way', () => {
  const schema = Type.Object({ limits: Type.Object({ tokens: Type.Array(Type.Integer({ minimum: 0 })) }) })
  expect(faultsOf(schema as Schema, { limits: { tokens: [1, -1] } })).toEqual([
    { path: 'limits.tokens.1', kind: 'below', limit: 0 },
  ])
})
