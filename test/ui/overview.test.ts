import { expect, test } from 'bun:test'
import type { GroupView } from '../../server/admin/contract/logs.ts'
import { changeOf, figuresOf, healthOf, peakOf, valuesOf } from '../../ui/src/features/overview/figures.ts'

const hour = 3_600_000
const at = Date.UTC(2026, 10, 28, 12)
const group = (id: number, more: Partial<GroupView>): GroupView =>
  ({ id: new Date(id).toISOString(), request_count: 1, failed_requests: 0, first_token_ms: null, ...more }) as GroupView

test('hours without requests are there: as zero in counts, as a gap in times', () => {
  const stats = { bucket: 'hour', groups: [group(at, { request_count: 7 }), group(at + 2 * hour, {})] }
  const figures = figuresOf({ from: at + 60_000, to: at + 3 * hour }, stats)
  expect(figures.times).toEqual([at, at + hour, at + 2 * hour])
  expect(valuesOf(figures, ({ request_count }) => request_count, 0)).toEqual([7, 0, 1])
  expect(valuesOf(figures, ({ first_token_ms }) => first_token_ms?.p50, null)).toEqual([null, null, null])
})

test('days begin at the midnights of the browser', () => {
  const from = new Date(2026, 10, 1, 8).getTime()
  const { times } = figuresOf({ from, to: new Date(2026, 10, 4, 8).getTime() }, { bucket: 'day', groups: [] })
  expect(times).toEqual([1, 2, 3, 4].map((day) => new Date(2026, 10, day).getTime()))
})

test('the peak is the highest bucket, and there is none without requests', () => {
  expect(peakOf([0, 3, null, 5, 5])).toBe(3)
  expect(peakOf([0, null, 0])).toBeUndefined()
})

test('a change is a share of before, and unknown after nothing', () => {
  expect(changeOf(12, 10)).toBeCloseTo(0.2)
  expect(changeOf(12, 0)).toBeUndefined()
})

test.each([
  [{ accounts: 0, inService: 0, attention: 0, requests: 0, failed: 0 }, 'empty'],
  [{ accounts: 3, inService: 0, attention: 1, requests: 9, failed: 9 }, 'down'],
  [{ accounts: 3, inService: 3, attention: 0, requests: 20, failed: 2 }, 'failing'],
  [{ accounts: 3, inService: 3, attention: 0, requests: 19, failed: 9 }, 'good'],
  [{ accounts: 3, inService: 2, attention: 1, requests: 100, failed: 5 }, 'attention'],
] as const)('the page in one word: %p is %s', (status, word) => {
  expect(healthOf(status)).toBe(word)
})
