import { createCompression } from '../contract/compress.ts'
import type { CompressDeps, Compression } from '../contract/compress-view.ts'
import type { Asker, Layer } from '../contract/layer.ts'
import { createSummaries, summariesLimit, summaryBytesLimit } from '../contract/summaries.ts'
import type { Effects } from '../lib/effects.ts'
import type { Metrics } from '../observe/metrics.ts'
import type { RelayDeps } from '../relay/relay.ts'
import { type StoredSettings, settingOf } from './pool-settings.ts'

/** Where a key asks for a share and the settings name none. */
const usualPercent = 90

/** Long conversations, as the settings and the caller's key say. */
export function createLongConversations(
  { resolve, estimateInput }: Pick<RelayDeps, 'resolve' | 'estimateInput'>,
  stored: () => StoredSettings,
  effects: Pick<Effects, 'now'>,
  metrics: Pick<Metrics, 'watch'>,
): Layer {
  const summaries = createSummaries(effects)
  metrics.watch('summaries_kept', 'Summaries of long conversations.', () => summaries.stats().count, summariesLimit)
  metrics.watch('summaries_kept_bytes', 'What they take.', () => summaries.stats().bytes, summaryBytesLimit)
  metrics.watch('summaries_written', 'Summaries that were written.', () => summaries.stats().written)
  metrics.watch('summaries_reused', 'Requests that went on from a summary that was kept.', () => summaries.stats().hits)
  const windowOf: CompressDeps['windowOf'] = async (conversation, { accounts, callerId }) => {
    const resolved = await resolve(conversation, accounts, callerId)
    return resolved.ok ? resolved.value.model.maxInputTokens : undefined
  }
  return createCompression({
    compressionOf: ({ compression }) => compressionIn(stored(), compression),
    estimate: estimateInput,
    windowOf,
    summaries,
  })
}

/** What holds for a key: its own word, else the settings'. Asked for every request. */
export function compressionIn(stored: StoredSettings, own: Asker['compression']): Compression | undefined {
  if (own === 'off' || (own === undefined && settingOf(stored, 'compression_enabled') !== true)) return undefined
  const model = String(settingOf(stored, 'compression_model')).trim()
  const set = Number(settingOf(stored, 'compression_at_percent'))
  const percent = own === 'overflow' ? 0 : own === 'share' && set === 0 ? usualPercent : set
  return { ...(percent > 0 && { percent }), ...(model !== '' && { model }) }
}
