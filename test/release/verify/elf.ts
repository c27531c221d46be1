import { err, ok, type Result } from '../../../server/lib/result.ts'

/** What a 64-bit Linux executable asks of the machine it is started on. */
export type Elf = {
  readonly arch: 'amd64' | 'arm64'
  readonly interpreter: string
  /** Names of the libraries it is linked with. */
  readonly needed: readonly string[]
  /** Versions of symbols it wants: `GLIBC_2.17`. */
  readonly versions: readonly string[]
}

// Source: elf.h. Offsets are those of the 64-bit, little-endian form.
const machines: ReadonlyMap<number, Elf['arch']> = new Map([
  [62, 'amd64'],
  [183, 'arm64'],
])
const segment = { load: 1, dynamic: 2, interpreter: 3 } as const
const tag = { needed: 1, strings: 5, versions: 0x6ffffffe, versionCount: 0x6fffffff } as const

export function parseElf(bytes: Uint8Array): Result<Elf, string> {
  try {
    return readElf(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
  } catch {
    return err('its headers run past its end') // a RangeError
  }
}

function readElf(file: Buffer): Result<Elf, string> {
  if (file.readUInt32BE(0) !== 0x7f454c46) return err('no ELF file')
  if (file.readUInt8(4) !== 2 || file.readUInt8(5) !== 1) return err('not 64-bit little-endian')
  const arch = machines.get(file.readUInt16LE(18))
  if (arch === undefined) return err(`for a processor we do not build for (${file.readUInt16LE(18)})`)
  const big = (at: number): number => Number(file.readBigUInt64LE(at))
  const segments = Array.from({ length: file.readUInt16LE(56) }, (_, index) => {
    const at = big(32) + index * file.readUInt16LE(54)
    return { kind: file.readUInt32LE(at), offset: big(at + 8), address: big(at + 16), size: big(at + 32) }
  })
  const cut = segments.find(({ kind, offset, size }) => kind === segment.load && offset + size > file.length)
  if (cut !== undefined) return err('cut short: a segment runs past its end')
  const placeOf = (address: number): number => {
    const home = segments.find(
      (one) => one.kind === segment.load && one.address <= address && address < one.address + one.size,
    )
    if (home === undefined) throw new RangeError('an address outside of it')
    return address - home.address + home.offset
  }
  const textAt = (at: number): string => file.toString('latin1', at, file.indexOf(0, at))
  const asked = segments.find(({ kind }) => kind === segment.interpreter)
  const dynamic = segments.find(({ kind }) => kind === segment.dynamic)
  if (asked === undefined || dynamic === undefined) return err('it names no loader')
  const entries = Array.from({ length: Math.floor(dynamic.size / 16) }, (_, index) => {
    const at = dynamic.offset + index * 16
    return [big(at), big(at + 8)] as const
  })
  const entryOf = (wanted: number): number | undefined => entries.find(([kind]) => kind === wanted)?.[1]
  const strings = placeOf(entryOf(tag.strings) ?? -1)
  const versions: string[] = []
  const list = entryOf(tag.versions)
  let at = list === undefined ? 0 : placeOf(list)
  for (let left = entryOf(tag.versionCount) ?? 0; left > 0; left--) {
    let row = at + file.readUInt32LE(at + 8)
    for (let rows = file.readUInt16LE(at + 2); rows > 0; rows--) {
      versions.push(textAt(strings + file.readUInt32LE(row + 8)))
      row += file.readUInt32LE(row + 12)
    }
    at += file.readUInt32LE(at + 12)
  }
  return ok({
    arch,
    interpreter: textAt(asked.offset),
    needed: entries.filter(([kind]) => kind === tag.needed).map(([, value]) => textAt(strings + value)),
    versions,
  })
}

/** The newest glibc it wants, like `2.17`; undefined when it wants none by version. */
export const glibcOf = ({ versions }: Elf): string | undefined =>
  versions
    .map((version) => /^GLIBC_([\d.]+)$/.exec(version)?.[1])
    .filter((version) => version !== undefined)
    .toSorted(compareVersions)
    .at(-1)

export const compareVersions = (a: string, b: string): number => a.localeCompare(b, 'en', { numeric: true })
