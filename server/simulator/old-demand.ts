/** Demands that the service once made or is only reported to make. Off, unless an account is told to be met by them. */
export const oldDemands = [
  'calls-per-message',
  'history-length',
  'tool-name-plain',
  'schema-reference',
  'schema-alternatives',
  'schema-keyword',
  'schema-required',
  'schema-property',
  'user-text',
  'assistant-text',
  'image-size-old',
  'image-bytes',
  'body-size',
] as const
export type OldDemand = (typeof oldDemands)[number]
