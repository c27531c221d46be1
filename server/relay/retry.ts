import type { ErrorKind, GatewayError } from '../conversation/error.ts'
import { type Backoff, backoffMs } from '../lib/backoff.ts'

/** Where a failed call goes next. `another`: this account never again for this request; `any`: rather another, else it too. */
export type Move =
  | { readonly to: 'nobody' }
  | { readonly to: 'another'; readonly afterMs: number }
  | { readonly to: 'any'; readonly afterMs: number }

type Rule =
  | { readonly to: 'nobody' }
  /** An account's own fault costs no wait: the next account is a new chance. */
  | { readonly to: 'another' }
  /** At most `tries` failures of this kind in one request, spaced by `backoff` or what the provider asked for. */
  | { readonly to: 'any'; readonly tries: number; readonly backoff: Backoff }

const short: Backoff = { baseMs: 200, maxMs: 2_000 }
const spaced: Backoff = { baseMs: 2_000, maxMs: 10_000 }

/** What each kind of failure deserves, before any content has reached the caller (provider notes, table of faults). */
export const retryTable = {
  'token-rejected': { to: 'another' },
  'account-suspended': { to: 'another' },
  'account-refused': { to: 'another' },
  'quota-exhausted': { to: 'another' },
  'rate-limited': { to: 'another' },
  'model-not-found': { to: 'another' },
  'service-throttled': { to: 'any', tries: 3, backoff: spaced },
  'model-overloaded': { to: 'any', tries: 3, backoff: spaced },
  'upstream-failed': { to: 'any', tries: 4, backoff: short },
  'upstream-unreachable': { to: 'any', tries: 4, backoff: short },
  'empty-reply': { to: 'any', tries: 3, backoff: short },
  'broken-reply': { to: 'any', tries: 4, backoff: short },
  timeout: { to: 'any', tries: 2, backoff: short },
  'invalid-request': { to: 'nobody' },
  'context-too-long': { to: 'nobody' },
  'request-too-large': { to: 'nobody' },
  'thinking-signature': { to: 'nobody' },
  'not-found': { to: 'nobody' },
  'unsupported-thread': { to: 'nobody' },
  authentication: { to: 'nobody' },
  permission: { to: 'nobody' },
  'limit-reached': { to: 'nobody' },
  'no-account': { to: 'nobody' },
  'no-healthy-account': { to: 'nobody' },
  'pool-cooling': { to: 'nobody' },
  'pool-exhausted': { to: 'nobody' },
  'pool-busy': { to: 'nobody' },
  cancelled: { to: 'nobody' },
  'shutting-down': { to: 'nobody' },
  internal: { to: 'nobody' },
} as const satisfies Record<ErrorKind, Rule>

export type RetryLimits = {
  /** Calls per request in all, whatever their faults. */
  readonly maxAttempts: number
  /** No new call begins this long after the request arrived. */
  readonly maxTotalMs: number
  /** A wait the provider asks for beyond this is passed on to the caller instead. */
  readonly maxWaitMs: number
}

export const defaultRetryLimits: RetryLimits = { maxAttempts: 40, maxTotalMs: 120_000, maxWaitMs: 15_000 }

/** The failures so far, newest last, and how long the request has been going on. */
export type Story = { readonly errors: readonly GatewayError[]; readonly elapsedMs: number }

export function nextMove({ errors, elapsedMs }: Story, random: number, limits: RetryLimits): Move {
  const error = errors.at(-1)
  if (error === undefined || errors.length >= limits.maxAttempts) return { to: 'nobody' }
  const rule: Rule = retryTable[error.kind]
  if (rule.to === 'nobody') return rule
  if (rule.to === 'another') return elapsedMs >= limits.maxTotalMs ? { to: 'nobody' } : { to: 'another', afterMs: 0 }
  const same = errors.filter(({ kind }) => kind === error.kind).length
  const afterMs = error.retryAfterMs ?? backoffMs(rule.backoff, same, random)
  const worthIt = same < rule.tries && afterMs <= limits.maxWaitMs && elapsedMs + afterMs < limits.maxTotalMs
  return worthIt ? { to: 'any', afterMs } : { to: 'nobody' }
}

/**
 * Which error the caller gets when the pool had nobody left: the pool's view, unless what the last account said is about
 * the request itself or tells more than "nobody is well".
 */
export function finalError(last: GatewayError | undefined, pool: GatewayError): GatewayError {
  if (last === undefined) return pool
  if (last.kind === 'model-not-found' || last.kind === 'account-refused') return last
  if (pool.kind === 'upstream-failed' || pool.kind === 'no-account') return last
  return pool
}
