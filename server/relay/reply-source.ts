import type { Conversation } from '../conversation/conversation.ts'
import { type GatewayError, gatewayError } from '../conversation/error.ts'
import type { BlockEvent, Figure, ReplyEvent, UpstreamEvent, Usage } from '../conversation/event.ts'
import type { ModelInfo } from '../conversation/model.ts'
import type { Source } from '../lib/source.ts'
import type { Outcome } from '../pool/account.ts'
import type { Lease } from '../pool/seat-request.ts'
import type { UpstreamReply } from '../upstream/upstream.ts'
import { createMeter } from '../usage/meter.ts'
import { createReasoningFilter } from './hide-reasoning.ts'
import { createLimiter, type LimitedEvent } from './limit.ts'
import type { RouteRecord, Summary } from './record.ts'
import { createWishCheck, type Missed, type WishCheck } from './wishes.ts'

/** Batches of events; wanting no more of them cancels the provider's call and gives the account back. */
export type ReplyStream = Source<readonly ReplyEvent[]>

/** What a reply has to keep to. */
export type Demands = {
  readonly limits: Conversation['limits']
  readonly parallelToolCalls: boolean
  readonly wishes: WishCheck | undefined
}

/** Without the conversation: it may be megabytes, and the reply may take minutes. */
export const demandsOf = (conversation: Conversation): Demands => ({
  limits: conversation.limits,
  parallelToolCalls: conversation.parallelToolCalls,
  wishes: createWishCheck(conversation),
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
  readonly signal: AbortSignal
}

/** The provider's events under the caller's limits, metered; gives the account back and tells the summary at the end. */
export function replySource(reply: UpstreamReply, lease: Lease, context: ServeContext): ReplyStream {
  const { onEnd, elapsed } = context
  const firstTokenMs = elapsed()
  let stage: Stage | undefined
  let over = false
  let input: Figure | undefined
  context.estimate.then(
    (figure) => {
      input = figure
    },
    () => undefined, // whoever reads the reply meets it
  )
  const close = (outcome: Outcome): void => {
    if (over) return
    over = true
    const end = stage?.end()
    lease.release(outcome, end?.type === 'finish' ? end.usage.credits : end?.error.credits)
    const missed = end?.type === 'finish' ? stage?.missed() : undefined
    const summary = summaryOf(end, stage?.usage(), lease.accountId, firstTokenMs, context)
    onEnd(missed === undefined ? summary : { ...summary, missed })
  }
  return {
    drop: () => {
      reply.events.drop()
      // It was answered, though nobody reads it: what was sent is used.
      if (input !== undefined) stage ??= createStage(input, context)
      close({ type: 'cancelled' })
    },
    run: async (sink) => {
      let left = false
      const give = (out: readonly ReplyEvent[]): boolean | Promise<boolean> => {
        left = true // until the sink has taken it
        const taken = sink(out)
        if (typeof taken === 'boolean') {
          left = !taken
          return taken
        }
        return taken.then((more) => {
          left = !more
          return more
        })
      }
      try {
        const steps = createStage(await context.estimate, context)
        stage = steps
        await reply.events.run((batch) => {
          const out = steps.push(batch)
          const taken = out.length === 0 || give(out)
          if (steps.end() === undefined) return taken
          return typeof taken === 'boolean' ? false : taken.then(() => false)
        })
        if (steps.end() === undefined && !left && !context.signal.aborted)
          await give(steps.fail(gatewayError('broken-reply', 'The provider ended the reply without a closing event.')))
      } catch (thrown) {
        if (left) throw thrown
        const cause = String(thrown)
        stage ??= createStage({ tokens: 0, source: 'estimated' }, context)
        await give(stage.fail(gatewayError('internal', 'The gateway failed while relaying the reply.', { cause })))
      } finally {
        const end = stage?.end()
        close(
          end === undefined
            ? { type: 'cancelled' }
            : end.type === 'finish'
              ? { type: 'success' }
              : outcomeOf(end.error),
        )
      }
    },
  }
}

type End = Extract<ReplyEvent, { type: 'finish' | 'error' }>
type Stage = {
  /** What goes on to the caller. Nothing may be pushed once there is an end. */
  readonly push: (batch: readonly UpstreamEvent[]) => readonly ReplyEvent[]
  /** The reply ends with this error. */
  readonly fail: (error: GatewayError) => readonly ReplyEvent[]
  readonly end: () => End | undefined
  readonly usage: () => Usage
  readonly missed: () => Missed | undefined
}

/** What a reply passes between provider and caller: limits, meter, the look at what was demanded. Synchronous. */
function createStage(input: Figure, { demands, model, countTokens, hidesReasoning }: ServeContext): Stage {
  const { limits, parallelToolCalls, wishes } = demands
  const { stop, maxOutputTokens } = limits
  const limiter = createLimiter({
    stop,
    parallelToolCalls,
    countTokens,
    ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
  })
  const meter = createMeter({ input, windowTokens: model.maxInputTokens, countTokens })
  const visible = hidesReasoning ? createReasoningFilter() : undefined
  let begun = false
  let end: End | undefined
  const opening = (): ReplyEvent[] => {
    const first = begun ? [] : [meter.start()]
    begun = true
    return first
  }
  const record = (limited: LimitedEvent): ReplyEvent => {
    const metered = meter.push(limited)
    wishes?.push(metered)
    if (metered.type === 'finish' || metered.type === 'error') end = metered
    return metered
  }
  return {
    push: (batch) => {
      const [only] = batch
      // The usual batch is one delta that nothing holds back: it goes on as it came.
      const isUsual = begun && batch.length === 1 && only !== undefined && visible?.hasHidden() !== true
      if (isUsual && limiter.passes(only)) {
        record(only)
        return batch as readonly BlockEvent[]
      }
      const out = opening()
      for (const event of batch) {
        if (limiter.passes(event)) out.push(record(event))
        else for (const limited of limiter.push(event)) out.push(record(limited))
        if (end !== undefined) break
      }
      return visible === undefined ? out : out.flatMap((event) => visible.show(event) ?? [])
    },
    fail: (error) => {
      end = { type: 'error', error }
      return [...opening(), end]
    },
    end: () => end,
    usage: meter.usage,
    missed: () => wishes?.missed(),
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
  const common = {
    accountId,
    upstreamModel: model.id,
    firstTokenMs,
    durationMs: elapsed(),
    route,
    ...(lostCredits > 0 && { lostCredits }),
    ...(counted === undefined ? {} : { usage: counted }),
  }
  if (end === undefined) return { ...common, outcome: 'cancelled', message: 'The caller left before the end.' }
  if (end.type === 'finish') return { ...common, outcome: 'ok', usage: end.usage }
  const { kind, message, cause, credits } = end.error
  return {
    ...common,
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
