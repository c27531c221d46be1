import { afterAll, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { runGateway } from '../support/command.ts'
import { startGateway } from '../support/gateway.ts'
import { listenUnixgram } from '../support/unixgram.ts'

setDefaultTimeout(180_000)

const folder = mkdtempSync(path.join(tmpdir(), 'service-'))
afterAll(() => rmSync(folder, { recursive: true }))

test('a server lives at once and is ready with its first account; the program itself tells by its exit code', async () => {
  const gateway = await startGateway({ accounts: [] })
  const asked = async (where: string): Promise<[number, unknown]> => {
    const answer = await fetch(gateway.url + where)
    return [answer.status, await answer.json()]
  }
  const env = { DATA_DIR: gateway.dataDir }
  expect(await asked('/healthz')).toEqual([200, { status: 'ok' }])
  const none = { status: 'not-ready', database: 'open', accounts: 'none', stopping: false }
  expect(await asked('/readyz')).toEqual([503, none])
  expect((await runGateway(['health'], env)).code).toBe(0)
  const unready = await runGateway(['health', '--ready', '--json'], env)
  expect([unready.code, JSON.parse(unready.out)]).toEqual([1, none])

  const account = gateway.simulator.accounts.add({ plan: 'power' })
  await gateway.admin('POST', '/v2/accounts', { label: 'first', ...account.secrets() })
  expect(await asked('/readyz')).toEqual([200, { ...none, status: 'ready', accounts: 'serving' }])
  const ready = await runGateway(['health', '--ready'], env)
  expect([ready.code, ready.out]).toEqual([0, 'ready, database: open, accounts: serving, stopping: false\n'])

  const { accounts } = (await gateway.admin('GET', '/v2/accounts')) as { accounts: { id: string }[] }
  await gateway.admin('PATCH', `/v2/accounts/${accounts[0]?.id}`, { enabled: false })
  expect((await asked('/readyz'))[0]).toBe(503)
  expect(await gateway.stop()).toBe(0)
})

test('nobody there, and somebody else there, are exit code 1 and one line', async () => {
  const other = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => Response.json(['not ours']) })
  const env = { DATA_DIR: path.join(folder, 'none'), HOST: '127.0.0.1' }
  const foreign = await runGateway(['health', '--port', String(other.port)], env)
  expect([foreign.code, foreign.err]).toEqual([1, expect.stringMatching(/^claude-server: .*another program\.\n$/)])
  const port = other.port
  await other.stop(true)
  const nobody = await runGateway(['health', '--port', String(port)], env)
  expect([nobody.code, nobody.err]).toEqual([1, expect.stringMatching(/^claude-server: Nobody answers at .*\n$/)])
})

if (process.platform === 'linux') {
  test('a service manager hears that it serves, that it is alive, and that it stops', async () => {
    const socket = path.join(folder, 'notify')
    const manager = await listenUnixgram(socket)
    const gateway = await startGateway({ env: { NOTIFY_SOCKET: socket, WATCHDOG_USEC: '600000' } })
    expect(await manager.next()).toStartWith('READY=1')
    expect(await manager.next()).toBe('WATCHDOG=1')
    expect(await manager.next()).toBe('WATCHDOG=1')
    expect(await gateway.stop()).toBe(0)
    const last = manager.rest().filter((text) => text !== 'WATCHDOG=1')
    expect(last).toEqual([expect.stringMatching(/^STOPPING=1/)])
    await manager.stop()
  })
}
