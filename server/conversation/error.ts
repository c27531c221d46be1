import type { FinishReason, UsageReport } from './ending.ts'

/**
 * What went wrong, in our own words. `kind` drives behaviour (retry, account health, the wire form of each dialect);
 * `message` is safe to show a caller; `cause` goes to the log only.
 */
export const errorKinds = [
  // the caller's request
  'invalid-request',
  'context-too-long',
  'request-too-large',
  /** Its body did not arrive in time. */
  'request-timeout',
  'unsupported-encoding',
  'model-not-found',
  'not-found',
  'unsupported-thread',
  /** A reference to an answer that is not kept, or not any more. */
  'previous-response-not-found',
  'thinking-signature',
  // the caller
  'authentication',
  'permission',
  'limit-reached',
  // one account
  'token-rejected',
  'account-suspended',
  /** Refused for a reason that is named: plan, profile, feature. Only a person can change that. */
  'account-refused',
  /** Refused without a known reason: may be another answer in a while. */
  'access-denied',
  /** Held back for a while on suspicion of misuse. */
  'account-restricted',
  /** Its access token is not good any more and could not be renewed for now; nothing is said about the account. */
  'renewal-failed',
  'quota-exhausted',
  'rate-limited',
  // the provider
  'service-throttled',
  'model-overloaded',
  'upstream-failed',
  'upstream-unreachable',
  'empty-reply',
  'broken-reply',
  /** The model did not do what the caller demands of its reply, and was told so in vain. */
  'unmet-demand',
  'timeout',
  // the pool: no account is left that could serve
  'no-account',
  'no-healthy-account',
  'pool-cooling',
  'pool-exhausted',
  'pool-busy',
  // us
  'cancelled',
  'shutting-down',
  'internal',
] as const

export type ErrorKind = (typeof errorKinds)[number]

export type GatewayError = {
  readonly kind: ErrorKind
  /** Safe to show: no secrets, no upstream body beyond its own message. */
  readonly message: string
  /** Path of the offending request member, in the caller's own spelling: `messages.1.content`. */
  readonly field?: string
  /** How long to wait before another try is worth it, milliseconds. */
  readonly retryAfterMs?: number
  /** Only with `context-too-long`: the request's size and the model's window, when both are known. */
  readonly contextTokens?: { readonly input: number; readonly maximum: number }
  /** Only with `empty-reply`: how the provider closed it. It was whole, so it may stand as an empty answer. */
  readonly ending?: { readonly reason: FinishReason; readonly report: UsageReport }
  /** Only with `broken-reply`: the model itself ended the call it was making with an input that is no JSON object. */
  readonly isBadInput?: true
  /** The caller is still sending its request, and nothing more of that will be read: its connection is of no use any more. */
  readonly isUnread?: true
  /** What the provider charged for the call that failed, where its own accounting came before the failure. */
  readonly credits?: number
  /** The provider's host answered, whatever it said: it can be reached. */
  readonly reached?: boolean
  /** A stable word for it, where the kind's own is too coarse: `ACCOUNT_LIMIT_REACHED`. The admin API alone shows it. */
  readonly code?: string
  /** What the message has in it, for who says it in other words. The admin API alone shows it. */
  readonly params?: Readonly<Record<string, string | number>>
  /** For the log: what was seen (provider's type, reason, status, request id, thrown error text). */
  readonly cause?: string
}

export function gatewayError(
  kind: ErrorKind,
  message: string,
  more: Omit<GatewayError, 'kind' | 'message'> = {},
): GatewayError {
  return { kind, message, ...more }
}
