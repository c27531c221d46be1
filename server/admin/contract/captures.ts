import { type Static, Type } from '@sinclair/typebox'

/** `PUT /v2/captures/:keyId`: keeps prompts and replies of this key's requests for a while. Off for every key without it. */
export const CaptureUpdate = Type.Object({
  hours: Type.Optional(Type.Integer({ minimum: 1, maximum: 168, description: 'how long it is on; default 1' })),
  keep_hours: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 720, description: 'how long each is kept; default 24' }),
  ),
  max_bytes: Type.Optional(
    Type.Integer({ minimum: 1_024, maximum: 262_144, description: 'of the prompt and of the reply; default 65,536' }),
  ),
})
export const CaptureView = Type.Object({
  api_key_id: Type.String(),
  active: Type.Boolean(),
  until: Type.String(),
  keep_hours: Type.Number(),
  max_bytes: Type.Integer(),
})
export type CaptureView = Static<typeof CaptureView>
export const CaptureList = Type.Object({ captures: Type.Array(CaptureView) })
export type CaptureList = Static<typeof CaptureList>
/** `GET /v2/logs/:id/content` */
export const ContentView = Type.Object({
  prompt: Type.String({ description: 'the body as it was sent, without what looks like a secret' }),
  reply: Type.String({ description: 'the body or the frames as they were answered' }),
  cut: Type.Boolean({ description: 'more than `max_bytes` was left out' }),
})
export type ContentView = Static<typeof ContentView>
