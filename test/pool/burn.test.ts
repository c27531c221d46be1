import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { Quota } from '../../server/conversation/quota.ts'
import { burnOf, poolRunsOutAt, type QuotaReading, readingOf, runsOutAt } from '../../server/pool/burn.ts'

const hour = 3_600_000
const now = 1_000 * hour
const reading = (hoursAgo: number, used: number): QuotaReading => ({ at: now - hoursAgo * hour, used, limit: 1_000 })
const quota = (used: number, more: Partial<Quota> = {}): Quota => ({ used, limit: 1_000, readAt: now, ...more })
const rows = (...pairs: readonly (readonly [hoursAgo: number, used: number])[]): readonly QuotaReading[] =>
  pairs.map(([hoursAgo, used]) => reading(hoursAgo, used))

test.each<[string, readonly QuotaReading[], Quota, number | undefined, string]>([
  ['no readings', [], quota(10), undefined, 'none'],
  ['two readings', rows([2, 10], [1, 20]), quota(20), undefined, 'none'],
  ['three readings of ten minutes', rows([0.16, 1], [0.08, 2], [0, 3]), quota(3), undefined, 'none'],
  ['a steady hour', rows([1, 10], [0.5, 15], [0, 20]), quota(20), 10, '24h'],
  ['a burst and then rest until now', rows([20, 0], [19.5, 5], [19, 10]), quota(10), 0.5, '24h'],
  ['nothing spent', rows([3, 7], [2, 7], [1, 7]), quota(7), 0, '24h'],
  ['a reset in between', rows([4, 980], [3, 990], [2, 0], [1, 10], [0, 20]), quota(20), 10, '24h'],
  ['a bonus that ran out', rows([3, 50], [2, 60], [1, 20], [0, 30]), quota(30), 10, '24h'],
  [
    'a gap of five days, counted evenly',
    rows([120, 0], [0.8, 60], [0.4, 60.2], [0, 60.4]),
    quota(60.4),
    (60 / 119.2) * 0.968 + 0.4 / 24,
    '24h',
  ],
  ['too few today: the week’s', rows([168, 0], [100, 40], [50, 60], [30, 84]), quota(84), 0.5, '7d'],
  ['older than a week', rows([400, 0], [300, 10], [200, 20]), quota(20), undefined, 'none'],
  ['readings newer than the quota', rows([-1, 90], [-2, 95], [-3, 99]), quota(20), undefined, 'none'],
])('%s', (_, readings, current, perHour, window) => {
  const burn = burnOf(readings, current)
  if (perHour === undefined) return expect(burn).toBeUndefined()
  expect(burn?.perHour).toBeCloseTo(perHour, 2)
  expect(burn?.window as string).toBe(window)
})

test('a steady rate is found wherever the readings lie, with and without a reset', () => {
  const times = fc.uniqueArray(fc.integer({ min: 0, max: 23 * 60 }), { minLength: 4, maxLength: 60 })
  fc.assert(
    fc.property(times, fc.double({ min: 0.5, max: 50, noNaN: true }), fc.boolean(), (minutes, rate, resets) => {
      const ago = minutes.toSorted((a, b) => b - a).map((minute) => minute / 60)
      const at = Math.floor(ago.length / 2)
      const middle = ago[at] ?? 0
      // The stretch in which the reset lies does not count; enough must be left.
      const lost = resets ? (ago[at - 1] ?? 0) - middle : 0
      fc.pre((ago[0] ?? 0) - (ago.at(-1) ?? 0) - lost > 2)
      const usedAt = (hoursAgo: number) =>
        (24 - hoursAgo) * rate - (resets && hoursAgo <= middle ? (24 - middle) * rate : 0)
      const readings = ago.map((hoursAgo) => reading(hoursAgo, usedAt(hoursAgo)))
      const burn = burnOf(readings, quota(usedAt(0), { limit: 100_000 }))
      expect(burn?.perHour).toBeCloseTo(rate, 6)
    }),
  )
})

test('the reading counts what can be spent, every part up to its limit', () => {
  const parts = quota(1_200, {
    trial: { used: 5, limit: 50, active: true },
    bonuses: [{ name: 'b', used: 1, limit: 10 }],
    overage: { enabled: true, used: 20, cap: 100 },
  })
  expect(readingOf(parts)).toEqual({ at: now, used: 1_026, limit: 1_160 })
  expect(readingOf({ ...parts, trial: { used: 5, limit: 50, active: false } }).limit).toBe(1_110)
})

const burn = (perHour: number) => ({ perHour, window: '24h' }) as const

describe('the end of the quota', () => {
  test.each<[string, Quota, number | undefined, number | undefined]>([
    ['unknown rate', quota(0), undefined, undefined],
    ['no rate', quota(0), 0, undefined],
    ['no known reset', quota(900), 10, now + 10 * hour],
    ['before its reset', quota(900, { resetsAt: now + 11 * hour }), 10, now + 10 * hour],
    ['after its reset', quota(900, { resetsAt: now + 9 * hour }), 10, undefined],
    ['a reset long past', quota(900, { resetsAt: now - hour }), 10, now + 10 * hour],
    ['all spent', quota(1_000, { resetsAt: now + hour }), 10, now],
  ])('with %s', (_, current, perHour, at) => {
    expect(runsOutAt(current, perHour === undefined ? undefined : burn(perHour))).toBe(at as number)
  })

  test('of a pool is when all of it is spent together', () => {
    const accounts = [{ quota: quota(900), burn: burn(30) }, { quota: quota(0) }, { quota: quota(500), burn: burn(10) }]
    expect(poolRunsOutAt(accounts)).toBe(now + 40 * hour)
    expect(poolRunsOutAt([])).toBeUndefined()
  })

  test('of a pool is put off by the resets before it', () => {
    const accounts = [
      { quota: quota(900, { resetsAt: now + 5 * hour }), burn: burn(100) },
      { quota: quota(200, { resetsAt: now + 30 * hour }), burn: burn(0) },
    ]
    // 900 left, 100 an hour, 900 back after 5 hours
    expect(poolRunsOutAt(accounts)).toBe(now + 18 * hour)
    expect(poolRunsOutAt([{ ...accounts[0], burn: burn(10) } as never, accounts[1] as never])).toBeUndefined()
  })
})
