import { expect, test } from 'bun:test'
import { createCreditRates } from '../../server/usage/credit-rate.ts'

const estimate = (rates: ReturnType<typeof createCreditRates>, input: number, output: number): number => {
  const { inputCredits, outputCredits } = rates.of('m')
  return input * inputCredits + output * outputCredits
}

test('what a call may cost is never told lower than the dearest of late', () => {
  const rates = createCreditRates()
  rates.learn('m', 1_000, 200, 0.5)
  expect(estimate(rates, 1_000, 200)).toBeGreaterThanOrEqual(0.5)
  rates.learn('m', 1_000, 200, 2)
  expect(estimate(rates, 1_000, 200)).toBeGreaterThanOrEqual(2)
  rates.learn('m', 1_000, 200, 0.5)
  expect(estimate(rates, 1_000, 200)).toBeGreaterThanOrEqual(2)
  for (let call = 0; call < 200; call++) rates.learn('m', 1_000, 200, 0.5)
  expect(estimate(rates, 1_000, 200)).toBeLessThan(0.7)
})

test('a model of which nothing was seen is taken by its rate, and reports that say nothing teach nothing', () => {
  const rates = createCreditRates()
  rates.learn('m', 0, 0, 1)
  rates.learn('m', 100, 0, 0)
  rates.learn('m', 100, 0, Number.NaN)
  expect(rates.of('m', 2).inputCredits).toBe(rates.of('other', 1).inputCredits * 2)
})
