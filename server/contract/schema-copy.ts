import { err, ok, type Result } from '../lib/result.ts'
import type { Loose, SchemaFault } from './judging.ts'
import { readPattern } from './pattern.ts'

/** What stands for a pattern in a copy: the judge asks for a format of this name (schema-judge.ts). */
export const patternFormat = 'pattern of a schema: '

/** A format every text has: it weighs the text before its length or form is looked at. */
export const lengthFormat = 'any text of a schema'

const types: ReadonlySet<unknown> = new Set(['string', 'number', 'integer', 'boolean', 'object', 'array', 'null'])
const maps: ReadonlySet<string> = new Set([
  'properties',
  'patternProperties',
  '$defs',
  'definitions',
  'dependentSchemas',
])
const lists: ReadonlySet<string> = new Set(['anyOf', 'oneOf', 'allOf', 'prefixItems'])
const singles: ReadonlySet<string> = new Set([
  'additionalItems',
  'additionalProperties',
  'contains',
  'else',
  'if',
  'not',
  'propertyNames',
  'then',
  'unevaluatedItems',
  'unevaluatedProperties',
])
const counts: ReadonlySet<string> = new Set([
  'maxContains',
  'maxItems',
  'maxLength',
  'maxProperties',
  'minContains',
  'minItems',
  'minLength',
  'minProperties',
])
const numbers: ReadonlySet<string> = new Set([
  'exclusiveMaximum',
  'exclusiveMinimum',
  'maximum',
  'minimum',
  'multipleOf',
])
/** In draft-04 and OpenAPI 3.0 they say whether the bound itself is left out. */
const exclusive: ReadonlyMap<string, string> = new Map([
  ['exclusiveMaximum', 'maximum'],
  ['exclusiveMinimum', 'minimum'],
])
/** Those that the APIs name for strict schemas. Others tell the model something and are not judged. */
const judgedFormats: ReadonlySet<unknown> = new Set([
  'date',
  'date-time',
  'duration',
  'email',
  'hostname',
  'ipv4',
  'ipv6',
  'time',
  'uuid',
])

const mostSchemas = 5_000
const mostLevels = 100
/** Of reading a part of a schema, a step of its patterns, its characters: a tick is some microseconds. */
const ticksOfPart = 12
const ticksOfStep = 2.5
const charactersPerTick = 2
/** Names of their own within one another: the library goes through what is below each of them twice, and so 2 to the power of these. */
const mostNames = 3

class Refused extends Error {
  constructor(
    readonly path: string,
    readonly problem: string,
  ) {
    super(problem)
  }
}

/** What takes the place of keywords that the library judges at a cost nobody bounds. */
export type Stands = {
  /** Work done, in parts of a schema looked at. */
  readonly tick: (weight: number) => void
  readonly oneOf: (members: readonly unknown[]) => Loose
  readonly unique: Loose
}

/**
 * A copy of a caller's schema with the keywords that are judged, each checked for its form. Every part of the copy calls `tick`
 * when it is looked at, which bounds what a judgement may cost whatever the schema says.
 */
export function copySchema(schema: Loose, { tick, oneOf, unique }: Stands): Result<Loose, SchemaFault> {
  let seen = 0
  const refuse = (path: string, problem: string): never => {
    throw new Refused(path, problem)
  }
  const join = (path: string, name: string | number): string => (path === '' ? `${name}` : `${path}.${name}`)

  let names = 0
  /** Parts that the library will go through. */
  let gone = 0
  const pointers = new Set<string>()
  const copyValue = (value: unknown, path: string, level: number): unknown => {
    if (typeof value === 'boolean') return value
    if (!isLoose(value)) return refuse(path, 'must be a schema: an object, true or false')
    const isNamed = typeof value.$id === 'string'
    if (isNamed && ++names > mostNames) refuse(join(path, '$id'), `stands within more than ${mostNames} others`)
    const before = gone
    const made = copy(value, path, level)
    if (isNamed) {
      names--
      tick((gone - before) * ticksOfPart)
      gone += gone - before
    }
    return made
  }
  const copy = (given: Loose, path: string, level: number): Loose => {
    tick(ticksOfPart)
    gone++
    if (++seen > mostSchemas) refuse('', `has more than ${mostSchemas} parts`)
    if (level > mostLevels) refuse('', `is nested more than ${mostLevels} levels deep`)
    const made: [string, unknown][] = []
    const more: Loose[] = []
    const orNull = given.nullable === true && given.type !== undefined ? [null] : []
    for (const [name, value] of Object.entries(given)) {
      const at = join(path, name)
      if (value === null && name !== 'const') continue
      if (name === 'type') made.push([name, typeOf(value, at, orNull.length > 0)])
      else if (name === 'const') more.push(oneOf([value]))
      else if (name === 'uniqueItems') {
        if (value === true) more.push(unique)
      } else if (name === 'enum' || name === 'required') {
        if (!Array.isArray(value)) return refuse(at, 'must be a list')
        if (name === 'required' && !value.every((entry) => typeof entry === 'string'))
          refuse(at, 'must be a list of names')
        if (name === 'enum') more.push(oneOf([...value, ...orNull]))
        else made.push([name, value])
      } else if (maps.has(name)) {
        if (!isLoose(value)) return refuse(at, 'must be an object of schemas')
        if (name === 'patternProperties')
          for (const key of Object.keys(value)) weigh(key, at, `${JSON.stringify(key.slice(0, 100))} `)
        made.push([
          name,
          Object.fromEntries(
            Object.entries(value).map(([key, inner]) => [key, copyValue(inner, join(at, key), level + 1)]),
          ),
        ])
      } else if (lists.has(name) || (name === 'items' && Array.isArray(value))) {
        if (!Array.isArray(value)) return refuse(at, 'must be a list of schemas')
        if (value.length > 0)
          made.push([name, value.map((inner, index) => copyValue(inner, join(at, index), level + 1))])
      } else if (singles.has(name) || name === 'items') made.push([name, copyValue(value, at, level + 1)])
      else if (name === 'dependencies') {
        if (!isLoose(value)) return refuse(at, 'must be an object')
        const entries = Object.entries(value).map(
          ([key, inner]) => [key, Array.isArray(inner) ? inner : copyValue(inner, join(at, key), level + 1)] as const,
        )
        made.push([name, Object.fromEntries(entries)])
      } else if (counts.has(name)) {
        if (!Number.isInteger(value) || (value as number) < 0) refuse(at, 'must be a whole number, 0 or more')
        if (name.endsWith('Length')) more.push({ format: lengthFormat })
        made.push([name, value])
      } else if (typeof value === 'boolean' && exclusive.has(name)) {
        const bound = given[exclusive.get(name) ?? '']
        if (value && typeof bound === 'number') made.push([name, bound])
      } else if (numbers.has(name)) {
        if (typeof value !== 'number') refuse(at, 'must be a number')
        if (name === 'multipleOf' && (value as number) <= 0) refuse(at, 'must be more than 0')
        made.push([name, value])
      } else if (name === 'pattern') {
        if (typeof value !== 'string') return refuse(at, 'must be a text')
        weigh(value, at)
        more.push({ format: patternFormat + value })
      } else if (name === 'format') {
        if (judgedFormats.has(value)) more.push({ format: lengthFormat }, { format: value })
      } else if (name === '$ref' || name === '$id' || name === '$anchor') {
        if (typeof value !== 'string') return refuse(at, 'must be a text')
        if (name === '$ref' && names === 0 && value.startsWith('#/')) pointers.add(value)
        made.push([name, value])
      } else if (name === '$dynamicRef' || name === '$recursiveRef') {
        // The library passes over both, and what nobody judges would pass for valid.
        refuse(at, 'cannot be judged: refer by $ref')
      } else if (name === 'dependentRequired') {
        const isNames = (list: unknown) => Array.isArray(list) && list.every((entry) => typeof entry === 'string')
        if (!isLoose(value) || !Object.values(value).every(isNames))
          return refuse(at, 'must be an object of lists of names')
        made.push([name, value])
      }
    }
    if (more.length > 0) {
      const all = made.find(([name]) => name === 'allOf')
      if (all === undefined) made.push(['allOf', more.map((part) => ticking({ ...part }, tick))])
      else all[1] = [...(all[1] as unknown[]), ...more.map((part) => ticking({ ...part }, tick))]
    }
    return ticking(Object.fromEntries(made), tick)
  }
  const typeOf = (value: unknown, at: string, isNullable: boolean): unknown => {
    const list = Array.isArray(value) ? value : [value]
    if (list.length === 0 || !list.every((entry) => types.has(entry)))
      refuse(at, 'must be string, number, integer, boolean, object, array or null, or a list of them')
    return isNullable ? [...list, 'null'] : value
  }
  const weigh = (pattern: string, at: string, shown = ''): void => {
    tick(pattern.length / charactersPerTick)
    const read = readPattern(pattern, (size) => tick(size * ticksOfStep))
    if (!read.ok) refuse(at, `${shown}${read.error}`)
  }

  /** Schemas may stand under any name (`components`), and are judged once something refers to them. */
  const addReferred = (made: Loose, pointer: string): void => {
    const steps = stepsOf(pointer)
    let given: unknown = schema
    let place: unknown = made
    for (const [index, step] of steps.entries()) {
      if (typeof given !== 'object' || given === null || !Object.hasOwn(given, step)) return
      given = (given as Loose)[step]
      if (typeof place !== 'object' || place === null) return
      if (!Object.hasOwn(place, step)) {
        if (leaves.has(step)) return
        const isLast = index === steps.length - 1
        const more = isLast ? copyValue(given, steps.join('.'), steps.length) : {}
        Object.assign(place, { [step]: more })
      }
      place = (place as Loose)[step]
    }
  }

  try {
    const made = copy(schema, '', 0)
    // Those that are added may refer to more: a set gives what it gets meanwhile.
    for (const pointer of pointers) addReferred(made, pointer)
    return ok(made)
  } catch (thrown) {
    if (thrown instanceof Refused) return err({ path: thrown.path, problem: thrown.problem })
    throw thrown
  }
}

/** Names under which no schema stands, but what the judge takes for a keyword's value. */
const leaves: ReadonlySet<string> = new Set([
  ...[...counts, ...numbers],
  ...[
    '$anchor',
    '$id',
    '$ref',
    '__proto__',
    'const',
    'default',
    'dependentRequired',
    'enum',
    'format',
    'id',
    'pattern',
  ],
  ...['required', 'type', 'uniqueItems'],
])

/** Of a pointer within the schema, as an address has it. */
function stepsOf(pointer: string): readonly string[] {
  try {
    return decodeURIComponent(pointer.slice(2))
      .split('/')
      .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
  } catch {
    return [] // no address
  }
}

/** The judge reads this member of every part it comes to; the oldest draft that knows it is past, so no caller means it. */
function ticking(part: Record<string, unknown> | Loose, tick: (weight: number) => void): Loose {
  let names = 0
  for (const [keyword, value] of Object.entries(part)) if (namesOf.has(keyword)) names += namesIn(value as object)
  const weight = 1 + names / namesPerTick
  Object.defineProperty(part, '$recursiveAnchor', { get: () => tick(weight) })
  return part
}

/** Keywords whose names are gone through whatever the value has. */
const namesOf: ReadonlySet<string> = new Set([
  'properties',
  'patternProperties',
  'required',
  'dependentRequired',
  'dependentSchemas',
  'dependencies',
])
const namesPerTick = 4

/** Long names count for more. */
function namesIn(value: object): number {
  let names = 0
  for (const name of [...Object.keys(value), ...Object.values(value).flat()])
    names += typeof name === 'string' ? 1 + name.length / 40 : 0
  return names
}

const isLoose = (value: unknown): value is Loose => typeof value === 'object' && value !== null && !Array.isArray(value)
