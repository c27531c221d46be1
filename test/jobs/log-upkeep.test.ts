import { expect, test } from 'bun:test'
import { logUpkeepJobs } from '../../server/jobs/log-upkeep.ts'
import type { RequestRecord } from '../../server/store/request-record.ts'
import { memoryStore } from '../support/memory-store.ts'

const dayMs = 86_400_000
const now = 100 * dayMs
const row = (id: number, at: number): RequestRecord => ({
  id: `r${id}`,
  at,
  dialect: 'anthropic',
  model: 'm',
  stream: true,
  status: 200,
  durationMs: 1,
  inputTokens: 1,
  inputSource: 'measured',
  outputTokens: 1,
  outputSource: 'measured',
  peer: '192.0.2.1',
  userAgent: '',
  attempts: 1,
  route: 'x'.repeat(300),
})

async function upkeep(keep: { days: number; bytes: number }) {
  const store = memoryStore(() => now)
  const jobs = logUpkeepJobs({ store, effects: { now: () => now }, keep: () => keep })
  await store.requests.append(Array.from({ length: 4_000 }, (_, id) => row(id, now - 10 * dayMs + id * 100_000)))
  const run = async (name: string) => jobs.find((job) => job.name === name)?.run(new AbortController().signal)
  return { store, run }
}

test('rows go by their age, after they were added up', async () => {
  const { store, run } = await upkeep({ days: 7, bytes: 0 })
  await run('prune-requests')
  expect((await store.requests.size()).oldestAt).toBeGreaterThanOrEqual(now - 7 * dayMs)
  const period = { from: 0, to: now, series: dayMs } as const
  expect((await store.rollups.read({}, period)).total.requests).toBe(4_000)
  expect(await store.visitors.list(1)).toMatchObject([{ requests: 4_000 }])
})

test('the oldest rows go when there are too many bytes, and no more than must', async () => {
  const { store, run } = await upkeep({ days: 0, bytes: 2_000_000 })
  const before = await store.requests.size()
  await run('prune-requests')
  const after = await store.requests.size()
  expect(after.bytes).toBeLessThanOrEqual(2_000_000)
  expect(after.bytes).toBeGreaterThan(1_900_000)
  expect(after.rows).toBeLessThan(before.rows)
  await run('prune-requests')
  expect(await store.requests.size()).toEqual(after)
})

test('without limits nothing goes', async () => {
  const { store, run } = await upkeep({ days: 0, bytes: 0 })
  await run('roll-up-requests')
  await run('prune-requests')
  expect((await store.requests.count({})).count).toBe(4_000)
})
