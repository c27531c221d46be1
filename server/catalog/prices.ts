import { err, ok, type Result } from '../lib/result.ts'
import { nameKey } from './name.ts'

/** What a million tokens cost, in micro-dollars. */
export type Price = { readonly inputMicroUsd: number; readonly outputMicroUsd: number }

type Row = readonly [start: string, inputUsd: number, outputUsd: number]

/**
 * The makers' own list prices for a million tokens, input and output, uncached: what the same calls would cost there. The
 * provider behind the gateway charges credits instead, which are counted beside it. The longest start of a name wins.
 * Source: https://platform.claude.com/docs/en/about-claude/pricing as of October 2026; where a price depends on the length
 * of the prompt, the higher one.
 */
export const pricesAsOf = '2026-10'
export const pricesSource = 'https://platform.claude.com/docs/en/about-claude/pricing'
const rows: readonly Row[] = [
  ['claude-opus-5-5', 4, 20],
  ['claude-opus-5', 5, 25],
  ['claude-opus-4', 15, 75],
  ['claude-opus-4-5', 5, 25],
  ['claude-opus-4-6', 5, 25],
  ['claude-opus-4-7', 5, 25],
  ['claude-opus-4-8', 5, 25],
  ['claude-sonnet', 3, 15],
  ['claude-sonnet-5', 2, 10],
  ['claude-haiku', 1, 5],
  ['claude-haiku-5-5', 0.5, 2.5],
  ['claude-fable', 10, 50],
]

/** For all other models: the one price the original server counted everything at. */
export const defaultPrice: Price = { inputMicroUsd: 5_000_000, outputMicroUsd: 25_000_000 }

const known = rows
  .map(([start, input, output]) => ({
    start,
    price: { inputMicroUsd: input * 1_000_000, outputMicroUsd: output * 1_000_000 },
  }))
  .toSorted((a, b) => b.start.length - a.start.length)

/** Prices by model name; `*` at the end of a name stands for any rest, `*` alone for all models. */
export type PriceOverrides = ReadonlyMap<string, Price>

/** A price and whose it is: the operator's own, the list's, or the one for all that have none. */
export type Pricing = { readonly price: Price; readonly from: 'override' | 'list' | 'default' }

export const priceOf = (modelId: string, overrides: PriceOverrides): Price => pricingOf(modelId, overrides).price

/** The price of a model by the provider's id: the operator's own, else the list's, else the default. */
export function pricingOf(modelId: string, overrides: PriceOverrides): Pricing {
  const key = nameKey(modelId)
  let best: { readonly length: number; readonly price: Price } | undefined
  for (const [name, price] of overrides) {
    const start = name.endsWith('*') ? nameKey(name.slice(0, -1)) : undefined
    if (start === undefined ? nameKey(name) !== key : !key.startsWith(start)) continue
    const length = start === undefined ? Number.POSITIVE_INFINITY : start.length
    if (best === undefined || length > best.length) best = { length, price }
  }
  if (best !== undefined) return { price: best.price, from: 'override' }
  const listed = known.find(({ start }) => key === start || key.startsWith(`${start}-`))
  return listed === undefined ? { price: defaultPrice, from: 'default' } : { price: listed.price, from: 'list' }
}

/** Largest price that may be set, dollars for a million tokens. */
const mostUsd = 1_000_000

/** Overrides as they are set: `{"claude-opus-4.7": [5, 25], "qwen*": [0.2, 0.8]}`, dollars for a million tokens in and out. */
export function readPrices(value: unknown): Result<PriceOverrides, string> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return err('must be an object of model names with [input, output] in dollars for a million tokens')
  const entries: [string, Price][] = []
  for (const [name, pair] of Object.entries(value)) {
    const isPrice = (one: unknown): one is number => typeof one === 'number' && one >= 0 && one <= mostUsd
    if (name.trim() === '' || name.length > 200)
      return err('has a model name that is empty or longer than 200 characters')
    if (!Array.isArray(pair) || pair.length !== 2 || !pair.every(isPrice))
      return err(`${JSON.stringify(name)} must be [input, output], each 0 to ${mostUsd} dollars for a million tokens`)
    const [input, output] = pair as [number, number] // two of them, as was just seen
    entries.push([
      name,
      { inputMicroUsd: Math.round(input * 1_000_000), outputMicroUsd: Math.round(output * 1_000_000) },
    ])
  }
  return entries.length > 500 ? err('has more than 500 models') : ok(new Map(entries))
}
