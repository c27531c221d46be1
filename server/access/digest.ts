import { createHash, timingSafeEqual } from 'node:crypto'

/** Lower-case hex SHA-256 of a text's UTF-8 bytes. */
export const sha256Hex = (text: string): string => Bun.SHA256.hash(text, 'hex')

/** Compares two secrets without telling by its duration where they differ, or how long they are. */
export function sameSecret(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text, 'utf8').digest()
  return timingSafeEqual(digest(a), digest(b))
}
