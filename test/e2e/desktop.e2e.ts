import { afterEach, expect, test } from 'bun:test'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

const binary = process.env.GATEWAY_BINARY ?? ''
const running = new Set<Bun.Subprocess>()
const folders: string[] = []

afterEach(async () => {
  for (const child of running) child.kill('SIGKILL')
  await Promise.all([...running].map((child) => child.exited))
  running.clear()
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

/** A browser that opens a window, as far as can be told from outside: it notes what it was asked and lives until `close` is there. */
function desk() {
  const folder = mkdtempSync(path.join(tmpdir(), 'desk-'))
  folders.push(folder)
  const asked = path.join(folder, 'asked')
  const close = path.join(folder, 'close')
  const browser = path.join(folder, 'browser')
  const held = path.join(folder, 'held')
  writeFileSync(
    browser,
    `#!/bin/sh
echo "$@" >> '${asked}'
mkdir '${held}' 2>/dev/null || exit 0
while [ ! -e '${close}' ]; do sleep 0.05; done
`,
  )
  chmodSync(browser, 0o755)
  const data = path.join(folder, 'share/Claude-API-Server')
  const start = (...args: string[]) => {
    const child = Bun.spawn([binary, 'desktop', ...args], {
      cwd: folder,
      env: {
        ...{ PATH: process.env.PATH ?? '', HOME: folder, XDG_DATA_HOME: path.join(folder, 'share') },
        // On the command line 0 means that none was given.
        ...{ CLAUDE_SERVER_BROWSER: browser, PORT: '0' },
      },
      stdout: 'pipe',
      stderr: 'pipe',
    })
    running.add(child)
    return child
  }
  const windows = (): readonly string[] => (existsSync(asked) ? readFileSync(asked, 'utf8').trim().split('\n') : [])
  return { folder, data, start, windows, closeWindow: () => writeFileSync(close, '') }
}

async function until<T>(found: () => T | undefined | false): Promise<T> {
  for (let tries = 0; tries < 1_200; tries++) {
    const value = found()
    if (value !== undefined && value !== false) return value
    await Bun.sleep(50)
  }
  throw new Error('it did not happen')
}

const addressIn = (line: string): string => /--app=(\S+)/.exec(line)?.[1] ?? ''

test('the desktop application serves from a folder of its own, shows its console, and ends with its window', async () => {
  const { folder, data, start, windows, closeWindow } = desk()
  const first = start()
  const address = addressIn(await until(() => windows()[0]))
  expect(address).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
  expect(windows()[0]).toContain(`--user-data-dir=${path.join(data, 'window')}`)
  expect(await (await fetch(address, { headers: { accept: 'text/html' } })).text()).toContain('<div id="root">')
  expect(existsSync(path.join(data, 'data.sqlite3'))).toBe(true)
  expect(existsSync(path.join(folder, 'data.sqlite3'))).toBe(false)
  expect(readFileSync(path.join(data, 'desktop.log'), 'utf8')).toContain('server.started')

  // A second start is another look at the same server.
  const second = start()
  expect(await second.exited).toBe(0)
  expect(windows().map(addressIn)).toEqual([address, address])
  expect(first.exitCode).toBeNull()

  // Windows that end at once have joined another; this one was open for longer.
  await Bun.sleep(3_000)
  closeWindow()
  expect(await first.exited).toBe(0)
  expect(readFileSync(path.join(data, 'desktop.log'), 'utf8')).toContain('window closed')
  await expect(fetch(address)).rejects.toThrow()
})

test('a start that fails is told in the log of the folder, with the exit code of a failed start', async () => {
  const { data, start } = desk()
  const taken = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response('another program') })
  const child = start('--port', String(taken.port))
  expect(await child.exited).toBe(1)
  expect(readFileSync(path.join(data, 'desktop.log'), 'utf8')).toContain(`Port ${taken.port}`)
  await taken.stop(true)
})
