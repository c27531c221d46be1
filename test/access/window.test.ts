import { expect, test } from 'bun:test'
import { createWindow } from '../../server/access/window.ts'

test('in no stretch as long as the window more than the maximum is let in', () => {
  const window = createWindow(60_000)
  const max = 10
  const admitted: number[] = []
  let seed = 7
  for (let now = 1_000_000; now < 1_600_000; now += seed % 900) {
    seed = (seed * 48_271) % 2_147_483_647
    if (window.count(now) >= max) continue
    window.add(now)
    admitted.push(now)
  }
  expect(admitted.length).toBeGreaterThan(80)
  for (const from of admitted) {
    expect(admitted.filter((at) => at >= from && at < from + 60_000).length).toBeLessThanOrEqual(max)
  }
})

test('the time it names is the first at which there is room', () => {
  const window = createWindow(60_000)
  for (const at of [0, 500, 30_000]) window.add(at)
  const free = window.freeAt(40_000, 2)
  expect(free).toBe(61_000)
  expect(window.count(free - 1)).toBe(3)
  expect(window.count(free)).toBe(1)
  expect(window.freeAt(free, 2)).toBe(free)
})

test('after a long silence nothing counts, and a clock set back loses nothing', () => {
  const window = createWindow(60_000)
  for (let call = 0; call < 5; call++) window.add(10_000)
  expect(window.count(5_000)).toBe(5)
  expect(window.count(10_000_000)).toBe(0)
})
