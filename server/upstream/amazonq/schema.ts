import { isObject, type JsonObject } from './wire.ts'

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

/** Deeper than any real schema; what lies below is left open. */
const maxDepth = 64

/**
 * A tool's input schema as the service takes it: an object schema without what it refuses (null members, `required: []`,
 * `additionalProperties`, nameless properties and the like). What a dropped keyword still tells the model goes into the
 * description. Never changes the caller's object; member order is kept.
 */
export function cleanSchema(schema: JsonObject): JsonObject {
  const cleaned = clean(schema, 0)
  return { ...cleaned, type: 'object', properties: isObject(cleaned.properties) ? cleaned.properties : {} }
}

function clean(schema: JsonObject, depth: number): JsonObject {
  if (depth > maxDepth) return {}
  const cleaned: Record<string, unknown> = {}
  for (const [keyword, value] of Object.entries(schema)) {
    if (dropped.has(keyword)) continue
    if (value === null) {
      // The only null that says something: the value has to be null.
      if (keyword === 'const') cleaned.enum = [null]
      continue
    }
    if (keyword === 'required') {
      const names = Array.isArray(value) ? value.filter((name) => typeof name === 'string' && name !== '') : []
      if (names.length > 0) cleaned.required = names
    } else if (mapsOfSchemas.has(keyword)) {
      if (isObject(value)) cleaned[keyword] = cleanMap(value, depth)
    } else if (listsOfSchemas.has(keyword) && Array.isArray(value)) {
      if (value.length > 0) cleaned[keyword] = value.map((entry) => cleanValue(entry, depth))
    } else if (schemas.has(keyword)) {
      // `items` may be a list of schemas in older drafts.
      cleaned[keyword] = Array.isArray(value)
        ? value.map((entry) => cleanValue(entry, depth))
        : cleanValue(value, depth)
    } else cleaned[keyword] = value
  }
  const notes = [
    noteOf('Further properties match', schema.additionalProperties),
    noteOf('Property names match', schema.propertyNames),
  ]
  const description = [cleaned.description, ...notes].filter((text) => typeof text === 'string' && text !== '')
  if (notes.some((note) => note !== undefined)) cleaned.description = description.join('\n')
  return cleaned
}

function cleanMap(map: JsonObject, depth: number): JsonObject {
  return Object.fromEntries(
    Object.entries(map)
      .filter(([name, value]) => name !== '' && value !== null)
      .map(([name, value]) => [name, cleanValue(value, depth)]),
  )
}

/** Boolean schemas become their object form. */
function cleanValue(value: unknown, depth: number): JsonObject {
  if (isObject(value)) return clean(value, depth + 1)
  return value === false ? { not: {} } : {}
}

/** What a dropped keyword says, when it is more than yes or no. */
function noteOf(lead: string, value: unknown): string | undefined {
  return isObject(value) && Object.keys(value).length > 0 ? `${lead}: ${JSON.stringify(value)}` : undefined
}

/** A tool call's input without nameless members, which the service refuses; the same object when there are none. */
export function cleanInput(input: JsonObject): JsonObject {
  return cleanDocument(input, 0) as JsonObject // an object stays one
}

function cleanDocument(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null || depth > maxDepth * 4) return value
  if (Array.isArray(value)) {
    const items = value.map((item) => cleanDocument(item, depth + 1))
    return items.every((item, index) => item === value[index]) ? value : items
  }
  const entries = Object.entries(value)
  const kept = entries
    .filter(([name]) => name !== '')
    .map(([name, member]) => [name, cleanDocument(member, depth + 1)] as const)
  const same = kept.length === entries.length && kept.every(([, member], index) => member === entries[index]?.[1])
  return same ? value : Object.fromEntries(kept)
}
