import type { Frame } from '../../codec/eventstream.ts'
import { type GatewayError, gatewayError } from '../../conversation/error.ts'
import type { BlockEvent, UpstreamEvent } from '../../conversation/event.ts'
import type { AddNote } from '../../conversation/note.ts'
import { type Accounting, readAccounting } from './accounting.ts'
import { Blocks } from './blocks.ts'
import { broken, unusable } from './broken.ts'
import { classifyException, isLengthException } from './errors.ts'
import { createHalves } from './halves.ts'
import { createRepeatGuard } from './repeats.ts'
import { finishReason } from './stop-reason.ts'
import { createTagSplitter, type TagSplitter } from './thinking.ts'
import { Calls } from './tool-calls.ts'
import { isObject, type JsonObject, textOf } from './wire.ts'

export type DecodeContext = {
  /** From the provider's spelling of a tool name to the caller's. */
  readonly toolName: (wireName: string) => string
  /** The model was asked to reason between tags. */
  readonly splitThinking: boolean
  /**
   * Tools, in the caller's spelling, whose calls are judged by whoever reads the reply: one whose input is no JSON object does
   * not end it, so that the calls behind it are had, too.
   */
  readonly judged?: ReadonlySet<string>
  readonly accounting: AccountingHabit
  readonly note?: AddNote
}

/** Whether replies of this account from this host are known to end with accounting: then one without it was cut. */
export type AccountingHabit = {
  readonly isKnown: () => boolean
  /** A reply had some. */
  readonly learn: () => void
}

/** Turns one reply's frames into events. After a `finish` or `error` it gives nothing more. */
export type ReplyDecoder = {
  readonly step: (frame: Frame) => readonly UpstreamEvent[]
  /** The same for all frames of one network chunk. */
  readonly steps: (frames: readonly Frame[]) => readonly UpstreamEvent[]
  /** The body ended on a frame border. */
  readonly end: () => readonly UpstreamEvent[]
  /** The body cannot be read on: gives what was held back, then the error. */
  readonly fail: (error: GatewayError) => readonly UpstreamEvent[]
  /** Some content was seen; given out or still held. */
  readonly hasContent: () => boolean
}

const text = new TextDecoder()

/** Source of every rule: provider's protocol notes, the response. A class: each delta passes it (docs/performance.md). */
class ReplyReader implements ReplyDecoder {
  private out: UpstreamEvent[] = []
  private done = false
  /** The headers of the latest known event, and what it is. */
  private knownHeaders: Frame['headers'] | undefined
  private knownType = ''
  private readonly blocks = new Blocks((event: BlockEvent) => {
    this.out.push(event)
  })
  private readonly repeats = createRepeatGuard()
  private readonly textHalves = createHalves()
  private readonly reasoningHalves = createHalves()
  private readonly splitter: TagSplitter | undefined
  private readonly calls: Calls
  private readonly accounting: Accounting = { seen: false, report: {}, stopReason: undefined, stopDetails: undefined }

  constructor(private readonly context: DecodeContext) {
    this.splitter = context.splitThinking ? createTagSplitter() : undefined
    this.calls = new Calls(this.blocks, context.toolName, context.judged)
  }

  step(frame: Frame): readonly UpstreamEvent[] {
    this.read(frame)
    return this.handOver()
  }

  steps(frames: readonly Frame[]): readonly UpstreamEvent[] {
    const [only] = frames
    const usual = only !== undefined && frames.length === 1 ? this.textOnly(only) : undefined
    if (usual !== undefined) return usual
    for (const frame of frames) this.read(frame)
    return this.handOver()
  }

  end(): readonly UpstreamEvent[] {
    const fault = this.done ? undefined : this.finish()
    if (fault !== undefined) this.stop(fault)
    return this.handOver()
  }

  fail(error: GatewayError): readonly UpstreamEvent[] {
    if (!this.done) this.stop(error)
    return this.handOver()
  }

  hasContent(): boolean {
    return !this.blocks.isEmpty()
  }

  private write(content: string): void {
    if (content === '') return
    if (this.splitter === undefined) this.blocks.text('text', content)
    else for (const piece of this.splitter.push(content)) this.blocks.text(piece.kind, piece.text)
  }

  /** Before anything that is not text, and at the end. */
  private flushText(): void {
    this.write(this.textHalves.flush())
    if (this.splitter !== undefined) for (const { kind, text } of this.splitter.flush()) this.blocks.text(kind, text)
  }

  private flushReasoning(): void {
    const half = this.reasoningHalves.flush()
    if (half !== '') this.blocks.text('reasoning', half)
  }

  private flush(): void {
    this.write(this.repeats.settle(false))
    this.flushReasoning()
    this.flushText()
    this.calls.flush()
  }

  private handOver(): readonly UpstreamEvent[] {
    const batch = this.out
    this.out = []
    return batch
  }

  private stop(error: GatewayError): void {
    this.flush()
    const { credits } = this.accounting.report
    this.out.push({ type: 'error', error: credits === undefined ? error : { ...error, credits } })
    this.done = true
  }

  /** The provider says within the reply that no more fits: it ends here, and says so. False when there is none yet. */
  private endAtLimit(): boolean {
    this.flush()
    this.blocks.cut()
    if (this.blocks.isEmpty()) return false
    this.out.push({ type: 'finish', reason: 'max-tokens', report: this.accounting.report })
    this.done = true
    return true
  }

  /**
   * The usual read: one delta of the open text, which neither tags nor a possible repeat hold up. It gives what the long way
   * would, past a dozen functions less; undefined: the long way it is.
   */
  private textOnly(frame: Frame): readonly UpstreamEvent[] | undefined {
    if (this.done || this.splitter !== undefined || frame.headers !== this.knownHeaders) return undefined
    if (this.knownType !== 'assistantResponseEvent' || this.repeats.isWaiting()) return undefined
    const index = this.blocks.liveText()
    if (index === undefined) return undefined
    const content = textOf(parseObject(frame.payload)?.content)
    if (content === undefined) return undefined
    const piece = this.repeats.offer(this.textHalves.push(content))
    return piece === '' ? [] : [{ type: 'text-delta', index, text: piece }]
  }

  private read(frame: Frame): void {
    if (this.done) return
    const fault = this.take(frame)
    if (fault !== undefined) this.stop(fault)
  }

  private take(frame: Frame): GatewayError | undefined {
    const { headers } = frame
    // Equal header blocks come as one object: a run of deltas asks once what kind they are.
    if (headers !== this.knownHeaders) {
      const type = headers[':event-type']
      this.write(this.repeats.settle(type === 'codeReferenceEvent'))
      const failure = frameFailure(frame)
      if (failure !== undefined) return failure.isLength && this.endAtLimit() ? undefined : failure.error
      if (typeof type !== 'string' || !knownEvents.has(type)) return undefined
      this.knownHeaders = headers
      this.knownType = type
    } else this.write(this.repeats.settle(false))
    const payload = parseObject(frame.payload)
    if (payload === undefined)
      return broken('The provider sent an unreadable event.', `${this.knownType} is no JSON object`)
    return this.apply(this.knownType, payload)
  }

  private apply(type: string, payload: JsonObject): GatewayError | undefined {
    const { blocks } = this
    const fault = contentEvents.has(type) ? this.calls.fault() : undefined
    if (fault !== undefined) return fault
    switch (type) {
      case 'assistantResponseEvent': {
        const content = textOf(payload.content)
        if (content === undefined) break
        this.flushReasoning()
        this.write(this.repeats.offer(this.textHalves.push(content)))
        break
      }
      case 'reasoningContentEvent': {
        const reasoning = textOf(payload.text)
        const signature = textOf(payload.signature)
        const redacted = textOf(payload.redactedContent)
        if (reasoning !== undefined || signature !== undefined || redacted !== undefined) this.flushText()
        if (reasoning !== undefined) blocks.text('reasoning', this.reasoningHalves.push(reasoning))
        if (signature !== undefined || redacted !== undefined) this.flushReasoning()
        if (signature !== undefined) blocks.signature(signature)
        if (redacted !== undefined) blocks.redacted(redacted)
        break
      }
      case 'toolUseEvent':
        this.flushReasoning()
        this.flushText()
        return this.calls.step(payload) ?? (blocks.isOverfull() ? broken(unusable, 'too much held back') : undefined)
      default:
        if (!this.accounting.seen) this.context.accounting.learn()
        readAccounting(this.accounting, type, payload)
    }
    return blocks.isOverfull() ? broken(unusable, 'too much held back') : undefined
  }

  /** Closes a sound reply; a fault when the body ended too early for one. */
  private finish(): GatewayError | undefined {
    const { blocks, calls, context } = this
    this.flush()
    const { stopReason, stopDetails, report, seen } = this.accounting
    const why = (hasCalls: boolean) => finishReason({ stopReason, stopDetails, report, hasCalls })
    const limit = calls.hasOpen() ? why(false) : undefined
    if (limit === 'max-tokens' || limit === 'context-full') {
      blocks.cut()
      this.out.push({ type: 'finish', reason: limit, report })
      this.done = true
      return undefined
    }
    const fault = calls.fault()
    if (fault !== undefined) return fault
    const reason = why(blocks.callCount() > 0)
    if (!seen && blocks.isEmpty()) return empty('no content and no accounting')
    if (!seen && context.accounting.isKnown()) return cut('the body ended without accounting')
    if (calls.hasOpen()) return cut('a tool call was not closed')
    // What was malformed has gone on as a call, to be judged there.
    const isBroken = reason === 'broken' && !calls.hasMalformed()
    if (isBroken) return broken('The model gave a malformed reply.', `stopReason ${stopReason}`)
    if (blocks.isEmpty() && (reason === 'end' || reason === 'stop-sequence')) {
      return { ...empty('accounting without content'), ending: { reason, report } }
    }
    if (!seen) context.note?.({ what: 'accounting-missing' })
    blocks.finish()
    this.out.push({ type: 'finish', reason: reason === 'broken' ? 'tool-calls' : reason, report })
    this.done = true
    return undefined
  }
}

export const createReplyDecoder = (context: DecodeContext): ReplyDecoder => new ReplyReader(context)

const empty = (cause: string): GatewayError =>
  gatewayError('empty-reply', 'The provider gave an empty reply.', { cause })

const cut = (cause: string): GatewayError => broken('The reply was cut short by the provider.', cause)

const contentEvents: ReadonlySet<string> = new Set(['assistantResponseEvent', 'reasoningContentEvent', 'toolUseEvent'])

/** Everything else is passed over unread: citations, links, follow-ups, and what is yet to be invented. */
const knownEvents: ReadonlySet<string> = new Set([
  'assistantResponseEvent',
  'reasoningContentEvent',
  'toolUseEvent',
  'metadataEvent',
  'contextUsageEvent',
  'meteringEvent',
])

type Failed = {
  readonly error: GatewayError
  /** Said of a length: within a reply, that of the reply. */
  readonly isLength: boolean
}

/** What a frame says went wrong; undefined for events. */
function frameFailure({ headers, payload }: Frame): Failed | undefined {
  const event = headers[':event-type']
  switch (headers[':message-type']) {
    case 'exception':
      return failed(String(headers[':exception-type'] ?? 'error'), text.decode(payload))
    case 'error':
      return failed(String(headers[':error-code'] ?? 'error'), JSON.stringify({ message: headers[':error-message'] }))
    case 'event':
      // Some hosts are said to send an exception's name as an event's.
      return typeof event === 'string' && /(?:exception|error)$/i.test(event)
        ? failed(event, text.decode(payload))
        : undefined
    default: {
      const error = broken('The provider broke its protocol.', `message type ${String(headers[':message-type'])}`)
      return { error, isLength: false }
    }
  }
}

const failed = (name: string, payload: string): Failed => ({
  error: classifyException(name, payload),
  isLength: isLengthException(name, payload),
})

function parseObject(payload: Uint8Array): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text.decode(payload))
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}
