import { type Static, Type } from '@sinclair/typebox'

/** `GET /v2/devtools/{claude-code,droid}/config` */
export const ToolConfig = Type.Object({
  configured: Type.Boolean(),
  baseUrl: Type.String(),
  apiKey: Type.String({ description: 'masked' }),
  path: Type.String(),
  error: Type.Optional(Type.String()),
})
export type ToolConfig = Static<typeof ToolConfig>

/** `POST`; with `preview` nothing is written. */
export const ToolConfigSave = Type.Object({
  baseUrl: Type.String(),
  apiKey: Type.String(),
  preview: Type.Optional(Type.Boolean()),
})
export type ToolConfigSave = Static<typeof ToolConfigSave>

export const ToolConfigSaved = Type.Object({
  success: Type.Boolean(),
  path: Type.String(),
  /** A copy of the file as it was; null: there was none. */
  backup: Type.Union([Type.String(), Type.Null()]),
  /** The members of `env` that change, secrets masked; null: it has none. */
  changes: Type.Array(
    Type.Object({
      name: Type.String(),
      before: Type.Union([Type.String(), Type.Null()]),
      after: Type.String(),
    }),
  ),
})
export type ToolConfigSaved = Static<typeof ToolConfigSaved>

/** `POST …/undo`: the file is again as the newest copy has it. */
export const ToolConfigUndone = Type.Object({
  success: Type.Boolean(),
  path: Type.String(),
  restored: Type.String({ description: 'the copy that stands in its place now' }),
  kept: Type.Union([Type.String(), Type.Null()], { description: 'a copy of what stood there; null: nothing did' }),
})
export type ToolConfigUndone = Static<typeof ToolConfigUndone>
