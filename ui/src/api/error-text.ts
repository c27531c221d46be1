import { type ErrorCode, errorCodes } from '../../../server/admin/contract/error-codes.ts'
import type { JobItem } from '../../../server/admin/contract/jobs.ts'
import type { Translate } from '../i18n/dictionary.ts'
import { ApiError } from './client.ts'

/** Where words from elsewhere say more than ours: what the provider answered, which value is wrong. They stay as they came. */
const quoted: ReadonlySet<ErrorCode> = new Set([
  'INVALID_REQUEST',
  'CONFLICT',
  'BLOCKED',
  'FORBIDDEN_ORIGIN',
  'SIGN_IN_EXPIRED',
  'ACCOUNT_SUSPENDED',
  'ACCOUNT_REFUSED',
  'ACCOUNT_RESTRICTED',
  'PROVIDER_FAILED',
  'UNREADABLE_FILE',
  'INVALID_BACKUP',
  'NOT_WRITTEN',
])

const isKnown = (code: string): code is ErrorCode => errorCodes.some((known) => known === code)

/** A failure in the reader's language; words that came with it are marked as such, and faults of ours have a reference. */
export function errorText(error: unknown, t: Translate): string {
  if (!(error instanceof ApiError)) return t('error.generic')
  if (error.status === 0) return t('error.unreachable')
  const known = isKnown(error.code)
  const own = known ? t(`error.code.${error.code}`) : error.status === 429 ? t('error.tooMany') : t('error.generic')
  const words =
    error.message !== '' && (!known || quoted.has(error.code as ErrorCode))
      ? t('error.said', { words: error.message })
      : ''
  const reference = error.status >= 500 && error.requestId ? t('error.reference', { id: error.requestId }) : ''
  return [own, words, reference].filter((part) => part !== '').join(' ')
}

/** Why one item of a job failed, in the reader's language as well. */
export const itemErrorText = ({ code = '', error = '' }: JobItem, t: Translate): string =>
  errorText(new ApiError({ status: 400, code, message: error }), t)
