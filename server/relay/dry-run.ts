import { type GatewayError, gatewayError } from '../conversation/error.ts'
import type { Figure } from '../conversation/event.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { Consideration } from '../pool/seat-request.ts'
import type { Preview, Upstream } from '../upstream/upstream.ts'
import type { ModelTaken, RelayDeps, RelayRequest } from './relay.ts'

/** What would become of a request: the model, the size, the accounts that might serve it and what they would be sent. */
export type DryRun = Preview & {
  readonly model: ModelTaken
  readonly windowTokens: number
  readonly input: Figure
  readonly candidates: readonly Consideration[]
}

export type DryRunAsk = Pick<RelayRequest, 'conversation' | 'callerId' | 'accounts' | 'allows' | 'note' | 'locate'>

export type DryRunDeps = Pick<RelayDeps, 'resolve' | 'consider' | 'estimateInput'> & Pick<Upstream, 'preview'>

/** Goes the way of a request up to the point where something would be sent, and leaves no trace. */
export async function dryRun(
  { conversation, callerId, accounts, allows, note, locate }: DryRunAsk,
  deps: DryRunDeps,
): Promise<Result<DryRun, GatewayError>> {
  const resolved = await deps.resolve(conversation, accounts, callerId)
  if (!resolved.ok) return resolved
  const { model, standIn } = resolved.value
  if (allows?.([conversation.model, model.id]) === false) {
    const message = `The model ${conversation.model} is not among those this API key may use.`
    return err(gatewayError('model-not-found', message, { field: 'model' }))
  }
  const seen = await deps.preview({
    conversation: resolved.value.conversation,
    model,
    ...(note && { note }),
    ...(locate && { locate }),
  })
  if (!seen.ok) return seen
  return ok({
    ...seen.value,
    model: { id: model.id, ...(standIn && { because: standIn.because }) },
    windowTokens: model.maxInputTokens,
    input: await deps.estimateInput(resolved.value.conversation),
    candidates: deps.consider({ modelId: model.id, exclude: new Set(), ...(accounts && { only: accounts }) }),
  })
}
