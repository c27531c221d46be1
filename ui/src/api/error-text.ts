import type { Translate } from '../i18n/dictionary.ts'
import { ApiError } from './client.ts'

/** A failure in the reader's language where its cause is known, else in the server's words, with the reference. */
export function errorText(error: unknown, t: Translate): string {
  if (!(error instanceof ApiError)) return t('error.generic')
  if (error.status === 0) return t('error.unreachable')
  if (error.status === 429) return t('error.tooMany')
  if (error.code === 'FORBIDDEN') return t('error.forbidden')
  if (error.status === 404) return t('error.notFound')
  const reference = error.requestId ? ` ${t('error.reference', { id: error.requestId })}` : ''
  return `${error.message}${reference}`
}
