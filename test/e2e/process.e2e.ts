import { Database } from 'bun:sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gatewayCommand, runGateway } from '../support/command.ts'
import { answerOnce, eventually, type Gateway, saidBy, startGateway } from '../support/gateway.ts'
import { ask, openStreams, textOf } from '../support/open-streams.ts'

const folders: string[] = []
const folder = (): string => {
  const made = mkdtempSync(path.join(tmpdir(), 'gateway-process-'))
  folders.push(made)
  return made
}
afterAll(() => {
  for (const made of folders) rmSync(made, { recursive: true, force: true })
})

/** Tracing stops a process for every signal of its own, of which many streams make many: here it would measure the tracer. */
const unwatched = ''

describe('many streams', () => {
  let gateway: Gateway
  beforeAll(async () => {
    gateway = await startGateway({ config: 'pool:\n  max_in_flight_per_account: 1000\n', watch: unwatched })
  })
  afterAll(() => gateway.stop())

  test('1,000 open streams all reach the provider at once, and leaving frees every one', async () => {
    const streams = openStreams(
      `${gateway.url}/v1/messages`,
      gateway.key,
      1_000,
      ask('[[sim:pace=500]][[sim:repeat=500]] hello'),
    )
    const all = (): boolean => gateway.simulator.counters().openStreams === 1_000
    expect(await eventually(all, 60_000)).toBeNumber()
    for (let index = 0; index < 1_000; index++) streams.abort(index)
    await streams.done
    expect(await eventually(() => gateway.simulator.counters().openStreams === 0, 60_000)).toBeNumber()
  })

  test('500 streams with their own markers are never mixed', async () => {
    const streams = openStreams(`${gateway.url}/v1/messages`, gateway.key, 500, (index) => ({
      ...ask(`Say it. [[marker:m${index}-${index * 7}]]`)(),
    }))
    await streams.done
    for (let index = 0; index < 500; index++) {
      expect(streams.ends[index]).toEqual({ status: 200, whole: true })
      const text = textOf(streams.texts[index] ?? '')
      const markers = [...text.matchAll(/\[\[marker:([^\]]+)\]\]/g)].map((match) => match[1])
      expect(new Set(markers)).toEqual(new Set([`m${index}-${index * 7}`]))
      expect(streams.texts[index]).toContain('event: message_stop')
    }
  })
})

test('a stop lets 100 open streams finish, refuses new work meanwhile and exits with 0', async () => {
  const gateway = await startGateway({ config: 'pool:\n  max_in_flight_per_account: 200\n', watch: unwatched })
  const streams = openStreams(
    `${gateway.url}/v1/messages`,
    gateway.key,
    100,
    ask('[[sim:pace=100]][[sim:repeat=3]][[sim:text=one two three four five six seven eight nine ten]]'),
  )
  expect(await eventually(() => gateway.simulator.counters().openStreams === 100, 60_000)).toBeNumber()
  const stopped = gateway.stop()
  await streams.done
  expect(streams.ends.filter((end) => end?.status === 200 && end.whole)).toHaveLength(100)
  expect(streams.texts.filter((text) => text.includes('event: message_stop'))).toHaveLength(100)
  expect(await stopped).toBe(0)
})

describe('a start that cannot be', () => {
  test('a second server on the same data folder is refused in one clear line, and the first goes on', async () => {
    const gateway = await startGateway()
    const second = await runGateway(['--port', '0', '--host', '127.0.0.1'], { DATA_DIR: gateway.dataDir, PORT: '0' })
    expect(second.code).toBe(1)
    expect(second.err).toMatch(/already|another|running/i)
    expect((await fetch(`${gateway.url}/healthz`)).ok).toBe(true)
    expect(await gateway.stop()).toBe(0)
  })

  test('a port that is taken is one clear line and exit code 1', async () => {
    const holder = createServer()
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve))
    const address = holder.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const started = await runGateway(['--host', '127.0.0.1', '--port', String(port), '--data-dir', folder()])
    holder.close()
    expect(started.code).toBe(1)
    expect(started.err.trim().split('\n')).toHaveLength(1)
    expect(started.err).toContain(`Port ${port}`)
  })

  test('a second server with another data folder on the same port is told who has it, makes nothing and takes no request', async () => {
    const gateway = await startGateway()
    const { port } = new URL(gateway.url)
    const dataDir = path.join(folder(), 'data')
    for (const host of ['127.0.0.1', '0.0.0.0']) {
      const second = await runGateway(['--host', host, '--port', port, '--data-dir', dataDir])
      expect(second.code).toBe(1)
      expect(second.err).toMatch(new RegExp(`^claude-server: Port ${port} on ${host} is taken by claude-server \\d`))
      expect(second.err).toMatch(/--port \d+\.\n$/)
      if (process.platform === 'linux') expect(second.err).toContain(`(pid ${gateway.pid()})`)
      expect(existsSync(dataDir)).toBe(false)
    }
    expect((await fetch(`${gateway.url}/healthz`)).ok).toBe(true)
    expect(await gateway.stop()).toBe(0)
  })

  test('--demo beside a real server says on which port it runs, and does there', async () => {
    const gateway = await startGateway()
    const { port } = new URL(gateway.url)
    const demo = await runGateway(['--demo', '--port', port])
    expect(demo.code).toBe(1)
    expect(demo.err).toContain('is taken by claude-server')
    const [, advised = ''] = /The demo runs beside it on another port: --demo --port (\d+)\./.exec(demo.err) ?? []
    expect(Number(advised)).toBeGreaterThan(Number(port))
    const child = Bun.spawn([...gatewayCommand(), '--demo', '--port', advised], {
      env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', NO_BROWSER: '1' },
      stdout: 'pipe',
      stderr: 'inherit',
    })
    void new Response(child.stdout).text()
    const session = async (): Promise<unknown> =>
      (await fetch(`http://127.0.0.1:${advised}/api/session`).catch(() => undefined))?.json()
    const answer = await answerOnce(session, (found) => found !== undefined, 60_000)
    expect(answer).toMatchObject({ demo: true })
    child.kill('SIGTERM')
    expect(await child.exited).toBe(0)
    expect(await gateway.stop()).toBe(0)
  })

  test('a broken configuration names file, line and reason, exit code 2', async () => {
    const dataDir = folder()
    writeFileSync(path.join(dataDir, 'config.yaml'), 'server:\n  port: "many"\n')
    const started = await runGateway(['--data-dir', dataDir])
    expect(started.code).toBe(2)
    expect(started.err).toContain('config.yaml:2')
    expect(started.err).toContain('server.port')
  })

  test('an unknown option is usage and exit code 2', async () => {
    const started = await runGateway(['--prot', '1'])
    expect(started.code).toBe(2)
    expect(started.err).toContain('did you mean --port')
  })

  test('the original’s database is left as it is by every command, and imported by the first start', async () => {
    const dataDir = folder()
    const file = path.join(dataDir, 'data.sqlite3')
    const original = new Database(file)
    original.run('CREATE TABLE settings (setting_key text PRIMARY KEY, setting_value text)')
    original.run(
      'CREATE TABLE accounts (id text PRIMARY KEY, clientId text, clientSecret text, enabled numeric DEFAULT true)',
    )
    original.run("INSERT INTO settings VALUES ('admin_password', 'an-old-password'), ('api_key', 'sk-an-old-key')")
    original.run("INSERT INTO accounts VALUES ('one', 'client', 'secret', 1)")
    original.close()
    const before = readFileSync(file)
    const listed = await runGateway(['account', 'list', '--data-dir', dataDir])
    expect(listed.code).toBe(1)
    expect(listed.err).toContain('claude-server serve')
    const rehearsed = await runGateway(['import', '--dry-run', file, '--data-dir', dataDir])
    expect([rehearsed.code, rehearsed.err.includes('an-old')]).toEqual([0, false])
    expect(rehearsed.out).toContain('nothing was changed')
    expect(readFileSync(file).equals(before)).toBe(true)
    expect(readdirSync(dataDir)).toEqual(['data.sqlite3'])

    const child = Bun.spawn([...gatewayCommand(), '--data-dir', dataDir, '--host', '127.0.0.1'], {
      env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', NO_BROWSER: '1', PORT: '0' },
      stdout: 'pipe',
      stderr: 'inherit',
    })
    let log = ''
    for await (const chunk of child.stdout) {
      log += new TextDecoder().decode(chunk)
      if (log.includes('server.started')) break
    }
    const after = await runGateway(['account', 'list', '--json', '--data-dir', dataDir])
    child.kill('SIGTERM')
    expect(await child.exited).toBe(0)
    expect(JSON.parse(after.out)).toMatchObject([{ id: 'one', state: 'expired' }])
    const kept = readdirSync(dataDir).find((name) => name.startsWith('data.sqlite3.original-'))
    expect(readFileSync(path.join(dataDir, kept ?? '')).equals(before)).toBe(true)
    const purged = await runGateway(['import', '--purge-original', '--yes', '--data-dir', dataDir])
    expect(purged.code).toBe(0)
    expect(readdirSync(dataDir).some((name) => name.includes('original'))).toBe(false)
  })

  test('a data folder that cannot be written is a clear error', async () => {
    const file = path.join(folder(), 'a-file')
    writeFileSync(file, 'not a folder')
    const started = await runGateway(['--data-dir', path.join(file, 'data'), '--host', '127.0.0.1'], { PORT: '0' })
    expect(started.code).toBe(1)
    expect(started.err).toContain('a-file')
    expect(started.err.split('\n').length).toBeLessThan(5)
  })
})

test('--demo serves a streamed, tool-using chat with the key it prints, and leaves nothing behind', async () => {
  const before = readdirSync(tmpdir()).filter((name) => name.startsWith('claude-server-demo-'))
  const probe = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response() })
  const { port } = probe
  await probe.stop(true)
  const child = Bun.spawn([...gatewayCommand(), '--demo', '--port', String(port)], {
    env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', NO_BROWSER: '1' },
    stdout: 'pipe',
    stderr: 'inherit',
  })
  let out = ''
  void (async () => {
    for await (const chunk of child.stdout as unknown as AsyncIterable<Uint8Array>)
      out += new TextDecoder().decode(chunk)
  })()
  expect(await eventually(() => /sk-[A-Za-z0-9]{20,}/.test(out), 60_000)).toBeNumber()
  const key = /sk-[A-Za-z0-9]+/.exec(out)?.[0] ?? ''
  const answer = await fetch(`http://127.0.0.1:${port}/v1/messages`, {
    method: 'POST',
    headers: { 'x-api-key': key, 'content-type': 'application/json' },
    body: JSON.stringify({
      model: 'claude-sonnet-4-5',
      max_tokens: 1_000,
      stream: true,
      tools: [
        {
          name: 'get_weather',
          description: 'Weather of a city',
          input_schema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
        },
      ],
      messages: [{ role: 'user', content: 'Use get_weather for Paris please.' }],
    }),
  })
  const text = await answer.text()
  expect(text).toContain('"name":"get_weather"')
  expect(text).toContain('"stop_reason":"tool_use"')
  expect(text).toContain('event: message_stop')
  child.kill('SIGTERM')
  expect(await child.exited).toBe(0)
  expect(readdirSync(tmpdir()).filter((name) => name.startsWith('claude-server-demo-'))).toEqual(before)
})

test('a signal to what npm start runs reaches the server (U16)', async () => {
  const root = path.join(import.meta.dir, '../..')
  const { scripts } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
    scripts: { start: string }
  }
  const probe = createServer()
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve))
  const at = probe.address()
  const port = typeof at === 'object' && at !== null ? at.port : 0
  await new Promise((resolve) => probe.close(resolve))
  const data = folder()
  const child = Bun.spawn(['sh', '-c', `${scripts.start} --port ${port} --data-dir ${data}`], {
    cwd: root,
    env: {
      PATH: `${path.dirname(process.execPath)}:${process.env.PATH}`,
      HOME: process.env.HOME ?? '',
      HOST: '127.0.0.1',
      NO_BROWSER: '1',
    },
    stdout: 'ignore',
    stderr: 'ignore',
  })
  const isUp = async (): Promise<boolean> =>
    (await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => undefined))?.ok === true
  // Where the console has changed since the last build it is built first.
  expect(await answerOnce(isUp, (up) => up, 150_000)).toBe(true)
  child.kill('SIGTERM')
  expect(await child.exited).toBe(0)
  expect(await isUp()).toBe(false)
})

test('nobody but the configured hosts is ever contacted', async () => {
  const asked: string[] = []
  // Whatever is not on loopback would have to pass this proxy.
  const proxy = createServer((socket) => {
    socket.on('data', (data) => {
      asked.push(data.toString('latin1').split('\r\n')[0] ?? '')
      socket.destroy()
    })
    socket.on('error', () => socket.destroy())
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  const address = proxy.address()
  const through = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
  const gateway = await startGateway({
    env: {
      HTTP_PROXY: through,
      HTTPS_PROXY: through,
      http_proxy: through,
      https_proxy: through,
      NO_PROXY: '127.0.0.1',
      no_proxy: '127.0.0.1',
    },
  })
  const accounts = (await gateway.admin('GET', '/v2/accounts')) as { accounts: { id: string }[] }
  for (const { id } of accounts.accounts) await gateway.admin('POST', `/v2/accounts/${id}/refresh`)
  await gateway.admin('POST', '/v2/auth/start', {})
  const streams = openStreams(`${gateway.url}/v1/messages`, gateway.key, 3, ask('hello'))
  await streams.done
  for (const page of ['/', '/login', '/v1/models', '/healthz', '/version', '/metrics']) {
    await (await fetch(gateway.url + page, { headers: { 'x-api-key': gateway.key, accept: 'text/html' } })).text()
  }
  await Bun.sleep(500)
  expect(streams.ends.every((end) => end?.status === 200)).toBe(true)
  expect(asked).toEqual([])
  expect(await gateway.stop()).toBe(0)
  proxy.close()
})

test.each([
  ['without a password for it warns that whole routes are shut', {}, true],
  ['with one warns of nothing', { TEST_PASSWORD: 'the test password' }, false],
] as const)('test mode %s', async (_name, env, warns) => {
  const gateway = await startGateway({ config: 'test: true\n', env })
  if (warns) await saidBy(gateway.logs, 'test-mode.no-password')
  else expect(gateway.logs()).not.toContain('test-mode.no-password')
  await gateway.stop()
})
