import { listOf, type Shape, shapeOf } from './shape.ts'

/** The first way `value` breaks a JSON Schema of the few keywords the models' field schemas use, or undefined. */
export function schemaBreach(value: unknown, schema: Shape, path = '$'): string | undefined {
  if (!hasType(value, schema.type)) return `${path}: not of type ${String(schema.type)}`
  if (Array.isArray(schema.enum) && !schema.enum.includes(value)) return `${path}: not one of the allowed values`
  if (typeof value === 'number') {
    if (typeof schema.minimum === 'number' && value < schema.minimum) return `${path}: below ${schema.minimum}`
    if (typeof schema.maximum === 'number' && value > schema.maximum) return `${path}: above ${schema.maximum}`
  }
  const object = shapeOf(value)
  const properties = shapeOf(schema.properties) ?? {}
  if (object === undefined) return undefined
  for (const name of listOf(schema.required)) {
    if (typeof name === 'string' && !Object.hasOwn(object, name)) return `${path}.${name}: missing`
  }
  for (const [name, member] of Object.entries(object)) {
    const inner = Object.hasOwn(properties, name) ? shapeOf(properties[name]) : undefined
    if (inner === undefined) {
      if (schema.additionalProperties === false) return `${path}.${name}: unknown`
      continue
    }
    const breach = schemaBreach(member, inner, `${path}.${name}`)
    if (breach !== undefined) return breach
  }
  return undefined
}

function hasType(value: unknown, type: unknown): boolean {
  switch (type) {
    case 'object':
      return shapeOf(value) !== undefined
    case 'string':
      return typeof value === 'string'
    case 'integer':
      return Number.isInteger(value)
    case 'number':
      return typeof value === 'number'
    case 'boolean':
      return typeof value === 'boolean'
    case 'array':
      return Array.isArray(value)
    default:
      return true
  }
}
