import { afterAll, beforeAll, expect, test } from 'bun:test'
import { connect } from 'node:net'
import { type ClockedGateway, startClockedGateway } from '../support/clocked-gateway.ts'
import { adminPassword } from '../support/gateway.ts'

let gateway: ClockedGateway
beforeAll(async () => {
  gateway = await startClockedGateway()
}, 240_000)
afterAll(() => gateway.stop())

/** Sends this much of a request; its answer, and whether the server then closed the connection. */
function begin(path: string, size: string, part: string) {
  const socket = connect(Number(new URL(gateway.url()).port), '127.0.0.1')
  const seen = { text: '', isClosed: false, close: () => void socket.destroy() }
  socket.on('data', (data) => {
    seen.text += String(data)
  })
  socket.on('end', () => {
    seen.isClosed = true
  })
  const head = `POST ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${path.includes('dry_run') ? adminPassword : gateway.key}\r\n${size}`
  socket.write(`${head}\r\n\r\n${part}`)
  return seen
}

async function until(isSo: () => boolean): Promise<void> {
  for (let count = 0; count < 1_000 && !isSo(); count++) {
    await gateway.effects.advance(0)
    await Bun.sleep(10)
  }
  expect(isSo()).toBe(true)
}

const paths = ['/v1/messages', '/v1/chat/completions', '/v1/responses', '/v1/messages?dry_run=1']
const sizes = [
  ['content-length: 500', '{'],
  ['content-length: 20000000', ' '.repeat(2_000_000)],
  ['transfer-encoding: chunked', '1\r\n{\r\n'],
] as const

test.each(paths)('%s: after a body that came too slowly the connection is closed', async (path) => {
  for (const [size, part] of sizes) {
    const seen = begin(path, size, part)
    // It has to be there before the clock moves.
    await until(() => true)
    await Bun.sleep(300)
    await gateway.effects.advance(31_000)
    await until(() => seen.text.includes('\r\n\r\n'))
    expect(seen.text).toStartWith('HTTP/1.1 408')
    expect(seen.text).toMatch(/^connection: close\r$/im)
    await until(() => seen.isClosed)
  }
})

test('after a request that is merely wrong it stays open', async () => {
  const seen = begin('/v1/messages', 'content-length: 2', '{}')
  await until(() => seen.text.includes('\r\n\r\n'))
  expect(seen.text).toStartWith('HTTP/1.1 400')
  await Bun.sleep(300)
  expect([seen.isClosed, /^connection: close\r$/im.test(seen.text)]).toEqual([false, false])
  seen.close()
})
