import type { Conversation } from '../conversation/conversation.ts'
import type { ReplyEvent } from '../conversation/event.ts'

/** Something the caller demanded that the provider can only be asked for in words (ruling: passed on, checked, counted). */
export type Missed = 'tool-choice' | 'output-format'

export type WishCheck = {
  readonly push: (event: ReplyEvent) => void
  /** What the finished reply did not fulfil; to be asked once, after `finish`. */
  readonly missed: () => Missed | undefined
}

/** Text beyond this is not judged. */
const maxCharacters = 2_000_000

/** Watches one reply for the forced tool or the JSON the caller asked for; undefined when nothing was demanded. */
export function createWishCheck({ toolChoice, tools, output }: Conversation): WishCheck | undefined {
  const forced = toolChoice.type === 'tool' ? toolChoice.name : undefined
  const needsTool = tools.length > 0 && (toolChoice.type === 'any' || forced !== undefined)
  const needsJson = output.type !== 'text'
  if (!needsTool && !needsJson) return undefined
  const called: string[] = []
  let text = ''
  return {
    push: (event) => {
      if (event.type === 'tool-call-start') called.push(event.name)
      if (needsJson && event.type === 'text-delta' && text.length < maxCharacters) text += event.text
    },
    missed: () => {
      if (needsTool && (forced === undefined ? called.length === 0 : !called.includes(forced))) return 'tool-choice'
      if (!needsJson || called.length > 0 || text.length >= maxCharacters) return undefined
      const value = parse(text)
      if (value === undefined) return 'output-format'
      return output.type === 'json-schema' && !fits(value.json, output.schema) ? 'output-format' : undefined
    },
  }
}

function parse(text: string): { readonly json: unknown } | undefined {
  try {
    return { json: JSON.parse(text) }
  } catch {
    return undefined
  }
}

/** The shape alone: types, required members, items and enumerations. What else a schema may say is not judged. */
function fits(value: unknown, schema: unknown, depth = 0): boolean {
  if (typeof schema !== 'object' || schema === null || depth > 32) return true
  const { type, enum: allowed, required, properties, items } = schema as Record<string, unknown>
  if (Array.isArray(allowed) && !allowed.some((one) => JSON.stringify(one) === JSON.stringify(value))) return false
  const types = Array.isArray(type) ? type : type === undefined ? [] : [type]
  if (types.length > 0 && !types.some((name) => isOfType(value, name))) return false
  if (Array.isArray(value)) return items === undefined || value.every((item) => fits(item, items, depth + 1))
  if (typeof value !== 'object' || value === null) return true
  const members = value as Record<string, unknown>
  if (Array.isArray(required) && !required.every((name) => typeof name !== 'string' || Object.hasOwn(members, name)))
    return false
  if (typeof properties !== 'object' || properties === null) return true
  return Object.entries(properties).every(
    ([name, inner]) => !Object.hasOwn(members, name) || fits(members[name], inner, depth + 1),
  )
}

function isOfType(value: unknown, type: unknown): boolean {
  switch (type) {
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value)
    case 'array':
      return Array.isArray(value)
    case 'integer':
      return Number.isInteger(value)
    case 'null':
      return value === null
    case 'string':
    case 'number':
    case 'boolean':
      return typeof value === type
    default:
      return true
  }
}
