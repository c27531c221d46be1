import type { Static } from '@sinclair/typebox'
import type {
  DocumentWishes,
  ImagePart,
  Message,
  Part,
  RemotePart,
  ResultPart,
  TextPart,
} from '../../conversation/conversation.ts'
import { ok } from '../../lib/result.ts'
import { decodeDocument, decodeDocumentUrl, decodeImage, decodeImageUrl, inlinedText } from '../media.ts'
import { createValidator, type Decoded, decodeEach, type Loose, refuse } from '../validate.ts'
import { pastSearchCall, pastSearchResult } from './search-blocks.ts'
import { type Block, type BlockList, blocks, placeholderTool } from './wire.ts'

type Role = Message['role']
type Content = string | Static<typeof BlockList> | null | undefined

const read = {
  text: createValidator(blocks.text),
  image: createValidator(blocks.image),
  document: createValidator(blocks.document),
  compaction: createValidator(blocks.compaction),
  searchResult: createValidator(blocks.search_result),
  thinking: createValidator(blocks.thinking),
  redactedThinking: createValidator(blocks.redacted_thinking),
  toolResult: createValidator(blocks.tool_result),
  toolReference: createValidator(blocks.tool_reference),
} as const

/** A message's content as parts. `at` is the content's own path. Kinds of block we do not know yield nothing. */
export function decodeContent(content: Content, at: string, role: Role): Decoded<readonly Part[]> {
  if (typeof content === 'string') return ok(textParts(content))
  const decoded = decodeEach(content ?? [], (block, index) => decodeBlock(block, `${at}.${index}`, role))
  return decoded.ok ? ok(decoded.value.flat()) : decoded
}

/** One block of a message. Also read on the Chat path, where some clients send these blocks. */
export function decodeBlock(block: string | Static<typeof Block>, at: string, role: Role): Decoded<readonly Part[]> {
  if (typeof block === 'string') return ok(textParts(block))
  const misplaced = misplacedIn(block.type, role)
  if (misplaced !== undefined) return refuse(`${at}.type`, misplaced)
  switch (block.type) {
    case 'thinking': {
      const thinking = read.thinking(block, at)
      if (!thinking.ok) return thinking
      const { thinking: text, signature } = thinking.value
      return ok(signature ? [{ type: 'reasoning', text, signature }] : []) // ruling 17
    }
    case 'redacted_thinking': {
      const redacted = read.redactedThinking(block, at)
      if (!redacted.ok) return redacted
      return ok(redacted.value.data === '' ? [] : [{ type: 'redacted-reasoning', base64: redacted.value.data }])
    }
    case 'tool_result': {
      const result = read.toolResult(block, at)
      if (!result.ok) return result
      const { tool_use_id: callId, content, is_error: isError } = result.value
      const parts = decodeResultContent(content, `${at}.content`)
      return parts.ok ? ok([{ type: 'tool-result', callId, parts: parts.value, isError: isError === true }]) : parts
    }
    case 'server_tool_use':
      return ok((block as Loose).name === 'web_search' ? pastSearchCall(block) : [])
    case 'web_search_tool_result':
      return ok(pastSearchResult(block))
    default:
      return decodeResultBlock(block, at)
  }
}

function decodeResultContent(content: Content, at: string): Decoded<readonly ResultPart[]> {
  if (typeof content === 'string') return ok(textParts(content))
  const decoded = decodeEach(content ?? [], (block, index) => decodeResultBlock(block, `${at}.${index}`))
  return decoded.ok ? ok(decoded.value.flat()) : decoded
}

/** The blocks that may stand in a message and in a tool's result alike. */
function decodeResultBlock(block: string | Static<typeof Block>, at: string): Decoded<readonly ResultPart[]> {
  if (typeof block === 'string') return ok(textParts(block))
  switch (block.type) {
    case 'text': {
      const text = read.text(block, at)
      return text.ok ? ok(textParts(text.value.text)) : text
    }
    case 'image': {
      const image = decodeImageBlock(block, at)
      return image.ok ? ok([image.value]) : image
    }
    case 'document':
      return decodeDocumentBlock(block, at)
    case 'tool_reference': {
      const reference = read.toolReference(block, at)
      return reference.ok ? ok(textParts(referenceText(reference.value.tool_name))) : reference
    }
    case 'search_result': {
      const found = read.searchResult(block, at)
      if (!found.ok) return found
      const body = decodeResultContent(found.value.content, `${at}.content`)
      if (!body.ok) return body
      return ok([...textParts([found.value.title, found.value.source].filter(Boolean).join('\n')), ...body.value])
    }
    case 'compaction': {
      // The newest one of a Messages request has been taken out (`compaction.ts`); elsewhere it is no more than its text.
      const summary = read.compaction(block, at)
      return summary.ok ? ok(textParts(summary.value.content ?? '')) : summary
    }
    default:
      return ok([])
  }
}

function decodeImageBlock(block: unknown, at: string): Decoded<ImagePart | RemotePart> {
  const image = read.image(block, at)
  if (!image.ok) return image
  const { type, media_type: mediaType, data, url } = image.value.source
  const source = `${at}.source`
  if (type === 'base64') {
    return decodeImage(mediaType ?? '', data ?? '', { mediaType: `${source}.media_type`, data: `${source}.data` })
  }
  if (type !== 'url') return refuse(`${source}.type`, 'stored images are not kept; send base64 or an address')
  return decodeImageUrl(url ?? '', `${source}.url`)
}

function decodeDocumentBlock(block: unknown, at: string): Decoded<readonly ResultPart[]> {
  const document = read.document(block, at)
  if (!document.ok) return document
  const { source, title, context, citations } = document.value
  const wishes: DocumentWishes = {
    ...(title == null ? {} : { title }),
    ...(citations?.enabled === true ? { byPage: true } : {}),
  }
  switch (source.type) {
    case 'text':
      return ok([inlinedText(source.data ?? '', title, context)])
    case 'content': {
      const parts = decodeResultContent(source.content, `${at}.source.content`)
      if (!parts.ok) return parts
      return ok([...textParts([title, context].filter(Boolean).join('\n\n')), ...parts.value])
    }
    case 'base64': {
      const part = decodeDocument(source.media_type ?? '', source.data ?? '', `${at}.source.data`, wishes)
      return part.ok ? ok([...textParts(context ?? ''), part.value]) : part
    }
    case 'url': {
      const part = decodeDocumentUrl(source.url ?? '', `${at}.source.url`, wishes)
      return part.ok ? ok([...textParts(context ?? ''), part.value]) : part
    }
    default:
      return refuse(`${at}.source.type`, 'stored documents are not kept; send base64, text or an address')
  }
}

// The provider takes calls from the assistant and results from the user alone. What the assistant said is read by `past.ts`.
function misplacedIn(type: string, role: Role): string | undefined {
  if (type === 'tool_use') return 'tool_use belongs in an assistant message'
  if (type === 'tool_result' && role !== 'user') return 'tool_result belongs in a user message'
  if ((type === 'image' || type === 'document') && role === 'system') return 'a system message takes text only'
  return undefined
}

// The model asked for the tool; the tool itself appears in the list of tools (`tools.ts`).
const referenceText = (name: string): string => (name === placeholderTool ? '' : `Tool ${name} is now available.`)

const textParts = (text: string): readonly TextPart[] => (text === '' ? [] : [{ type: 'text', text }])
