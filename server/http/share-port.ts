import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { openLibc } from '../lib/libc.ts'

/**
 * Lets one other process listen on a port this process has, for the moments of a hand-over: otherwise `SO_REUSEPORT` is off, and
 * nobody gets in by accident. Linux looks at the option whenever another socket binds, not only when this one did.
 */
export type PortShare = {
  /** True: another socket of the same user may be bound beside ours. */
  readonly open: () => boolean
  /** New connections all go to the socket that was bound second. Those that are on their way to ours still come. */
  readonly steer: () => boolean
  readonly close: () => void
}

const reusePort = 15 // SO_REUSEPORT
const attachFilter = 51 // SO_ATTACH_REUSEPORT_CBPF
/** `BPF_RET | BPF_K`: the program's one instruction gives the index of the socket to take. Past the last one the system chooses itself. */
const giveConstant = 0x06

/** Of a port this process listens on. Never fails: where a step cannot be done it says so. */
export function createPortShare(port: number): PortShare {
  const libc = openLibc()
  const set = (name: number, value: number | Uint8Array): boolean => {
    if (!libc.ok) return false
    const sockets = ownListeners(port)
    return sockets.length > 0 && sockets.every((fd) => libc.value.setSocketOption(fd, name, value))
  }
  return {
    open: () => set(reusePort, 1),
    steer: () => {
      if (!libc.ok) return false
      const instruction = new Uint8Array(8)
      const code = new DataView(instruction.buffer)
      code.setUint16(0, giveConstant, true)
      code.setUint32(4, 1, true)
      const program = new Uint8Array(16)
      const fields = new DataView(program.buffer)
      fields.setUint16(0, 1, true)
      fields.setBigUint64(8, libc.value.addressOf(instruction), true)
      return set(attachFilter, program) && instruction.length > 0 // kept until the call is over
    },
    close: () => void set(reusePort, 0),
  }
}

/** Whether another socket listens where this process does: one before it has not closed the port yet. */
export function isPortShared(port: number): boolean {
  const own = ownListeners(port).length
  return own > 0 && listeningAt(port).length > own
}

const listeningAt = (port: number): readonly string[] =>
  ['/proc/self/net/tcp', '/proc/self/net/tcp6'].flatMap((file) => listeningInodes(file, port))

/** The open files of this process that listen on the port. */
function ownListeners(port: number): readonly number[] {
  const inodes = new Set(listeningAt(port))
  return namesIn('/proc/self/fd').flatMap((name) => {
    const inode = /^socket:\[(\d+)\]$/.exec(target(`/proc/self/fd/${name}`))?.[1]
    return inode !== undefined && inodes.has(inode) ? [Number(name)] : []
  })
}

/** Lines of `/proc/net/tcp`: `sl local_address rem_address st …` with the inode tenth; state 0A is LISTEN. */
export function listeningInodes(file: string, port: number): readonly string[] {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  return textOf(file)
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local, , state]) => state === '0A' && local?.endsWith(wanted))
    .flatMap((fields) => fields[9] ?? [])
}

/** Empty for what is not there, or not ours to see. */
function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

function target(link: string): string {
  try {
    return readlinkSync(link)
  } catch {
    return ''
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
