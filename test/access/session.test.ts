import { expect, test } from 'bun:test'
import { createSessions } from '../../server/access/session.ts'
import { createSetupCode, makeSetupCode } from '../../server/access/setup-code.ts'
import { memoryStore } from '../support/memory-store.ts'

const hour = 3_600_000

function setUp() {
  const clock = { now: 1_000_000 }
  const store = memoryStore().sessions
  const touched: number[] = []
  const keeper = {
    ...store,
    touch: (hash: string, at: number) => {
      touched.push(at)
      return store.touch(hash, at)
    },
  }
  return {
    sessions: createSessions(
      keeper,
      () => clock.now,
      async () => ({ idleMs: 12 * hour, longestMs: 7 * 24 * hour }),
    ),
    store,
    clock,
    touched,
  }
}
const from = { peer: '127.0.0.1', userAgent: 'test', mustChangePassword: false, subject: 'owner' }

test('a session is found by its id and kept by the hash alone', async () => {
  const { sessions } = setUp()
  const id = await sessions.open(from)
  const found = await sessions.find(id)
  expect(found).toMatchObject(from)
  expect(JSON.stringify(found)).not.toContain(id)
  expect(await sessions.find(found?.hash ?? '')).toBeUndefined()
  expect(await sessions.find('')).toBeUndefined()
})

test('a session ends after 12 idle hours and lives on while it is used', async () => {
  const { sessions, clock } = setUp()
  const id = await sessions.open(from)
  for (let i = 0; i < 4; i++) {
    clock.now += 11 * hour
    expect(await sessions.find(id)).toBeDefined()
  }
  clock.now += 12 * hour
  expect(await sessions.find(id)).toBeUndefined()
  clock.now -= 2 * hour
  expect(await sessions.find(id)).toBeUndefined()
})

test('being seen is written at most once a minute', async () => {
  const { sessions, clock, touched } = setUp()
  const id = await sessions.open(from)
  for (let i = 0; i < 10; i++) {
    clock.now += 20_000
    await sessions.find(id)
  }
  expect(touched).toEqual([1_060_000, 1_120_000, 1_180_000])
})

test('a session ends seven days after sign-in however much it is used', async () => {
  const { sessions, clock } = setUp()
  const id = await sessions.open(from)
  for (let i = 0; i < 16; i++) {
    clock.now += 10 * hour
    expect(await sessions.find(id)).toBeDefined()
  }
  expect(await sessions.list()).toHaveLength(1)
  clock.now += 8 * hour
  expect(await sessions.list()).toHaveLength(0)
  expect(await sessions.find(id)).toBeUndefined()
})

test('closing ends one session, closing all ends every one of that person but the one that is kept', async () => {
  const { sessions } = setUp()
  const [one, two, three] = [await sessions.open(from), await sessions.open(from), await sessions.open(from)]
  const other = await sessions.open({ ...from, subject: 'opr_1' })
  await sessions.close(one)
  expect(await sessions.find(one)).toBeUndefined()
  expect(await sessions.find(two)).toBeDefined()
  await sessions.closeAll('owner', three)
  expect(await sessions.find(two)).toBeUndefined()
  expect(await sessions.find(three)).toBeDefined()
  await sessions.closeAll('owner')
  expect(await sessions.find(three)).toBeUndefined()
  expect(await sessions.find(other)).toMatchObject({ subject: 'opr_1' })
})

test('a set-up code has 8 characters that cannot be mistaken for one another', () => {
  const codes = Array.from({ length: 100 }, makeSetupCode)
  expect(codes.every((code) => /^[2-9A-HJ-NP-Z]{8}$/.test(code))).toBe(true)
  expect(new Set(codes).size).toBe(100)
})

test('the set-up code is taken in any case and spacing, and is locked after ten wrong tries', () => {
  const code = createSetupCode('ABCD2345')
  expect(code.check('abcd-2345')).toBe('right')
  expect(code.check(' ABCD 2345 ')).toBe('right')
  for (let i = 0; i < 9; i++) expect(code.check('ABCD2346')).toBe('wrong')
  expect(code.check('ABCD2345')).toBe('right')
  expect(code.check('')).toBe('locked')
  expect(code.check('ABCD2345')).toBe('locked')
})
