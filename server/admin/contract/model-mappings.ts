import { type Static, Type } from '@sinclair/typebox'
import { pageMembers } from './common.ts'

/** Which model a name stands for: for all keys, or for one. */
export const ModelMappingView = Type.Object({
  id: Type.String(),
  name: Type.String({ description: 'what callers send; with `*` at its end: whatever begins so' }),
  target: Type.String(),
  key_id: Type.Union([Type.String({ description: 'the only key it holds for' }), Type.Null()]),
  key_name: Type.Union([Type.String(), Type.Null()]),
  served_by: Type.Union([Type.String({ description: 'the model it leads to now' }), Type.Null()], {
    description: 'null: no account offers the target',
  }),
  created_at: Type.String({ description: 'RFC 3339, UTC' }),
  updated_at: Type.String(),
})
export type ModelMappingView = Static<typeof ModelMappingView>

export const ModelMappingList = Type.Object({
  mappings: Type.Array(ModelMappingView),
  total: Type.Integer(),
  ...pageMembers,
})
export type ModelMappingList = Static<typeof ModelMappingList>

const KeyId = Type.Optional(Type.Union([Type.String(), Type.Null()], { description: 'null: all keys' }))

/** `POST /v2/model-mappings` */
export const ModelMappingCreate = Type.Object({ name: Type.String(), target: Type.String(), key_id: KeyId })
export type ModelMappingCreate = Static<typeof ModelMappingCreate>

/** `PUT /v2/model-mappings/:id`: any of them. */
export const ModelMappingUpdate = Type.Object({
  name: Type.Optional(Type.String()),
  target: Type.Optional(Type.String()),
  key_id: KeyId,
})
export type ModelMappingUpdate = Static<typeof ModelMappingUpdate>

export const ModelMappingChanged = Type.Object({ message: Type.String(), mapping: ModelMappingView })
export type ModelMappingChanged = Static<typeof ModelMappingChanged>
