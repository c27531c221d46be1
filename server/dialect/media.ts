import type {
  DocumentPart,
  DocumentWishes,
  ImageFormat,
  ImagePart,
  RemotePart,
  TextPart,
} from '../conversation/conversation.ts'
import { documentKindOf, readableDocuments, textOfDocument } from '../conversation/document-kind.ts'
import { ok } from '../lib/result.ts'
import { type Decoded, refuse } from './validate.ts'

const imageFormats: Readonly<Record<string, ImageFormat>> = {
  'image/png': 'png',
  'image/jpeg': 'jpeg',
  'image/jpg': 'jpeg',
  'image/gif': 'gif',
  'image/webp': 'webp',
}

/** First base64 characters of each format's magic number; a wrong label is common and the provider is strict. */
const signatures: readonly (readonly [start: string, format: ImageFormat])[] = [
  ['iVBORw0KGgo', 'png'],
  ['/9j/', 'jpeg'],
  ['R0lGOD', 'gif'],
  ['UklGR', 'webp'],
]

/** An image given as base64. `fields` say which members to name when type or data are refused. */
export function decodeImage(
  mediaType: string,
  data: string,
  fields: { readonly mediaType: string; readonly data: string },
): Decoded<ImagePart> {
  const declared = imageFormats[mediaType.split(';')[0]?.trim().toLowerCase() ?? '']
  if (declared === undefined) {
    return refuse(fields.mediaType, 'must be image/png, image/jpeg, image/gif or image/webp')
  }
  const base64 = cleanBase64(data)
  if (base64 === undefined) return refuse(fields.data, 'is not valid base64')
  const format = signatures.find(([start]) => base64.startsWith(start))?.[1] ?? declared
  return ok({ type: 'image', format, base64, field: fields.data })
}

/** An image given by an address: a data URL's own, another one's to be fetched. */
export function decodeImageUrl(url: string, field: string): Decoded<ImagePart | RemotePart> {
  if (isAddress(url)) return ok({ type: 'remote', holds: 'image', url, field })
  const split = decodeDataUrl(url, field)
  if (!split.ok) return split
  return decodeImage(split.value.mediaType, split.value.data, { mediaType: field, data: field })
}

/** A document at an address: to be fetched. */
export function decodeDocumentUrl(url: string, field: string, wishes: DocumentWishes): Decoded<RemotePart> {
  return isAddress(url)
    ? ok({ type: 'remote', holds: 'document', url, field, ...wishes })
    : refuse(field, 'must be an http or https address')
}

const isAddress = (url: string): boolean => /^\s*https?:/i.test(url)

/** A document given as base64: its text is read later, plain text is inlined, the rest is refused by its media type. */
export function decodeDocument(
  mediaType: string,
  data: string,
  field: string,
  wishes: DocumentWishes,
): Decoded<DocumentPart | TextPart> {
  const kind = documentKindOf(mediaType, wishes.title)
  const base64 = cleanBase64(data)
  if (base64 === undefined) return refuse(field, 'is not valid base64')
  if (kind === undefined) return refuse(field, `only ${readableDocuments} can be read`)
  if (kind === 'text') return ok(inlinedText(textOfDocument(Buffer.from(base64, 'base64'), mediaType), wishes.title))
  return ok({ type: 'document', kind, base64, field, ...wishes })
}

/** The text of a document as the model shall see it: its title on top, when it has one. */
export function inlinedText(text: string, ...headings: readonly (string | null | undefined)[]): TextPart {
  return { type: 'text', text: [...headings.filter(Boolean), text].join('\n\n') }
}

export type DataUrl = { readonly mediaType: string; readonly data: string }

/** The two halves of a base64 data URL; its media type keeps its parameters. */
export function decodeDataUrl(url: string, field: string): Decoded<DataUrl> {
  const comma = url.indexOf(',')
  const head = comma < 0 ? '' : url.slice(0, comma)
  if (!/^data:/i.test(head) || !/;base64$/i.test(head))
    return refuse(field, 'must be a base64 data URL or an http(s) address')
  return ok({ mediaType: head.slice(5, -';base64'.length), data: url.slice(comma + 1) })
}

// Tolerates line breaks and missing padding, which several clients produce, and nothing else.
function cleanBase64(data: string): string | undefined {
  // Most are sound, and may be 40 MB: those are looked at once.
  const isSound = isBase64.test(data)
  const bare = isSound ? data : data.replace(/\s+/g, '')
  if (!isSound && !isBase64.test(bare)) return undefined
  const missing = (4 - (bare.length % 4)) % 4
  if (missing === 0) return bare
  return missing === 3 || bare.endsWith('=') ? undefined : bare + '='.repeat(missing)
}

const isBase64 = /^[A-Za-z0-9+/]+={0,2}$/
