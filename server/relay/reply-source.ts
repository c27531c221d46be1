import type { Conversation } from '../conversation/conversation.ts'
import { type GatewayError, gatewayError } from '../conversation/error.ts'
import type { BlockEvent, Figure, ReplyEvent, UpstreamEvent, Usage } from '../conversation/event.ts'
import type { ModelInfo } from '../conversation/model.ts'
import type { Effects } from '../lib/effects.ts'
import type { Sink, Source } from '../lib/source.ts'
import type { Outcome } from '../pool/account.ts'
import type { Lease } from '../pool/seat-request.ts'
import type { UpstreamReply } from '../upstream/upstream.ts'
import { createMeter, type Meter } from '../usage/meter.ts'
import { createReasoningFilter, type ReasoningFilter } from './hide-reasoning.ts'
import { createLimiter, type LimitedEvent, type Limiter } from './limit.ts'
import { Outlet } from './outlet.ts'
import type { RouteRecord, Summary } from './record.ts'
import { isHuge, slicesOf } from './slices.ts'

/** Batches of events; wanting no more of them cancels the provider's call and gives the account back. */
export type ReplyStream = Source<readonly ReplyEvent[]>

/** What a reply has to keep to. */
export type Demands = {
  readonly limits: Conversation['limits']
  readonly parallelToolCalls: boolean
}

/** Without the conversation: it may be megabytes, and the reply may take minutes. */
export const demandsOf = (conversation: Conversation): Demands => ({
  limits: conversation.limits,
  parallelToolCalls: conversation.parallelToolCalls,
})

/** What the serving of a reply takes from the request it answers. Whatever it holds, an open stream holds. */
export type ServeContext = {
  readonly demands: Demands
  readonly model: ModelInfo
  readonly estimate: Promise<Figure>
  readonly route: RouteRecord
  readonly elapsed: () => number
  readonly countTokens: (text: string) => number
  readonly onEnd: (summary: Summary) => void
  /** What earlier calls of the request have cost. */
  readonly lostCredits: number
  /** Reasoning counts, but does not go on to the caller. */
  readonly hidesReasoning: boolean
  /** Gives way to other work. */
  readonly turn: Effects['turn']
  readonly signal: AbortSignal
}

/** The provider's events under the caller's limits, metered; gives the account back and tells the summary at the end. */
export const replySource = (reply: UpstreamReply, lease: Lease, context: ServeContext): ReplyStream =>
  new RelayedReply(reply, lease, context)

/** A class: each delta passes it (docs/performance.md). */
class RelayedReply extends Outlet implements ReplyStream {
  private readonly firstTokenMs: number
  private stage: Stage | undefined
  private over = false
  private input: Figure | undefined

  constructor(
    private readonly reply: UpstreamReply,
    private readonly lease: Lease,
    private readonly context: ServeContext,
  ) {
    super()
    this.firstTokenMs = context.elapsed()
    context.estimate.then(
      (figure) => {
        this.input = figure
      },
      () => undefined, // whoever reads the reply meets it
    )
  }

  drop(): void {
    this.reply.events.drop()
    // It was answered, though nobody reads it: what was sent is used.
    if (this.input !== undefined) this.stage ??= new Stage(this.input, this.context)
    this.close({ type: 'cancelled' })
  }

  async run(sink: Sink<readonly ReplyEvent[]>): Promise<void> {
    const { context } = this
    this.sink = sink
    try {
      const stage = new Stage(await context.estimate, context)
      this.stage = stage
      await this.reply.events.run((batch) =>
        isHuge(batch) ? this.passInSlices(stage, batch) : this.pass(stage, batch),
      )
      if (stage.end === undefined && !this.left && !context.signal.aborted)
        await this.give(
          stage.fail(gatewayError('broken-reply', 'The provider ended the reply without a closing event.')),
        )
    } catch (thrown) {
      if (this.left) throw thrown
      const cause = String(thrown)
      this.stage ??= new Stage({ tokens: 0, source: 'estimated' }, context)
      await this.give(
        this.stage.fail(gatewayError('internal', 'The gateway failed while relaying the reply.', { cause })),
      )
    } finally {
      const end = this.stage?.end
      this.close(
        end === undefined ? { type: 'cancelled' } : end.type === 'finish' ? { type: 'success' } : outcomeOf(end.error),
      )
    }
  }

  private pass(stage: Stage, batch: readonly UpstreamEvent[]): boolean | Promise<boolean> {
    const out = stage.push(batch)
    const taken = out.length === 0 || this.give(out)
    if (stage.end === undefined) return taken
    return typeof taken === 'boolean' ? false : taken.then(() => false)
  }

  /** Some models give a call's whole input at once, megabytes: other streams go on meanwhile. */
  private async passInSlices(stage: Stage, batch: readonly UpstreamEvent[]): Promise<boolean> {
    const { context } = this
    for (const slice of slicesOf(batch)) {
      if (context.signal.aborted || !(await this.pass(stage, slice))) return false
      await context.turn()
    }
    return true
  }

  private close(outcome: Outcome): void {
    if (this.over) return
    this.over = true
    const { stage, lease, context } = this
    const end = stage?.end
    lease.release(outcome, end?.type === 'finish' ? end.usage.credits : end?.error.credits)
    const counted = end?.type === 'finish' ? undefined : stage?.usage()
    context.onEnd(summaryOf(end, counted, lease.accountId, this.firstTokenMs, context))
  }
}

type End = Extract<ReplyEvent, { type: 'finish' | 'error' }>

/** What a reply passes between provider and caller: limits and meter. Synchronous. */
class Stage {
  /** Nothing may be pushed once there is one. */
  end: End | undefined
  private begun = false
  private readonly limiter: Limiter
  private readonly meter: Meter
  private readonly visible: ReasoningFilter | undefined

  constructor(input: Figure, { demands, model, countTokens, hidesReasoning }: ServeContext) {
    const { limits, parallelToolCalls } = demands
    this.limiter = createLimiter({ ...limits, parallelToolCalls, countTokens })
    this.meter = createMeter({ input, windowTokens: model.maxInputTokens, countTokens })
    this.visible = hidesReasoning ? createReasoningFilter() : undefined
  }

  /** What goes on to the caller. */
  push(batch: readonly UpstreamEvent[]): readonly ReplyEvent[] {
    const { limiter, visible } = this
    const [only] = batch
    // The usual batch is one delta that nothing holds back: it goes on as it came.
    const isUsual = this.begun && batch.length === 1 && only !== undefined && visible?.hasHidden() !== true
    if (isUsual && limiter.passes(only)) {
      this.record(only)
      return batch as readonly BlockEvent[]
    }
    const out = this.opening()
    for (const event of batch) {
      if (limiter.passes(event)) out.push(this.record(event))
      else for (const limited of limiter.push(event)) out.push(this.record(limited))
      if (this.end !== undefined) break
    }
    return visible === undefined ? out : out.flatMap((event) => visible.show(event) ?? [])
  }

  /** The reply ends with this error. */
  fail(error: GatewayError): readonly ReplyEvent[] {
    this.end = { type: 'error', error }
    return [...this.opening(), this.end]
  }

  usage(): Usage {
    return this.meter.usage()
  }

  private opening(): ReplyEvent[] {
    const first = this.begun ? [] : [this.meter.start()]
    this.begun = true
    return first
  }

  private record(limited: LimitedEvent): ReplyEvent {
    const metered = this.meter.push(limited)
    if (metered.type === 'finish' || metered.type === 'error') this.end = metered
    return metered
  }
}

/** A reply that did not finish still used tokens: what was counted until then stands. */
function summaryOf(
  end: Extract<ReplyEvent, { type: 'finish' | 'error' }> | undefined,
  counted: Usage | undefined,
  accountId: string,
  firstTokenMs: number,
  { model, route, elapsed, lostCredits }: ServeContext,
): Summary {
  const times = { firstTokenMs, durationMs: elapsed() }
  const common = { accountId, upstreamModel: model.id, ...times, route, ...(lostCredits > 0 && { lostCredits }) }
  if (end?.type === 'finish') return { ...common, outcome: 'ok', usage: end.usage }
  const used = counted === undefined ? {} : { usage: counted }
  if (end === undefined) return { ...common, ...used, outcome: 'cancelled', message: 'The caller left before the end.' }
  const { kind, message, cause, credits } = end.error
  return {
    ...common,
    ...used,
    ...{ outcome: kind, message, ...(cause === undefined ? {} : { cause }) },
    ...(counted !== undefined && credits !== undefined && { usage: { ...counted, credits } }),
  }
}

/** What a call's failure is to its account's seat. */
export function outcomeOf(error: GatewayError): Outcome {
  if (error.kind === 'cancelled') return { type: 'cancelled' }
  // The model said nothing, which is no fault of the account.
  return error.ending === undefined ? { type: 'failure', error } : { type: 'success' }
}
