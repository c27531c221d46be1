import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

/**
 * Watches every socket a process and its children open, by the kernel's own word: each `socket` and `connect` is written down,
 * so that nothing is missed that lasts a moment only, as it would be by looking at /proc now and then.
 */
const tracer = ['strace', '-f', '-qq', '--seccomp-bpf', '-e', 'trace=socket,connect', '-e', 'signal=none']

let possible: boolean | undefined

/** Only Linux has it, only where it was installed, and only where a process may look at another. */
export function canWatch(): boolean {
  possible ??= Bun.which('strace') !== null && Bun.spawnSync([...tracer, '-o', '/dev/null', 'true']).success
  return possible
}

/** A folder in this variable: every gateway that is started writes its sockets there. */
export const watchVariable = 'WATCH_SOCKETS'

/** The command, watched where that is asked for. The process stays the caller's own child, and gets its signals itself. */
export function watched(command: readonly string[], folder = process.env[watchVariable] ?? ''): string[] {
  if (folder === '' || !canWatch()) return [...command]
  const file = path.join(folder, `${crypto.randomUUID()}.trace`)
  return [...tracer, '-D', '-o', file, '--', ...command]
}

export type Watched = {
  /** Processes whose sockets were seen. */
  readonly traces: number
  /** Connections to this machine: none at all would mean that nothing was seen. */
  readonly local: number
  /** `address:port` of everything else, and what could not be read. */
  readonly strangers: readonly string[]
}

/** What was seen, in all traces of a folder. */
export function readWatched(folder: string): Watched {
  const traces = readdirSync(folder).filter((file) => file.endsWith('.trace'))
  const seen = traces.map((file) => readTrace(readFileSync(path.join(folder, file), 'utf8')))
  return {
    traces: traces.length,
    local: seen.reduce((sum, { local }) => sum + local, 0),
    strangers: [...new Set(seen.flatMap(({ strangers }) => strangers))].toSorted(),
  }
}

/** One trace. Sockets inside of the machine (unix, netlink) are none of ours; a call it cannot make sense of is a stranger. */
export function readTrace(text: string): Omit<Watched, 'traces'> {
  let local = 0
  const strangers: string[] = []
  // A tracer that outlives its process by a moment may be writing its last line.
  for (const line of text.split('\n').slice(0, -1)) {
    const call = /^(?:\d+\s+)?(socket|connect)\((.*)$/.exec(line)
    if (call === null) {
      // The second half of a call that was interrupted holds its result alone.
      if (line !== '' && !/<\.\.\. (socket|connect) resumed>|^\d+\s+\+\+\+ |\?\?\?/.test(line)) strangers.push(line)
      continue
    }
    const [, name, rest = ''] = call
    if (name === 'socket') {
      if (/SOCK_RAW/.test(rest) && !/^AF_NETLINK/.test(rest)) strangers.push(line)
      continue
    }
    const address = /sin_addr=inet_addr\("([^"]+)"\)|inet_pton\(AF_INET6, "([^"]+)"/.exec(rest)
    const to = address?.[1] ?? address?.[2]
    if (to !== undefined) {
      const port = /sin6?_port=htons\((\d+)\)/.exec(rest)?.[1] ?? '?'
      if (isHere(to)) local++
      else strangers.push(to.includes(':') ? `[${to}]:${port}` : `${to}:${port}`)
    } else if (!/sa_family=AF_(UNIX|LOCAL|NETLINK|UNSPEC)/.test(rest)) strangers.push(line)
  }
  return { local, strangers }
}

const isHere = (address: string): boolean => /^(::ffff:)?127\.|^::1$/.test(address)
