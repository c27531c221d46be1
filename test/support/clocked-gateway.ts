import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type App, startApp } from '../../server/app/app.ts'
import { resolveConfig } from '../../server/config/resolve.ts'
import type { FetchInit } from '../../server/lib/effects.ts'
import { ok } from '../../server/lib/result.ts'
import { createLogger } from '../../server/observe/log.ts'
import type { AccountSpec, SimulatedAccount } from '../../server/simulator/account.ts'
import { type Simulator, startSimulator } from '../../server/simulator/simulator.ts'
import { createTestEffects, type TestEffects } from './effects.ts'
import { adminPassword } from './gateway.ts'

export type Answered = {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked into member by member
  readonly json: any
}

export type ClockedGateway = {
  readonly url: () => string
  readonly key: string
  readonly effects: TestEffects
  readonly simulator: Simulator
  readonly accounts: readonly SimulatedAccount[]
  /** As the owner, unless another bearer or other headers are given. */
  readonly call: (
    method: string,
    route: string,
    body?: object,
    headers?: Readonly<Record<string, string>>,
  ) => Promise<Answered>
  /** One whole reply over Messages. */
  readonly ask: (text?: string, key?: string, more?: object) => Promise<Answered>
  /** Lets time pass in steps shorter than every timeout, so that calls under way are not cut by the moved clock. */
  readonly pass: (ms: number) => Promise<void>
  /** Calls the gateway itself has under way, and the most there have been since the last look. */
  readonly peakCalls: () => number
  /** Lines of its log since the last look. */
  readonly logged: () => readonly string[]
  /** Stops it and starts it again in the same data folder, after so long. */
  readonly restart: (awayMs?: number) => Promise<void>
  readonly stop: () => Promise<void>
}

/**
 * The whole gateway in this process, over real sockets, against a simulator, on a clock that only the test moves: what happens
 * after minutes or days is seen at once. Its data folder is its own.
 */
export async function startClockedGateway(
  options: {
    readonly accounts?: readonly AccountSpec[]
    readonly config?: string
    /** The simulator waits for real where a prompt tells it to. */
    readonly realDelays?: boolean
  } = {},
): Promise<ClockedGateway> {
  let calls = 0
  let peak = 0
  let lines: string[] = []
  const effects = createTestEffects({
    fetch: async (url, init?: FetchInit) => {
      calls++
      peak = Math.max(peak, calls)
      try {
        return await fetch(url, init as RequestInit)
      } finally {
        calls--
      }
    },
  })
  const log = createLogger({
    level: 'info',
    format: 'json',
    now: effects.now,
    write: (line) => void lines.push(line),
  })
  const folder = await mkdtemp(path.join(tmpdir(), 'gateway-clocked-'))
  const sleep = options.realDelays === true ? (ms: number) => Bun.sleep(ms) : async () => undefined
  const simulator = await startSimulator({ effects: { ...effects, sleep } })
  const env = {
    DATA_DIR: folder,
    HOST: '127.0.0.1',
    PORT: '0',
    ADMIN_PASSWORD: adminPassword,
    UPSTREAM_Q_URL: simulator.url,
    UPSTREAM_OIDC_URL: simulator.url,
    UPSTREAM_KIRO_AUTH_URL: simulator.url,
  }
  const open = async (): Promise<App> => {
    const resolved = resolveConfig([], env, () => ok(options.config ?? ''), '/')
    if (!resolved.ok) throw new Error(resolved.error.message)
    const started = await startApp({ config: resolved.value.config, effects, log, version: '9.9.9' })
    if (!started.ok) throw new Error(started.error.message)
    return started.value
  }
  let app = await open()
  const url = (): string => `http://127.0.0.1:${app.port}`
  const call: ClockedGateway['call'] = async (method, route, body, headers = {}) => {
    const sent = fetch(url() + route, {
      method,
      headers: { authorization: `Bearer ${adminPassword}`, 'content-type': 'application/json', ...headers },
      signal: AbortSignal.timeout(120_000),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    let answered = false
    void sent
      .finally(() => {
        answered = true
      })
      .catch(() => undefined)
    // What only gives way to other work, waits no time: it falls due on a clock that stands.
    while (!answered) {
      await effects.advance(0)
      await Bun.sleep(1)
    }
    const response = await sent
    const text = await response.text()
    let json: unknown
    try {
      json = JSON.parse(text)
    } catch {
      json = undefined
    }
    return { status: response.status, headers: response.headers, text, json }
  }
  const pass: ClockedGateway['pass'] = async (ms) => {
    for (let left = ms; left > 0; left -= 5_000) {
      await effects.advance(Math.min(left, 5_000))
      while (calls > 0) await Bun.sleep(1)
    }
  }
  const accounts = (options.accounts ?? [{ plan: 'power' }]).map((spec) => simulator.accounts.add(spec))
  for (const account of accounts) {
    const { method, clientId, clientSecret, refreshToken } = account.secrets()
    const added = await call('POST', '/v2/accounts', {
      label: account.id,
      method,
      clientId,
      clientSecret,
      refreshToken,
    })
    if (added.status >= 300) throw new Error(added.text)
  }
  const key = String((await call('POST', '/v2/keys', { name: 'clocked' })).json.key)
  await pass(5_000)

  return {
    ...{ url, key, effects, simulator, accounts, call, pass },
    ask: (text = 'Hello.', with_ = key, more = {}) =>
      call(
        'POST',
        '/v1/messages',
        { model: 'claude-sonnet-4.5', max_tokens: 500, messages: [{ role: 'user', content: text }], ...more },
        { authorization: `Bearer ${with_}` },
      ),
    peakCalls: () => {
      const most = peak
      peak = calls
      return most
    },
    logged: () => {
      const since = lines
      lines = []
      return since
    },
    restart: async (awayMs = 0) => {
      await app.stop()
      await effects.advance(awayMs)
      app = await open()
    },
    stop: async () => {
      await app.stop()
      await simulator.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
