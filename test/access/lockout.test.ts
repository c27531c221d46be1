import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { createLockout, defaultLockout, peerKey, waitAfter } from '../../server/access/lockout.ts'

const policy = { ...defaultLockout, globalTries: 20 }
const local = { address: '127.0.0.1', loopback: true }
const remote = (address: string) => ({ address, loopback: false })

test.each([
  [1, 0],
  [4, 0],
  [5, 5_000],
  [6, 10_000],
  [9, 80_000],
  [12, 640_000],
  [13, 900_000],
  [1000, 900_000],
])('after %p wrong tries a peer waits %p ms', (failures, wait) => {
  expect(waitAfter(failures, defaultLockout)).toBe(wait)
})

test.each([
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8:1:2::9', '2001:db8:1:2::/64'],
  ['2001:0db8:0001:0002::9', '2001:db8:1:2::/64'],
  ['::1', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
])('%p is counted as %p', (address, key) => {
  expect(peerKey(address)).toBe(key)
})

test('a peer may try five times, then waits longer after each wrong try', () => {
  const clock = { now: 0 }
  const lockout = createLockout(() => clock.now, policy)
  const peer = remote('192.0.2.1')
  for (let i = 0; i < 5; i++) expect(lockout.enter(peer)).toBe(0)
  expect(lockout.enter(peer)).toBe(5_000)
  clock.now += 4_999
  expect(lockout.enter(peer)).toBe(1)
  clock.now += 1
  expect(lockout.enter(peer)).toBe(0)
  expect(lockout.enter(peer)).toBe(10_000)
  expect(lockout.waitMs(remote('192.0.2.2'))).toBe(0)
})

test('the right password clears the count, and an hour of quiet does too', () => {
  const clock = { now: 0 }
  const lockout = createLockout(() => clock.now, policy)
  const peer = remote('192.0.2.1')
  for (let i = 0; i < 4; i++) lockout.enter(peer)
  lockout.succeeded(peer)
  for (let i = 0; i < 5; i++) expect(lockout.enter(peer)).toBe(0)
  clock.now += 3_600_001
  for (let i = 0; i < 5; i++) expect(lockout.enter(peer)).toBe(0)
})

test('an incomplete try can be withdrawn', () => {
  const lockout = createLockout(() => 0, policy)
  const peer = remote('192.0.2.1')
  for (let i = 0; i < 30; i++) {
    expect(lockout.enter(peer)).toBe(0)
    lockout.withdraw(peer)
  }
})

test('many peers together are slowed down, but never loopback nor whoever has shown the password', () => {
  const clock = { now: 0 }
  const lockout = createLockout(() => clock.now, policy)
  const known = remote('198.51.100.9')
  lockout.enter(known)
  lockout.succeeded(known)
  for (let i = 0; i < 20; i++) expect(lockout.enter(remote(`192.0.2.${i}`))).toBe(0)
  expect(lockout.enter(remote('203.0.113.1'))).toBeGreaterThan(0)
  expect(lockout.waitMs(known)).toBe(0)
  expect(lockout.waitMs(local)).toBe(0)
  clock.now += policy.globalEveryMs
  expect(lockout.waitMs(remote('203.0.113.1'))).toBe(0)
})

test('loopback has its own count like everybody', () => {
  const lockout = createLockout(() => 0, policy)
  for (let i = 0; i < 5; i++) lockout.enter(local)
  expect(lockout.waitMs(local)).toBe(5_000)
})

test('no more peers than the bound are remembered', () => {
  const lockout = createLockout(() => 0, { ...policy, globalTries: 1_000 }, 3)
  const first = remote('192.0.2.1')
  for (let i = 0; i < 5; i++) lockout.enter(first)
  for (let i = 2; i < 6; i++) lockout.enter(remote(`192.0.2.${i}`))
  expect(lockout.waitMs(first)).toBe(0)
})

test('the wait never shrinks with more wrong tries and stays within the longest', () => {
  fc.assert(
    fc.property(fc.nat(10_000), (failures) => {
      const wait = waitAfter(failures, defaultLockout)
      return wait <= waitAfter(failures + 1, defaultLockout) && wait <= defaultLockout.longestWaitMs
    }),
  )
})
