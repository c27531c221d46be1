import { ApiError } from '../../api/client.ts'
import type { PlainKey } from '../../i18n/dictionary.ts'

export type SignInField = 'password' | 'code' | 'setupCode'

/** A refused sign-in: which field it is about, and what to say there; no text where the field only becomes needed. */
export type SignInFault = { readonly field: SignInField; readonly text?: PlainKey }

/** Undefined for what no field is to blame for: a lock, a server that is away. */
export function signInFault(error: unknown, sent: { readonly named: boolean }): SignInFault | undefined {
  if (!(error instanceof ApiError)) return undefined
  switch (error.code) {
    case 'INVALID_PASSWORD':
      return { field: 'password', text: sent.named ? 'login.wrongNamed' : 'login.wrong' }
    case 'SECOND_FACTOR_REQUIRED':
      return { field: 'code' }
    case 'SECOND_FACTOR_WRONG':
      return { field: 'code', text: 'login.codeWrong' }
    case 'SECOND_FACTOR_UNREADABLE':
      return { field: 'code', text: 'login.codeUnreadable' }
    case 'SETUP_CODE_REQUIRED':
      return { field: 'setupCode', text: 'login.setupCodeWrong' }
    case 'SETUP_CODE_LOCKED':
      return { field: 'setupCode', text: 'login.setupCodeLocked' }
    default:
      return undefined
  }
}
