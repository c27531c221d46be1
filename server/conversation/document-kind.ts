import type { DocumentKind } from './conversation.ts'

const office = 'application/vnd.openxmlformats-officedocument'
const kinds: Readonly<Record<string, DocumentKind>> = {
  'application/pdf': 'pdf',
  'application/x-pdf': 'pdf',
  [`${office}.wordprocessingml.document`]: 'docx',
  [`${office}.spreadsheetml.sheet`]: 'xlsx',
  [`${office}.presentationml.presentation`]: 'pptx',
}
const texts: ReadonlySet<string> = new Set([
  'application/json',
  'application/x-ndjson',
  'application/xml',
  'application/xhtml+xml',
  'application/yaml',
  'application/x-yaml',
  'application/toml',
  'application/javascript',
  'application/x-sh',
  'application/sql',
  'application/csv',
  'application/rtf',
])
/** Say nothing of what is inside. */
const vague: ReadonlySet<string> = new Set(['', 'application/octet-stream', 'binary/octet-stream', 'application/zip'])
const endings: Readonly<Record<string, DocumentKind>> = { pdf: 'pdf', docx: 'docx', xlsx: 'xlsx', pptx: 'pptx' }
const textEndings: ReadonlySet<string> = new Set(
  'txt md markdown csv tsv json jsonl xml html htm yaml yml toml ini log sql rtf'.split(' '),
)

/** What a document is by its media type, or by the ending of its name where the type says nothing; undefined: unknown. */
export function documentKindOf(mediaType: string, name = ''): DocumentKind | 'text' | undefined {
  const type = mediaType.split(';')[0]?.trim().toLowerCase() ?? ''
  const known = Object.hasOwn(kinds, type) ? kinds[type] : undefined
  if (known !== undefined) return known
  if (type.startsWith('text/') || texts.has(type) || type.endsWith('+json') || type.endsWith('+xml')) return 'text'
  if (!vague.has(type)) return undefined
  const ending = /\.([a-z0-9]+)$/i.exec(name)?.[1]?.toLowerCase() ?? ''
  if (textEndings.has(ending)) return 'text'
  return Object.hasOwn(endings, ending) ? endings[ending] : undefined
}

/** For whoever is refused: what can be read. */
export const readableDocuments = 'PDF, Word (docx), Excel (xlsx), PowerPoint (pptx) and text documents'

/** The text of a text document: by its byte order mark, else by the charset its media type names, else UTF-8. */
export function textOfDocument(bytes: Uint8Array, mediaType: string): string {
  const charset = /;\s*charset\s*=\s*"?([\w.:-]+)/i.exec(mediaType)?.[1]
  const [first, second] = bytes
  const marked =
    first === 0xff && second === 0xfe ? 'utf-16le' : first === 0xfe && second === 0xff ? 'utf-16be' : undefined
  return decoderOf(marked ?? charset).decode(bytes)
}

function decoderOf(charset: string | undefined): TextDecoder {
  try {
    return new TextDecoder(charset as 'utf-8') // a name the platform does not know is refused, not misread
  } catch {
    return new TextDecoder()
  }
}
