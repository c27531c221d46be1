import { describe, expect, test } from 'bun:test'
import type { Ask, UsageBook } from '../../server/access/ledger.ts'
import { costOf, type Limits, nothing, type Rate, type Subject, type Used } from '../../server/access/limits.ts'
import { countLeftCalls, createLocalLedger } from '../../server/access/local-ledger.ts'
import { createCalendar } from '../../server/lib/calendar.ts'
import { createTestEffects } from '../support/effects.ts'
import { memoryUsage } from '../support/memory-usage.ts'

const rate: Rate = {
  inputMicroUsdPerMillion: 5_000_000,
  outputMicroUsdPerMillion: 25_000_000,
  inputCredits: 0.001,
  outputCredits: 0.005,
}
const day = '2026-01-15'
const key = (limits: Limits): Subject => ({ kind: 'key', id: 'key_1', limits })
const user = (limits: Limits): Subject => ({ kind: 'user', id: 'usr_1', limits })

function setUp(book: UsageBook = memoryUsage()) {
  const effects = createTestEffects()
  const calendar = createCalendar(() => 'UTC')
  const failures: unknown[] = []
  const make = () => createLocalLedger({ book, calendar, effects, onFailure: (error) => failures.push(error) })
  return { book, effects, calendar, failures, ledger: make(), make }
}

const ask = (inputTokens: number, outputTokens: number): Ask => ({ inputTokens, outputTokens, rate })

/** A hundred calls at once that each ask for 1,000 + 1,000 tokens and use 600 + 400 of them. */
const parallel: readonly (readonly [name: string, limits: Limits, served: number])[] = [
  ['requests per minute', { requestsPerMinute: 7 }, 7],
  ['requests per day', { requestsPerDay: 7 }, 7],
  ['concurrency', { concurrency: 7 }, 7],
  ['tokens per day', { tokensPerDay: 14_000 }, 7],
  ['tokens per month', { tokensPerMonth: 14_500 }, 7],
  ['money per month', { microUsdPerMonth: 7 * 30_000 }, 7],
  ['credits per month', { creditsPerMonth: 42.0001 }, 7],
  ['the tightest of several', { tokensPerDay: 20_000, requestsPerDay: 9, concurrency: 5 }, 5],
  ['no limit', {}, 100],
]
for (const [name, limits, served] of parallel) {
  for (const who of [key, user]) {
    test(`${name}: of 100 calls at once ${served} are let in, by the ${who({}).kind}'s limits`, async () => {
      const { ledger } = setUp()
      const subjects = who === key ? [key(limits)] : [key({}), user(limits)]
      const results = await Promise.all(
        Array.from({ length: 100 }, async (_, call) => {
          const entered = await ledger.enter(`req_${call}`, subjects)
          if (!entered.ok) return false
          // Each may have less output than it asked for, down to 256; here it must have all of it.
          const granted = await entered.value.reserve(ask(1_000, 1_000))
          if (granted.ok && granted.value.outputTokens === 1_000) return true
          entered.value.settle(undefined)
          return false
        }),
      )
      expect(results.filter(Boolean).length).toBe(served)
    })
  }
}

test('a turn that is over leaves what it used reserved in place of what it might have used', async () => {
  const { ledger } = setUp()
  const subjects = [key({ tokensPerDay: 3_000 })]
  const entered = await ledger.enter('req_1', subjects)
  if (!entered.ok) throw new Error(entered.error.message)
  const call = entered.value
  expect(await call.reserve(ask(1_000, 2_000))).toEqual({ ok: true, value: { outputTokens: 2_000 } })
  expect((await call.reserve(ask(1_000, 1_000))).ok).toBe(false)
  const used = { ...costOf(1_000, 100, rate) }
  call.adjust(used)
  expect((await ledger.standings(subjects))[0]).toMatchObject({ used: 1_100, reserved: 1_100 })
  expect(await call.reserve(ask(1_000, 1_000))).toEqual({ ok: true, value: { outputTokens: 900 } })
  call.settle({ ...used, outputTokens: 300, inputTokens: 2_000 })
  expect((await ledger.standings(subjects))[0]).toMatchObject({ used: 2_300, reserved: 0 })
})

test('what was reserved and not used is free again, and what was used stays', async () => {
  const { ledger, book } = setUp()
  const subjects = [key({ tokensPerDay: 3_000 })]
  const first = await ledger.enter('req_1', subjects)
  if (!first.ok) throw new Error('refused')
  expect(await first.value.reserve(ask(1_000, 2_000))).toEqual({ ok: true, value: { outputTokens: 2_000 } })
  const second = await ledger.enter('req_2', subjects)
  if (!second.ok) throw new Error('refused')
  const refused = await second.value.reserve(ask(1_000, 1_000))
  expect(refused).toMatchObject({ ok: false, error: { kind: 'limit-reached', retryAfterMs: 2_000 } })
  first.value.settle(costOf(900, 100, rate))
  first.value.settle(costOf(900, 100, rate)) // only the first counts
  expect(await second.value.reserve(ask(1_000, 5_000))).toEqual({ ok: true, value: { outputTokens: 1_000 } })
  second.value.settle(undefined)
  await ledger.flush()
  const used = (await book.read('key_1', [day, '2026-01', 'all'])).get('all')
  expect(used).toMatchObject({ requests: 1, inputTokens: 900, outputTokens: 100, inputMicroUsd: 4_500 })
  expect((await ledger.standings(subjects))[0]).toMatchObject({ used: 1_000, reserved: 0, max: 3_000 })
})

test('a request that could never fit is told so, and is not told to wait', async () => {
  const { ledger } = setUp()
  const entered = await ledger.enter('req_1', [key({ tokensPerDay: 500 })])
  if (!entered.ok) throw new Error('refused')
  const refused = await entered.value.reserve(ask(1_000, 100))
  expect(refused).toMatchObject({ ok: false, error: { kind: 'limit-reached' } })
  if (!refused.ok) {
    expect(refused.error.retryAfterMs).toBeUndefined()
    expect(refused.error.message).toContain('500 tokens per day')
  }
})

test('the day ends at midnight of the time zone, the month with its last day', async () => {
  const { ledger, effects } = setUp()
  const subjects = [key({ requestsPerDay: 1, tokensPerMonth: 2_000 })]
  const call = async (tokens: number): Promise<number | undefined | true> => {
    const entered = await ledger.enter('req', subjects)
    if (!entered.ok) return entered.error.retryAfterMs
    entered.value.settle(costOf(tokens, 0, rate))
    return true
  }
  expect(await call(1_500)).toBe(true)
  expect(await call(1)).toBe(12 * 3_600_000) // it is noon
  await effects.advance(12 * 3_600_000)
  expect(await call(500)).toBe(true)
  await effects.advance(24 * 3_600_000)
  expect(await call(1)).toBe(15 * 24 * 3_600_000) // 17 January to 1 February
  await effects.advance(15 * 24 * 3_600_000)
  expect(await call(1)).toBe(true)
})

test('counters outlive the process, and calls that were under way count what they had used for sure', async () => {
  const { ledger, book, make, effects, calendar } = setUp()
  const subjects = [key({ tokensPerDay: 5_000, concurrency: 2 }), user({ requestsPerDay: 3 })]
  const enter = async (id: string, at = ledger) => {
    const entered = await at.enter(id, subjects)
    if (!entered.ok) throw new Error(entered.error.message)
    await entered.value.reserve(ask(1_000, 1_000))
    entered.value.begin({ inputTokens: 1_000, inputMicroUsd: 5_000 })
    return entered.value
  }
  const done = await enter('req_1')
  done.settle(costOf(600, 400, rate))
  await enter('req_2')
  await effects.advance(100) // the call under way is noted
  // Killed here: nothing is settled. Another process starts on the same data.
  expect(await countLeftCalls(book, calendar)).toBe(1)
  expect(await countLeftCalls(book, calendar)).toBe(0)
  const after = make()
  const standings = await after.standings(subjects)
  expect(standings.map(({ limit, used, reserved }) => [limit, used, reserved])).toEqual([
    ['tokensPerDay', 2_000, 0],
    ['concurrency', 0, 0],
    ['requestsPerDay', 2, 0],
  ])
  await enter('req_3', after)
})

test('calls that begin while another is being noted are noted too, also where a write takes its time', async () => {
  const memory = memoryUsage()
  const held: (() => void)[] = []
  const { ledger, effects } = setUp({
    ...memory,
    write: async (batch) => {
      await new Promise<void>((resolve) => held.push(resolve))
      return memory.write(batch)
    },
  })
  const begin = async (id: string) => {
    const entered = await ledger.enter(id, [key({})])
    if (!entered.ok) throw new Error('refused')
    entered.value.begin({ inputTokens: 1, inputMicroUsd: 1 })
  }
  await begin('req_1')
  await effects.advance(30)
  await begin('req_2')
  await effects.advance(60) // the first is being written when the time of the second has come
  expect(held).toHaveLength(1)
  held.shift()?.()
  await effects.advance(60)
  held.shift()?.()
  await effects.advance(0)
  expect((await memory.openCalls()).map(({ id }) => id)).toEqual(['req_1', 'req_2'])
})

test('a call that ends within a moment leaves no note that it was under way', async () => {
  const written: number[] = []
  const memory = memoryUsage()
  const { ledger, effects } = setUp({
    ...memory,
    write: (batch) => {
      written.push(batch.open.length)
      return memory.write(batch)
    },
  })
  for (let call = 0; call < 20; call++) {
    const entered = await ledger.enter(`req_${call}`, [key({})])
    if (!entered.ok) throw new Error('refused')
    entered.value.begin({ inputTokens: 1, inputMicroUsd: 1 })
    await effects.advance(1)
    entered.value.settle(costOf(1, 1, rate))
  }
  await ledger.flush()
  expect(written.every((open) => open === 0)).toBe(true)
  expect(written.length).toBeLessThan(6) // one write for many calls
  expect((await memory.read('key_1', ['all'])).get('all')?.requests).toBe(20)
})

test('what cannot be written is kept and written later, once', async () => {
  const memory = memoryUsage()
  let broken = true
  const { ledger, effects, failures } = setUp({
    ...memory,
    write: (batch) => (broken ? Promise.reject(new Error('disk full')) : memory.write(batch)),
  })
  for (let call = 0; call < 10; call++) {
    const entered = await ledger.enter(`req_${call}`, [key({})])
    if (!entered.ok) throw new Error('refused')
    entered.value.settle(costOf(10, 5, rate))
    await effects.advance(20)
  }
  expect(failures.length).toBeGreaterThan(0)
  expect((await memory.read('key_1', ['all'])).size).toBe(0)
  broken = false
  await effects.advance(2_000)
  expect((await memory.read('key_1', ['all'])).get('all')).toMatchObject({ requests: 10, inputTokens: 100 })
  expect(ledger.stats()).toMatchObject({ open: 0, unwritten: 0 })
})

test('one forgotten for lack of room is read anew with all it had used', async () => {
  const { book, effects, calendar } = setUp()
  const ledger = createLocalLedger({ book, calendar, effects, onFailure: () => {}, maxSubjects: 2 })
  const call = async (id: string) => {
    const entered = await ledger.enter(`req_${id}`, [{ kind: 'key', id, limits: { requestsPerDay: 1 } }])
    if (entered.ok) entered.value.settle(costOf(1, 1, rate))
    return entered.ok
  }
  for (let key = 0; key < 10; key++) expect(await call(`key_${key}`)).toBe(true)
  for (let key = 0; key < 10; key++) expect(await call(`key_${key}`)).toBe(false)
  expect(ledger.stats().subjects).toBeLessThanOrEqual(2)
})

test('an address has its own count of requests a day', async () => {
  const { ledger, effects } = setUp()
  const visits = async () => (await ledger.countVisit('192.0.2.7', 2)).ok
  expect([await visits(), await visits(), await visits()]).toEqual([true, true, false])
  await effects.advance(12 * 3_600_000)
  expect(await visits()).toBe(true)
})

describe('what is told of limits', () => {
  const told = async (limits: Limits, calls: readonly Partial<Used>[]): Promise<readonly string[]> => {
    const { book, calendar, effects } = setUp()
    const reached: string[] = []
    const ledger = createLocalLedger({
      ...{ book, calendar, effects, onFailure: () => undefined },
      onReached: ({ limit, percent, used, period }) => reached.push(`${limit} ${percent} ${used} ${period}`),
    })
    for (const used of calls) {
      const entered = await ledger.enter('req', [key({}), user(limits)])
      if (entered.ok) entered.value.settle({ ...nothing, requests: 1, ...used })
    }
    return reached
  }
  const ten = (used: Partial<Used>): readonly Partial<Used>[] => Array.from({ length: 12 }, () => used)
  const rows: readonly (readonly [limits: Limits, used: Partial<Used>, told: readonly string[]])[] = [
    [{ requestsPerDay: 10 }, {}, [`requestsPerDay 80 8 ${day}`, `requestsPerDay 100 10 ${day}`]],
    [{ tokensPerDay: 100 }, { outputTokens: 10 }, [`tokensPerDay 80 80 ${day}`, `tokensPerDay 100 100 ${day}`]],
    [{ tokensPerMonth: 100 }, { inputTokens: 50 }, ['tokensPerMonth 100 100 2026-01']],
    [
      { microUsdPerMonth: 10 },
      { inputMicroUsd: 9 },
      ['microUsdPerMonth 80 9 2026-01', 'microUsdPerMonth 100 18 2026-01'],
    ],
    [{ creditsPerMonth: 1 }, { credits: 0.85 }, ['creditsPerMonth 80 0.85 2026-01', 'creditsPerMonth 100 1.7 2026-01']],
    [{ requestsPerMinute: 3, concurrency: 1 }, {}, []],
    [{}, { outputTokens: 1_000 }, []],
  ]
  for (const [limits, used, expected] of rows) {
    test(`${JSON.stringify(limits)}: ${expected.length} things, each once`, async () => {
      expect(await told(limits, ten(used))).toEqual(expected)
    })
  }
})
