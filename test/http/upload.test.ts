import { afterEach, expect, test } from 'bun:test'
import { connect, type Socket } from 'node:net'
import { readJson } from '../../server/http/body.ts'
import { createBodyRoom } from '../../server/http/body-room.ts'
import { realEffects } from '../../server/lib/effects.ts'

const mebibyte = 1024 * 1024
const most = 64 * mebibyte

const cleanUps: (() => void)[] = []
afterEach(() => {
  for (const clean of cleanUps.splice(0)) clean()
})

/** A server that reads bodies as the gateway does, keeps their room, and answers with the kind of error. Its time runs `hurry` times as fast. */
function serve(hurry = 1) {
  const sizes = new Map<string, () => number>()
  const effects = {
    ...realEffects,
    now: () => performance.now() * hurry,
    after: (ms: number, task: () => void) => realEffects.after(ms / hurry, task),
  }
  const room = createBodyRoom(most, effects, (name, size) => sizes.set(name, size))
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    idleTimeout: 0,
    fetch: async (request) => {
      const held = room.open(request.headers.get('x-holder') ?? '')
      const body = await readJson(request, most, held)
      if (!body.ok || request.headers.has('x-release')) held.release()
      return new Response(body.ok ? 'ok' : `${body.error.kind}${body.error.isUnread ? ', unread' : ''}`)
    },
  })
  cleanUps.push(() => server.stop(true))
  const taken = (): number => [...sizes.values()].reduce((sum, size) => sum + size(), 0)
  const send = async (holder: string, bytes: number, headers: Record<string, string> = {}): Promise<string> => {
    const body = JSON.stringify('x'.repeat(bytes - 2))
    const sent = await fetch(server.url, { method: 'POST', body, headers: { 'x-holder': holder, ...headers } })
    return sent.text()
  }
  /** Sends the head of a request with what is given of its body. */
  const begin = async (holder: string, length: number | 'chunked', part: string) => {
    const size = length === 'chunked' ? 'transfer-encoding: chunked' : `content-length: ${length}`
    const socket = await new Promise<Socket>((resolve) => {
      const opened = connect(server.port ?? 0, '127.0.0.1', () => resolve(opened))
    })
    cleanUps.push(() => socket.destroy())
    const answer = new Promise<string>((resolve) => {
      socket.once('data', (data) => resolve(String(data).split('\r\n\r\n')[1] ?? ''))
    })
    socket.write(`POST / HTTP/1.1\r\nhost: x\r\nx-holder: ${holder}\r\n${size}\r\n\r\n${part}`)
    return { socket, answer }
  }
  return { taken, send, begin }
}

async function until(isSo: () => boolean): Promise<void> {
  for (let count = 0; count < 500 && !isSo(); count++) await Bun.sleep(10)
  expect(isSo()).toBe(true)
}

test('bodies that are only announced take no room from others', async () => {
  const { taken, send, begin } = serve()
  for (const holder of ['a', 'a', 'b', 'b', 'c', 'c']) await begin(holder, 63 * mebibyte, '{')
  await Bun.sleep(100)
  expect(taken()).toBeLessThan(100)
  expect(await send('d', 9 * mebibyte)).toBe('ok')
  expect(taken()).toBeLessThan(9 * mebibyte + 100)
})

test('twenty bodies of 9 MB of one key are read at once', async () => {
  const { send } = serve()
  const answers = await Promise.all(Array.from({ length: 20 }, () => send('a', 9 * mebibyte)))
  expect(answers).toEqual(Array.from({ length: 20 }, () => 'ok'))
}, 30_000)

test('more than there is room for wait in line until others are done', async () => {
  const { send, taken } = serve()
  const answers = await Promise.all(
    Array.from({ length: 30 }, (_, at) => send(`${at % 3}`, 12 * mebibyte, { 'x-release': '' })),
  )
  expect(answers).toEqual(Array.from({ length: 30 }, () => 'ok'))
  expect(taken()).toBe(0)
}, 30_000)

test.each([
  ['large', 63 * mebibyte, '{'],
  ['large, with megabytes sent', 63 * mebibyte, ' '.repeat(3 * mebibyte)],
  ['small', 1000, '{'],
  ['of unknown length', 'chunked', '1\r\n{\r\n'],
] as const)(
  'a body that stands still is refused after half a minute, and its room is free: %s',
  async (_, length, part) => {
    const { begin, taken } = serve(50)
    const since = performance.now()
    const { answer } = await begin('a', length, part)
    expect(await answer).toBe('request-timeout, unread')
    expect(performance.now() - since).toBeGreaterThan(550)
    expect(taken()).toBe(0)
  },
)

test.each([
  ['small, but half of it', 900_000, ' '.repeat(450_000), 0, 3],
  ['most of it at once, then next to nothing', 4 * mebibyte, ' '.repeat(3 * mebibyte), 400, 7],
] as const)(
  'a body whose pace falls below the least is refused half a minute later, whatever came before: %s',
  async (_, length, part, dripMs, waits) => {
    const { begin, taken } = serve(50)
    const { socket, answer } = await begin('a', length, part)
    let isOver = false
    const drip = (async () => {
      // By their average they could go on for 86 and 226 seconds, which are 1.7 and 4.5 here.
      for (let count = 0; count < waits && !isOver; count++) {
        if (dripMs > 0) socket.write(' ')
        await Bun.sleep(400)
      }
      return 'never refused'
    })()
    expect(await Promise.race([answer, drip])).toBe('request-timeout, unread')
    expect(taken()).toBe(0)
    isOver = true
    await drip
  },
)

test('small bodies that stand still take their room, too', async () => {
  const { begin, taken } = serve()
  const { socket } = await begin('a', 400_000, '{')
  await begin('a', 1_000_000, ' '.repeat(900_000))
  await until(() => taken() === 1_300_000)
  socket.destroy()
  await until(() => taken() === 900_000)
})

test('a body that drips is refused once it is behind the least rate', async () => {
  const { begin } = serve(50)
  const { socket, answer } = await begin('a', 63 * mebibyte, '{')
  let isOver = false
  const drip = (async () => {
    for (let count = 0; count < 60 && !isOver; count++) {
      socket.write(' ')
      await Bun.sleep(50)
    }
    return 'never refused'
  })()
  expect(await Promise.race([answer, drip])).toBe('request-timeout, unread')
  isOver = true
  await drip
})

test('a slow body that keeps the least rate is read, far beyond the grace', async () => {
  const { begin } = serve(50)
  const length = 2 * mebibyte
  const { socket, answer } = await begin('a', length, '"')
  // 64 KiB in 50 ms, each of which is 50.
  for (let sent = 1; sent < length - 1; ) {
    const more = Math.min(65_536, length - 1 - sent)
    socket.write('x'.repeat(more))
    sent += more
    await Bun.sleep(50)
  }
  socket.write('"')
  expect(await answer).toBe('ok')
})

test('what a caller that left had sent takes no room', async () => {
  const { begin, taken } = serve()
  const { socket } = await begin('a', 63 * mebibyte, ' '.repeat(12 * mebibyte))
  await until(() => taken() > 12 * mebibyte)
  expect(taken()).toBeLessThanOrEqual(24 * mebibyte)
  socket.destroy()
  await until(() => taken() === 0)
})
