import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { gte } from 'drizzle-orm'
import type { Engine } from '../../server/store/engine/engine.ts'
import { dayMs, hourMs, segmentsOf } from '../../server/store/periods.ts'
import type { RequestFilter } from '../../server/store/request-filter.ts'
import type { RequestRecord } from '../../server/store/request-record.ts'
import { bucketOf, percentilesOf } from '../../server/store/request-sums.ts'
import { createRequestStore } from '../../server/store/requests.ts'
import { createRollupStore } from '../../server/store/rollups.ts'
import type { RequestStore, RollupStore, VisitorStore } from '../../server/store/store.ts'
import { createVisitorStore } from '../../server/store/visitors.ts'
import { freshEngine } from '../support/database.ts'

const start = Date.UTC(2026, 10, 20)
let now = start + 10 * dayMs + 12_345_678
let engine: Engine
let log: RequestStore
let rollups: RollupStore
let visitors: VisitorStore

beforeEach(async () => {
  now = start + 10 * dayMs + 12_345_678
  engine = await freshEngine(() => now)
  const sleep = async (): Promise<void> => {}
  log = createRequestStore(engine, () => now, sleep)
  rollups = createRollupStore(engine, () => now, sleep)
  visitors = createVisitorStore(engine, () => now)
})
afterEach(() => engine.close())

/** Ten days with a request about every 20 minutes, the parts running through their values out of step. */
const rows: readonly RequestRecord[] = Array.from({ length: 735 }, (_, turn) => ({
  id: `req_${turn}`,
  at: start + turn * 1_190_000,
  dialect: turn % 5 === 0 ? 'openai-chat' : 'anthropic',
  model: 'm',
  stream: true,
  ...(turn % 7 === 0 ? { status: 529, errorKind: 'model-overloaded' } : { status: 200 }),
  ...(turn % 11 === 0 ? {} : { keyId: `key_${turn % 3}`, userId: `usr_${turn % 2}` }),
  accountId: `acc_${turn % 4}`,
  upstreamModel: turn % 2 === 0 ? 'opus' : 'haiku',
  durationMs: 100 + turn,
  firstTokenMs: 10 + turn,
  inputTokens: turn,
  inputSource: 'x',
  outputTokens: 2,
  outputSource: 'x',
  cacheReadTokens: 1,
  credits: 0.5,
  inputMicroUsd: turn * 3,
  outputMicroUsd: 30,
  peer: `192.0.2.${turn % 6}`,
  userAgent: '',
  attempts: 1,
  route: '[]',
}))

/** The same from the rows, the plain way. */
function told(filter: RequestFilter, from: number, to: number) {
  const found = rows.filter(
    (row) =>
      row.at >= from &&
      row.at <= to &&
      (filter.keyId === undefined || row.keyId === filter.keyId) &&
      (filter.userId === undefined || row.userId === filter.userId) &&
      (filter.accountId === undefined || row.accountId === filter.accountId) &&
      (filter.upstreamModel === undefined || row.upstreamModel === filter.upstreamModel) &&
      (filter.dialects === undefined || filter.dialects.includes(row.dialect)) &&
      (filter.isSuccess === undefined || filter.isSuccess === (row.errorKind === undefined)) &&
      (filter.errorKind === undefined || row.errorKind === filter.errorKind) &&
      (filter.peer === undefined || row.peer === filter.peer) &&
      (filter.status === undefined || (row.status >= filter.status[0] && row.status <= filter.status[1])),
  )
  const count = (of: (row: RequestRecord) => string | undefined): [string, number][] =>
    [...Map.groupBy(found, of)]
      .flatMap(([name, group]): [string, number][] => (name === undefined ? [] : [[name, group.length]]))
      .sort(([a, m], [b, n]) => n - m || a.localeCompare(b))
  return {
    requests: found.length,
    failures: found.filter(({ errorKind }) => errorKind !== undefined).length,
    inputTokens: found.reduce((sum, row) => sum + row.inputTokens, 0),
    inputMicroUsd: found.reduce((sum, row) => sum + (row.inputMicroUsd ?? 0), 0),
    credits: found.length / 2,
    key: count((row) => row.keyId),
    user: count((row) => row.userId),
    account: count((row) => row.accountId),
    model: count((row) => row.upstreamModel),
    ip: count((row) => row.peer),
    outcomes: count((row) => row.errorKind ?? 'ok'),
  }
}
async function asked(filter: RequestFilter, from: number, to: number) {
  const { total, tops, outcomes, complete, sampled, series, latency } = await rollups.read(filter, {
    from,
    to,
    series: hourMs,
  })
  const list = (kind: keyof typeof tops) => tops[kind].map(({ subject, sums }) => [subject, sums.requests])
  expect([complete, sampled]).toEqual([true, []])
  expect([...series.values()].reduce((sum, { requests }) => sum + requests, 0)).toBe(total.requests)
  expect(latency.total?.requests ?? 0).toBe(total.requests)
  return {
    requests: total.requests,
    failures: total.failures,
    inputTokens: total.inputTokens,
    inputMicroUsd: total.inputMicroUsd,
    credits: total.credits,
    key: list('key'),
    user: list('user'),
    account: list('account'),
    model: list('model'),
    ip: list('ip'),
    outcomes: [...outcomes].sort(([a, m], [b, n]) => n - m || a.localeCompare(b)),
  }
}

describe('statistics', () => {
  const filters: readonly RequestFilter[] = [
    {},
    { keyId: 'key_1' },
    { userId: 'usr_1' },
    { accountId: 'acc_2' },
    { upstreamModel: 'opus' },
    { dialects: ['openai-chat', 'openai-responses'] },
    { isSuccess: false },
    { isSuccess: true, accountId: 'acc_2' },
    { errorKind: 'model-overloaded', upstreamModel: 'haiku' },
    { status: [500, 599] },
    { keyId: 'key_1', accountId: 'acc_2' },
    { keyId: 'key_1', userId: 'usr_1' },
    { userId: 'usr_0', accountId: 'acc_2' },
    { userId: 'usr_1', accountId: 'acc_2' },
    { keyId: 'key_1', userId: 'usr_1', accountId: 'acc_3' },
    { keyId: 'key_1', accountId: 'acc_2', isSuccess: false },
    { keyId: 'key_1', upstreamModel: 'opus', dialects: ['anthropic'] },
    { isSuccess: false, errorKind: 'model-overloaded' },
    { isSuccess: true, errorKind: 'model-overloaded' },
    { peer: '192.0.2.3' },
  ]
  test.each(filters.map((filter) => [filter]))('%j: from sums what the rows themselves say', async (filter) => {
    await log.append(rows)
    expect(await rollups.catchUp()).toBe(true)
    const sinceDays = now - 7 * dayMs
    for (const [from, to] of [
      [sinceDays, now],
      [sinceDays + 1_234_567, now - 2 * dayMs - 7_654_321],
      [now - 5 * hourMs, now - hourMs / 3],
      [now - 1_000_000, now],
      [now - dayMs, now - dayMs],
    ] as const) {
      expect(await asked(filter, from, to)).toEqual(told(filter, from, to))
    }
  })

  test('that end within the last minute end now, and read no request of the hour that runs', async () => {
    now = (rows.at(-1)?.at ?? 0) + 1_000
    await log.append(rows)
    await rollups.catchUp()
    const { requests } = engine.tables
    const hour = now - (now % hourMs)
    await engine.atomic((db) => [db.delete(requests).where(gte(requests.at, hour))])
    const from = hour - dayMs
    const read = async (to: number): Promise<readonly number[]> => [
      (await rollups.read({}, { from, to, series: hourMs })).total.requests,
      (await rollups.count({}, { from, to })) ?? -1,
    ]
    const all = told({}, from, now).requests
    expect(await read(now - 60_000)).toEqual([all, all])
    const before = told({}, from, hour - 1).requests
    expect(before).toBeLessThan(all)
    expect(await read(now - 60_001)).toEqual([before, before])
  })

  test('of a part of a busy hour count each request once, however many began in the same moment', async () => {
    const hour = now - (now % hourMs) - 2 * dayMs
    const busy = Array.from({ length: 5_003 }, (_, turn) => ({
      ...(rows[0] as RequestRecord),
      id: `req_busy_${turn}`,
      at: hour + Math.floor(turn / 900) * 60_000,
    }))
    await log.append(busy)
    await rollups.catchUp()
    const [from, to] = [hour + 60_000, hour + 4 * 60_000]
    const { total, latency } = await rollups.read({}, { from, to, series: hourMs })
    expect([total.requests, latency.total?.requests]).toEqual([3_600, 3_600])
    expect(await rollups.count({}, { from, to })).toBe(3_600)
  })

  test('of a time whose rows are gone come by whole hours', async () => {
    await log.append(rows)
    await rollups.catchUp()
    await log.clear()
    const from = now - 3 * dayMs
    const border = from - (from % hourMs)
    expect((await rollups.read({}, { from, to: now, series: dayMs })).total.requests).toBe(
      told({}, border, now).requests,
    )
    expect(await rollups.count({ accountId: 'acc_1' }, { from, to: now })).toBe(
      told({ accountId: 'acc_1' }, border, now).requests,
    )
  })

  test('of a key and an account reach as far back as the sums, and name what only the newest requests tell', async () => {
    await log.append(rows)
    await rollups.catchUp()
    await log.prune(now - dayMs)
    const pair: RequestFilter = { keyId: 'key_1', accountId: 'acc_2' }
    const from = now - 8 * dayMs
    const answer = await rollups.read(pair, { from, to: now, series: hourMs })
    const expected = told(pair, from - (from % dayMs), now)
    const { total, complete } = answer
    expect([total.requests, total.failures, total.inputTokens, complete]).toEqual([
      expected.requests,
      expected.failures,
      expected.inputTokens,
      true,
    ])
    expect(expected.requests).toBeGreaterThan(40)
    expect([...answer.series.values()].reduce((sum, { requests }) => sum + requests, 0)).toBe(expected.requests)
    expect(await rollups.count(pair, { from, to: now })).toBe(expected.requests)
  })

  test('of a busy pair name the lists that are of the newest requests', async () => {
    const one = rows[1] as RequestRecord
    const many = Array.from({ length: 3_000 }, (_, turn) => ({ ...one, id: `r${turn}`, at: start + turn * 200_000 }))
    await log.append(many)
    await rollups.catchUp()
    const pair: RequestFilter = { keyId: 'key_1', accountId: 'acc_1' }
    const { total, complete, sampled, tops } = await rollups.read(pair, { from: start, to: now, series: dayMs })
    expect([total.requests, complete]).toEqual([3_000, true])
    expect(sampled).toEqual(['model', 'errors', 'statuses', 'endpoints', 'key', 'user', 'account', 'ip', 'latency'])
    expect(tops.model[0]?.sums.requests).toBe(1_000)
  })

  test('of the busiest are exact where there are more addresses than a list has', async () => {
    const many = rows.map((row, turn) => ({ ...row, peer: `198.51.100.${(turn * turn) % 97}` }))
    await log.append(many)
    await rollups.catchUp()
    const from = now - 7 * dayMs + 1_234_567
    const { tops } = await rollups.read({}, { from, to: now, series: dayMs })
    const counts = [
      ...Map.groupBy(
        many.filter(({ at }) => at >= from && at <= now),
        ({ peer }) => peer,
      ),
    ]
      .map(([ip, group]) => [ip, group.length] as const)
      .sort(([a, m], [b, n]) => n - m || a.localeCompare(b))
    expect(tops.ip.map(({ subject, sums }) => [subject, sums.requests])).toEqual(
      counts.slice(0, 10).map((pair) => [...pair]),
    )
  })

  test('of many requests no sum tells of are those of the newest, and say so', async () => {
    const one = rows[0] as RequestRecord
    for (let from = 0; from < 52_000; from += 4_000)
      await log.append(
        Array.from({ length: 4_000 }, (_, turn) => ({
          ...one,
          id: `r${from + turn}`,
          at: start + from + turn,
          session: 's',
        })),
      )
    const { total, complete, since } = await rollups.read({ session: 's' }, { from: 0, to: now, series: dayMs })
    expect([total.requests, complete, since]).toEqual([10_000, false, start + 42_000])
    expect(await rollups.count({ session: 's' }, { from: 0, to: now })).toBeUndefined()
  }, 240_000)
})

test('every row is added once, whatever stands between the steps, also if two ask at the same time', async () => {
  await log.append(rows.slice(0, 600))
  expect(await rollups.catchUp(1)).toBe(false)
  await Promise.all([rollups.catchUp(), rollups.catchUp()])
  await log.append(rows.slice(600))
  await rollups.catchUp()
  await rollups.catchUp()
  expect((await rollups.read({}, { from: 0, to: now, series: dayMs })).total.requests).toBe(735)
})

test('details of subjects go with their sums', async () => {
  await log.append(rows)
  await rollups.catchUp()
  await log.clear()
  now += 600 * dayMs
  await rollups.prune()
  const left = await Promise.all([
    engine.read((db) => db.select({ kind: engine.tables.splitRollups.kind }).from(engine.tables.splitRollups)),
    engine.read((db) => db.select({ kind: engine.tables.requestRollups.kind }).from(engine.tables.requestRollups)),
  ])
  expect(left).toEqual([[], []])
})

test('sums are kept for their time and go then', async () => {
  await log.append(rows)
  await rollups.catchUp()
  await log.clear()
  const count = () => rollups.count({}, { from: 0, to: now })
  now += 392 * dayMs // to 31 December of the next year: the first days of November are older than 400 days
  await rollups.prune()
  const kept = await count()
  expect(kept).toBeGreaterThan(0)
  expect(kept).toBeLessThan(735)
  await rollups.clear()
  expect(await count()).toBe(0)
})

describe('visitors', () => {
  test('are listed by their last visit, with the last day and hour to the minute', async () => {
    await log.append(rows)
    await rollups.catchUp()
    const list = await visitors.list(4)
    expect(list.map(({ ip }) => ip)).toEqual([2, 1, 0, 5].map((last) => `192.0.2.${last}`))
    for (const { ip, ...visitor } of list) {
      const own = rows.filter(({ peer }) => peer === ip)
      expect(visitor).toEqual({
        firstAt: own[0]?.at ?? 0,
        lastAt: own.at(-1)?.at ?? 0,
        requests: own.length,
        failures: own.filter(({ errorKind }) => errorKind !== undefined).length,
        requestsDay: own.filter(({ at }) => at >= now - dayMs).length,
        requestsHour: own.filter(({ at }) => at >= now - hourMs).length,
        lastUserId: own.findLast(({ userId }) => userId !== undefined)?.userId ?? '',
      })
    }
  })
  test('of one user are those it came from', async () => {
    await log.append(rows)
    await rollups.catchUp()
    const own = rows.filter(({ userId }) => userId === 'usr_1')
    const list = await visitors.ofUser('usr_1')
    expect(list.map(({ ip }) => ip).toSorted()).toEqual([...new Set(own.map(({ peer }) => peer))].toSorted())
    expect(list[0]?.requests).toBe(own.filter(({ peer }) => peer === list[0]?.ip).length)
    expect(list[0]?.requestsDay).toBe(own.filter(({ peer, at }) => peer === list[0]?.ip && at >= now - dayMs).length)
  })
  test('are forgotten when they are old or too many', async () => {
    await log.append(rows.slice(0, 6))
    await rollups.catchUp()
    await visitors.prune(start + 1_190_000, 3)
    expect((await visitors.list(10)).map(({ ip }) => ip)).toEqual(['192.0.2.5', '192.0.2.4', '192.0.2.3'])
  })
})

test('a stretch of time is cut without gap or overlap, into days where it can be', () => {
  for (let turn = 0; turn < 300; turn++) {
    const from = start + turn * 7_777_777
    const to = from + (turn % 17) * 9_876_543
    const shortest = turn % 2 === 0 ? hourMs : dayMs
    const segments = segmentsOf(from, to, { shortest, hoursSince: 0, rowsSince: 0 })
    expect(segments[0]?.from ?? to).toBe(from)
    expect(segments.map((segment) => segment.to)).toEqual(segments.map((_, index) => segments[index + 1]?.from ?? to))
    for (const { grain, from, to } of segments.filter(({ grain }) => grain > 0))
      expect([from % grain, to % grain]).toEqual([0, 0])
    expect(segments.filter(({ grain }) => grain === 0).every(({ from, to }) => to - from < 2 * shortest)).toBe(true)
  }
})

test('percentiles read from buckets are within 5 % of the true ones', () => {
  const values = Array.from({ length: 10_000 }, (_, turn) => 1 + ((turn * 7919) % 60_000))
  const buckets = new Map<number, number>()
  for (const value of values) buckets.set(bucketOf(value), (buckets.get(bucketOf(value)) ?? 0) + 1)
  const sorted = values.toSorted((a, b) => a - b)
  const read = percentilesOf(buckets)
  for (const [name, share] of [
    ['p50', 0.5],
    ['p95', 0.95],
    ['p99', 0.99],
  ] as const) {
    const exact = sorted[Math.floor(share * 10_000) - 1] ?? 0
    expect(Math.abs((read?.[name] ?? 0) / exact - 1)).toBeLessThan(0.05)
  }
  expect(percentilesOf(new Map())).toBeUndefined()
})
