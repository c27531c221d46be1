import type { Outcome } from './account.ts'
import type { Strategy } from './select.ts'
import type { Verdict } from './verdict.ts'

export type SeatRequest = {
  /** Whose turn it is in the waiting line: the caller's key. */
  readonly callerId: string
  /** The larger, the earlier in line; callers of equal priority take turns. Default 0. */
  readonly priority?: number
  /** The provider's model id. */
  readonly modelId: string
  /** What the call may cost at most, in the provider's credits; asked only while `guardsCredits`. */
  readonly credits?: number
  /** Names the caller's conversation; the same one goes to the same account while that is well. */
  readonly session?: string
  /** The conversation's first turn: it is remembered where it goes, but follows nobody. */
  readonly isNew?: boolean
  /** The only accounts it may get, those of its caller's key; absent: any. */
  readonly only?: ReadonlySet<string>
  /** It had an account before that failed it. */
  readonly isRetry?: boolean
  /** Accounts this request must not get again. */
  readonly exclude: ReadonlySet<string>
  /** Accounts to take only if there is no other. */
  readonly avoid: ReadonlySet<string>
  /** Epoch ms until which it may wait for a seat. */
  readonly waitUntil: number
}

/** As much of a request as the verdict on an account depends on. */
export type Asked = Pick<SeatRequest, 'modelId' | 'only' | 'exclude' | 'credits'>

/** Why each candidate was or was not taken, in the order looked at; bounded, but always with the one that was. */
export type Consideration = { readonly accountId: string; readonly verdict: Verdict }
/** `conversation`: its earlier turns went there. */
export type ChosenBy = 'conversation' | Strategy

export type Lease = {
  readonly accountId: string
  /** UUID, stable for one caller conversation while it stays on this account. */
  readonly conversationId: string
  readonly waitedMs: number
  readonly considered: readonly Consideration[]
  /** What decided for this account. */
  readonly by: ChosenBy
  /** The call has begun to answer: the account is well, whatever becomes of the reply. */
  readonly confirm: () => void
  /** Whether the account may still be called: it was not switched off, removed or lost since. */
  readonly isCurrent: () => boolean
  /** Gives the seat back; only the first call counts. `credits`: what the provider says it cost; absent: not known. */
  readonly release: (outcome: Outcome, credits?: number) => void
}
