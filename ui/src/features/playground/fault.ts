import type { PlainKey } from '../../i18n/dictionary.ts'
import type { AnswerFault } from './answer.ts'

/** What the gateway's own words for a fault are called here, whichever API says it. */
const byType: Readonly<Record<string, PlainKey>> = {
  connection_error: 'playground.errorBroken',
  overloaded_error: 'playground.errorProviderBusy',
  rate_limit_error: 'playground.errorBusy',
  rate_limit_exceeded: 'playground.errorBusy',
  insufficient_quota: 'playground.errorQuota',
  invalid_request_error: 'playground.errorRequest',
  not_found_error: 'playground.errorModel',
  model_not_found: 'playground.errorModel',
  request_too_large: 'playground.errorLarge',
  account_unavailable: 'playground.errorAccounts',
  timeout_error: 'playground.errorTimeout',
}

/** The plain-language head of a failure; the API's own words follow as detail. */
export function faultText({ status, type }: AnswerFault): PlainKey {
  if (status === 0) return 'error.unreachable'
  if (status === 401) return 'playground.errorSession'
  if (status === 403) return 'playground.errorRole'
  const known = Object.hasOwn(byType, type) ? byType[type] : undefined
  if (known !== undefined) return known
  if (status === 429) return 'playground.errorBusy'
  if (status === 413) return 'playground.errorLarge'
  return status === 503 || status === 529 ? 'playground.errorAccounts' : 'playground.error'
}
