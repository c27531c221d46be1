import type { Conversation } from '../conversation/conversation.ts'
import type { Figure } from '../conversation/event.ts'
import type { Effects } from '../lib/effects.ts'
import { unwatched, type WatchMemory } from '../lib/watch-memory.ts'
import { createEstimator, type Estimator } from '../usage/estimate.ts'
import { type CountTokens, countRoughly, createTokenizer } from '../usage/tokenizer.ts'

export type LazyEstimator = ReturnType<typeof createLazyEstimator>

/** After a load that failed: so long nothing is loaded anew, and whoever asks gets a rough figure at once. */
const restMs = 10_000
const longestRestMs = 600_000

/**
 * The tokenizer weighs tens of MB and a third of a second: loaded once, when first asked; again later if that failed. Until
 * then nothing waits for it in vain: figures are rough, and estimates as the others are.
 */
export function createLazyEstimator(
  effects: Pick<Effects, 'sleep' | 'turn' | 'now'>,
  onFailure: (error: unknown) => void,
  loadTokenizer: () => Promise<CountTokens> = createTokenizer,
  memory: WatchMemory = unwatched,
) {
  let loaded: Estimator | undefined
  let loading: Promise<Estimator> | undefined
  let failures = 0
  let restsUntil: number | undefined
  let rough: Estimator | undefined
  const load = async (): Promise<Estimator> => {
    // The load blocks; what the request does meanwhile, as a rule its call to the provider, is to be on its way first.
    await effects.turn()
    try {
      loaded = createEstimator(await loadTokenizer(), effects, memory)
      return loaded
    } catch (thrown) {
      restsUntil = effects.now() + Math.min(longestRestMs, restMs * 2 ** failures++)
      onFailure(thrown)
      rough ??= createEstimator(countRoughly, effects, memory)
      return rough
    }
  }
  const whenLoaded = (): Promise<Estimator> => {
    if (restsUntil !== undefined && effects.now() >= restsUntil) {
      restsUntil = undefined
      loading = undefined
    }
    loading ??= load()
    return loading
  }
  return {
    conversation: async (conversation: Conversation, signal?: AbortSignal): Promise<Figure> =>
      (loaded ?? (await whenLoaded())).conversation(conversation, signal),
    /** To be called only after `conversation` has resolved once. */
    text: (text: string): number => {
      const estimator = loaded ?? rough
      if (estimator === undefined) throw new Error('the tokenizer is not loaded yet')
      return estimator.text(text)
    },
  }
}
