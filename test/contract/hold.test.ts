import { expect, test } from 'bun:test'
import { createHolds } from '../../server/contract/hold.ts'

test('one reply holds so much, all together so much, and what is given up is free again', () => {
  const holds = createHolds(1_000, 1_500)
  const [first, second] = [holds.open(), holds.open()]
  expect(first.resize(800)).toBe(true)
  expect(first.resize(1_001)).toBe(false)
  expect(second.resize(701)).toBe(false)
  expect(holds.stats().characters).toBe(800)
  expect(first.resize(1_000)).toBe(true)
  expect(first.resize(10)).toBe(true)
  expect(second.resize(1_000)).toBe(true)
  first.free()
  first.free()
  expect(holds.stats().characters).toBe(1_000)
  second.free()
  expect(holds.stats().characters).toBe(0)
})

test('less is held at any time, however full it is', () => {
  const holds = createHolds(1_000, 1_500)
  const [first, second] = [holds.open(), holds.open()]
  expect([first.resize(1_000), second.resize(500)]).toEqual([true, true])
  expect(second.resize(501)).toBe(false)
  expect(second.resize(400)).toBe(true)
  expect(holds.stats().characters).toBe(1_400)
})
