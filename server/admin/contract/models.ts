import { type Static, Type } from '@sinclair/typebox'

/** `GET /v2/models`: what clients can ask for now, from the accounts' live lists. */
export const ModelView = Type.Object({
  id: Type.String(),
  name: Type.String(),
  description: Type.String(),
  default: Type.Boolean(),
  thinking: Type.Boolean(),
  maxInputTokens: Type.Integer(),
  maxOutputTokens: Type.Integer(),
  images: Type.Boolean(),
})
export const ModelList = Type.Object({ models: Type.Array(ModelView) })
export type ModelList = Static<typeof ModelList>
