import { afterAll, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createNotifier, senderFor } from '../../server/main/notify.ts'
import { listenUnixgram } from '../support/unixgram.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'notify-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** A notifier whose timer is turned by hand. */
function notifierOf(env: Record<string, string>, pid = 7) {
  const sent: string[] = []
  const posted: string[] = []
  const faults: string[] = []
  let due: { ms: number; task: () => void } | undefined
  const notifier = createNotifier({
    ...{ env, pid, monotonic: () => 42n },
    effects: {
      after: (ms, task) => {
        due = { ms, task }
        return () => {
          due = undefined
        }
      },
    },
    post: (message) => void posted.push(message),
    send: (where, text) => sent.push(`${where} ${text}`) > 0,
    onFault: (message) => void faults.push(message),
  })
  return { notifier, sent, posted, faults, turn: () => due?.task(), pauseMs: () => due?.ms }
}

test('a service is told that it serves, starts anew and stops, each once and in the words of the manager', () => {
  const { notifier, sent, posted } = notifierOf({ NOTIFY_SOCKET: '/run/n' })
  notifier.ready(false)
  notifier.reloading()
  notifier.ready(false)
  notifier.stopping()
  expect(sent).toEqual([
    '/run/n READY=1\nSTATUS=Serving.',
    '/run/n RELOADING=1\nMONOTONIC_USEC=42\nSTATUS=Starting anew.',
    '/run/n READY=1\nSTATUS=Serving.',
    '/run/n STOPPING=1\nSTATUS=Letting open streams finish.',
  ])
  expect(posted).toEqual(['ready', 'ready'])
})

test('a watchdog hears three beats in its time, until the process speaks no more', () => {
  const { notifier, sent, turn, pauseMs } = notifierOf({
    NOTIFY_SOCKET: '/n',
    WATCHDOG_USEC: '60000000',
    WATCHDOG_PID: '7',
  })
  notifier.ready(false)
  expect(pauseMs()).toBe(20_000)
  turn()
  turn()
  expect(sent.filter((one) => one === '/n WATCHDOG=1')).toHaveLength(2)
  notifier.silence()
  expect(pauseMs()).toBeUndefined()
  notifier.stopping()
  expect(sent.at(-1)).toBe('/n WATCHDOG=1')
})

test('a watchdog of another process is not answered, but by its successor, which names itself', () => {
  const env = { NOTIFY_SOCKET: '/n', WATCHDOG_USEC: '60000000', WATCHDOG_PID: '6' }
  const other = notifierOf(env)
  other.notifier.ready(false)
  expect(other.pauseMs()).toBeUndefined()
  const successor = notifierOf(env)
  successor.notifier.ready(true)
  expect(successor.pauseMs()).toBe(20_000)
  expect(successor.sent).toEqual(['/n MAINPID=7\nREADY=1\nSTATUS=Serving.'])
})

test('without a socket nothing is said, and one that takes no message is named once', () => {
  const { notifier, sent } = notifierOf({})
  notifier.ready(false)
  expect(sent).toEqual([])
  const faults: string[] = []
  const deaf = createNotifier({
    ...{ env: { NOTIFY_SOCKET: '/gone' }, pid: 1, monotonic: () => 0n, effects: { after: () => () => {} } },
    send: () => false,
    onFault: (message) => void faults.push(message),
  })
  deaf.ready(false)
  deaf.stopping()
  expect(faults).toEqual([expect.stringContaining('/gone')])
})

if (process.platform === 'linux') {
  test.each([
    ['a file', (name: string) => path.join(folder, name)],
    ['an abstract name', (name: string) => `@${folder}-${name}`],
  ] as const)('a real datagram reaches a socket that is %s', async (_, place) => {
    const socket = place('socket')
    const listener = await listenUnixgram(socket)
    const { send, fault } = senderFor({ NOTIFY_SOCKET: socket })
    expect(fault).toBeUndefined()
    expect(send?.(socket, 'READY=1\nSTATUS=Serving.')).toBe(true)
    expect(await listener.next()).toBe('READY=1\nSTATUS=Serving.')
    await listener.stop()
    expect(send?.(place('nobody'), 'READY=1')).toBe(false)
    expect(send?.(place('x'.repeat(120)), 'READY=1')).toBe(false)
  })
}
