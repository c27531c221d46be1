import { expect, test } from 'bun:test'
import { keyLimitsOf, keyWaysOf } from '../../server/cli/key-limits.ts'

test('options of a key are its members', () => {
  const options = {
    rpm: '60',
    'requests-per-day': '1000',
    'tokens-per-day': '2000000',
    'tokens-per-month': '0',
    'usd-per-month': '12.5',
    'credits-per-month': '0.5',
    concurrency: '4',
    models: 'claude-haiku-*, claude-sonnet-4.5',
    expires: 'never',
  }
  expect(keyLimitsOf(options)).toEqual({
    ok: true,
    value: {
      rate_limit_rpm: 60,
      request_quota: 1_000,
      daily_quota: 2_000_000,
      monthly_quota: 0,
      monthly_spend_micro_usd: 12_500_000,
      monthly_credits: 0.5,
      concurrency: 4,
      models: ['claude-haiku-*', 'claude-sonnet-4.5'],
      expires_at: '',
    },
  })
  expect(keyLimitsOf({ models: 'any', json: true })).toEqual({ ok: true, value: { models: [] } })
})

test.each([
  [{ rpm: 'many' }, '--rpm'],
  [{ rpm: '1.5' }, '--rpm'],
  [{ 'usd-per-month': '-1' }, '--usd-per-month'],
])('%j is told which option is wrong', (options, name) => {
  const read = keyLimitsOf(options)
  expect(read.ok).toBe(false)
  if (!read.ok) expect(read.error).toContain(name)
})

test.each([
  [{}, {}],
  [{ repair: 'yes' }, { repair: true }],
  [
    { repair: 'no', compression: 'share' },
    { repair: false, compression: 'share' },
  ],
  [
    { repair: 'inherit', compression: 'inherit' },
    { repair: null, compression: 'inherit' },
  ],
])('%j is the way of a key', (options, value) => {
  expect(keyWaysOf(options)).toEqual({ ok: true, value })
})

test.each([
  [{ repair: 'true' }, '--repair'],
  [{ compression: 'on' }, '--compression'],
])('%j is told what it takes', (options, name) => {
  expect(keyWaysOf(options)).toEqual({ ok: false, error: expect.stringContaining(name) })
})
