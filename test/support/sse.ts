import { framesOf } from './grammar.ts'

/** Reads an event stream to its end and gives its text and frames. */
export async function readSse(
  response: Response,
): Promise<{ readonly text: string; readonly data: readonly string[] }> {
  const text = await response.text()
  return { text, data: framesOf(text).map((frame) => frame.data) }
}

/** As `readSse`; `whenSaid` is called once, when what has come is enough for `isEnough`. */
export async function readSseUntil(response: Response, isEnough: (text: string) => boolean, whenSaid: () => void) {
  const decoder = new TextDecoder()
  let text = ''
  let isSaid = false
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    text += decoder.decode(chunk, { stream: true })
    if (isSaid || !isEnough(text)) continue
    isSaid = true
    whenSaid()
  }
  return { text, data: framesOf(text).map((frame) => frame.data) }
}

/** A 1 × 1 PNG. */
export const tinyPng =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

/** About `kilobytes` of varied English with line ends. */
export function longText(kilobytes: number): string {
  const lines: string[] = []
  for (let size = 0; size < kilobytes * 1024; ) {
    const line = `Rule ${lines.length}: when the ${lines.length % 7}th tool fails, say so and try the next one.`
    lines.push(line)
    size += line.length + 1
  }
  return lines.join('\n')
}
