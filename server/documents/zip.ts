import { inflateRawSync } from 'node:zlib'

export type ZipEntry = { readonly name: string; readonly size: number }

const marks = { end: 0x06054b50, end64: 0x06064b50, locator64: 0x07064b50, entry: 0x02014b50 } as const
const isElsewhere = 0xffffffff
/** The end's own bytes; a comment of up to 65,535 may follow. */
const endBytes = 22

/**
 * The files of an archive that are wanted, unpacked. None grows beyond the size that the archive's list says: unpacking ends
 * there. Throws on what is no sound archive.
 */
export function unzip(bytes: Uint8Array, isWanted: (entry: ZipEntry) => boolean): ReadonlyMap<string, Uint8Array> {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const files = new Map<string, Uint8Array>()
  let { at, count } = listOf(file)
  for (; count > 0; count--) {
    if (file.readUInt32LE(at) !== marks.entry) throw new Error('no entry')
    const nameEnd = at + 46 + file.readUInt16LE(at + 28)
    const extraEnd = nameEnd + file.readUInt16LE(at + 30)
    const name = file.toString('utf8', at + 46, nameEnd)
    const [size, packed, offset] = wide(
      file.subarray(nameEnd, extraEnd),
      [at + 24, at + 20, at + 42].map((place) => file.readUInt32LE(place)),
    )
    if (isWanted({ name, size })) files.set(name, unpacked(file, offset, packed, size, file.readUInt16LE(at + 10)))
    at = extraEnd + file.readUInt16LE(at + 32)
  }
  return files
}

function listOf(file: Buffer): { at: number; count: number } {
  let end = file.length - endBytes
  while (end >= 0 && file.length - end <= endBytes + 0xffff && file.readUInt32LE(end) !== marks.end) end--
  if (end < 0 || file.readUInt32LE(end) !== marks.end) throw new Error('no end')
  const locator = end - 20
  if (locator < 0 || file.readUInt32LE(locator) !== marks.locator64)
    return { at: file.readUInt32LE(end + 16), count: file.readUInt16LE(end + 10) }
  const end64 = Number(file.readBigUInt64LE(locator + 8))
  if (file.readUInt32LE(end64) !== marks.end64) throw new Error('no wide end')
  return { at: Number(file.readBigUInt64LE(end64 + 48)), count: Number(file.readBigUInt64LE(end64 + 32)) }
}

type Sizes = readonly [size: number, packed: number, offset: number]

/** Sizes that need more than four bytes stand in the extra field, those that do alone and in this order. */
function wide(extra: Buffer, [size = 0, packed = 0, offset = 0]: readonly number[]): Sizes {
  let at = 0
  while (at + 4 <= extra.length && extra.readUInt16LE(at) !== 1) at += 4 + extra.readUInt16LE(at + 2)
  at += 4
  const read = (short: number): number => {
    if (short !== isElsewhere) return short
    at += 8
    return Number(extra.readBigUInt64LE(at - 8))
  }
  return [read(size), read(packed), read(offset)]
}

function unpacked(file: Buffer, offset: number, packed: number, size: number, method: number): Uint8Array {
  const begin = offset + 30 + file.readUInt16LE(offset + 26) + file.readUInt16LE(offset + 28)
  const data = file.subarray(begin, begin + packed)
  if (method === 0) return data
  if (method !== 8) throw new Error('packed in an unknown way')
  return inflateRawSync(data, { maxOutputLength: Math.max(1, size) })
}
