/** The smallest Mach-O image that can be signed: two segments, the oldest system, room for a signature. */
export function machoSample(arch: 'amd64' | 'arm64'): Uint8Array {
  const pages = 3
  const limit = pages * 4096 + 100
  const file = Buffer.alloc(limit + 16)
  for (let at = 512; at < limit; at++) file[at] = (at * 7) & 255
  const words = [0xfeedfacf, arch === 'amd64' ? 0x01000007 : 0x0100000c, 3, 2, 4, 72 * 2 + 24 + 16, 0, 0]
  for (const [index, word] of words.entries()) file.writeUInt32LE(word, 4 * index)
  let at = 32
  const segment = (name: string, offset: number, size: number): void => {
    file.fill(0, at, at + 72)
    file.writeUInt32LE(0x19, at)
    file.writeUInt32LE(72, at + 4)
    file.write(name, at + 8)
    file.writeBigUInt64LE(BigInt(offset), at + 40)
    file.writeBigUInt64LE(BigInt(size), at + 48)
    at += 72
  }
  segment('__TEXT', 0, 8192)
  segment('__LINKEDIT', 8192, limit + 16 - 8192)
  file.fill(0, at, at + 24)
  for (const [index, word] of [0x32, 24, 1, 0x000d0000].entries()) file.writeUInt32LE(word, at + 4 * index)
  at += 24
  for (const [index, word] of [0x1d, 16, limit, 16].entries()) file.writeUInt32LE(word, at + 4 * index)
  return file
}

/** The smallest ELF file that names a loader, libraries and versions of symbols. */
export function elfSample({
  machine = 62,
  interpreter = '/lib64/ld-linux-x86-64.so.2',
  library = 'libc.so.6',
  version = 'GLIBC_2.17',
} = {}): Uint8Array {
  const file = Buffer.alloc(1024)
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1])
  file.writeUInt16LE(machine, 18)
  file.writeBigUInt64LE(64n, 32)
  file.writeUInt16LE(56, 54)
  file.writeUInt16LE(3, 56)
  const [loaderAt, stringsAt, versionsAt, dynamicAt] = [256, 320, 448, 512] as const
  const row = (index: number, kind: number, offset: number, size: number): void => {
    const at = 64 + 56 * index
    file.writeUInt32LE(kind, at)
    for (const place of [at + 8, at + 16]) file.writeBigUInt64LE(BigInt(offset), place)
    file.writeBigUInt64LE(BigInt(size), at + 32)
  }
  row(0, 1, 0, file.length)
  row(1, 3, loaderAt, interpreter.length + 1)
  file.write(interpreter, loaderAt)
  const names = `\0${library}\0${version}\0`
  file.write(names, stringsAt, 'latin1')
  const versionName = 1 + library.length + 1
  file.writeUInt16LE(1, versionsAt + 2)
  file.writeUInt32LE(16, versionsAt + 8)
  file.writeUInt32LE(versionName, versionsAt + 16 + 8)
  const dynamic = [
    [1, 1],
    [5, stringsAt],
    [0x6ffffffe, versionsAt],
    [0x6fffffff, 1],
    [0, 0],
  ] as const
  row(2, 2, dynamicAt, dynamic.length * 16)
  for (const [index, [tag, value]] of dynamic.entries()) {
    file.writeBigUInt64LE(BigInt(tag), dynamicAt + index * 16)
    file.writeBigUInt64LE(BigInt(value), dynamicAt + index * 16 + 8)
  }
  return file
}
