import type { DocumentPart, ImageFormat, ImagePart, TextPart } from '../conversation/conversation.ts'
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
  const declared = imageFormats[mediaType.trim().toLowerCase()]
  if (declared === undefined) {
    return refuse(fields.mediaType, 'must be image/png, image/jpeg, image/gif or image/webp')
  }
  const base64 = cleanBase64(data)
  if (base64 === undefined) return refuse(fields.data, 'is not valid base64')
  const format = signatures.find(([start]) => base64.startsWith(start))?.[1] ?? declared
  return ok({ type: 'image', format, base64 })
}

/** A document given as base64: a PDF waits for its text, plain text is inlined, the rest is refused by its media type. */
export function decodeDocument(
  mediaType: string,
  data: string,
  field: string,
  title: string | undefined,
): Decoded<DocumentPart | TextPart> {
  const kind = mediaType.split(';')[0]?.trim().toLowerCase() ?? ''
  const base64 = cleanBase64(data)
  if (base64 === undefined) return refuse(field, 'is not valid base64')
  if (kind === 'application/pdf') {
    return ok({
      type: 'document',
      mediaType: 'application/pdf',
      base64,
      field,
      ...(title === undefined ? {} : { title }),
    })
  }
  if (kind.startsWith('text/') || kind === 'application/json') {
    return ok(inlinedText(Buffer.from(base64, 'base64').toString('utf8'), title))
  }
  return refuse(field, 'only PDF and plain text documents can be read')
}

/** The text of a document as the model shall see it: its title on top, when it has one. */
export function inlinedText(text: string, ...headings: readonly (string | null | undefined)[]): TextPart {
  return { type: 'text', text: [...headings.filter(Boolean), text].join('\n\n') }
}

export type DataUrl = { readonly mediaType: string; readonly data: string }

/** The two halves of a base64 data URL; other addresses are refused with what to send instead. */
export function decodeDataUrl(url: string, field: string): Decoded<DataUrl> {
  if (/^https?:/i.test(url)) return refuse(field, 'addresses are not fetched; send base64 data instead')
  const comma = url.indexOf(',')
  const head = comma < 0 ? '' : url.slice(0, comma)
  if (!/^data:/i.test(head) || !/;base64$/i.test(head)) return refuse(field, 'must be a base64 data URL')
  return ok({ mediaType: head.slice(5, -';base64'.length).split(';')[0] ?? '', data: url.slice(comma + 1) })
}

// Tolerates line breaks and missing padding, which several clients produce, and nothing else.
function cleanBase64(data: string): string | undefined {
  const bare = /\s/.test(data) ? data.replace(/\s+/g, '') : data
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(bare)) return undefined
  const missing = (4 - (bare.length % 4)) % 4
  if (missing === 0) return bare
  return missing === 3 || bare.endsWith('=') ? undefined : bare + '='.repeat(missing)
}
