import type { Used } from '../access/limits.ts'
import type { ErrorKind, GatewayError } from '../conversation/error.ts'
import type { Usage } from '../conversation/event.ts'
import type { SearchFault } from '../conversation/search.ts'
import type { ChosenBy, Consideration } from '../pool/seat-request.ts'

/** What a caller demands of a reply. */
export type Missed = 'output-format' | 'tool-choice' | 'tool-arguments'

/** What a further model turn of a request is for; the caller's own turn has none. */
export type Purpose = 'repair' | 'search' | 'summary'

/** One call to the provider within a request. Times are milliseconds since the request arrived. */
export type Attempt = {
  readonly purpose?: Purpose
  readonly accountId: string
  readonly startedMs: number
  readonly waitedMs: number
  readonly endedMs: number
  readonly outcome: 'ok' | ErrorKind
  /** For the operator, bounded. */
  readonly cause?: string
  /** The provider's own id of the call. */
  readonly providerRequestId?: string
}

/** How a request went: who was considered, what was tried. Kept with the request log. */
export type RouteRecord = {
  /** The candidates of the first choice. */
  readonly considered: readonly Consideration[]
  /** What decided the first choice; absent when there was none. */
  readonly by?: ChosenBy
  readonly attempts: readonly Attempt[]
  /** How the candidates stood when after these attempts nobody could be chosen. */
  readonly left?: readonly Consideration[]
  /** What the model did against a demand, and what became of it. */
  readonly repair?: Repair
  /** The model turns of a request that took several, in order. */
  readonly turns?: readonly Turn[]
  /** The web searches that were run for it, in order. */
  readonly searches?: readonly SearchRecord[]
}

/** One web search: how it ended and how many pages it gave. Times as in attempts. */
export type SearchRecord = {
  readonly outcome: 'ok' | SearchFault
  readonly results: number
  readonly accountId?: string
  readonly startedMs: number
  readonly endedMs: number
  /** For the operator, bounded. */
  readonly cause?: string
}

/** A reply that did not do what was demanded. `before` and `after` are what it said and what took its place, cut short. */
export type Repair = {
  readonly of: Missed
  /**
   * `off`: not tried, by the key's setting; `late`: some of it had gone out, or no room was left for another answer; `dropped`:
   * calls that no offered tool answers were left out, and what stood beside them is the answer.
   */
  readonly outcome: 'repaired' | 'failed' | 'off' | 'late' | 'dropped'
  readonly faults: readonly string[]
  readonly before: string
  readonly after?: string
}

/** One model turn of several: what it was for, how it ended and what it used. Times as in attempts. */
export type Turn = {
  readonly purpose?: Purpose
  readonly outcome: 'ok' | ErrorKind
  readonly upstreamModel?: string
  readonly startedMs: number
  readonly endedMs: number
  readonly usage?: Usage
  readonly lostCredits?: number
}

/** Given once, when a request is over, whichever way. */
export type Summary = {
  readonly outcome: 'ok' | ErrorKind
  readonly message?: string
  readonly cause?: string
  /** Of a request that did not fit: its size and the window, as far as they are known. */
  readonly contextTokens?: GatewayError['contextTokens']
  readonly accountId?: string
  readonly upstreamModel?: string
  /** Until the first content event; absent when there was none. */
  readonly firstTokenMs?: number
  readonly durationMs: number
  readonly usage?: Usage
  /** What its turns count as, where there were several, perhaps of different models. */
  readonly used?: Used
  /** What the provider charged for calls of this request that gave nothing: it said so itself. Absent: nothing. */
  readonly lostCredits?: number
  /** A demand of the caller's that the finished reply does not fulfil. */
  readonly missed?: Missed
  readonly route: RouteRecord
}
