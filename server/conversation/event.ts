import type { FinishReason, UsageReport } from './ending.ts'
import type { GatewayError } from './error.ts'
import type { Citation, SearchOutcome } from './search.ts'

/**
 * What comes back, in steps. `index` counts blocks of one reply from 0 without gaps; a block is started, fed and ended
 * before the next one starts. Every reply is `reply-start`, blocks, then exactly one `finish` or `error`.
 */
export type BlockEvent =
  /** `isRefusal`: the text says why there is no answer. */
  | { readonly type: 'text-start'; readonly index: number; readonly isRefusal?: true }
  | { readonly type: 'text-delta'; readonly index: number; readonly text: string }
  | { readonly type: 'text-end'; readonly index: number }
  | { readonly type: 'reasoning-start'; readonly index: number }
  | { readonly type: 'reasoning-delta'; readonly index: number; readonly text: string }
  /** `signature` is the provider's own, untouched; absent when it gave none. */
  | { readonly type: 'reasoning-end'; readonly index: number; readonly signature?: string }
  /** A whole block of its own: start, content and end in one. */
  | { readonly type: 'redacted-reasoning'; readonly index: number; readonly base64: string }
  | { readonly type: 'tool-call-start'; readonly index: number; readonly id: string; readonly name: string }
  /** A fragment of the JSON text of the input; fragments joined are one JSON object, `{}` when there was none. */
  | { readonly type: 'tool-call-delta'; readonly index: number; readonly json: string }
  | { readonly type: 'tool-call-end'; readonly index: number }

/** A search that we ran between two turns of the model; each a whole block of its own. A provider's adapter gives none. */
export type SearchEvent =
  | { readonly type: 'search-call'; readonly index: number; readonly id: string; readonly query: string }
  /** Always the next block after its call. */
  | {
      readonly type: 'search-result'
      readonly index: number
      readonly callId: string
      readonly query: string
      readonly outcome: SearchOutcome
    }
  /** Within a text block, before its end. */
  | { readonly type: 'citation'; readonly index: number; readonly citation: Citation }

/** What a provider's adapter yields: content, then its own facts about the end. No `reply-start`. */
export type UpstreamEvent =
  | BlockEvent
  | { readonly type: 'finish'; readonly reason: FinishReason; readonly report: UsageReport }
  | { readonly type: 'error'; readonly error: GatewayError }

/** What the dialects encode: an upstream stream after the relay has metered it and applied the caller's limits. */
export type ReplyEvent =
  | { readonly type: 'reply-start'; readonly input: Figure }
  | BlockEvent
  | SearchEvent
  | {
      readonly type: 'finish'
      readonly reason: FinishReason
      /** Set only with reason `stop-sequence`: which one. */
      readonly stopSequence?: string
      readonly usage: Usage
    }
  /** `usage`: what was used before it broke, where that is known. */
  | { readonly type: 'error'; readonly error: GatewayError; readonly usage?: Usage }

/** A token count and where it comes from. */
export type Figure = { readonly tokens: number; readonly source: 'measured' | 'derived' | 'estimated' }

/** Cache figures are absent unless the provider measured them; nothing is invented. `input` includes cached tokens. */
export type Usage = {
  readonly input: Figure
  readonly output: Figure
  readonly reasoning?: Figure
  readonly cacheRead?: Figure
  readonly cacheWrite?: Figure
  readonly credits?: number
  /** Searches that were done; absent: none. */
  readonly searches?: number
}
