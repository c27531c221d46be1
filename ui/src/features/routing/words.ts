import type { PlainKey, Translate } from '../../i18n/dictionary.ts'

const verdicts = [
  'chosen',
  'free',
  'strained',
  'shaky',
  'failing-lately',
  'tried',
  'disabled',
  'no-model',
  'busy',
  'paced',
  'probing',
  'told-to-wait',
  'reserved',
  'spent',
  'unchecked',
  'ready',
  'cooling',
  'exhausted',
  'expired',
  'suspended',
  'failing',
  'outside',
  'unnamed',
] as const
const strategies = [
  'conversation',
  'least_loaded',
  'quota_aware',
  'round_robin',
  'sequential',
  'random',
  'weighted_random',
] as const
const errorKinds = [
  'invalid-request',
  'context-too-long',
  'request-too-large',
  'request-timeout',
  'unsupported-encoding',
  'model-not-found',
  'not-found',
  'unsupported-thread',
  'previous-response-not-found',
  'thinking-signature',
  'authentication',
  'permission',
  'limit-reached',
  'token-rejected',
  'account-suspended',
  'account-refused',
  'access-denied',
  'account-restricted',
  'renewal-failed',
  'quota-exhausted',
  'rate-limited',
  'service-throttled',
  'model-overloaded',
  'upstream-failed',
  'upstream-unreachable',
  'empty-reply',
  'broken-reply',
  'unmet-demand',
  'timeout',
  'no-account',
  'no-healthy-account',
  'pool-cooling',
  'pool-exhausted',
  'pool-busy',
  'cancelled',
  'shutting-down',
  'internal',
] as const

/** Of an account towards a request: why it was or was not taken. */
export function verdictText(verdict: string, t: Translate): string {
  const known = verdicts.find((one) => one === verdict)
  return known ? t(`verdict.${known}`) : verdict
}

/** Could it have served? */
export const isAble = (verdict: string): boolean =>
  ['chosen', 'free', 'strained', 'shaky', 'failing-lately'].includes(verdict)

/** What decided which one it was: the end of a sentence. */
export function byKey(by: string | undefined): PlainKey | undefined {
  const known = strategies.find((one) => one === by)
  return known && `chosenBy.${known}`
}

/** A kind of failure, in plain words. */
export function errorKindText(kind: string, t: Translate): string {
  const known = errorKinds.find((one) => one === kind)
  return known ? t(`failure.${known}`) : kind
}
