/** What of JSON Schema the contracts use (test/ui/schema-check.test.ts holds that it is no more than this). */
export type Schema = {
  readonly type?: string
  readonly const?: unknown
  readonly anyOf?: readonly Schema[]
  /** Only as `not: {}`: a member that must not be there. */
  readonly not?: object
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly patternProperties?: Readonly<Record<string, Schema>>
  readonly additionalProperties?: boolean
  readonly items?: Schema
  readonly minLength?: number
  readonly maxLength?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly minItems?: number
  readonly maxItems?: number
}

/** What is wrong with one member: `path` is its name, with dots for what lies deeper. */
export type Fault = { readonly path: string } & (
  | { readonly kind: 'required' | 'whole' | 'wrong' }
  | { readonly kind: 'short' | 'long' | 'below' | 'above' | 'few' | 'many'; readonly limit: number }
)

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Every fault of `value` by the server's own schema; none when the server would take its form. */
export function faultsOf(schema: Schema, value: unknown, path = ''): readonly Fault[] {
  if (schema.anyOf) return ofUnion(schema.anyOf, value, path)
  if (schema.not) return [{ path, kind: 'wrong' }]
  if ('const' in schema) return value === schema.const ? [] : [{ path, kind: 'wrong' }]
  switch (schema.type) {
    case 'object':
      return isObject(value) ? ofObject(schema, value, path) : [{ path, kind: 'wrong' }]
    case 'array':
      return Array.isArray(value) ? ofArray(schema, value, path) : [{ path, kind: 'wrong' }]
    case 'string':
      return typeof value === 'string' ? ofText(schema, value, path) : [{ path, kind: 'wrong' }]
    case 'integer':
    case 'number':
      return ofNumber(schema, value, path)
    case 'boolean':
      return typeof value === 'boolean' ? [] : [{ path, kind: 'wrong' }]
    case 'null':
      return value === null ? [] : [{ path, kind: 'wrong' }]
    default:
      return []
  }
}

/** Of a choice that fits nowhere, the faults of the branch that is meant: one for this kind of value, and of those the nearest. */
function ofUnion(branches: readonly Schema[], value: unknown, path: string): readonly Fault[] {
  const tried = branches.map((branch) => faultsOf(branch, value, path)).toSorted((a, b) => a.length - b.length)
  const meant = tried.find((faults) => !faults.some((fault) => fault.path === path && fault.kind === 'wrong'))
  return meant ?? [{ path, kind: 'wrong' }]
}

function ofObject(schema: Schema, value: Readonly<Record<string, unknown>>, path: string): readonly Fault[] {
  const at = (name: string): string => (path === '' ? name : `${path}.${name}`)
  const known = schema.properties ?? {}
  const named = Object.entries(known).flatMap(([name, member]): readonly Fault[] => {
    const given = value[name]
    if (given !== undefined) return faultsOf(member, given, at(name))
    return schema.required?.includes(name) ? [{ path: at(name), kind: 'required' }] : []
  })
  const [pattern] = Object.values(schema.patternProperties ?? {})
  if (pattern === undefined && schema.additionalProperties !== false) return named
  const rest = Object.entries(value).filter(([name, given]) => !Object.hasOwn(known, name) && given !== undefined)
  const others = rest.flatMap(([name, given]) => faultsOf(pattern ?? { not: {} }, given, at(name)))
  return [...named, ...others]
}

function ofArray(schema: Schema, value: readonly unknown[], path: string): readonly Fault[] {
  const { minItems = 0, maxItems = Number.POSITIVE_INFINITY, items } = schema
  if (value.length < minItems)
    return [value.length === 0 ? { path, kind: 'required' } : { path, kind: 'few', limit: minItems }]
  if (value.length > maxItems) return [{ path, kind: 'many', limit: maxItems }]
  return items === undefined ? [] : value.flatMap((item, index) => faultsOf(items, item, `${path}.${index}`))
}

function ofText(schema: Schema, value: string, path: string): readonly Fault[] {
  const { minLength = 0, maxLength = Number.POSITIVE_INFINITY } = schema
  if (value.length < minLength)
    return [value === '' ? { path, kind: 'required' } : { path, kind: 'short', limit: minLength }]
  if (value.length > maxLength) return [{ path, kind: 'long', limit: maxLength }]
  return []
}

function ofNumber(schema: Schema, value: unknown, path: string): readonly Fault[] {
  if (typeof value !== 'number' || !Number.isFinite(value)) return [{ path, kind: 'wrong' }]
  const { minimum = Number.NEGATIVE_INFINITY, maximum = Number.POSITIVE_INFINITY } = schema
  if (schema.type === 'integer' && !Number.isInteger(value)) return [{ path, kind: 'whole' }]
  if (value < minimum) return [{ path, kind: 'below', limit: minimum }]
  if (value > maximum) return [{ path, kind: 'above', limit: maximum }]
  return []
}
