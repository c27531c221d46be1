import { describe, expect, test } from 'bun:test'
import { upkeepJobs } from '../../server/jobs/account-upkeep.ts'
import { createBacklog } from '../../server/jobs/backlog.ts'
import { createRequestLog } from '../../server/jobs/request-log.ts'
import { startScheduler } from '../../server/jobs/scheduler.ts'
import { StoreFault } from '../../server/store/engine/fault.ts'
import type { RequestRecord } from '../../server/store/request-record.ts'
import { health, makeAccount } from '../pool/accounts.ts'
import { createTestEffects, settle } from '../support/effects.ts'

describe('the scheduler', () => {
  test('runs each job again and again, never two runs of one at a time', async () => {
    const effects = createTestEffects()
    let running = 0
    let runs = 0
    const scheduler = startScheduler(
      [
        {
          name: 'slow',
          everyMs: 1_000,
          run: async () => {
            running++
            expect(running).toBe(1)
            await effects.sleep(5_000)
            running--
            runs++
          },
        },
      ],
      effects,
      () => {},
    )
    await effects.advance(20_000)
    expect(runs).toBe(3)
    const stopped = scheduler.stop()
    await effects.advance(5_000)
    await stopped
  })

  test('a job that fails is told and runs again; a stop aborts what runs and starts nothing', async () => {
    const effects = createTestEffects()
    const failures: string[] = []
    let aborted = false
    const scheduler = startScheduler(
      [
        { name: 'broken', everyMs: 1_000, firstAfterMs: 10, run: () => Promise.reject(new Error('no')) },
        {
          name: 'long',
          everyMs: 1_000,
          firstAfterMs: 10,
          run: async (signal) => {
            await effects.sleep(1_000_000, signal)
            aborted = signal.aborted
          },
        },
      ],
      effects,
      (job) => failures.push(job),
    )
    await effects.advance(3_500)
    expect(failures.length).toBeGreaterThanOrEqual(3)
    await scheduler.stop()
    expect(aborted).toBe(true)
    const before = failures.length
    await effects.advance(10_000)
    expect(failures.length).toBe(before)
  })
})

test('a pause that is a function is asked before each run', async () => {
  const effects = createTestEffects()
  let pause = 1_000
  let runs = 0
  const scheduler = startScheduler(
    [{ name: 'poll', everyMs: () => pause, run: async () => void runs++ }],
    effects,
    () => {},
  )
  await effects.advance(5_500)
  expect(runs).toBe(5)
  pause = 60_000 // in force after the run that is planned already
  await effects.advance(50_000)
  expect(runs).toBe(6)
  await effects.advance(20_000)
  expect(runs).toBe(7)
  await scheduler.stop()
})

test('a changed pause holds at once when the scheduler is told, and a job can be had soon', async () => {
  const effects = createTestEffects()
  let pause = 600_000
  let runs = 0
  let release = (): void => {}
  let held: Promise<void> | undefined
  const job = { name: 'poll', everyMs: () => pause, firstAfterMs: 1_000 }
  const run = async (): Promise<void> => {
    runs++
    await held
  }
  const scheduler = startScheduler([{ ...job, run }], effects, () => {})
  pause = 100_000
  scheduler.replan() // the first run stays where it is
  await effects.advance(1_500)
  expect(runs).toBe(1)
  await effects.advance(30_000)
  pause = 60_000
  scheduler.replan()
  await effects.advance(20_000)
  expect(runs).toBe(1)
  await effects.advance(14_000)
  expect(runs).toBe(2)
  pause = 600_000
  await effects.advance(20_000)
  scheduler.replan()
  await effects.advance(500_000)
  expect(runs).toBe(2)
  held = new Promise((resolve) => {
    release = resolve
  })
  scheduler.soon('poll')
  await effects.advance(2_000)
  expect(runs).toBe(3)
  scheduler.soon('poll') // never two at a time
  await effects.advance(10_000)
  expect(runs).toBe(3)
  release()
  held = undefined
  await effects.advance(2_000)
  expect(runs).toBe(4)
  scheduler.soon('nobody')
  await scheduler.stop()
  expect(effects.timers()).toBe(0)
})

describe('the upkeep of accounts', () => {
  test('reads the quotas of those who may be asked, as many at a time and as often as is set', async () => {
    const effects = createTestEffects()
    const resting = { state: 'exhausted', since: 0, failures: 0, until: effects.now() + 3_600_000 } as const
    const accounts = [
      ...Array.from({ length: 10 }, (_, index) => makeAccount(`a${index}`)),
      makeAccount('off', { enabled: false }),
      makeAccount('suspended', { health: health('suspended') }),
      makeAccount('resting', { health: resting }),
    ]
    let poll = { everyMs: 120_000, width: 3 }
    let running = 0
    let most = 0
    const asked: string[] = []
    const scheduler = startScheduler(
      upkeepJobs({
        effects,
        accounts: { list: async () => [] },
        pool: { list: () => accounts },
        tokens: { refreshDue: () => [], refreshNow: () => Promise.reject(new Error('nothing is due')) },
        check: async (id) => {
          most = Math.max(most, ++running)
          await effects.sleep(100)
          running--
          asked.push(id)
        },
        refreshWidth: 1,
        poll: () => poll,
      }),
      effects,
      (job, error) => {
        throw new Error(`${job}: ${String(error)}`)
      },
    )
    await effects.advance(30_000)
    expect(asked.toSorted()).toEqual(accounts.slice(0, 10).map(({ id }) => id))
    expect(most).toBe(3)
    poll = { everyMs: 600_000, width: 10 }
    most = 0
    await effects.advance(130_000)
    expect([asked.length, most]).toEqual([20, 10])
    await effects.advance(500_000)
    expect(asked.length).toBe(20)
    await effects.advance(200_000)
    expect(asked.length).toBe(30)
    await scheduler.stop()
  })
})

test('a backlog does a burst a few at a time, each item once', async () => {
  let running = 0
  let most = 0
  const done: string[] = []
  const backlog = createBacklog(3, async (item) => {
    most = Math.max(most, ++running)
    await settle()
    running--
    done.push(item)
  })
  for (let round = 0; round < 2; round++) for (let item = 0; item < 20; item++) backlog.add(`i${item}`)
  while (backlog.size() > 0) await settle()
  expect(most).toBe(3)
  expect(new Set(done).size).toBe(20)
})

describe('the request log', () => {
  const row = (id: number): RequestRecord => ({
    id: `req_${id}`,
    at: id,
    dialect: 'anthropic',
    model: 'm',
    stream: true,
    status: 200,
    durationMs: 1,
    inputTokens: 1,
    inputSource: 'estimated',
    outputTokens: 1,
    outputSource: 'estimated',
    peer: '127.0.0.1',
    userAgent: 'x',
    attempts: 1,
    route: '{}',
  })

  test('writes in batches after a short pause, and everything at a stop', async () => {
    const effects = createTestEffects()
    const batches: number[] = []
    const log = createRequestLog(
      async (rows) => void batches.push(rows.length),
      effects,
      () => {},
    )
    for (let id = 0; id < 450; id++) log.add(row(id))
    expect(batches).toEqual([])
    await effects.advance(500)
    expect(batches).toEqual([200, 200, 50])
    log.add(row(450))
    await log.flush()
    expect(batches.at(-1)).toBe(1)
    expect(log.stats()).toEqual({ waiting: 0, dropped: 0, written: 451 })
  })

  test('is bounded: the oldest go first and are counted', async () => {
    const log = createRequestLog(
      async () => {},
      createTestEffects(),
      () => {},
    )
    for (let id = 0; id < 10_005; id++) log.add(row(id))
    expect(log.stats()).toEqual({ waiting: 10_000, dropped: 5, written: 0 })
  })

  test('keeps its rows while the store takes none, and writes them when it does again', async () => {
    const effects = createTestEffects()
    const failures: unknown[] = []
    let fails = true
    const written: string[] = []
    const log = createRequestLog(
      async (rows) => {
        if (fails) throw new StoreFault('disk-full', 'the disk is full')
        written.push(...rows.map(({ id }) => id))
      },
      effects,
      (error) => failures.push(error),
    )
    for (let id = 0; id < 450; id++) log.add(row(id))
    await effects.advance(500)
    expect([failures.length, log.stats()]).toEqual([1, { waiting: 450, dropped: 0, written: 0 }])
    fails = false
    await effects.advance(5_000)
    expect(written).toEqual(Array.from({ length: 450 }, (_, id) => `req_${id}`))
  })

  test('a row that cannot be written does not take its batch with it', async () => {
    const effects = createTestEffects()
    const failures: unknown[] = []
    const written: string[] = []
    const log = createRequestLog(
      async (rows) => {
        if (rows.some(({ id }) => id === 'req_7')) throw new StoreFault('conflict', 'there already')
        written.push(...rows.map(({ id }) => id))
      },
      effects,
      (error) => failures.push(error),
    )
    for (let id = 0; id < 20; id++) log.add(row(id))
    await log.flush()
    expect([written.length, failures.length, log.stats()]).toEqual([19, 1, { waiting: 0, dropped: 1, written: 19 }])
  })
})
