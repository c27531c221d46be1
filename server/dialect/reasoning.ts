import { type Static, Type } from '@sinclair/typebox'
import type { Effort, Thinking } from '../conversation/conversation.ts'
import { open, optional } from './validate.ts'

/** `thinking` of the Messages API, which several clients also send on the Chat path. */
export const ThinkingWish = Type.Object(
  { type: Type.String(), budget_tokens: optional(Type.Integer({ minimum: 0 })) },
  open,
)

/** A kind we do not know is as good as unsaid. */
export function decodeThinking(wish: Static<typeof ThinkingWish> | null | undefined): Thinking {
  switch (wish?.type) {
    case 'enabled':
      return { type: 'enabled', ...(wish.budget_tokens ? { budgetTokens: wish.budget_tokens } : {}) }
    case 'adaptive':
      return { type: 'adaptive' }
    case 'disabled':
      return { type: 'disabled' }
    default:
      return { type: 'unspecified' }
  }
}

const efforts: readonly string[] = ['minimal', 'low', 'medium', 'high', 'xhigh', 'max'] satisfies readonly Effort[]

/** `undefined` for anything we do not know: effort is a wish, and new steps appear before we learn of them. */
export function decodeEffort(value: unknown): Effort | undefined {
  return typeof value === 'string' && efforts.includes(value) ? (value as Effort) : undefined
}

/** Asking for effort asks for reasoning; `minimal` is as good as none, so the model's own habit decides. */
export function thinkingOfEffort(wish: unknown): Thinking {
  if (wish === 'none') return { type: 'disabled' }
  const effort = decodeEffort(wish)
  return { type: effort === undefined || effort === 'minimal' ? 'unspecified' : 'adaptive' }
}
