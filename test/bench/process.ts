import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

const root = path.join(import.meta.dir, '..', '..')
const manyFetches = { BUN_CONFIG_MAX_HTTP_REQUESTS: '65535' }

export type Running = { readonly url: string; readonly pid: number; readonly stop: () => Promise<void> }

/** Starts a script that prints its port as its first line. */
export async function startScript(file: string, env: Record<string, string> = {}): Promise<Running> {
  const child = Bun.spawn([process.execPath, path.join(root, file)], {
    env: { ...process.env, ...manyFetches, ...env },
    stdout: 'pipe',
    stderr: 'inherit',
  })
  const reader = child.stdout.getReader()
  const { value } = await reader.read()
  const port = Number(new TextDecoder().decode(value).trim())
  return {
    url: `http://127.0.0.1:${port}`,
    pid: child.pid,
    stop: async () => {
      child.kill()
      await child.exited
    },
  }
}

export type Gateway = Running & { readonly key: string }

const password = 'bench-password'

/** Starts the gateway (the compiled binary when GATEWAY_BINARY names one) with four API-key accounts and one client key. */
export async function startGateway(upstreamUrl: string): Promise<Gateway> {
  const dataDir = mkdtempSync(path.join(tmpdir(), 'gateway-bench-'))
  const binary = process.env.GATEWAY_BINARY
  const command =
    binary === undefined ? [process.execPath, path.join(root, 'server', 'main.ts')] : [path.resolve(binary)]
  const port = await freePort()
  const child = Bun.spawn([...command, '--host', '127.0.0.1', '--port', String(port), '--data-dir', dataDir], {
    env: {
      ...process.env,
      NO_BROWSER: '1',
      ADMIN_PASSWORD: password,
      UPSTREAM_Q_URL: upstreamUrl,
      LOG_LEVEL: 'warn',
    },
    stdout: 'inherit',
    stderr: 'inherit',
  })
  const url = `http://127.0.0.1:${port}`
  await until(async () => (await fetch(`${url}/healthz`)).ok)
  const admin = async (method: string, route: string, body: object): Promise<Record<string, unknown>> => {
    const answer = await fetch(`${url}${route}`, {
      method,
      headers: { authorization: `Bearer ${password}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    if (!answer.ok) throw new Error(`${method} ${route}: ${answer.status} ${await answer.text()}`)
    return (await answer.json()) as Record<string, unknown>
  }
  for (let index = 0; index < 4; index++) {
    const account = await admin('POST', '/v2/accounts', {
      label: `bench-${index}`,
      method: 'api-key',
      apiKey: `ksk_bench${index}`,
      check: true,
    })
    await admin('PATCH', `/v2/accounts/${account.id}`, { maxInFlight: 1_000 })
  }
  const { key } = await admin('POST', '/v2/keys', { name: 'bench' })
  return {
    url,
    key: String(key),
    pid: child.pid,
    stop: async () => {
      child.kill()
      await child.exited
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

/** Runs a load in a process of its own and gives the line it prints. */
export async function load(url: string, key: string, ...args: readonly number[]): Promise<Record<string, number>> {
  const child = Bun.spawn([process.execPath, path.join(import.meta.dir, 'load.ts'), url, key, ...args.map(String)], {
    env: { ...process.env, ...manyFetches },
    stdout: 'pipe',
    stderr: 'inherit',
  })
  return JSON.parse(await new Response(child.stdout).text()) as Record<string, number>
}

/** CPU milliseconds a process has used so far (Linux). */
export function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) * 10 // clock ticks of 10 ms
}

/** Resident memory of a process, MiB (Linux). */
export function residentMib(pid: number): number {
  const line = readFileSync(`/proc/${pid}/status`, 'utf8')
    .split('\n')
    .find((text) => text.startsWith('VmRSS'))
  return Number(line?.replace(/\D/g, '')) / 1_024
}

async function freePort(): Promise<number> {
  const probe = Bun.serve({ port: 0, fetch: () => new Response() })
  const port = probe.port ?? 0
  await probe.stop(true)
  return port
}

async function until(check: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    try {
      if (await check()) return
    } catch {
      // not listening yet
    }
    await Bun.sleep(50)
  }
  throw new Error('the gateway did not start')
}
