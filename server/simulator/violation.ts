import { type Age, type Failure, malformed } from './failure.ts'
import type { SimulatedModel } from './models.ts'
import type { OldDemand } from './old-demand.ts'

/** A rule the request broke: `rule` is our own wording for whoever debugs, the failure is what the service would say. */
export type Violation = { readonly rule: string; readonly failure: Failure }

export type ValidationContext = {
  /** Region of the host that was called. */
  readonly region: string
  readonly age: Age
  /** Models of the account's plan in this region. */
  readonly models: readonly SimulatedModel[]
  /** Was this reasoning signed here? */
  readonly isOwnSignature: (text: string, signature: string) => boolean
  readonly isOwnRedaction: (base64: string) => boolean
  /** Demands beyond those of today; default none. */
  readonly old?: readonly OldDemand[]
}

/** The general refusal; `change` names what differs from it. */
export function violation(rule: string, change: Partial<Failure> = {}): Violation {
  return { rule, failure: { ...malformed, ...change } }
}

export const badToolUse = (rule: string): Violation =>
  violation(rule, { message: 'Invalid tool use format.', reason: 'REQUEST_BODY_INVALID' })

/** Results that do not fit the tool uses before them: the reason came with the newer service. */
export const mismatch = (rule: string, age: Age): Violation =>
  violation(rule, age === 'q-2026-05' ? {} : { reason: 'TOOL_USE_RESULT_MISMATCH' })

/** The first violation of several checks; later ones run only when the earlier found nothing. */
export function firstOf(checks: Iterable<() => Violation | undefined>): Violation | undefined {
  for (const check of checks) {
    const found = check()
    if (found !== undefined) return found
  }
  return undefined
}
