import { expect, test } from 'bun:test'
import { ok } from '../../server/lib/result.ts'
import { onMysql } from '../support/database.ts'
import { adminApp, atTheMachine, controlToken, elsewhere, failure } from './admin-app.ts'

const headers = { 'x-control-token': controlToken }

test.each([
  ['the token from the machine', atTheMachine, controlToken, 200],
  ['a wrong token', atTheMachine, 'wrong', 401],
  ['no token', atTheMachine, undefined, 401],
  ['the token through a proxy', { ...atTheMachine, forwarded: true }, controlToken, 401],
  ['the token from elsewhere', elsewhere, controlToken, 401],
])('control answers %s', async (_, peer, token, status) => {
  const { ask, world } = await adminApp()
  world.peer = peer
  const sent = token === undefined ? {} : { 'x-control-token': token }
  expect((await ask('GET', '/api/control/doctor', { headers: sent })).status).toBe(status)
})

test('neither the password nor a session opens the control routes', async () => {
  const { ask, call, signIn } = await adminApp()
  expect((await call('GET', '/api/control/keys')).status).toBe(401)
  expect((await ask('GET', '/api/control/keys', { headers: { cookie: await signIn() } })).status).toBe(401)
})

test('the command line manages accounts beside the running server, even before the first password is changed', async () => {
  const { ask, world } = await adminApp({ first: true })
  const created = await ask('POST', '/api/control/accounts', {
    headers,
    body: { refreshToken: 'social-refresh-token', check: true },
  })
  expect(created.json).toMatchObject({ auth_method: 'social', state: 'ready', email: expect.any(String) })
  const { id } = created.json
  expect((await ask('GET', '/api/control/accounts', { headers })).json.accounts).toMatchObject([{ id, state: 'ready' }])
  expect((await ask('POST', `/api/control/accounts/${id}/check`, { headers })).json.id).toBe(id)
  const imported = await ask('POST', '/api/control/accounts/import', {
    headers,
    body: [{ refreshToken: 'second-refresh-token' }],
  })
  expect(imported.json.imported).toBe(1)
  world.changed.length = 0
  expect((await ask('DELETE', `/api/control/accounts/${id}`, { headers })).json).toEqual({ success: true })
  expect(world.changed).toEqual([id])
  expect((await ask('DELETE', `/api/control/accounts/${id}`, { headers })).status).toBe(404)
  expect((await ask('POST', `/api/control/accounts/${id}/check`, { headers })).status).toBe(404)
})

test('the command line signs in by device and manages keys', async () => {
  const { ask, world } = await adminApp()
  const started = await ask('POST', '/api/control/sign-in/start', { headers, body: {} })
  expect(started.json.userCode).toBe('WXYZ-1234')
  expect((await ask('GET', `/api/control/sign-in/status/${started.json.authId}`, { headers })).json.status).toBe(
    'pending',
  )
  const key = (await ask('POST', '/api/control/keys', { headers, body: { name: 'cli' } })).json
  expect(key.key).toStartWith('sk-')
  expect((await ask('GET', '/api/control/keys', { headers })).json.count).toBe(1)
  expect((await ask('DELETE', `/api/control/keys/${key.id}`, { headers })).json).toEqual({ success: true })
  expect(world.keysChanged).toBe(2)
})

test('a key may be kept to some accounts, renamed and switched; what is absent stays', async () => {
  const { call, addAccount, world } = await adminApp()
  for (const id of ['acc_a', 'acc_b']) await addAccount(id)
  const made = (await call('POST', '/v2/keys', { name: 'team', account_ids: ['acc_a', 'acc_a'] })).json
  expect([made.account_ids, made.enabled]).toEqual([['acc_a'], true])
  const open = (await call('POST', '/v2/keys', { name: 'open' })).json
  expect(open.account_ids).toEqual([])
  const patch = (body: object, id = made.id) => call('PATCH', `/v2/keys/${id}`, body)
  world.keysChanged = 0
  const both = await patch({ account_ids: ['acc_b', 'acc_a'] })
  expect(both.json).toMatchObject({ name: 'team', enabled: true, account_ids: ['acc_b', 'acc_a'] })
  expect(both.json.key).toBeUndefined()
  expect((await patch({ name: ' crew ', enabled: false })).json).toMatchObject({
    name: 'crew',
    enabled: false,
    account_ids: ['acc_b', 'acc_a'],
  })
  expect(world.keysChanged).toBe(2)
  // An account that is gone stays in the set it was in, and enters none.
  await call('DELETE', '/v2/accounts/acc_b')
  expect((await patch({ account_ids: ['acc_b'] })).json.account_ids).toEqual(['acc_b'])
  const refused = await patch({ account_ids: ['acc_b'] }, open.id)
  expect([refused.status, refused.json.field]).toEqual([400, 'account_ids'])
  expect(refused.json.error).toContain('acc_b')
  expect((await patch({ account_ids: [] })).json.account_ids).toEqual([])
  const list = (await call('GET', '/v2/keys')).json.keys
  expect(list.find((key: { id: string }) => key.id === made.id)).toMatchObject({ name: 'crew', account_ids: [] })
})

test('a set that is spelt like the accounts’ members makes no key for every account', async () => {
  const { call } = await adminApp()
  const answer = await call('POST', '/v2/keys', { name: 'k', accountIds: ['acc_a'] })
  expect([answer.status, answer.json]).toEqual([
    400,
    failure('accountIds is no member of this body.', 'INVALID_REQUEST', {
      field: 'accountIds',
      params: { reason: 'unknown-member' },
    }),
  ])
  expect((await call('GET', '/v2/keys')).json.count).toBe(0)
})

test.each([
  [{ accountIds: ['acc_a'] }, 'accountIds'],
  [{ account_ids: 'acc_a' }, 'account_ids'],
  [{ account_ids: [7] }, 'account_ids'],
  [{ account_ids: ['acc_none'] }, 'account_ids'],
  [{ name: '  ' }, 'name'],
  [{ enabled: 'yes' }, 'enabled'],
])('%p does not change a key', async (body, field) => {
  const { call } = await adminApp()
  const { id } = (await call('POST', '/v2/keys', { name: 'k' })).json
  const answer = await call('PATCH', `/v2/keys/${id}`, body)
  expect(answer.status).toBe(400)
  expect(answer.json.field).toStartWith(field)
  expect((await call('GET', '/v2/keys')).json.keys[0]).toMatchObject({ name: 'k', enabled: true, account_ids: [] })
})

test('a password reset from the machine signs everybody out', async () => {
  const { ask, signIn } = await adminApp()
  const cookie = await signIn()
  const reset = await ask('POST', '/api/control/password', { headers, body: {} })
  expect(reset.json.password).toMatch(/^[0-9A-Za-z]{16}$/)
  expect((await ask('GET', '/v2/keys', { headers: { cookie } })).status).toBe(401)
  const authorization = `Bearer ${reset.json.password}`
  expect((await ask('GET', '/v2/keys', { headers: { authorization } })).status).toBe(200)
  const short = await ask('POST', '/api/control/password', { headers, body: { password: 'short' } })
  expect([short.status, short.json.field]).toEqual([400, 'password'])
})

test('doctor sees the store, the keys and each account’s state', async () => {
  const { ask, addAccount, addKey } = await adminApp({ deps: { doctor: async () => ({ uptimeMs: 5 }) } })
  await addAccount('a')
  await addKey('k', 'sk-a-key-of-somebody')
  expect((await ask('GET', '/api/control/doctor', { headers })).json).toMatchObject({
    version: '9.9.9',
    port: 62311,
    store: { engine: onMysql ? 'MariaDB' : 'memory', writable: true },
    keyCount: 1,
    firstPassword: false,
    accounts: [{ id: 'a', state: 'unchecked', status: 'normal' }],
    uptimeMs: 5,
  })
})

test('sign-ins of every method are imported once, each with its own answer', async () => {
  const { ask, store } = await adminApp()
  const body = [
    { method: 'api-key', apiKey: 'ksk_0123456789abcdef', label: 'by key' },
    { method: 'api-key', apiKey: 'ksk_0123456789abcdef' },
    { method: 'identity-center', clientId: 'c', clientSecret: 's', refreshToken: 'company-refresh-token' },
    { method: 'api-key' },
  ]
  const { json } = await ask('POST', '/api/control/accounts/import', { headers, body })
  expect(json.results.map((result: { success: boolean }) => result.success)).toEqual([true, false, true, false])
  expect(json.results[1]).toMatchObject({ outcome: 'present', error: 'It is the same sign-in as item 1.' })
  expect(await store.accounts.list()).toHaveLength(2)
})

test('a sign-in of an account that needed one renews it instead of making a second', async () => {
  const { ask, world, store, addAccount } = await adminApp()
  await addAccount('old')
  await store.accounts.updateProfile('old', { userId: 'one' })
  await store.accounts.saveHealth('old', { state: 'expired', since: 0, failures: 0 })
  world.check = () => ({ userId: 'one', email: 'one@example.com' })
  const { json } = await ask('POST', '/api/control/accounts/import', {
    headers,
    body: [{ refreshToken: 'a-newer-refresh-token' }],
  })
  expect(json.results).toMatchObject([{ success: false, id: 'old', renewed: true, outcome: 'renewed' }])
  expect(world.adopted).toEqual(['old'])
  expect(await store.accounts.list()).toHaveLength(1)
})

test('a check tells the models; doctor names accounts whose secrets cannot be opened and those switched off', async () => {
  const { ask, addAccount, store } = await adminApp({
    deps: {
      checkAccount: async (accountId) => ({ accountId, at: 1, models: [{ id: 'm-1' } as never] }),
    },
  })
  await addAccount('a')
  await addAccount('b')
  expect((await ask('POST', '/api/control/accounts/a/check', { headers })).json.models).toEqual(['m-1'])
  await store.accounts.updateAccount('a', { enabled: false })
  const load = store.accounts.credentials.load
  Object.assign(store.accounts.credentials, { load: async (id: string) => (id === 'b' ? undefined : load(id)) })
  expect((await ask('GET', '/api/control/doctor', { headers })).json).toMatchObject({
    unreadableAccounts: ['b'],
    accounts: [{ id: 'a', state: 'disabled' }, { id: 'b' }],
  })
})

test('what a server tells the next one is taken however large and deep it is', async () => {
  const heard: unknown[] = []
  const refused = { ok: false as const, error: 'no' }
  const { ask } = await adminApp({
    deps: {
      succession: {
        begin: async () => refused,
        openPort: () => true,
        leave: () => {},
        restart: async () => refused,
        hear: async (news) => void heard.push(...news),
        renew: async () => ok(undefined),
      },
    },
  })
  const deep = `${'['.repeat(1_000)}${']'.repeat(1_000)}`
  const answer = `{"text":"${'x'.repeat(17 * 1024 * 1024)}","input":${deep}}`
  const raw = `{"news":[{"type":"answer","callerId":"k","answer":${answer}}]}`
  expect((await ask('POST', '/api/control/succession/news', { headers, raw })).status).toBe(200)
  expect(heard).toHaveLength(1)
  expect((await ask('POST', '/api/control/succession/news', { headers, raw: '{"news":[]' })).status).toBe(400)
})
