import { expect, test } from 'bun:test'
import { createOnline } from '../../server/observe/online.ts'

test('an address is online for five minutes after its last request', () => {
  let now = 1_000_000
  const online = createOnline(() => now)
  online.see('192.0.2.1')
  online.see('192.0.2.2')
  now += 299_999
  online.see('192.0.2.1')
  expect(online.count()).toBe(2)
  now += 1
  expect(online.count()).toBe(1)
  now += 299_999
  expect([online.count(), online.size()]).toEqual([0, 0])
})

test('of too many addresses the one unseen for the longest is forgotten', () => {
  let now = 0
  const online = createOnline(() => now)
  for (let turn = 0; turn < 50_010; turn++) {
    now++
    online.see(`a${turn}`)
  }
  expect(online.size()).toBe(50_000)
  online.see('a20')
  expect(online.count()).toBe(50_000)
})
