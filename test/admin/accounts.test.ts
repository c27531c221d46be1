import { describe, expect, test } from 'bun:test'
import { recordCheck } from '../../server/admin/account-reading.ts'
import { createUnreadBook } from '../../server/admin/unread-book.ts'
import { type ErrorKind, gatewayError } from '../../server/conversation/error.ts'
import type { Health } from '../../server/pool/account.ts'
import { defaultHealthPolicy } from '../../server/pool/health.ts'
import { adminApp, failure, quotaOf } from './admin-app.ts'

const dead = gatewayError('token-rejected', 'The refresh token is no longer good: sign in again.')

test('the list has the original’s members, paging and statistics over all accounts', async () => {
  const { call, store, addAccount, clock } = await adminApp()
  for (const id of ['a', 'b', 'c', 'd', 'e']) {
    clock.now += 1000
    await addAccount(id)
  }
  await store.accounts.saveQuota('a', quotaOf(30, 100))
  await store.accounts.saveQuota('b', {
    ...quotaOf(10, 50),
    trial: { used: 5, limit: 50, active: true, expiresAt: 1_800_000_000_500 },
  })
  await store.accounts.saveHealth('c', {
    state: 'suspended',
    since: clock.now,
    reason: 'Locked for review.',
    failures: 1,
  })
  await store.accounts.updateAccount('d', { enabled: false })
  await store.accounts.saveHealth('e', { state: 'cooling', since: clock.now, until: clock.now + 60_000, failures: 1 })
  await store.accounts.count('a', { success: 7, error: 2 })

  const all = (await call('GET', '/v2/accounts')).json
  expect(all.accounts.map(({ id }: { id: string }) => id)).toEqual(['e', 'd', 'c', 'b', 'a'])
  expect(all.count).toBe(5)
  expect(all.pagination).toEqual({ total: 5, page: 1, pageSize: 100, pages: 1 })
  expect(all.quotaStats).toEqual({
    totalUsage: 45,
    totalLimit: 200,
    count: 2,
    percent: 22,
    burnPerHour: null,
    runsOutAt: null,
  })
  expect(all.accountStats).toEqual({ totalCount: 5, enabledCount: 4, successTotal: 7, errorTotal: 2 })
  expect(all.statusStats).toEqual({ normal: 3, disabled: 1, suspended: 1, exhausted: 0, expired: 0 })
  expect(all.accounts[0]).toMatchObject({ status: 'normal', state: 'cooling', in_flight: 2 })
  expect(all.accounts[1]).toMatchObject({ status: 'disabled', state: 'disabled', enabled: false })
  expect(all.accounts[2]).toMatchObject({ status: 'suspended', status_reason: 'Locked for review.' })
  expect(all.accounts[3]).toMatchObject({ usage_current: 15, usage_limit: 100, token_expiry: 1_800_000_000 })
})

test('the list tells how the pool does, and how often conversations kept their account', async () => {
  const { call, world } = await adminApp()
  const poolStats = async () => (await call('GET', '/v2/accounts')).json.poolStats
  const none = { waiting: 0, conversations: 0, conversationHits: 0, conversationMisses: 0, conversationHitRate: null }
  expect(await poolStats()).toEqual(none)
  world.pool = { accounts: 3, waiting: 4, affinity: { size: 7, hits: 30, misses: 10 } }
  expect(await poolStats()).toEqual({
    waiting: 4,
    conversations: 7,
    conversationHits: 30,
    conversationMisses: 10,
    conversationHitRate: 0.75,
  })
})

describe('a reading that lasts', () => {
  type App = Awaited<ReturnType<typeof adminApp>>
  const readingDeps = (store: App['store'], clock: App['clock']) => ({
    store,
    effects: { now: () => clock.now, newId: () => 'none' },
    accountsChanged: () => {},
    healthPolicy: () => defaultHealthPolicy,
    unread: createUnreadBook(),
    log: () => {},
  })
  const readWhile = async (state: Health['state'], by: 'person' | 'gateway') => {
    const { store, addAccount, clock } = await adminApp()
    await addAccount('a')
    await store.accounts.saveHealth('a', { state: 'ready', since: clock.now - 1_000, failures: 0 })
    const check = { accountId: 'a', at: clock.now }
    clock.now += 10 // it is under way when the state changes
    await store.accounts.saveHealth('a', { state, since: clock.now, until: clock.now + 60_000, failures: 1 })
    clock.now += 10
    const deps = readingDeps(store, clock)
    await recordCheck(deps, check, by)
    return (await store.accounts.get('a'))?.account.health.state
  }
  test.each(['suspended', 'cooling', 'expired', 'failing', 'exhausted'] as const)(
    'undoes no newer %s',
    async (state) => {
      expect(await readWhile(state, 'gateway')).toBe(state)
      expect(await readWhile(state, 'person')).toBe(state)
    },
  )

  test('by the gateway itself forgives nothing that was there before, one by a person does', async () => {
    const { store, addAccount, clock } = await adminApp()
    await addAccount('a')
    const deps = readingDeps(store, clock)
    await store.accounts.saveHealth('a', { state: 'failing', since: clock.now - 1, failures: 30 })
    const limited = { accountId: 'a', at: clock.now, error: gatewayError('rate-limited', 'The control plane is busy.') }
    await recordCheck(deps, limited, 'gateway')
    await recordCheck(deps, { accountId: 'a', at: clock.now }, 'gateway')
    expect((await store.accounts.get('a'))?.account.health).toMatchObject({ state: 'failing', failures: 30 })
    await recordCheck(deps, { accountId: 'a', at: clock.now }, 'person')
    expect((await store.accounts.get('a'))?.account.health).toMatchObject({ state: 'ready', failures: 0 })
  })
})

describe('what a call other than a conversation is told', () => {
  const fault = (kind: ErrorKind) => gatewayError(kind, `said ${kind}`)
  const kinds: readonly ErrorKind[] = [
    'access-denied',
    'account-refused',
    'rate-limited',
    'upstream-failed',
    'upstream-unreachable',
    'broken-reply',
    'timeout',
    'quota-exhausted',
    'account-restricted',
    'renewal-failed',
  ]
  const states = ['unchecked', 'ready', 'cooling', 'failing', 'suspended', 'expired'] as const

  test.each([...kinds])('changes no account’s state when it fails with %s, and is shown', async (kind) => {
    const { store, call, addAccount, world } = await adminApp()
    for (const state of states) {
      await addAccount(state)
      await store.accounts.saveHealth(state, { state, since: 1, until: 2, failures: 3 })
    }
    for (const check of [
      { unread: { models: fault(kind) } },
      { unread: { usage: fault(kind) } },
      { error: fault(kind), unread: { models: fault(kind), usage: fault(kind) } },
      { error: fault(kind), unread: { profile: fault(kind) } },
    ]) {
      world.check = () => check
      for (const state of states) {
        await call('GET', `/v2/accounts/${state}/quota?refresh=true`)
        const kept = (await store.accounts.get(state))?.account.health
        const becomes = state === 'unchecked' && !('error' in check) ? 'ready' : state
        expect([state, kept?.state]).toEqual([state, becomes])
        if (state === 'unchecked') await store.accounts.saveHealth(state, { state, since: 1, failures: 3 })
        else expect(kept).toEqual({ state, since: 1, until: 2, failures: 3 })
      }
      const { troubles } = (await call('GET', '/v2/accounts/ready')).json
      expect(troubles.length).toBeGreaterThan(0)
      for (const { until, reason } of troubles) expect([until, reason]).toEqual([null, `said ${kind}`])
    }
    world.check = () => ({})
    await call('GET', '/v2/accounts/ready/quota?refresh=true')
    expect((await call('GET', '/v2/accounts/ready')).json.troubles).toEqual([])
  })

  test('ends what a person looks into when anything was answered and nothing else is said by name', async () => {
    const { store, call, addAccount, world } = await adminApp()
    await addAccount('a')
    const checked = async (check: ReturnType<typeof world.check>): Promise<unknown> => {
      await store.accounts.saveHealth('a', { state: 'failing', since: 1, failures: 30 })
      world.check = () => check
      const answer = await call('POST', '/v2/accounts/a/refresh')
      return [answer.status, (await store.accounts.get('a'))?.account.health.state]
    }
    expect(await checked({ unread: { models: fault('access-denied') } })).toEqual([200, 'ready'])
    expect(await checked({ unread: { usage: fault('upstream-failed') } })).toEqual([200, 'ready'])
    expect(await checked({ error: fault('upstream-failed') })).toEqual([502, 'failing'])
    expect(await checked({ error: fault('account-suspended') })).toEqual([400, 'suspended'])
  })

  test('a restriction is shown with the provider’s words; off and on leaves it, a person’s check ends it', async () => {
    const { store, call, addAccount, clock } = await adminApp()
    await addAccount('a')
    const until = clock.now + 1_800_000
    const reason = 'Temporary limits while we investigate suspicious activity.'
    await store.accounts.saveHealth('a', {
      state: 'cooling',
      since: clock.now - 1,
      until,
      reason,
      kind: 'account-restricted',
      failures: 0,
      limits: 1,
    })
    const shown = { state: 'restricted', status_reason: reason, state_until: new Date(until).toISOString() }
    expect((await call('GET', '/v2/accounts/a')).json).toMatchObject(shown)
    await call('PATCH', '/v2/accounts/a', { body: { enabled: false } })
    await call('PATCH', '/v2/accounts/a', { body: { enabled: true } })
    expect((await call('GET', '/v2/accounts/a')).json).toMatchObject(shown)
    expect((await call('POST', '/v2/accounts/a/refresh')).json).toMatchObject({ state: 'ready' })
  })
})

test.each([
  ['?orderDesc=false', ['a', 'b', 'c']],
  ['?orderDesc=1', ['a', 'b', 'c']],
  ['?orderBy=id', ['c', 'b', 'a']],
  ['?orderBy=success_count', ['b', 'a', 'c']],
  ['?orderBy=constructor', ['c', 'b', 'a']],
  ['?pageSize=2', ['c', 'b']],
  ['?pageSize=2&page=2', ['a']],
  ['?page=9', []],
  ['?page=0&pageSize=-1', ['c', 'b', 'a']],
  ['?pageSize=9999', ['c', 'b', 'a']],
  ['?status=all', ['c', 'b', 'a']],
  ['?status=normal', ['c', 'b']],
  ['?status=disabled', ['a']],
  ['?status=nonsense', []],
  ['?enabled=true', ['c', 'b']],
  ['?enabled=false', ['a']],
  ['?enabled=false&status=normal', ['c', 'b']],
])('GET /v2/accounts%s', async (query, expected) => {
  const { call, store, addAccount, clock } = await adminApp()
  for (const id of ['a', 'b', 'c']) {
    clock.now += 1000
    await addAccount(id)
  }
  await store.accounts.count('b', { success: 9 })
  await store.accounts.updateAccount('a', { enabled: false })
  const { json } = await call('GET', `/v2/accounts${query}`)
  expect(json.accounts.map(({ id }: { id: string }) => id)).toEqual(expected)
  expect(json.accountStats.totalCount).toBe(3)
})

test.each([
  ['GET', '/v2/accounts/acc_none', undefined],
  ['PATCH', '/v2/accounts/acc_none', { label: 'x', refreshToken: 'y' }],
  ['DELETE', '/v2/accounts/acc_none', undefined],
  ['POST', '/v2/accounts/acc_none/refresh', undefined],
  ['GET', '/v2/accounts/acc_none/quota', undefined],
  ['GET', '/v2/accounts/acc_none/quota?refresh=true', undefined],
  ['DELETE', '/v2/keys/key_none', undefined],
  ['PATCH', '/v2/keys/key_none', { name: 'x' }],
  ['GET', '/v2/auth/status/auth_none', undefined],
  ['POST', '/v2/auth/claim/auth_none', undefined],
  ['POST', '/v2/auth/cancel/auth_none', undefined],
  ['GET', '/v2/nothing', undefined],
  ['GET', '/api/nothing', undefined],
  ['PUT', '/v2/accounts', {}],
  ['POST', '/v2/models', {}],
  ['DELETE', '/v2/settings', undefined],
])('%s %s is a 404 in JSON', async (method, path, body) => {
  const { ask, call, signIn } = await adminApp()
  const headers = { cookie: await signIn(), 'x-requested-with': 'x' }
  const answer = path.startsWith('/api/') ? await ask(method, path, { headers }) : await call(method, path, body)
  expect(answer.status).toBe(404)
  expect(answer.json).toEqual(failure(answer.json.error, 'NOT_FOUND'))
})

test('a signed-out caller is told nothing but that, whatever the route', async () => {
  const { ask } = await adminApp()
  for (const [method, path, body] of [
    ['GET', '/v2/accounts'],
    ['POST', '/v2/accounts', { broken: true }],
    ['PATCH', '/v2/accounts/x', 'nonsense'],
    ['GET', '/v2/nothing'],
    ['POST', '/api/password', {}],
    ['GET', '/v2/settings'],
    ['GET', '/v2/logs'],
    ['GET', '/v2/models'],
  ] as const) {
    const answer = await ask(method, path, { body })
    expect([path, answer.status, answer.json]).toEqual([path, 401, failure('Sign in first.', 'UNAUTHORIZED')])
  }
})

test('a patch changes what it names, keeps masked secrets, and tells the pool', async () => {
  const { call, store, addAccount, world } = await adminApp()
  await addAccount('a')
  const before = await store.accounts.credentials.load('a')
  const view = (await call('GET', '/v2/accounts/a')).json
  expect(view.clientSecret).toBe('••••0001')
  expect(view.refreshToken).toBe('••••0002')
  expect(view.accessToken).toBe('••••0003')

  const same = await call('PATCH', '/v2/accounts/a', {
    label: 'new label',
    clientSecret: view.clientSecret,
    refreshToken: view.refreshToken,
    accessToken: view.accessToken,
  })
  expect(same.json.label).toBe('new label')
  expect(await store.accounts.credentials.load('a')).toEqual(before)
  expect([world.adopted, world.changed]).toEqual([[], ['a']])

  await store.accounts.saveHealth('a', { state: 'expired', since: 1, failures: 1 })
  const renewed = await call('PATCH', '/v2/accounts/a', { refreshToken: 'another-refresh-token' })
  expect(renewed.json).toMatchObject({ state: 'unchecked', refreshToken: '••••oken', accessToken: null })
  expect(await store.accounts.credentials.load('a')).toMatchObject({ refreshToken: 'another-refresh-token' })
  expect(world.adopted).toEqual(['a'])
  expect((await call('PATCH', '/v2/accounts/a', { label: null })).json.label).toBeNull()
})

test('disabling is the pool’s at once, and enabling forgives what the program decided by itself (D-07)', async () => {
  const { call, store, addAccount, world } = await adminApp()
  await addAccount('a')
  expect((await call('PATCH', '/v2/accounts/a', { enabled: false })).json).toMatchObject({
    enabled: false,
    state: 'disabled',
  })
  expect(world.changed).toEqual(['a'])
  expect((await store.accounts.get('a'))?.account.enabled).toBe(false)
  await store.accounts.saveHealth('a', { state: 'failing', since: 1, reason: '30 errors in a row', failures: 30 })
  expect((await call('PATCH', '/v2/accounts/a', { enabled: true })).json).toMatchObject({
    enabled: true,
    state: 'unchecked',
  })
  await store.accounts.saveHealth('a', { state: 'suspended', since: 1, failures: 1 })
  expect((await call('PATCH', '/v2/accounts/a', { enabled: true })).json.state).toBe('suspended')
})

test.each([
  [{ enabled: 'yes' }, 'enabled'],
  [{ label: 5 }, 'label'],
  [{ weight: 0 }, 'weight'],
  [{ weight: '7' }, 'weight'],
  [{ maxInFlight: 1.5 }, 'maxInFlight'],
  [{ refreshToken: 5 }, 'refreshToken'],
  [{ refreshToken: '  ' }, 'refreshToken'],
])('a patch %j is refused, naming the member', async (body, field) => {
  const { call, addAccount } = await adminApp()
  await addAccount('a')
  const answer = await call('PATCH', '/v2/accounts/a', body)
  expect([answer.status, answer.json.code, answer.json.field]).toEqual([400, 'INVALID_REQUEST', field])
})

test('bodies that are no JSON object or list are refused, whatever their content type', async () => {
  const { ask, addAccount } = await adminApp()
  await addAccount('a')
  const authorization = 'Bearer correct horse battery'
  for (const raw of ['', '{', '"text"', '7', 'null', '\xff\xfe']) {
    const answer = await ask('PATCH', '/v2/accounts/a', { raw, headers: { authorization } })
    expect([raw, answer.status, answer.json.code]).toEqual([raw, 400, 'INVALID_JSON'])
  }
  const form = { authorization, 'content-type': 'application/x-www-form-urlencoded' }
  expect((await ask('PATCH', '/v2/accounts/a', { raw: '{"label":"x"}', headers: form })).json.label).toBe('x')
})

test('a body over the limit is a 413 in JSON, announced or not', async () => {
  const { ask } = await adminApp()
  const authorization = 'Bearer correct horse battery'
  const raw = `[{"label":"${'x'.repeat(17 * 1024 * 1024)}"}]`
  const announced = await ask('POST', '/v2/accounts/import', {
    raw: '[]',
    headers: { authorization, 'content-length': String(raw.length) },
  })
  const streamed = await ask('POST', '/v2/accounts/import', {
    raw: new Blob([raw]).stream(),
    headers: { authorization },
  })
  for (const answer of [announced, streamed]) expect([answer.status, answer.json.code]).toEqual([413, 'TOO_LARGE'])
})

const oidc = { clientId: 'client-1', clientSecret: 'client-secret-000000', refreshToken: 'refresh-token-000000' }
test.each([
  ['the original’s fields', oidc, 200, 'builder-id'],
  [
    'a start URL',
    { ...oidc, startUrl: 'https://acme.awsapps.com/start', region: 'eu-central-1' },
    200,
    'identity-center',
  ],
  ['a refresh token alone', { refreshToken: 'social-refresh-token' }, 200, 'social'],
  [
    'the original’s mark for social',
    { ...oidc, clientId: 'social-12345678', clientSecret: 'social-token' },
    200,
    'social',
  ],
  ['an API key', { apiKey: 'ksk_0123456789' }, 200, 'api-key'],
  ['nothing', {}, 400, 'clientId'],
  ['a list', [oidc], 400, 'accounts'],
  ['an export', { accounts: [oidc] }, 400, 'accounts'],
  ['no client secret', { clientId: 'x', refreshToken: 'refresh-token-000000' }, 400, 'clientSecret'],
  ['a region that is a host name', { ...oidc, region: 'evil.example/' }, 400, 'region'],
  ['a start URL without TLS', { ...oidc, startUrl: 'http://acme.example/start' }, 400, 'startUrl'],
  ['a company’s refresh token alone', { ...oidc, method: 'identity-center' }, 200, 'identity-center'],
  [
    'a company without start URL and refresh token',
    { ...oidc, refreshToken: null, method: 'identity-center' },
    400,
    'startUrl',
  ],
  ['an ARN that is none', { ...oidc, profileArn: 'arn' }, 400, 'profileArn'],
  ['an unknown method', { ...oidc, method: 'magic' }, 400, 'method'],
])('creating an account from %s', async (_, body, status, said) => {
  const { call, world } = await adminApp()
  const answer = await call('POST', '/v2/accounts', body)
  expect(answer.status).toBe(status)
  if (status === 200) {
    expect(answer.json).toMatchObject({ auth_method: said, state: 'unchecked', enabled: true })
    expect(world.changed).toEqual([answer.json.id])
  } else {
    expect(answer.json.field).toBe(said)
  }
})

test('an account created disabled is disabled (D-08), and keeps the counts it came with', async () => {
  const { call } = await adminApp()
  const { json } = await call('POST', '/v2/accounts', {
    ...oidc,
    enabled: false,
    successCount: 3,
    errorCount: 4,
    label: ' mine ',
  })
  expect(json).toMatchObject({ enabled: false, status: 'disabled', success_count: 3, error_count: 4, label: 'mine' })
})

test('with check, a sign-in that is refused is not kept, and one that rotated is', async () => {
  const { call, store, world } = await adminApp()
  world.check = () => ({ error: dead })
  const refused = await call('POST', '/v2/accounts', { ...oidc, check: true })
  expect([refused.status, refused.json.code]).toEqual([400, 'SIGN_IN_EXPIRED'])
  expect(await store.accounts.list()).toEqual([])
  world.check = async (id) => {
    await store.accounts.credentials.save(id, {
      method: 'builder-id',
      identityRegion: 'us-east-1',
      refreshToken: 'rotated',
    })
    return { error: gatewayError('upstream-unreachable', 'No route.') }
  }
  const kept = await call('POST', '/v2/accounts', { ...oidc, check: true })
  expect(kept.status).toBe(200)
  expect((await store.accounts.list()).length).toBe(1)
})

test('deleting removes the row and its secrets and tells the pool', async () => {
  const { call, store, addAccount, world } = await adminApp()
  await addAccount('a')
  expect((await call('DELETE', '/v2/accounts/a')).json).toEqual({ success: true })
  expect(await store.accounts.credentials.load('a')).toBeUndefined()
  expect(world.changed).toEqual(['a'])
  expect((await call('DELETE', '/v2/accounts/a')).status).toBe(404)
})

test('a refresh writes what the provider says and never the operator’s switch (D-09)', async () => {
  const { call, store, addAccount, world } = await adminApp()
  await addAccount('a')
  await store.accounts.updateAccount('a', { enabled: false })
  const model = { id: 'm', name: 'M', maxInputTokens: 1, maxOutputTokens: 1, acceptsImages: false }
  world.check = () => ({
    email: 'a@example.com',
    userId: 'u',
    plan: 'KIRO PRO',
    quota: quotaOf(1, 4),
    models: [model],
    region: 'eu-central-1',
  })
  const answer = await call('POST', '/v2/accounts/a/refresh')
  expect(answer.json).toMatchObject({
    enabled: false,
    email: 'a@example.com',
    q_user_id: 'u',
    subscription_type: 'KIRO PRO',
    usage_current: 1,
    usage_limit: 4,
    region: 'eu-central-1',
  })
  expect((await store.accounts.loadModels()).get('a')?.models).toEqual([model])
  expect((await store.accounts.get('a'))?.account.health.state).toBe('ready')
})

test.each([
  [dead, 400, 'SIGN_IN_EXPIRED', 'expired'],
  [gatewayError('account-suspended', 'Suspended.'), 400, 'ACCOUNT_SUSPENDED', 'suspended'],
  [gatewayError('upstream-unreachable', 'No route.'), 502, 'PROVIDER_UNREACHABLE', 'unchecked'],
])('a refresh that fails with %j', async (error, status, code, state) => {
  const { call, store, addAccount, world } = await adminApp()
  await addAccount('a')
  world.refreshError = error
  const answer = await call('POST', '/v2/accounts/a/refresh')
  expect([answer.status, answer.json]).toEqual([status, failure(error.message, code)])
  const kept = await store.accounts.get('a')
  expect([kept?.account.health.state, kept?.account.enabled]).toEqual([state, true] as never)
})

test('the quota is what was read last, and live when asked', async () => {
  const { call, store, addAccount, world, clock } = await adminApp()
  await addAccount('a')
  await store.accounts.saveQuota('a', { ...quotaOf(25, 100), resetsAt: clock.now + 3 * 86_400_000 })
  expect((await call('GET', '/v2/accounts/a/quota')).json).toEqual({
    currentUsage: 25,
    usageLimit: 100,
    usedPercent: 25,
    subscriptionType: null,
    quotaRefreshedAt: '2023-11-14T22:13:20.000Z',
    nextDateReset: 1_700_259_200,
    daysUntilReset: 3,
    fromCache: true,
  })
  world.check = () => ({ quota: quotaOf(50, 100), userId: 'u', plan: 'PRO' })
  expect((await call('GET', '/v2/accounts/a/quota?refresh=true')).json).toMatchObject({
    currentUsage: 50,
    userId: 'u',
    subscriptionType: 'PRO',
    fromCache: false,
  })
  world.check = () => ({ error: dead })
  const failed = await call('GET', '/v2/accounts/a/quota?refresh=true')
  expect([failed.status, failed.json]).toEqual([
    200,
    { status: 'token_invalid', usedPercent: null, message: dead.message, fromCache: false },
  ])
})

test('a reading that shows nothing left rests the account until the reset', async () => {
  const { call, addAccount, world, clock } = await adminApp()
  await addAccount('a')
  world.check = () => ({ quota: { ...quotaOf(100, 100), resetsAt: clock.now + 86_400_000 } })
  const { json } = await call('POST', '/v2/accounts/a/refresh')
  expect(json).toMatchObject({ state: 'exhausted', status: 'exhausted', state_until: '2023-11-15T22:13:20.000Z' })
})

test('enable-all leaves suspended accounts out, disable-all leaves none out', async () => {
  const { call, store, addAccount, world } = await adminApp()
  for (const id of ['a', 'b', 'c']) await addAccount(id)
  await store.accounts.saveHealth('b', { state: 'suspended', since: 1, failures: 1 })
  expect((await call('POST', '/v2/accounts/disable-all')).json).toMatchObject({ success: true, count: 3 })
  expect(world.changed).toEqual(['a', 'b', 'c'])
  expect((await call('POST', '/v2/accounts/enable-all')).json).toMatchObject({ success: true, count: 2 })
  expect((await store.accounts.get('b'))?.account.enabled).toBe(false)
})
