import type { Conversation } from '../conversation/conversation.ts'
import type { Figure } from '../conversation/event.ts'
import type { Effects } from '../lib/effects.ts'
import { createEstimator, type Estimator } from '../usage/estimate.ts'
import { createTokenizer } from '../usage/tokenizer.ts'

export type LazyEstimator = ReturnType<typeof createLazyEstimator>

/**
 * The load blocks; what the request does meanwhile, as a rule its call to the provider, is to be on its way first. A turn of
 * the event loop and no time: it must pass on a clock that stands still too.
 */
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** The tokenizer weighs tens of MB and a third of a second: loaded once, when first asked. */
export function createLazyEstimator(effects: Pick<Effects, 'sleep'>) {
  let loaded: Estimator | undefined
  let loading: Promise<Estimator> | undefined
  const load = (): Promise<Estimator> => {
    loading ??= nextTurn()
      .then(createTokenizer)
      .then((count) => {
        loaded = createEstimator(count, effects)
        return loaded
      })
    return loading
  }
  return {
    conversation: async (conversation: Conversation, signal?: AbortSignal): Promise<Figure> =>
      (loaded ?? (await load())).conversation(conversation, signal),
    /** To be called only after `conversation` has resolved once. */
    text: (text: string): number => {
      if (loaded === undefined) throw new Error('the tokenizer is not loaded yet')
      return loaded.text(text)
    },
  }
}
