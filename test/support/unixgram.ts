import { dlopen, FFIType, ptr } from 'bun:ffi'

/** A service manager's end of a notify socket: datagrams, read one by one. `@` in front: an abstract name. */
export type UnixgramListener = {
  /** The next datagram; rejects when none comes within thirty seconds. */
  readonly next: () => Promise<string>
  /** All that have come and were not read. */
  readonly rest: () => readonly string[]
  readonly stop: () => Promise<void>
}

const int = FFIType.i32

export async function listenUnixgram(path: string): Promise<UnixgramListener> {
  const { symbols } = dlopen('libc.so.6', {
    socket: { args: [int, int, int], returns: int },
    bind: { args: [int, FFIType.ptr, FFIType.u32], returns: int },
    recv: { args: [int, FFIType.ptr, FFIType.u64, int], returns: FFIType.i64 },
    close: { args: [int], returns: int },
  })
  const fd = symbols.socket(1, 2 | 0o2000000, 0)
  const name = Buffer.from(path.startsWith('@') ? `\0${path.slice(1)}` : `${path}\0`)
  const address = Buffer.concat([Buffer.from([1, 0]), name])
  if (symbols.bind(fd, ptr(address), address.length) !== 0) throw new Error(`cannot listen at ${path}`)
  const bytes = new Uint8Array(4_096)
  const read = (): string | undefined => {
    const length = Number(symbols.recv(fd, ptr(bytes), bytes.length, 0x40)) // MSG_DONTWAIT
    return length < 0 ? undefined : Buffer.from(bytes.subarray(0, length)).toString()
  }
  return {
    next: async () => {
      for (let tries = 0; tries < 3_000; tries++) {
        const text = read()
        if (text !== undefined) return text
        await Bun.sleep(10)
      }
      throw new Error('no datagram came')
    },
    rest: () => {
      const all: string[] = []
      for (let text = read(); text !== undefined; text = read()) all.push(text)
      return all
    },
    stop: async () => void symbols.close(fd),
  }
}
