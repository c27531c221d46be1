import { type Static, type TSchema, Type } from '@sinclair/typebox'
import { type TypeCheck, TypeCompiler, type ValueError, ValueErrorType } from '@sinclair/typebox/compiler'
import { type GatewayError, gatewayError } from '../conversation/error.ts'
import { err, ok, type Result } from '../lib/result.ts'

export type Decoded<T> = Result<T, GatewayError>

/** Every object we read may carry members we do not know (ruling 18). */
export const open = { additionalProperties: true } as const

/** An object of any members, as JSON has it. */
export type Loose = Readonly<Record<string, unknown>>
export const isObject = (value: unknown): value is Loose =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** One of some words. A caller's object may have members that keep it from becoming text, so it is never made one. */
export const isAmong = (value: unknown, words: readonly string[]): boolean =>
  typeof value === 'string' && words.includes(value)

/** A member that may be left out or be null; clients send both for "not set". */
export const optional = <S extends TSchema>(schema: S) => Type.Optional(Type.Union([schema, Type.Null()]))

/** A refusal that names the member in the caller's spelling and never repeats its value. */
export function refuse(field: string, problem: string): { readonly ok: false; readonly error: GatewayError } {
  return err(gatewayError('invalid-request', field === '' ? problem : `${field}: ${problem}`, { field }))
}

export type Validator<S extends TSchema> = (value: unknown, at?: string) => Decoded<Static<S>>

/**
 * Compiles a schema once, when first asked: a start needs none. `at` is where the value stands in the body, so that errors
 * carry the whole path.
 */
export function createValidator<S extends TSchema>(schema: S): Validator<S> {
  let compiled: TypeCheck<S> | undefined
  return (value, at = '') => {
    compiled ??= TypeCompiler.Compile(schema)
    const check = compiled
    if (check.Check(value)) return ok(value)
    const first = check.Errors(value).First()
    if (first === undefined) return refuse(at, 'is not valid')
    const fault = deepest(first)
    return refuse(joinPath(at, fieldOf(fault.path)), describe(fault))
  }
}

/** The decoded items in order, or the first refusal. Items decoding to several values are laid flat by the caller. */
export function decodeEach<A, B>(items: readonly A[], decode: (item: A, index: number) => Decoded<B>): Decoded<B[]> {
  const values: B[] = []
  for (const [index, item] of items.entries()) {
    const decoded = decode(item, index)
    if (!decoded.ok) return decoded
    values.push(decoded.value)
  }
  return ok(values)
}

const deepestNesting = 256

/** A body nested so deeply that some later step might overflow its stack is refused, naming the member. */
export function checkNesting(body: unknown, except: readonly string[] = []): Decoded<unknown> {
  if (typeof body !== 'object' || body === null) return ok(body)
  for (const [name, value] of Object.entries(body)) {
    if (except.includes(name)) continue
    if (isDeeperThan(value, deepestNesting)) return refuse(name, `is nested more than ${deepestNesting} levels deep`)
  }
  return ok(body)
}

function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (levels === 0) return true
  for (const member of Array.isArray(value) ? value : Object.values(value)) {
    if (typeof member === 'object' && isDeeperThan(member, levels - 1)) return true
  }
  return false
}

// A union fails as a whole; the variant whose failure lies deepest is the one the caller meant.
function deepest(error: ValueError): ValueError {
  let found = error
  for (const variant of error.errors) {
    const first = variant.First()
    if (first === undefined) continue
    const inner = deepest(first)
    if (inner.path.length > found.path.length || rangeFault(inner, found)) found = inner
  }
  return found
}

// `0` against "integer >= 1 or null": the range is what to tell, not the list of types.
const rangeFault = (inner: ValueError, found: ValueError): boolean =>
  found.type === ValueErrorType.Union && inner.path === found.path && rangeTypes.has(inner.type)

const rangeTypes: ReadonlySet<ValueErrorType> = new Set([
  ValueErrorType.IntegerMinimum,
  ValueErrorType.IntegerMaximum,
  ValueErrorType.NumberMinimum,
  ValueErrorType.NumberMaximum,
  ValueErrorType.StringMinLength,
  ValueErrorType.ArrayMinItems,
])

const fieldOf = (pointer: string): string =>
  pointer
    .split('/')
    .slice(1)
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'))
    .join('.')

const joinPath = (at: string, field: string): string => (at === '' || field === '' ? at + field : `${at}.${field}`)

function describe(error: ValueError): string {
  switch (error.type) {
    case ValueErrorType.ObjectRequiredProperty:
      return 'is required'
    case ValueErrorType.StringMinLength:
      return 'must not be empty'
    case ValueErrorType.ArrayMinItems:
      return 'must have at least one entry'
    case ValueErrorType.IntegerMinimum:
    case ValueErrorType.NumberMinimum:
      return `must be at least ${error.schema.minimum}`
    case ValueErrorType.IntegerMaximum:
    case ValueErrorType.NumberMaximum:
      return `must be at most ${error.schema.maximum}`
    default:
      return `must be ${kindOf(error.schema)}`
  }
}

function kindOf(schema: TSchema): string {
  if (Array.isArray(schema.anyOf)) {
    const kinds = (schema.anyOf as readonly TSchema[]).filter((variant) => variant.type !== 'null').map(kindOf)
    return kinds.length < 2 ? kinds.join('') : `${kinds.slice(0, -1).join(', ')} or ${kinds.at(-1)}`
  }
  if (schema.const !== undefined) return `'${schema.const}'`
  const article = schema.type === 'array' || schema.type === 'object' || schema.type === 'integer' ? 'an' : 'a'
  return `${article} ${schema.type}`
}
