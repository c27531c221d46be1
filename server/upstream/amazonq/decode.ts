import type { Frame } from '../../codec/eventstream.ts'
import { type GatewayError, gatewayError } from '../../conversation/error.ts'
import type { BlockEvent, UpstreamEvent, UsageReport } from '../../conversation/event.ts'
import { type Blocks, type CallBlock, createBlocks } from './blocks.ts'
import { classifyException } from './errors.ts'
import { createRepeatGuard } from './repeats.ts'
import { finishReason } from './stop-reason.ts'
import { createTagSplitter } from './thinking.ts'
import { isObject, type JsonObject, numberOf, textOf } from './wire.ts'

export type DecodeContext = {
  /** From the provider's spelling of a tool name to the caller's. */
  readonly toolName: (wireName: string) => string
  /** The model was asked to reason between tags. */
  readonly splitThinking: boolean
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

/** Longest input of one tool call, characters. */
const maxInputCharacters = 16 * 1024 * 1024

const text = new TextDecoder()

/** Source of every rule: provider's protocol notes, the response. */
export function createReplyDecoder(context: DecodeContext): ReplyDecoder {
  let out: UpstreamEvent[] = []
  let done = false
  const blocks = createBlocks((event: BlockEvent) => {
    out.push(event)
  })
  const repeats = createRepeatGuard()
  const splitter = context.splitThinking ? createTagSplitter() : undefined
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
    if (splitter !== undefined) for (const piece of splitter.flush()) blocks.text(piece.kind, piece.text)
  }

  function handOver(): readonly UpstreamEvent[] {
    const batch = out
    out = []
    return batch
  }

  function stop(error: GatewayError): void {
    write(repeats.settle(false))
    flushText()
    out.push({ type: 'error', error })
    done = true
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
      if (failure !== undefined) return failure
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
      case 'assistantResponseEvent':
        write(repeats.offer(textOf(payload.content) ?? ''))
        break
      case 'reasoningContentEvent': {
        const reasoning = textOf(payload.text)
        const signature = textOf(payload.signature)
        const redacted = textOf(payload.redactedContent)
        if (reasoning !== undefined || signature !== undefined || redacted !== undefined) flushText()
        if (reasoning !== undefined) blocks.text('reasoning', reasoning)
        if (signature !== undefined) blocks.signature(signature)
        if (redacted !== undefined) blocks.redacted(redacted)
        break
      }
      case 'toolUseEvent':
        flushText()
        return calls.step(payload) ?? (blocks.isOverfull() ? broken(unusable, 'too much held back') : undefined)
      default:
        readAccounting(accounting, type, payload)
    }
    return blocks.isOverfull() ? broken(unusable, 'too much held back') : undefined
  }

  /** Closes a sound reply; a fault when the body ended too early for one. */
  function finish(): GatewayError | undefined {
    write(repeats.settle(false))
    flushText()
    const { stopReason, stopDetails, report } = accounting
    const reason = finishReason({ stopReason, stopDetails, report, hasCalls: blocks.callCount() > 0 })
    if (!accounting.seen) {
      return blocks.isEmpty()
        ? gatewayError('empty-reply', 'The provider gave an empty reply.', { cause: 'no content and no accounting' })
        : broken('The reply was cut short by the provider.', 'the body ended without accounting')
    }
    if (calls.hasOpen()) return broken('The reply was cut short by the provider.', 'a tool call was not closed')
    if (reason === 'broken') {
      return broken('The model gave a malformed reply.', `stopReason ${stopReason}`)
    }
    if (blocks.isEmpty() && (reason === 'end' || reason === 'stop-sequence')) {
      return gatewayError('empty-reply', 'The provider gave an empty reply.', { cause: 'accounting without content' })
    }
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

const unusable = 'The provider sent a reply that cannot be used.'

function broken(message: string, cause: string): GatewayError {
  return gatewayError('broken-reply', message, { cause })
}

/** Everything else is passed over unread: citations, links, follow-ups, and what is yet to be invented. */
const knownEvents: ReadonlySet<string> = new Set([
  'assistantResponseEvent',
  'reasoningContentEvent',
  'toolUseEvent',
  'metadataEvent',
  'contextUsageEvent',
  'meteringEvent',
])

/** What a frame says went wrong; undefined for events. */
function frameFailure(frame: Frame): GatewayError | undefined {
  const { headers, payload } = frame
  const event = headers[':event-type']
  switch (headers[':message-type']) {
    case 'exception':
      return classifyException(String(headers[':exception-type'] ?? 'error'), text.decode(payload))
    case 'error':
      return classifyException(
        String(headers[':error-code'] ?? 'error'),
        JSON.stringify({ message: headers[':error-message'] }),
      )
    case 'event':
      // Some hosts are said to send an exception's name as an event's.
      return typeof event === 'string' && /(?:exception|error)$/i.test(event)
        ? classifyException(event, text.decode(payload))
        : undefined
    default:
      return broken('The provider broke its protocol.', `message type ${String(headers[':message-type'])}`)
  }
}

function parseObject(payload: Uint8Array): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text.decode(payload))
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** Keeps the tool calls of a reply by their ids. */
function createCalls(blocks: Blocks, toolName: (wireName: string) => string) {
  const byId = new Map<string, CallBlock>()
  let latest: CallBlock | undefined

  function step(payload: JsonObject): GatewayError | undefined {
    const id = textOf(payload.toolUseId)
    const call = id === undefined ? latest : (byId.get(id) ?? open(id))
    if (call === undefined) return broken(unusable, 'a tool call without an id')
    if (call.closed) return undefined // announced again, whole
    const name = textOf(payload.name)
    if (call.name === undefined && name !== undefined) {
      call.name = toolName(name)
      blocks.drain()
    }
    const input = inputText(payload.input, call.json)
    if (call.json.length + input.length > maxInputCharacters) return broken(unusable, 'a tool call is too large')
    if (input !== '') blocks.callInput(call, input)
    return payload.stop === true ? close(call) : undefined
  }

  function open(id: string): CallBlock {
    const call = blocks.call(id)
    byId.set(id, call)
    latest = call
    blocks.drain()
    return call
  }

  function close(call: CallBlock): GatewayError | undefined {
    if (call.name === undefined) return broken(unusable, 'a tool call without a name')
    if (call.json.trim() === '') blocks.callInput(call, '{}')
    else if (!isJsonObject(call.json))
      return broken('The model gave a malformed tool call.', 'its input is no JSON object')
    call.closed = true
    blocks.drain()
    return undefined
  }

  return { step, hasOpen: () => [...byId.values()].some((call) => !call.closed) }
}

/** `input` is a fragment of JSON text; some models were seen to give the object itself, perhaps with every fragment. */
function inputText(input: unknown, soFar: string): string {
  if (typeof input === 'string') return input
  if (!isObject(input) || Object.keys(input).length === 0) return ''
  const json = JSON.stringify(input)
  return json === soFar ? '' : json
}

function isJsonObject(json: string): boolean {
  try {
    return isObject(JSON.parse(json))
  } catch {
    return false
  }
}

type Accounting = {
  seen: boolean
  report: UsageReport
  stopReason: string | undefined
  stopDetails: JsonObject | undefined
}

function readAccounting(accounting: Accounting, type: string, payload: JsonObject): void {
  accounting.seen = true
  if (type === 'metadataEvent') {
    accounting.stopReason = textOf(payload.stopReason) ?? accounting.stopReason
    accounting.stopDetails = isObject(payload.stopDetails) ? payload.stopDetails : accounting.stopDetails
    if (isObject(payload.tokenUsage)) accounting.report = { ...accounting.report, ...tokenReport(payload.tokenUsage) }
  } else if (type === 'contextUsageEvent') {
    const percent = numberOf(payload.contextUsagePercentage)
    if (percent !== undefined) accounting.report = { ...accounting.report, contextPercent: percent }
  } else {
    const credits = numberOf(payload.usage)
    if (credits !== undefined) accounting.report = { ...accounting.report, credits }
  }
}

/** Input counts what came from the cache and went into it. */
function tokenReport(usage: JsonObject): UsageReport {
  const output = numberOf(usage.outputTokens)
  const total = numberOf(usage.totalTokens)
  const uncached = numberOf(usage.uncachedInputTokens)
  const read = numberOf(usage.cacheReadInputTokens)
  const written = numberOf(usage.cacheWriteInputTokens)
  const percent = numberOf(usage.contextUsagePercentage)
  const counted = uncached === undefined ? undefined : uncached + (read ?? 0) + (written ?? 0)
  const input = counted ?? (total === undefined || output === undefined ? undefined : total - output)
  return {
    ...(input === undefined ? {} : { inputTokens: input }),
    ...(output === undefined ? {} : { outputTokens: output }),
    ...(read === undefined ? {} : { cacheReadTokens: read }),
    ...(written === undefined ? {} : { cacheWriteTokens: written }),
    ...(percent === undefined ? {} : { contextPercent: percent }),
  }
}
