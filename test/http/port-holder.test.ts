import { afterEach, expect, test } from 'bun:test'
import { createServer, type Server } from 'node:net'
import { findPortHolder, freePortAfter, isAnswered, portTakenText } from '../../server/http/port-holder.ts'
import { realEffects } from '../../server/lib/effects.ts'

const wanted = { hostname: '0.0.0.0', port: 62311, demo: false }
const mine = { pid: 4711, name: 'claude-server' }

test.each([
  [wanted, {}, 62312, 'taken by another program. Stop it, or choose another port: --port 62312.'],
  [
    wanted,
    { process: { pid: 33, name: 'nginx' } },
    undefined,
    'taken by nginx (pid 33). Stop it, or choose another port: --port PORT.',
  ],
  [
    wanted,
    { process: mine, gateway: { version: '1.2.3', demo: false } },
    62312,
    'taken by claude-server 1.2.3 (pid 4711). Stop it, or choose another port: --port 62312.',
  ],
  [wanted, { gateway: { version: '', demo: true } }, 62312, 'taken by the demo of claude-server. Stop it'],
  [
    { ...wanted, demo: true },
    { gateway: { version: '1.2.3', demo: false } },
    62312,
    'taken by claude-server 1.2.3. The demo runs beside it on another port: --demo --port 62312.',
  ],
] as const)('%j taken by %j with %p free', (asked, holder, free, words) => {
  const text = portTakenText(asked, holder, free)
  expect(text).toStartWith('Port 62311 on 0.0.0.0 is ')
  expect(text).toContain(words)
})

const servers: { readonly stop: () => unknown }[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop()
})
const serve = (answers: Readonly<Record<string, object>>, hostname = '127.0.0.1'): number => {
  const server = Bun.serve({
    port: 0,
    hostname,
    fetch: ({ url }) => {
      const answer = answers[new URL(url).pathname]
      return answer === undefined ? new Response('nothing', { status: 404 }) : Response.json(answer)
    },
  })
  servers.push({ stop: () => server.stop(true) })
  return server.port ?? 0
}
const gateway = { '/api/session': { name: 'claude-server', demo: false }, '/version': { version: '1.2.3' } }

test('a gateway is known by its own word, and on Linux by its process', async () => {
  const port = serve(gateway)
  const holder = await findPortHolder('0.0.0.0', port, realEffects)
  expect(holder.gateway).toEqual({ version: '1.2.3', demo: false })
  if (process.platform === 'linux') expect(holder.process?.pid).toBe(process.pid)
})

test('another web server is not taken for one, whatever its /version says', async () => {
  const port = serve({ '/version': { version: '9' }, '/api/session': { name: 'other' } })
  expect((await findPortHolder('127.0.0.1', port, realEffects)).gateway).toBeUndefined()
})

test('who answers on the port is noticed, also on all addresses; port 0 and a free port are nobody’s', async () => {
  const port = serve({}, '0.0.0.0')
  expect(await isAnswered('127.0.0.1', port, realEffects)).toBe(true)
  expect(await isAnswered('0.0.0.0', port, realEffects)).toBe(true)
  await servers.pop()?.stop()
  expect(await isAnswered('127.0.0.1', port, realEffects)).toBe(false)
  expect(await isAnswered('127.0.0.1', 0, realEffects)).toBe(false)
})

test('a program that takes connections and never answers holds nobody up for long', async () => {
  const silent = await new Promise<Server>((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => resolve(server))
  })
  servers.push({ stop: () => silent.close() })
  const address = silent.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const hasty = { ...realEffects, after: (ms: number, task: () => void) => realEffects.after(ms / 20, task) }
  const holder = await findPortHolder('127.0.0.1', port, hasty)
  expect(holder.gateway).toBeUndefined()
  if (process.platform === 'linux') expect(holder.process?.pid).toBe(process.pid)
})

test('a port that is free is found behind the ones that are not', () => {
  const port = serve({})
  const free = freePortAfter('127.0.0.1', port)
  expect(free).toBeGreaterThan(port)
  const next = Bun.serve({ port: free ?? 0, hostname: '127.0.0.1', fetch: () => new Response() })
  servers.push({ stop: () => next.stop(true) })
  expect(freePortAfter('127.0.0.1', port)).not.toBe(free)
})
