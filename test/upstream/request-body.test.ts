import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { bodyOf } from '../../server/upstream/amazonq/request-body.ts'
import { startMutePeer } from '../support/mute-peer.ts'

// What the connect limit stands on: Bun's fetch asks for a streamed body once the connection stands, and not before.

let mute: Awaited<ReturnType<typeof startMutePeer>>
beforeAll(async () => {
  mute = await startMutePeer()
})
afterAll(() => mute.stop())

async function send(
  url: string,
  text: string,
  more: BunFetchRequestInit = {},
): Promise<{ asked: number; got?: string }> {
  let asked = 0
  const answered = new AbortController()
  // What would be asked for twice, is at once.
  const body = bodyOf(text, () => {
    asked++
    setTimeout(() => answered.abort(), 200)
  })
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-length': String(body.length) },
      body: body.stream,
      signal: answered.signal,
      ...more,
    })
    return { asked, got: await response.text() }
  } catch {
    return { asked }
  }
}

describe('a request body is asked for', () => {
  test('never by a peer that does not shake hands, a proxy that does not answer, or a closed port', async () => {
    const at = `127.0.0.1:${mute.port}`
    const soon = (): AbortSignal => AbortSignal.timeout(300)
    expect(await send(`https://${at}/`, '{}', { signal: soon() })).toEqual({ asked: 0 })
    expect(await send('https://provider.invalid/', '{}', { proxy: `http://${at}`, signal: soon() })).toEqual({
      asked: 0,
    })
    expect(await send('http://127.0.0.1:9/', '{}')).toEqual({ asked: 0 })
  })
  test('once by a server that takes its time', async () => {
    expect(await send(`http://127.0.0.1:${mute.port}/`, '{}')).toEqual({ asked: 1 })
  })
  test('and arrives whole, with its length and not in chunks', async () => {
    const server = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      fetch: async (request) => {
        const text = await request.text()
        const { headers } = request
        return new Response(`${headers.get('content-length')} ${headers.get('transfer-encoding')} ${Bun.hash(text)}`)
      },
    })
    for (const text of ['{}', '格🎉é'.repeat(200_000)]) {
      const sent = await send(server.url.href, text, { signal: AbortSignal.timeout(60_000) })
      expect(sent).toEqual({ asked: 1, got: `${Buffer.byteLength(text)} null ${Bun.hash(text)}` })
    }
    await server.stop(true)
  })
})
