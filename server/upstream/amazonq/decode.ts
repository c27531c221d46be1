import type { Frame } from '../../codec/eventstream.ts'
import { type GatewayError, gatewayError } from '../../conversation/error.ts'
import type { FinishReason, UpstreamEvent, UsageReport } from '../../conversation/event.ts'
import { classifyException } from './errors.ts'
import { createTagSplitter, type Segment } from './thinking.ts'
import type { ToolNames } from './tool-names.ts'
import { isObject, type JsonObject, numberOf, textOf } from './wire.ts'

export type DecodeOptions = { readonly names: Pick<ToolNames, 'fromWire'>; readonly thinksInTags: boolean }

export type ReplyDecoder = {
  /** Events of one frame; after an `error` event nothing more is to be fed. */
  readonly push: (frame: Frame) => readonly UpstreamEvent[]
  /** The body has ended on a frame boundary: the rest, then exactly one `finish` or `error`. */
  readonly end: () => readonly UpstreamEvent[]
}

/** The list is open; what is not in it ends a reply like END_TURN. Source: protocol notes, 3.6. */
const stopReasons: Readonly<Record<string, FinishReason>> = {
  END_TURN: 'end',
  TOOL_USE: 'end', // said without a tool use having been seen
  MAX_TOKENS: 'max-tokens',
  MODEL_CONTEXT_WINDOW_EXCEEDED: 'context-full',
  CONTENT_FILTERED: 'filtered',
  STOP_SEQUENCE: 'end',
  GUARDRAIL_INTERVENED: 'refusal',
}
const malformed = new Set(['MALFORMED_MODEL_OUTPUT', 'MALFORMED_TOOL_USE'])

type Call = { readonly id: string; name: string; json: string; waiting: string[]; started: boolean; stopped: boolean }
type Block =
  | { readonly type: 'text' | 'reasoning'; readonly index: number }
  | { readonly type: 'tool'; readonly index: number; readonly call: Call }

/** A provider's frames as events, one state machine per reply. Blocks come one after another even if the calls' frames mix. */
export function createReplyDecoder({ names, thinksInTags }: DecodeOptions): ReplyDecoder {
  const splitter = thinksInTags ? createTagSplitter() : undefined
  const calls = new Map<string, Call>()
  let report: UsageReport = {}
  let stopReason: string | undefined
  let accounted = false
  let open: Block | undefined
  let nextIndex = 0
  let out: UpstreamEvent[] = []
  let held: Segment[] = []
  let failure: GatewayError | undefined

  const close = (signature?: string): void => {
    if (open?.type === 'text') out.push({ type: 'text-end', index: open.index })
    if (open?.type === 'reasoning') {
      out.push({ type: 'reasoning-end', index: open.index, ...(signature === undefined ? {} : { signature }) })
    }
    if (open?.type === 'tool') out.push({ type: 'tool-call-end', index: open.index })
    open = undefined
  }
  const speak = (kind: Segment['kind'], text: string): void => {
    if (open?.type === 'tool') {
      // Not seen of the service; what is said meanwhile waits until the call has ended.
      held.push({ kind, text })
      return
    }
    if (open?.type !== kind) {
      close()
      open = { type: kind, index: nextIndex++ }
      out.push(
        kind === 'text' ? { type: 'text-start', index: open.index } : { type: 'reasoning-start', index: open.index },
      )
    }
    out.push(
      kind === 'text'
        ? { type: 'text-delta', index: open.index, text }
        : { type: 'reasoning-delta', index: open.index, text },
    )
  }
  const say = (segments: readonly Segment[]): void => {
    for (const { kind, text } of segments) speak(kind, text)
  }

  function onText(payload: JsonObject): void {
    const text = textOf(payload.content)
    if (text === undefined) return
    if (splitter === undefined) speak('text', text)
    else say(splitter.push(text))
  }

  function onReasoning(payload: JsonObject): void {
    const text = textOf(payload.text)
    const signature = textOf(payload.signature)
    const redacted = textOf(payload.redactedContent)
    if (text !== undefined) speak('reasoning', text)
    if (signature !== undefined) {
      if (open?.type !== 'reasoning') {
        close()
        open = { type: 'reasoning', index: nextIndex++ }
        out.push({ type: 'reasoning-start', index: open.index })
      }
      close(signature)
    }
    if (redacted !== undefined) {
      close()
      out.push({ type: 'redacted-reasoning', index: nextIndex++, base64: redacted })
    }
  }

  function onToolUse(payload: JsonObject): void {
    const id = textOf(payload.toolUseId)
    if (id === undefined) return
    let call = calls.get(id)
    if (call === undefined) {
      call = { id, name: '', json: '', waiting: [], started: false, stopped: false }
      calls.set(id, call)
    }
    if (call.stopped) return
    if (call.name === '') call.name = textOf(payload.name) ?? ''
    const fragment = isObject(payload.input) ? JSON.stringify(payload.input) : textOf(payload.input)
    if (fragment !== undefined) {
      call.json += fragment
      call.waiting.push(fragment)
    }
    if (payload.stop === true) call.stopped = true
    pump()
  }

  /** Feeds the call that is open; when it ends, the next that has begun takes its place. */
  function pump(): void {
    for (;;) {
      const call =
        open?.type === 'tool' ? open.call : [...calls.values()].find(({ started, name }) => !started && name !== '')
      if (call === undefined) return
      if (!call.started) {
        close()
        call.started = true
        open = { type: 'tool', index: nextIndex++, call }
        out.push({ type: 'tool-call-start', index: open.index, id: call.id, name: names.fromWire(call.name) })
      }
      const index = open?.index ?? 0
      for (const json of call.waiting) out.push({ type: 'tool-call-delta', index, json })
      call.waiting = []
      if (!call.stopped) return
      if (!isJsonObject(call.json)) {
        failure ??= broken('a tool input that is not a JSON object')
        return
      }
      close()
      const said = held
      held = []
      say(said)
    }
  }

  function onMetadata(payload: JsonObject): void {
    const usage = isObject(payload.tokenUsage) ? payload.tokenUsage : {}
    const uncached = numberOf(usage.uncachedInputTokens)
    const cacheRead = numberOf(usage.cacheReadInputTokens)
    const cacheWrite = numberOf(usage.cacheWriteInputTokens)
    const output = numberOf(usage.outputTokens)
    const percent = numberOf(usage.contextUsagePercentage)
    stopReason = textOf(payload.stopReason) ?? stopReason
    report = {
      ...report,
      ...(uncached === undefined ? {} : { inputTokens: uncached + (cacheRead ?? 0) + (cacheWrite ?? 0) }),
      ...(output === undefined ? {} : { outputTokens: output }),
      ...(cacheRead === undefined ? {} : { cacheReadTokens: cacheRead }),
      ...(cacheWrite === undefined ? {} : { cacheWriteTokens: cacheWrite }),
      ...(percent === undefined ? {} : { contextPercent: percent }),
    }
    accounted = true
  }

  function onEvent(type: string, payload: JsonObject): void {
    switch (type) {
      case 'assistantResponseEvent':
      case 'codeEvent':
        onText(payload)
        break
      case 'reasoningContentEvent':
        onReasoning(payload)
        break
      case 'toolUseEvent':
        onToolUse(payload)
        break
      case 'metadataEvent':
        onMetadata(payload)
        break
      case 'contextUsageEvent': {
        const percent = numberOf(payload.contextUsagePercentage)
        if (percent !== undefined) report = { ...report, contextPercent: percent }
        accounted = true
        break
      }
      case 'meteringEvent': {
        const credits = numberOf(payload.usage)
        if (credits !== undefined) report = { ...report, credits }
        accounted = true
        break
      }
    }
  }

  const flush = (): readonly UpstreamEvent[] => {
    const events = out
    out = []
    if (failure !== undefined) return [...events, { type: 'error', error: failure }]
    return events
  }

  function ending(): UpstreamEvent {
    const unfinished = [...calls.values()].some(({ stopped }) => !stopped)
    if (unfinished) return { type: 'error', error: broken('a tool use that never ended') }
    const reason = stopReason === undefined ? undefined : stopReasons[stopReason]
    if (stopReason !== undefined && malformed.has(stopReason)) return { type: 'error', error: broken(stopReason) }
    if (nextIndex === 0) {
      return reason === 'filtered' || reason === 'refusal'
        ? { type: 'finish', reason, report }
        : { type: 'error', error: gatewayError('empty-reply', 'The provider sent an empty reply.') }
    }
    if (!accounted) return { type: 'error', error: broken('the body ended without its closing events') }
    if (calls.size > 0) return { type: 'finish', reason: 'tool-calls', report }
    const full = reason === undefined && (report.contextPercent ?? 0) >= 100
    return { type: 'finish', reason: full ? 'context-full' : (reason ?? 'end'), report }
  }

  return {
    push: ({ headers, payload }) => {
      const messageType = headers[':message-type']
      const text =
        payload.length === 0 ? '{}' : Buffer.from(payload.buffer, payload.byteOffset, payload.length).toString('utf8')
      if (messageType === 'exception' || messageType === 'error') {
        const name = textOf(headers[':exception-type']) ?? textOf(headers[':error-code']) ?? ''
        const said = messageType === 'error' ? JSON.stringify({ message: headers[':error-message'] }) : text
        failure ??= classifyException(name, said)
        return flush()
      }
      if (messageType !== 'event') {
        failure ??= broken('a frame of an unknown message type')
        return flush()
      }
      let body: unknown
      try {
        body = JSON.parse(text)
      } catch {
        failure ??= broken('an event that is not JSON')
        return flush()
      }
      const type = headers[':event-type']
      if (typeof type === 'string' && isObject(body)) onEvent(type, body)
      return flush()
    },
    end: () => {
      if (splitter !== undefined) say(splitter.end())
      if (open?.type !== 'tool') close()
      const last = ending()
      if (last.type === 'finish') close()
      out.push(last)
      return flush()
    },
  }
}

const broken = (what: string): GatewayError =>
  gatewayError('broken-reply', 'The provider’s reply broke off.', { cause: what })

function isJsonObject(text: string): boolean {
  if (text === '') return true
  try {
    return isObject(JSON.parse(text))
  } catch {
    return false
  }
}
