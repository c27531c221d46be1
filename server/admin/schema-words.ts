import type { TSchema } from '@sinclair/typebox'
import type { Reason } from './invalid-request.ts'

/** What a member must be, in words with its bounds: `must be a whole number from 1 to 100`. */
export function mustBe(schema: TSchema): string {
  if ('not' in schema) return 'is no member of this body'
  return `must be ${wordsOf(schema)}`
}

/** Which of its bounds a value is beyond, for who says it in other words. */
export function whyNot(schema: TSchema, value: unknown): Reason {
  if ('not' in schema) return { reason: 'unknown-member' }
  const { type, minLength, maxLength, minItems, maxItems, minimum, maximum } = schema
  if (type === 'string' && typeof value === 'string') {
    if (value.length < minLength) return { reason: 'short', least: minLength }
    if (value.length > maxLength) return { reason: 'long', most: maxLength }
  }
  if (type === 'array' && Array.isArray(value)) {
    if (value.length < minItems) return { reason: 'few', least: minItems }
    if (value.length > maxItems) return { reason: 'many', most: maxItems }
  }
  if ((type === 'integer' || type === 'number') && typeof value === 'number') {
    if (type === 'integer' && !Number.isInteger(value)) return { reason: 'whole' }
    if (minimum !== undefined && maximum !== undefined) return { reason: 'range', least: minimum, most: maximum }
    if (minimum !== undefined) return { reason: 'least', least: minimum }
    if (maximum !== undefined) return { reason: 'most', most: maximum }
  }
  return { reason: 'wrong' }
}

function wordsOf(schema: TSchema): string {
  if (Array.isArray(schema.anyOf)) return either(schema.anyOf as TSchema[])
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  const { type, items } = schema
  switch (type) {
    case 'string':
      return `a text${bounds(schema.minLength, schema.maxLength, 'character')}`
    case 'integer':
    case 'number':
      return `a ${type === 'integer' ? 'whole number' : 'number'}${range(schema.minimum, schema.maximum)}`
    case 'boolean':
      return 'true or false'
    case 'null':
      return 'null'
    case 'array':
      return `a list${bounds(schema.minItems, schema.maxItems, 'item')}${isNamed(items) ? `, each ${wordsOf(items)}` : ''}`
    case 'object':
      return 'an object'
    default:
      return 'another value'
  }
}

function either(schemas: readonly TSchema[]): string {
  const words = schemas.map(wordsOf)
  const last = words.at(-1) ?? ''
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} or ${last}`
}

const isNamed = (items: unknown): items is TSchema =>
  typeof items === 'object' && items !== null && ('type' in items || 'anyOf' in items)

function range(least: number | undefined, most: number | undefined): string {
  if (least !== undefined && most !== undefined) return ` from ${least} to ${most}`
  if (least !== undefined) return ` of at least ${least}`
  return most === undefined ? '' : ` of at most ${most}`
}

function bounds(least: number | undefined, most: number | undefined, unit: string): string {
  const many = (count: number): string => `${count} ${unit}${count === 1 ? '' : 's'}`
  if (least !== undefined && most !== undefined) return ` of ${least} to ${many(most)}`
  if (least !== undefined) return ` of at least ${many(least)}`
  return most === undefined ? '' : ` of at most ${many(most)}`
}
