import { scryptSync } from 'node:crypto'
import { err, ok, type Result } from '../lib/result.ts'

const minPassphrase = 16
// 32 MiB and about 0.1 s for each guess
const cost = { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 1024 * 1024 } as const

/**
 * A 32-byte key from what the operator gave: 64 hex digits, or 32 bytes in base64 (also URL-safe), or else a passphrase
 * of at least 16 characters that scrypt stretches with `salt`. The error does not repeat the text.
 */
export function parseMasterKey(given: string, salt: Uint8Array): Result<Uint8Array, string> {
  const text = given.trim()
  if (/^[0-9a-fA-F]{64}$/.test(text)) return ok(Uint8Array.from(Buffer.from(text, 'hex')))
  if (/^[A-Za-z0-9+/_-]{43}=?$/.test(text)) {
    const key = Buffer.from(text.replaceAll('-', '+').replaceAll('_', '/'), 'base64')
    if (key.length === 32) return ok(Uint8Array.from(key))
  }
  if ([...text].length < minPassphrase) {
    return err(`needs 32 bytes as 64 hex digits or base64, or a passphrase of at least ${minPassphrase} characters`)
  }
  return ok(Uint8Array.from(scryptSync(text.normalize('NFKC'), salt, 32, cost)))
}
