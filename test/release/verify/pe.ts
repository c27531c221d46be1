import { err, ok, type Result } from '../../../server/lib/result.ts'

/** What a Windows executable says about itself. */
export type Pe = {
  readonly arch: 'amd64' | 'arm64'
  /** Started without a console window, or in one. */
  readonly subsystem: 'windows' | 'console'
  /** Pixels of each image of its icon. */
  readonly iconSizes: readonly number[]
  /** Of its version resource: `ProductVersion` -> `1.2.3`. */
  readonly strings: ReadonlyMap<string, string>
}

// Source: Microsoft's published PE format.
const machines: ReadonlyMap<number, Pe['arch']> = new Map([
  [0x8664, 'amd64'],
  [0xaa64, 'arm64'],
])
const subsystems: ReadonlyMap<number, Pe['subsystem']> = new Map([
  [2, 'windows'],
  [3, 'console'],
])
const kind = { groupIcon: 14, version: 16 } as const

export function parsePe(bytes: Uint8Array): Result<Pe, string> {
  try {
    return readPe(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
  } catch {
    return err('its headers run past its end') // a RangeError
  }
}

function readPe(file: Buffer): Result<Pe, string> {
  if (file.toString('latin1', 0, 2) !== 'MZ') return err('no Windows executable')
  const header = file.readUInt32LE(0x3c)
  if (file.toString('latin1', header, header + 4) !== 'PE\0\0') return err('no PE header')
  const arch = machines.get(file.readUInt16LE(header + 4))
  if (arch === undefined) return err('for a processor we do not build for')
  const optional = header + 24
  if (file.readUInt16LE(optional) !== 0x20b) return err('not PE32+')
  const subsystem = subsystems.get(file.readUInt16LE(optional + 68))
  if (subsystem === undefined) return err('for no subsystem we build for')
  const sections = Array.from({ length: file.readUInt16LE(header + 6) }, (_, index) => {
    const at = optional + file.readUInt16LE(header + 20) + index * 40
    return { address: file.readUInt32LE(at + 12), size: file.readUInt32LE(at + 16), offset: file.readUInt32LE(at + 20) }
  })
  if (sections.some(({ offset, size }) => offset + size > file.length))
    return err('cut short: a section runs past its end')
  const placeOf = (address: number): number => {
    const home = sections.find((one) => one.address <= address && address < one.address + one.size)
    if (home === undefined) throw new RangeError('an address outside of it')
    return address - home.address + home.offset
  }
  const resourcesAt = file.readUInt32LE(optional + 112 + 2 * 8)
  if (resourcesAt === 0) return err('no resources')
  const root = placeOf(resourcesAt)
  const children = (at: number): readonly (readonly [id: number, offset: number])[] =>
    Array.from({ length: file.readUInt16LE(at + 12) + file.readUInt16LE(at + 14) }, (_, index) => {
      const row = at + 16 + index * 8
      return [file.readUInt32LE(row), file.readUInt32LE(row + 4)] as const
    })
  const leaf = (wanted: number): Buffer | undefined => {
    let found = children(root).find(([id]) => id === wanted)?.[1]
    while (found !== undefined && found >= 2 ** 31) found = children(root + (found - 2 ** 31))[0]?.[1]
    if (found === undefined) return undefined
    const start = placeOf(file.readUInt32LE(root + found))
    return file.subarray(start, start + file.readUInt32LE(root + found + 4))
  }
  const group = leaf(kind.groupIcon)
  const version = leaf(kind.version)
  return ok({
    arch,
    subsystem,
    iconSizes:
      group === undefined
        ? []
        : Array.from({ length: group.readUInt16LE(4) }, (_, index) => group.readUInt8(6 + index * 14) || 256),
    strings: version === undefined ? new Map() : stringsOf(version),
  })
}

/** Blocks within blocks: length, length of the value, kind, a name, a value, then blocks. Those of text at the third level are what we want. */
function stringsOf(block: Buffer): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  const walk = (start: number, depth: number): number => {
    const [size, valueSize] = [block.readUInt16LE(start), block.readUInt16LE(start + 2)]
    if (size === 0) return block.length
    let at = start + 6
    while (block.readUInt16LE(at) !== 0) at += 2
    const name = block.toString('utf16le', start + 6, at)
    const aligned = (place: number): number => (place + 3) & ~3
    at = aligned(at + 2)
    const isText = block.readUInt16LE(start + 4) === 1
    if (depth === 3 && isText) {
      found.set(name, block.toString('utf16le', at, at + valueSize * 2).replace(/\0.*$/s, ''))
      return aligned(start + size)
    }
    at = aligned(at + valueSize)
    while (at < start + size) at = walk(at, depth + 1)
    return aligned(start + size)
  }
  walk(0, 0)
  return found
}
