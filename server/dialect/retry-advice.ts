import type { ErrorKind, GatewayError } from '../conversation/error.ts'

/**
 * Whether a client should try again. `never` says so in words clients obey; `wait` always names a time, because some
 * clients do not retry without one; `known` names it only when we know it; `limit` is `wait` for a short time, else `never`.
 */
type Advice = 'never' | 'wait' | 'known' | 'limit' | 'none'

const advice = {
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
  authentication: 'never',
  permission: 'never',
  'limit-reached': 'limit',
  'token-rejected': 'never',
  'account-suspended': 'never',
  'account-refused': 'never',
  'access-denied': 'wait',
  // The time is known, but a person had better look into it before.
  'account-restricted': 'never',
  'renewal-failed': 'wait',
  'quota-exhausted': 'never',
  'rate-limited': 'wait',
  'service-throttled': 'wait',
  'model-overloaded': 'wait',
  'upstream-failed': 'known',
  'upstream-unreachable': 'wait',
  'empty-reply': 'known',
  'broken-reply': 'known',
  // The model was told what was wrong and could not: another try is for a person to decide.
  'unmet-demand': 'never',
  timeout: 'known',
  'no-account': 'never',
  'no-healthy-account': 'never',
  'pool-cooling': 'wait',
  'pool-exhausted': 'never',
  'pool-busy': 'wait',
  cancelled: 'none',
  'shutting-down': 'wait',
  internal: 'none',
} as const satisfies Record<ErrorKind, Advice>

/** A minute, and what limits of a minute round up. */
const shortWaitMs = 65_000
const defaultWaitMs = 5_000

/** True for a limit that will not lift within the time a client would sensibly wait. */
export function isSpentForLong(error: GatewayError): boolean {
  return advice[error.kind] === 'limit' && (error.retryAfterMs ?? Number.POSITIVE_INFINITY) > shortWaitMs
}

/** `retry-after` in whole seconds, rounded up, at least 1; `x-should-retry: false` where another try is pointless. */
export function retryHeaders(error: GatewayError): Readonly<Record<string, string>> {
  const wish = advice[error.kind]
  const never = wish === 'never' || isSpentForLong(error)
  const waitMs = wish === 'none' ? undefined : (error.retryAfterMs ?? (wish === 'wait' ? defaultWaitMs : undefined))
  return {
    ...(waitMs === undefined ? {} : { 'retry-after': String(Math.max(1, Math.ceil(waitMs / 1000))) }),
    ...(never ? { 'x-should-retry': 'false' } : {}),
  }
}

/** The text to show, in the words of the Messages API by which its clients compact. */
export function messageOf(error: GatewayError): string {
  if (error.kind !== 'context-too-long') return error.message
  const tokens = sizesOf(error)
  return `${tooLong}: ${tokens ?? "the request exceeds the model's maximum context length"}`
}

/** The same as OpenAI says it; the other words stand behind, for clients that know them alone (opencode). */
export function openaiMessageOf(error: GatewayError): string {
  if (error.kind !== 'context-too-long') return error.message
  const tokens = sizesOf(error)
  const { maximum, input } = error.contextTokens ?? {}
  return tokens === undefined
    ? `This request exceeds the model's maximum context length. Please reduce the length of the messages. (${tooLong})`
    : `This model's maximum context length is ${maximum} tokens. However, your messages resulted in ${input} tokens. Please reduce the length of the messages. (${tooLong}: ${tokens})`
}

const tooLong = 'prompt is too long'
/** An estimate that would fit explains nothing. */
const sizesOf = ({ contextTokens: tokens }: GatewayError): string | undefined =>
  tokens !== undefined && tokens.input > tokens.maximum
    ? `${tokens.input} tokens > ${tokens.maximum} maximum`
    : undefined
