import { LRUCache } from 'lru-cache'
import type { Conversation, DocumentPart, ImagePart, Message, Part, TextPart } from '../conversation/conversation.ts'
import { type GatewayError, gatewayError } from '../conversation/error.ts'
import { leftOut, reasonOf } from '../conversation/left-out.ts'
import { kindOfTurn, newestTurnStart } from '../conversation/newest-turn.ts'
import { type AddNote, addNoNote } from '../conversation/note.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { checkImage } from './images.ts'
import { type PdfReader, pdfLimits } from './pdf.ts'

export type Documents = {
  /**
   * The conversation with every PDF replaced by its text and every image under its true format; the same object when there
   * is nothing to do. What cannot be read is refused in the newest turn, naming the caller's field; in past ones a line of
   * text stands in its place.
   */
  readonly resolve: (
    conversation: Conversation,
    signal: AbortSignal,
    note?: AddNote,
  ) => Promise<Result<Conversation, GatewayError>>
}

/** Texts of documents read before, in characters: clients send the same file again with every turn. */
const rememberedCharacters = 16_000_000
const rememberedFailures = 1_000

export function createDocuments({ readPdf }: { readonly readPdf: PdfReader }): Documents {
  const remembered = new LRUCache<string, TextPart>({
    maxSize: rememberedCharacters,
    sizeCalculation: (part) => part.text.length,
  })
  /** Why it could not be read. Looked at for past turns only: each new one would try in vain again. */
  const failed = new LRUCache<string, string>({ max: rememberedFailures })

  async function read(
    part: DocumentPart,
    signal: AbortSignal,
    isPast: boolean,
  ): Promise<Result<TextPart, GatewayError>> {
    const refuse = (reason: string): Result<TextPart, GatewayError> =>
      err(gatewayError('invalid-request', `${part.field}: the document ${reason}.`, { field: part.field }))
    const bytes = Math.floor((part.base64.length * 3) / 4)
    if (bytes > pdfLimits.bytes) return refuse(`is too large: ${bytes} bytes, at most ${pdfLimits.bytes} can be read`)
    const hash = new Bun.CryptoHasher('sha256').update(part.base64).digest('hex')
    const key = `${hash} ${part.title ?? ''}`
    const known = remembered.get(key)
    if (known) return ok(known)
    const failure = isPast ? failed.get(hash) : undefined
    if (failure !== undefined) return refuse(failure)
    const reading = await readPdf(new Uint8Array(Buffer.from(part.base64, 'base64')), signal)
    if (signal.aborted) return err(gatewayError('cancelled', 'The caller left.'))
    if (!reading.ok) {
      failed.set(hash, reading.reason)
      return refuse(reading.reason)
    }
    const title = part.title === undefined ? 'Document' : `Document "${part.title}"`
    const pages = reading.pages === 1 ? '1 page' : `${reading.pages} pages`
    const text: TextPart = { type: 'text', text: `${title} (PDF, ${pages}):\n\n${reading.text}` }
    remembered.set(key, text)
    return ok(text)
  }

  return {
    resolve: async (conversation, signal, note = addNoNote) => {
      if (!conversation.messages.some(({ parts }) => parts.some(concerns))) return ok(conversation)
      const newest = newestTurnStart(conversation.messages.map(kindOfTurn))
      let images = 0
      const check = async (part: Plain, isPast: boolean): Promise<Result<TextPart | ImagePart, GatewayError>> => {
        if (part.type === 'document') return read(part, signal, isPast)
        return part.type === 'image' ? checkImage(part, `image ${++images} of the request`) : ok(part)
      }
      const messages: Message[] = []
      for (const [index, message] of conversation.messages.entries()) {
        const isPast = index < newest
        const one = async (part: Plain): Promise<Result<TextPart | ImagePart, GatewayError>> => {
          const checked = await check(part, isPast)
          if (checked.ok || !isPast || checked.error.kind === 'cancelled') return checked
          const { field = '' } = checked.error
          note({ what: 'attachment-left-out', field, detail: reasonOf(checked.error) })
          return ok(leftOut(part.type, reasonOf(checked.error), part.type === 'document' ? part.title : undefined))
        }
        const parts = await each(message.parts, async (part): Promise<Result<Part, GatewayError>> => {
          if (part.type === 'document' || part.type === 'image') return one(part)
          if (part.type !== 'tool-result') return ok(part)
          const inner = await each(part.parts, one)
          return inner.ok ? ok({ ...part, parts: inner.value }) : inner
        })
        if (!parts.ok) return parts
        messages.push({ ...message, parts: parts.value })
      }
      return ok({ ...conversation, messages })
    },
  }
}

type Plain = TextPart | ImagePart | DocumentPart

const concerns = (part: Part): boolean =>
  part.type === 'document' || part.type === 'image' || (part.type === 'tool-result' && part.parts.some(concerns))

/** In order, up to the first failure. */
async function each<From, To>(
  items: readonly From[],
  change: (item: From) => Promise<Result<To, GatewayError>>,
): Promise<Result<readonly To[], GatewayError>> {
  const changed: To[] = []
  for (const item of items) {
    const result = await change(item)
    if (!result.ok) return result
    changed.push(result.value)
  }
  return ok(changed)
}
