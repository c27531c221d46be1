import { expect, test } from 'bun:test'
import { adminApp } from './admin-app.ts'

const rows = [
  {
    list: '/v2/proxies',
    member: 'proxies',
    add: (n: number) => ['/v2/proxies', { url: `http://127.0.0.1:${3000 + n}`, name: `p${n}` }] as const,
    sort: '-name',
    first: 'p4',
    nameOf: ({ name }: { name: string }) => name,
    q: 'p2',
  },
  {
    list: '/v2/model-mappings',
    member: 'mappings',
    add: (n: number) => ['/v2/model-mappings', { name: `m${n}`, target: 'claude-sonnet-4.5' }] as const,
    sort: '-name',
    first: 'm4',
    nameOf: ({ name }: { name: string }) => name,
    q: 'm2',
  },
  {
    list: '/v2/ips/blocked',
    member: 'blocked_ips',
    add: (n: number) => ['/v2/ips/block', { ip: `203.0.113.${n}` }] as const,
    sort: '-ip',
    first: '203.0.113.4',
    nameOf: ({ ip }: { ip: string }) => ip,
    q: '113.2',
  },
]

test.each(rows)(
  '$list is walked by cursor, searched and counted',
  async ({ list, member, add, sort, first, nameOf, q }) => {
    const { call } = await adminApp()
    for (let n = 0; n < 5; n++) {
      const [path, body] = add(n)
      expect((await call('POST', path, body)).status).toBe(200)
    }
    const whole = (await call('GET', list)).json
    expect([whole[member].length, whole.next_cursor]).toEqual([5, undefined])
    const seen: string[] = []
    let cursor: string | null = ''
    for (let page = 0; page < 3 && cursor !== null; page++) {
      const { json } = await call('GET', `${list}?limit=2&sort=${sort}&cursor=${cursor}`)
      expect(json.total).toBe(5)
      expect(Object.values(json.counts as Record<string, number>).reduce((sum, count) => sum + count, 0)).toBe(5)
      seen.push(...json[member].map(nameOf))
      cursor = json.next_cursor
    }
    expect([cursor, seen.length, new Set(seen).size, seen[0]]).toEqual([null, 5, 5, first])
    expect((await call('GET', `${list}?q=${q}`)).json[member]).toHaveLength(1)
    const refused = await call('GET', `${list}?sort=nothing`)
    expect([refused.status, refused.json.field]).toEqual([400, 'sort'])
  },
)

test('statistics are told in the days of the zone that is asked for', async () => {
  const { call, store, clock } = await adminApp()
  const at = Date.UTC(2023, 10, 14, 18, 30)
  expect(at).toBeLessThan(clock.now)
  const tokens = { inputTokens: 1, inputSource: 'estimate', outputTokens: 1, outputSource: 'estimate' }
  const row = { id: 'r', at, dialect: 'anthropic', model: 'm', stream: true, status: 200, durationMs: 5, ...tokens }
  await store.requests.append([{ ...row, peer: '192.0.2.1', userAgent: '', attempts: 1, route: '{}' }])
  const startsIn = async (zone: string) =>
    (await call('GET', `/v2/logs/stats?bucket=day&start_time=2023-11-14T00:00:00Z&zone=${zone}`)).json.series.map(
      ({ start }: { start: string }) => start,
    )
  expect(await startsIn('UTC')).toEqual(['2023-11-14T00:00:00.000Z'])
  expect(await startsIn('Asia/Shanghai')).toEqual(['2023-11-14T16:00:00.000Z'])
  const refused = await call('GET', '/v2/logs/stats?zone=Nowhere/City')
  expect([refused.status, refused.json.field]).toEqual([400, 'zone'])
})
