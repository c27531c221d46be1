import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type BenchDialect, routes } from './requests.ts'

const root = path.join(import.meta.dir, '..', '..')
const manyFetches = { BUN_CONFIG_MAX_HTTP_REQUESTS: '65535' }

/** Whatever ends this run, by a fault too, ends what it started. */
const started = new Set<Bun.Subprocess>()
process.on('exit', () => {
  for (const child of started) child.kill()
})
const keep = <C extends Bun.Subprocess>(child: C): C => {
  started.add(child)
  void child.exited.then(() => started.delete(child))
  return child
}

export type Running = { readonly url: string; readonly pid: number; readonly stop: () => Promise<void> }

/** Starts a script that prints its port as its first line. */
export async function startScript(file: string, env: Record<string, string> = {}): Promise<Running> {
  const child = keep(
    Bun.spawn([process.execPath, path.join(root, file)], {
      env: { ...process.env, ...manyFetches, ...env },
      stdout: 'pipe',
      stderr: 'inherit',
    }),
  )
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

export type Started = Running & {
  /** From the start of the process to its first 200, and the CPU it took until then. */
  readonly firstAnswerMs: number
  readonly firstAnswerCpuMs: number
}

const password = 'bench-password'

/** Starts the gateway (the compiled binary when GATEWAY_BINARY names one) in an empty data folder. */
export async function startEmpty(upstreamUrl: string, env: Record<string, string> = {}): Promise<Started> {
  const dataDir = mkdtempSync(path.join(tmpdir(), 'gateway-bench-'))
  const binary = process.env.GATEWAY_BINARY
  const command =
    binary === undefined ? [process.execPath, path.join(root, 'server', 'main.ts')] : [path.resolve(binary)]
  const port = await freePort()
  const startedAt = performance.now()
  const child = keep(
    Bun.spawn([...command, '--host', '127.0.0.1', '--port', String(port), '--data-dir', dataDir], {
      env: { ...process.env, NO_BROWSER: '1', UPSTREAM_Q_URL: upstreamUrl, LOG_LEVEL: 'warn', ...env },
      stdout: 'ignore',
      stderr: 'inherit',
    }),
  )
  const url = `http://127.0.0.1:${port}`
  await until(async () => (await fetch(`${url}/healthz`)).ok)
  return {
    url,
    firstAnswerMs: performance.now() - startedAt,
    firstAnswerCpuMs: cpuMs(child.pid),
    pid: child.pid,
    stop: async () => {
      child.kill()
      await child.exited
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

export type Gateway = Running & {
  readonly key: string
  /** Calls the admin API; throws on any other status than 2xx. */
  readonly admin: (method: string, route: string, body: object) => Promise<Record<string, unknown>>
}

/** The same with a few API-key accounts and one client key. Hashing the password is part of its start. */
export async function startGateway(
  upstreamUrl: string,
  env: Record<string, string> = {},
  accounts = 4,
): Promise<Gateway> {
  const started = await startEmpty(upstreamUrl, { ADMIN_PASSWORD: password, ...env })
  const { url } = started
  const admin = async (method: string, route: string, body: object): Promise<Record<string, unknown>> => {
    const answer = await fetch(`${url}${route}`, {
      method,
      headers: { authorization: `Bearer ${password}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    if (!answer.ok) throw new Error(`${method} ${route}: ${answer.status} ${await answer.text()}`)
    return (await answer.json()) as Record<string, unknown>
  }
  for (let index = 0; index < accounts; index++) {
    const account = await admin('POST', '/v2/accounts', {
      label: `bench-${index}`,
      method: 'api-key',
      apiKey: `ksk_bench-account-${index}`,
      check: true,
    })
    await admin('PATCH', `/v2/accounts/${account.id}`, { maxInFlight: 1_000 })
  }
  const { key } = await admin('POST', '/v2/keys', { name: 'bench' })
  return { url, key: String(key), pid: started.pid, stop: started.stop, admin }
}

/** What is measured: the baseline, or the gateway through one of its client APIs. */
export type Target = {
  readonly name: string
  readonly running: Running
  readonly key: string
  readonly dialect: BenchDialect
}
export const bareTarget = (running: Running): Target => ({ name: 'baseline', running, key: 'none', dialect: 'bare' })
export const targetOf = (gateway: Gateway, dialect: BenchDialect): Target => ({
  name: dialect,
  running: gateway,
  key: gateway.key,
  dialect,
})

/** Runs load.ts against it and gives the line it prints. */
export const load = (target: Target, ...args: readonly number[]): Promise<Record<string, number>> =>
  runLoad('load.ts', target, ...args)

/** Runs one of the load scripts in a process of its own and gives the line it prints. */
export async function runLoad(
  script: string,
  { running, key, dialect }: Target,
  ...args: readonly number[]
): Promise<Record<string, number>> {
  const url = running.url + routes[dialect]
  const child = Bun.spawn(
    [process.execPath, path.join(import.meta.dir, script), url, key, dialect, ...args.map(String)],
    { env: { ...process.env, ...manyFetches }, stdout: 'pipe', stderr: 'inherit' },
  )
  return JSON.parse(await new Response(child.stdout).text()) as Record<string, number>
}

/** CPU milliseconds used so far: by the whole process, and by its main thread in its own code and in the system's (Linux). */
export type Cpu = { readonly totalMs: number; readonly userMs: number; readonly systemMs: number }

export function cpu(pid: number): Cpu {
  const whole = ticks(`/proc/${pid}/stat`)
  const main = ticks(`/proc/${pid}/task/${pid}/stat`)
  return { totalMs: whole.user + whole.system, userMs: main.user, systemMs: main.system }
}

export const cpuMs = (pid: number): number => cpu(pid).totalMs

function ticks(file: string): { readonly user: number; readonly system: number } {
  const fields = readFileSync(file, 'utf8').split(') ')[1]?.split(' ') ?? []
  return { user: Number(fields[11]) * 10, system: Number(fields[12]) * 10 } // clock ticks of 10 ms
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
  for (let tries = 0; tries < 5_000; tries++) {
    try {
      if (await check()) return
    } catch {
      // not listening yet
    }
    await Bun.sleep(2)
  }
  throw new Error('the gateway did not start')
}
