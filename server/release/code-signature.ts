import { err, ok, type Result } from '../lib/result.ts'
import { parseImage } from './macho.ts'

// Source of the layouts: Apple's public header cs_blobs.h.
const superBlob = 0xfade0cc0
const codeDirectory = 0xfade0c02
const requirements = 0xfade0c01
const wrapper = 0xfade0b01
const slotOf = { codeDirectory: 0, infoPlist: 1, requirements: 2, resources: 3, wrapper: 0x10000 } as const
const adHoc = 0x2
const pageBits = 12
const headerBytes = 88
const hashBytes = 32

const sha256 = (bytes: Uint8Array): Uint8Array => new Bun.CryptoHasher('sha256').update(bytes).digest()
const view = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** What a bundle's signature also seals; an executable by itself has none of it. */
export type Bundle = { readonly infoPlist: Uint8Array; readonly codeResources: Uint8Array }

/**
 * The image with an ad hoc signature in place of the one it had, as `codesign --sign -` would make it. Bun appends our program
 * and leaves the vendor's signature on images for amd64, which fits them no longer. Throws when there is no room for one.
 */
export function signAdHoc(image: Uint8Array, identifier: string, bundle?: Bundle): Uint8Array {
  const parsed = parseImage(image)
  if (!parsed.ok) throw new Error(parsed.error)
  const { signature, segments } = parsed.value
  const [text, linkEdit] = [segments.get('__TEXT'), segments.get('__LINKEDIT')]
  if (signature === undefined || text === undefined || linkEdit === undefined)
    throw new Error('no room for a signature')
  const limit = signature.offset
  const empty = blob(requirements, Buffer.alloc(4))
  const hashOf = (bytes: Uint8Array | undefined): Uint8Array =>
    bytes === undefined ? new Uint8Array(hashBytes) : sha256(bytes)
  const special =
    bundle === undefined
      ? [hashOf(empty), hashOf(undefined)]
      : [hashOf(bundle.codeResources), hashOf(empty), hashOf(bundle.infoPlist)]
  const name = Buffer.from(`${identifier}\0`)
  const pages = Math.ceil(limit / 2 ** pageBits)
  const hashesAt = headerBytes + name.length + special.length * hashBytes
  const directoryBytes = hashesAt + pages * hashBytes
  const total = 12 + 3 * 8 + directoryBytes + empty.length + 8
  const size = Math.ceil(total / 16) * 16

  const signed = Buffer.alloc(limit + size)
  signed.set(image.subarray(0, limit))
  signed.writeUInt32LE(size, signature.at + 12)
  const linkEditBytes = limit + size - linkEdit.fileOffset
  signed.writeBigUInt64LE(BigInt(linkEditBytes), linkEdit.at + 48)
  signed.writeBigUInt64LE(BigInt(Math.ceil(linkEditBytes / 0x4000) * 0x4000), linkEdit.at + 32)

  const directory = Buffer.alloc(directoryBytes)
  const words = [codeDirectory, directoryBytes, 0x20400, adHoc, hashesAt, headerBytes, special.length, pages, limit]
  for (const [index, word] of words.entries()) directory.writeUInt32BE(word >>> 0, 4 * index)
  directory.set([hashBytes, 2, 0, pageBits], 36)
  directory.writeBigUInt64BE(BigInt(text.fileOffset), 64)
  directory.writeBigUInt64BE(BigInt(text.fileSize), 72)
  directory.writeBigUInt64BE(1n, 80) // the main executable
  directory.set(name, headerBytes)
  for (const [index, hash] of special.entries()) directory.set(hash, headerBytes + name.length + index * hashBytes)
  for (let page = 0; page < pages; page++) {
    const bytes = signed.subarray(page << pageBits, Math.min((page + 1) << pageBits, limit))
    directory.set(sha256(bytes), hashesAt + page * hashBytes)
  }
  signed.set(
    inOne(
      new Map([
        [0, directory],
        [slotOf.requirements, empty],
        [slotOf.wrapper, blob(wrapper)],
      ]),
    ),
    limit,
  )
  return signed
}

function blob(kind: number, content: Uint8Array = new Uint8Array()): Buffer {
  const bytes = Buffer.alloc(8 + content.length)
  bytes.writeUInt32BE(kind, 0)
  bytes.writeUInt32BE(bytes.length, 4)
  bytes.set(content, 8)
  return bytes
}

function inOne(parts: ReadonlyMap<number, Uint8Array>): Uint8Array {
  const index = Buffer.alloc(4 + 8 * parts.size)
  index.writeUInt32BE(parts.size, 0)
  let offset = 8 + index.length
  for (const [row, [slot, part]] of [...parts].entries()) {
    index.writeUInt32BE(slot, 4 + 8 * row)
    index.writeUInt32BE(offset, 8 + 8 * row)
    offset += part.length
  }
  return blob(superBlob, Buffer.concat([index, ...parts.values()]))
}

export type Signature = { readonly identifier: string; readonly isAdHoc: boolean; readonly pages: number }

/** Reads an image's signature and holds it against every page, and against `bundle`; the first thing that is wrong, if any. */
export function checkSignature(image: Uint8Array, bundle?: Bundle): Result<Signature, string> {
  try {
    return readSignature(image, bundle)
  } catch {
    return err('its signature runs past its end') // a DataView's RangeError
  }
}

function readSignature(image: Uint8Array, bundle: Bundle | undefined): Result<Signature, string> {
  const parsed = parseImage(image)
  if (!parsed.ok) return parsed
  const { signature } = parsed.value
  if (signature === undefined) return err('no LC_CODE_SIGNATURE')
  if (signature.offset + signature.size !== image.length) return err('its signature is not its end')
  const all = image.subarray(signature.offset)
  const data = view(all)
  if (data.getUint32(0) !== superBlob) return err('what LC_CODE_SIGNATURE points at is no signature')
  const slots = new Map<number, number>()
  for (let row = 0; row < data.getUint32(8); row++)
    slots.set(data.getUint32(12 + 8 * row), data.getUint32(16 + 8 * row))
  const at = slots.get(slotOf.codeDirectory)
  if (at === undefined || data.getUint32(at) !== codeDirectory) return err('its signature has no code directory')
  const word = (index: number): number => data.getUint32(at + 4 * index)
  const [flags, hashesAt, nameAt, specials, pages, limit] = [word(3), word(4), word(5), word(6), word(7), word(8)]
  if (limit !== signature.offset) return err(`it seals ${limit} bytes of ${signature.offset}`)
  const pageBytes = 2 ** (all[at + 39] ?? 0)
  if (all[at + 36] !== hashBytes || all[at + 37] !== 2) return err('its hashes are not SHA-256')
  if (pages !== Math.ceil(limit / pageBytes)) return err(`it seals ${pages} pages`)
  const hashAt = (slot: number): Uint8Array => {
    const start = at + hashesAt + slot * hashBytes
    return all.subarray(start, start + hashBytes)
  }
  const isSealed = (slot: number, bytes: Uint8Array): boolean => Buffer.compare(hashAt(slot), sha256(bytes)) === 0
  for (let page = 0; page < pages; page++) {
    const bytes = image.subarray(page * pageBytes, Math.min((page + 1) * pageBytes, limit))
    if (!isSealed(page, bytes)) return err(`page ${page} of ${pages} is not the one that was signed`)
  }
  if (bundle !== undefined) {
    if (specials < slotOf.resources) return err('its signature knows of no bundle')
    if (!isSealed(-slotOf.infoPlist, bundle.infoPlist)) return err('Info.plist is not the one that was signed')
    if (!isSealed(-slotOf.resources, bundle.codeResources)) return err('CodeResources is not the one that was signed')
  }
  const end = all.indexOf(0, at + nameAt)
  return ok({
    identifier: Buffer.from(all.subarray(at + nameAt, end)).toString('utf8'),
    isAdHoc: (flags & adHoc) !== 0,
    pages,
  })
}
