import type { Conversation } from '../conversation/conversation.ts'
import type { GatewayError } from '../conversation/error.ts'
import { ok, type Result } from '../lib/result.ts'
import { type DryRun, type DryRunAsk, type DryRunDeps, dryRun } from '../relay/dry-run.ts'
import type { Asker, Layer, Outlook } from './layer.ts'

/** What would become of a request, layers included. */
export type Forecast = DryRun & { readonly compression: Outlook }

export type ForecastAsk = DryRunAsk & Asker

/** Tells what the first turn of a request would be. No turn is run, and nothing is kept of it. */
export async function forecast(
  ask: ForecastAsk,
  layers: readonly Layer[],
  deps: DryRunDeps,
): Promise<Result<Forecast, GatewayError>> {
  let conversation: Conversation = ask.conversation
  let compression: Outlook = { setting: 'off', would: 'no' }
  for (const layer of layers) {
    compression = (await layer.outlook?.(conversation, ask)) ?? compression
    if (!layer.wants(conversation, ask)) continue
    const begun = await layer.begin(conversation, ask)
    if (!begun.ok) return begun
    conversation = begun.value
  }
  const seen = await dryRun({ ...ask, conversation }, deps)
  return seen.ok ? ok({ ...seen.value, compression }) : seen
}
