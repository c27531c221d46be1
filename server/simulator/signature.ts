import { randomText } from '../lib/effects.ts'

/** Signs the reasoning one simulator hands out, so that a changed or foreign one is told apart when it comes back. */
export type Signatures = {
  readonly sign: (text: string) => string
  readonly isOwn: (text: string, signature: string) => boolean
  /** An opaque redacted block, base64. */
  readonly redact: () => string
  readonly isOwnRedaction: (base64: string) => boolean
}

/** `secret` lives as long as the simulator: what an earlier one signed is refused, as a stranger's would be. */
export function createSignatures(secret: string = randomText(32)): Signatures {
  const mac = (text: string): string => new Bun.CryptoHasher('sha512', secret).update(text).digest('base64')
  const sign = (text: string): string => `sim1${mac(`signature:${text}`)}`
  const seal = (nonce: string): string => btoa(`${nonce}.${mac(`redacted:${nonce}`)}`)
  return {
    sign,
    isOwn: (text, signature) => signature === sign(text),
    redact: () => seal(randomText(12)),
    isOwnRedaction: (base64) => {
      try {
        return seal(atob(base64).split('.', 1)[0] ?? '') === base64
      } catch {
        return false
      }
    },
  }
}
