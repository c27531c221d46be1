import type { ErrorCode } from '../../../server/admin/contract/error-codes.ts'
import type { JobItem } from '../../../server/admin/contract/jobs.ts'
import type { Translate } from '../i18n/dictionary.ts'
import { ApiError } from './client.ts'

/** Where words of the provider's, or what is not known here, say more than ours. They stay as they came. */
const quoted: ReadonlySet<string> = new Set<ErrorCode>([
  'INVALID_REQUEST',
  'CONFLICT',
  'SIGN_IN_EXPIRED',
  'ACCOUNT_SUSPENDED',
  'ACCOUNT_REFUSED',
  'ACCOUNT_RESTRICTED',
  'PROVIDER_FAILED',
  'INVALID_BACKUP',
])
/** What they say is said by the reason. */
const bare: ReadonlySet<string> = new Set<ErrorCode>(['INVALID_REQUEST', 'CONFLICT'])

type Fault = Pick<ApiError, 'code' | 'message' | 'field' | 'params'>

/** A failure in the reader's language; words that came with it are marked as such, and faults of ours have a reference. */
export function errorText(error: unknown, t: Translate): string {
  if (!(error instanceof ApiError)) return t('error.generic')
  if (error.status === 0) return t('error.unreachable')
  const reference = error.status >= 500 && error.requestId ? t('error.reference', { id: error.requestId }) : ''
  return joined([...faultWords(error, t, error.status === 429 ? 'error.tooMany' : 'error.generic'), reference])
}

/** Why one item of a job failed, in the reader's language as well. */
export const itemErrorText = ({ code = '', error = '', params }: JobItem, t: Translate): string =>
  joined(faultWords({ code, message: error, field: undefined, params }, t, 'error.generic'))

/** Why a sign-in of an import is not taken, or not good; its codes are finer than those of routes. */
export function signInText(fault: string, field: string | undefined, t: Translate): string | undefined {
  const words = lookUp(t, `refusal.sign-in.${fault}`)
  // What is missing names itself.
  return words && field && !fault.startsWith('no-') ? `${field}: ${words}` : words
}

function faultWords(fault: Fault, t: Translate, unknown: 'error.generic' | 'error.tooMany'): readonly string[] {
  const { code, message } = fault
  const own = lookUp(t, `error.code.${code}`) ?? signInText(code, undefined, t)
  const reason = reasonText(fault, t)
  if (reason !== undefined) return bare.has(code) ? [reason] : [own ?? '', reason]
  const isQuoted = message !== '' && (own === undefined || quoted.has(code) || providers.test(code))
  return [own ?? t(unknown), isQuoted ? t('error.said', { words: message }) : '']
}

/** Kinds of failure, as an import tells them, whose message is the provider's. */
const providers = /^(?:account-|access-|upstream-failed)/

function reasonText({ field = '', params }: Fault, t: Translate): string | undefined {
  if (params?.reason === 'sign-in') return signInText(String(params.fault), field, t)
  return params?.reason === undefined ? undefined : lookUp(t, `refusal.${params.reason}`, { field, ...params })
}

/** A text that may not be there: of a code that is newer than this page, or one whose words have not come. */
const lookUp = (t: Translate, key: string, params?: Readonly<Record<string, string | number>>): string | undefined =>
  (t as (key: string, params?: Readonly<Record<string, string | number>>) => string | undefined)(key, params)

const joined = (parts: readonly string[]): string => parts.filter((part) => part !== '').join(' ')
