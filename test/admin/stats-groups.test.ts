import { beforeAll, describe, expect, test } from 'bun:test'
import type { RequestRecord } from '../../server/store/request-record.ts'
import { createTestEffects } from '../support/effects.ts'
import { adminApp } from './admin-app.ts'

const hour = 3_600_000
const day = 24 * hour
const now = Date.UTC(2026, 10, 28, 12, 30)
type App = Awaited<ReturnType<typeof adminApp>>
type Group = {
  readonly id: string
  readonly name?: string
  readonly request_count: number
  readonly failed_requests: number
  readonly total_tokens: number
  readonly cost_usd: number
  readonly duration_ms: { readonly requests: number; readonly p50: number; readonly p95: number } | null
  readonly first_token_ms: { readonly requests: number } | null
}

/** Requests of five weeks, some of them streamed, some failed. */
function history(): readonly RequestRecord[] {
  const { random } = createTestEffects()
  const one = <T>(...of: readonly T[]): T => of[Math.floor(random() * of.length)] as T
  return Array.from({ length: 600 }, (_, index) => {
    const isFailed = random() < 0.1
    return {
      id: `req_${index}`,
      at: Math.floor(now - random() ** 2 * 35 * day),
      dialect: one('anthropic', 'openai-chat'),
      keyId: one('key_a', 'key_b', 'key_c'),
      ...(random() < 0.5 ? { userId: one('usr_a', 'usr_b') } : {}),
      accountId: one('acc_a', 'acc_b'),
      model: 'm',
      upstreamModel: one('claude-sonnet-4.5', 'claude-haiku-4.5'),
      stream: random() < 0.6,
      status: isFailed ? one(429, 529) : 200,
      ...(isFailed ? { errorKind: one('model-overloaded', 'limit-reached') } : {}),
      firstTokenMs: Math.floor(100 + random() * 900),
      durationMs: Math.floor(1_000 + random() * 9_000),
      ...{ inputTokens: 100, inputSource: 'measured', outputTokens: 10, outputSource: 'measured' },
      ...{ inputMicroUsd: 300, outputMicroUsd: 150, peer: one('192.0.2.1', '192.0.2.2'), userAgent: '' },
      ...{ attempts: 1, route: '{}' },
    } satisfies RequestRecord
  }).toSorted((a, b) => a.at - b.at)
}

describe('statistics by groups', () => {
  const rows = history()
  let app: App
  beforeAll(async () => {
    app = await adminApp()
    app.clock.now = now
    await app.addAccount('acc_a', { label: 'team-01' })
    await app.store.requests.append(rows)
    await app.store.rollups.catchUp()
  })
  const groupsOf = async (
    query: string,
    from = '2026-10-01',
  ): Promise<{ groups: readonly Group[]; sampled: string[]; groups_total: number }> =>
    (await app.call('GET', `/v2/logs/stats?start_time=${from}&${query}`)).json

  const members: readonly [string, (row: RequestRecord) => string | undefined][] = [
    ['model', (row) => row.upstreamModel],
    ['user', (row) => row.userId],
    ['key', (row) => row.keyId],
    ['account', (row) => row.accountId],
    ['ip', (row) => row.peer],
    ['dialect', (row) => row.dialect],
    ['status', (row) => String(row.status)],
    ['error', (row) => row.errorKind],
    ['day', (row) => new Date(row.at - (row.at % day)).toISOString()],
  ]
  const filters: readonly [string, (row: RequestRecord) => boolean][] = [
    ['', () => true],
    ['&api_key_id=key_a', (row) => row.keyId === 'key_a'],
    ['&model=claude-haiku-4.5', (row) => row.upstreamModel === 'claude-haiku-4.5'],
    ['&user_id=usr_a&account_id=acc_b', (row) => row.userId === 'usr_a' && row.accountId === 'acc_b'],
    ['&is_success=false&endpoint_type=claude', (row) => row.errorKind !== undefined && row.dialect === 'anthropic'],
    ['&min_duration_ms=5000', (row) => row.durationMs >= 5_000],
  ]
  for (const [by, idOf] of members) {
    test.each(filters)(
      `by ${by} are those of the requests themselves, how long they took included, with filter %j`,
      async (filter, holds) => {
        const { groups, groups_total: total } = await groupsOf(`group=${by}${filter}&zone=UTC`)
        const expected = Map.groupBy(
          rows.filter((row) => holds(row) && idOf(row) !== undefined),
          (row) => idOf(row) ?? '',
        )
        expect(new Set(groups.map(({ id }) => id))).toEqual(new Set(expected.keys()))
        expect(total).toBe(expected.size)
        const order = groups.map((group) => (by === 'day' ? Date.parse(group.id) : -group.request_count))
        expect(order).toEqual(order.toSorted((a, b) => a - b))
        for (const group of groups) {
          const own = expected.get(group.id) ?? []
          const streamed = own.filter(({ stream }) => stream)
          expect(group).toMatchObject({
            ...{ request_count: own.length, total_tokens: own.length * 110 },
            failed_requests: own.filter(({ errorKind }) => errorKind !== undefined).length,
          })
          expect(group.cost_usd).toBeCloseTo((own.length * 450) / 1e6, 9)
          expect([group.duration_ms?.requests, group.first_token_ms?.requests ?? 0]).toEqual([
            own.length,
            streamed.length,
          ])
          const sorted = own.map(({ durationMs }) => durationMs).toSorted((a, b) => a - b)
          const median = sorted[Math.ceil(sorted.length / 2) - 1] ?? 0
          expect(Math.abs((group.duration_ms?.p50 ?? 0) / median - 1)).toBeLessThan(0.05)
        }
      },
    )
  }

  test('have their names, and only as many as are wanted', async () => {
    const { groups, groups_total: total } = await groupsOf('group=account&group_limit=1')
    expect([groups.length, total]).toEqual([1, 2])
    const all = (await groupsOf('group=account')).groups
    expect(all.find(({ id }) => id === 'acc_a')?.name).toBe('team-01')
    expect(all.map(({ id }) => id)[0]).toBe(groups[0]?.id as string)
  })

  test('of days begin as the days of a zone, of hours with the hour', async () => {
    const days = (await groupsOf('group=day&zone=Asia/Shanghai', '2026-11-26')).groups
    expect(days.every(({ id }) => id.endsWith('T16:00:00.000Z'))).toBe(true)
    const hours = (await groupsOf('group=hour', '2026-11-27T00:00:00Z')).groups
    expect(hours.length).toBeGreaterThan(3)
    expect(
      hours.every(
        ({ id, request_count: count, duration_ms: took }) => id.endsWith(':00:00.000Z') && took?.requests === count,
      ),
    ).toBe(true)
    const old = (await groupsOf('group=hour')).groups[0]
    expect([old?.request_count, old?.duration_ms]).toEqual([1, null])
  })

  test.each([
    ['group=nonsense', 'group'],
    ['group=key&group_limit=0', 'group_limit'],
    ['group=key&group_limit=501', 'group_limit'],
    ['group=hour&bucket=day', 'bucket'],
    ['group=hour&start_time=2020-01-01', 'group'],
  ])('refuse %s by the name of its field', async (query, field) => {
    const { status, json } = await app.call('GET', `/v2/logs/stats?${query}`)
    expect([status, json.field]).toEqual([400, field])
  })

  test('a time is compared with as long a time before it', async () => {
    const [from, to] = [now - 7 * day, now]
    const read = async (query: string) =>
      (await app.call('GET', `/v2/logs/stats?${query}`)).json as Record<string, unknown>
    const { before } = await read(`start_time=${from}&end_time=${to}&compare=true`)
    const earlier = await read(`start_time=${from - 7 * day}&end_time=${from - 1}`)
    for (const [name, value] of Object.entries(before as object)) expect([name, value]).toEqual([name, earlier[name]])
    expect((before as { total_requests: number }).total_requests).toBeGreaterThan(10)
    expect(await read(`start_time=${from}&end_time=${to}`)).not.toHaveProperty('before')
  })
})
