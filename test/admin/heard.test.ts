import { describe, expect, test } from 'bun:test'
import { timeOfText } from '../../server/lib/real-day.ts'
import { adminApp, password } from './admin-app.ts'

// What is sent counts as it was meant, or is refused by name: nothing of it is left out silently.

const bearer = { authorization: `Bearer ${password}` }

describe('a route that takes no body refuses one by its first member, and does nothing', () => {
  const rows = [
    ['POST', '/v2/accounts/disable-all'],
    ['POST', '/v2/accounts/enable-all'],
    ['POST', '/v2/accounts/refresh-quotas'],
    ['POST', '/v2/accounts/sync-emails'],
    ['DELETE', '/v2/accounts/suspended'],
    ['DELETE', '/v2/accounts/incomplete'],
    ['DELETE', '/v2/deleted?kind=user'],
    ['DELETE', '/v2/accounts/one'],
    ['POST', '/v2/accounts/one/refresh'],
    ['POST', '/v2/backup/files'],
  ] as const
  test.each(rows)('%s %s', async (method, path) => {
    const { ask, call, addAccount, store } = await adminApp()
    await addAccount('one')
    for (const type of ['application/json', 'application/x-www-form-urlencoded', undefined]) {
      const headers = { ...bearer, ...(type === undefined ? {} : { 'content-type': type }) }
      const named = await ask(method, path, { headers, raw: '{"ids":["x"],"more":1}' })
      expect([named.status, named.json.code, named.json.field]).toEqual([400, 'INVALID_REQUEST', 'ids'])
      expect(named.json.error).toContain('takes no ids')
      for (const raw of ['["x"]', '[]', 'ids=x', '5', '"x"', '{"ids":'])
        expect([raw, (await ask(method, path, { headers, raw })).status]).toEqual([raw, 400])
    }
    expect((await call('GET', '/v2/accounts/one')).json.enabled).toBe(true)
    expect(await store.audit.list({ action: `${method} ${path.split('?')[0]}` }, 10)).toEqual([])
  })

  test.each(['', ' ', '{}', ' {} ', 'null'])('%j is no body', async (raw) => {
    const { ask, call, addAccount } = await adminApp()
    await addAccount('one')
    for (const headers of [bearer, { ...bearer, 'content-type': 'application/json' }]) {
      const answers = [
        await ask('POST', '/v2/accounts/disable-all', { headers, raw }),
        await ask('DELETE', '/v2/accounts/suspended', { headers, raw }),
        await ask('POST', '/v2/users/batch-vip?count=1', { headers, raw }),
      ]
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
    }
    expect((await call('GET', '/v2/accounts/one')).json.enabled).toBe(false)
  })
})

describe('how many users batch-vip makes', () => {
  test.each([
    ['', { count: 2 }, 2],
    ['?count=2', { count: 2 }, 2],
    ['?count=3', {}, 3],
    ['', {}, 10],
  ])('%s with %j', async (query, body, count) => {
    const { call, store } = await adminApp()
    expect((await call('POST', `/v2/users/batch-vip${query}`, body)).json.count).toBe(count)
    expect((await store.users.list()).length).toBe(count)
  })

  test.each([
    ['?count=3', { count: 2 }, 'count'],
    ['', { count: 0 }, 'count'],
    ['', { count: 101 }, 'count'],
    ['', { ids: ['x'] }, 'ids'],
    ['?count=1&count=2', {}, 'count'],
  ])('%s with %j is refused', async (query, body, field) => {
    const { call, store } = await adminApp()
    const { status, json } = await call('POST', `/v2/users/batch-vip${query}`, body)
    expect([status, json.field]).toEqual([400, field])
    expect(await store.users.list()).toEqual([])
  })
})

test.each([
  ['POST', '/v2/backup/import?dry_run=1&dry_run=0', 'dry_run'],
  ['DELETE', '/v2/deleted?kind=account&kind=key', 'kind'],
  ['DELETE', '/v2/deleted?kind=account&k%69nd=account', 'kind'],
  ['GET', '/v2/logs?limit=1&limit=2', 'limit'],
  ['GET', '/v2/accounts?enabled=1&q=a&enabled=0', 'enabled'],
] as const)('%s %s: a member of a query is said once', async (method, path, field) => {
  const { call } = await adminApp()
  const { status, json } = await call(method, path)
  expect([status, json.code, json.field]).toEqual([400, 'INVALID_REQUEST', field])
  expect(json.error).toContain('more than once')
})

test.each([
  ['/v2/accounts?page_size=1&pageSize=2', 'page_size', 'pageSize'],
  ['/v2/logs?pageSize=2&page_size=1', 'pageSize', 'page_size'],
] as const)('%s has one member of a query in two spellings', async (path, one, other) => {
  const { call } = await adminApp()
  const { status, json } = await call('GET', path)
  expect([status, json.code, json.field]).toEqual([400, 'INVALID_REQUEST', other])
  expect(json.error).toContain(`${one} and ${other}`)
})

test('what keeps caches away may come twice', async () => {
  const { call } = await adminApp()
  expect((await call('GET', '/v2/accounts?_=1&_=2')).status).toBe(200)
})

test.each([
  ['PATCH', '/v2/keys/k', { name: 'k', enabled: true, Enabled: false }, 'enabled', 'Enabled'],
  ['POST', '/v2/keys', { name: 'k', rateLimitRpm: 5, rate_limit_rpm: 6 }, 'rateLimitRpm', 'rate_limit_rpm'],
  ['POST', '/v2/users', { NAME: 'a', Name: 'b' }, 'NAME', 'Name'],
  ['PUT', '/v2/settings', { debugLog: true, debuglog: false }, 'debugLog', 'debuglog'],
] as const)('%s %s %j has one member in two spellings', async (method, path, body, one, other) => {
  const { call } = await adminApp()
  const { status, json } = await call(method, path, body)
  expect([status, json.code, json.field]).toEqual([400, 'INVALID_REQUEST', other])
  expect(json.error).toContain(`${one} and ${other}`)
})

test.each([
  ['PATCH', '/v2/keys/k', '{"enabled":true,"enabled":false}', 'enabled'],
  ['PATCH', '/v2/keys/k', String.raw`{"enabled":true,"en\u0061bled":false}`, 'enabled'],
  ['PUT', '/v2/settings', '{"debugLog":true,"maxErrorCount":5,"debugLog":true}', 'debugLog'],
  ['POST', '/v2/logs/cleanup', '{"days":5,"preview":true,"preview":false}', 'preview'],
  ['POST', '/v2/users/batch', '{"action":"disable","ids":["u"],"action":"delete"}', 'action'],
  ['PATCH', '/v2/accounts/a', '{"overage":{"enabled":true,"enabled":false}}', 'overage.enabled'],
  ['PATCH', '/v2/accounts/a', '{"overage":{"enabled":true},"notes":"{\\"a\\":1}","overage":false}', 'overage'],
  ['POST', '/v2/accounts/import', '[{"label":"a"},{"refreshToken":"a","refreshToken":"b"}]', '1.refreshToken'],
  ['POST', '/api/login', '{"password":"a","password":"b"}', 'password'],
] as const)('%s %s with %s is refused: which value counts would be a guess', async (method, path, raw, field) => {
  const { ask, store } = await adminApp()
  const { status, json } = await ask(method, path, { raw, headers: { authorization: `Bearer ${password}` } })
  expect([status, json.code, json.field]).toEqual([400, 'INVALID_REQUEST', field])
  expect(json.error).toContain(`${field} is in this body more than once`)
  expect(await store.audit.list({}, 1)).toEqual([])
})

test('members of one name in different objects are no such guess, nor what a text holds', async () => {
  const app = await adminApp()
  await app.addAccount('a')
  const raw = String.raw`{"overage":{"enabled":true},"enabled":true,"notes":"{\"enabled\":1,\"enabled\":2}"}`
  const headers = { authorization: `Bearer ${password}` }
  expect((await app.ask('PATCH', '/v2/accounts/a', { raw, headers })).status).toBe(200)
  const lines = '{"label":"a","label":"b"}\n{"label":"c"}'
  expect(
    (
      await app.ask('POST', '/v2/accounts/import-preview', {
        raw: JSON.stringify({ sources: [{ text: lines }] }),
        headers,
      })
    ).status,
  ).toBe(200)
})

test('a model with two prices is refused by its name', async () => {
  const { call } = await adminApp()
  const { status, json } = await call('PUT', '/v2/settings', { modelPrices: '{"m":[1,2],"n":[1,2],"m":[3,4]}' })
  expect([status, json.field]).toEqual([400, 'modelPrices'])
  expect(json.error).toContain('"m"')
})

describe('objects inside of a body', () => {
  const patch = async (overage: object) => {
    const app = await adminApp()
    await app.addAccount('a')
    return app.call('PATCH', '/v2/accounts/a', { overage })
  }
  test('are known in both spellings', async () => {
    const { status, json } = await patch({ Enabled: true, maxCredits: 5, max_micro_usd: 7 })
    expect([status, json.overage]).toEqual([200, expect.objectContaining({ max_credits: 5, max_micro_usd: 7 })])
  })
  test('have no member in two of them', async () => {
    const { status, json } = await patch({ enabled: true, maxCredits: 5, max_credits: 6 })
    expect([status, json.field]).toEqual([400, 'overage.max_credits'])
    expect(json.error).toContain('overage.maxCredits and overage.max_credits')
  })
  test('have no member that nobody reads', async () => {
    const { status, json } = await patch({ enabled: true, max_credit: 5 })
    expect([status, json.field]).toEqual([400, 'overage.max_credit'])
    expect(json.error).toContain('Did you mean max_credits?')
    const { call } = await adminApp()
    const list = await call('POST', '/v2/accounts/import-preview', {
      sources: [{ text: '[]' }, { text: '[]', nmae: 'x' }],
    })
    expect([list.status, list.json.field]).toEqual([400, 'sources.1.nmae'])
  })
})

describe('a day that does not exist is no other day', () => {
  const days = ['2027-02-31T00:00:00Z', '2027-02-29', '2027-13-01', '2027-00-10T00:00:00Z', '2027-04-31T10:00:00+08:00']
  test.each(days)('%s', async (day) => {
    const { call } = await adminApp()
    const at = encodeURIComponent(day)
    const answers = [
      ['expires_at', await call('POST', '/v2/keys', { name: 'k', expires_at: day })],
      ['expires_at', await call('POST', '/v2/users', { name: 'u', expires_at: day })],
      ['expires_at', await call('POST', '/v2/ips/block', { ip: '192.0.2.1', expires_at: day })],
      ['from', await call('GET', `/v2/audit?from=${at}`)],
      ['until', await call('GET', `/v2/audit?until=${at}`)],
    ] as const
    for (const [field, { status, json }] of answers) expect([status, json.field]).toEqual([400, field])
    expect((await call('GET', `/v2/logs?startTime=${at}`)).status).toBe(400)
    expect(timeOfText(day)).toBeNaN()
  })
  test('the 29th of a leap year does', async () => {
    const { call } = await adminApp()
    const made = await call('POST', '/v2/keys', { name: 'k', expires_at: '2028-02-29T00:00:00Z' })
    expect(made.json.expires_at).toBe('2028-02-29T00:00:00.000Z')
    expect(timeOfText('2000-02-29')).toBe(Date.UTC(2000, 1, 29))
    expect(timeOfText('2100-02-29')).toBeNaN()
  })
})

describe('a name is shown as it is kept', () => {
  const bad = ['a\u0007b', 'a\nb', 'a\tb', 'a\u007fb', 'a\u0085b', 'a\u202eb', 'a\u2066b']
  test.each([
    ['POST', '/v2/users', { name: '' }, 'name'],
    ['POST', '/v2/users/create-many', { name: '', count: 2 }, 'name'],
    ['PATCH', '/v2/users/u', { Name: '' }, 'Name'],
    ['POST', '/v2/keys', { name: '' }, 'name'],
    ['PATCH', '/v2/accounts/one', { label: '' }, 'label'],
    ['POST', '/v2/accounts', { refreshToken: 'r', label: '' }, 'label'],
    ['POST', '/v2/proxies', { url: 'http://proxy.example:1', name: '' }, 'name'],
    ['POST', '/v2/model-mappings', { name: '', target: 'b' }, 'name'],
    ['POST', '/v2/operators', { name: '', role: 'viewer', password: 'a long one of hers' }, 'name'],
  ] as const)('%s %s %j', async (method, path, body, field) => {
    const { call, addAccount } = await adminApp()
    await addAccount('one')
    for (const text of bad) {
      const { status, json } = await call(method, path, { ...body, [field]: text })
      expect([text, status, json.code, json.field]).toEqual([text, 400, 'INVALID_REQUEST', field])
    }
  })
  test('notes have lines, and nothing else of the kind', async () => {
    const { call } = await adminApp()
    const notes = 'one\r\ntwo\tthree'
    expect((await call('POST', '/v2/keys', { name: 'k', notes })).json.notes).toBe(notes)
    expect((await call('POST', '/v2/keys', { name: 'k', notes: 'a\u202eb' })).json.field).toBe('notes')
    expect((await call('POST', '/v2/keys', { name: 'k', notes: 'a\u001b[2J' })).json.field).toBe('notes')
  })
  test('an account of an import too', async () => {
    const { call } = await adminApp()
    const item = { refreshToken: 'aorRefreshTokenWithABadLabel01', clientId: 'c', clientSecret: 's', label: 'a\u202eb' }
    const { json } = await call('POST', '/v2/accounts/import', [item, item])
    expect(json.results).toMatchObject([{ outcome: 'refused', field: 'label' }, { outcome: 'refused' }])
  })
})

test('an Idempotency-Key belongs to the query too', async () => {
  const { ask, store } = await adminApp()
  const headers = { ...bearer, 'idempotency-key': 'one' }
  const make = (query: string) => ask('POST', `/v2/users/batch-vip${query}`, { headers })
  expect((await make('?count=1')).status).toBe(200)
  const other = await make('?count=3')
  expect([other.status, other.json.code, other.json.field]).toEqual([409, 'IDEMPOTENCY_KEY_REUSED', 'Idempotency-Key'])
  expect((await make('?count=1')).headers.get('idempotency-replayed')).toBe('true')
  expect((await store.users.list()).length).toBe(1)
})
