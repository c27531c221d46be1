import type { ErrorKind, GatewayError } from '../conversation/error.ts'
import { type Quota, remainingCredits } from '../conversation/quota.ts'
import { type Backoff, backoffMs } from '../lib/backoff.ts'
import type { Account, Health, HealthState, Outcome } from './account.ts'

export type HealthPolicy = {
  /** Failures in a row after which the account rests until somebody looks (setting `maxErrorCount`). */
  readonly maxFailures: number
  /** Rest after a rate limit that names no time. */
  readonly cooling: Backoff
  /** Rest after a refusal that is the account's but may heal (plan, profile, plain 403). */
  readonly refusedMs: number
  /** When to look again at spent quota whose reset date is unknown. */
  readonly exhaustedRecheckMs: number
}

export const defaultHealthPolicy: HealthPolicy = {
  maxFailures: 30,
  cooling: { baseMs: 15_000, maxMs: 600_000 },
  refusedMs: 300_000,
  exhaustedRecheckMs: 3_600_000,
}

/** What one kind of failure means for the account; `none`: not the account's doing. */
const effects = {
  'token-rejected': 'fail',
  'account-suspended': 'suspend',
  'account-refused': 'refuse',
  'quota-exhausted': 'exhaust',
  'rate-limited': 'cool',
  'invalid-request': 'none',
  'context-too-long': 'none',
  'request-too-large': 'none',
  'model-not-found': 'none',
  'not-found': 'none',
  'unsupported-thread': 'none',
  'thinking-signature': 'none',
  authentication: 'none',
  permission: 'none',
  'limit-reached': 'none',
  'service-throttled': 'none',
  'model-overloaded': 'none',
  'upstream-failed': 'none',
  'upstream-unreachable': 'none',
  'empty-reply': 'none',
  'broken-reply': 'none',
  timeout: 'none',
  'no-account': 'none',
  'no-healthy-account': 'none',
  'pool-cooling': 'none',
  'pool-exhausted': 'none',
  'pool-busy': 'none',
  cancelled: 'none',
  'shutting-down': 'none',
  internal: 'none',
} as const satisfies Record<ErrorKind, 'none' | 'cool' | 'refuse' | 'fail' | 'exhaust' | 'suspend'>

/** States that only a person or a successful sign-in ends: no call's outcome may leave them. */
const final: ReadonlySet<HealthState> = new Set(['suspended', 'expired', 'failing'])

/**
 * The account's health after a call that began at `startedAt`. A result that is older than the current state never
 * overwrites it: a late success does not end a newer rest, a late rate limit does not shorten one.
 */
export function afterOutcome(
  account: Account,
  outcome: Outcome,
  startedAt: number,
  now: number,
  random: number,
  policy: HealthPolicy,
): Health {
  const { health } = account
  if (outcome.type === 'cancelled') return health
  if (outcome.type === 'success') {
    const stale = final.has(health.state) || (health.since > startedAt && health.state !== 'ready')
    const unchanged = health.state === 'ready' && health.failures === 0
    return stale || unchanged
      ? health
      : { state: 'ready', since: health.state === 'ready' ? health.since : now, failures: 0 }
  }
  return afterFailure(account, outcome.error, now, random, policy)
}

function afterFailure(
  account: Account,
  error: GatewayError,
  now: number,
  random: number,
  policy: HealthPolicy,
): Health {
  const { health } = account
  const effect = effects[error.kind]
  if (effect === 'none' || health.state === 'suspended') return health
  if (effect === 'suspend')
    return { state: 'suspended', since: now, reason: error.message, failures: health.failures + 1 }
  if (final.has(health.state)) return health
  if (effect === 'exhaust') return exhausted(account, error.message, now, policy)
  const failures = health.failures + 1
  if (failures >= policy.maxFailures) {
    return { state: 'failing', since: now, reason: `${failures} errors in a row; last: ${error.message}`, failures }
  }
  if (health.state === 'exhausted' && (health.until ?? 0) > now) return health
  const restMs =
    error.retryAfterMs ?? (effect === 'refuse' ? policy.refusedMs : backoffMs(policy.cooling, failures, random))
  const until = Math.max(now + restMs, health.state === 'cooling' ? (health.until ?? 0) : 0)
  return {
    state: 'cooling',
    since: health.state === 'cooling' ? health.since : now,
    until,
    reason: error.message,
    failures,
  }
}

/** Rest until the provider's own reset date; without one, a later look. */
function exhausted(account: Account, reason: string, now: number, policy: HealthPolicy): Health {
  const resetsAt = account.quota?.resetsAt
  const until = resetsAt !== undefined && resetsAt > now ? resetsAt : now + policy.exhaustedRecheckMs
  const since = account.health.state === 'exhausted' ? account.health.since : now
  return { state: 'exhausted', since, until, reason, failures: account.health.failures }
}

/** A fresh quota reading: spends out or revives an account, and nothing else. */
export function afterQuota(account: Account, quota: Quota, now: number, policy: HealthPolicy): Health {
  const left = remainingCredits(quota)
  const known = quota.limit > 0 || (quota.trial?.active ?? false)
  if (account.health.state === 'exhausted' && left > 0) return { state: 'ready', since: now, failures: 0 }
  if (known && left <= 0 && serves(account.health.state)) {
    return exhausted({ ...account, quota }, 'The quota is used up.', now, policy)
  }
  return account.health
}

/** The sign-in is dead: only a new one helps. Suspension outranks it. */
export function afterSignInLost(account: Account, reason: string, now: number): Health {
  if (account.health.state === 'suspended') return account.health
  return { state: 'expired', since: now, reason, failures: account.health.failures }
}

/** A person checked the account and the provider answered well: everything but spent quota is forgiven. */
export function afterCheck(account: Account, now: number): Health {
  if (account.health.state === 'exhausted' && (account.health.until ?? 0) > now) return account.health
  if (account.health.state === 'ready' && account.health.failures === 0) return account.health
  return { state: 'ready', since: account.health.state === 'ready' ? account.health.since : now, failures: 0 }
}

const serves = (state: HealthState): boolean => state === 'ready' || state === 'unchecked' || state === 'cooling'

/** When the account may serve: a past or present epoch ms, a later one, or never (`undefined`). */
export function availableAt({ enabled, health }: Account, now: number): number | undefined {
  if (!enabled || final.has(health.state)) return undefined
  if (health.state === 'cooling' || health.state === 'exhausted') return health.until ?? now
  return now
}
