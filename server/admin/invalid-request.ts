import { type GatewayError, gatewayError } from '../conversation/error.ts'
import type { RefusalReason, refusalReasons } from './contract/refusal-reasons.ts'

/** A reason with all that its words have in them. */
export type Reason = {
  [R in RefusalReason]: { readonly reason: R } & Readonly<Record<(typeof refusalReasons)[R][number], string | number>>
}[RefusalReason]

/** What is wrong with what was asked: in words, and for who says it in others by its reason. */
export const invalidRequest = (
  why: Reason,
  message: string,
  more: { readonly field?: string; readonly code?: string } = {},
): GatewayError => gatewayError('invalid-request', message, { ...more, params: { ...why } })
