import { type Static, Type } from '@sinclair/typebox'

/** `GET /v2/devtools/{claude-code,droid}/config` */
export const ToolConfig = Type.Object({
  configured: Type.Boolean(),
  baseUrl: Type.String(),
  apiKey: Type.String({ description: 'masked' }),
  model: Type.Optional(Type.String({ description: 'where the tool names one' })),
  path: Type.String(),
  error: Type.Optional(Type.String()),
  params: Type.Optional(Type.Record(Type.String(), Type.Union([Type.String(), Type.Number()]))),
  can_undo: Type.Boolean({ description: 'the file is still as it was set here' }),
})
export type ToolConfig = Static<typeof ToolConfig>

/** `POST`; with `preview` nothing is written. */
export const ToolConfigSave = Type.Object({
  baseUrl: Type.String({ description: 'without /v1' }),
  apiKey: Type.String(),
  model: Type.Optional(Type.String({ description: 'absent: as it is, else the default where the tool must name one' })),
  preview: Type.Optional(Type.Boolean()),
  revision: Type.Optional(Type.String({ description: 'of the preview: a file that changed since is left as it is' })),
})
export type ToolConfigSave = Static<typeof ToolConfigSave>

export const ToolConfigSaved = Type.Object({
  success: Type.Boolean(),
  path: Type.String(),
  /** A copy of the file as it was; null: there was none. */
  backup: Type.Union([Type.String(), Type.Null()]),
  /** The members that change, secrets masked; null: it has none, or none any more. */
  changes: Type.Array(
    Type.Object({
      name: Type.String(),
      before: Type.Union([Type.String(), Type.Null()]),
      after: Type.Union([Type.String(), Type.Null()]),
    }),
  ),
  revision: Type.String({ description: 'of the file as it stands now' }),
})
export type ToolConfigSaved = Static<typeof ToolConfigSaved>

/** `POST …/undo`: the file is again as the newest copy has it. 400 `CHANGED_MEANWHILE`: somebody has touched it since. */
export const ToolConfigUndone = Type.Object({
  success: Type.Boolean(),
  path: Type.String(),
  restored: Type.Union([Type.String(), Type.Null()], {
    description: 'the copy that stands in its place now; null: there was no file, and there is none again',
  }),
})
export type ToolConfigUndone = Static<typeof ToolConfigUndone>
