import { createCipheriv, createDecipheriv, randomBytes, scrypt } from 'node:crypto'
import { gunzipSync, gzipSync } from 'node:zlib'
import { err, ok, type Result } from '../lib/result.ts'
import type { Encryption } from './header.ts'

/** Text of lines that goes into one sealed piece, before it is packed; one line may be longer. */
export const pieceCharacters = 256 * 1024
/** What one piece may unpack to. */
const mostUnpackedBytes = 64 * 1024 * 1024

export const minPassphrase = 12
export const wrongPassphrase = 'the passphrase is wrong, or the beginning of the backup was changed'
export const noPassphrase = 'it is encrypted: its passphrase is needed'
const tagBytes = 16
const mostPieces = 2 ** 32 - 1

/** 64 MiB and about 0.2 s for each guess. */
export const newEncryption = (): Encryption => ({
  cipher: 'aes-256-gcm',
  kdf: 'scrypt',
  n: 65_536,
  r: 8,
  p: 1,
  salt: randomBytes(16).toString('base64'),
  nonce: randomBytes(7).toString('base64'),
})

export function passphraseFault(passphrase: string): string | undefined {
  return [...passphrase].length < minPassphrase ? `needs at least ${minPassphrase} characters` : undefined
}

/** The key a passphrase stands for. Off the main thread: it takes a while on purpose. */
export function keyOf(passphrase: string, { n, r, p, salt }: Encryption): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const cost = { N: n, r, p, maxmem: 256 * n * r }
    scrypt(passphrase.normalize('NFKC'), Buffer.from(salt, 'base64'), 32, cost, (error, key) =>
      error ? reject(error) : resolve(Uint8Array.from(key)),
    )
  })
}

/**
 * Seals and opens the pieces of one backup in their order. The nonce holds the number of the piece and whether it is the last, and
 * the header is sealed with each: none can be changed, left out, moved, taken from another backup, or cut off at the end unseen.
 */
export function pieceSeal(key: Uint8Array, encryption: Encryption, headerLine: string) {
  const prefix = Buffer.from(encryption.nonce, 'base64').subarray(0, 7)
  const associated = Buffer.from(headerLine, 'utf8')
  let number = 0
  const nonce = (isLast: boolean): Buffer => {
    if (number > mostPieces) throw new RangeError('a backup has too many pieces')
    const text = Buffer.alloc(12)
    prefix.copy(text)
    text.writeUInt32BE(number++, 7)
    text[11] = isLast ? 1 : 0
    return text
  }
  return {
    seal: (text: string, isLast: boolean): string => {
      const cipher = createCipheriv('aes-256-gcm', key, nonce(isLast), { authTagLength: tagBytes })
      cipher.setAAD(associated)
      const body = Buffer.concat([cipher.update(gzipSync(text, { level: 6 })), cipher.final()])
      return Buffer.concat([cipher.getAuthTag(), body]).toString('base64')
    },
    open: (piece: string, isLast: boolean): Result<string, string> => {
      const at = number
      const bytes = Buffer.from(piece, 'base64')
      const fault = at === 0 ? wrongPassphrase : `the backup was changed or cut at its line ${at + 2}`
      if (bytes.length < tagBytes) return err(fault)
      const decipher = createDecipheriv('aes-256-gcm', key, nonce(isLast), { authTagLength: tagBytes })
      decipher.setAAD(associated)
      decipher.setAuthTag(bytes.subarray(0, tagBytes))
      try {
        const packed = Buffer.concat([decipher.update(bytes.subarray(tagBytes)), decipher.final()])
        return ok(gunzipSync(packed, { maxOutputLength: mostUnpackedBytes }).toString('utf8'))
      } catch {
        return err(fault)
      }
    },
  }
}
