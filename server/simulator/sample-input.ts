import { listOf, type Shape, shapeOf, textOf } from './shape.ts'

const maxDepth = 8

/** A plausible, harmless value for a JSON Schema: required members, the first choice of each alternative. */
export function sampleOf(schema: Shape, root: Shape = schema, name = '', depth = 0): unknown {
  if (depth > maxDepth) return null
  const inner = (value: unknown, key: string): unknown => sampleOf(shapeOf(value) ?? {}, root, key, depth + 1)
  if (schema.const !== undefined) return schema.const
  if (schema.default !== undefined) return schema.default
  if (Array.isArray(schema.enum) && schema.enum.length > 0) return schema.enum[0]
  const target = textOf(schema.$ref)
  if (target !== undefined) return inner(resolve(target, root), name)
  for (const keyword of ['anyOf', 'oneOf', 'allOf']) {
    const choices = listOf(schema[keyword])
    if (choices.length > 0 && schema.properties === undefined) return inner(choices[0], name)
  }
  switch (Array.isArray(schema.type) ? schema.type[0] : (schema.type ?? (schema.properties ? 'object' : 'string'))) {
    case 'object':
      return sampleObject(schema, inner)
    case 'array':
      return Array.from({ length: Math.min(10, Math.max(1, Number(schema.minItems) || 1)) }, () =>
        inner(schema.items, name),
      )
    case 'integer':
    case 'number':
      return sampleNumber(schema)
    case 'boolean':
      return true
    case 'null':
      return null
    default:
      return sampleString(schema, name)
  }
}

function sampleObject(schema: Shape, inner: (value: unknown, key: string) => unknown): Shape {
  const properties = shapeOf(schema.properties) ?? {}
  const required = listOf(schema.required).filter((key) => typeof key === 'string')
  const keys = required.length > 0 ? required : Object.keys(properties).slice(0, 1)
  return Object.fromEntries(keys.map((key) => [key, inner(properties[key], key)]))
}

function sampleNumber(schema: Shape): number {
  const low = typeof schema.minimum === 'number' ? schema.minimum : undefined
  const high = typeof schema.maximum === 'number' ? schema.maximum : undefined
  if (low !== undefined) return low
  return high === undefined ? 1 : Math.min(1, high)
}

const formats: Readonly<Record<string, string>> = {
  date: '2026-01-31',
  'date-time': '2026-01-31T12:00:00Z',
  time: '12:00:00Z',
  email: 'someone@example.com',
  uri: 'https://example.com/',
  uuid: '00000000-0000-4000-8000-000000000000',
}
/** By the name of the member; nothing that would do harm if it were run. */
const byName: readonly (readonly [pattern: RegExp, value: string])[] = [
  [/command|cmd|script/i, 'echo simulated'],
  [/city|location|place/i, 'Paris'],
  [/country/i, 'France'],
  [/url|uri|link/i, 'https://example.com/'],
  [/path|file/i, 'simulated.txt'],
  [/pattern|glob/i, '*.txt'],
  [/date/i, '2026-01-31'],
  [/e?mail/i, 'someone@example.com'],
  [/query|question|search/i, 'simulated query'],
]

function sampleString(schema: Shape, name: string): string {
  const text =
    formats[textOf(schema.format) ?? ''] ?? byName.find(([pattern]) => pattern.test(name))?.[1] ?? 'simulated'
  const padded = text.padEnd(Math.min(10_000, Number(schema.minLength) || 0), '.')
  return typeof schema.maxLength === 'number' ? padded.slice(0, schema.maxLength) : padded
}

/** `#` and `#/$defs/x` within the same schema; anything else is an empty schema. */
function resolve(target: string, root: Shape): unknown {
  if (target === '#') return root
  if (!target.startsWith('#/')) return {}
  return target
    .slice(2)
    .split('/')
    .reduce<unknown>((value, key) => shapeOf(value)?.[key.replaceAll('~1', '/').replaceAll('~0', '~')], root)
}
