import { request } from 'node:http'
import { connect } from 'node:net'

export type RawAnswer = { readonly status: number; readonly headers: Headers; readonly text: string }

/** Sends the path as it is written: `fetch` would tidy it up. An answer without end is cut when its headers are there. */
export function sendRaw(
  base: string,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  body?: string | Buffer,
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const { port } = new URL(base)
    const sent = request({ host: '127.0.0.1', port, method, path, headers }, (response) => {
      const chunks: Buffer[] = []
      const done = (): void =>
        resolve({
          status: response.statusCode ?? 0,
          headers: new Headers(response.headers as Record<string, string>),
          text: Buffer.concat(chunks).toString('utf8'),
        })
      if (isEndless(path)) {
        done()
        response.destroy()
        return
      }
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', done)
      response.on('error', reject)
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

const isEndless = (path: string): boolean => /\/(stream|events)(\?|$)/.test(path)

/**
 * Writes bytes as they are and gives all that comes back until the server closes, or says nothing more for half a second. For the
 * first word it is waited `silentMs`, which a busy machine may need.
 */
export function sendBytes(base: string, bytes: string | Uint8Array, silentMs = 30_000): Promise<string> {
  return new Promise((resolve) => {
    const { port } = new URL(base)
    let text = ''
    const socket = connect(Number(port), '127.0.0.1')
    const end = (): void => {
      socket.destroy()
      resolve(text)
    }
    socket.setTimeout(silentMs, end)
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      socket.setTimeout(500)
    })
    socket.on('error', end)
    socket.on('close', end)
    socket.write(bytes)
  })
}
