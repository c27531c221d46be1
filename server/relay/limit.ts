import type { GatewayError } from '../conversation/error.ts'
import type { BlockEvent, FinishReason, UsageReport } from '../conversation/event.ts'
import { createBudget } from './budget.ts'
import { createStopFinder } from './stop.ts'

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

export type Limits = {
  readonly stop: readonly string[]
  readonly maxOutputTokens?: number
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

/**
 * Applies the caller's limits to an upstream's events, before they are metered: stop sequences (in text only, within one
 * block), the output budget (text and reasoning are cut at it, a tool call never: it ends and the reply after it) and a single
 * tool call. A cut reply's `finish` has an empty report, since the provider's own would come after the cut.
 */
export function createLimiter(limits: Limits): Limiter {
  if (limits.stop.length === 0 && limits.maxOutputTokens === undefined && limits.parallelToolCalls) {
    return { push: (event) => [event], passes: isDelta }
  }
  const budget =
    limits.maxOutputTokens === undefined ? undefined : createBudget(limits.maxOutputTokens, limits.countTokens)
  let finder = createStopFinder(limits.stop)
  const hasStops = limits.stop.length > 0
  /** The text block whose start has not been passed on yet, since all of its text may be a stop. */
  let unopened: number | undefined
  let openText: number | undefined
  let toolJson = ''
  let toolCalls = 0

  function cut(before: readonly LimitedEvent[], reason: FinishReason, stopSequence?: string): readonly LimitedEvent[] {
    const stop = stopSequence === undefined ? {} : { stopSequence }
    return [...before, { type: 'finish', reason, ...stop, report: {} }]
  }

  /** Text that no stop holds back: opens the block when there is something to show, and cuts it where the budget ends. */
  function show(index: number, text: string): { readonly events: readonly LimitedEvent[]; readonly over: boolean } {
    const fitting = budget ? budget.fit(text) : text
    const events: LimitedEvent[] = []
    if (fitting !== '') {
      if (unopened !== undefined) events.push({ type: 'text-start', index })
      unopened = undefined
      events.push({ type: 'text-delta', index, text: fitting })
    }
    return { events, over: fitting.length < text.length }
  }

  function text(
    index: number,
    { ready, stop }: { ready: string; stop?: string },
    ending: boolean,
  ): readonly LimitedEvent[] {
    const { events, over } = show(index, ready)
    const closed = (): readonly LimitedEvent[] =>
      unopened === undefined ? [...events, { type: 'text-end', index }] : events
    if (over) return cut(closed(), 'max-tokens')
    if (stop !== undefined) return cut(closed(), 'stop-sequence', stop)
    if (!ending) return events
    const opening: readonly LimitedEvent[] = unopened === undefined ? [] : [{ type: 'text-start', index }]
    unopened = undefined
    return [...opening, ...events, { type: 'text-end', index }]
  }

  /** A reply that fails in the middle of a text still owes the caller what was held back. */
  function heldText(): readonly LimitedEvent[] {
    if (openText === undefined) return []
    const { ready } = finder.end()
    return show(openText, ready).events
  }

  return {
    passes: (event): event is BlockEvent =>
      event.type === 'text-delta' &&
      !hasStops &&
      unopened === undefined &&
      event.text !== '' &&
      (budget === undefined || budget.passes(event.text)),
    push: (event) => {
      switch (event.type) {
        case 'text-start':
          if (budget?.spent()) return cut([], 'max-tokens')
          finder = createStopFinder(limits.stop)
          unopened = event.index
          openText = event.index
          return []
        case 'text-delta':
          return text(event.index, finder.push(event.text), false)
        case 'text-end':
          openText = undefined
          return text(event.index, finder.end(), true)
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
          if (toolCalls > 0 && !limits.parallelToolCalls) return cut([], 'tool-calls')
          toolCalls++
          toolJson = event.name
          return [event]
        case 'tool-call-delta':
          if (budget) toolJson += event.json
          return [event]
        case 'tool-call-end':
          budget?.spend(toolJson)
          return [event]
        case 'reasoning-end':
        case 'finish':
          return [event]
        case 'error':
          return [...heldText(), event]
      }
    },
  }
}

const isDelta = (event: LimitedEvent): event is BlockEvent =>
  event.type === 'text-delta' || event.type === 'reasoning-delta' || event.type === 'tool-call-delta'
