import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { and, desc, lt } from 'drizzle-orm'
import type { Engine } from '../../server/store/engine/engine.ts'
import { conditionsOf, matches, type RequestFilter } from '../../server/store/request-filter.ts'
import type { RequestPlace, RequestRecord } from '../../server/store/request-record.ts'
import { createRequestStore } from '../../server/store/requests.ts'
import { createRollupStore } from '../../server/store/rollups.ts'
import type { RequestStore } from '../../server/store/store.ts'
import { requests } from '../../server/store/tables/sqlite.ts'
import { freshEngine } from '../support/database.ts'
import { memoryEngine } from '../support/memory-engine.ts'

let engine: Engine
let store: RequestStore

beforeEach(async () => {
  engine = await freshEngine()
  store = createRequestStore(
    engine,
    () => 0,
    async () => {},
  )
})
afterEach(() => engine.close())

const request = (id: string, at: number, more: Partial<RequestRecord> = {}): RequestRecord => ({
  id,
  at,
  dialect: 'anthropic',
  model: 'claude-sonnet-4.5',
  stream: true,
  status: 200,
  durationMs: 12,
  inputTokens: 3,
  inputSource: 'provider',
  outputTokens: 4,
  outputSource: 'estimated',
  peer: '::1',
  userAgent: 'test',
  attempts: 1,
  route: '[]',
  ...more,
})
const many = (count: number, each: (turn: number) => Partial<RequestRecord> = () => ({})): readonly RequestRecord[] =>
  Array.from({ length: count }, (_, turn) => request(`req_${turn}`, turn, each(turn)))
const ids = async (filter: RequestFilter, limit = 10) => (await store.page(filter, { limit })).rows.map(({ id }) => id)

test('rows come back newest first, whole, with whole milliseconds', async () => {
  const full = request('req_2', 20, {
    keyId: 'key_1',
    userId: 'usr_1',
    accountId: 'acc_1',
    upstreamModel: 'm',
    modelReason: 'mapped',
    errorKind: 'timeout',
    errorMessage: 'slow',
    firstTokenMs: 5,
    cacheReadTokens: 0,
    credits: 0.25,
    inputMicroUsd: 9,
    outputMicroUsd: 15,
    session: 's',
    notes: '{"first":[],"more":0}',
  })
  await store.append([request('req_1', 10, { durationMs: 12.4 }), full])
  await store.append([])
  const kept = { captured: false }
  expect((await store.page({}, { limit: 10 })).rows).toEqual([
    { ...full, seq: 2, ...kept },
    { ...request('req_1', 10), seq: 1, ...kept },
  ])
  expect(await store.find('req_2')).toEqual({ ...full, seq: 2, ...kept })
  expect(await store.find('req_3')).toBeUndefined()
})

test('rows are appended all or none', async () => {
  await expect(store.append([request('req_1', 1), request('req_1', 2)])).rejects.toMatchObject({ kind: 'conflict' })
  expect(await ids({})).toEqual([])
})

test('rows older than a time are deleted in steps and counted', async () => {
  await store.append(many(4500))
  expect(await store.prune(4400)).toBe(4400)
  expect(await store.count({})).toEqual({ count: 100, complete: true })
  expect(await store.prune(4400)).toBe(0)
  expect(await store.clear()).toBe(100)
  await store.append([request('req_x', 1)])
  expect((await store.page({}, { limit: 1 })).rows[0]?.seq).toBe(4501) // never given twice
})

const oneOfEach: readonly (readonly [name: string, filter: RequestFilter, row: Partial<RequestRecord>])[] = [
  ['key', { keyId: 'key_1' }, { keyId: 'key_1' }],
  ['user', { userId: 'usr_1' }, { userId: 'usr_1' }],
  ['account', { accountId: 'acc_1' }, { accountId: 'acc_1' }],
  ['address', { peer: '192.0.2.1' }, { peer: '192.0.2.1' }],
  ['model that served', { upstreamModel: 'opus' }, { upstreamModel: 'opus' }],
  ['model asked for', { model: 'opus' }, { model: 'opus' }],
  ['dialect', { dialects: ['openai-chat'] }, { dialect: 'openai-chat' }],
  ['dialects', { dialects: ['openai-chat', 'openai-responses'] }, { dialect: 'openai-responses' }],
  ['session', { session: 's' }, { session: 's' }],
  ['failure', { isSuccess: false }, { errorKind: 'timeout', status: 504 }],
  ['error kind', { errorKind: 'timeout' }, { errorKind: 'timeout', status: 504 }],
  ['status', { status: [429, 429] }, { errorKind: 'rate-limited', status: 429 }],
  ['status of no error', { status: [201, 201] }, { status: 201 }],
  ['class of status', { status: [500, 599] }, { errorKind: 'timeout', status: 504 }],
  ['whole replies', { stream: false }, { stream: false }],
  ['slow', { minDurationMs: 1000 }, { durationMs: 1000 }],
  ['quick', { maxDurationMs: 5 }, { durationMs: 5 }],
  ['late first token', { minFirstTokenMs: 900 }, { firstTokenMs: 900 }],
  ['many tokens', { minTokens: 100 }, { inputTokens: 60, outputTokens: 40 }],
  ['retried', { retried: true }, { attempts: 2 }],
  ['not retried', { retried: false }, { attempts: 0 }],
  ['error text', { errorText: 'SLOW 100%' }, { errorKind: 'timeout', errorMessage: 'too slow 100% of it' }],
]
test.each(oneOfEach)('by %s: the rows that match and no others, in pages and counted', async (_, filter, row) => {
  const other = { attempts: filter.retried === false ? 2 : 1, errorMessage: 'slow 1000' }
  await store.append(many(40, (turn) => (turn % 4 === 1 ? row : other)))
  const expected = Array.from({ length: 10 }, (_, turn) => `req_${37 - turn * 4}`)
  expect(await ids(filter, 100)).toEqual(expected)
  expect(await store.count(filter)).toEqual({ count: 10, complete: true })
  const paged: string[] = []
  for (let before: { at: number; seq: number } | undefined; ; ) {
    const page = await store.page(filter, { limit: 3, ...(before && { before }) })
    paged.push(...page.rows.map(({ id }) => id))
    before = page.next
    if (before === undefined) break
  }
  expect(paged).toEqual(expected)
  const { rows } = await store.page(filter, { limit: 3, offset: 4 })
  expect(rows.map(({ id }) => id)).toEqual(expected.slice(4, 7))
})

test('filters hold together, with times as borders that belong to it', async () => {
  await store.append(many(100, (turn) => ({ keyId: `key_${turn % 2}`, accountId: `acc_${turn % 3}` })))
  expect(await ids({ keyId: 'key_1', accountId: 'acc_0', from: 9, to: 21 })).toEqual(['req_21', 'req_15', 'req_9'])
})

test('rows of the same millisecond have one order, the same in every page', async () => {
  await store.append(Array.from({ length: 9 }, (_, turn) => request(`req_${turn}`, 7)))
  const first = await store.page({}, { limit: 5 })
  const second = await store.page({}, { limit: 5, ...(first.next && { before: first.next }) })
  expect([...first.rows, ...second.rows].map(({ id }) => id)).toEqual(
    Array.from({ length: 9 }, (_, turn) => `req_${8 - turn}`),
  )
  expect(second.next).toBeUndefined()
})

test('a rare combination is searched for in bounded steps and gone on with from where it stopped', async () => {
  await store.append([request('req_old', 0, { durationMs: 9000 })])
  for (let from = 1; from <= 110_000; from += 5_000)
    await store.append(Array.from({ length: 5_000 }, (_, turn) => request(`req_${from + turn}`, from + turn)))
  const first = await store.page({ minDurationMs: 9000 }, { limit: 10 })
  expect(first).toMatchObject({ rows: [], searchedUntil: 10_001 })
  expect(await store.count({ minDurationMs: 9000 })).toEqual({ count: 0, complete: false })
  const everywhere = { most: Number.POSITIVE_INFINITY }
  expect(await store.count({ minDurationMs: 9000 }, everywhere)).toEqual({ count: 1, complete: true })
  const second = await store.page({ minDurationMs: 9000 }, { limit: 10, ...(first.next && { before: first.next }) })
  expect(second.rows.map(({ id }) => id)).toEqual(['req_old'])
  expect(second.searchedUntil).toBeUndefined()
}, 240_000)

test('where the sums say that there is nothing it does not look, and nothing is missed', async () => {
  const hourMs = 3_600_000
  const now = 120 * 24 * hourMs
  const engine = memoryEngine()
  const sleep = async (): Promise<void> => {}
  const log = createRequestStore(engine, () => now, sleep)
  const rollups = createRollupStore(engine, () => now, sleep)
  // From 120 days: beyond the 93 of hours there are only days. Written out of the order of arrival, as long calls are.
  const rows = Array.from({ length: 50_000 }, (_, turn) => {
    const at = Math.floor((turn / 50_000) * now) - (turn % 7) * 1_000
    const rare = turn % 3_500 === 77
    return request(`req_${turn}`, Math.max(0, at), {
      keyId: rare ? 'key_rare' : `key_${turn % 3}`,
      accountId: turn % 12_500 < 6_250 ? 'acc_1' : 'acc_2',
      session: `s_${Math.floor(turn / 50)}`,
      peer: turn < 30_000 ? '192.0.2.1' : '192.0.2.2',
      ...(turn % 2_800 === 5
        ? { errorKind: 'timeout', status: 504, upstreamModel: 'opus' }
        : { upstreamModel: 'haiku' }),
    })
  })
  for (let from = 0; from < rows.length; from += 10_000) await log.append(rows.slice(from, from + 10_000))
  await rollups.catchUp(49_000) // the last ones are in no sums yet
  const newest = rows.toSorted((a, b) => b.at - a.at || Number(b.id.slice(4)) - Number(a.id.slice(4)))
  const filters: readonly RequestFilter[] = [
    { keyId: 'key_rare' },
    { keyId: 'key_rare', accountId: 'acc_2' },
    { keyId: 'nobody' },
    { upstreamModel: 'opus' },
    { upstreamModel: 'opus', accountId: 'acc_1', isSuccess: false },
    { errorKind: 'timeout', from: 20 * 24 * hourMs, to: 90 * 24 * hourMs },
    { session: 's_40' },
    { session: 's_999' },
    { peer: '192.0.2.1', keyId: 'key_rare' },
  ]
  for (const filter of filters) {
    const found: string[] = []
    let pages = 0
    for (let before: RequestPlace | undefined; ; ) {
      const page = await log.page(filter, { limit: 5, ...(before && { before }) })
      found.push(...page.rows.map(({ id }) => id))
      pages++
      before = page.next
      if (before === undefined) break
    }
    const expected = newest.filter((row) => matches(filter, row)).map(({ id }) => id)
    expect([filter, found]).toEqual([filter, expected])
    expect((await log.count(filter)).count).toBeLessThanOrEqual(expected.length)
    if (filter.peer === undefined) expect(pages).toBeLessThanOrEqual(1 + Math.ceil(expected.length / 5))
  }
}, 240_000)

describe('indexes', () => {
  /** Of what a search asks: the places of the rows. */
  const plans = async (filter: RequestFilter): Promise<string> => {
    const engine = memoryEngine()
    const { lead, rest } = conditionsOf(engine, filter)
    let query = { sql: '', params: [] as unknown[] }
    await engine.read((db) => {
      const built = db
        .select({ at: requests.at, seq: requests.seq })
        .from(requests)
        .where(and(lt(requests.at, 100), ...lead, ...rest))
        .orderBy(desc(requests.at), desc(requests.seq))
      query = built.toSQL()
      return built
    })
    const rows = engine.client.query(`explain query plan ${query.sql}`).all(...(query.params as string[]))
    return (rows as { detail: string }[]).map(({ detail }) => detail).join('; ')
  }
  const failures = new Set(['failure', 'error kind', 'status', 'class of status', 'error text'])
  test.each(oneOfEach)('a search by %s reads no row and sorts nothing', async (name, filter) => {
    const index = failures.has(name) ? 'requests_failures' : 'requests_in_time'
    expect(await plans(filter)).toBe(`SEARCH requests USING COVERING INDEX ${index} (at<?)`)
  })
  test('so does one by all of them', async () => {
    const all = Object.assign({}, ...oneOfEach.map(([, filter]) => filter)) as RequestFilter
    expect(await plans(all)).toBe('SEARCH requests USING COVERING INDEX requests_failures (at<?)')
  })
})

test('the size is told from the rows there are, and so is the time behind a number of them', async () => {
  expect(await store.size()).toEqual({ rows: 0, bytes: 0 })
  await store.append(many(1000, () => ({ route: 'x'.repeat(300) })))
  const size = await store.size()
  expect(size).toMatchObject({ rows: 1000, oldestAt: 0 })
  expect(size.bytes).toBeGreaterThan(300_000)
  expect(size.bytes).toBeLessThan(2_000_000)
  expect(await store.timeBehind(10)).toBe(989)
  expect(await store.timeBehind(1000)).toBeUndefined()
})
