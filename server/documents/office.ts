import type { Package } from './package.ts'
import { type DocumentReading, documentLimits } from './reading.ts'
import { readSheets } from './sheets.ts'
import { readSlides } from './slides.ts'
import { readWord } from './word.ts'
import { unzip } from './zip.ts'

export type OfficeKind = 'docx' | 'xlsx' | 'pptx'

const readers = { docx: readWord, xlsx: readSheets, pptx: readSlides } as const satisfies Record<
  OfficeKind,
  (files: Package) => DocumentReading
>
const names = { docx: 'Word', xlsx: 'Excel', pptx: 'PowerPoint' } as const

/** The text of an office document. Like `readPdf` it runs in a process of its own and never throws. */
export function readOffice(bytes: Uint8Array, kind: OfficeKind): DocumentReading {
  // A compound file: the old binary form, and what an encrypted new one is wrapped in.
  if (bytes[0] === 0xd0 && bytes[1] === 0xcf)
    return { ok: false, reason: `is protected by a password or of the old binary form; save it as ${kind} without one` }
  try {
    const files = unpack(bytes)
    return files === undefined
      ? { ok: false, reason: `unpacks to more than ${documentLimits.unpackedBytes} bytes` }
      : readers[kind](files)
  } catch {
    return { ok: false, reason: `is not a sound ${names[kind]} document (${kind})` }
  }
}

/** Only what holds text is unpacked, and never more than the limit: unpacking ends where the archive says a file does. */
function unpack(bytes: Uint8Array): Package | undefined {
  let total = 0
  let isTooLarge = false
  const files = unzip(bytes, ({ name, size }) => {
    if (isTooLarge || !/^(_rels\/\.rels|(word|xl|ppt)\/.*\.(xml|rels))$/i.test(name)) return false
    if (/\/(theme|media|embeddings|charts|drawings|slideLayouts|slideMasters)\//i.test(name)) return false
    total += size
    isTooLarge = total > documentLimits.unpackedBytes
    return !isTooLarge
  })
  if (isTooLarge) return undefined
  const decoder = new TextDecoder()
  return {
    file: (name) => {
      const found = files.get(name)
      return found && decoder.decode(found)
    },
  }
}
