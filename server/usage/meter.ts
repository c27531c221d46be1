import type { FinishReason, UsageReport } from '../conversation/ending.ts'
import type { GatewayError } from '../conversation/error.ts'
import type { BlockEvent, Figure, ReplyEvent, Usage } from '../conversation/event.ts'
import { createTextRun } from '../lib/text-run.ts'
import { redactedTokens } from './estimate.ts'
import type { CountTokens } from './tokenizer.ts'

/** What the meter is fed: a provider's events, after the caller's limits have perhaps cut them short. */
export type MeteredEvent =
  | BlockEvent
  | {
      readonly type: 'finish'
      readonly reason: FinishReason
      readonly stopSequence?: string
      readonly report: UsageReport
    }
  | { readonly type: 'error'; readonly error: GatewayError }

export type MeterDeps = {
  /** The estimate made before the call; it stands unless the provider reports better. */
  readonly input: Figure
  /** The model's input window; without it a percentage says nothing. */
  readonly windowTokens?: number
  readonly countTokens: CountTokens
}

/** Text is counted in pieces of this size, so that a delta costs no tokenizer run and a long reply no long pause. */
const pieceCharacters = 8 * 1024
/** A percentage far above the window is a fault of the report. */
const mostPercent = 150

/**
 * One reply's meter: block events pass unchanged, `finish` gets its usage. Measured figures win, then those derived from the
 * provider's percentage of the window, then estimates; each keeps its source, and input and output are at least 1.
 */
export type Meter = {
  readonly start: () => ReplyEvent
  readonly push: (event: MeteredEvent) => ReplyEvent
  /** What has been counted so far: for replies that end without a `finish`. */
  readonly usage: () => Usage
}

/** A class: each delta passes it (docs/performance.md). */
class ReplyMeter implements Meter {
  private readonly output: Tally
  private readonly reasoning: Tally

  constructor(
    private readonly input: Figure,
    private readonly windowTokens: number | undefined,
    countTokens: CountTokens,
  ) {
    this.output = new Tally(countTokens)
    this.reasoning = new Tally(countTokens)
  }

  start(): ReplyEvent {
    return { type: 'reply-start', input: this.input }
  }

  usage(): Usage {
    return this.usageOf({})
  }

  push(event: MeteredEvent): ReplyEvent {
    switch (event.type) {
      case 'text-delta':
        this.output.add(event.text)
        return event
      case 'reasoning-delta':
        this.reasoning.add(event.text)
        return event
      case 'redacted-reasoning':
        this.reasoning.addTokens(redactedTokens(event.base64))
        return event
      case 'tool-call-start':
        this.output.add(event.name)
        return event
      case 'tool-call-delta':
        this.output.add(event.json)
        return event
      case 'finish':
        return {
          type: 'finish',
          reason: event.reason,
          ...(event.stopSequence === undefined ? {} : { stopSequence: event.stopSequence }),
          usage: this.usageOf(event.report),
        }
      case 'text-start':
      case 'text-end':
      case 'reasoning-start':
      case 'reasoning-end':
      case 'tool-call-end':
      case 'error':
        return event
    }
  }

  private usageOf(report: UsageReport): Usage {
    const reasoningTokens = this.reasoning.tokens()
    const written: Figure = positive(report.outputTokens)
      ? { tokens: report.outputTokens, source: 'measured' }
      : { tokens: Math.max(1, this.output.tokens() + reasoningTokens), source: 'estimated' }
    const { cacheReadTokens, cacheWriteTokens, credits } = report
    const usage = { input: this.inputFigure(report, written.tokens), output: written }
    const reasoning: Figure = { tokens: Math.min(reasoningTokens, written.tokens), source: 'estimated' }
    return Object.assign(
      usage,
      reasoningTokens > 0 && { reasoning },
      cacheReadTokens !== undefined && measured('cacheRead', cacheReadTokens),
      cacheWriteTokens !== undefined && measured('cacheWrite', cacheWriteTokens),
      credits !== undefined && { credits },
    )
  }

  private inputFigure(report: UsageReport, outputTokens: number): Figure {
    const { input, windowTokens } = this
    if (positive(report.inputTokens)) return { tokens: report.inputTokens, source: 'measured' }
    const percent = report.contextPercent
    if (windowTokens !== undefined && positive(percent) && percent <= mostPercent) {
      const total = Math.round((percent / 100) * windowTokens)
      return { tokens: Math.max(1, total - outputTokens), source: 'derived' }
    }
    return { tokens: Math.max(1, input.tokens), source: input.source }
  }
}

export const createMeter = ({ input, windowTokens, countTokens }: MeterDeps): Meter =>
  new ReplyMeter(input, windowTokens, countTokens)

class Tally {
  private counted = 0
  private readonly waiting = createTextRun()

  constructor(private readonly count: CountTokens) {}

  add(text: string): void {
    this.waiting.add(text)
    if (this.waiting.length() >= pieceCharacters) this.settle()
  }

  addTokens(tokens: number): void {
    this.counted += tokens
  }

  tokens(): number {
    this.settle()
    return this.counted
  }

  private settle(): void {
    if (this.waiting.length() > 0) this.counted += this.count(this.waiting.read())
    this.waiting.reset('')
  }
}

const positive = (value: number | undefined): value is number =>
  value !== undefined && Number.isFinite(value) && value > 0

const measured = <Name extends string>(name: Name, tokens: number | undefined): { readonly [K in Name]?: Figure } =>
  (tokens === undefined ? {} : { [name]: { tokens, source: 'measured' } }) as { readonly [K in Name]?: Figure } // the computed key
