import { err, ok, type Result } from '../lib/result.ts'

// Source of the layouts: Apple's public headers mach-o/loader.h, mach-o/fat.h and cs_blobs.h.
const magic64 = 0xfeedfacf
const fatMagic = 0xcafebabe
const segmentCommand = 0x19
const signatureCommand = 0x1d
const buildVersionCommand = 0x32
const cpus: ReadonlyMap<number, 'amd64' | 'arm64'> = new Map([
  [0x01000007, 'amd64'],
  [0x0100000c, 'arm64'],
])

type Segment = { readonly at: number; readonly fileOffset: number; readonly fileSize: number }

/** One architecture's image. Offsets are from its own beginning. */
export type Image = {
  readonly arch: 'amd64' | 'arm64'
  readonly isExecutable: boolean
  /** The oldest macOS it names, like `13.0`. */
  readonly minimumSystem: string | undefined
  readonly segments: ReadonlyMap<string, Segment>
  /** Of LC_CODE_SIGNATURE: where the command and what it points at stand. */
  readonly signature: { readonly at: number; readonly offset: number; readonly size: number } | undefined
}

const view = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** The image's load commands, or why it is none. */
export function parseImage(bytes: Uint8Array): Result<Image, string> {
  try {
    return readImage(bytes)
  } catch {
    return err('its load commands run past its end') // a DataView's RangeError
  }
}

function readImage(bytes: Uint8Array): Result<Image, string> {
  const data = view(bytes)
  if (data.getUint32(0, true) !== magic64) return err('no 64-bit Mach-O image')
  const arch = cpus.get(data.getUint32(4, true))
  if (arch === undefined) return err(`for a processor we do not build for (${data.getUint32(4, true)})`)
  const segments = new Map<string, Segment>()
  let signature: Image['signature']
  let minimumSystem: string | undefined
  let at = 32
  for (let left = data.getUint32(16, true); left > 0; left--) {
    const command = data.getUint32(at, true)
    const size = data.getUint32(at + 4, true)
    if (size < 8) return err('a load command without a size')
    if (command === segmentCommand) {
      const name = Buffer.from(bytes.subarray(at + 8, at + 24))
        .toString('latin1')
        .replace(/\0.*$/s, '')
      const fileOffset = Number(data.getBigUint64(at + 40, true))
      const fileSize = Number(data.getBigUint64(at + 48, true))
      if (fileOffset + fileSize > bytes.length) return err(`segment ${name} runs past its end`)
      segments.set(name, { at, fileOffset, fileSize })
    } else if (command === signatureCommand) {
      signature = { at, offset: data.getUint32(at + 8, true), size: data.getUint32(at + 12, true) }
    } else if (command === buildVersionCommand) {
      const version = data.getUint32(at + 12, true)
      minimumSystem = `${version >>> 16}.${(version >>> 8) & 255}`
    }
    at += size
  }
  return ok({ arch, isExecutable: data.getUint32(12, true) === 2, minimumSystem, segments, signature })
}

/** The images of a universal file; of one for a single architecture, that one. */
export function imagesOf(bytes: Uint8Array): Result<readonly Uint8Array[], string> {
  if (bytes.length < 8) return err('too short')
  const data = view(bytes)
  if (data.getUint32(0) !== fatMagic) return ok([bytes])
  const images: Uint8Array[] = []
  const count = data.getUint32(4)
  if (bytes.length < 8 + 20 * count) return err('its list of images runs past its end')
  for (let index = 0; index < count; index++) {
    const [offset, size] = [data.getUint32(16 + 20 * index), data.getUint32(20 + 20 * index)]
    if (offset + size > bytes.length) return err('an image runs past its end')
    images.push(bytes.subarray(offset, offset + size))
  }
  return ok(images)
}

/** Images of several architectures in one file, each at a multiple of 16 KiB, as macOS maps them. */
export function universal(images: readonly Uint8Array[]): Uint8Array {
  const align = 14
  const up = (value: number): number => Math.ceil(value / 2 ** align) * 2 ** align
  const header = Buffer.alloc(8 + 20 * images.length)
  header.writeUInt32BE(fatMagic, 0)
  header.writeUInt32BE(images.length, 4)
  const parts: Uint8Array[] = [header]
  let at = header.length
  for (const [index, image] of images.entries()) {
    const offset = up(at)
    parts.push(new Uint8Array(offset - at), image)
    const data = view(image)
    const row = [data.getUint32(4, true), data.getUint32(8, true), offset, image.length, align]
    for (const [column, value] of row.entries()) header.writeUInt32BE(value >>> 0, 8 + 20 * index + 4 * column)
    at = offset + image.length
  }
  return Buffer.concat(parts)
}
