import type { ErrorKind } from '../conversation/error.ts'
import type { Usage } from '../conversation/event.ts'
import type { ChosenBy, Consideration } from '../pool/seat-request.ts'
import type { Missed } from './wishes.ts'

/** One call to the provider within a request. Times are milliseconds since the request arrived. */
export type Attempt = {
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
}

/** Given once, when a request is over, whichever way. */
export type Summary = {
  readonly outcome: 'ok' | ErrorKind
  readonly message?: string
  readonly cause?: string
  readonly accountId?: string
  readonly upstreamModel?: string
  /** Until the first content event; absent when there was none. */
  readonly firstTokenMs?: number
  readonly durationMs: number
  readonly usage?: Usage
  /** What the provider charged for calls of this request that gave nothing: it said so itself. Absent: nothing. */
  readonly lostCredits?: number
  /** A demand of the caller's that the finished reply does not fulfil. */
  readonly missed?: Missed
  readonly route: RouteRecord
}
