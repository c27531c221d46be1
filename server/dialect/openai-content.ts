import { type Static, Type } from '@sinclair/typebox'
import type { Message, Part, ResultPart, TextPart } from '../conversation/conversation.ts'
import { ok } from '../lib/result.ts'
import { decodeBlock } from './anthropic/blocks.ts'
import { decodeDataUrl, decodeDocument, decodeDocumentUrl, decodeImage, decodeImageUrl } from './media.ts'
import { createValidator, type Decoded, decodeEach, open, optional, refuse } from './validate.ts'

/** Content parts are read by their kind (`parts` below), so that an unknown kind is no error. */
const ContentPart = Type.Object({ type: Type.String() }, open)
export const PartList = Type.Array(Type.Union([Type.String(), ContentPart]))
export const ContentEntry = optional(Type.Union([Type.String(), PartList]))

const File = Type.Object(
  {
    file_data: optional(Type.String()),
    filename: optional(Type.String()),
    file_id: optional(Type.String()),
    file_url: optional(Type.String()),
  },
  open,
)

/** The content parts we read, each with what we read of it. */
const parts = {
  text: Type.Object({ text: Type.String() }, open),
  refusal: Type.Object({ refusal: Type.String() }, open),
  image: Type.Object(
    { image_url: optional(Type.Union([Type.String(), Type.Object({ url: Type.String() }, open)])) },
    open,
  ),
  file: Type.Object({ file: optional(File), ...File.properties }, open),
} as const

type Role = Message['role']
type Content = string | Static<typeof PartList> | null | undefined

const read = {
  text: createValidator(parts.text),
  refusal: createValidator(parts.refusal),
  image: createValidator(parts.image),
  file: createValidator(parts.file),
} as const

/** A message's content as parts. `at` is the content's own path. Kinds of part we do not know yield nothing. */
export function decodeContent(content: Content, at: string, role: Role): Decoded<readonly Part[]> {
  if (typeof content === 'string') return ok(textParts(content))
  const decoded = decodeEach(content ?? [], (part, index) => decodePart(part, `${at}.${index}`, role))
  return decoded.ok ? ok(decoded.value.flat()) : decoded
}

/** A tool's result: what may stand there and nothing else. */
export function decodeResultContent(content: Content, at: string): Decoded<readonly ResultPart[]> {
  const decoded = decodeContent(content, at, 'user')
  return decoded.ok ? ok(decoded.value.filter(isResultPart)) : decoded
}

/** One part of a message. */
export function decodePart(
  part: string | Static<typeof ContentPart>,
  at: string,
  role: Role,
): Decoded<readonly Part[]> {
  if (typeof part === 'string') return ok(textParts(part))
  switch (part.type) {
    case 'text':
    case 'input_text':
    case 'output_text': {
      const text = read.text(part, at)
      return text.ok ? ok(textParts(text.value.text)) : text
    }
    case 'refusal': {
      const refusal = read.refusal(part, at)
      return refusal.ok ? ok(textParts(refusal.value.refusal)) : refusal
    }
    case 'image_url':
    case 'input_image':
      return decodeImagePart(part, at, role)
    case 'file':
    case 'input_file':
      return decodeFilePart(part, at, role)
    case 'input_audio':
      return refuse(`${at}.type`, 'audio input is not supported')
    case 'video_url':
    case 'input_video':
      return refuse(`${at}.type`, 'video input is not supported')
    default:
      return decodeBlock(part, at, role) // some clients send the Messages API's blocks here
  }
}

function decodeImagePart(part: unknown, at: string, role: Role): Decoded<readonly Part[]> {
  if (role === 'system') return refuse(`${at}.type`, 'a system message takes text only')
  const image = read.image(part, at)
  if (!image.ok) return image
  const { image_url: given } = image.value
  if (given == null) return refuse(`${at}.image_url`, 'is required; stored files are not kept, send a base64 data URL')
  return typeof given === 'string'
    ? one(decodeImageUrl(given, `${at}.image_url`))
    : one(decodeImageUrl(given.url, `${at}.image_url.url`))
}

function decodeFilePart(part: unknown, at: string, role: Role): Decoded<readonly Part[]> {
  if (role === 'system') return refuse(`${at}.type`, 'a system message takes text only')
  const valid = read.file(part, at)
  if (!valid.ok) return valid
  const file = valid.value.file ?? valid.value
  const base = valid.value.file == null ? at : `${at}.file`
  if (file.file_id != null) return refuse(`${base}.file_id`, 'stored files are not kept; send file_data as a data URL')
  const wishes = file.filename == null ? {} : { title: file.filename }
  if (file.file_url != null) return one(decodeDocumentUrl(file.file_url, `${base}.file_url`, wishes))
  if (file.file_data == null) return refuse(`${base}.file_data`, 'is required')
  const field = `${base}.file_data`
  // Bare base64 without its media type is sent too; a PDF names itself.
  if (file.file_data.startsWith(pdfStart)) return one(decodeDocument('application/pdf', file.file_data, field, wishes))
  const split = decodeDataUrl(file.file_data, field)
  if (!split.ok) return split
  const { mediaType, data } = split.value
  if (!mediaType.toLowerCase().startsWith('image/')) return one(decodeDocument(mediaType, data, field, wishes))
  return one(decodeImage(mediaType, data, { mediaType: field, data: field }))
}

/** `%PDF` in base64. */
const pdfStart = 'JVBERi'

const one = (part: Decoded<Part>): Decoded<readonly Part[]> => (part.ok ? ok([part.value]) : part)

const isResultPart = (part: Part): part is ResultPart =>
  part.type === 'text' || part.type === 'image' || part.type === 'document' || part.type === 'remote'

const textParts = (text: string): readonly TextPart[] => (text === '' ? [] : [{ type: 'text', text }])
