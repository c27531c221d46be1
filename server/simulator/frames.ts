import { encodeFrame } from '../codec/eventstream.ts'
import { randomText } from '../lib/effects.ts'
import type { Age } from './failure.ts'
import type { Fault } from './fault.ts'
import { countTokens, creditsOf, windowPercent } from './meter.ts'
import type { SimulatedModel } from './models.ts'
import type { Shape } from './shape.ts'
import { splitJson, splitText } from './split.ts'
import type { Script, Step, ToolStep } from './step.ts'

/** What goes over the connection, in order. `content` frames are those a fault may strike at. */
export type Piece =
  | { readonly type: 'bytes'; readonly bytes: Uint8Array; readonly content: boolean }
  | { readonly type: 'pause'; readonly ms: number }
  | { readonly type: 'reset' }

export type FrameContext = {
  readonly age: Age
  readonly model: SimulatedModel
  readonly inputTokens: number
  /** First frame of RPC streams. */
  readonly initialResponse: boolean
  /** Frames whose headers stand in an order of their own; the recorded order otherwise. */
  readonly variedHeaders: boolean
  /** `metadataEvent` carries `tokenUsage`. */
  readonly tokenUsage: boolean
  /** Milliseconds before each content frame; 0: none. */
  readonly paceMs: number
  /** Counts replies; makes what the service does only sometimes happen in turn. */
  readonly number: number
  readonly sign: (text: string) => string
  readonly redact: () => string
  /** Told once, with the closing frames: what the reply cost. */
  readonly onCharge: (credits: number) => void
}

/** The frames of one reply, made as they are taken. `fault` may change what tool uses look like. */
export function* framesOf(script: Script, context: FrameContext, fault?: Fault): Generator<Piece> {
  let count = 0
  const frame = (name: string, payload: Shape, content = true): Piece => ({
    type: 'bytes',
    content,
    bytes: encodeFrame(eventHeaders(name, context.variedHeaders ? count++ : 0), JSON.stringify(payload)),
  })
  if (context.initialResponse) yield frame('initial-response', { conversationId: '' }, false)

  let output = 0
  let reasoning = ''
  let tools = 0
  for (const step of script.steps) {
    if (step.type === 'end') return
    if (step.type === 'exception') {
      yield exceptionFrame(step.name, step.payload)
      return
    }
    for (const [name, payload] of eventsOf(step, { ...context, reasoning })) {
      if (payload === undefined) continue
      const written = payload.content ?? payload.text ?? payload.input
      if (typeof written === 'string') output += countTokens(written)
      if (name === 'reasoningContentEvent' && typeof payload.text === 'string') reasoning += payload.text
      if (context.paceMs > 0) yield { type: 'pause', ms: context.paceMs }
      if (fault?.name === 'no-stop' && payload.stop === true) continue
      yield frame(name, payload)
    }
    if (step.type === 'tool') tools++
    if (step.type === 'pause') yield { type: 'pause', ms: step.ms }
    if (step.type === 'bytes') yield { type: 'bytes', bytes: step.bytes, content: true }
    if (step.type === 'reset') yield { type: 'reset' }
  }
  if (script.closing === false) return

  if (context.age === 'runtime-2026-08') {
    // Half of the replies with tool uses say END_TURN, as the service's do.
    const stopReason = script.stopReason ?? (tools > 0 && context.number % 2 === 0 ? 'TOOL_USE' : 'END_TURN')
    yield frame(
      'metadataEvent',
      {
        stopReason,
        ...(context.tokenUsage ? { tokenUsage: tokenUsage(context.inputTokens, output) } : {}),
      },
      false,
    )
  }
  const percentage = windowPercent(context.inputTokens, output, context.model.inputTokens)
  yield frame('contextUsageEvent', { contextUsagePercentage: percentage }, false)
  const credits = creditsOf(context.model.rate, context.inputTokens, output)
  context.onCharge(credits)
  yield frame('meteringEvent', { unit: 'credit', unitPlural: 'credits', usage: credits }, false)
}

const tokenUsage = (input: number, output: number): Shape => ({
  uncachedInputTokens: input,
  outputTokens: output,
  totalTokens: input + output,
})

type Events = Iterable<readonly [name: string, payload: Shape]>

function* eventsOf(
  step: Step,
  context: Pick<FrameContext, 'model' | 'sign' | 'redact'> & { readonly reasoning: string },
): Events {
  switch (step.type) {
    case 'text':
      for (let time = 0; time < (step.times ?? 1); time++) {
        for (const content of step.split ? splitText(step.text) : [step.text]) {
          yield ['assistantResponseEvent', { content, modelId: context.model.id }]
        }
      }
      return
    case 'reasoning':
      for (const text of step.split ? splitText(step.text) : [step.text]) yield ['reasoningContentEvent', { text }]
      return
    case 'signature':
      yield ['reasoningContentEvent', { signature: step.signature ?? context.sign(context.reasoning) }]
      return
    case 'redacted':
      yield ['reasoningContentEvent', { redactedContent: step.base64 ?? context.redact() }]
      return
    case 'tool':
      yield* toolEvents(step)
      return
    case 'event':
      yield [step.name, step.payload]
      return
    default:
  }
}

function* toolEvents(step: ToolStep): Events {
  const { name } = step
  const toolUseId = step.id ?? `tooluse_${randomText(22)}`
  const json = step.json ?? (step.input === undefined ? '' : JSON.stringify(step.input))
  const fragments = step.fragments ?? 'recorded'
  yield ['toolUseEvent', { name, toolUseId }]
  if (fragments === 'recorded') yield ['toolUseEvent', { input: '', name, toolUseId }]
  const pieces = fragments === 'recorded' ? splitJson(json) : fragments === 'one-piece' ? [json] : fragments
  for (const input of pieces) yield ['toolUseEvent', { input, name, toolUseId }]
  if (step.stop !== false) yield ['toolUseEvent', { name, stop: true, toolUseId }]
}

/** The recorded order, and its rotations for hosts nobody recorded. */
function eventHeaders(name: string, turn: number): Readonly<Record<string, string>> {
  const headers = [
    [':event-type', name],
    [':content-type', name === 'initial-response' ? 'application/x-amz-json-1.0' : 'application/json'],
    [':message-type', 'event'],
  ] as const
  const from = turn % headers.length
  return Object.fromEntries([...headers.slice(from), ...headers.slice(0, from)])
}

export function exceptionFrame(name: string, payload: Shape): Piece {
  const headers = { ':exception-type': name, ':content-type': 'application/json', ':message-type': 'exception' }
  return { type: 'bytes', content: true, bytes: encodeFrame(headers, JSON.stringify(payload)) }
}
