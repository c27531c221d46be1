import type { RequestBody } from './wire.ts'

/**
 * A request as JSON text. Halves of characters, which a client may have cut apart anywhere in its history, become U+FFFD: not
 * every JSON reader takes them. Text keeps whole ones as they are, so an escape in this range is always a half.
 */
export function wireText(body: RequestBody): string {
  const text = JSON.stringify(body)
  if (!text.includes('\\ud')) return text
  return text.replace(/\\(?:\\|ud[89a-f][0-9a-f]{2})/g, (found) => (found === '\\\\' ? found : '\\ufffd'))
}
