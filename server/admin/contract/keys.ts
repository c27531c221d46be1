import { type Static, Type } from '@sinclair/typebox'
import { nextCursor, pagedQuery } from './common.ts'
import { graceSeconds, HandOverView } from './hand-overs.ts'
import { LimitsPatch, LimitsView, RightsPatch, RightsView } from './limits.ts'
import { UsedView } from './used.ts'

/** An API key after creation: only its first characters and last four are kept. Its user's limits hold besides its own. */
export const KeyView = Type.Composite([
  Type.Object({
    id: Type.String(),
    name: Type.String(),
    prefix: Type.String(),
    last4: Type.String(),
    enabled: Type.Boolean(),
    user_id: Type.Union([Type.String(), Type.Null()]),
    repair: Type.Union([Type.Boolean(), Type.Null()], {
      description: 'whether replies that miss a demand are asked for once more; null: as the setting says',
    }),
    internal: Type.Boolean({ description: 'the console’s own: nobody holds it' }),
    created_at: Type.String(),
    last_used_at: Type.Union([Type.String(), Type.Null()]),
    compression: Type.String({ description: '`inherit`: as the settings say; `off`, `overflow` or `share`' }),
    dry_run: Type.Boolean({ description: 'it may ask what would be sent' }),
    previous_until: Type.Union([Type.String(), Type.Null()], {
      description: 'until then the string it had before opens too',
    }),
    /** Its last link. */
    hand_over: Type.Union([HandOverView, Type.Null()]),
  }),
  RightsView,
  LimitsView,
  UsedView,
])
export type KeyView = Static<typeof KeyView>

const name = Type.String({ minLength: 1, maxLength: 64 })

/** What holds for its requests, whatever the settings say. Absent leaves it as it is. */
const ways = {
  compression: Type.Optional(
    Type.Union(
      ['inherit', 'off', 'overflow', 'share'].map((word) => Type.Literal(word)),
      { description: 'when its long conversations are made shorter; `inherit`: as the settings say' },
    ),
  ),
  dry_run: Type.Optional(Type.Boolean({ description: 'it may ask what would be sent: `?dry_run=1`' })),
  repair: Type.Optional(
    Type.Union([Type.Boolean(), Type.Null()], {
      description: 'whether replies that miss a demand are asked for once more; null: as the settings say',
    }),
  ),
}

/** As the accounts' members are spelt: ignored, it would make a key for every account. */
const misspelt = { accountIds: Type.Optional(Type.Never()) }

/** `POST /v2/keys`. `account_ids`: the only accounts it may use, each of which must exist; absent or empty: any. */
export const KeyCreate = Type.Object({
  name,
  user_id: Type.Optional(Type.String({ maxLength: 100 })),
  ...ways,
  ...RightsPatch.properties,
  ...LimitsPatch.properties,
  ...misspelt,
})
export type KeyCreate = Static<typeof KeyCreate>

/** `POST /v2/keys` and `POST /v2/keys/:id/regenerate`: the only answers that carry the key itself. */
export const KeyCreated = Type.Composite([KeyView, Type.Object({ key: Type.String() })])
export type KeyCreated = Static<typeof KeyCreated>

/** `POST /v2/keys/:id/regenerate` */
export const KeyRegenerate = Type.Object({ grace_seconds: graceSeconds })
export type KeyRegenerate = Static<typeof KeyRegenerate>

/** `PATCH /v2/keys/:id`: what is absent stays as it is. Answers with the key's view. */
export const KeyPatch = Type.Object({
  name: Type.Optional(name),
  enabled: Type.Optional(Type.Boolean()),
  ...ways,
  ...RightsPatch.properties,
  ...LimitsPatch.properties,
  ...misspelt,
})
export type KeyPatch = Static<typeof KeyPatch>

/** `GET /v2/keys` */
export const KeyQuery = Type.Object({
  ...pagedQuery,
  internal: Type.Optional(
    Type.String({ description: '`true`: the gateway’s own keys in place of those somebody holds' }),
  ),
})

/** `GET /v2/keys`; the last three where a page is asked for. */
export const KeyList = Type.Object({
  keys: Type.Array(KeyView),
  count: Type.Integer(),
  total: Type.Optional(Type.Integer()),
  next_cursor: Type.Optional(nextCursor),
  counts: Type.Optional(Type.Record(Type.String(), Type.Integer(), { description: '`enabled`, `disabled`' })),
})
export type KeyList = Static<typeof KeyList>
