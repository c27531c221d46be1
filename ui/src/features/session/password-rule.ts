import { isCommonPassword } from '../../../../server/access/common-passwords.ts'
import type { PlainKey } from '../../i18n/dictionary.ts'

export const minimumLength = 8

/** Why a new password is refused; undefined when it may be sent. The server has the last word. */
export function passwordFault(password: string, current: string): PlainKey | undefined {
  if (password.toLowerCase() === 'admin') return 'password.admin'
  if ([...password].length < minimumLength) return 'password.short'
  if (isCommonPassword(password)) return 'error.code.PASSWORD_COMMON'
  if (current !== '' && password === current) return 'password.same'
  return undefined
}

/** A rough word for the strength: length first, then variety; repeats and runs count as one character. */
export function passwordStrength(password: string): PlainKey {
  if (isCommonPassword(password)) return 'password.weak'
  const distinct = new Set(password.toLowerCase()).size
  const kinds = [/\p{Ll}/u, /\p{Lu}/u, /\d/, /[^\p{L}\d]/u].filter((kind) => kind.test(password)).length
  const points = Math.min([...password].length, distinct * 2) + (kinds - 1) * 2
  if (points < 10) return 'password.weak'
  if (points < 14) return 'password.fair'
  if (points < 19) return 'password.good'
  return 'password.strong'
}
