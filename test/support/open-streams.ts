import http from 'node:http'

export type OpenStreams = {
  /** Text of each stream so far, by index. */
  readonly texts: readonly string[]
  /** How each ended: its status and whether the body was whole; undefined while it is open. */
  readonly ends: readonly ({ readonly status: number; readonly whole: boolean } | undefined)[]
  readonly done: Promise<void>
  readonly abort: (index: number) => void
}

/** Opens many streamed requests at once. `node:http`, because `fetch` stops at 256 in a test process. */
export function openStreams(url: string, key: string, count: number, body: (index: number) => object): OpenStreams {
  const agent = new http.Agent({ keepAlive: false, maxSockets: Number.POSITIVE_INFINITY })
  const texts: string[] = Array(count).fill('')
  const ends: ({ status: number; whole: boolean } | undefined)[] = Array(count).fill(undefined)
  const requests: http.ClientRequest[] = []
  const one = (index: number): Promise<void> =>
    new Promise((resolve) => {
      const text = JSON.stringify(body(index))
      const end = (status: number, whole: boolean): void => {
        ends[index] ??= { status, whole }
        resolve()
      }
      const request = http.request(
        url,
        {
          method: 'POST',
          agent,
          headers: { 'x-api-key': key, 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) },
        },
        (response) => {
          response.setEncoding('utf8')
          response.on('data', (chunk: string) => {
            texts[index] += chunk
          })
          response.on('end', () => end(response.statusCode ?? 0, response.complete))
          response.on('error', () => end(response.statusCode ?? 0, false))
        },
      )
      request.on('error', () => end(0, false))
      request.end(text)
      requests[index] = request
    })
  const done = Promise.all(Array.from({ length: count }, (_, index) => one(index))).then(() => agent.destroy())
  return { texts, ends, done, abort: (index) => requests[index]?.destroy() }
}

/** A Messages request of one user turn. */
export const ask = (prompt: string) => (): object => ({
  model: 'claude-sonnet-4.5',
  max_tokens: 4_096,
  stream: true,
  messages: [{ role: 'user', content: prompt }],
})

/** The text of a Messages stream, its deltas joined. */
export const textOf = (stream: string): string =>
  [...stream.matchAll(/"type":"text_delta","text":("(?:[^"\\]|\\.)*")/g)]
    .map((match) => JSON.parse(match[1] ?? '""') as string)
    .join('')
