import type { ErrorKind, GatewayError } from '../conversation/error.ts'
import { type OveragePolicy, permitted, type Quota, remainingCredits } from '../conversation/quota.ts'
import { type Backoff, backoffMs } from '../lib/backoff.ts'
import type { Account, Health, HealthState, Outcome } from './account.ts'

export type HealthPolicy = {
  /** Failures in a row after which the account rests until somebody looks (setting `maxErrorCount`). */
  readonly maxFailures: number
  /** Rest after a rate limit that names no time. */
  readonly cooling: Backoff
  /** Rest after a refusal that is the account's but may heal (plan, profile, plain 403). */
  readonly refusedMs: number
  /** Rest after a restriction on suspicion of misuse: a hail of new tries would look like more of it. */
  readonly restricted: Backoff
  /** When to look again at spent quota whose reset date is unknown. */
  readonly exhaustedRecheckMs: number
  /** For all accounts together; an account's own switch must be on as well. */
  readonly overage: OveragePolicy
}

/** What holds for one account: only what both allow. Caps of the pool hold for all accounts together and are not its own. */
export const overageOf = ({ overage }: Pick<Account, 'overage'>, ofAll: OveragePolicy): OveragePolicy =>
  ofAll.enabled && overage !== undefined ? overage : { enabled: false }

export const defaultHealthPolicy: HealthPolicy = {
  maxFailures: 30,
  cooling: { baseMs: 2_000, maxMs: 600_000 },
  refusedMs: 300_000,
  // Jittered downwards by up to half: never below 30 minutes, never above 12 hours.
  restricted: { baseMs: 3_600_000, maxMs: 43_200_000 },
  exhaustedRecheckMs: 3_600_000,
  overage: { enabled: false },
}

/** What one kind of failure means for the account; `none`: not the account's doing. */
const effects = {
  'token-rejected': 'fail',
  'account-suspended': 'suspend',
  'account-refused': 'refuse',
  'access-denied': 'refuse',
  'account-restricted': 'restrict',
  'renewal-failed': 'none',
  'quota-exhausted': 'exhaust',
  'rate-limited': 'cool',
  'invalid-request': 'none',
  'context-too-long': 'none',
  'request-too-large': 'none',
  'request-timeout': 'none',
  'unsupported-encoding': 'none',
  'model-not-found': 'none',
  'not-found': 'none',
  'unsupported-thread': 'none',
  'previous-response-not-found': 'none',
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
  'unmet-demand': 'none',
  timeout: 'none',
  'no-account': 'none',
  'no-healthy-account': 'none',
  'pool-cooling': 'none',
  'pool-exhausted': 'none',
  'pool-busy': 'none',
  cancelled: 'none',
  'shutting-down': 'none',
  internal: 'none',
} as const satisfies Record<ErrorKind, 'none' | 'cool' | 'refuse' | 'restrict' | 'fail' | 'exhaust' | 'suspend'>

/** States that only a person or a successful sign-in ends: no call's outcome may leave them. */
const final: ReadonlySet<HealthState> = new Set(['suspended', 'expired', 'failing'])
export const isFinal = ({ state }: Health): boolean => final.has(state)

/** A long rest on suspicion of misuse, which a person had better look into: over at `until`, or by a person's check. */
export const isRestricted = ({ state, kind, until = 0 }: Health, now: number): boolean =>
  state === 'cooling' && kind === 'account-restricted' && until > now

/**
 * The account's health after a call that began at `startedAt`. A result that is older than the current state never
 * overwrites it: a late success does not end a newer rest, a late rate limit does not shorten one, and failures of calls
 * that were under way when a rest began are not counted again.
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
  if (outcome.type === 'failure') return afterFailure(account, outcome.error, startedAt, now, random, policy)
  const restsBeyond = (health.state === 'cooling' || health.state === 'exhausted') && (health.until ?? 0) > startedAt
  const stale = final.has(health.state) || restsBeyond || (health.since > startedAt && health.state !== 'ready')
  const unchanged = health.state === 'ready' && health.failures === 0 && health.limits === undefined
  return stale || unchanged ? health : ready(health, now)
}

function afterFailure(
  account: Account,
  error: GatewayError,
  startedAt: number,
  now: number,
  random: number,
  policy: HealthPolicy,
): Health {
  const { health } = account
  const { kind, message: reason } = error
  const effect = effects[kind]
  if (effect === 'none' || health.state === 'suspended') return health
  if (effect === 'suspend') return { state: 'suspended', since: now, reason, kind, failures: health.failures }
  if (final.has(health.state)) return health
  if (effect === 'exhaust') return startedAt < health.since ? health : exhausted(account, reason, now, policy)
  if (effect === 'restrict') return restricted(health, error, startedAt, now, random, policy)
  const rests = (health.state === 'cooling' || health.state === 'exhausted') && (health.until ?? 0) > now
  if (isRestricted(health, now)) return health
  const isNews = !rests || startedAt >= health.since
  const limits = (health.limits ?? 0) + (effect === 'cool' && isNews ? 1 : 0)
  const failures = health.failures + (effect !== 'cool' && isNews ? 1 : 0)
  if (failures >= policy.maxFailures) {
    return { state: 'failing', since: now, reason: `${failures} errors in a row; last: ${reason}`, kind, failures }
  }
  if (rests && health.state === 'exhausted') return health
  const restMs =
    error.retryAfterMs ??
    (effect === 'refuse' ? policy.refusedMs : backoffMs(policy.cooling, Math.max(1, limits, failures), random))
  const until = now + restMs
  if (rests && until <= (health.until ?? 0))
    return isNews ? { ...health, failures, ...(limits > 0 && { limits }) } : health
  return { state: 'cooling', since: now, until, reason, kind, failures, ...(limits > 0 && { limits }) }
}

/** Each restriction in a row doubles the rest; calls that were under way when it began tell nothing new. */
function restricted(
  health: Health,
  { kind, message: reason, retryAfterMs = 0 }: GatewayError,
  startedAt: number,
  now: number,
  random: number,
  policy: HealthPolicy,
): Health {
  if (health.state === 'exhausted' && (health.until ?? 0) > now) return health
  const isRepeat = health.state === 'cooling' && health.kind === kind
  if (isRepeat && startedAt < health.since) return health
  const limits = isRepeat ? (health.limits ?? 0) + 1 : 1
  const restMs = Math.max(retryAfterMs, backoffMs(policy.restricted, limits, random))
  const until = Math.max(now + restMs, isRepeat ? (health.until ?? 0) : 0)
  return { state: 'cooling', since: now, until, reason, kind, failures: health.failures, limits }
}

const ready = ({ state, since }: Health, now: number): Health => ({
  state: 'ready',
  since: state === 'ready' ? since : now,
  failures: 0,
})

/** Rest until the provider's own reset date; without one, a later look. */
function exhausted(account: Account, reason: string, now: number, policy: HealthPolicy): Health {
  const resetsAt = account.quota?.resetsAt
  const until = resetsAt !== undefined && resetsAt > now ? resetsAt : now + policy.exhaustedRecheckMs
  return { state: 'exhausted', since: now, until, reason, kind: 'quota-exhausted', failures: account.health.failures }
}

/** A quota reading: spends out or revives an account, and nothing else. One that began before the state did says nothing. */
export function afterQuota(account: Account, quota: Quota, now: number, policy: HealthPolicy): Health {
  const { health } = account
  if (quota.readAt < health.since && health.state !== 'unchecked') return health
  const left = remainingCredits(permitted(quota, overageOf(account, policy.overage)))
  const known = quota.limit > 0 || (quota.trial?.active ?? false)
  if (health.state === 'exhausted') {
    if (left > 0) return ready(health, now)
    // It was told without a date, and now the date is known.
    const { resetsAt } = quota
    return resetsAt !== undefined && resetsAt > now && resetsAt !== health.until
      ? { ...health, until: resetsAt }
      : health
  }
  if (known && left <= 0 && serves(health.state) && !isRestricted(health, now)) {
    return exhausted({ ...account, quota }, 'The quota is used up.', now, policy)
  }
  return health
}

/** The sign-in is dead: only a new one helps. Suspension outranks it. */
export function afterSignInLost(account: Account, reason: string, now: number): Health {
  if (account.health.state === 'suspended') return account.health
  return { state: 'expired', since: now, reason, kind: 'token-rejected', failures: account.health.failures }
}

/**
 * A person had the account checked, from `startedAt` on, and the provider answered well: everything but spent quota is
 * forgiven, unless it happened since.
 */
export function afterCheck(account: Account, startedAt: number, now: number): Health {
  const { health } = account
  if (health.since > startedAt) return health
  if (health.state === 'exhausted' && (health.until ?? 0) > now) return health
  // A ready one begins anew too: what was under way before says nothing any more.
  return { state: 'ready', since: now, failures: 0 }
}

/** The gateway read an account by itself and the provider answered well: a new account is ready, nothing is forgiven. */
export const afterReading = ({ health }: Account, now: number): Health =>
  health.state === 'unchecked' ? ready(health, now) : health

const serves = (state: HealthState): boolean => state === 'ready' || state === 'unchecked' || state === 'cooling'

/** When the account may serve: a past or present epoch ms, a later one, or never (`undefined`). */
export function availableAt({ enabled, health }: Account, now: number): number | undefined {
  if (!enabled || final.has(health.state)) return undefined
  if (health.state === 'cooling' || health.state === 'exhausted') return health.until ?? now
  return now
}
