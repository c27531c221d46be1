import { expect, test } from 'bun:test'
import type { AccountDeps } from '../../server/admin/account-deps.ts'
import { acceptSignIn } from '../../server/admin/account-reading.ts'
import { createUnreadBook } from '../../server/admin/unread-book.ts'
import { ok } from '../../server/lib/result.ts'
import { defaultHealthPolicy } from '../../server/pool/health.ts'
import type { SignedIn } from '../../server/upstream/amazonq/sign-in.ts'
import { memoryStore } from '../support/memory-store.ts'
import { adminApp, failure, quotaOf, secretsOf } from './admin-app.ts'

test('a device sign-in is started with seconds and whole addresses', async () => {
  const { call, world } = await adminApp()
  const { status, json } = await call('POST', '/v2/auth/start', { label: null, enabled: null })
  expect(status).toBe(200)
  expect(json).toEqual({
    authId: expect.any(String),
    verificationUri: 'https://view.awsapps.com/start',
    verificationUriComplete: 'https://view.awsapps.com/start?user_code=WXYZ-1234',
    userCode: 'WXYZ-1234',
    expiresIn: 600,
    interval: 5,
  })
  expect((await call('GET', `/v2/auth/status/${json.authId}`)).json).toEqual({
    status: 'pending',
    remaining: 600,
    error: null,
    code: null,
    accountId: null,
  })
  world.signIns.set(String(json.authId), { status: 'pending', remainingMs: 300_000, slowedToMs: 6000 })
  expect((await call('GET', `/v2/auth/status/${json.authId}`)).json).toMatchObject({ status: 'pending', slowedTo: 6 })
  expect((await call('POST', `/v2/auth/cancel/${json.authId}`)).json).toEqual({ success: true })
  expect((await call('GET', `/v2/auth/status/${json.authId}`)).status).toBe(404)
})

test('signing an account in again needs one that exists', async () => {
  const { call, addAccount } = await adminApp()
  const refused = await call('POST', '/v2/auth/start', { accountId: 'acc_none' })
  expect([refused.status, refused.json.field]).toEqual([404, 'accountId'])
  await addAccount('a')
  expect((await call('POST', '/v2/auth/start', { accountId: 'a' })).status).toBe(200)
})

test('claiming waits for the end and gives the account', async () => {
  const { call, world, addAccount } = await adminApp()
  await addAccount('a')
  world.signIns.set('auth_done', { status: 'completed', remainingMs: 0, accountId: 'a' })
  const claimed = await call('POST', '/v2/auth/claim/auth_done')
  expect(claimed.json).toMatchObject({
    status: 'completed',
    accountId: 'a',
    account: { id: 'a', refreshToken: '••••0002' },
  })
})

test('claiming a sign-in that had failed before tells so, one that fails meanwhile is a 502', async () => {
  const denied = { status: 'error', remainingMs: 0, error: 'Denied.', code: 'denied' } as const
  const { call, world } = await adminApp()
  world.signIns.set('auth_old', denied)
  expect((await call('POST', '/v2/auth/claim/auth_old')).json).toEqual({
    status: 'error',
    accountId: null,
    error: 'Denied.',
  })

  const states = [{ status: 'pending', remainingMs: 5 } as const, denied]
  const later = await adminApp({
    deps: {
      signIns: {
        start: async () => ({ ok: false, error: { kind: 'limit-reached', message: 'Too many.' } }),
        status: () => states[0],
        wait: async () => states[1],
        cancel: () => false,
      },
    },
  })
  const answer = await later.call('POST', '/v2/auth/claim/auth_1')
  expect([answer.status, answer.json]).toEqual([502, failure('Denied.', 'SIGN_IN_DENIED')])
  expect((await later.call('POST', '/v2/auth/start', {})).status).toBe(429)
})

function keeper(checkError?: 'upstream-unreachable') {
  const store = memoryStore(() => 5)
  const changed: string[] = []
  const deps: AccountDeps = {
    store,
    effects: { now: () => 1000, newId: (prefix) => `${prefix}_new` },
    checkAccount: async (accountId) => ({
      accountId,
      at: 1000,
      ...(checkError === undefined ? { models: [] } : { error: { kind: checkError, message: 'No route.' } }),
    }),
    refreshAccount: async () => ok(undefined),
    adoptCredentials: (id, credentials) => store.accounts.credentials.save(id, credentials),
    accountsChanged: (id) => void changed.push(id),
    outbound: { changed: async () => {}, routeAccount: () => {}, test: async () => undefined },
    inFlight: () => 0,
    healthPolicy: () => defaultHealthPolicy,
    unread: createUnreadBook(),
    newAccountRoom: 8,
    log: () => {},
  }
  return { deps, store, changed }
}
const signedIn = (more: Partial<SignedIn> = {}): SignedIn => ({
  credentials: secretsOf('x'),
  usage: { userId: 'person', email: 'p@example.com', plan: 'KIRO PRO', quota: quotaOf(1, 10) },
  ...more,
})

test('a finished sign-in is a new account with who it is and what it may', async () => {
  const { deps, store, changed } = keeper()
  expect(await acceptSignIn(deps, signedIn({ enabled: false }))).toEqual({ ok: true, value: 'acc_new' })
  const record = await store.accounts.get('acc_new')
  expect(record?.account).toMatchObject({ label: 'p@example.com', enabled: false, health: { state: 'ready' } })
  expect(record?.profile).toMatchObject({ userId: 'person', plan: 'KIRO PRO', lastRefreshStatus: 'success' })
  expect(changed).toContain('acc_new')
  expect((await store.accounts.loadModels()).has('acc_new')).toBe(true)
})

test('a sign-in is kept though the check after it fails', async () => {
  const { deps, store } = keeper('upstream-unreachable')
  expect((await acceptSignIn(deps, signedIn())).ok).toBe(true)
  expect((await store.accounts.get('acc_new'))?.account.health.state).toBe('unchecked')
})

test('the same login signed in again keeps its account, label and switch (D-50)', async () => {
  const { deps, store } = keeper()
  await acceptSignIn(deps, signedIn({ label: 'mine' }))
  await store.accounts.updateAccount('acc_new', { enabled: false })
  await store.accounts.saveHealth('acc_new', { state: 'expired', since: 1, failures: 1 })
  const again = await acceptSignIn(deps, signedIn({ label: 'other', credentials: secretsOf('y') }))
  expect(again).toEqual({ ok: true, value: 'acc_new' })
  const all = await store.accounts.list()
  expect(all.length).toBe(1)
  expect(all[0]?.account).toMatchObject({ label: 'mine', enabled: false, health: { state: 'ready' } })
  expect(await store.accounts.credentials.load('acc_new')).toEqual(secretsOf('y'))
})

test('an account is not overwritten with another login, nor one that is gone', async () => {
  const { deps, store } = keeper()
  await acceptSignIn(deps, signedIn())
  const other = signedIn({ accountId: 'acc_new', usage: { userId: 'somebody else' }, credentials: secretsOf('y') })
  expect(await acceptSignIn(deps, other)).toMatchObject({ ok: false, error: { kind: 'invalid-request' } })
  expect(await store.accounts.credentials.load('acc_new')).toEqual(secretsOf('x'))
  expect(await acceptSignIn(deps, signedIn({ accountId: 'acc_gone' }))).toMatchObject({
    ok: false,
    error: { kind: 'not-found' },
  })
})
