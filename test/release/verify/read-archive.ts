import { gunzipSync, inflateRawSync } from 'node:zlib'
import { err, ok, type Result } from '../../../server/lib/result.ts'

/** One file as an archive holds it. */
export type Packed = {
  readonly name: string
  readonly mode: number
  readonly modifiedAt: number
  readonly bytes: Uint8Array
}

const message = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** Reads a gzipped ustar archive of plain files; every checksum is held against what it sums up. */
export function readTarGz(packed: Uint8Array): Result<readonly Packed[], string> {
  let tar: Buffer
  try {
    tar = gunzipSync(packed)
  } catch (error) {
    return err(`not gzip: ${message(error)}`)
  }
  const files: Packed[] = []
  for (let at = 0; ; ) {
    const header = tar.subarray(at, at + 512)
    if (header.length < 512) return err('it ends without its end mark')
    if (header.every((byte) => byte === 0)) return ok(files)
    const text = (start: number, length: number): string =>
      header
        .subarray(start, start + length)
        .toString('utf8')
        .replace(/\0.*$/s, '')
    const octal = (start: number, length: number): number => Number.parseInt(text(start, length).trim(), 8)
    const name = text(0, 100)
    const blanked = Buffer.from(header).fill(' ', 148, 156)
    const sum = blanked.reduce((total, byte) => total + byte, 0)
    if (octal(148, 8) !== sum) return err(`${name || 'a header'}: its checksum is wrong`)
    if (text(257, 6) !== 'ustar' || text(156, 1) !== '0') return err(`${name}: no plain file of a ustar archive`)
    const size = octal(124, 12)
    const bytes = tar.subarray(at + 512, at + 512 + size)
    if (bytes.length !== size) return err(`${name}: cut short`)
    files.push({ name, mode: octal(100, 8), modifiedAt: octal(136, 12) * 1_000, bytes })
    at += 512 + Math.ceil(size / 512) * 512
  }
}

/** Reads a zip by its central directory, as unpacking programs do, and holds each local header and checksum against it. */
export function readZip(packed: Uint8Array): Result<readonly Packed[], string> {
  try {
    return zipFiles(Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength))
  } catch (error) {
    return err(`a damaged zip: ${message(error)}`)
  }
}

function zipFiles(zip: Buffer): Result<readonly Packed[], string> {
  const end = zip.length - 22
  if (end < 0 || zip.readUInt32LE(end) !== 0x06054b50) return err('no zip: its end is not one')
  const count = zip.readUInt16LE(end + 10)
  const directory = zip.readUInt32LE(end + 16)
  if (directory + zip.readUInt32LE(end + 12) !== end) return err('its directory is not where its end says')
  const files: Packed[] = []
  for (let at = directory, left = count; left > 0; left--) {
    if (zip.readUInt32LE(at) !== 0x02014b50) return err('an entry of its directory is none')
    const nameBytes = zip.readUInt16LE(at + 28)
    const name = zip.toString('utf8', at + 46, at + 46 + nameBytes)
    const local = zip.readUInt32LE(at + 42)
    // Flags, method, time, date, checksum, sizes and length of the name stand in both.
    if (zip.readUInt32LE(local) !== 0x04034b50) return err(`${name}: no local header`)
    if (zip.compare(zip, at + 8, at + 30, local + 6, local + 28) !== 0) return err(`${name}: its two headers differ`)
    if (zip.toString('utf8', local + 30, local + 30 + nameBytes) !== name)
      return err(`${name}: called otherwise in its header`)
    const start = local + 30 + nameBytes + zip.readUInt16LE(local + 28)
    const bytes = inflateRawSync(zip.subarray(start, start + zip.readUInt32LE(at + 20)))
    if (Bun.hash.crc32(bytes) !== zip.readUInt32LE(at + 16)) return err(`${name}: its checksum is wrong`)
    if (zip.readUInt8(at + 5) !== 3) return err(`${name}: made without Unix modes`)
    const [time, date] = [zip.readUInt16LE(at + 12), zip.readUInt16LE(at + 14)]
    const day = [1980 + (date >> 9), ((date >> 5) & 15) - 1, date & 31] as const
    files.push({
      name,
      mode: (zip.readUInt32LE(at + 38) >>> 16) & 0o7777,
      modifiedAt: Date.UTC(...day, time >> 11, (time >> 5) & 63, (time & 31) * 2),
      bytes,
    })
    at += 46 + nameBytes + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32)
  }
  return ok(files)
}
