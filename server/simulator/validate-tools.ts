import { listOf, type Shape, shapeOf, textOf } from './shape.ts'
import { type Violation, violation } from './violation.ts'

export const toolNamePattern = /^[a-zA-Z0-9_-]{1,64}$/
const maxDescription = 10_240

/** Names of the tools declared with the current message. */
export function toolNames(tools: unknown): ReadonlySet<string> {
  return new Set(listOf(tools).flatMap((tool) => textOf(shapeOf(shapeOf(tool)?.toolSpecification)?.name) ?? []))
}

/** Checks `userInputMessageContext.tools` of the current message. */
export function toolsViolation(tools: unknown): Violation | undefined {
  if (tools === undefined) return undefined
  if (!Array.isArray(tools)) return violation('tools is not a list')
  const seen = new Set<string>()
  for (const tool of tools) {
    const specification = shapeOf(shapeOf(tool)?.toolSpecification)
    if (specification === undefined) return violation('a tool is not a toolSpecification')
    const name = textOf(specification.name)
    if (name === undefined || !toolNamePattern.test(name)) return violation('a tool name breaks the pattern')
    // Names that differ by case alone are the same to the service.
    if (seen.has(name.toLowerCase())) return violation('a tool name is declared twice')
    seen.add(name.toLowerCase())
    const description = textOf(specification.description)
    if (description === undefined || description.length === 0) return violation('a tool description is empty')
    if (description.length > maxDescription) return violation('a tool description is too long')
    const schema = shapeOf(shapeOf(specification.inputSchema)?.json)
    if (schema === undefined) return violation('a tool schema is not an object')
    if (schema.type !== undefined && schema.type !== 'object') return violation('a tool schema is not of type object')
    const breach = schemaBreach(schema)
    if (breach !== undefined) return violation(breach)
  }
  return undefined
}

/** Keywords whose value is a map of name to schema, a schema, a list of schemas. */
const maps = ['properties', '$defs', 'definitions', 'patternProperties', 'dependentSchemas']
const singles = ['items', 'not', 'if', 'then', 'else', 'contains', 'propertyNames']
const lists = ['anyOf', 'oneOf', 'allOf', 'prefixItems']

const types: ReadonlySet<unknown> = new Set(['string', 'number', 'integer', 'boolean', 'object', 'array', 'null'])

function typeBreach(type: unknown): string | undefined {
  if (type === undefined) return undefined
  return (Array.isArray(type) ? type : [type]).every((entry) => types.has(entry))
    ? undefined
    : 'a schema has a type that JSON Schema does not know'
}

/** Keywords the service refuses, at any depth; members of a `properties` map are names, not keywords. */
function schemaBreach(root: Shape): string | undefined {
  const open: Shape[] = [root]
  for (let schema = open.pop(); schema !== undefined; schema = open.pop()) {
    const breach = typeBreach(schema.type)
    if (breach !== undefined) return breach
    if (schema.required === null) return 'a schema has required: null'
    if (schema.properties === null) return 'a schema has properties: null'
    if (Array.isArray(schema.required) && schema.required.length === 0) return 'a schema has an empty required'
    if (Object.hasOwn(schema, 'additionalProperties')) return 'a schema has additionalProperties'
    for (const keyword of maps) {
      for (const [name, inner] of Object.entries(shapeOf(schema[keyword]) ?? {})) {
        if (name === '') return 'a schema has a property without a name'
        open.push(...(shapeOf(inner) === undefined ? [] : [inner as Shape]))
      }
    }
    for (const inner of [
      ...singles.map((keyword) => schema[keyword]),
      ...lists.flatMap((keyword) => listOf(schema[keyword])),
    ]) {
      const shape = shapeOf(inner)
      if (shape !== undefined) open.push(shape)
    }
  }
  return undefined
}
