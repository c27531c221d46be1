import type { ModelInfo } from '../conversation/model.ts'
import { claudeName, nameKey, readings } from './name.ts'

type Row = readonly [
  id: string,
  name: string,
  windowTokens: number,
  outputTokens: number,
  images: boolean,
  rate: number,
]

// The provider's list as it was recorded. Native thinking is left to live lists: its schema differs from model to model.
const rows: readonly Row[] = [
  ['auto', 'Auto', 1_000_000, 64_000, true, 1],
  ['claude-opus-4.7', 'Claude Opus 4.7', 1_000_000, 128_000, true, 2.2],
  ['claude-opus-4.6', 'Claude Opus 4.6', 1_000_000, 64_000, true, 2.2],
  ['claude-sonnet-4.6', 'Claude Sonnet 4.6', 1_000_000, 64_000, true, 1.3],
  ['claude-opus-4.5', 'Claude Opus 4.5', 200_000, 64_000, true, 2.2],
  ['claude-sonnet-4.5', 'Claude Sonnet 4.5', 200_000, 64_000, true, 1.3],
  ['claude-sonnet-4', 'Claude Sonnet 4', 200_000, 64_000, true, 1.3],
  ['claude-haiku-4.5', 'Claude Haiku 4.5', 200_000, 64_000, true, 0.4],
  ['deepseek-3.2', 'DeepSeek 3.2', 164_000, 64_000, true, 0.25],
  ['minimax-m2.5', 'MiniMax M2.5', 196_000, 64_000, false, 0.25],
  ['minimax-m2.1', 'MiniMax M2.1', 196_000, 64_000, true, 0.15],
  ['glm-5', 'GLM 5', 200_000, 64_000, false, 0.5],
  ['qwen3-coder-next', 'Qwen3 Coder Next', 256_000, 64_000, true, 0.05],
]

/** What stands in for the list of an account of which none could be read yet; the provider's word on the call decides. */
export const builtInModels: readonly ModelInfo[] = rows.map(
  ([id, name, maxInputTokens, maxOutputTokens, acceptsImages, rate]) => ({
    id,
    name,
    maxInputTokens,
    maxOutputTokens,
    acceptsImages,
    rate,
  }),
)

/** A Claude model that is newer than the built-in list, under the id the provider would give it; undefined for other names. */
export function newerClaude(name: string): ModelInfo | undefined {
  const key = readings(name).at(-1)?.key ?? ''
  const wanted = claudeName(key)
  if (wanted?.version === undefined) return undefined
  const isNewer = builtInModels.every(({ id }) => {
    const known = claudeName(nameKey(id))
    return known?.family !== wanted.family || (known.version ?? 0) < (wanted.version ?? 0)
  })
  if (!isNewer) return undefined
  const id = key.replace(/(\d)-(\d+)$/, '$1.$2')
  return { id, name: id, maxInputTokens: 200_000, maxOutputTokens: 64_000, acceptsImages: true }
}
