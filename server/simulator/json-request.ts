import { parseShape, type Shape, shapeOf } from './shape.ts'

const asked =
  /\b(?:respond|reply|answer|output|return|produce)\b[^.\n]{0,80}\bJSON\b|\bJSON\b[^.\n]{0,40}\b(?:only|object|schema)\b|(?:返回|输出|只用|回复)[^。\n]{0,20}JSON/i
/** The opening may be a long system prompt that merely mentions JSON: only plain orders count there. */
const ordered = /\bJSON Schema\b|\b(?:only|single|valid)\b.{0,30}\bJSON (?:object|value|document)\b/i

/** Whether the conversation asks for JSON as the whole answer, and the schema when one stands in the text. */
export function jsonRequest(text: string, opening: string): { readonly schema?: Shape } | undefined {
  const source = asked.test(text) ? text : ordered.test(opening) ? opening : undefined
  if (source === undefined) return undefined
  // What was wrong is told without the schema, which stood where the answer was asked for.
  const schema = schemaIn(source) ?? (asked.test(opening) ? schemaIn(opening) : undefined)
  return schema === undefined ? {} : { schema }
}

const maxTries = 50

/** The last JSON object in the text that reads like a schema. */
function schemaIn(text: string): Shape | undefined {
  let found: Shape | undefined
  let at = text.indexOf('{')
  for (let tries = 0; at >= 0 && tries < maxTries; tries++) {
    const end = closing(text, at)
    const object = end < 0 ? undefined : parseShape(text.slice(at, end + 1))
    if (object !== undefined && (shapeOf(object.properties) !== undefined || typeof object.type === 'string')) {
      found = object
    }
    at = text.indexOf('{', object === undefined ? at + 1 : end + 1)
  }
  return found
}

/** Where the brace opened at `from` is closed, strings aside; -1 when it is not. */
function closing(text: string, from: number): number {
  let depth = 0
  let isString = false
  for (let at = from; at < text.length; at++) {
    const character = text[at]
    if (isString) {
      if (character === '\\') at++
      else if (character === '"') isString = false
    } else if (character === '"') isString = true
    else if (character === '{') depth++
    else if (character === '}' && --depth === 0) return at
  }
  return -1
}
