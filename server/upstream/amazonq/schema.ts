import { rawArguments } from '../../conversation/raw-arguments.ts'
import { cutText } from '../../lib/sound-text.ts'
import { isObject, type JsonObject, wireLimits } from './wire.ts'

/** Keywords the service was seen to refuse, or that say nothing to a model. */
const dropped: ReadonlySet<string> = new Set([
  '$schema',
  '$id',
  '$comment',
  '$anchor',
  'additionalProperties',
  'propertyNames',
  'unevaluatedProperties',
])
const mapsOfSchemas: ReadonlySet<string> = new Set([
  'properties',
  'patternProperties',
  '$defs',
  'definitions',
  'dependentSchemas',
])
const listsOfSchemas: ReadonlySet<string> = new Set(['anyOf', 'oneOf', 'allOf', 'prefixItems'])
const schemas: ReadonlySet<string> = new Set(['items', 'contains', 'not', 'if', 'then', 'else', 'unevaluatedItems'])

const types: ReadonlySet<unknown> = new Set(['string', 'number', 'integer', 'boolean', 'object', 'array', 'null'])
/** Numbers, which some tools write as text. */
const numeric: ReadonlySet<string> = new Set([
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'minProperties',
  'maxProperties',
])

const { documentLevels } = wireLimits
const tooDeep = 'Not described: this part of the schema is nested too deeply.'

export type SchemaChange = 'schema-corrected' | 'schema-cut'
type Tell = (change: SchemaChange) => void
/** What cleaning a schema came upon: `parts` are the schemas in it. */
type Heard = { readonly changes: Set<SchemaChange>; parts: number }

type Cleaned = Heard & { readonly schema: JsonObject }
/** Every attempt and every turn of a request has the same schemas. */
const known = new WeakMap<JsonObject, Cleaned>()

/**
 * Cleans schemas before they are needed, for as many and as large ones as a request may bring would hold up everything else.
 * `turn` lets that go on.
 */
export async function cleanAhead(schemas: readonly JsonObject[], turn: () => Promise<void>): Promise<void> {
  let parts = 0
  for (const schema of schemas) {
    if (known.has(schema)) continue
    parts += cleanAnew(schema).parts
    if (parts < partsOfTurn) continue
    parts = 0
    await turn()
  }
}
/** Some milliseconds. */
const partsOfTurn = 2_000

/**
 * A tool's input schema as the service takes it: an object schema without what it refuses (null members, `required: []`,
 * `additionalProperties`, nameless properties, types in capitals and the like), cut where it nests too deeply. What a dropped
 * keyword still tells the model goes into the description. Never changes the caller's object; member order is kept. `tell`
 * hears of what changes the meaning.
 */
export function cleanSchema(schema: JsonObject, tell: Tell = () => undefined): JsonObject {
  const { schema: cleaned, changes } = known.get(schema) ?? cleanAnew(schema)
  for (const change of changes) tell(change)
  return cleaned
}

function cleanAnew(schema: JsonObject): Cleaned {
  const heard: Heard = { changes: new Set(), parts: 0 }
  const cleaned = clean(schema, 1, heard)
  const properties = isObject(cleaned.properties) ? cleaned.properties : {}
  const made = { ...heard, schema: { ...cleaned, type: 'object', properties } }
  known.set(schema, made)
  return made
}

/** `level` counts every object and list around what it stands for, from 1. */
function clean(schema: JsonObject, level: number, heard: Heard): JsonObject {
  heard.parts++
  if (level >= documentLevels) {
    if (Object.keys(schema).length === 0) return {}
    heard.changes.add('schema-cut')
    return { description: tooDeep }
  }
  const cleaned: Record<string, unknown> = {}
  let notes: readonly string[] = []
  for (const [keyword, value] of Object.entries(schema)) {
    if (dropped.has(keyword)) continue
    if (value === null) {
      // The only null that says something: the value has to be null.
      if (keyword === 'const') cleaned.enum = [null]
      continue
    }
    if (keyword === 'type') {
      const type = typeFrom(value)
      if (type !== undefined) cleaned.type = type
      if (type === undefined && typeof value === 'string') notes = [`Type: ${cutText(value, 100)}`]
      if (!isSame(type, value)) heard.changes.add('schema-corrected')
    } else if (keyword === 'required') {
      const names = Array.isArray(value) ? value.filter((name) => typeof name === 'string' && name !== '') : []
      if (names.length > 0) cleaned.required = names
    } else if (mapsOfSchemas.has(keyword)) {
      if (isObject(value)) cleaned[keyword] = cleanMap(value, level + 1, heard)
    } else if (listsOfSchemas.has(keyword) && Array.isArray(value)) {
      if (value.length > 0) cleaned[keyword] = value.map((entry) => cleanValue(entry, level + 2, heard))
    } else if (schemas.has(keyword)) {
      // `items` may be a list of schemas in older drafts.
      cleaned[keyword] = Array.isArray(value)
        ? value.map((entry) => cleanValue(entry, level + 2, heard))
        : cleanValue(value, level + 1, heard)
    } else if (numeric.has(keyword) && typeof value === 'string') {
      heard.changes.add('schema-corrected')
      if (value.trim() !== '' && Number.isFinite(Number(value))) cleaned[keyword] = Number(value)
    } else if (nestsWithin(value, documentLevels - level)) cleaned[keyword] = value
    else heard.changes.add('schema-cut')
  }
  if (notes.length === 0 && schema.additionalProperties === undefined && schema.propertyNames === undefined)
    return cleaned
  const further = [
    ...notes,
    noteOf('Further properties match', schema.additionalProperties),
    noteOf('Property names match', schema.propertyNames),
  ].filter((note) => note !== undefined)
  if (further.length > 0) {
    const description = [cleaned.description, ...further]
    cleaned.description = description.filter((text) => typeof text === 'string' && text !== '').join('\n')
  }
  return cleaned
}

/** A JSON Schema type, or several, in the spelling of JSON Schema; undefined when it is none. */
function typeFrom(value: unknown): string | readonly string[] | undefined {
  if (!Array.isArray(value)) {
    const type = typeof value === 'string' ? value.toLowerCase() : undefined
    return types.has(type) ? type : undefined
  }
  const list = [...new Set(value.map((entry: unknown) => (Array.isArray(entry) ? undefined : typeFrom(entry))))]
  const known = list.filter((type): type is string => typeof type === 'string')
  return known.length > 0 ? known : undefined
}

const isSame = (type: unknown, given: unknown): boolean =>
  type === given ||
  (Array.isArray(type) &&
    Array.isArray(given) &&
    type.length === given.length &&
    type.every((entry, index) => entry === given[index]))

function cleanMap(map: JsonObject, level: number, heard: Heard): JsonObject {
  const kept: [string, JsonObject][] = []
  for (const [name, value] of Object.entries(map))
    if (name !== '' && value !== null) kept.push([name, cleanValue(value, level + 1, heard)])
  return Object.fromEntries(kept)
}

/** Boolean schemas become their object form. */
function cleanValue(value: unknown, level: number, heard: Heard): JsonObject {
  if (isObject(value)) return clean(value, level, heard)
  return value === false ? { not: {} } : {}
}

/** What a dropped keyword says, when it is more than yes or no. */
function noteOf(lead: string, value: unknown): string | undefined {
  return isObject(value) && Object.keys(value).length > 0 ? `${lead}: ${JSON.stringify(value)}` : undefined
}

/** Whether a value nests at most so many objects and lists into one another. */
function nestsWithin(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true
  if (levels <= 0) return false
  for (const member of Array.isArray(value) ? value : Object.values(value))
    if (typeof member === 'object' && member !== null && !nestsWithin(member, levels - 1)) return false
  return true
}

/**
 * A tool call's input without nameless members, which the service refuses; the same object when there are none. One that
 * nests too deeply goes as text.
 */
export function cleanInput(input: JsonObject, tell: () => void = () => undefined): JsonObject {
  if (nestsWithin(input, documentLevels)) return cleanDocument(input) as JsonObject // an object stays one
  tell()
  return rawArguments(JSON.stringify(input))
}

function cleanDocument(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) {
    const items = value.map(cleanDocument)
    return items.every((item, index) => item === value[index]) ? value : items
  }
  const entries = Object.entries(value)
  const kept = entries.filter(([name]) => name !== '').map(([name, member]) => [name, cleanDocument(member)] as const)
  const same = kept.length === entries.length && kept.every(([, member], index) => member === entries[index]?.[1])
  return same ? value : Object.fromEntries(kept)
}
