import type { FinishReason, UsageReport } from '../../conversation/ending.ts'
import type { JsonObject } from './wire.ts'

/** `stopReason` of the provider in our words. The list is open: an unknown one is an ordinary end. */
export const stopReasons = {
  END_TURN: 'end',
  TOOL_USE: 'end',
  MAX_TOKENS: 'max-tokens',
  MODEL_CONTEXT_WINDOW_EXCEEDED: 'context-full',
  STOP_SEQUENCE: 'stop-sequence',
  CONTENT_FILTERED: 'filtered',
  GUARDRAIL_INTERVENED: 'filtered',
  MALFORMED_MODEL_OUTPUT: 'broken',
  MALFORMED_TOOL_USE: 'broken',
} as const satisfies Record<string, FinishReason | 'broken'>

export type Ending = {
  readonly stopReason: string | undefined
  readonly stopDetails: JsonObject | undefined
  readonly report: UsageReport
  /** The reply has at least one completed tool call. */
  readonly hasCalls: boolean
}

/**
 * Why a complete reply ended. A tool call decides by itself: four in ten replies with one were seen to say END_TURN. Without
 * a stop reason (older replies have none) a full window is the only sign that the model did not end by itself.
 */
export function finishReason({ stopReason, stopDetails, report, hasCalls }: Ending): FinishReason | 'broken' {
  const known: Readonly<Record<string, FinishReason | 'broken'>> = stopReasons
  const named = stopReason !== undefined && Object.hasOwn(known, stopReason) ? known[stopReason] : undefined
  if (named === 'broken') return 'broken'
  if (hasCalls) return 'tool-calls'
  if (named === 'filtered' && stopDetails?.refusal !== undefined) return 'refusal'
  if (stopReason === undefined && (report.contextPercent ?? 0) >= 100) return 'context-full'
  return named ?? 'end'
}
