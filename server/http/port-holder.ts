import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import type { Effects } from '../lib/effects.ts'
import { listeningInodes } from './share-port.ts'

/** What could be found out about the program that listens on a port. */
export type PortHolder = {
  /** It is a gateway like this one. */
  readonly gateway?: { readonly version: string; readonly demo: boolean }
  readonly process?: { readonly pid: number; readonly name: string }
}

const askMs = 1_000

/**
 * Whether an HTTP server answers where we are about to listen. The system's own refusal is not enough: some let one
 * address be taken on a port that another program has on all of them, and hand it those requests without a word.
 */
export async function isAnswered(hostname: string, port: number, effects: AskEffects): Promise<boolean> {
  return port !== 0 && (await ask(hostname, port, '/healthz', effects)) !== undefined
}

/** Who has the port: by asking it, and by the system's own tables where they can be read. */
export async function findPortHolder(hostname: string, port: number, effects: AskEffects): Promise<PortHolder> {
  const session = asRecord(await ask(hostname, port, '/api/session', effects))
  const isGateway = session.name === 'claude-server'
  const { version } = isGateway ? asRecord(await ask(hostname, port, '/version', effects)) : {}
  const process = listeningProcess(port)
  return {
    ...(isGateway ? { gateway: { version: String(version ?? ''), demo: session.demo === true } } : {}),
    ...(process === undefined ? {} : { process }),
  }
}

/** One line for the operator: who has the port, and what to do. `freePort` is one that was free a moment ago. */
export function portTakenText(
  { hostname, port, demo }: { readonly hostname: string; readonly port: number; readonly demo: boolean },
  holder: PortHolder,
  freePort: number | undefined,
): string {
  const { gateway, process } = holder
  const pid = process === undefined ? '' : ` (pid ${process.pid})`
  const who =
    gateway === undefined
      ? `${process?.name ?? 'another program'}${pid}`
      : `${gateway.demo ? 'the demo of ' : ''}claude-server ${gateway.version}`.trimEnd() + pid
  const option = `--port ${freePort ?? 'PORT'}`
  const way = demo
    ? `The demo runs beside it on another port: --demo ${option}.`
    : `Stop it, or choose another port: ${option}.`
  return `Port ${port} on ${hostname} is taken by ${who}. ${way}`
}

/** The first port after `port` that can be listened on now. */
export function freePortAfter(hostname: string, port: number): number | undefined {
  for (let candidate = port + 1; candidate <= Math.min(65_535, port + 50); candidate++) {
    try {
      Bun.listen({ hostname: bare(hostname), port: candidate, socket: { data: () => {} } }).stop(true)
      return candidate
    } catch {
      // taken as well
    }
  }
  return undefined
}

export type AskEffects = Pick<Effects, 'fetch' | 'after'>

/** The JSON of an answer, or null when it has none; undefined when nobody answers. */
async function ask(hostname: string, port: number, path: string, effects: AskEffects): Promise<unknown> {
  const controller = new AbortController()
  const cancel = effects.after(askMs, () => controller.abort())
  try {
    const answer = await effects.fetch(`http://${reachable(hostname)}:${port}${path}`, {
      headers: { accept: 'application/json' },
      redirect: 'manual',
      proxy: false,
      signal: controller.signal,
    })
    return await answer.json().catch(() => null)
  } catch {
    return undefined
  } finally {
    cancel()
  }
}

const bare = (hostname: string): string => hostname.replace(/^\[(.*)\]$/, '$1')

function reachable(hostname: string): string {
  const host = bare(hostname)
  if (host === '0.0.0.0') return '127.0.0.1'
  if (host === '::') return '[::1]'
  return host.includes(':') ? `[${host}]` : host
}

/** On Linux, and of processes whose open files we may see: our own user's, or everybody's for root. */
function listeningProcess(port: number): PortHolder['process'] {
  try {
    const inodes = new Set(['/proc/net/tcp', '/proc/net/tcp6'].flatMap((file) => listeningInodes(file, port)))
    if (inodes.size === 0) return undefined
    const pid = readdirSync('/proc').find((name) => /^\d+$/.test(name) && holdsSocket(name, inodes))
    if (pid === undefined) return undefined
    return { pid: Number(pid), name: readFileSync(`/proc/${pid}/comm`, 'utf8').trim() }
  } catch {
    return undefined
  }
}

function holdsSocket(pid: string, inodes: ReadonlySet<string>): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => {
      const inode = /^socket:\[(\d+)\]$/.exec(link(`/proc/${pid}/fd/${fd}`))?.[1]
      return inode !== undefined && inodes.has(inode)
    })
  } catch {
    return false // another user's, or gone
  }
}

function link(file: string): string {
  try {
    return readlinkSync(file)
  } catch {
    return '' // closed meanwhile
  }
}

const asRecord = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {}
