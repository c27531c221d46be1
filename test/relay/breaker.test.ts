import { expect, test } from 'bun:test'
import { type Barred, createBreaker, type Passage, type Passed } from '../../server/relay/breaker.ts'
import { createTestEffects, settle } from '../support/effects.ts'

const policy = { threshold: 2, sources: 2, rest: { baseMs: 4_000, maxMs: 30_000 }, maxKeys: 3 }
const never = new AbortController().signal

const fault = (source: string, retryAfterMs?: number): Passage => ({
  how: 'fault',
  source,
  ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
})

function setUp() {
  const effects = createTestEffects()
  const breaker = createBreaker(policy, effects)
  const pass = async (key = 'm', waitMs = 60_000): Promise<Passed> => {
    const result = await breaker.enter(key, effects.now() + waitMs, never)
    if (!result.ok) throw new Error(result.error.reason)
    return result.value
  }
  const bar = async (key = 'm', waitMs = 0): Promise<Barred> => {
    const result = await breaker.enter(key, effects.now() + waitMs, never)
    if (result.ok) throw new Error('passed')
    return result.error
  }
  const open = async (key = 'm'): Promise<void> => {
    for (const source of ['a', 'b']) (await pass(key))(fault(source, 5_000))
  }
  return { effects, breaker, pass, bar, open }
}

test('single faults pass, faults in a row open the circuit, for that key alone', async () => {
  const { pass, bar, open } = setUp()
  ;(await pass())(fault('a'))
  ;(await pass())({ how: 'ok' })
  ;(await pass())(fault('a'))
  ;(await pass())({ how: 'other' })
  await pass()
  await open('n')
  expect(await bar('n')).toEqual({ reason: 'resting', retryAfterMs: 5_000 })
  await pass('m')
})

test('however often one source alone complains, the circuit stays closed', async () => {
  const { pass } = setUp()
  for (let turn = 0; turn < 20; turn++) (await pass())(fault('a', 60_000))
  ;(await pass())({ how: 'ok' })
})

test('after the rest one call alone tries; its success lets the others through', async () => {
  const { effects, pass, open } = setUp()
  await open()
  const probe = pass()
  await effects.advance(5_001)
  const done = await probe
  let through = 0
  const others = [1, 2, 3].map(() => pass().then(() => through++))
  await settle()
  expect(through).toBe(0)
  done({ how: 'ok' })
  await Promise.all(others)
  expect(through).toBe(3)
})

test('a probe that fails rests again, longer, and never shorter than the provider asks', async () => {
  const { effects, pass, bar, open } = setUp()
  await open()
  await effects.advance(5_001)
  ;(await pass())(fault('a', 20_000))
  expect((await bar()).retryAfterMs).toBe(20_000)
  await effects.advance(20_001)
  ;(await pass())(fault('a'))
  expect((await bar()).retryAfterMs).toBeGreaterThan(policy.rest.baseMs)
})

test('a burst of faults is one rest, and an answer to any of the calls ends it', async () => {
  const { breaker, pass, bar, effects } = setUp()
  const calls: Passed[] = []
  for (let call = 0; call < 40; call++) calls.push(await pass())
  calls.forEach((passed, index) => {
    if (index < 39) passed(fault(index % 2 === 0 ? 'a' : 'b'))
  })
  const { retryAfterMs } = await bar()
  expect(retryAfterMs).toBeLessThanOrEqual(policy.rest.baseMs)
  calls[39]?.({ how: 'ok' })
  expect(breaker.rests('m')).toBe(false)
  await pass()
  expect(effects.timers()).toBe(0)
})

test('a probe that says nothing makes way for another, and its late word does no harm', async () => {
  const { effects, pass, open, breaker } = setUp()
  expect(breaker.rests('m')).toBe(false)
  await open()
  expect(breaker.rests('m')).toBe(true)
  await effects.advance(5_001)
  const silent = await pass()
  let second: Passed | undefined
  void pass().then((passed) => {
    second = passed
  })
  await effects.advance(4_900)
  expect(second).toBeUndefined()
  await effects.advance(200)
  second?.({ how: 'ok' })
  expect(breaker.rests('m')).toBe(false)
  silent({ how: 'other' })
  await pass()
})

test('a probe whose caller leaves gives the try to the next', async () => {
  const { effects, pass, open } = setUp()
  await open()
  await effects.advance(5_001)
  const first = await pass()
  const second = pass()
  first({ how: 'other' })
  expect(await second).toBeFunction()
})

test('who cannot wait is told for how long, who leaves is let go, and the wait ends by itself', async () => {
  const { effects, breaker, bar, open, pass } = setUp()
  await open()
  expect(await bar('m', 1_000)).toEqual({ reason: 'resting', retryAfterMs: 5_000 })
  const leaving = new AbortController()
  const left = breaker.enter('m', effects.now() + 60_000, leaving.signal)
  await settle()
  leaving.abort()
  expect(await left).toMatchObject({ ok: false, error: { reason: 'cancelled' } })
  await effects.advance(5_001)
  await pass()
  const late = bar('m', 2_000)
  await effects.advance(2_001)
  expect((await late).reason).toBe('resting')
})

test('only a bounded number of circuits is remembered', async () => {
  const { breaker, pass, open } = setUp()
  await open('a')
  for (const key of ['b', 'c', 'd', 'e']) await pass(key)
  expect(breaker.stats()).toEqual({ keys: 3, resting: 0 })
})
