import { expect, test } from 'bun:test'
import { gatewayError } from '../../server/conversation/error.ts'
import { adminApp } from './admin-app.ts'

const dead = gatewayError('token-rejected', 'The refresh token is no longer good.')
const oidc = (n: number) => ({
  clientId: `client-${n}`,
  clientSecret: `secret-${n}`,
  refreshToken: `refresh-token-number-${n}`,
})

test('feed creates what it can and names what it cannot', async () => {
  const { call, store } = await adminApp()
  const { json } = await call('POST', '/v2/accounts/feed', { accounts: [oidc(1), {}, oidc(1)] })
  expect(json.count).toBe(2)
  expect(json.skipped).toEqual([{ index: 1, error: 'clientId and clientSecret are required.' }])
  expect((await store.accounts.list()).map(({ account }) => account.id)).toEqual(json.created)
})

test('import takes the export format and skips what is there, also within the file', async () => {
  const { call, addAccount } = await adminApp()
  await addAccount('a', { credentials: { clientId: 'client-9' } })
  const items = [
    oidc(1),
    { ...oidc(1), refreshToken: 'other' },
    oidc(9),
    { label: 'nothing' },
    { ...oidc(2), enabled: false, label: null },
  ]
  const { json } = await call('POST', '/v2/accounts/import', items)
  expect(json).toEqual({
    success: true,
    total: 5,
    valid: 4,
    duplicate: 2,
    invalid: 1,
    imported: 2,
    limitReached: false,
    message: 'Imported 2 of 5 accounts (2 already there, 1 unusable).',
  })
  const list = (await call('GET', '/v2/accounts?status=disabled')).json
  expect(list.count).toBe(1)
})

test('the same file sent twice at once is imported once', async () => {
  const { call, store } = await adminApp()
  const items = [oidc(1), oidc(2)]
  await Promise.all([call('POST', '/v2/accounts/import', items), call('POST', '/v2/accounts/import', items)])
  expect((await store.accounts.list()).length).toBe(2)
})

test('a refresh token becomes an account once the provider has taken it', async () => {
  const { call, store, world } = await adminApp()
  world.check = (id) => ({ userId: `user of ${id}`, email: 'found@example.com', plan: 'PRO' })
  const { json } = await call('POST', '/v2/accounts/import-by-token', [
    { refreshToken: 'social-token-1' },
    { ...oidc(1), email: 'given@example.com' },
    { refreshToken: 'social-token-3', label: 'mine' },
  ])
  expect(json).toMatchObject({ success: true, total: 3, imported: 3, failed: 0, duplicate: 0, limitReached: false })
  expect(json.results.map(({ label, email }: Record<string, string>) => [label, email])).toEqual([
    ['found@example.com', 'found@example.com'],
    ['given@example.com', 'given@example.com'],
    ['mine', 'found@example.com'],
  ])
  const methods = (await store.accounts.list()).map(({ profile }) => profile.method).toSorted()
  expect(methods).toEqual(['builder-id', 'social', 'social'])
})

test('a token the provider refuses leaves nothing behind', async () => {
  const { call, store, world } = await adminApp()
  world.check = () => ({ error: dead })
  const { json } = await call('POST', '/v2/accounts/import-by-token', [
    { refreshToken: 'dead-token' },
    { refreshToken: ' ' },
  ])
  expect(json).toMatchObject({ success: false, imported: 0, failed: 2 })
  expect(json.results).toEqual([
    { index: 0, success: false, error: dead.message },
    { index: 1, success: false, error: 'refreshToken is required.' },
  ])
  expect(await store.accounts.list()).toEqual([])
})

test('a token whose rotation came through is kept though the rest of the check failed', async () => {
  const { call, store, world } = await adminApp()
  world.check = (id) => {
    void store.accounts.credentials.save(id, { method: 'social', identityRegion: 'us-east-1', refreshToken: 'rotated' })
    return { error: gatewayError('upstream-unreachable', 'No route.') }
  }
  const { json } = await call('POST', '/v2/accounts/import-by-token', [{ refreshToken: 'social-token' }])
  expect(json.imported).toBe(1)
  expect((await store.accounts.list()).length).toBe(1)
})

test('the same login twice is one account, in a batch and against what is there', async () => {
  const { call, store, world } = await adminApp()
  world.check = () => ({ userId: 'one person', email: 'one@example.com' })
  const first = await call('POST', '/v2/accounts/import-by-token', [
    { refreshToken: 'token-1' },
    { refreshToken: 'token-2' },
    { refreshToken: 'token-1' },
  ])
  expect(first.json).toMatchObject({ imported: 1, duplicate: 2, failed: 0 })
  const again = await call('POST', '/v2/accounts/import-by-token', [{ refreshToken: 'token-4' }])
  expect(again.json).toMatchObject({ success: false, imported: 0, duplicate: 1 })
  expect((await store.accounts.list()).length).toBe(1)
})

test('a fresh token renews the account it belongs to when that one’s sign-in has expired', async () => {
  const { call, store, world, addAccount } = await adminApp()
  await addAccount('a')
  await store.accounts.updateProfile('a', { userId: 'one person' })
  await store.accounts.saveHealth('a', { state: 'expired', since: 1, failures: 1 })
  world.check = () => ({ userId: 'one person' })
  const { json } = await call('POST', '/v2/accounts/import-by-token', [{ refreshToken: 'fresh-token' }])
  expect(json.duplicate).toBe(1)
  expect(json.results[0].error).toContain('has been renewed')
  expect(world.adopted).toEqual(['a'])
  expect(await store.accounts.credentials.load('a')).toMatchObject({ refreshToken: 'fresh-token', method: 'social' })
  expect((await store.accounts.list()).map(({ account }) => [account.id, account.health.state])).toEqual([
    ['a', 'unchecked'],
  ])
})

test.each([
  ['/v2/accounts/import-by-token', [], undefined],
  ['/v2/accounts/import-by-token', [{ refreshToken: 'x' }, {}], '1.refreshToken'],
  ['/v2/accounts/import-by-token', { refreshToken: 'x' }, undefined],
  ['/v2/accounts/import', [{ label: 7 }], '0.label'],
  ['/v2/accounts/feed', { accounts: [{ enabled: 1 }] }, 'accounts.0.enabled'],
  ['/v2/accounts/feed', {}, 'accounts'],
])('%s with %j is a 400', async (path, body, field) => {
  const { call } = await adminApp()
  const answer = await call('POST', path, body)
  expect([answer.status, answer.json.code]).toEqual([400, 'INVALID_REQUEST'])
  if (field !== undefined) expect(answer.json.field).toBe(field)
})
