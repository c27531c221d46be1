import type { Steps } from '../../lib/slices.ts'
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

/** Faults of a schema, the first few places of each. */
export type SchemaFaults = ReadonlyMap<SchemaFault, readonly Found[]>

/** How much may yet be looked at; at 0 whoever looks has not seen all. */
export type Look = { left: number }

type Node = { readonly schema: JsonObject; readonly at: readonly string[]; readonly above: Node | undefined }

/**
 * Looks a schema through once, for all faults. Whose schema it is may have written anything: each name and part counts, and
 * what is left when nothing more may be looked at is not seen.
 */
export function* schemaFaults(root: JsonObject, look: Look): Steps<SchemaFaults> {
  const faults = new Map<SchemaFault, Found[]>()
  const open: Node[] = [{ schema: root, at: [], above: undefined }]
  for (let node = open.pop(); node !== undefined && look.left > 0; node = open.pop()) {
    const { schema } = node
    const before = look.left
    faultsAt(node, look, (fault, at, is) => {
      const found = faults.get(fault) ?? []
      faults.set(fault, found)
      if (found.length < mostFound) found.push({ path: [...pathOf(node), ...at], is })
    })
    for (const keyword of maps) {
      const members = schema[keyword]
      if (!isObject(members)) continue
      for (const name in members) {
        if (look.left-- <= 0) break
        push(open, members[name], [keyword, name], node)
      }
    }
    for (const keyword of [...singles, ...lists]) {
      const value = schema[keyword]
      if (!Array.isArray(value)) push(open, value, [keyword], node)
      else
        for (const [index, one] of value.entries()) {
          if (look.left-- <= 0) break
          push(open, one, [keyword, String(index)], node)
        }
    }
    look.left--
    yield before - look.left
  }
  return faults
}

function push(open: Node[], value: unknown, at: readonly string[], above: Node): void {
  if (isObject(value)) open.push({ schema: value, at, above })
}

const pathOf = ({ above, at }: Node): readonly string[] => (above === undefined ? at : [...pathOf(above), ...at])

type Tell = (fault: SchemaFault, at: readonly string[], is: string) => void

function faultsAt({ schema, above }: Node, look: Look, tell: Tell): void {
  const isRoot = above === undefined
  for (const keyword in schema) {
    if (look.left-- <= 0) return
    if (schema[keyword] === null) tell('schema-shape', [keyword], 'null')
    if (!plainKeywords.has(keyword)) tell('schema-keyword', [cutText(keyword, 60)], cutText(keyword, 60))
  }
  const { type, required } = schema
  if (isRoot && type !== 'object') tell('schema-shape', ['type'], 'no object')
  const isKnown = Array.isArray(type) ? type.every((one) => types.has(one)) : type === undefined || types.has(type)
  if (!isKnown) tell('schema-shape', ['type'], 'unknown')
  if (Array.isArray(required) && required.length === 0) tell('schema-shape', ['required'], 'empty')
  if (Object.hasOwn(schema, 'additionalProperties')) tell('schema-shape', ['additionalProperties'], 'present')
  if (typeof schema.$ref === 'string') tell('schema-reference', ['$ref'], '$ref')
  for (const keyword of isRoot ? alternatives : [])
    if (Object.hasOwn(schema, keyword)) tell('schema-alternatives', [keyword], keyword)
  const properties = isObject(schema.properties) ? schema.properties : {}
  for (const name in properties) {
    if (look.left-- <= 0) return
    if (name === '') tell('schema-shape', ['properties', name], 'its name')
    else if (!/^[a-zA-Z0-9_.-]{1,64}$/.test(name)) tell('schema-property', ['properties', name], 'its name')
  }
  for (const name of Array.isArray(required) ? required : []) {
    if (look.left-- <= 0) return
    if (typeof name === 'string' && !Object.hasOwn(properties, name))
      tell('schema-required', ['required'], 'no property')
  }
}

/** Deeper references are not followed: what stands there may be anything. */
const deepestReference = 24
/** A schema that refers to itself in many places would grow without end. */
const mostReplaced = 500
/** What references may add to a schema, in characters: this, or as much as there was. */
const mostGrown = 64 * 1024

/**
 * The same schema without this fault, saying the same as far as it can. The schema itself where there is nothing to change, and
 * where references would make a request of it that is too long for another reason than its caller's.
 */
export function* plainSchema(root: JsonObject, fault: SchemaFault): Steps<JsonObject> {
  let replaced = 0
  let grown = 0
  const mostHere = fault === 'schema-reference' ? Math.max(mostGrown, JSON.stringify(root).length) : 0
  function* change(schema: JsonObject, isRoot: boolean, open: readonly string[]): Steps<JsonObject> {
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
        ? yield* change({ ...target, ...rest }, isRoot, [...open, reference as string])
        : { ...rest, description: told(rest.description, `As ${cutText(reference as string, 100)}.`) }
    }
    const here = plainAt(schema, fault, isRoot)
    const plain: Record<string, unknown> = {}
    let isSame = here === schema
    for (const [keyword, value] of Object.entries(here)) {
      const changed = yield* changeMember(keyword, value, open)
      isSame &&= changed === value
      plain[keyword] = changed
    }
    yield 1
    return isSame ? schema : plain
  }
  function* changeMember(keyword: string, value: unknown, open: readonly string[]): Steps<unknown> {
    if (maps.includes(keyword) && isObject(value)) {
      const members: [string, unknown][] = []
      let isSame = true
      for (const [name, one] of Object.entries(value)) {
        const changed = isObject(one) ? yield* change(one, false, open) : one
        isSame &&= changed === one
        members.push([name, changed])
      }
      return isSame ? value : Object.fromEntries(members)
    }
    if ((singles.includes(keyword) || lists.includes(keyword)) && Array.isArray(value)) {
      const items: unknown[] = []
      for (const one of value) items.push(isObject(one) ? yield* change(one, false, open) : one)
      return items.every((item, index) => item === value[index]) ? value : items
    }
    return singles.includes(keyword) && isObject(value) ? yield* change(value, false, open) : value
  }
  const source = fault === 'schema-reference' ? withoutDefinitions(root) : root
  const plain = yield* change(source, true, [])
  return grown > mostHere ? root : plain
}

/** The schema itself where it has none. */
const withoutDefinitions = (schema: JsonObject): JsonObject => {
  if (!Object.hasOwn(schema, '$defs') && !Object.hasOwn(schema, 'definitions')) return schema
  const { $defs: _, definitions: __, ...rest } = schema
  return rest
}

function plainAt(schema: JsonObject, fault: SchemaFault, isRoot: boolean): JsonObject {
  if (fault === 'schema-alternatives' && isRoot) return joined(schema)
  if (fault === 'schema-required' && Array.isArray(schema.required)) {
    const { required, ...rest } = schema
    const properties = isObject(schema.properties) ? schema.properties : {}
    const names = (required as readonly unknown[]).filter((name) => Object.hasOwn(properties, String(name)))
    if (names.length > 0 && names.length === (required as readonly unknown[]).length) return schema
    return names.length === 0 ? rest : { ...rest, required: names }
  }
  if (fault !== 'schema-keyword') return schema
  const entries = Object.entries(schema)
  if (entries.every(([keyword]) => plainKeywords.has(keyword))) return schema
  const { const: only, ...rest } = Object.fromEntries(
    entries.filter(([keyword]) => plainKeywords.has(keyword) || keyword === 'const'),
  )
  // The one value there may be is said as well by a keyword that is taken.
  const kept = Object.hasOwn(schema, 'const') ? { ...rest, enum: [only] } : rest
  const line = entries
    .filter(([keyword]) => !plainKeywords.has(keyword) && keyword !== 'const')
    .map(([keyword, value]) => `${keyword}: ${cutText(JSON.stringify(value) ?? '', 300)}`)
    .join('; ')
  return line === '' ? kept : { ...kept, description: told(rest.description, `${line}.`) }
}

/** An object with the members of all alternatives, of which only those are required that all require. */
function joined(schema: JsonObject): JsonObject {
  const [anyOf, oneOf, allOf] = alternatives.map((keyword) =>
    (Array.isArray(schema[keyword]) ? schema[keyword] : []).filter(isObject).map(joined),
  )
  const all = allOf ?? []
  const either = [...(anyOf ?? []), ...(oneOf ?? [])]
  if (either.length + all.length === 0) return schema
  const { anyOf: _, oneOf: __, allOf: ___, ...rest } = schema
  const said = new Map<string, { readonly alternate: JsonObject[]; readonly always: JsonObject[] }>()
  for (const [index, part] of [...either, ...all, schema].entries())
    for (const [name, property] of Object.entries(propertiesOf(part))) {
      const of = said.get(name) ?? { alternate: [], always: [] }
      if (isObject(property)) (index < either.length ? of.alternate : of.always).push(property)
      said.set(name, of)
    }
  const properties = Object.fromEntries(
    [...said].map(([name, { alternate, always }]) => [
      name,
      allOfThem([...(alternate.length === 0 ? [] : [anyOfThem(alternate)]), ...always]),
    ]),
  )
  const requiredOf = (part: JsonObject): readonly unknown[] => (Array.isArray(part.required) ? part.required : [])
  const [first, ...others] = either.map((part) => new Set(requiredOf(part)))
  const common = [...(first ?? [])].filter((name) => others.every((names) => names.has(name)))
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

const propertiesOf = ({ properties }: JsonObject): JsonObject => (isObject(properties) ? properties : {})

const distinct = <Value>(list: readonly Value[]): readonly Value[] => [
  ...new Map(list.map((value) => [JSON.stringify(value), value])).values(),
]
/** What only says something about a value, and what names the values themselves. */
const wordKeywords: ReadonlySet<string> = new Set(['title', 'description', 'default', 'examples'])
const valueKeywords: ReadonlySet<string> = new Set(['const', 'enum', 'type', ...wordKeywords])

const valuesOf = (schema: JsonObject): readonly unknown[] | undefined => {
  if (Object.hasOwn(schema, 'const')) return [schema.const]
  return Array.isArray(schema.enum) ? schema.enum : undefined
}

/** As one of these says: one list where they name values, such as what tells alternatives apart. */
function anyOfThem(schemas: readonly JsonObject[]): JsonObject {
  const each = distinct(schemas)
  const [only] = each
  if (only !== undefined && each.length === 1) return only
  const values = each.map((schema) =>
    Object.keys(schema).every((keyword) => valueKeywords.has(keyword)) ? valuesOf(schema) : undefined,
  )
  if (values.includes(undefined)) return { anyOf: each }
  const types = each.every(({ type }) => type !== undefined) ? distinct(each.flatMap(({ type }) => type)) : []
  const words = distinct(each.flatMap(({ description }) => (typeof description === 'string' ? [description] : [])))
  return {
    ...(types.length > 0 && { type: types.length === 1 ? types[0] : types }),
    ...(words.length > 0 && { description: words.join('\n') }),
    enum: distinct(values.flatMap((list) => list ?? [])),
  }
}

/** As all of these say: one schema where they do not speak of the same. */
function allOfThem(schemas: readonly JsonObject[]): JsonObject {
  const each = distinct(schemas)
  const merged = new Map<string, unknown>()
  for (const schema of each)
    for (const [keyword, value] of Object.entries(schema)) {
      const before = merged.get(keyword)
      if (keyword === 'description') merged.set(keyword, told(before, String(value)))
      else if (before === undefined || wordKeywords.has(keyword)) merged.set(keyword, value)
      else if (JSON.stringify(before) !== JSON.stringify(value)) return { allOf: each }
    }
  return Object.fromEntries(merged)
}

/** What an alternative has; its description says what alternatives it was joined from itself. */
const membersOf = (part: JsonObject): string => {
  const { required, description } = part
  const names = Object.entries(propertiesOf(part))
    .slice(0, 20)
    .map(([name, schema]) => {
      const [value, ...others] = (isObject(schema) && valuesOf(schema)) || []
      return value === undefined || others.length > 0 ? name : `${name}: ${cutText(JSON.stringify(value), 100)}`
    })
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
