import { cutText } from '../../lib/sound-text.ts'
import { isObject, type JsonObject } from './wire.ts'

export type SchemaFault =
  | 'schema-shape'
  | 'schema-reference'
  | 'schema-alternatives'
  | 'schema-keyword'
  | 'schema-required'
  | 'schema-property'

type Found = { readonly path: readonly string[]; readonly is: string }

const maps = ['properties', '$defs', 'definitions', 'patternProperties', 'dependentSchemas']
const singles = ['items', 'contains', 'not', 'if', 'then', 'else', 'unevaluatedItems', 'propertyNames']
const lists = ['anyOf', 'oneOf', 'allOf', 'prefixItems']
const types: ReadonlySet<unknown> = new Set(['string', 'number', 'integer', 'boolean', 'object', 'array', 'null'])
const alternatives = ['anyOf', 'oneOf', 'allOf'] as const
/** What every report of a refused keyword leaves out. */
const plainKeywords: ReadonlySet<string> = new Set([
  ...['type', 'properties', 'required', 'items', 'enum', 'description', 'title', '$ref', '$defs', 'definitions'],
  ...['minimum', 'maximum', 'minLength', 'maxLength', 'minItems', 'maxItems', ...alternatives],
])
const mostFound = 20

/** Where a schema has this fault; the first few places. */
export function schemaFaults(root: JsonObject, fault: SchemaFault): readonly Found[] {
  const found: Found[] = []
  const open: { readonly schema: JsonObject; readonly path: readonly string[] }[] = [{ schema: root, path: [] }]
  for (let next = open.pop(); next !== undefined && found.length < mostFound; next = open.pop()) {
    const { schema, path } = next
    for (const { at, is } of faultsAt(schema, fault, path.length === 0)) found.push({ path: [...path, ...at], is })
    open.push(...innerOf(schema).map(({ at, inner }) => ({ schema: inner, path: [...path, ...at] })))
  }
  return found
}

function innerOf(schema: JsonObject): readonly { readonly at: readonly string[]; readonly inner: JsonObject }[] {
  const inner = (at: readonly string[], value: unknown) => (isObject(value) ? [{ at, inner: value }] : [])
  return [
    ...maps.flatMap((keyword) =>
      Object.entries(isObject(schema[keyword]) ? schema[keyword] : {}).flatMap(([name, value]) =>
        inner([keyword, name], value),
      ),
    ),
    ...[...singles, ...lists].flatMap((keyword) => {
      const value = schema[keyword]
      return Array.isArray(value)
        ? value.flatMap((one, index) => inner([keyword, String(index)], one))
        : inner([keyword], value)
    }),
  ]
}

type Fault = { readonly at: readonly string[]; readonly is: string }

function faultsAt(schema: JsonObject, fault: SchemaFault, isRoot: boolean): readonly Fault[] {
  const properties = isObject(schema.properties) ? schema.properties : {}
  const names = (bad: (name: string) => boolean): readonly Fault[] =>
    Object.keys(properties)
      .filter(bad)
      .map((name) => ({ at: ['properties', name], is: 'its name' }))
  switch (fault) {
    case 'schema-shape': {
      const nulls = Object.keys(schema).filter((keyword) => schema[keyword] === null)
      const list = Array.isArray(schema.type) ? schema.type : [schema.type]
      return [
        ...nulls.map((keyword) => ({ at: [keyword], is: 'null' })),
        ...(isRoot && schema.type !== 'object' ? [{ at: ['type'], is: 'no object' }] : []),
        ...(schema.type !== undefined && !list.every((type) => types.has(type))
          ? [{ at: ['type'], is: 'unknown' }]
          : []),
        ...(Array.isArray(schema.required) && schema.required.length === 0 ? [{ at: ['required'], is: 'empty' }] : []),
        ...(Object.hasOwn(schema, 'additionalProperties') ? [{ at: ['additionalProperties'], is: 'present' }] : []),
        ...names((name) => name === ''),
      ]
    }
    case 'schema-reference':
      return typeof schema.$ref === 'string' ? [{ at: ['$ref'], is: '$ref' }] : []
    case 'schema-alternatives':
      return isRoot
        ? alternatives
            .filter((keyword) => Object.hasOwn(schema, keyword))
            .map((keyword) => ({ at: [keyword], is: keyword }))
        : []
    case 'schema-keyword':
      return Object.keys(schema)
        .filter((keyword) => !plainKeywords.has(keyword))
        .map((keyword) => ({ at: [cutText(keyword, 60)], is: cutText(keyword, 60) }))
    case 'schema-required':
      return (Array.isArray(schema.required) ? schema.required : []).flatMap((name: unknown) =>
        typeof name === 'string' && !Object.hasOwn(properties, name) ? [{ at: ['required'], is: 'no property' }] : [],
      )
    case 'schema-property':
      return names((name) => name !== '' && !/^[a-zA-Z0-9_.-]{1,64}$/.test(name))
  }
}

/** Deeper references are not followed: what stands there may be anything. */
const deepestReference = 24
/** A schema that refers to itself in many places would grow without end. */
const mostReplaced = 500
/** What references may add to a schema, in characters: this, or as much as there was. */
const mostGrown = 64 * 1024

/**
 * The same schema without this fault, saying the same as far as it can. The schema itself where references would make a request
 * of it that is too long for another reason than its caller's.
 */
export function plainSchema(root: JsonObject, fault: SchemaFault): JsonObject {
  let replaced = 0
  let grown = 0
  const mostHere = fault === 'schema-reference' ? Math.max(mostGrown, JSON.stringify(root).length) : 0
  const change = (schema: JsonObject, isRoot: boolean, open: readonly string[]): JsonObject => {
    if (fault === 'schema-reference' && typeof schema.$ref === 'string') {
      const { $ref: reference, ...rest } = schema
      const target = targetOf(root, reference as string)
      const follows =
        target !== undefined &&
        !open.includes(reference as string) &&
        open.length < deepestReference &&
        replaced++ < mostReplaced &&
        grown <= mostHere
      if (follows) grown += JSON.stringify(target).length
      return follows
        ? change({ ...target, ...rest }, isRoot, [...open, reference as string])
        : { ...rest, description: told(rest.description, `As ${cutText(reference as string, 100)}.`) }
    }
    const here = plainAt(schema, fault, isRoot)
    return Object.fromEntries(
      Object.entries(here).map(([keyword, value]) => {
        if (maps.includes(keyword) && isObject(value)) {
          const members = Object.entries(value).map(([name, one]) => [
            name,
            isObject(one) ? change(one, false, open) : one,
          ])
          return [keyword, Object.fromEntries(members)]
        }
        if ((singles.includes(keyword) || lists.includes(keyword)) && Array.isArray(value))
          return [keyword, value.map((one) => (isObject(one) ? change(one, false, open) : one))]
        return [keyword, singles.includes(keyword) && isObject(value) ? change(value, false, open) : value]
      }),
    )
  }
  const source = fault === 'schema-reference' ? withoutDefinitions(root) : root
  const plain = change(source, true, [])
  return grown > mostHere ? root : plain
}

const withoutDefinitions = ({ $defs: _, definitions: __, ...rest }: JsonObject): JsonObject => rest

function plainAt(schema: JsonObject, fault: SchemaFault, isRoot: boolean): JsonObject {
  if (fault === 'schema-alternatives' && isRoot) return joined(schema)
  if (fault === 'schema-required' && Array.isArray(schema.required)) {
    const { required, ...rest } = schema
    const properties = isObject(schema.properties) ? schema.properties : {}
    const names = (required as readonly unknown[]).filter((name) => Object.hasOwn(properties, String(name)))
    return names.length === 0 ? rest : { ...rest, required: names }
  }
  if (fault !== 'schema-keyword') return schema
  const entries = Object.entries(schema)
  const dropped = entries.filter(([keyword]) => !plainKeywords.has(keyword))
  if (dropped.length === 0) return schema
  const kept = Object.fromEntries(entries.filter(([keyword]) => plainKeywords.has(keyword)))
  const line = dropped.map(([keyword, value]) => `${keyword}: ${cutText(JSON.stringify(value) ?? '', 300)}`).join('; ')
  return { ...kept, description: told(kept.description, `${line}.`) }
}

/** An object with the members of all alternatives, of which only those are required that all require. */
function joined(schema: JsonObject): JsonObject {
  const [anyOf, oneOf, allOf] = alternatives.map((keyword) =>
    (Array.isArray(schema[keyword]) ? schema[keyword] : []).filter(isObject).map(joined),
  )
  const all = allOf ?? []
  const either = [...(anyOf ?? []), ...(oneOf ?? [])]
  const parts = [...either, ...all]
  if (parts.length === 0) return schema
  const { anyOf: _, oneOf: __, allOf: ___, ...rest } = schema
  const properties = Object.assign({}, ...parts.map((part) => part.properties), schema.properties)
  const requiredOf = (part: JsonObject): readonly unknown[] => (Array.isArray(part.required) ? part.required : [])
  const [first, ...others] = either.map(requiredOf)
  const common = (first ?? []).filter((name) => others.every((names) => names.includes(name)))
  const required = [...new Set([...requiredOf(schema), ...all.flatMap(requiredOf), ...common])]
  const lines = [
    ...all.map(({ description }) => description),
    ...(either.length > 0 ? [`One of: ${either.map(membersOf).join(' or ')}.`] : []),
  ].filter((line) => typeof line === 'string' && line !== '')
  return {
    ...rest,
    type: 'object',
    properties,
    ...(required.length === 0 ? {} : { required }),
    ...(lines.length > 0 && { description: told(schema.description, lines.join('\n')) }),
  }
}

/** What an alternative has; its description says what alternatives it was joined from itself. */
const membersOf = ({ properties, required, description }: JsonObject): string => {
  const names = Object.keys(isObject(properties) ? properties : {}).slice(0, 20)
  const demanded = Array.isArray(required) && required.length > 0 ? `required: ${required.slice(0, 20).join(', ')}` : ''
  const more = typeof description === 'string' ? cutText(description.replace(/\.$/, ''), 300) : ''
  const inside = [demanded, more].filter((text) => text !== '').join('; ')
  return `${names.join(', ') || 'nothing more'}${inside === '' ? '' : ` (${inside})`}`
}

const told = (description: unknown, line: string): string =>
  [typeof description === 'string' ? description : '', line].filter((text) => text !== '').join('\n')

/** What a reference within the schema itself points to; nothing is ever fetched. */
function targetOf(root: JsonObject, reference: string): JsonObject | undefined {
  if (reference === '#') return root
  if (!reference.startsWith('#/')) return undefined
  let value: unknown = root
  for (const part of reference.slice(2).split('/')) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~')
    value =
      (isObject(value) || Array.isArray(value)) && Object.hasOwn(value, name) ? (value as JsonObject)[name] : undefined
  }
  return isObject(value) ? value : undefined
}
