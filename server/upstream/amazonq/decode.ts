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
import { createTagSplitter } from './thinking.ts'
import { createCalls } from './tool-calls.ts'
import { isObject, type JsonObject, textOf } from './wire.ts'

export type DecodeContext = {
  /** From the provider's spelling of a tool name to the caller's. */
  readonly toolName: (wireName: string) => string
  /** The model was asked to reason between tags. */
  readonly splitThinking: boolean
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

/** Source of every rule: provider's protocol notes, the response. */
export function createReplyDecoder(context: DecodeContext): ReplyDecoder {
  let out: UpstreamEvent[] = []
  let done = false
  const blocks = new Blocks((event: BlockEvent) => {
    out.push(event)
  })
  const repeats = createRepeatGuard()
  const splitter = context.splitThinking ? createTagSplitter() : undefined
  const textHalves = createHalves()
  const reasoningHalves = createHalves()
  const calls = createCalls(blocks, context.toolName)
  /** The headers of the latest known event, and what it is. */
  let knownHeaders: Frame['headers'] | undefined
  let knownType = ''
  const accounting: Accounting = { seen: false, report: {}, stopReason: undefined, stopDetails: undefined }

  function write(content: string): void {
    if (content === '') return
    if (splitter === undefined) blocks.text('text', content)
    else for (const piece of splitter.push(content)) blocks.text(piece.kind, piece.text)
  }

  /** Before anything that is not text, and at the end. */
  function flushText(): void {
    write(textHalves.flush())
    if (splitter !== undefined) for (const piece of splitter.flush()) blocks.text(piece.kind, piece.text)
  }

  function flushReasoning(): void {
    const half = reasoningHalves.flush()
    if (half !== '') blocks.text('reasoning', half)
  }

  function flush(): void {
    write(repeats.settle(false))
    flushReasoning()
    flushText()
    calls.flush()
  }

  function handOver(): readonly UpstreamEvent[] {
    const batch = out
    out = []
    return batch
  }

  function stop(error: GatewayError): void {
    flush()
    const { credits } = accounting.report
    out.push({ type: 'error', error: credits === undefined ? error : { ...error, credits } })
    done = true
  }

  /** The provider says within the reply that no more fits: it ends here, and says so. False when there is none yet. */
  function endAtLimit(): boolean {
    flush()
    blocks.cut()
    if (blocks.isEmpty()) return false
    out.push({ type: 'finish', reason: 'max-tokens', report: accounting.report })
    done = true
    return true
  }

  /**
   * The usual read: one delta of the open text, which neither tags nor a possible repeat hold up. It gives what the long way
   * would, past a dozen functions less; undefined: the long way it is.
   */
  function textOnly(frame: Frame): readonly UpstreamEvent[] | undefined {
    if (done || splitter !== undefined || frame.headers !== knownHeaders) return undefined
    if (knownType !== 'assistantResponseEvent' || repeats.isWaiting()) return undefined
    const index = blocks.liveText()
    if (index === undefined) return undefined
    const content = textOf(parseObject(frame.payload)?.content)
    if (content === undefined) return undefined
    const piece = repeats.offer(textHalves.push(content))
    return piece === '' ? [] : [{ type: 'text-delta', index, text: piece }]
  }

  function read(frame: Frame): void {
    if (done) return
    const fault = take(frame)
    if (fault !== undefined) stop(fault)
  }

  function take(frame: Frame): GatewayError | undefined {
    const { headers } = frame
    // Equal header blocks come as one object: a run of deltas asks once what kind they are.
    if (headers !== knownHeaders) {
      const type = headers[':event-type']
      write(repeats.settle(type === 'codeReferenceEvent'))
      const failure = frameFailure(frame)
      if (failure !== undefined) return failure.isLength && endAtLimit() ? undefined : failure.error
      if (typeof type !== 'string' || !knownEvents.has(type)) return undefined
      knownHeaders = headers
      knownType = type
    } else write(repeats.settle(false))
    const payload = parseObject(frame.payload)
    if (payload === undefined) return broken('The provider sent an unreadable event.', `${knownType} is no JSON object`)
    return apply(knownType, payload)
  }

  function apply(type: string, payload: JsonObject): GatewayError | undefined {
    switch (type) {
      case 'assistantResponseEvent': {
        const content = textOf(payload.content)
        if (content === undefined) break
        flushReasoning()
        write(repeats.offer(textHalves.push(content)))
        break
      }
      case 'reasoningContentEvent': {
        const reasoning = textOf(payload.text)
        const signature = textOf(payload.signature)
        const redacted = textOf(payload.redactedContent)
        if (reasoning !== undefined || signature !== undefined || redacted !== undefined) flushText()
        if (reasoning !== undefined) blocks.text('reasoning', reasoningHalves.push(reasoning))
        if (signature !== undefined || redacted !== undefined) flushReasoning()
        if (signature !== undefined) blocks.signature(signature)
        if (redacted !== undefined) blocks.redacted(redacted)
        break
      }
      case 'toolUseEvent':
        flushReasoning()
        flushText()
        return calls.step(payload) ?? (blocks.isOverfull() ? broken(unusable, 'too much held back') : undefined)
      default:
        if (!accounting.seen) context.accounting.learn()
        readAccounting(accounting, type, payload)
    }
    return blocks.isOverfull() ? broken(unusable, 'too much held back') : undefined
  }

  /** Closes a sound reply; a fault when the body ended too early for one. */
  function finish(): GatewayError | undefined {
    flush()
    const { stopReason, stopDetails, report, seen } = accounting
    const reason = finishReason({ stopReason, stopDetails, report, hasCalls: blocks.callCount() > 0 })
    if (!seen && blocks.isEmpty()) return empty('no content and no accounting')
    if (!seen && context.accounting.isKnown()) return cut('the body ended without accounting')
    if (calls.hasOpen()) return cut('a tool call was not closed')
    if (reason === 'broken') return broken('The model gave a malformed reply.', `stopReason ${stopReason}`)
    if (blocks.isEmpty() && (reason === 'end' || reason === 'stop-sequence')) {
      return { ...empty('accounting without content'), ending: { reason, report } }
    }
    if (!seen) context.note?.({ what: 'accounting-missing' })
    blocks.finish()
    out.push({ type: 'finish', reason, report })
    done = true
    return undefined
  }

  return {
    step: (frame) => {
      read(frame)
      return handOver()
    },
    steps: (frames) => {
      const [only] = frames
      const usual = only !== undefined && frames.length === 1 ? textOnly(only) : undefined
      if (usual !== undefined) return usual
      for (const frame of frames) read(frame)
      return handOver()
    },
    end: () => {
      const fault = done ? undefined : finish()
      if (fault !== undefined) stop(fault)
      return handOver()
    },
    fail: (error) => {
      if (!done) stop(error)
      return handOver()
    },
    hasContent: () => !blocks.isEmpty(),
  }
}

const empty = (cause: string): GatewayError =>
  gatewayError('empty-reply', 'The provider gave an empty reply.', { cause })

const cut = (cause: string): GatewayError => broken('The reply was cut short by the provider.', cause)

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
