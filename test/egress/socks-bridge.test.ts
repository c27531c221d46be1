import { afterAll, expect, test } from 'bun:test'
import { createSocksBridge } from '../../server/egress/socks-bridge.ts'
import { startSocksServer } from '../support/socks-server.ts'

const target = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  fetch: async (request) => {
    const sent = await request.text()
    return new Response(
      new ReadableStream({
        async start(controller) {
          for (const piece of ['one ', 'two ', sent]) {
            controller.enqueue(new TextEncoder().encode(piece))
            await Bun.sleep(5)
          }
          controller.close()
        },
      }),
      {
        headers: {
          'x-seen-host': request.headers.get('host') ?? '',
          'x-seen-auth': request.headers.get('proxy-authorization') ?? 'none',
        },
      },
    )
  },
})
const login = { user: 'us er', password: 'p@ss' }
const socks = await startSocksServer(login)
const bridge = createSocksBridge()
const url = socks.url.replace('us er:p@ss', 'us%20er:p%40ss')
afterAll(async () => {
  await bridge.close()
  socks.stop()
  await target.stop(true)
})

test('a streamed answer comes through SOCKS, names resolved at the far end, our secret kept here', async () => {
  const proxy = await bridge.addressFor(url)
  for (let turn = 0; turn < 3; turn++) {
    const answer = await fetch(`http://far.example:${target.port}/path?q=1`, {
      method: 'POST',
      body: `turn ${turn}`,
      proxy,
    })
    expect(await answer.text()).toBe(`one two turn ${turn}`)
    expect(answer.headers.get('x-seen-host')).toBe(`far.example:${target.port}`)
    expect(answer.headers.get('x-seen-auth')).toBe('none')
  }
  expect(socks.targets).toEqual(Array(3).fill(`far.example:${target.port}`))
})

test('the same SOCKS proxy has one address, and nobody without its secret gets through', async () => {
  const proxy = await bridge.addressFor(url)
  expect(await bridge.addressFor(url)).toBe(proxy)
  const { port } = new URL(proxy)
  const refused = await fetch(`http://far.example:${target.port}/`, { proxy: `http://way:guess@127.0.0.1:${port}` })
  expect(refused.status).toBe(407)
})

test('a target that cannot be reached is a bad gateway, and a wrong login too', async () => {
  const proxy = await bridge.addressFor(url)
  expect((await fetch('http://far.example:1/', { proxy })).status).toBe(502)
  const wrong = await bridge.addressFor(url.replace('p%40ss', 'wrong'))
  expect((await fetch(`http://far.example:${target.port}/`, { proxy: wrong })).status).toBe(502)
})
