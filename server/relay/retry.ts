import type { ErrorKind, GatewayError } from '../conversation/error.ts'
import { type Backoff, backoffMs } from '../lib/backoff.ts'

/**
 * Where a failed call goes next. `another`: this account never again for this request; `untried`: to one that was not tried
 * yet; `any`: all were, so to one of them again.
 */
export type Move = { readonly to: 'nobody' } | { readonly to: 'another' | 'untried' | 'any'; readonly afterMs: number }

type Rule =
  | { readonly to: 'nobody' }
  /** An account's own fault costs no wait: the next account is a new chance. */
  | { readonly to: 'another' }
  /** The account rests: another at once, else whichever has rested first, as long as the request may wait in line. */
  | { readonly to: 'rested' }
  /**
   * May pass, and may be the account's: first whoever was not tried yet, then, up to `tries` failures of this kind in one
   * request, anybody. Spaced by `backoff`. `wide`: said of the service or the model, so what the provider asks to wait for
   * counts whichever account is next.
   */
  | { readonly to: 'any'; readonly tries: number; readonly backoff: Backoff; readonly wide?: true }

const short: Backoff = { baseMs: 200, maxMs: 2_000 }
/** To an account that was not tried: a new chance, but not a hail of calls when it is the provider after all. */
const hop: Backoff = { baseMs: 100, maxMs: 1_000 }
const spaced: Backoff = { baseMs: 2_000, maxMs: 10_000 }

/** What each kind of failure deserves, before any content has reached the caller (provider notes, table of faults). */
export const retryTable = {
  'token-rejected': { to: 'another' },
  'account-suspended': { to: 'another' },
  'account-refused': { to: 'another' },
  'access-denied': { to: 'another' },
  'account-restricted': { to: 'another' },
  'renewal-failed': { to: 'any', tries: 6, backoff: short },
  'quota-exhausted': { to: 'another' },
  'rate-limited': { to: 'rested' },
  'model-not-found': { to: 'another' },
  'service-throttled': { to: 'any', tries: 3, backoff: spaced, wide: true },
  'model-overloaded': { to: 'any', tries: 3, backoff: spaced, wide: true },
  'upstream-failed': { to: 'any', tries: 4, backoff: short },
  'upstream-unreachable': { to: 'any', tries: 4, backoff: short },
  'empty-reply': { to: 'any', tries: 3, backoff: short },
  'broken-reply': { to: 'any', tries: 4, backoff: short },
  'unmet-demand': { to: 'nobody' },
  timeout: { to: 'any', tries: 2, backoff: short },
  'invalid-request': { to: 'nobody' },
  'context-too-long': { to: 'nobody' },
  'request-too-large': { to: 'nobody' },
  'request-timeout': { to: 'nobody' },
  'unsupported-encoding': { to: 'nobody' },
  'thinking-signature': { to: 'nobody' },
  'not-found': { to: 'nobody' },
  'unsupported-thread': { to: 'nobody' },
  'previous-response-not-found': { to: 'nobody' },
  authentication: { to: 'nobody' },
  permission: { to: 'nobody' },
  'limit-reached': { to: 'nobody' },
  // the account was switched off or removed while its call was being prepared
  'no-account': { to: 'another' },
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

export const defaultRetryLimits: RetryLimits = { maxAttempts: 40, maxTotalMs: 240_000, maxWaitMs: 15_000 }

export type Story = {
  /** The failures so far, newest last. */
  readonly errors: readonly GatewayError[]
  /** How long the request has been going on. */
  readonly elapsedMs: number
  /** An account that was not tried yet may serve. */
  readonly hasUntried: boolean
  /** It is the provider, and trying one account after the other would only add to its trouble. */
  readonly isOutage: boolean
}

export function nextMove(story: Story, random: number, limits: RetryLimits): Move {
  const { errors, elapsedMs, isOutage } = story
  const error = errors.at(-1)
  if (error === undefined || errors.length >= limits.maxAttempts || elapsedMs >= limits.maxTotalMs) return nobody
  const rule: Rule = retryTable[error.kind]
  if (rule.to === 'nobody') return nobody
  if (rule.to === 'another') return { to: 'another', afterMs: 0 }
  if (rule.to === 'rested') return { to: story.hasUntried ? 'untried' : 'any', afterMs: 0 }
  const same = errors.filter(({ kind }) => kind === error.kind).length
  const tries = isOutage ? Math.min(outageTries, rule.tries) : rule.tries
  const untried = story.hasUntried && !(isOutage && same >= tries)
  if (!untried && same >= tries) return nobody
  const backoff = isOutage ? spaced : untried && rule.wide !== true ? hop : rule.backoff
  // What one account was told to wait is its own affair while there is another; a second one makes it everybody's.
  const isOwn = untried && (rule.wide !== true || same < 2)
  const afterMs = isOwn ? backoffMs(backoff, same, random) : (error.retryAfterMs ?? backoffMs(backoff, same, random))
  if (afterMs > limits.maxWaitMs || elapsedMs + afterMs >= limits.maxTotalMs) return nobody
  return { to: untried ? 'untried' : 'any', afterMs }
}

const nobody: Move = { to: 'nobody' }
/** When the provider fails everybody, a few calls far apart are all that is sent. */
const outageTries = 3

/** Said of one account, and for good: no answer for a caller while another one may serve, or will. */
const lasting: ReadonlySet<ErrorKind> = new Set(['token-rejected', 'account-suspended', 'account-refused'])

/**
 * Which error the caller gets when the pool had nobody left: the pool's view, unless what the last account said is about
 * the request itself or tells more than "nobody is well".
 */
export function finalError(last: GatewayError | undefined, pool: GatewayError): GatewayError {
  if (last === undefined) return pool
  if (last.kind === 'model-not-found') return last
  if (pool.kind === 'upstream-failed') return lasting.has(last.kind) ? pool : last
  if (pool.kind === 'no-account') return last
  return pool
}
