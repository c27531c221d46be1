import { dereference, format, type OutputUnit, type Schema, type SchemaDraft, validate } from '@cfworker/json-schema'
import { LRUCache } from 'lru-cache'
import { err, ok, type Result } from '../lib/result.ts'
import { type Matches, readPattern } from './pattern.ts'
import { copySchema, patternFormat, type SchemaFault } from './schema-copy.ts'
import { type Judge, type Loose, mostPatternsKept } from './schema-judges.ts'

/** Parts of a schema that one judgement may look at: some tenths of a second. */
const mostTicks = 100_000
/** The same of an empty value. */
const mostProbeTicks = 10_000
const mostFaults = 8
const longestFault = 300
/** Each is compared with each other. */
const mostUniqueItems = 2_000

class TooMuch extends Error {}

/** One judge, by draft-07 where the schema says so or can only mean that, else by 2020-12. Nothing is fetched. */
export function createJudge(schema: Loose): Result<Judge, SchemaFault> {
  let left = 0
  const tick = (): void => {
    if (--left < 0) throw new TooMuch()
  }
  const copied = copySchema(schema, tick)
  if (!copied.ok) return copied
  left = Number.POSITIVE_INFINITY
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
  const comparesItems = JSON.stringify(copy).includes('"uniqueItems":true')
  const run = (value: unknown, short: boolean, most = mostTicks) => {
    left = most
    return validate(value, copy, draft, lookup, short)
  }
  const judge: Judge = (value) => {
    if (comparesItems && hasLongList(value))
      return [`#: more than ${mostUniqueItems} items cannot be compared with one another`]
    try {
      if (run(value, true).valid) return []
      return faultsOf(tryAll(() => run(value, false).errors) ?? run(value, true).errors)
    } catch (thrown) {
      if (thrown instanceof TooMuch || thrown instanceof RangeError) return ['#: too much to judge']
      throw thrown
    }
  }
  // One that leads back to itself without going into the value never ends, whatever the value.
  for (const probe of probes) {
    try {
      run(probe, true, mostProbeTicks)
    } catch (thrown) {
      if (!(thrown instanceof TooMuch || thrown instanceof RangeError)) throw thrown
      return err({ path: '', problem: 'refers to itself without end' })
    }
  }
  return ok(judge)
}

const probes: readonly unknown[] = [{}, [], '', 0, true, null]

function tryAll<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}

const draftOf = (schema: Loose): SchemaDraft => {
  const { $schema } = schema
  if (typeof $schema === 'string' && /draft-0[4-7]/.test($schema)) return '7'
  return /"items":\[/.test(JSON.stringify(schema)) ? '7' : '2020-12'
}

/** A reference that leads nowhere. */
function refAstray(lookup: ReturnType<typeof dereference>): string | undefined {
  for (const part of new Set(Object.values(lookup))) {
    if (typeof part === 'boolean' || part.$ref === undefined) continue
    const { $ref, __absolute_ref__: absolute } = part
    if (lookup[absolute ?? $ref] === undefined && lookup[$ref] === undefined) return $ref
  }
  return undefined
}

function hasLongList(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (Array.isArray(value) && value.length > mostUniqueItems) return true
  return Object.values(value).some(hasLongList)
}

/** Wrappers say only that something within is wrong. */
const wrappers: ReadonlySet<string> = new Set([
  'properties',
  'items',
  'prefixItems',
  '$ref',
  'allOf',
  'additionalProperties',
])

function faultsOf(errors: readonly OutputUnit[]): readonly string[] {
  const inner = errors.filter(({ keyword }) => !wrappers.has(keyword))
  const lines = (inner.length > 0 ? inner : errors).map(({ instanceLocation, error }) =>
    `${instanceLocation}: ${error.replace(`"${patternFormat}`, 'of the pattern "')}`.slice(0, longestFault),
  )
  return [...new Set(lines)].slice(0, mostFaults)
}

export const matchers = new LRUCache<string, Matches>({ max: mostPatternsKept })

// The judge looks formats up in this table of the library's and knows no other place for an own engine of patterns.
Object.setPrototypeOf(
  format,
  new Proxy(Object.create(null), {
    get: (_, name) => {
      if (typeof name !== 'string' || !name.startsWith(patternFormat)) return undefined
      const pattern = name.slice(patternFormat.length)
      const known = matchers.get(pattern)
      if (known !== undefined) return known
      const read = readPattern(pattern)
      const matches: Matches = read.ok ? read.value : () => false
      matchers.set(pattern, matches)
      return matches
    },
  }),
)
