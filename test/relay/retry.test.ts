import { describe, expect, test } from 'bun:test'
import { type ErrorKind, errorKinds, gatewayError } from '../../server/conversation/error.ts'
import { finalError, defaultRetryLimits as limits, nextMove, retryTable, type Story } from '../../server/relay/retry.ts'

const story = (kinds: readonly ErrorKind[], elapsedMs = 0, retryAfterMs?: number): Story => ({
  errors: kinds.map((kind) => gatewayError(kind, 'said', retryAfterMs === undefined ? {} : { retryAfterMs })),
  elapsedMs,
  hasUntried: false,
  isOutage: false,
})
const anotherAccount: readonly ErrorKind[] = [
  'token-rejected',
  'account-suspended',
  'account-refused',
  'access-denied',
  'account-restricted',
  'quota-exhausted',
  'model-not-found',
  'no-account',
]
const spaced: readonly (readonly [ErrorKind, number, number, number])[] = [
  // kind, tries, first wait at least, at most
  ['service-throttled', 3, 1_000, 2_000],
  ['model-overloaded', 3, 1_000, 2_000],
  ['renewal-failed', 6, 100, 200],
  ['upstream-failed', 4, 100, 200],
  ['upstream-unreachable', 4, 100, 200],
  ['broken-reply', 4, 100, 200],
  ['empty-reply', 3, 100, 200],
  ['timeout', 2, 100, 200],
]
const known = new Set<ErrorKind>(['rate-limited', ...anotherAccount, ...spaced.map(([kind]) => kind)])

test.each(anotherAccount)('%s goes to another account at once', (kind) => {
  expect(nextMove(story([kind]), 0.5, limits)).toEqual({ to: 'another', afterMs: 0 })
})

test('rate-limited goes to an account that was not tried, else to whichever has rested', () => {
  for (const failures of [1, 20]) {
    const limited = story(Array(failures).fill('rate-limited'), 0, 9_000)
    expect(nextMove({ ...limited, hasUntried: true }, 0.5, limits)).toEqual({ to: 'untried', afterMs: 0 })
    expect(nextMove(limited, 0.5, limits)).toEqual({ to: 'any', afterMs: 0 })
  }
})

test.each(spaced)('%s is tried %d times in all, spaced', (kind, tries, least, most) => {
  for (const chance of [0, 1]) {
    const first = nextMove(story([kind]), chance, limits)
    expect(first.to).toBe('any')
    if (first.to !== 'any') return
    expect(first.afterMs).toBeGreaterThanOrEqual(least)
    expect(first.afterMs).toBeLessThanOrEqual(most)
  }
  expect(nextMove(story(Array(tries - 1).fill(kind)), 0.5, limits).to).toBe('any')
  expect(nextMove(story(Array(tries).fill(kind)), 0.5, limits)).toEqual({ to: 'nobody' })
})

test.each(spaced)('%s goes on to accounts that were not tried, however many', (kind, tries) => {
  for (const failures of [1, tries, tries + 5]) {
    const move = nextMove({ ...story(Array(failures).fill(kind)), hasUntried: true }, 0.5, limits)
    expect(move.to).toBe('untried')
  }
  // Nobody had an answer of late: trying them all would only add to the provider's trouble.
  const outage = { ...story(Array(tries).fill(kind)), hasUntried: true, isOutage: true }
  expect(nextMove(outage, 0.5, limits)).toEqual({ to: 'nobody' })
})

test('what one account was told to wait holds up nobody while there is another, what the service asks for does', () => {
  const after = (kind: ErrorKind, retryAfterMs: number) =>
    nextMove({ ...story([kind], 0, retryAfterMs), hasUntried: true }, 1, limits)
  expect(after('upstream-failed', 30_000)).toEqual({ to: 'untried', afterMs: 100 })
  expect(after('service-throttled', 7_000)).toEqual({ to: 'untried', afterMs: 2_000 })
  expect(after('model-overloaded', 30_000)).toEqual({ to: 'untried', afterMs: 2_000 })
  // A second account was told the same: it is everybody's.
  const twice = (kind: ErrorKind, retryAfterMs: number) =>
    nextMove({ ...story([kind, kind], 0, retryAfterMs), hasUntried: true }, 1, limits)
  expect(twice('service-throttled', 7_000)).toEqual({ to: 'untried', afterMs: 7_000 })
  expect(twice('model-overloaded', 30_000)).toEqual({ to: 'nobody' })
})

test.each(errorKinds.filter((kind) => !known.has(kind)))(
  '%s is returned: the same request would fail the same way',
  (kind) => {
    expect(nextMove(story([kind]), 0.5, limits)).toEqual({ to: 'nobody' })
  },
)

test('the table has a row for every kind', () => {
  expect(Object.keys(retryTable).sort()).toEqual([...errorKinds].sort())
})

describe('bounds', () => {
  test('attempts in all', () => {
    expect(nextMove(story(Array(limits.maxAttempts - 1).fill('account-refused')), 0.5, limits).to).toBe('another')
    expect(nextMove(story(Array(limits.maxAttempts).fill('account-refused')), 0.5, limits).to).toBe('nobody')
  })
  test('time in all', () => {
    expect(nextMove(story(['account-refused'], limits.maxTotalMs - 1), 0.5, limits).to).toBe('another')
    expect(nextMove(story(['account-refused'], limits.maxTotalMs), 0.5, limits).to).toBe('nobody')
    expect(nextMove(story(['upstream-failed'], limits.maxTotalMs), 0.5, limits).to).toBe('nobody')
  })
  test('what the provider asks for is honoured, or passed on when too long', () => {
    expect(nextMove(story(['service-throttled'], 0, 7_000), 0, limits)).toEqual({ to: 'any', afterMs: 7_000 })
    expect(nextMove(story(['service-throttled'], 0, limits.maxWaitMs + 1), 0, limits)).toEqual({ to: 'nobody' })
  })
})

describe('when nobody is left the caller gets', () => {
  const rows: readonly [ErrorKind | undefined, ErrorKind, ErrorKind][] = [
    [undefined, 'no-account', 'no-account'],
    ['account-refused', 'pool-cooling', 'pool-cooling'],
    ['quota-exhausted', 'pool-exhausted', 'pool-exhausted'],
    ['token-rejected', 'no-healthy-account', 'no-healthy-account'],
    ['account-refused', 'account-refused', 'account-refused'],
    ['account-refused', 'pool-cooling', 'pool-cooling'],
    ['account-suspended', 'upstream-failed', 'upstream-failed'],
    ['model-not-found', 'no-healthy-account', 'model-not-found'],
    ['timeout', 'upstream-failed', 'timeout'],
  ]
  test.each(rows)('after %s and then %s: %s', (last, pool, told) => {
    const lastError = last === undefined ? undefined : gatewayError(last, 'last')
    expect(finalError(lastError, gatewayError(pool, 'pool')).kind).toBe(told)
  })
})
