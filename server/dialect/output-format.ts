import { type Static, Type } from '@sinclair/typebox'
import type { OutputFormat } from '../conversation/conversation.ts'
import { ok } from '../lib/result.ts'
import { type Decoded, open, optional, refuse } from './validate.ts'

const Named = {
  name: optional(Type.String()),
  schema: optional(Type.Object({}, open)),
  strict: optional(Type.Boolean()),
} as const

/** How the answer's text shall be formed: `{type, json_schema: {name, schema}}`, or flat as in the Responses API. */
export const FormatEntry = Type.Object(
  { type: Type.String(), ...Named, json_schema: optional(Type.Object(Named, open)) },
  open,
)

export function decodeOutputFormat(
  format: Static<typeof FormatEntry> | null | undefined,
  at: string,
): Decoded<OutputFormat> {
  switch (format?.type) {
    case undefined:
    case 'text':
      return ok({ type: 'text' })
    case 'json_object':
      return ok({ type: 'json' })
    case 'json_schema': {
      const { name, schema, strict } = format.json_schema ?? format
      const schemaAt = format.json_schema ? `${at}.json_schema.schema` : `${at}.schema`
      // Where nothing was said of it, as the API spells it.
      const isNested = format.json_schema === null || (at === 'response_format' && schema === undefined)
      if (schema == null) return refuse(isNested && !format.json_schema ? `${at}.json_schema` : schemaAt, 'is required')
      return ok({
        type: 'json-schema',
        schema: schema as Record<string, unknown>,
        ...(name ? { name } : {}),
        ...(strict === true && { strict }),
        at: schemaAt,
      })
    }
    default:
      return refuse(`${at}.type`, 'must be text, json_object or json_schema')
  }
}
