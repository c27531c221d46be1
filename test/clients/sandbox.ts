import { type ChildProcess, spawn } from 'node:child_process'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'

export type Run = {
  /** Undefined when the time limit ended it. */
  readonly code: number | undefined
  readonly out: string
  readonly err: string
}

export type RunOptions = {
  readonly env?: Readonly<Record<string, string>>
  readonly input?: string
  /** Default 100,000. */
  readonly limitMs?: number
}

/** A home of its own for one client: nothing of the machine's settings, no network but loopback. */
export type Sandbox = {
  readonly home: string
  /** The folder the client works in. */
  readonly work: string
  /** Runs a client of node_modules/.bin to its end. What it started ends with it. */
  readonly run: (command: string, args: readonly string[], options?: RunOptions) => Promise<Run>
  /** `METHOD target` of each attempt to reach anything but loopback. */
  readonly strangers: readonly string[]
  readonly remove: () => Promise<void>
}

const bin = path.join(import.meta.dir, 'node_modules/.bin')

export async function createSandbox(): Promise<Sandbox> {
  const home = await mkdtemp(path.join(tmpdir(), 'client-'))
  const work = path.join(home, 'work')
  await mkdir(work)
  const watch = await watchStrangers()
  const env = {
    PATH: `${bin}:${process.env.PATH ?? ''}`,
    HOME: home,
    XDG_CONFIG_HOME: path.join(home, '.config'),
    TMPDIR: home,
    TERM: 'dumb',
    LANG: 'C.UTF-8',
    HTTP_PROXY: watch.url,
    HTTPS_PROXY: watch.url,
    http_proxy: watch.url,
    https_proxy: watch.url,
    NO_PROXY: '127.0.0.1,localhost',
    no_proxy: '127.0.0.1,localhost',
  }
  return {
    home,
    work,
    strangers: watch.strangers,
    run: (command, args, options = {}) => runToEnd(path.join(bin, command), args, work, env, options),
    remove: async () => {
      watch.stop()
      await rm(home, { recursive: true, force: true })
    },
  }
}

/** Whatever is not on loopback would have to pass this proxy, which lets nothing through. */
async function watchStrangers(): Promise<{ url: string; strangers: string[]; stop: () => void }> {
  const strangers: string[] = []
  const server = createServer((socket) => {
    socket.once('data', (data) => {
      strangers.push(data.toString('latin1').split(' ').slice(0, 2).join(' '))
      socket.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n')
    })
    socket.on('error', () => socket.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('the watch does not listen')
  return { url: `http://127.0.0.1:${address.port}`, strangers, stop: () => void server.close() }
}

async function runToEnd(
  command: string,
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>>,
  { env: more = {}, input, limitMs = 100_000 }: RunOptions,
): Promise<Run> {
  // A process group of its own, so that whatever the client leaves behind can be ended with it.
  const child = spawn(command, args, { cwd, env: { ...env, ...more }, stdio: 'pipe', detached: true })
  let out = ''
  let err = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text
  })
  child.stdin.on('error', () => {}) // it may leave without reading
  child.stdin.end(input ?? '')
  let isLate = false
  const late = setTimeout(() => {
    isLate = true
    endGroup(child)
  }, limitMs)
  const code = await new Promise<number>((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', (exit) => {
      endGroup(child) // else a child of it that holds the pipes would keep us waiting
      child.on('close', () => resolve(exit ?? -1))
    })
  }).finally(() => clearTimeout(late))
  return { code: isLate ? undefined : code, out, err }
}

function endGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // all of it has ended
  }
}

/** The JSON objects a client wrote, one a line; other lines are passed over. */
export function jsonLines(text: string): readonly Record<string, unknown>[] {
  return text.split('\n').flatMap((line) => {
    if (!line.startsWith('{')) return []
    return [JSON.parse(line) as Record<string, unknown>]
  })
}
