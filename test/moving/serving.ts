import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type Simulator, startSimulator } from '../../server/simulator/simulator.ts'
import { gatewayCommand } from '../support/command.ts'
import { type Facts, specsOf } from './fixture.ts'

export const newFolder = (): string => mkdtempSync(path.join(tmpdir(), 'moving-'))
export const removeFolder = (folder: string): void => rmSync(folder, { recursive: true, force: true })

export type Serving = {
  readonly url: string
  readonly simulator: Simulator
  /** Asks the admin API with the password as the original's scripts do. */
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked into member by member
  readonly ask: (route: string, method?: string, body?: object) => Promise<any>
  readonly logs: () => string
  readonly stop: () => Promise<number>
}

/**
 * The real gateway in a process of its own on a data folder as it is, before the provider that knows the fixture's accounts, or
 * before nobody who could say anything else about them.
 */
export async function serveOn(
  dataDir: string,
  facts: Facts,
  provider: 'simulator' | 'nobody' = 'simulator',
): Promise<Serving> {
  const simulator = await startSimulator()
  for (const spec of specsOf(facts)) simulator.accounts.add(spec)
  const upstream = provider === 'simulator' ? simulator.url : 'http://127.0.0.1:9'
  const child = Bun.spawn([...gatewayCommand(), 'serve'], {
    cwd: dataDir,
    env: {
      PATH: process.env.PATH ?? '',
      HOME: process.env.HOME ?? '',
      HOST: '127.0.0.1',
      PORT: '0',
      DATA_DIR: dataDir,
      NO_BROWSER: '1',
      UPSTREAM_Q_URL: upstream,
      UPSTREAM_OIDC_URL: upstream,
      UPSTREAM_KIRO_AUTH_URL: upstream,
    },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  })
  let log = ''
  const drain = async (stream: ReadableStream<Uint8Array>): Promise<void> => {
    const text = new TextDecoder()
    for await (const chunk of stream) log += text.decode(chunk, { stream: true })
  }
  void drain(child.stdout)
  void drain(child.stderr)
  const stop = async (): Promise<number> => {
    child.kill('SIGTERM')
    const code = await child.exited
    await simulator.stop()
    return code
  }
  for (const until = Date.now() + 60_000; ; await Bun.sleep(20)) {
    const url = /"event":"server.started","url":"([^"]+)"/.exec(log)?.[1]
    if (url !== undefined) {
      const ask: Serving['ask'] = async (route, method = 'GET', body) => {
        const response = await fetch(url + route, {
          method,
          headers: { authorization: `Bearer ${facts.password}`, 'content-type': 'application/json' },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        })
        const text = await response.text()
        if (!response.ok) throw new Error(`${method} ${route} answered ${response.status}: ${text}\n${log}`)
        return JSON.parse(text)
      }
      return { url, simulator, ask, logs: () => log, stop }
    }
    if (child.exitCode !== null || Date.now() > until) {
      await stop()
      throw new Error(`the gateway did not start:\n${log}`)
    }
  }
}

/** One chat as a client of either API makes it. */
export async function chat(url: string, key: string, api: 'messages' | 'chat'): Promise<Response> {
  const messages = [{ role: 'user', content: 'Hello' }]
  return api === 'messages'
    ? fetch(`${url}/v1/messages`, {
        method: 'POST',
        headers: { 'x-api-key': key, 'content-type': 'application/json', 'anthropic-version': '2023-06-01' },
        body: JSON.stringify({ model: 'claude-sonnet-4-5', max_tokens: 50, messages }),
      })
    : fetch(`${url}/v1/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: JSON.stringify({ model: 'claude-sonnet-4-5', max_tokens: 50, messages }),
      })
}
