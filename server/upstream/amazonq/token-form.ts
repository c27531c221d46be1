/**
 * What a secret looks like. Text without the form never leaves the machine: it may be a password, or a whole line of a list.
 * The provider's own begin with `aor` (refresh), `aoa` (access) and `ksk_` (API key); source: provider's protocol notes, 5.
 */
const characters = /^[A-Za-z0-9._~+/=:-]+$/
const maxLength = 16_384

/**
 * Why a text that was given as a refresh token is none, or undefined. Never quotes it. `ofAnyLength`: it is stored as it came,
 * beside its client, as the original's routes do.
 */
export function refreshTokenFault(text: string, { ofAnyLength = false } = {}): string | undefined {
  if (text.length > maxLength) return `must have at most ${maxLength} characters`
  if (!characters.test(text)) return 'has characters that no token has'
  if (text.includes('----')) return 'is several values joined by "----", not a token'
  if (text.startsWith('aoa')) return 'is an access token (aoa…): the refresh token (aor…) is wanted'
  if (text.startsWith('ksk_')) return 'is an API key: give it as apiKey'
  return text.length < 16 && !ofAnyLength ? 'is too short to be a refresh token' : undefined
}

/** Whether a text that nobody named is a refresh token beyond doubt: long enough, it cannot be a password or a word. */
export const isRefreshToken = (text: string): boolean =>
  refreshTokenFault(text) === undefined && (text.startsWith('aor') || text.length >= 64)

/** Why a text that was given as an API key is none, or undefined. */
export function apiKeyFault(text: string): string | undefined {
  if (text.length > maxLength) return `must have at most ${maxLength} characters`
  return /^ksk_[\w.-]{8,}$/.test(text) ? undefined : 'is not an API key: they begin with ksk_'
}

/** Whether a text may be sent as a bearer. One that may not is left out: it can be had anew. */
export const isAccessToken = (text: string): boolean => characters.test(text) && !text.includes('----')
