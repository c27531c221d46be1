import { sameSecret } from './digest.ts'

/** Letters and digits that cannot be taken for one another when read from a terminal. */
const alphabet = '23456789ABCDEFGHJKLMNPQRSTUVWXYZ'
const length = 8
export const setupCodeTries = 10

/** A set-up code for this start: 8 characters without look-alikes (32 of them, so a byte's low bits are unbiased). */
export function makeSetupCode(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(length)), (byte) => alphabet[byte % alphabet.length]).join('')
}

export type SetupCode = {
  /** `locked` after 10 wrong tries, until the next start. Case, spaces and dashes do not matter. */
  readonly check: (sent: string) => 'right' | 'wrong' | 'locked'
}

export function createSetupCode(code: string): SetupCode {
  const plain = (text: string): string => text.replace(/[\s-]/g, '').toUpperCase()
  let wrong = 0
  return {
    check: (sent) => {
      if (wrong >= setupCodeTries) return 'locked'
      if (sameSecret(plain(sent), plain(code))) return 'right'
      wrong++
      return wrong >= setupCodeTries ? 'locked' : 'wrong'
    },
  }
}
