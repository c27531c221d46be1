import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'
import { err, ok, type Result } from '../lib/result.ts'

/** Why a sealed value does not open: another key sealed it, or it was changed, cut or moved to another row. */
export type UnsealFault = { readonly reason: 'other-key' | 'damaged'; readonly message: string }

/** Seals texts with one key. `context` names the row and is part of the seal: a value moved to another row does not open. */
export type Vault = {
  /** First 16 hex digits of the SHA-256 of the key; stored with every sealed value, safe to show. */
  readonly keyId: string
  readonly seal: (text: string, context: string) => Uint8Array
  readonly unseal: (sealed: Uint8Array, context: string) => Result<string, UnsealFault>
}

// version 1 | key id 8 | nonce 12 | tag 16 | AES-256-GCM ciphertext
const version = 1
const keyIdBytes = 8
const nonceBytes = 12
const tagBytes = 16
const headBytes = 1 + keyIdBytes + nonceBytes + tagBytes

/** `key` is 32 bytes. */
export function createVault(key: Uint8Array): Vault {
  if (key.length !== 32) throw new RangeError('a vault key has 32 bytes')
  const secret = Uint8Array.from(key)
  const keyId = createHash('sha256').update(secret).digest().subarray(0, keyIdBytes)
  // The head is sealed too: version and key id cannot be changed unseen.
  const associated = (context: string): Buffer =>
    Buffer.concat([Buffer.of(version), keyId, Buffer.from(context, 'utf8')])

  return {
    keyId: keyId.toString('hex'),
    seal: (text, context) => {
      const nonce = randomBytes(nonceBytes)
      const cipher = createCipheriv('aes-256-gcm', secret, nonce, { authTagLength: tagBytes })
      cipher.setAAD(associated(context))
      const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
      return Uint8Array.from(Buffer.concat([Buffer.of(version), keyId, nonce, cipher.getAuthTag(), body]))
    },
    unseal: (sealed, context) => {
      const bytes = Buffer.from(sealed)
      if (bytes.length < headBytes || bytes[0] !== version) return err(damaged)
      if (!bytes.subarray(1, 1 + keyIdBytes).equals(keyId)) return err(otherKey)
      const nonceAt = 1 + keyIdBytes
      const tagAt = nonceAt + nonceBytes
      const decipher = createDecipheriv('aes-256-gcm', secret, bytes.subarray(nonceAt, tagAt), {
        authTagLength: tagBytes,
      })
      decipher.setAAD(associated(context))
      decipher.setAuthTag(bytes.subarray(tagAt, headBytes))
      try {
        return ok(Buffer.concat([decipher.update(bytes.subarray(headBytes)), decipher.final()]).toString('utf8'))
      } catch {
        return err(damaged)
      }
    },
  }
}

const damaged: UnsealFault = {
  reason: 'damaged',
  message: 'the sealed value was changed, cut or belongs to another row',
}
const otherKey: UnsealFault = { reason: 'other-key', message: 'the value was sealed with another master key' }
