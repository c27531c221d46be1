import { LRUCache } from 'lru-cache'
import type {
  Conversation,
  DocumentPart,
  DocumentWishes,
  ImagePart,
  Message,
  Part,
  RemotePart,
  TextPart,
} from '../conversation/conversation.ts'
import { type GatewayError, gatewayError } from '../conversation/error.ts'
import { leftOut, reasonOf } from '../conversation/left-out.ts'
import { kindOfTurn, newestTurnStart } from '../conversation/newest-turn.ts'
import { type AddNote, addNoNote } from '../conversation/note.ts'
import { realEffects } from '../lib/effects.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { unwatched, type WatchMemory } from '../lib/watch-memory.ts'
import { checkImage, refuseImage } from './images.ts'
import { type AttachmentReader, type DocumentReading, documentLimits } from './reading.ts'
import type { FetchAsk, FetchAttachment } from './remote.ts'
import { type Addresses, fetchSideBySide } from './side-by-side.ts'

export type Documents = {
  /**
   * The conversation with every document replaced by its text, every image under its true format and within the provider's
   * limits, and what stands at an address fetched; the same object when there is nothing to do. What cannot be read is refused
   * in the newest turn, naming the caller's field; in past ones a line of text stands in its place. A dry one fetches nothing.
   */
  readonly resolve: (
    conversation: Conversation,
    signal: AbortSignal,
    note?: AddNote,
    ask?: FetchAsk,
  ) => Promise<Result<Conversation, GatewayError>>
}

export type DocumentsDeps = {
  readonly reader: AttachmentReader
  readonly fetchAttachment: FetchAttachment
  readonly memory?: WatchMemory
}

/** Texts of documents read before, in characters: clients send the same file again with every turn. */
const rememberedCharacters = 16_000_000
const rememberedFailures = 1_000
/** The same of images made smaller, in bytes of base64. */
const rememberedImages = 64 * 1024 * 1024

type Plain = TextPart | ImagePart | DocumentPart | RemotePart
/** `lacks`: what of the document is not in it. */
type ReadText = { readonly part: TextPart; readonly lacks?: string }
type Resolved = Result<TextPart | ImagePart, GatewayError>
type Turn = {
  readonly signal: AbortSignal
  readonly isPast: boolean
  readonly note: AddNote
  readonly callerId: string | undefined
  readonly addresses: Addresses
}

export function createDocuments({ reader, fetchAttachment, memory = unwatched }: DocumentsDeps): Documents {
  const remembered = new LRUCache<string, ReadText>({
    maxSize: rememberedCharacters,
    sizeCalculation: ({ part }) => part.text.length,
  })
  const smaller = new LRUCache<string, Pick<ImagePart, 'format' | 'base64'>>({
    maxSize: rememberedImages,
    sizeCalculation: ({ base64 }) => base64.length,
  })
  /** Why it could not be read. Looked at for past turns only: each new one would try in vain again. */
  const failed = new LRUCache<string, string>({ max: rememberedFailures })
  memory('document_characters', () => remembered.calculatedSize, rememberedCharacters)
  memory('smaller_image_characters', () => smaller.calculatedSize, rememberedImages)
  memory('unreadable_documents', () => failed.size, rememberedFailures)

  async function readDocument(part: DocumentPart, { signal, isPast, callerId, note }: Turn): Promise<Resolved> {
    const refuse = (reason: string): Result<TextPart, GatewayError> =>
      err(gatewayError('invalid-request', `${part.field}: the document ${reason}.`, { field: part.field }))
    const bytes = Math.floor((part.base64.length * 3) / 4)
    if (bytes > documentLimits.bytes)
      return refuse(`is too large: ${bytes} bytes, at most ${documentLimits.bytes} can be read`)
    const hash = await hashOf(part.base64)
    if (signal.aborted) return gone
    const key = `${hash} ${part.kind} ${part.byPage === true} ${part.title ?? ''}`
    const told = ({ part: text, lacks }: ReadText): Result<TextPart, GatewayError> => {
      if (lacks !== undefined) note({ what: 'document-incomplete', field: part.field, detail: lacks })
      return ok(text)
    }
    const known = remembered.get(key)
    if (known) return told(known)
    const failure = isPast ? failed.get(hash) : undefined
    if (failure !== undefined) return refuse(failure)
    const reading = await reader.document(part.base64, part.kind, signal, callerId)
    if (signal.aborted) return gone
    if (!reading.ok) {
      if (reading.isBusy) return notItsTurn(part.field, `the document ${reading.reason}.`)
      failed.set(hash, reading.reason)
      return refuse(reading.reason)
    }
    const { lacks } = reading
    const read: ReadText = { part: { type: 'text', text: textOf(reading, part) }, ...(lacks && { lacks }) }
    remembered.set(key, read)
    return told(read)
  }

  async function readImage(given: ImagePart, { signal, isPast, note, callerId }: Turn): Promise<Resolved> {
    const checked = checkImage(given)
    if (!checked.ok) return checked
    const { part, isOver } = checked.value
    if (!isOver) return ok(part)
    const hash = await hashOf(part.base64)
    if (signal.aborted) return gone
    const known = smaller.get(hash)
    if (known) return ok({ ...part, ...known })
    const failure = isPast ? failed.get(hash) : undefined
    if (failure !== undefined) return refuseImage(part, `${failure}.`)
    const reading = await reader.image(part.base64, signal, callerId)
    if (signal.aborted) return gone
    if (!reading.ok) {
      if (reading.isBusy) return notItsTurn(part.field, `the image ${reading.reason}.`)
      failed.set(hash, reading.reason)
      return refuseImage(part, `${reading.reason}.`)
    }
    const { format, base64, about } = reading
    note({ what: 'image-shrunk', ...(part.field !== undefined && { field: part.field }), detail: about })
    smaller.set(hash, { format, base64 })
    return ok({ ...part, format, base64 })
  }

  async function readRemote(part: RemotePart, turn: Turn): Promise<Resolved> {
    const { field } = part
    const fetched = await turn.addresses.at(part)
    if (turn.signal.aborted) return gone
    if (!fetched.ok) return fetched
    const { part: found, about, isPromise } = fetched.value
    turn.note({ what: isPromise ? 'address-not-fetched' : 'address-fetched', field, detail: about })
    return readOne(found, turn)
  }

  async function readOne(part: Plain, turn: Turn): Promise<Resolved> {
    switch (part.type) {
      case 'text':
        return ok(part)
      case 'image':
        return readImage(part, turn)
      case 'document':
        return readDocument(part, turn)
      case 'remote':
        return readRemote(part, turn)
    }
  }

  async function replaced(
    conversation: Conversation,
    turn: Omit<Turn, 'isPast'>,
  ): Promise<Result<Conversation, GatewayError>> {
    const newest = newestTurnStart(conversation.messages.map(kindOfTurn))
    const messages: Message[] = []
    for (const [index, message] of conversation.messages.entries()) {
      const isPast = index < newest
      const one = async (part: Plain): Promise<Resolved> => {
        const read = await readOne(part, { ...turn, isPast })
        if (read.ok || !isPast || read.error.kind === 'cancelled') return read
        // An old document comes back with the next try; an old address may be dead for good.
        if (read.error.kind === 'pool-busy' && part.type !== 'remote') return read
        const { field = '' } = read.error
        turn.note({ what: 'attachment-left-out', field, detail: reasonOf(read.error) })
        const what = part.type === 'remote' ? part.holds : part.type
        return ok(leftOut(what, reasonOf(read.error), nameOf(part)))
      }
      const parts = await each(message.parts, async (part): Promise<Result<Part, GatewayError>> => {
        if (isAttachment(part)) return one(part)
        if (part.type !== 'tool-result') return ok(part)
        const inner = await each(part.parts, one)
        return inner.ok ? ok({ ...part, parts: inner.value }) : inner
      })
      if (!parts.ok) return parts
      messages.push({ ...message, parts: parts.value })
    }
    return ok({ ...conversation, messages })
  }

  return {
    resolve: async (conversation, signal, note = addNoNote, ask = {}) => {
      if (!conversation.messages.some(({ parts }) => parts.some(concerns))) return ok(conversation)
      const remote = conversation.messages.flatMap(({ parts }) => parts.flatMap(remoteParts))
      const addresses = fetchSideBySide(remote, fetchAttachment, signal, ask)
      try {
        return await replaced(conversation, { signal, note, callerId: ask.callerId, addresses })
      } finally {
        addresses.stop()
      }
    },
  }
}

const gone = err(gatewayError('cancelled', 'The caller left.'))

/** Nothing is wrong with it: the same again in a while may be read. */
const notItsTurn = (field = 'messages', reason: string): Result<never, GatewayError> =>
  err(gatewayError('pool-busy', `${field}: ${reason}`, { field, retryAfterMs: busyRetryMs }))
const busyRetryMs = 10_000

const hashedAtOnce = 2 * 1024 * 1024

/** Of a large one in pieces: others have their turn between them. */
async function hashOf(base64: string): Promise<string> {
  const hasher = new Bun.CryptoHasher('sha256')
  for (let at = 0; at < base64.length; at += hashedAtOnce) {
    if (at > 0) await realEffects.turn()
    hasher.update(base64.slice(at, at + hashedAtOnce))
  }
  return hasher.digest('hex')
}

const isAttachment = (part: Part): part is ImagePart | DocumentPart | RemotePart =>
  part.type === 'document' || part.type === 'image' || part.type === 'remote'
const remoteParts = (part: Part): readonly RemotePart[] => {
  if (part.type === 'remote') return [part]
  return part.type === 'tool-result' ? part.parts.flatMap(remoteParts) : []
}
const concerns = (part: Part): boolean =>
  isAttachment(part) || (part.type === 'tool-result' && part.parts.some(concerns))

function nameOf(part: Plain): string | undefined {
  if (part.type === 'remote') return part.title ?? part.url
  return part.type === 'document' ? part.title : undefined
}

/** A PDF's pages are named where the caller means to cite them; slides and sheets have names of their own in any case. */
function textOf(
  { about, sections }: Extract<DocumentReading, { ok: true }>,
  { kind, title, byPage }: Pick<DocumentPart, 'kind'> & DocumentWishes,
): string {
  const name = title === undefined ? 'Document' : `Document "${title}"`
  const isNamed = kind !== 'pdf' || byPage === true
  const texts = sections.flatMap(({ heading, text, gap }) => {
    const name = gap === undefined ? heading : `${heading}: ${gap}`
    const head = name !== undefined && (gap !== undefined || (isNamed && text !== '')) ? [`[${name}]`] : []
    const lines = text === '' ? head : [...head, text]
    return lines.length === 0 ? [] : [lines.join('\n')]
  })
  return `${name} (${about}):\n\n${texts.join('\n\n')}`
}

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
