import { expect, test } from 'bun:test'
import { defaultPrice, priceOf, pricingOf, readPrices } from '../../server/catalog/prices.ts'

const usd = (input: number, output: number) => ({
  inputMicroUsd: input * 1_000_000,
  outputMicroUsd: output * 1_000_000,
})

test.each([
  ['claude-opus-4.7', usd(5, 25)],
  ['claude-opus-4.5', usd(5, 25)],
  ['claude-opus-4', usd(15, 75)],
  ['claude-opus-5.5', usd(4, 20)],
  ['claude-sonnet-4.5', usd(3, 15)],
  ['claude-sonnet-5.5', usd(2, 10)],
  ['claude-haiku-4.5', usd(1, 5)],
  ['qwen3-coder-next', defaultPrice],
  ['auto', defaultPrice],
])('%s', (model, price) => {
  expect(priceOf(model, new Map())).toEqual(price)
})

test('what the operator sets goes before the list, the longest match first', () => {
  const read = readPrices({ '*': [1, 2], 'claude-*': [3, 4], 'claude-opus-4.7': [0, 0.5] })
  if (!read.ok) throw new Error(read.error)
  expect(['claude-opus-4-7', 'claude-haiku-4.5', 'glm-5'].map((model) => priceOf(model, read.value))).toEqual([
    usd(0, 0.5),
    usd(3, 4),
    usd(1, 2),
  ])
})

test.each([[[]], [{ m: 5 }], [{ m: [1] }], [{ m: [1, -1] }], [{ m: [1, '2'] }], [{ '': [1, 2] }], ['x'], [null]])(
  '%j is not a price list',
  (value) => {
    expect(readPrices(value).ok).toBe(false)
  },
)

test('a price says whose it is', () => {
  const read = readPrices({ 'claude-opus*': [1, 2] })
  if (!read.ok) throw new Error(read.error)
  expect(['claude-opus-4.7', 'claude-haiku-4.5', 'glm-5'].map((model) => pricingOf(model, read.value))).toEqual([
    { price: usd(1, 2), from: 'override' },
    { price: usd(1, 5), from: 'list' },
    { price: defaultPrice, from: 'default' },
  ])
})
