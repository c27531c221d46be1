const utf8 = new TextDecoder('utf-8', { fatal: true })

/**
 * A header's value as it was meant: its bytes come as Latin-1, but a terminal and most scripts send UTF-8. What is no UTF-8 stays
 * as it is. To be read before anything is trimmed, for a byte of a letter may look like a space.
 */
export function headerText(value: string): string {
  if (!/[\x80-\xff]/.test(value)) return value
  try {
    return utf8.decode(Buffer.from(value, 'latin1'))
  } catch {
    return value
  }
}
