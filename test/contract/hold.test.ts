import { expect, test } from 'bun:test'
import { createHolds } from '../../server/contract/hold.ts'
import type { ReplyEvent } from '../../server/conversation/event.ts'

const text = (length: number): ReplyEvent => ({ type: 'text-delta', index: 0, text: 'x'.repeat(length) })

test('what is held is given up in order, once', () => {
  const hold = createHolds().open()
  expect(hold.add([text(1), text(2)])).toBe(true)
  expect(hold.add([text(3)])).toBe(true)
  expect(hold.take()).toEqual([text(1), text(2), text(3)])
  expect(hold.take()).toEqual([])
})

test('one reply holds so much, all together so much, and what is given up is free again', () => {
  const holds = createHolds(1_000, 1_500)
  const [first, second] = [holds.open(), holds.open()]
  expect(first.add([text(800)])).toBe(true)
  expect(first.add([text(200)])).toBe(false)
  expect(second.add([text(700)])).toBe(false)
  expect(holds.stats().characters).toBe(864)
  first.take()
  expect(second.add([text(700)])).toBe(true)
  second.take()
  expect(holds.stats().characters).toBe(0)
})
