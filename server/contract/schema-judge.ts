import { dereference, type OutputUnit, type Schema, type SchemaDraft, validate } from '@cfworker/json-schema'
import { err, ok, type Result } from '../lib/result.ts'
import { type Loose, type SchemaFault, tooMuchToRead } from './judging.ts'
import { copySchema } from './schema-copy.ts'
import { createWeighed, type Natives, TooMuch } from './schema-weight.ts'

export { matchers } from './schema-weight.ts'

/** Parts of a schema that may be looked at, of which each takes some microseconds. */
export type Bounds = {
  /** While a schema is read. */
  readonly make: number
  readonly judge: number
  /** Of an empty value, and of telling all that is wrong: the first fault is told anyway. */
  readonly probe: number
  readonly natives: Natives
  /** No clock ends it: how deep it gets counts, too. */
  readonly byDepth: boolean
}
/** Beside open streams, which wait meanwhile. */
export const nearBounds: Bounds = { make: 15_000, judge: 15_000, probe: 2_000, natives: 'refused', byDepth: true }
/** In a process of its own, which is ended when it takes long. */
export const farBounds: Bounds = { make: 400_000, judge: 400_000, probe: 10_000, natives: 'run', byDepth: false }

/** What is wrong with a value; `tooMuch`: nobody knows within the bounds. */
export type BoundedJudge = (value: unknown, most?: number) => readonly string[]
export const tooMuch: readonly string[] = ['#: too much to judge']

const mostFaults = 8
const longestFault = 300

/**
 * One judge, by draft-07 where the schema says so, else by 2020-12. Nothing is fetched. `spend` is told what reading it, and each
 * judgement, took.
 */
export function createJudge(
  schema: Loose,
  bounds: Bounds,
  spend: (parts: number) => void = () => {},
): Result<BoundedJudge, SchemaFault> {
  const weighed = createWeighed(spend)
  const copied = tryMuch(() =>
    weighed.during(undefined, { most: bounds.make, natives: 'met' }, () => copySchema(schema, weighed)),
  )
  if (!copied.ok) return copied
  const copy = copied.value as Schema
  let lookup: ReturnType<typeof dereference>
  try {
    lookup = dereference(copy)
  } catch (thrown) {
    return err({ path: '', problem: `cannot be read: ${String(thrown instanceof Error ? thrown.message : thrown)}` })
  }
  const draft = draftOf(schema)
  const astray = refAstray(lookup)
  if (astray !== undefined)
    return err({
      path: '$ref',
      problem: `${JSON.stringify(astray.slice(0, 200))} is not within the schema, and nothing is fetched`,
    })
  const chain = bounds.byDepth ? longestChain(copy, lookup) : 0
  const run = (value: unknown, short: boolean, most: number, natives = bounds.natives) =>
    weighed.during(value, { most, natives, chain }, (watched) => validate(watched, copy, draft, lookup, short))
  const judge: BoundedJudge = (value, most = bounds.judge) => {
    try {
      const first = run(value, true, most)
      if (first.valid) return []
      return faultsOf(tryAll(() => run(value, false, bounds.probe).errors) ?? first.errors, weighed.says)
    } catch (thrown) {
      if (isTooMuch(thrown)) return tooMuch
      // The library tells the place of a fault as an address.
      if (thrown instanceof URIError) return ['#: A name of a member holds half a character.']
      throw thrown
    }
  }
  // One that leads back to itself without going into the value never ends, whatever the value.
  for (const probe of probes) {
    try {
      run(probe, true, bounds.probe, 'met')
    } catch (thrown) {
      if (!isTooMuch(thrown)) throw thrown
      return longestChain(copy, lookup) === Number.POSITIVE_INFINITY
        ? err({ path: '', problem: 'refers to itself without end' })
        : tooMuchToRead
    }
  }
  return ok(judge)
}

const isTooMuch = (thrown: unknown): boolean => thrown instanceof TooMuch || thrown instanceof RangeError

function tryMuch<T>(work: () => Result<T, SchemaFault>): Result<T, SchemaFault> {
  try {
    return work()
  } catch (thrown) {
    if (isTooMuch(thrown)) return tooMuchToRead
    throw thrown
  }
}

const probes: readonly unknown[] = [{}, [], '', 0, true, null]

function tryAll<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}

/** Tuples of draft-07 are judged in either; what stands beside a `$ref` is not. */
const draftOf = ({ $schema }: Loose): SchemaDraft =>
  typeof $schema === 'string' && /draft-0[4-7]/.test($schema) ? '7' : '2020-12'

/** Of how many parts, at most, each is judged within the one before it for the same value; Infinity: one leads back to itself. */
function longestChain(schema: Schema, lookup: ReturnType<typeof dereference>): number {
  const known = new Map<Schema, number>()
  const lengthFrom = (part: Schema | boolean | undefined): number => {
    if (typeof part !== 'object') return 0
    const length = known.get(part)
    if (length !== undefined) return length
    known.set(part, Number.POSITIVE_INFINITY) // for whoever leads back to it
    let within = 0
    for (const inner of sameValue(part, lookup)) within = Math.max(within, lengthFrom(inner))
    known.set(part, 1 + within)
    return 1 + within
  }
  let longest = lengthFrom(schema)
  for (const part of Object.values(lookup)) longest = Math.max(longest, lengthFrom(part))
  return longest
}

/** The parts that are judged for the value the part itself is judged for. */
function sameValue(part: Schema, lookup: ReturnType<typeof dereference>): readonly (Schema | boolean | undefined)[] {
  const { $ref, __absolute_ref__: absolute, allOf = [], anyOf = [], oneOf = [] } = part
  const to = $ref === undefined ? undefined : lookup[absolute ?? $ref]
  const dependent = Object.values({ ...part.dependentSchemas, ...part.dependencies }).filter(isPart)
  return [to, ...allOf, ...anyOf, ...oneOf, ...dependent, part.not, part.if, part.then, part.else]
}

const isPart = (value: unknown): value is Schema => typeof value === 'object' && !Array.isArray(value)

/** A reference that leads nowhere. */
function refAstray(lookup: ReturnType<typeof dereference>): string | undefined {
  for (const part of new Set(Object.values(lookup))) {
    if (typeof part === 'boolean' || part.$ref === undefined) continue
    const { $ref, __absolute_ref__: absolute } = part
    if (lookup[absolute ?? $ref] === undefined && lookup[$ref] === undefined) return $ref
  }
  return undefined
}

/** Wrappers say only that something within is wrong. */
const wrappers: ReadonlySet<string> = new Set([
  'properties',
  'items',
  'prefixItems',
  '$ref',
  'allOf',
  'additionalProperties',
  'if',
])

function faultsOf(errors: readonly OutputUnit[], says: (error: string) => string): readonly string[] {
  const inner = errors.filter(({ keyword }) => !wrappers.has(keyword))
  const lines = new Set<string>()
  for (const { instanceLocation, error } of inner.length > 0 ? inner : errors) {
    if (lines.size === mostFaults) break
    lines.add(`${instanceLocation}: ${says(error)}`.slice(0, longestFault))
  }
  return [...lines]
}
