import type { GatewayError } from '../conversation/error.ts'
import type { ReplyEvent, Usage } from '../conversation/event.ts'
import { calledName } from '../conversation/search.ts'
import { ok, type Result } from '../lib/result.ts'
import type { Sink } from '../lib/source.ts'
import type { Summary } from '../relay/record.ts'
import type { RelayRequest } from '../relay/relay.ts'
import type { ReplyStream } from '../relay/reply-source.ts'
import { isOwnEnd, strayed } from './reading.ts'
import { leftOutCalls } from './unmet-demand.ts'

/** A first turn that is over and gave nothing but calls of what there is not. */
export type CalledInVain = {
  /** Its calls and its end, for whoever judges them. */
  readonly reply: ReplyStream
  readonly summary: Summary
  /** Blocks of reasoning that the caller has of it. */
  readonly blocks: number
}

/** Serves the request on from there. It holds the conversation. */
export type GoOn = (first: CalledInVain) => Promise<Result<ReplyStream, GatewayError>>

/**
 * Serves a request that names no tool. Calls all the same, which no provider should give, are left out where there is a text
 * beside them; without one the model is asked once more, as everywhere. From the first word on nothing can be asked again, and
 * the stream no longer holds the conversation.
 */
export async function withoutCalls(
  request: RelayRequest,
  send: (request: RelayRequest) => Promise<Result<ReplyStream, GatewayError>>,
  goOn: GoOn,
): Promise<Result<ReplyStream, GatewayError>> {
  const end = new TurnEnd(request.onEnd)
  const sent = await send({ ...request, onEnd: (summary) => end.tell(summary) })
  return sent.ok ? ok(new CalllessReply(sent.value, end, goOn)) : sent
}

/** What is told of the turn when it is over. Classes: nothing else of the request is to be held, and each batch passes. */
class TurnEnd {
  /** Tools that were called, by the names callers have for them. */
  readonly strays = new Set<string>()
  /** The reply broke off within a call that is left out. */
  isBroken = false
  /** Another turn follows, and tells the end of both. */
  goesOn = false
  summary: Summary | undefined

  constructor(private readonly onEnd: (summary: Summary) => void) {}

  tell(summary: Summary): void {
    const { message: _, cause: __, ...sound } = summary
    const told: Summary = this.isBroken ? { ...sound, outcome: 'ok' } : summary
    this.summary = told
    if (this.goesOn) return
    const faults = [...this.strays].map(strayed)
    const isDropped = faults.length > 0 && told.outcome === 'ok'
    this.onEnd(isDropped ? { ...told, route: { ...told.route, repair: leftOutCalls(faults) } } : told)
  }
}

class CalllessReply implements ReplyStream {
  private goOn: GoOn | undefined
  private hasText = false
  private isInCall = false
  /** Blocks that have gone on, and that have not. */
  private shown = 0
  private dropped = 0
  /** The names that the model called. */
  private readonly called: string[] = []
  private finish: Extract<ReplyEvent, { type: 'finish' }> | undefined

  constructor(
    private readonly inner: ReplyStream,
    private readonly end: TurnEnd,
    goOn: GoOn,
  ) {
    this.goOn = goOn
  }

  drop(): void {
    this.inner.drop()
  }

  async run(sink: Sink<readonly ReplyEvent[]>): Promise<void> {
    await this.inner.run((batch) => {
      if (this.hasText && this.dropped === 0 && batch.length === 1 && batch[0]?.type === 'text-delta')
        return sink(batch)
      const out = batch.flatMap((event) => this.pass(event) ?? [])
      return out.length === 0 || sink(out)
    })
    const { end, goOn, called } = this
    const { summary } = end
    if (summary === undefined || !(end.isBroken || end.goesOn)) return
    const finish = this.finish ?? { type: 'finish', reason: 'tool-calls', usage: summary.usage ?? unknown }
    if (!end.goesOn || goOn === undefined) {
      await sink([{ ...finish, reason: 'end' }])
      return
    }
    this.goOn = undefined
    const served = await goOn({ reply: replyOf([...called.flatMap(callEvents), finish]), summary, blocks: this.shown })
    if (served.ok) await served.value.run(sink)
    else await sink([{ type: 'error', error: served.error }])
  }

  /** What goes on of it: no calls, and not the end that another turn follows. */
  private pass(event: ReplyEvent): ReplyEvent | undefined {
    switch (event.type) {
      case 'tool-call-start':
        this.isInCall = true
        this.dropped++
        this.called.push(event.name)
        this.end.strays.add(calledName(event.name))
        return undefined
      case 'tool-call-delta':
        return undefined
      case 'tool-call-end':
        this.isInCall = false
        return undefined
      case 'error':
        if (event.error.isBadInput !== true || !this.isInCall) return event
        this.end.isBroken = true
        this.end.goesOn = !this.hasText
        return undefined
      case 'finish': {
        if (this.dropped === 0 || !isOwnEnd(event.reason)) return event
        if (this.hasText) return { ...event, reason: event.reason === 'tool-calls' ? 'end' : event.reason }
        this.end.goesOn = true
        this.finish = event
        return undefined
      }
      case 'text-delta':
        if (!this.hasText && event.text.trim() !== '') {
          this.hasText = true
          this.goOn = undefined
        }
        return this.inPlace(event)
      case 'reply-start':
        return event
      case 'text-start':
      case 'reasoning-start':
      case 'redacted-reasoning':
        this.shown++
        return this.inPlace(event)
      default:
        return this.inPlace(event)
    }
  }

  /** Blocks are counted without gaps. */
  private inPlace<Event extends Extract<ReplyEvent, { index: number }>>(event: Event): Event {
    return this.dropped === 0 ? event : { ...event, index: event.index - this.dropped }
  }
}

const unknown: Usage = { input: { tokens: 0, source: 'estimated' }, output: { tokens: 0, source: 'estimated' } }

const callEvents = (name: string, index: number): readonly ReplyEvent[] => [
  { type: 'tool-call-start', index, id: `call_${index}`, name },
  { type: 'tool-call-end', index },
]

const replyOf = (events: readonly ReplyEvent[]): ReplyStream => ({
  run: async (sink) => void (await sink(events)),
  drop: () => undefined,
})
