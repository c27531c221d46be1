/** One file of an archive; folders come of the names. */
export type Entry = {
  /** With forward slashes, from the archive's root. */
  readonly name: string
  readonly bytes: Uint8Array
  readonly executable?: boolean
}

// Archives are made here and not by the system's tools or a library: the same bytes on every machine, whatever its clock, time
// zone, users and order of folders.

const block = 512

/** A ustar archive, gzipped; owner 0, every date `modifiedAt` (epoch ms). */
export function tarGz(entries: readonly Entry[], modifiedAt: number): Uint8Array {
  const seconds = Math.floor(modifiedAt / 1_000)
  const parts = entries.flatMap((entry) => {
    const padding = new Uint8Array((block - (entry.bytes.length % block)) % block)
    return [tarHeader(entry, seconds), entry.bytes, padding]
  })
  const tar = Buffer.concat([...parts, new Uint8Array(2 * block)])
  // libdeflate: smaller than zlib's level 9 in half the time. Its header names neither system nor time.
  return Bun.gzipSync(tar, { level: 9, library: 'libdeflate' })
}

function tarHeader({ name, bytes, executable }: Entry, seconds: number): Uint8Array {
  if (Buffer.byteLength(name) > 100) throw new Error(`too long a name for an archive: ${name}`)
  const header = Buffer.alloc(block)
  const octal = (value: number, at: number, digits: number): void => {
    header.write(`${value.toString(8).padStart(digits, '0')}\0`, at)
  }
  header.write(name, 0)
  octal(executable === true ? 0o755 : 0o644, 100, 7)
  octal(0, 108, 7)
  octal(0, 116, 7)
  octal(bytes.length, 124, 11)
  octal(seconds, 136, 11)
  header.write('        ', 148)
  header.write('0', 156)
  header.write('ustar\x0000', 257)
  header.write('root', 265)
  header.write('root', 297)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return header
}

/** A zip with Unix modes, every date `modifiedAt` (epoch ms) in UTC: a zip knows no time zone. */
export function zip(entries: readonly Entry[], modifiedAt: number): Uint8Array {
  const at = new Date(modifiedAt)
  const date = ((at.getUTCFullYear() - 1980) << 9) | ((at.getUTCMonth() + 1) << 5) | at.getUTCDate()
  const time = (at.getUTCHours() << 11) | (at.getUTCMinutes() << 5) | (at.getUTCSeconds() >> 1)
  const locals: Uint8Array[] = []
  const central: Uint8Array[] = []
  let offset = 0
  for (const { name, bytes, executable } of entries) {
    const text = Buffer.from(name)
    const packed = bytes.length === 0 ? Uint8Array.of(3, 0) : deflated(bytes)
    const common = Buffer.alloc(26)
    common.writeUInt16LE(20, 0)
    common.writeUInt16LE(0x800, 2) // names are UTF-8
    common.writeUInt16LE(8, 4)
    common.writeUInt16LE(time, 6)
    common.writeUInt16LE(date, 8)
    common.writeUInt32LE(Bun.hash.crc32(bytes), 10)
    common.writeUInt32LE(packed.length, 14)
    common.writeUInt32LE(bytes.length, 18)
    common.writeUInt16LE(text.length, 22)
    const mode = 0o100000 | (executable === true ? 0o755 : 0o644)
    const tail = Buffer.alloc(14)
    tail.writeUInt32LE((mode << 16) >>> 0, 6)
    tail.writeUInt32LE(offset, 10)
    const local = [Buffer.from('PK\x03\x04', 'latin1'), common, text, packed]
    locals.push(...local)
    // Made by: Unix, so that the run bit is read.
    central.push(Buffer.from('PK\x01\x02\x14\x03', 'latin1'), common, tail, text)
    offset += local.reduce((sum, part) => sum + part.length, 0)
  }
  const size = central.reduce((sum, part) => sum + part.length, 0)
  const end = Buffer.alloc(22)
  end.write('PK\x05\x06', 'latin1')
  end.writeUInt16LE(entries.length, 8)
  end.writeUInt16LE(entries.length, 10)
  end.writeUInt32LE(size, 12)
  end.writeUInt32LE(offset, 16)
  return Buffer.concat([...locals, ...central, end])
}

const deflated = (bytes: Uint8Array): Uint8Array =>
  Bun.deflateSync(bytes as Uint8Array<ArrayBuffer>, { level: 9, library: 'libdeflate' })
