import { expect, test } from 'bun:test'
import type { RequestRecord } from '../../server/store/request-record.ts'
import { adminApp } from './admin-app.ts'

const hour = 3_600_000
const row = (id: string, at: number, more: Partial<RequestRecord> = {}): RequestRecord => ({
  id,
  at,
  dialect: 'anthropic',
  model: 'sonnet',
  upstreamModel: 'claude-sonnet-4.5',
  stream: true,
  status: 200,
  firstTokenMs: 500,
  durationMs: 1_000,
  inputTokens: 100,
  inputSource: 'measured',
  outputTokens: 10,
  outputSource: 'measured',
  inputMicroUsd: 300_000,
  outputMicroUsd: 150_000,
  peer: '192.0.2.1',
  userAgent: 'test',
  attempts: 1,
  route: '{}',
  ...more,
})

test('the statistics of the last day have the original’s members and values, and ours', async () => {
  const { call, store, clock, addAccount, addKey } = await adminApp()
  await addAccount('acc_1', { label: 'team-01' })
  await addKey('key_1', 'sk-abcdefghijklmnopqrstuvwxyz')
  const now = clock.now
  await store.requests.append([
    row('old', now - 25 * hour),
    row('r1', now - 2 * hour, { keyId: 'key_1', accountId: 'acc_1' }),
    row('r2', now - 1 * hour, { keyId: 'key_1', accountId: 'acc_1', durationMs: 3_000 }),
    row('r3', now - 60_000, { peer: '192.0.2.2', status: 529, errorKind: 'model-overloaded', durationMs: 2_000 }),
  ])
  const { status, json } = await call('GET', '/v2/logs/stats')
  expect(status).toBe(200)
  expect(json).toMatchObject({
    total_requests: 3,
    success_requests: 2,
    failed_requests: 1,
    total_input_tokens: 300,
    total_output_tokens: 30,
    avg_duration_ms: 2_000,
    total_cost_usd: 1.35,
    input_cost_usd: 0.9,
    output_cost_usd: 0.45,
    top_ips: [
      { ip: '192.0.2.1', request_count: 2 },
      { ip: '192.0.2.2', request_count: 1, failed_requests: 1 },
    ],
    top_accounts: [{ account_id: 'acc_1', name: 'team-01', request_count: 2, total_tokens: 220 }],
    top_keys: [{ id: 'key_1', name: 'key_1', request_count: 2, cost_usd: 0.9 }],
    top_models: [{ id: 'claude-sonnet-4.5', request_count: 3 }],
    errors: [{ error_kind: 'model-overloaded', request_count: 1 }],
    statuses: [
      { status_code: 200, request_count: 2 },
      { status_code: 529, request_count: 1 },
    ],
    endpoints: [{ dialect: 'anthropic', request_count: 3 }],
    bucket: 'hour',
    complete: true,
    sampled: [],
  })
  expect(json.success_rate).toBeCloseTo(66.67, 1)
  expect(json.first_token_ms.requests).toBe(3)
  expect(Math.abs(json.first_token_ms.p50 / 500 - 1)).toBeLessThan(0.05)
  expect(json.series.map(({ requests }: { requests: number }) => requests)).toEqual([1, 1, 1])
  expect((await call('GET', '/v2/logs/stats?account_id=acc_1')).json).toMatchObject({
    total_requests: 2,
    top_ips: [{ ip: '192.0.2.1', request_count: 2 }],
  })
  expect((await call('GET', `/v2/logs/stats?start_time=${now - 30 * hour}&is_success=1`)).json.total_requests).toBe(3)
})

test('days of a series begin as in the zone of the settings', async () => {
  const { call, store, clock } = await adminApp()
  await store.settings.write({ timezone: 'Asia/Shanghai' })
  clock.now = Date.UTC(2026, 10, 28, 12)
  await store.requests.append([
    row('r1', Date.UTC(2026, 10, 26, 15, 59)), // still the 26th there
    row('r2', Date.UTC(2026, 10, 26, 16, 1)), // the 27th
    row('r3', Date.UTC(2026, 10, 27, 15, 59)),
  ])
  const { json } = await call('GET', '/v2/logs/stats?start_time=2026-11-20&bucket=day')
  expect(json.series).toMatchObject([
    { start: '2026-11-25T16:00:00.000Z', requests: 1 },
    { start: '2026-11-26T16:00:00.000Z', requests: 2 },
  ])
})

test.each([
  ['start_time=x', 'start_time'],
  ['bucket=week', 'bucket'],
  ['bucket=hour&start_time=2020-01-01', 'bucket'],
  ['request_id=req_1', 'request_id'],
  ['start_time=2999-01-01', 'start_time'],
])('statistics refuse %s by the name of its field', async (query, field) => {
  const { call } = await adminApp()
  const { status, json } = await call('GET', `/v2/logs/stats?${query}`)
  expect([status, json.field]).toEqual([400, field])
})

test('without any request the statistics are zeros, not nothing', async () => {
  const { call } = await adminApp()
  expect((await call('GET', '/v2/logs/stats')).json).toMatchObject({
    total_requests: 0,
    success_rate: 0,
    avg_duration_ms: 0,
    duration_ms: null,
    top_ips: [],
    series: [],
  })
})

test('visitors come with their user, their notes and their limits; a user’s addresses without them', async () => {
  const { call, store, clock } = await adminApp()
  const at = clock.now
  const created = await call('POST', '/v2/users', { name: 'Li Wei' })
  const userId = created.json.id
  await store.ips.saveConfig({ ip: '192.0.2.1', notes: 'office', requestsPerMinute: 60, createdAt: 1, updatedAt: 1 })
  await store.requests.append([
    row('r1', at - 30 * hour, { userId }),
    row('r2', at - 2 * hour, { userId, status: 500, errorKind: 'internal' }),
    row('r3', at - 60_000, { peer: '192.0.2.2' }),
  ])
  const { json } = await call('GET', '/v2/ips/visitors')
  const visit = {
    ip: '192.0.2.1',
    first_visit: new Date(at - 30 * hour).toISOString(),
    last_visit: new Date(at - 2 * hour).toISOString(),
    request_count: 2,
    success_count: 1,
    user_id: userId,
    request_count_day: 1,
    request_count_hour: 0,
  }
  expect(json.visitor_ips).toEqual([
    {
      ip: '192.0.2.2',
      first_visit: new Date(at - 60_000).toISOString(),
      last_visit: new Date(at - 60_000).toISOString(),
      request_count: 1,
      success_count: 1,
      request_count_day: 1,
      request_count_hour: 1,
      rate_limit_rpm: 0,
      daily_request_limit: 0,
      blocked: false,
    },
    { ...visit, user_name: 'Li Wei', notes: 'office', rate_limit_rpm: 60, daily_request_limit: 0, blocked: false },
  ])
  expect(json.own_ip).toBe('127.0.0.1')
  await call('POST', '/v2/ips/block', { ip: '192.0.2.2/31', expires_at: new Date(at + hour).toISOString() })
  const blocked = async () =>
    (await call('GET', '/v2/ips/visitors')).json.visitor_ips.map((one: { blocked: boolean; blocked_by?: string }) => [
      one.blocked,
      one.blocked_by,
    ])
  expect(await blocked()).toEqual([
    [true, '192.0.2.2/31'],
    [false, undefined],
  ])
  clock.now += 2 * hour
  expect(await blocked()).toEqual([
    [false, undefined],
    [false, undefined],
  ])
  expect((await call('GET', `/v2/users/${userId}/ips`)).json).toEqual({ ips: [visit], count: 1 })
  expect((await call('GET', '/v2/users/usr_none/ips')).status).toBe(404)
})

test('who is online and how far the provider is are told with their time', async () => {
  const { call, clock, world } = await adminApp()
  const timestamp = Math.floor(clock.now / 1000)
  expect((await call('GET', '/v2/stats/online')).json).toEqual({ online_count: 3, timestamp })
  const latency = async () => (await call('GET', '/v2/health/aws-latency')).json
  expect(await latency()).toEqual({ latency: 120, status: 'good', timestamp })
  world.latency = 499
  expect((await latency()).status).toBe('medium')
  world.latency = 500
  expect((await latency()).status).toBe('poor')
  world.latency = undefined
  expect(await latency()).toMatchObject({ latency: -1, status: 'error' })
})
