import type { OutputLimits } from '../conversation/conversation.ts'
import type { FinishReason, UsageReport } from '../conversation/ending.ts'
import type { GatewayError } from '../conversation/error.ts'
import type { BlockEvent } from '../conversation/event.ts'
import { type Budget, createBudget } from './budget.ts'
import { createStopFinder, type StopFinder, type StopStep } from './stop.ts'

export type LimitedEvent =
  | BlockEvent
  | {
      readonly type: 'finish'
      readonly reason: FinishReason
      /** Set only with reason `stop-sequence`. */
      readonly stopSequence?: string
      readonly report: UsageReport
    }
  | { readonly type: 'error'; readonly error: GatewayError }

export type Limits = OutputLimits & {
  /** False: at most one tool call. */
  readonly parallelToolCalls: boolean
  readonly countTokens: (text: string) => number
}

/** What may go on to the caller. A `finish` that was not pushed means: cut; cancel the upstream and push nothing more. */
export type Limiter = {
  readonly push: (event: LimitedEvent) => readonly LimitedEvent[]
  /** Takes a delta that goes on as it is, the usual one; false: nothing was done, `push` it. */
  readonly passes: (event: LimitedEvent) => event is BlockEvent
}

/** A class: each delta passes it (docs/performance.md). */
class ReplyLimiter implements Limiter {
  private readonly budget: Budget | undefined
  private readonly hasStops: boolean
  private finder: StopFinder
  /** The text block whose start has not been passed on yet, since all of its text may be a stop. */
  private unopened: number | undefined
  private openText: number | undefined
  private toolCalls = 0
  /** The open call is the answer: cut like text. */
  private isAnswer = false

  constructor(private readonly limits: Limits) {
    const { stop, maxOutputTokens, countTokens } = limits
    this.budget = maxOutputTokens === undefined ? undefined : createBudget(maxOutputTokens, countTokens)
    this.hasStops = stop.length > 0
    this.finder = createStopFinder(stop)
  }

  passes(event: LimitedEvent): event is BlockEvent {
    return (
      event.type === 'text-delta' &&
      !this.hasStops &&
      this.unopened === undefined &&
      event.text !== '' &&
      (this.budget === undefined || this.budget.passes(event.text))
    )
  }

  push(event: LimitedEvent): readonly LimitedEvent[] {
    const { budget } = this
    switch (event.type) {
      case 'text-start':
        if (budget?.spent()) return cut([], 'max-tokens')
        this.finder = createStopFinder(this.limits.stop)
        this.unopened = event.index
        this.openText = event.index
        return []
      case 'text-delta':
        return this.text(event.index, this.finder.push(event.text), false)
      case 'text-end':
        this.openText = undefined
        return this.text(event.index, this.finder.end(), true)
      case 'reasoning-start':
      case 'redacted-reasoning':
        return budget?.spent() ? cut([], 'max-tokens') : [event]
      case 'reasoning-delta': {
        const fitting = budget ? budget.fit(event.text) : event.text
        if (fitting.length === event.text.length) return [event]
        const shown: readonly LimitedEvent[] =
          fitting === '' ? [] : [{ type: 'reasoning-delta', index: event.index, text: fitting }]
        return cut([...shown, { type: 'reasoning-end', index: event.index }], 'max-tokens')
      }
      case 'tool-call-start':
        if (budget?.spent()) return cut([], 'max-tokens')
        if (this.toolCalls > 0 && !this.limits.parallelToolCalls) return cut([], 'tool-calls')
        this.toolCalls++
        this.isAnswer = event.name === this.limits.answerTool
        budget?.fit(event.name)
        return [event]
      case 'tool-call-delta': {
        // Counted as it comes: a long call counted at its end would hold up the other streams.
        const fitting = budget ? budget.fit(event.json) : event.json
        if (!this.isAnswer || fitting.length === event.json.length) return [event]
        const shown: readonly LimitedEvent[] = fitting === '' ? [] : [{ ...event, json: fitting }]
        return cut([...shown, { type: 'tool-call-end', index: event.index }], 'max-tokens')
      }
      case 'tool-call-end':
      case 'reasoning-end':
      case 'finish':
        return [event]
      case 'error':
        return [...this.heldText(), event]
    }
  }

  /** Text that no stop holds back: opens the block when there is something to show, and cuts it where the budget ends. */
  private show(index: number, text: string): { readonly events: readonly LimitedEvent[]; readonly over: boolean } {
    const fitting = this.budget ? this.budget.fit(text) : text
    const events: LimitedEvent[] = []
    if (fitting !== '') {
      if (this.unopened !== undefined) events.push({ type: 'text-start', index })
      this.unopened = undefined
      events.push({ type: 'text-delta', index, text: fitting })
    }
    return { events, over: fitting.length < text.length }
  }

  private text(index: number, { ready, stop }: StopStep, ending: boolean): readonly LimitedEvent[] {
    const { events, over } = this.show(index, ready)
    const closed = (): readonly LimitedEvent[] =>
      this.unopened === undefined ? [...events, { type: 'text-end', index }] : events
    if (over) return cut(closed(), 'max-tokens')
    if (stop !== undefined) return cut(closed(), 'stop-sequence', stop)
    if (!ending) return events
    const opening: readonly LimitedEvent[] = this.unopened === undefined ? [] : [{ type: 'text-start', index }]
    this.unopened = undefined
    return [...opening, ...events, { type: 'text-end', index }]
  }

  /** A reply that fails in the middle of a text still owes the caller what was held back. */
  private heldText(): readonly LimitedEvent[] {
    if (this.openText === undefined) return []
    const { ready } = this.finder.end()
    return this.show(this.openText, ready).events
  }
}

/**
 * Applies the caller's limits to an upstream's events, before they are metered: stop sequences (in text only, within one
 * block), the output budget (text, reasoning and the answer's tool are cut at it, a caller's tool call never: it ends and the
 * reply after it) and a single tool call. A cut reply's `finish` has an empty report, since the provider's own would come after the cut.
 */
export const createLimiter = (limits: Limits): Limiter =>
  limits.stop.length === 0 && limits.maxOutputTokens === undefined && limits.parallelToolCalls
    ? noLimits
    : new ReplyLimiter(limits)

function cut(before: readonly LimitedEvent[], reason: FinishReason, stopSequence?: string): readonly LimitedEvent[] {
  const stop = stopSequence === undefined ? {} : { stopSequence }
  return [...before, { type: 'finish', reason, ...stop, report: {} }]
}

const isDelta = (event: LimitedEvent): event is BlockEvent =>
  event.type === 'text-delta' || event.type === 'reasoning-delta' || event.type === 'tool-call-delta'

const noLimits: Limiter = { push: (event) => [event], passes: isDelta }
