import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { remainingCredits, shareLeft } from '../../server/conversation/quota.ts'
import type { Seat } from '../../server/pool/account.ts'
import { type Choice, type Strategy, selectSeat, strategies } from '../../server/pool/select.ts'
import { createTestEffects } from '../support/effects.ts'
import { makeAccount } from './accounts.ts'

const now = Date.UTC(2026, 0, 15, 12)
const day = 86_400_000
const choice = (more: Partial<Choice> = {}): Choice => ({ now, random: 0, turn: 0, reserve: 0.05, ...more })
type Changeable = { -readonly [Member in keyof Seat]: Seat[Member] }
const seat = (
  id: string,
  more: Partial<Omit<Seat, 'account'>> & { account?: Partial<Seat['account']> } = {},
): Changeable => ({
  inFlight: 0,
  startsLastMinute: 0,
  quotaLeft: shareLeft(more.account?.quota),
  creditsLeft: more.account?.quota && remainingCredits(more.account.quota),
  ...more,
  account: makeAccount(id, more.account),
})

test.each(strategies)('%s gives nothing from nothing and the only one from one', (strategy) => {
  expect(selectSeat(strategy, [], choice())).toBeUndefined()
  expect(selectSeat(strategy, [seat('only')], choice({ random: 0.999 }))?.account.id).toBe('only')
})

const table: readonly {
  name: string
  strategy: Strategy
  seats: readonly Seat[]
  with?: Partial<Choice>
  takes: string
}[] = [
  {
    name: 'the oldest account in order',
    strategy: 'sequential',
    seats: [seat('b', { account: { createdAt: 2 } }), seat('a', { account: { createdAt: 1 } })],
    takes: 'a',
  },
  {
    name: 'turn by turn',
    strategy: 'round_robin',
    seats: [seat('a'), seat('b'), seat('c')],
    with: { turn: 4 },
    takes: 'b',
  },
  { name: 'by chance', strategy: 'random', seats: [seat('a'), seat('b')], with: { random: 0.6 }, takes: 'b' },
  {
    name: 'by chance and weight',
    strategy: 'weighted_random',
    seats: [seat('a', { account: { weight: 9 } }), seat('b')],
    with: { random: 0.89 },
    takes: 'a',
  },
  {
    name: 'the least loaded',
    strategy: 'least_loaded',
    seats: [seat('a', { inFlight: 2 }), seat('b', { inFlight: 1 })],
    takes: 'b',
  },
  {
    name: 'the least loaded for its weight',
    strategy: 'least_loaded',
    seats: [seat('a', { inFlight: 2, account: { weight: 4 } }), seat('b', { inFlight: 1 })],
    takes: 'a',
  },
  {
    name: 'among equals the one that started less of late',
    strategy: 'least_loaded',
    seats: [seat('a', { startsLastMinute: 5 }), seat('b', { startsLastMinute: 1 })],
    takes: 'b',
  },
  {
    name: 'the one with more quota left for its time',
    strategy: 'quota_aware',
    seats: [
      seat('a', { account: { quota: { used: 90, limit: 100, resetsAt: now + 20 * day, readAt: now } } }),
      seat('b', { account: { quota: { used: 50, limit: 100, resetsAt: now + 20 * day, readAt: now } } }),
    ],
    takes: 'b',
  },
  {
    name: 'the one whose reset is near',
    strategy: 'quota_aware',
    seats: [
      seat('a', { account: { quota: { used: 70, limit: 100, resetsAt: now + 29 * day, readAt: now } } }),
      seat('b', { account: { quota: { used: 70, limit: 100, resetsAt: now + 2 * day, readAt: now } } }),
    ],
    takes: 'b',
  },
  {
    name: 'not the one that has only its reserve left',
    strategy: 'quota_aware',
    seats: [
      seat('a', { account: { quota: { used: 97, limit: 100, resetsAt: now + day, readAt: now } } }),
      seat('b', { inFlight: 1, account: { quota: { used: 80, limit: 100, resetsAt: now + 25 * day, readAt: now } } }),
    ],
    takes: 'b',
  },
]
describe('strategies take', () => {
  test.each(table)('$strategy: $name', ({ strategy, seats, with: more, takes }) => {
    expect(selectSeat(strategy, seats, choice(more))?.account.id).toBe(takes)
  })
})

test('every strategy takes one of the seats it was given, whatever the numbers', () => {
  const anySeat = fc.record({
    inFlight: fc.nat(50),
    startsLastMinute: fc.nat(500),
    weight: fc.integer({ min: 1, max: 100 }),
  })
  fc.assert(
    fc.property(
      fc.array(anySeat, { minLength: 1, maxLength: 40 }),
      fc.constantFrom(...strategies),
      fc.double({ min: 0, max: 0.999999, noNaN: true }),
      fc.nat(),
      (rows, strategy, random, turn) => {
        const seats = rows.map(({ weight, ...more }, index) => seat(`a${index}`, { ...more, account: { weight } }))
        expect(seats).toContain(selectSeat(strategy, seats, choice({ random, turn })) as Seat)
      },
    ),
  )
})

test.each(['least_loaded', 'round_robin', 'random', 'weighted_random', 'quota_aware'] as const)(
  '%s is fair over 1,000 equal accounts',
  (strategy) => {
    const effects = createTestEffects()
    const held = Array.from({ length: 1_000 }, (_, index) => ({
      account: makeAccount(`a${index}`),
      inFlight: 0,
      startsLastMinute: 0,
      quotaLeft: undefined,
      creditsLeft: undefined,
      taken: 0,
    }))
    for (let turn = 0; turn < 20_000; turn++) {
      const taken = selectSeat(strategy, held, choice({ random: effects.random(), turn }))
      if (taken === undefined) throw new Error('nothing taken')
      taken.taken++
      taken.startsLastMinute++
    }
    const counts = held.map(({ taken }) => taken)
    const mean = 20
    // chance alone spreads by about sqrt(20) ≈ 4.5; 6 deviations are never reached by a fair choice of this size
    const allowed = strategy === 'random' || strategy === 'weighted_random' ? 27 : 1
    expect(Math.max(...counts) - mean).toBeLessThanOrEqual(allowed)
    expect(mean - Math.min(...counts)).toBeLessThanOrEqual(allowed)
  },
)

test.each([1, 8, 40])(
  'quota_aware spends 10,000 and 1,000 credits evenly to their resets with %d calls in hand',
  (inHand) => {
    const effects = createTestEffects()
    const limits = [10_000, 1_000]
    const used = [0, 0]
    const held = limits.map((limit, index) => ({
      ...seat(`a${index}`, {
        account: { maxInFlight: 1_000, quota: { used: 0, limit, resetsAt: now + 15 * day, readAt: now } },
      }),
      starts: [] as number[],
    }))
    const running: number[] = []
    for (let turn = 0; (used[1] ?? 0) < 900; turn++) {
      for (const [index, one] of held.entries()) {
        one.startsLastMinute = one.starts.filter((at) => at > turn - 100).length // a hundred calls a minute
        if (turn % 200 !== 0) continue // readings are up to two minutes old
        const left = (limits[index] ?? 0) - (used[index] ?? 0)
        one.creditsLeft = left
        one.quotaLeft = left / (limits[index] ?? 1)
      }
      const taken = selectSeat('quota_aware', held, choice({ random: effects.random(), turn }))
      if (taken === undefined) throw new Error('nothing taken')
      const index = held.indexOf(taken)
      taken.inFlight++
      taken.starts.push(turn)
      used[index] = (used[index] ?? 0) + 1
      running.push(index)
      if (running.length < inHand) continue
      const ended = held[running.splice(Math.floor(effects.random() * running.length), 1)[0] ?? 0]
      if (ended !== undefined) ended.inFlight--
    }
    expect((used[0] ?? 0) / (used[1] ?? 1)).toBeWithin(9, 11)
  },
)
