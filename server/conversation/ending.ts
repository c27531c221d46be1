/** How a reply came to its end. */
export type FinishReason =
  | 'end'
  | 'tool-calls'
  | 'max-tokens'
  | 'stop-sequence'
  | 'context-full'
  /** We ended it: the model would not come to an answer. What it has done so far stands, and the caller may let it go on. */
  | 'paused'
  | 'refusal'
  | 'filtered'

/** The provider's own accounting, as far as it gave any. */
export type UsageReport = {
  readonly inputTokens?: number
  readonly outputTokens?: number
  readonly cacheReadTokens?: number
  readonly cacheWriteTokens?: number
  /** 0-100 and more; counts this reply's output too. */
  readonly contextPercent?: number
  readonly credits?: number
}
