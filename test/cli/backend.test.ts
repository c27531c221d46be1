import { Database } from 'bun:sqlite'
import { afterEach, describe, expect, test } from 'bun:test'
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { withFolder } from '../../server/cli/folder.ts'
import { readControl, writeControl } from '../../server/store/control.ts'
import { acquireLock } from '../../server/store/lock.ts'
import { expectSaid, openWorld, resolvedFor, runCli, setUpFolder } from './cli.ts'

const folders: string[] = []
const emptyFolder = (): string => {
  const made = mkdtempSync(path.join(tmpdir(), 'gateway-cli-'))
  folders.push(made)
  return made
}
afterEach(() => {
  for (const made of folders.splice(0)) rmSync(made, { recursive: true, force: true })
})
const stale = { pid: 1, host: '127.0.0.1', port: 1, token: 't'.repeat(43), startedAt: 0 }

const readyFolder = async (): Promise<string> => {
  const folder = emptyFolder()
  await setUpFolder({ DATA_DIR: folder })
  return folder
}

describe('a folder without a gateway', () => {
  test.each([
    'key list',
    'key create x',
    'user add x',
    'account list',
    'account check acc_1',
    'account add --refresh-token-stdin',
    'password reset',
  ])('%s says so and makes nothing', async (line) => {
    const folder = emptyFolder()
    const ran = await runCli(line.split(' '), {
      env: { DATA_DIR: folder },
      stdin: 'aorAAAAA-some-token-of-a-fair-length',
    })
    expectSaid(ran, 1, { out: '', err: /There is no gateway in this folder: .*data\.sqlite3 .* --data-dir FOLDER/ })
    expect(readdirSync(folder)).toEqual([])
  })

  test('neither a folder that is not there nor an empty file in its place is filled', async () => {
    const folder = emptyFolder()
    const missing = path.join(folder, 'missing')
    expectSaid(await runCli(['password', 'reset', '--data-dir', missing]), 1, { err: 'There is no gateway' })
    expect(existsSync(missing)).toBe(false)
    writeFileSync(path.join(folder, 'data.sqlite3'), '')
    expectSaid(await runCli(['password', 'reset'], { env: { DATA_DIR: folder } }), 1, { err: 'There is no gateway' })
    expect(readdirSync(folder)).toEqual(['data.sqlite3'])
  })

  test('a master key that is gone is not made anew, not even on demand', async () => {
    const folder = await readyFolder()
    rmSync(path.join(folder, 'master.key'))
    for (const args of [
      ['key', 'list'],
      ['key', 'list', '--new-master-key'],
    ]) {
      expectSaid(await runCli(args, { env: { DATA_DIR: folder } }), 1, { err: 'master.key is missing' })
    }
    expect(existsSync(path.join(folder, 'master.key'))).toBe(false)
  })
})

test('a command that is advised names the folder, unless it is the current one', async () => {
  const folder = await readyFolder()
  expect((await runCli(['key', 'list', '--data-dir', folder])).out).toContain(
    `claude-server key create NAME --data-dir ${folder}`,
  )
  const resolved = resolvedFor([], {})
  expect(withFolder('Make one: claude-server key create NAME', resolved)).toEndWith('key create NAME')
  const spaced = resolvedFor(['--data-dir', "/srv/it's here"], {})
  expect(withFolder('fix: claude-server account check ID, then look', spaced)).toBe(
    String.raw`fix: claude-server account check ID --data-dir '/srv/it'\''s here', then look`,
  )
})

test('what a killed server left is not taken for a running one', async () => {
  const folder = await readyFolder()
  writeControl(folder, stale)
  expectSaid(await runCli(['key', 'list', '--json'], { env: { DATA_DIR: folder } }), 0, { json: [] })
})

test('another program on that port, or another server, is not taken for ours either', async () => {
  const other = await openWorld('beside a running server')
  const folder = await readyFolder()
  const asked: string[] = []
  const stranger = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: ({ url }) => {
      asked.push(url)
      return new Response('{}', { status: 404 })
    },
  })
  for (const port of [Number(new URL(other.url ?? '').port), stranger.port ?? 0]) {
    writeControl(folder, { ...stale, port })
    expectSaid(await runCli(['key', 'create', 'mine', '--json'], { env: { DATA_DIR: folder } }), 0, {
      json: { name: 'mine' },
    })
  }
  expect(asked).toHaveLength(1)
  expect((await other.run(['key', 'list', '--json'])).json).toEqual([])
  stranger.stop(true)
  await other.stop()
})

test('a held folder is waited for, then named; commands one after another all get their turn', async () => {
  const folder = await readyFolder()
  const env = { DATA_DIR: folder }
  const lock = acquireLock(folder)
  if (!lock.ok) throw new Error(lock.error.message)
  const refused = await runCli(['key', 'list'], { env, heldWaitMs: 30 })
  expectSaid(refused, 1, { out: '', err: 'Another claude-server is running on the data folder' })
  setTimeout(() => lock.value.release(), 40)
  expect((await runCli(['key', 'list'], { env })).code).toBe(0)
  const names = ['a', 'b', 'c', 'd']
  const made = await Promise.all(names.map((name) => runCli(['key', 'create', name], { env })))
  expect(made.map(({ code }) => code)).toEqual([0, 0, 0, 0])
  expect((await runCli(['key', 'list', '--json'], { env })).json).toHaveLength(4)
})

test('a server that holds the folder and does not answer is named with its process', async () => {
  const folder = await readyFolder()
  const lock = acquireLock(folder)
  writeControl(folder, { ...stale, pid: 4242 })
  const ran = await runCli(['key', 'list'], { env: { DATA_DIR: folder }, heldWaitMs: 0 })
  expectSaid(ran, 1, { out: '', err: /cannot be asked \(pid 4242\): it does not answer on port 1/ })
  if (lock.ok) lock.value.release()
})

test('a server that goes away in the middle is said to be gone', async () => {
  const world = await openWorld('beside a running server')
  let calls = 0
  const ran = await world.run(['account', 'list'], {
    effects: {
      fetch: (url, init) => (++calls === 1 ? fetch(url, init as RequestInit) : Promise.reject(new Error('socket'))),
    },
  })
  expectSaid(ran, 1, { out: '', err: /running server \(pid \d+\) does not answer any more/ })
  await world.stop()
})

test('the token of the running server is never said, and its file is for the operator alone', async () => {
  const world = await openWorld('beside a running server')
  const token = readControl(world.folder)?.token ?? ''
  expect(token.length).toBeGreaterThan(40)
  const said = await Promise.all([world.run(['doctor', '--json']), world.run(['account', 'check', 'acc_none'])])
  for (const { out, err } of said) expect(out + err).not.toContain(token)
  await world.stop()
})

test.each(['account list', 'doctor', 'key create x'])(
  'a folder of the original’s is refused and not touched: %s',
  async (words) => {
    const folder = emptyFolder()
    const database = new Database(path.join(folder, 'data.sqlite3'), { create: true })
    database.run('CREATE TABLE accounts (id TEXT PRIMARY KEY, clientId TEXT)')
    database.close()
    const ran = await runCli(words.split(' '), { env: { DATA_DIR: folder } })
    expect(ran.code).toBe(1)
    expect(ran.out + ran.err).toContain('left untouched')
    expect(readdirSync(folder)).toEqual(['data.sqlite3'])
  },
)

test('a data folder that cannot be made is one line, not a stack', async () => {
  const file = path.join(emptyFolder(), 'file')
  writeFileSync(file, '')
  const ran = await runCli(['key', 'list'], { env: { DATA_DIR: path.join(file, 'below') } })
  expect(ran.code).toBe(1)
  expect(ran.err.trim().split('\n')).toHaveLength(1)
})

test('a usage error touches nothing and exits with 2', async () => {
  const folder = emptyFolder()
  const env = { DATA_DIR: folder }
  expectSaid(await runCli(['account', 'add', '--region', 'eu-west-1'], { env }), 2, { out: '', err: '--region needs' })
  expectSaid(await runCli(['key', 'create', ' '], { env }), 2, { out: '', err: 'empty name' })
  expectSaid(await runCli(['--demo', 'key', 'list'], { env }), 2, { out: '', err: '--demo' })
  expect(readdirSync(folder)).toEqual([])
})

test('an interrupt ends a command that waits, and the data is given back', async () => {
  const world = await openWorld('without a server')
  const { refreshToken } = world.simulator.accounts.add({ method: 'social' }).secrets()
  const [id] = (await world.run(['account', 'add', '--refresh-token-stdin', '--json'], { stdin: refreshToken ?? '' }))
    .json.ids
  const controller = new AbortController()
  const slow = await world.run(['account', 'check', id], {
    interrupted: controller.signal,
    effects: {
      fetch: async (url, init) => {
        controller.abort()
        await Bun.sleep(100)
        return fetch(url, init as RequestInit)
      },
    },
  })
  expectSaid(slow, 1, { out: '', err: 'Interrupted.' })
  expect((await world.run(['account', 'list'])).code).toBe(0)
  await world.stop()
})

test('what the store throws is one line', async () => {
  const folder = await readyFolder()
  const env = { DATA_DIR: folder }
  await runCli(['key', 'create', 'x'], { env })
  const database = new Database(path.join(folder, 'data.sqlite3'))
  database.run('DROP TABLE api_keys')
  database.close()
  const ran = await runCli(['key', 'list'], { env })
  expect(ran.code).toBe(1)
  expect(ran.out).toBe('')
  expect(ran.err.trim().split('\n')).toHaveLength(1)
  expect(existsSync(path.join(folder, 'control.json'))).toBe(false)
})
