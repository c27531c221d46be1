import type { PlainKey } from '../../i18n/dictionary.ts'
import type { AnswerFault } from './stream.ts'

/** The plain-language head of a failure; the API's own words follow as detail. */
export function faultText(fault: AnswerFault): PlainKey {
  if (fault.status === 0) return 'error.unreachable'
  if (fault.status === 401 || fault.status === 403)
    return fault.type === 'authentication_error' ? 'playground.errorKey' : 'playground.error'
  if (fault.status === 429) return 'playground.errorBusy'
  if (fault.status === 200 && fault.type === 'connection_error') return 'playground.errorBroken'
  return 'playground.error'
}
