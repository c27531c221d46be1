import { expect, test } from 'bun:test'
import { type Sample, verdictOf } from './verdict.ts'

const minute = 60_000
const mb = 1_000_000
/** A sample every second, each as large as `at` says for its minute. */
const run = (minutes: number, at: (minute: number) => number): readonly Sample[] =>
  Array.from({ length: minutes * 60 }, (_, second) => ({
    atMs: second * 1_000,
    residentBytes: at(second / 60) * mb,
    heapBytes: 0,
  }))

test.each([
  ['memory that stays', 60, () => 200, 1.1, true],
  ['a start that needs its time to warm up', 60, (at: number) => (at < 5 ? 100 + 20 * at : 200), 1.1, true],
  ['peaks of single moments', 60, (at: number) => (Math.round(at * 60) % 7 === 0 ? 400 : 200), 1.1, true],
  ['a leak of 0.5 MB a minute', 60, (at: number) => 200 + 0.5 * at, 1.1, false],
  ['a leak in a short run', 3, (at: number) => 150 + 50 * at, 1.3, false],
  ['a short run without one', 3, (at: number) => 150 + 5 * at, 1.3, true],
] as const)('%s', (_, minutes, at, limit, held) => {
  expect(verdictOf(run(minutes, at), minutes * minute, limit).held).toBe(held)
})

test('a run of which nothing was seen at its end is no success', () => {
  const samples = run(60, () => 200).filter(({ atMs }) => atMs < 50 * minute)
  expect(() => verdictOf(samples, 60 * minute, 1.1)).toThrow('no sample')
})
