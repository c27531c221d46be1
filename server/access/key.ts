import { type GatewayError, gatewayError } from '../conversation/error.ts'
import { randomText } from '../lib/effects.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { sha256Hex } from './digest.ts'

/** What is kept of a key: enough to recognise it, never enough to use it. */
export type KeyTraces = {
  /** Lower-case hex SHA-256 of the whole key. */
  readonly hash: string
  readonly prefix: string
  readonly last4: string
}

/** Longest key a client may send; whatever is longer is refused unread. */
export const maxKeyLength = 256

/** A new client key: `sk-` and 48 characters of [0-9A-Za-z]. It is shown once, at creation. */
export const makeKey = (): string => `sk-${randomText(48)}`

/** The traces of a key. A short key (an imported one) shows less of itself, so that no display gives half of it away. */
export function keyTraces(key: string): KeyTraces {
  const long = key.length >= 24
  return {
    hash: sha256Hex(key),
    prefix: key.slice(0, long ? 7 : 2),
    last4: key.slice(long ? -4 : -2),
  }
}

/** Whether a key string brought from elsewhere can be used: it must fit in a header and not be guessable by length. */
export function checkImportedKey(key: string, field: string): Result<string, GatewayError> {
  const say = (message: string, params: NonNullable<GatewayError['params']>): Result<string, GatewayError> =>
    err(gatewayError('invalid-request', message, { field, params }))
  if (key.length < 8) return say('An API key needs at least 8 characters.', { reason: 'short', least: 8 })
  if (key.length > maxKeyLength)
    return say(`An API key has at most ${maxKeyLength} characters.`, { reason: 'long', most: maxKeyLength })
  if (!/^[\x21-\x7e]+$/.test(key))
    return say('An API key has printable ASCII characters only, and no spaces.', { reason: 'printable' })
  return ok(key)
}

/** The form of the keys we make, and of most that other services make: nobody takes such a text for a password. */
export const hasKeyForm = (text: string): boolean => /^sk-[\w-]{20,}$/.test(text)
