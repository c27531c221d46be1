/** One model of an account's live list, in our words. Token limits are what the provider declares. */
export type ModelInfo = {
  /** The provider's id: `claude-sonnet-4.5`. */
  readonly id: string
  readonly name: string
  readonly description?: string
  readonly maxInputTokens: number
  readonly maxOutputTokens: number
  readonly acceptsImages: boolean
  /** Credits per unit relative to 1.0; informative. */
  readonly rate?: number
  /** The provider's JSON Schema for native thinking fields; absent on models that have none. */
  readonly requestFieldsSchema?: Readonly<Record<string, unknown>>
}
