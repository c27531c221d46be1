import { Database } from 'bun:sqlite'
import { afterEach, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import path from 'node:path'
import { gatewayCommand, runGateway } from '../support/command.ts'
import { answerOnce, eventually, type Gateway, saidBy, startGateway } from '../support/gateway.ts'
import { heldReplies } from '../support/held-replies.ts'
import { ask, openStreams } from '../support/open-streams.ts'

setDefaultTimeout(240_000)

let gateway: Gateway
afterEach(async () => void (await gateway?.stop()))

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
const gone = (pid: number, ms = 60_000): Promise<number | undefined> => eventually(() => !isAlive(pid), ms)

/** One whole answer, by a connection of its own or by one of many that are kept. */
function chat(agent: Agent, text = 'hello'): Promise<string> {
  return new Promise((resolve) => {
    const body = JSON.stringify({ ...ask(text)(), stream: false })
    const sent = request(
      `${gateway.url}/v1/messages`,
      { method: 'POST', agent, headers: { 'x-api-key': gateway.key, 'content-type': 'application/json' } },
      (answer) => {
        let got = ''
        answer.on('data', (chunk) => {
          got += chunk
        })
        answer.on('end', () =>
          resolve(!answer.complete ? 'cut' : answer.statusCode === 200 ? '200' : `${answer.statusCode} ${got}`),
        )
        answer.on('error', () => resolve('cut'))
      },
    )
    sent.on('error', (error) => resolve(`${(error as { code?: string }).code ?? error}, reused: ${sent.reusedSocket}`))
    sent.end(body)
  })
}

const tally = (all: readonly string[]): Record<string, number> =>
  Object.fromEntries([...new Set(all)].map((one) => [one, all.filter((other) => other === one).length]))

/** Fifty a second, evenly, until told to end; half of them by connections that are kept. */
function traffic(): { readonly sent: () => number; readonly end: () => Promise<readonly string[]> } {
  const fresh = new Agent({ keepAlive: false })
  const kept = new Agent({ keepAlive: true, maxSockets: 20 })
  const answers: Promise<string>[] = []
  const timer = setInterval(() => answers.push(chat(answers.length % 2 === 0 ? fresh : kept)), 20)
  return {
    sent: () => answers.length,
    end: async () => {
      clearInterval(timer)
      const all = await Promise.all(answers)
      kept.destroy()
      return all
    },
  }
}

const loggedTotal = async (): Promise<number> =>
  Number(((await gateway.admin('GET', '/v2/logs?pageSize=1')) as { total: number }).total)

test('100 open streams and 50 requests a second go through two restarts: none fails, no token is renewed twice, no row is lost', async () => {
  gateway = await startGateway({
    // Each renewal ends the token before it: were two made with one, the account would be lost.
    accounts: [1, 2].map(() => ({ plan: 'power', rotation: 'strict' })),
    config: 'pool:\n  max_in_flight_per_account: 1000\n  soft_in_flight_per_account: 1000\n',
    watch: '',
  })
  const streams = openStreams(
    `${gateway.url}/v1/messages`,
    gateway.key,
    100,
    ask('[[sim:pace=150]][[sim:repeat=9]][[sim:text=one two three four five six seven eight nine ten]]'),
  )
  expect(await eventually(() => gateway.simulator.counters().openStreams === 100, 60_000)).toBeNumber()
  const load = traffic()
  await Bun.sleep(1_000)
  const handedOn = gateway.handOn()
  // Both processes meet a token that must be renewed, before there is a new owner and after.
  expect(await eventually(() => gateway.logs().includes('succession.begun'), 60_000)).toBeNumber()
  for (const account of gateway.accounts) account.expireAccess()
  const first = await handedOn
  // At once: the first process may have the port still, and of three the last could not be led to.
  const second = await gateway.handOn()
  expect(second.before).toBe(first.pid)
  await Bun.sleep(1_500)
  expect(await eventually(() => load.sent() > 150, 30_000)).toBeNumber()
  const answers = await load.end()
  await streams.done

  expect(tally(answers)).toEqual({ 200: answers.length })
  const ends = streams.ends.map((end, index) =>
    end?.status === 200 && end.whole && streams.texts[index]?.includes('event: message_stop') ? 'whole' : 'cut',
  )
  expect(tally(ends)).toEqual({ whole: 100 })
  expect(await gone(first.before)).toBeNumber()
  expect(await gone(second.before)).toBeNumber()
  const { accounts } = (await gateway.admin('GET', '/v2/accounts')) as { accounts: { state: string }[] }
  expect(accounts.map(({ state }) => state)).toEqual(['ready', 'ready'])
  // Rows are written in batches.
  expect(await answerOnce(loggedTotal, (total) => total >= answers.length + 100)).toBe(answers.length + 100)
  expect(existsSync(path.join(gateway.dataDir, 'unwritten.jsonl'))).toBe(false)
  expect(gateway.logs()).not.toContain('succession.news-lost')
})

const post = async (where: string, body: object): Promise<[number, Record<string, unknown>]> => {
  const answer = await fetch(gateway.url + where, {
    method: 'POST',
    headers: { 'x-api-key': gateway.key, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  return [answer.status, (await answer.json()) as Record<string, unknown>]
}

test('what is only in memory goes along: answers to go on from, requests of the last minute, calls under way', async () => {
  const { simulator, hold } = heldReplies()
  gateway = await startGateway({ simulator })
  const { keys } = (await gateway.admin('GET', '/v2/keys')) as { keys: { id: string }[] }
  await gateway.admin('PATCH', `/v2/keys/${keys[0]?.id}`, { rate_limit_rpm: 4, concurrency: 2 })
  const [, { id }] = await post('/v1/responses', { model: 'claude-sonnet-4.5', input: 'Remember the word marmalade.' })
  const held = hold()
  const stream = openStreams(`${gateway.url}/v1/messages`, gateway.key, 1, ask(`${held.directive} hello`))
  expect(await eventually(() => gateway.simulator.counters().openStreams === 1, 30_000)).toBeNumber()
  const { before } = await gateway.handOn()

  const [status, next] = await post('/v1/responses', {
    model: 'claude-sonnet-4.5',
    input: 'Which?',
    previous_response_id: id,
  })
  expect([status, next.previous_response_id]).toEqual([200, id])
  expect(stream.ends[0]).toBeUndefined() // still under way, in the old process
  const [allowed] = await post('/v1/messages', { ...ask('one more')(), stream: false })
  const [refused, why] = await post('/v1/messages', { ...ask('one too many')(), stream: false })
  expect([allowed, refused, JSON.stringify(why)]).toEqual([200, 429, expect.stringContaining('per minute')])
  held.release()
  await stream.done
  expect(stream.ends[0]).toEqual({ status: 200, whole: true })
  expect(await gone(before)).toBeNumber()
})

test('a successor that never serves changes nothing: the server goes on, renews and takes changes', async () => {
  gateway = await startGateway({ accounts: [{ plan: 'power', rotation: 'strict' }] })
  const config = path.join(gateway.dataDir, 'config.yaml')
  writeFileSync(config, 'server:\n  port: "many"\n')
  process.kill(gateway.pid(), 'SIGUSR2')
  expect(await eventually(() => gateway.logs().includes('server.not-restarted'), 60_000)).toBeNumber()
  await saidBy(gateway.logs, 'ended with exit code 2 before it served')
  writeFileSync(config, '')

  const env = {
    PATH: process.env.PATH ?? '',
    HOME: process.env.HOME ?? '',
    DATA_DIR: gateway.dataDir,
    HOST: '127.0.0.1',
  }
  const { port } = new URL(gateway.url)
  const stray = Bun.spawn([...gatewayCommand(''), 'serve', '--take-over', '--port', port], { env, stdout: 'ignore' })
  expect(await eventually(() => gateway.logs().includes('succession.begun'), 60_000)).toBeNumber()
  stray.kill('SIGKILL')
  expect(await eventually(() => gateway.logs().includes('succession.failed'), 60_000)).toBeNumber()
  gateway.accounts[0]?.expireAccess()
  expect((await post('/v1/messages', { ...ask('hello')(), stream: false }))[0]).toBe(200)
  await gateway.admin('POST', '/v2/keys', { name: 'after' })
  const second = await runGateway(['--port', '0', '--host', '127.0.0.1'], { DATA_DIR: gateway.dataDir })
  expect([second.code, second.err]).toEqual([1, expect.stringContaining('Another claude-server is running')])
  const { before } = await gateway.handOn()
  expect(await gone(before)).toBeNumber()
})

test('a database of a newer version is refused before anything is asked of the server that runs', async () => {
  gateway = await startGateway()
  const db = new Database(path.join(gateway.dataDir, 'data.sqlite3'))
  db.run('PRAGMA busy_timeout = 5000')
  const [table] = db.query("SELECT name FROM sqlite_master WHERE name LIKE '%migrations%'").all() as { name: string }[]
  db.run(`INSERT INTO ${table?.name} (name, hash, applied_at) VALUES ('29990101000000_newer', '', 0)`)
  db.close()
  await expect(gateway.handOn()).rejects.toThrow('before it served')
  await saidBy(gateway.logs, 'made by a newer version')
  expect(gateway.logs()).not.toContain('succession.begun')
  expect((await post('/v1/messages', { ...ask('hello')(), stream: false }))[0]).toBe(200)
})

test('without a server there is nothing to take over, and nothing to restart', async () => {
  gateway = await startGateway()
  const dataDir = path.join(gateway.dataDir, 'other')
  const restarted = await runGateway(['restart'], { DATA_DIR: dataDir })
  expect([restarted.code, restarted.err]).toEqual([1, expect.stringContaining('No server runs in')])
  const child = Bun.spawn([...gatewayCommand(''), 'serve', '--take-over', '--host', '127.0.0.1'], {
    env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', DATA_DIR: dataDir, PORT: '0', NO_BROWSER: '1' },
    stdout: 'pipe',
  })
  let out = ''
  for await (const chunk of child.stdout) {
    out += new TextDecoder().decode(chunk)
    if (out.includes('server.started')) child.kill('SIGTERM')
  }
  expect(await child.exited).toBe(0)
})
