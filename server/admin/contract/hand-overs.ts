import { type Static, Type } from '@sinclair/typebox'

const hour = 3_600
export const handOverHours = { least: 1, usual: 24, most: 24 * 7 } as const
/** How long an old key string may go on opening beside the new one. */
export const mostGraceSeconds = 7 * 24 * hour

export const graceSeconds = Type.Optional(
  Type.Integer({
    minimum: 0,
    maximum: mostGraceSeconds,
    description: 'how long the old string goes on opening beside the new one; default 0',
  }),
)

/** `POST /v2/keys/:id/hand-over`: a link in place of the key's last one. The key gets a new string when it is opened. */
export const HandOverCreate = Type.Object({
  expires_in_seconds: Type.Optional(
    Type.Integer({
      minimum: 60,
      maximum: handOverHours.most * hour,
      description: `default ${handOverHours.usual * hour}`,
    }),
  ),
  grace_seconds: graceSeconds,
})
export type HandOverCreate = Static<typeof HandOverCreate>

/** The link of a key, as far as it can be shown again. */
export const HandOverView = Type.Object({
  created_at: Type.String(),
  expires_at: Type.String(),
  opened_at: Type.Union([Type.String(), Type.Null()]),
})
export type HandOverView = Static<typeof HandOverView>

/** The only answer that carries what stands in the link, behind the `#` of the console's `/hand-over`. */
export const HandOverCreated = Type.Composite([HandOverView, Type.Object({ token: Type.String() })])
export type HandOverCreated = Static<typeof HandOverCreated>

/** `POST /api/hand-over` and `POST /api/hand-over/open`, by whoever holds a link. */
export const HandOverAsk = Type.Object({ token: Type.String({ minLength: 1, maxLength: 200 }) })
export type HandOverAsk = Static<typeof HandOverAsk>

/** What a link is for. Looking changes nothing. */
export const HandOverOffer = Type.Object({
  product: Type.String(),
  key_name: Type.String(),
  user_name: Type.Union([Type.String(), Type.Null()]),
  expires_at: Type.String(),
})
export type HandOverOffer = Static<typeof HandOverOffer>

/** The key, which this answer alone carries. */
export const HandOverOpened = Type.Object({ key: Type.String(), key_name: Type.String() })
export type HandOverOpened = Static<typeof HandOverOpened>
