import { dlopen, FFIType, type Pointer, ptr } from 'bun:ffi'
import { err, ok, type Result } from './result.ts'

/** What the runtime has no words for: datagrams to a Unix socket, and options of a socket that is open. Linux alone. */
export type Libc = {
  /** Sends one datagram to the socket at `path`; `@` in front names one of the abstract namespace. False: it was not taken. */
  readonly sendTo: (path: string, text: string) => boolean
  /** `value` is an int or, as bytes, a struct of the call's own. False: the system refused. */
  readonly setSocketOption: (fd: number, name: number, value: number | Uint8Array) => boolean
  /** The address of bytes that stay where they are as long as `bytes` is kept. */
  readonly addressOf: (bytes: Uint8Array) => bigint
}

/** glibc, then musl. */
const names = ['libc.so.6', 'libc.so', 'libc.musl-x86_64.so.1', 'libc.musl-aarch64.so.1']

const int = FFIType.i32
const calls = {
  socket: { args: [int, int, int], returns: int },
  sendto: { args: [int, FFIType.ptr, FFIType.u64, int, FFIType.ptr, FFIType.u32], returns: FFIType.i64 },
  setsockopt: { args: [int, int, int, FFIType.ptr, FFIType.u32], returns: int },
  close: { args: [int], returns: int },
} as const

const unix = 1 // AF_UNIX, which is the family of the address too
const datagram = 2 | 0o2000000 // SOCK_DGRAM, SOCK_CLOEXEC
const noSignal = 0x4000 // MSG_NOSIGNAL
const socketLevel = 1 // SOL_SOCKET
/** Of `sun_path`, its end sign included. */
const longestPath = 108

export function openLibc(): Result<Libc, string> {
  if (process.platform !== 'linux') return err('This is not Linux.')
  let why = ''
  for (const name of names) {
    try {
      const { symbols } = dlopen(name, calls)
      return ok({
        sendTo: (path, text) => {
          const address = unixAddress(path)
          if (address === undefined) return false
          const fd = symbols.socket(unix, datagram, 0)
          if (fd < 0) return false
          const bytes = Buffer.from(text)
          const sent = symbols.sendto(fd, ptr(bytes), bytes.length, noSignal, ptr(address), address.length)
          symbols.close(fd)
          return Number(sent) === bytes.length
        },
        setSocketOption: (fd, option, value) => {
          const bytes = typeof value === 'number' ? new Uint8Array(new Int32Array([value]).buffer) : value
          return symbols.setsockopt(fd, socketLevel, option, ptr(bytes), bytes.length) === 0
        },
        addressOf: (bytes) => BigInt(ptr(bytes) satisfies Pointer),
      })
    } catch (error) {
      why = String(error)
    }
  }
  return err(why)
}

/** `struct sockaddr_un`, as long as it needs to be: of an abstract name every byte counts. */
function unixAddress(path: string): Uint8Array | undefined {
  const name = Buffer.from(path.startsWith('@') ? `\0${path.slice(1)}` : `${path}\0`)
  if (name.length > longestPath) return undefined
  const address = new Uint8Array(2 + name.length)
  new DataView(address.buffer).setUint16(0, unix, true)
  address.set(name, 2)
  return address
}
