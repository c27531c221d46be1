import { expect, test } from 'bun:test'
import { keyTraces } from '../../server/access/key.ts'
import { costOf } from '../../server/access/limits.ts'
import { adminApp, elsewhere, password } from './admin-app.ts'

const rate = {
  inputMicroUsdPerMillion: 5_000_000,
  outputMicroUsdPerMillion: 25_000_000,
  inputCredits: 0,
  outputCredits: 0,
}

test('a user is made with a key that is shown in this answer alone', async () => {
  const { call, store, world } = await adminApp()
  const made = await call('POST', '/v2/users', {
    name: 'Li Wei',
    email: 'li@example.com',
    daily_quota: 5_000,
    monthly_quota: 20_000,
    request_quota: 100,
    rate_limit_rpm: 10,
    is_vip: true,
    enabled: false,
    notes: 'desk 4',
  })
  expect(made.status).toBe(200)
  const { api_key: key, id } = made.json
  expect(key).toMatch(/^sk-\w{48}$/)
  expect(made.json).toMatchObject({
    name: 'Li Wei',
    email: 'li@example.com',
    enabled: false,
    is_vip: true,
    priority: 1,
    daily_quota: 5_000,
    monthly_quota: 20_000,
    request_quota: 100,
    rate_limit_rpm: 10,
    notes: 'desk 4',
    total_tokens_used: 0,
    total_requests: 0,
    total_cost_usd: 0,
  })
  expect(world.keysChanged).toBe(1)
  expect((await store.keys.findByHash(keyTraces(key).hash))?.userId).toBe(id)
  for (const path of ['/v2/users', `/v2/users/${id}`, '/v2/keys', `/v2/users/${id}/stats`]) {
    const answer = await call('GET', path)
    expect([path, answer.status]).toEqual([path, 200])
    expect(answer.text).not.toContain(key)
  }
  expect((await call('GET', '/v2/users')).json[0]).toMatchObject({ api_key: '****', daily_requests: 0 })
  const patched = await call('PATCH', `/v2/users/${id}`, { name: 'Li' })
  expect(patched.json).toMatchObject({ name: 'Li', api_key: '****', daily_quota: 5_000 })
  expect(patched.text).not.toContain(key)
})

test.each([
  [{ is_vip: false }, { is_vip: false, priority: 0 }],
  [{ priority: 7 }, { is_vip: true, priority: 7 }],
  [{ daily_quota: 0 }, { daily_quota: 0, rate_limit_rpm: 10 }],
  [
    { daily_quota: null, name: null, notes: null },
    { daily_quota: 5_000, name: 'u', notes: 'n' },
  ],
  [
    { monthly_spend_micro_usd: 2_500_000, monthly_credits: 1.5, concurrency: 3 },
    { monthly_credits: 1.5, concurrency: 3 },
  ],
  [{ expires_at: '2030-01-01T00:00:00+08:00' }, { expires_at: '2029-12-31T16:00:00.000Z' }],
  [{ models: ['claude-haiku-*', 'claude-haiku-*'] }, { models: ['claude-haiku-*'] }],
  [{ account_ids: ['acc_a'] }, { account_ids: ['acc_a'] }],
  // A script may send back what it got.
  [
    { id: 'x', api_key: '****', created_at: 'x', total_requests: 5, enabled: false },
    { enabled: false, total_requests: 0 },
  ],
])('PATCH %j', async (patch, expected) => {
  const { call, addAccount } = await adminApp()
  await addAccount('acc_a')
  const body = { name: 'u', daily_quota: 5_000, rate_limit_rpm: 10, notes: 'n', is_vip: true }
  const { id } = (await call('POST', '/v2/users', body)).json
  expect((await call('PATCH', `/v2/users/${id}`, patch)).json).toMatchObject(expected)
  expect((await call('GET', `/v2/users/${id}`)).json).toMatchObject(expected)
})

test('what was set can be taken away again', async () => {
  const { call, addAccount } = await adminApp()
  await addAccount('acc_a')
  const set = {
    notes: 'n',
    email: 'e',
    expires_at: '2030-01-01',
    models: ['m'],
    account_ids: ['acc_a'],
    daily_quota: 5,
  }
  const { id } = (await call('POST', '/v2/users', { name: 'u', ...set })).json
  const empty = { notes: '', email: '', expires_at: '', models: [], account_ids: [], daily_quota: 0 }
  const { json } = await call('PATCH', `/v2/users/${id}`, empty)
  expect(json).toMatchObject({ expires_at: null, models: [], account_ids: [], daily_quota: 0 })
  expect('notes' in json || 'email' in json).toBe(false)
})

test.each([
  [{}, 'name'],
  [{ name: '  ' }, 'name'],
  [{ name: 'u', daily_quota: -1 }, 'daily_quota'],
  [{ name: 'u', daily_quota: 'many' }, 'daily_quota'],
  [{ name: 'u', rate_limit_rpm: 1.5 }, 'rate_limit_rpm'],
  [{ name: 'u', expires_at: 'soon' }, 'expires_at'],
  [{ name: 'u', account_ids: ['nobody'] }, 'account_ids'],
  [{ name: 'u', priority: 10 }, 'priority'],
  [{ name: 'u', daily_qouta: 5 }, 'daily_qouta'],
  [{ name: 'u', __proto__x: 5 }, '__proto__x'],
])('POST %j is refused by name', async (body, field) => {
  const { call } = await adminApp()
  const answer = await call('POST', '/v2/users', body)
  expect(answer.status).toBe(400)
  expect(answer.json.field).toBe(field)
  expect((await call('GET', '/v2/users')).json).toEqual([])
})

test('a misspelt limit is told the right name', async () => {
  const { call } = await adminApp()
  expect((await call('POST', '/v2/users', { name: 'u', daily_qouta: 5 })).json.error).toContain('daily_quota')
})

test('an unknown user is 404 on every route', async () => {
  const { call } = await adminApp()
  for (const [method, path, body] of [
    ['GET', '/v2/users/no'],
    ['PATCH', '/v2/users/no', { name: 'x' }],
    ['DELETE', '/v2/users/no'],
    ['POST', '/v2/users/no/regenerate-key'],
    ['GET', '/v2/users/no/stats'],
  ] as const) {
    expect([path, (await call(method, path, body)).status]).toEqual([path, 404])
  }
})

test.each([
  ['?count=3', 3],
  ['', 10],
  ['?count=0', 10],
  ['?count=101', 10],
  ['?count=x', 10],
])('batch-vip%s makes %d users that can be given away', async (query, count) => {
  const { call } = await adminApp()
  const { json } = await call('POST', `/v2/users/batch-vip${query}`)
  expect(json).toMatchObject({ success: true, count })
  expect(new Set(json.users.map((user: { api_key: string }) => user.api_key)).size).toBe(count)
  expect(json.users[0]).toMatchObject({ name: '待分配', is_vip: true, request_quota: 1_000, rate_limit_rpm: 10 })
})

test('batch-vip answers with its keys whatever is preferred, for its job has a result for each user and no key', async () => {
  const { ask, call } = await adminApp()
  const headers = { authorization: `Bearer ${password}`, prefer: 'respond-async' }
  const made = await ask('POST', '/v2/users/batch-vip?count=3', { headers })
  expect([made.status, made.headers.get('preference-applied')]).toEqual([200, null])
  expect(made.json.users.map(({ api_key }: { api_key: string }) => api_key.slice(0, 3))).toEqual(['sk-', 'sk-', 'sk-'])
  const job = await call('GET', made.headers.get('location') ?? '')
  expect(job.json).toMatchObject({ kind: 'users.batch', state: 'done', total: 3, done: 3, failed: 0 })
  const users = (await call('GET', '/v2/users')).json as { id: string }[]
  expect(job.json.results.map(({ id }: { id: string }) => id).toSorted()).toEqual(users.map(({ id }) => id).toSorted())
  expect(job.text).not.toContain('sk-')
})

test('the list is filtered by the switch, newest first', async () => {
  const { call, clock } = await adminApp()
  for (const [name, enabled] of [
    ['a', true],
    ['b', false],
    ['c', true],
  ] as const) {
    clock.now += 1_000
    await call('POST', '/v2/users', { name, enabled })
  }
  const names = async (query: string) =>
    (await call('GET', `/v2/users${query}`)).json.map(({ name }: { name: string }) => name)
  expect([await names(''), await names('?enabled=true'), await names('?enabled=false')]).toEqual([
    ['c', 'b', 'a'],
    ['c', 'a'],
    ['b'],
  ])
})

test('another key string leaves the key, its limits and its use; a user without a key gets one', async () => {
  const { call, store } = await adminApp()
  const { id, api_key: first, keys } = (await call('POST', '/v2/users', { name: 'u' })).json
  await call('PATCH', `/v2/keys/${keys[0].id}`, { rate_limit_rpm: 5 })
  const { api_key: second, key_id } = (await call('POST', `/v2/users/${id}/regenerate-key`)).json
  expect(key_id).toBe(keys[0].id)
  expect(await store.keys.findByHash(keyTraces(first).hash)).toBeUndefined()
  expect(await store.keys.findByHash(keyTraces(second).hash)).toMatchObject({
    id: key_id,
    limits: { requestsPerMinute: 5 },
  })
  await call('DELETE', `/v2/keys/${key_id}`)
  expect((await call('POST', `/v2/users/${id}/regenerate-key`)).json.api_key).toMatch(/^sk-/)
  const extra = (await call('POST', '/v2/keys', { name: 'laptop', user_id: id })).json
  expect(extra).toMatchObject({ user_id: id })
  expect((await call('POST', `/v2/users/${id}/regenerate-key`, { key_id: extra.id })).json.key_id).toBe(extra.id)
  expect((await call('POST', '/v2/keys', { name: 'x', user_id: 'nobody' })).json.field).toBe('user_id')
})

test('statistics come from the counters', async () => {
  const { call, store, clock } = await adminApp()
  clock.now = Date.parse('2026-11-28T12:00:00Z')
  const { id } = (await call('POST', '/v2/users', { name: 'u', monthly_quota: 10_000, daily_quota: 9_000 })).json
  const add = (day: string, inputTokens: number, outputTokens: number) =>
    store.usage.write({
      add: [day, day.slice(0, 7), 'all'].map((period) => ({
        subject: id,
        period,
        used: costOf(inputTokens, outputTokens, rate),
      })),
      open: [],
      close: [],
    })
  await add('2026-10-01', 100, 10)
  await add('2026-11-27', 200_000, 20)
  await add('2026-11-28', 1_000, 100)
  await add('2026-11-28', 1_000, 100)
  expect((await call('GET', `/v2/users/${id}/stats?days=30`)).json).toMatchObject({
    user_id: id,
    total_requests: 4,
    input_tokens: 202_100,
    output_tokens: 230,
    total_tokens: 202_330,
    monthly_total: 202_220,
    quota_remaining: 0,
    daily_usage: [
      { date: '2026-11-28', input_tokens: 2_000, output_tokens: 200, total_tokens: 2_200, request_count: 2 },
      { date: '2026-11-27', request_count: 1 },
    ],
    input_cost_usd: 1.0105,
  })
  expect((await call('GET', `/v2/users/${id}/stats?days=1`)).json.daily_usage.length).toBe(1)
  expect((await call('GET', '/v2/stats/users')).json).toEqual([
    {
      user_id: id,
      user_name: 'u',
      enabled: true,
      total_tokens: 202_330,
      monthly_total: 202_220,
      daily_quota: 9_000,
      monthly_quota: 10_000,
    },
  ])
  expect((await call('GET', `/v2/users/${id}`)).json).toMatchObject({ daily_requests: 2, daily_tokens: 2_200 })
})

test('blocked addresses: kept in one form, never this machine, never who asks unless meant', async () => {
  const { call, world } = await adminApp()
  world.peer = elsewhere // 192.0.2.7
  const block = (ip: string, more: object = {}) => call('POST', '/v2/ips/block', { ip, ...more })
  expect((await block('198.51.100.7', { reason: 'noise' })).json.ip).toBe('198.51.100.7')
  expect((await block('::ffff:198.51.100.7')).json.ip).toBe('198.51.100.7') // the same one
  expect((await block('2001:DB8:0::/32')).json.ip).toBe('2001:db8::/32')
  for (const ip of ['nonsense', '1.2.3.4/33', '', '127.0.0.1', '::1', '0.0.0.0/0', '192.0.2.7', '192.0.2.0/24']) {
    expect([ip, (await block(ip)).status, (await block(ip)).json.field]).toEqual([ip, 400, 'ip'])
  }
  expect((await block('192.0.2.0/24')).json).toMatchObject({ code: 'OWN_ADDRESS', params: { address: '192.0.2.7' } })
  expect((await block('127.0.0.0/8', { force: true })).status).toBe(400)
  expect((await block('192.0.2.0/24', { force: true })).status).toBe(200)
  const list = (await call('GET', '/v2/ips/blocked')).json.blocked_ips
  expect(list.map(({ ip }: { ip: string }) => ip).toSorted()).toEqual(['192.0.2.0/24', '198.51.100.7', '2001:db8::/32'])
  expect((await call('POST', '/v2/ips/unblock', { ip: '2001:db8::/32' })).json.ip).toBe('2001:db8::/32')
  expect((await call('POST', '/v2/ips/unblock', { ip: '203.0.113.1' })).status).toBe(200)
  expect((await call('GET', '/v2/ips/blocked')).json.blocked_ips.length).toBe(2)
})

test('a block ends at its time', async () => {
  const { call, clock } = await adminApp()
  const until = new Date(clock.now + 60_000).toISOString()
  await call('POST', '/v2/ips/block', { ip: '198.51.100.7', expires_at: until })
  expect((await call('GET', '/v2/ips/blocked')).json.blocked_ips[0].expires_at).toBe(until)
  const past = await call('POST', '/v2/ips/block', { ip: '198.51.100.8', expires_at: '2020-01-01' })
  expect([past.status, past.json.field]).toEqual([400, 'expires_at'])
  clock.now += 60_000
  expect((await call('GET', '/v2/ips/blocked')).json.blocked_ips).toEqual([])
})

test('configuration of an address: the original’s defaults, partial changes, and a note that can be cleared', async () => {
  const { call } = await adminApp()
  const path = '/v2/ips/config/198.51.100.7'
  expect((await call('GET', path)).json).toEqual({
    ip: '198.51.100.7',
    notes: null,
    rate_limit_rpm: 0,
    daily_request_limit: 0,
  })
  await call('PUT', path, { notes: 'office', rate_limit_rpm: 30 })
  expect((await call('PUT', path, { daily_request_limit: 9 })).json).toMatchObject({
    notes: 'office',
    rate_limit_rpm: 30,
    daily_request_limit: 9,
  })
  expect((await call('PUT', path, { notes: '', rate_limit_rpm: 0 })).json).toMatchObject({
    notes: null,
    rate_limit_rpm: 0,
  })
  await call('PUT', '/v2/ips/config/2001%3ADB8%3A%3A1', { notes: 'six' })
  expect((await call('GET', '/v2/ips/config/2001:db8:0:0::1')).json).toMatchObject({ ip: '2001:db8::1', notes: 'six' })
  expect((await call('PUT', '/v2/ips/config/nonsense', { notes: 'x' })).status).toBe(400)
  expect((await call('PUT', path, { rate_limit_rpm: -1 })).json.field).toBe('rate_limit_rpm')
  await call('DELETE', path)
  expect((await call('GET', path)).json.daily_request_limit).toBe(0)
})

test.each([
  ['team-{001}', 3, ['team-001', 'team-002', 'team-003']],
  ['{9} of ten', 2, ['9 of ten', '10 of ten']],
  ['solo', 1, ['solo']],
])('create-many with the name %s makes %d users that differ in their number alone', async (name, count, names) => {
  const { call, store } = await adminApp()
  const { json } = await call('POST', '/v2/users/create-many', {
    name,
    count,
    daily_quota: 5_000,
    models: ['claude-*'],
  })
  expect(json.users.map((user: { name: string }) => user.name)).toEqual(names)
  const keys = new Set<string>(json.users.map((user: { api_key: string }) => user.api_key))
  expect(keys.size).toBe(count)
  for (const key of keys) expect((await store.keys.findByHash(keyTraces(key).hash))?.enabled).toBe(true)
  expect(json.users[0]).toMatchObject({ daily_quota: 5_000, models: ['claude-*'], is_vip: false })
  expect((await call('GET', '/v2/users')).text).not.toContain([...keys][0] ?? 'none')
})

test.each([
  [{ count: 2, name: 'team' }, 'name'],
  [{ count: 0, name: 'team-{1}' }, 'count'],
  [{ count: 101, name: 'team-{1}' }, 'count'],
  [{ count: 2, name: `${'x'.repeat(254)}{9}` }, 'name'],
  [{ count: 2, name: 't{1}', daily_qouta: 5 }, 'daily_qouta'],
  [{ count: 2, name: 't{1}', account_ids: ['nobody'] }, 'account_ids'],
])('create-many of %j is refused by name and makes nobody', async (body, field) => {
  const { call } = await adminApp()
  const answer = await call('POST', '/v2/users/create-many', body)
  expect([answer.status, answer.json.field]).toEqual([400, field])
  expect((await call('GET', '/v2/users')).json).toEqual([])
})

test('many users are disabled, deleted and brought back as a job that says how each went', async () => {
  const { call, live } = await adminApp()
  const made = (await call('POST', '/v2/users/create-many', { count: 3, name: 'u{1}' })).json.users
  const ids: string[] = made.map(({ id }: { id: string }) => id)
  await call('PATCH', `/v2/users/${ids[1]}`, { enabled: false })
  const batch = async (action: string) =>
    (await call('POST', '/v2/users/batch', { action, ids: [...ids, 'none'] })).json
  const outcomes = ({ results }: { results: { outcome: string }[] }) => results.map(({ outcome }) => outcome)
  const disabled = await batch('disable')
  expect(disabled).toMatchObject({ success: false, total: 4, done: 4, failed: 1 })
  expect(outcomes(disabled)).toEqual(['disabled', 'unchanged', 'disabled', 'failed'])
  expect(disabled.results[3]).toMatchObject({ id: 'none', ok: false, error: 'There is no user with this id.' })
  expect(live.jobs.list()[0]).toMatchObject({ kind: 'users.change', state: 'done', failed: 1 })
  expect(outcomes(await batch('delete'))).toEqual(['removed', 'removed', 'removed', 'failed'])
  expect((await call('GET', '/v2/users')).json).toEqual([])
  expect(outcomes(await batch('restore'))).toEqual(['restored', 'restored', 'restored', 'failed'])
  const back = (await call('GET', '/v2/users?enabled=false')).json
  expect(back.map(({ name }: { name: string }) => name).toSorted()).toEqual(['u1', 'u2', 'u3'])
  expect(outcomes(await batch('enable'))).toEqual(['enabled', 'enabled', 'enabled', 'failed'])
})

test.each([
  [{ request_quota: 2 }, 'request_quota', 'free'],
  [{ request_quota: 1 }, 'request_quota', 'reached'],
  [{ daily_quota: 1_375 }, 'daily_quota', 'near'],
  // Fewer tokens are left than any reply needs.
  [{ daily_quota: 1_300 }, 'daily_quota', 'reached'],
  [{ monthly_quota: 100_000 }, 'monthly_quota', 'free'],
  [{ monthly_spend_micro_usd: 7_500 }, 'monthly_spend_micro_usd', 'reached'],
  [{ monthly_credits: 0.5 }, 'monthly_credits', 'free'],
])('a user with %j who used 1,100 tokens stands so', async (limits, limit, state) => {
  const { call, store } = await adminApp()
  const { id, keys } = (await call('POST', '/v2/users', { name: 'u', rate_limit_rpm: 5, ...limits })).json
  const used = costOf(1_000, 100, rate)
  const add = [id, keys[0].id].flatMap((subject: string) =>
    ['2023-11-14', '2023-11', 'all'].map((period) => ({ subject, period, used })),
  )
  await store.usage.write({ add, open: [], close: [] })
  const { json } = await call('GET', `/v2/users/${id}`)
  const resets = ['request_quota', 'daily_quota'].includes(limit) ? '2023-11-15' : '2023-12-01'
  expect(json.standings).toEqual([
    { limit, max: Object.values(limits)[0], used: expect.any(Number), state, resets_at: `${resets}T00:00:00.000Z` },
  ])
  expect(json.keys[0]).toMatchObject({ daily_requests: 1, monthly_tokens: 1_100, standings: [] })
})
