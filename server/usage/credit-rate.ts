import { unwatched, type WatchMemory } from '../lib/watch-memory.ts'

/** What is learnt of a provider that tells the credits of a call only when it is over. */
export type CreditRates = {
  /** Credits for one token of input and one of output: what was last seen of this model, with a margin. */
  readonly of: (modelId: string, rate?: number) => { readonly inputCredits: number; readonly outputCredits: number }
  readonly learn: (modelId: string, inputTokens: number, outputTokens: number, credits: number) => void
}

/** An output token is taken to cost as much as five of input: the ratio of the makers' list prices. */
const outputWeight = 5
/** For a model of rate 1 of which nothing has been seen: a credit for 20,000 weighted tokens. */
const firstGuess = 1 / 20_000
const margin = 1.25
/** How quickly a dear call is forgotten again. */
const fade = 0.05
const maxModels = 1_000

/** Estimates lean to the dear side: the dearest call counts at once and is forgotten slowly. */
export function createCreditRates(memory: WatchMemory = unwatched): CreditRates {
  const seen = new Map<string, number>()
  memory('credit_rates', () => seen.size, maxModels)
  return {
    of: (modelId, rate = 1) => {
      const inputCredits = (seen.get(modelId) ?? firstGuess * rate) * margin
      return { inputCredits, outputCredits: inputCredits * outputWeight }
    },
    learn: (modelId, inputTokens, outputTokens, credits) => {
      const weighted = inputTokens + outputWeight * outputTokens
      if (!(weighted > 0) || !(credits > 0)) return
      const perToken = credits / weighted
      const before = seen.get(modelId)
      const now = before === undefined || perToken > before ? perToken : before + (perToken - before) * fade
      seen.delete(modelId)
      seen.set(modelId, now)
      if (seen.size > maxModels) for (const oldest of seen.keys()) return void seen.delete(oldest)
    },
  }
}
