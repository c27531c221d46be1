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
  /** What a million tokens count as, in dollars. */
  price: Type.Object({
    input_usd: Type.Number(),
    output_usd: Type.Number(),
    from: Type.Union([Type.Literal('override'), Type.Literal('list'), Type.Literal('default')], {
      description: 'the setting `modelPrices`, the list, or the price of all that have none',
    }),
  }),
})
export const ModelList = Type.Object({
  models: Type.Array(ModelView),
  prices: Type.Object({
    as_of: Type.String({ description: 'of the list: year and month' }),
    source: Type.String(),
  }),
})
export type ModelList = Static<typeof ModelList>
