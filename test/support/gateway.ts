import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { AccountSpec, SimulatedAccount } from '../../server/simulator/account.ts'
import { type Simulator, type SimulatorOptions, startSimulator } from '../../server/simulator/simulator.ts'
import { gatewayCommand, runGateway } from './command.ts'
import { databaseConfig } from './database.ts'

export type GatewayOptions = {
  readonly simulator?: SimulatorOptions
  /** One gateway account for each; default one Builder ID account of plan `power`. */
  readonly accounts?: readonly AccountSpec[]
  /** config.yaml. */
  readonly config?: string
  readonly env?: Readonly<Record<string, string>>
  /** A folder for what sockets it opens; default: where the whole run is watched. */
  readonly watch?: string
}

export type Gateway = {
  readonly url: string
  /** A client key. */
  readonly key: string
  readonly simulator: Simulator
  /** The provider's side of the accounts, in the order of the options. */
  readonly accounts: readonly SimulatedAccount[]
  readonly dataDir: string
  /** Of the process that runs now. */
  readonly pid: () => number
  /** Calls the admin API and gives its JSON; throws on any other status than 2xx. */
  readonly admin: (method: string, route: string, body?: object) => Promise<Record<string, unknown>>
  /** Everything the process has written so far. */
  readonly logs: () => string
  /** Ends the process, gently or by force, and starts another in the same data folder and at the same address. */
  readonly restart: (signal: 'SIGTERM' | 'SIGKILL') => Promise<void>
  /** `claude-server restart`: another process takes over while the one before finishes. Gives both ids. */
  readonly handOn: () => Promise<{ readonly pid: number; readonly before: number }>
  /** Stops it as an operator would and gives the exit code. */
  readonly stop: () => Promise<number>
}

export const adminPassword = 'correct horse battery'

/**
 * The real gateway in a process of its own (the executable when GATEWAY_BINARY is set, else from source), in an empty data
 * folder, against a simulator in this process. Resolves when it is healthy and has an account and a key.
 */
export async function startGateway(options: GatewayOptions = {}): Promise<Gateway> {
  const specs = options.accounts ?? [{ plan: 'power' }]
  const simulator = await startSimulator(options.simulator)
  const accounts = specs.map((spec) => simulator.accounts.add(spec))
  const dataDir = await mkdtemp(path.join(tmpdir(), 'gateway-'))
  await Bun.write(path.join(dataDir, 'config.yaml'), (options.config ?? '') + (await databaseConfig(dataDir)))
  const port = freePort()
  const url = `http://127.0.0.1:${port}`
  const env = {
    ...inherited(),
    HOST: '127.0.0.1',
    PORT: String(port),
    DATA_DIR: dataDir,
    NO_BROWSER: '1',
    ADMIN_PASSWORD: adminPassword,
    UPSTREAM_Q_URL: simulator.url,
    UPSTREAM_OIDC_URL: simulator.url,
    UPSTREAM_KIRO_AUTH_URL: simulator.url,
    ...options.env,
  }
  let log = ''
  const drain = async (stream: ReadableStream<Uint8Array>): Promise<void> => {
    const text = new TextDecoder()
    for await (const chunk of stream) log = (log + text.decode(chunk, { stream: true })).slice(-1_000_000)
  }
  const run = () => {
    const child = Bun.spawn(gatewayCommand(options.watch), {
      cwd: dataDir,
      env,
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'pipe',
    })
    void drain(child.stdout)
    void drain(child.stderr)
    return child
  }
  let child = run()

  const admin: Gateway['admin'] = async (method, route, body) => {
    const response = await fetch(url + route, {
      method,
      headers: { authorization: `Bearer ${adminPassword}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${route} answered ${response.status}: ${text}\n${log}`)
    return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>)
  }
  const restart: Gateway['restart'] = async (signal) => {
    child.kill(signal)
    await child.exited
    child = run()
    await healthy(url, child, () => log)
  }
  let successor: number | undefined
  const handOn: Gateway['handOn'] = async () => {
    const done = await runGateway(['restart', '--json'], { DATA_DIR: dataDir })
    if (done.code !== 0) throw new Error(`${done.err}\n${log}`)
    const { pid, before } = JSON.parse(done.out) as { readonly pid: number; readonly before: number }
    successor = pid
    return { pid, before }
  }
  const stop = async (): Promise<number> => {
    if (successor !== undefined) {
      const { killed, gone } = { killed: tryKill(successor, 'SIGTERM'), gone: () => !tryKill(successor ?? 0, 0) }
      if (killed && (await eventually(gone, 60_000)) === undefined) tryKill(successor, 'SIGKILL')
    }
    child.kill('SIGTERM')
    const late = setTimeout(() => child.kill('SIGKILL'), 60_000)
    const code = await child.exited
    clearTimeout(late)
    await simulator.stop()
    await rm(dataDir, { recursive: true, force: true })
    return code
  }

  try {
    await healthy(url, child, () => log)
    for (const account of accounts) {
      const { method, clientId, clientSecret, refreshToken, apiKey, profileArn } = account.secrets()
      await admin('POST', '/v2/accounts', {
        label: account.id,
        method,
        ...defined({ clientId, clientSecret, refreshToken, apiKey, profileArn }),
      })
    }
    const { key } = await admin('POST', '/v2/keys', { name: 'test' })
    if (typeof key !== 'string') throw new Error('POST /v2/keys gave no key')
    return {
      url,
      key,
      simulator,
      accounts,
      dataDir,
      pid: () => successor ?? child.pid,
      admin,
      logs: () => log,
      restart,
      handOn,
      stop,
    }
  } catch (thrown) {
    await stop()
    throw thrown
  }
}

/** The environment without what would configure the gateway. */
function inherited(): Record<string, string> {
  const kept = ['PATH', 'HOME', 'TMPDIR', 'TEMP', 'TMP', 'SystemRoot', 'LANG']
  return defined(Object.fromEntries(kept.map((name) => [name, process.env[name]])))
}

function defined(values: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined))
}

function freePort(): number {
  const probe = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response() })
  const { port } = probe
  probe.stop(true)
  if (port === undefined) throw new Error('no free port')
  return port
}

async function healthy(url: string, child: Bun.Subprocess, logs: () => string): Promise<void> {
  const until = Date.now() + 60_000
  while (Date.now() < until && child.exitCode === null) {
    const answer = await fetch(`${url}/healthz`).catch(() => undefined)
    if (answer?.ok) return
    await Bun.sleep(25)
  }
  throw new Error(`the gateway did not become healthy (exit code ${child.exitCode}):\n${logs()}`)
}

/** Waits until `holds`, at most `ms`; gives the time it took, or undefined. */
export async function eventually(holds: () => boolean, ms: number): Promise<number | undefined> {
  const start = performance.now()
  while (performance.now() - start < ms) {
    if (holds()) return performance.now() - start
    await Bun.sleep(5)
  }
  return undefined
}

/** Waits until a process has said it: what it writes comes by another way than its answers. */
export async function saidBy(logs: () => string, words: string | RegExp): Promise<void> {
  const isSaid = (): boolean => (typeof words === 'string' ? logs().includes(words) : words.test(logs()))
  if ((await eventually(isSaid, 30_000)) === undefined) throw new Error(`${words} was not said:\n${logs()}`)
}

/** As `eventually`, for what has to be asked for: gives the first answer that is enough, or the last one after `ms`. */
export async function answerOnce<T>(ask: () => Promise<T>, isEnough: (answer: T) => boolean, ms = 30_000): Promise<T> {
  const until = performance.now() + ms
  for (;;) {
    const answer = await ask()
    if (isEnough(answer) || performance.now() > until) return answer
    await Bun.sleep(25)
  }
}

/** The newest rows of the request log, once there are so many: they are written in batches, after the answers. */
export async function loggedRows<Row>(gateway: Gateway, count: number, query = ''): Promise<readonly Row[]> {
  const ask = async () => (await gateway.admin('GET', `/v2/logs?limit=${count}${query}`)).logs as readonly Row[]
  return answerOnce(ask, (rows) => rows.length >= count)
}

function tryKill(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal)
  } catch {
    return false
  }
}
