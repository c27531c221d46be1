import type { ErrorKind, GatewayError } from '../conversation/error.ts'
import type { OveragePolicy, Quota } from '../conversation/quota.ts'

/**
 * Where an account stands. `ready` and `unchecked` serve; `cooling` and `exhausted` serve again at `until`; `expired` needs
 * a sign-in, `suspended` a person at the provider, `failing` a check or the operator.
 */
export type HealthState = 'unchecked' | 'ready' | 'cooling' | 'exhausted' | 'expired' | 'suspended' | 'failing'

export type Health = {
  readonly state: HealthState
  /** Epoch ms at which this state, or this rest, began: what began before it says nothing about it. */
  readonly since: number
  /** Epoch ms at which it may serve again (`cooling`, `exhausted`). */
  readonly until?: number
  /** In words for the operator; the provider's own message where there is one. */
  readonly reason?: string
  /** The kind of failure a rest is for. */
  readonly kind?: ErrorKind
  /** Failures in a row that were the account's, rate limits not among them. */
  readonly failures: number
  /** Rate limits in a row: each makes the next rest longer. Absent: none. */
  readonly limits?: number
}

/** An upstream login as the pool sees it: no secrets, no identity. */
export type Account = {
  readonly id: string
  readonly label: string
  /** The operator's switch. */
  readonly enabled: boolean
  readonly health: Health
  /** 1-100; the share of work it should get relative to others. */
  readonly weight: number
  readonly maxInFlight: number
  readonly quota?: Quota
  /** Its own switch for going past the included quota at the provider's price, and its caps; absent: it may not. */
  readonly overage?: OveragePolicy
  readonly createdAt: number
  readonly lastUsedAt?: number
}

/** An account and the room for work it has now. */
export type Seat = {
  readonly account: Account
  readonly inFlight: number
  readonly startsLastMinute: number
  /** `shareLeft` of its quota as it may be spent, computed when the quota was read. */
  readonly quotaLeft: number | undefined
  /** `remainingCredits` of the same. */
  readonly creditsLeft: number | undefined
}

/** What a lease ended with. `cancelled` and request faults never count against the account. */
export type Outcome =
  | { readonly type: 'success' }
  | { readonly type: 'cancelled' }
  | { readonly type: 'failure'; readonly error: GatewayError }
