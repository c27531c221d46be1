import { expect, test } from 'bun:test'
import type { AttentionItem } from '../../server/admin/contract/events.ts'
import type { GroupView } from '../../server/admin/contract/logs.ts'
import { attentionText, placeOf, plainHttp } from '../../ui/src/features/overview/attention-words.ts'
import { changeOf, figuresOf, healthOf, peakOf, valuesOf } from '../../ui/src/features/overview/figures.ts'
import { formatIn, sayIn } from '../support/words.ts'

const t = sayIn('en')

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
  [{ accounts: 0, inService: 0, isDown: true, attention: 0, dismissed: 0, requests: 0, failed: 0 }, 'empty'],
  [{ accounts: 3, inService: 0, isDown: true, attention: 1, dismissed: 1, requests: 9, failed: 9 }, 'down'],
  [{ accounts: 3, inService: 0, isDown: false, attention: 0, dismissed: 0, requests: 9, failed: 0 }, 'resting'],
  [{ accounts: 3, inService: 3, isDown: false, attention: 0, dismissed: 0, requests: 20, failed: 2 }, 'failing'],
  [{ accounts: 3, inService: 3, isDown: false, attention: 0, dismissed: 0, requests: 19, failed: 9 }, 'good'],
  [{ accounts: 3, inService: 2, isDown: false, attention: 1, dismissed: 1, requests: 100, failed: 5 }, 'attention'],
  [{ accounts: 3, inService: 2, isDown: false, attention: 0, dismissed: 1, requests: 100, failed: 5 }, 'dismissed'],
] as const)('the page in one word: %p is %s', (status, word) => {
  expect(healthOf(status)).toBe(word)
})

const item = (kind: AttentionItem['kind'], more: Partial<AttentionItem> = {}): AttentionItem => ({
  ...{ id: kind, kind, severity: 'warning', since: null, detail: null },
  ...more,
})

test.each([
  [item('requests.failing', { figures: { count: 2, of: 20 } }), '90%', '/logs?status=failed'],
  [item('pool.low', { figures: { count: 1, of: 6 } }), '1 of 6', '/accounts'],
  [item('pool.quota', { figures: { count: 170, of: 200 } }), '85%', '/accounts'],
  [item('account.expiring', { account_id: 'a', name: 'Ann', detail: '2026-12-06T12:00:00Z' }), 'Dec 6', '/accounts/a'],
  [item('account.duplicate', { account_id: 'a', name: 'Ann', detail: 'Bob' }), 'Bob', '/accounts/a'],
  [item('backup.old'), 'no backup', '/backup'],
  [item('backup.old', { since: '2026-11-01T00:00:00Z' }), '7 days', '/backup'],
  [item('disk.low', { figures: { count: 500 * 1024 ** 2 } }), '500 MiB', '/health'],
  [item('log.off'), 'log is off', '/settings/logging'],
] as const)('what needs somebody has words and a place: %o', (shown, words, place) => {
  const text = attentionText(shown, t, formatIn('en'))
  expect([text, placeOf(shown)]).toEqual([expect.stringContaining(words), place])
  expect(text).not.toContain('{')
})

test('an e-mail that names an account is masked', () => {
  const name = 'team-05@example.com'
  const shown = item('account.suspended', { account_id: 'a', name })
  expect(attentionText(shown, t, formatIn('en'))).toBe('te***05@example.com was suspended by the provider')
  const twice = item('account.duplicate', { name: 'Ann', detail: name })
  expect(attentionText(twice, t, formatIn('en'))).not.toContain(name)
})

test.each([
  ['http:', '192.168.1.5', 1],
  ['https:', 'gateway.example.com', 0],
  ['http:', '127.0.0.1', 0],
  ['http:', 'localhost', 0],
  ['http:', '[::1]', 0],
])('a page at %s//%s is pointed out %d times', (protocol, hostname, count) => {
  expect(plainHttp({ protocol, hostname })).toHaveLength(count)
})
