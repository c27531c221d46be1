import { expect, test } from 'bun:test'
import { createJobBoard, jobLimits } from '../../server/admin/job-board.ts'
import { gatewayError } from '../../server/conversation/error.ts'
import { createTestEffects, settle } from '../support/effects.ts'
import { adminApp, password, quotaOf } from './admin-app.ts'

const bearer = { authorization: `Bearer ${password}` }
const apiKey = { method: 'api-key', identityRegion: 'us-east-1', apiKey: 'ksk_0123456789abcdef' } as const
const signIn = (id: string) => ({
  clientId: `client-${id}`,
  clientSecret: `secret-of-the-client-${id}`,
  refreshToken: `aorRefreshTokenOf${id}0001`,
})

test('an export is whole and masked, and has the secrets only with the password said once more', async () => {
  const { call, ask, addAccount, world } = await adminApp()
  await addAccount('a')
  const masked = await call('GET', '/v2/accounts/export')
  expect(masked.json.length).toBe(1)
  expect(masked.text).not.toContain('SECRET')
  expect(masked.json[0]).toMatchObject({ clientId: 'client-a', refreshToken: '••••0002', enabled: true, errorCount: 0 })
  const confirmed = { ...bearer, 'x-confirm-password': password }
  const whole = await ask('GET', '/v2/accounts/export', { headers: confirmed })
  expect(whole.json[0].refreshToken).toBe('SECRET-refresh-token-of-a-0002')
  const inBody = await call('POST', '/v2/accounts/export', { password, format: 'original' })
  expect(Object.keys(inBody.json[0])).toEqual([
    ...['label', 'clientId', 'clientSecret', 'refreshToken', 'accessToken', 'enabled', 'errorCount', 'successCount'],
  ])
  expect(inBody.json[0].clientSecret).toBe('SECRET-client-secret-of-a-0001')
  expect(world.logged.filter((line) => line.includes('account.exported')).map((line) => line.split(' ')[0])).toEqual([
    ...['info', 'warn', 'warn'],
  ])
  expect(world.logged.join()).not.toContain('SECRET')
})

test('an export as Kiro’s own token file signs in elsewhere, and has no API keys', async () => {
  const from = await adminApp()
  await from.addAccount('a')
  await from.addAccount('k')
  await from.store.accounts.credentials.save('k', { ...apiKey })
  const masked = await from.call('GET', '/v2/accounts/export?format=kiro')
  expect(masked.text).not.toContain('SECRET')
  const kiro = (await from.call('POST', '/v2/accounts/export', { password, format: 'kiro' })).json
  expect(kiro).toEqual([
    {
      accessToken: 'SECRET-access-token-of-a-0003',
      refreshToken: 'SECRET-refresh-token-of-a-0002',
      authMethod: 'IdC',
      provider: 'BuilderId',
      region: 'us-east-1',
      clientIdHash: expect.stringMatching(/^[0-9a-f]{40}$/),
      clientId: 'client-a',
      clientSecret: 'SECRET-client-secret-of-a-0001',
    },
  ])
  const to = await adminApp()
  expect((await to.call('POST', '/v2/accounts/import', kiro)).json).toMatchObject({ imported: 1, invalid: 0 })
  const [there] = await to.store.accounts.list()
  expect(await to.store.accounts.credentials.load(there?.account.id ?? '')).toMatchObject({
    method: 'builder-id',
    refreshToken: 'SECRET-refresh-token-of-a-0002',
    clientSecret: 'SECRET-client-secret-of-a-0001',
  })
})

test('a wrong password beside an export is refused, and slowed down like any other', async () => {
  const { ask, addAccount } = await adminApp()
  await addAccount('a')
  const wrong = { ...bearer, 'x-confirm-password': 'not it' }
  const first = await ask('GET', '/v2/accounts/export', { headers: wrong })
  expect([first.status, first.json.code, first.json.field]).toEqual([403, 'INVALID_PASSWORD', 'password'])
  let last = first
  for (let tries = 0; tries < 8 && last.status === 403; tries++) {
    last = await ask('GET', '/v2/accounts/export', { headers: wrong })
  }
  expect([last.status, last.json.code]).toEqual([429, 'LOCKED'])
  expect(last.text).not.toContain('SECRET')
})

test('an export with its secrets can be imported elsewhere and is the same there; a masked one cannot', async () => {
  const from = await adminApp()
  await from.addAccount('a', { label: 'the first' })
  await from.addAccount('k')
  await from.store.accounts.credentials.save('k', { ...apiKey })
  await from.store.accounts.updateProfile('k', { method: 'api-key' })
  await from.store.accounts.updateProfile('a', { email: 'a@example.com' })
  await from.store.accounts.count('a', { success: 5, error: 2 })
  await from.store.accounts.updateAccount('a', { enabled: false })
  const whole = (await from.call('POST', '/v2/accounts/export', { password })).json
  const to = await adminApp()
  to.clock.now += 86_400_000
  expect((await to.call('POST', '/v2/accounts/import', whole)).json).toMatchObject({ imported: 2, invalid: 0 })
  const there = (await to.call('POST', '/v2/accounts/export', { password })).json
  const plain = ({ id, ...rest }: { id: string }) => rest
  // One that is switched off says so in its status; a person at the provider is believed only when the provider says so.
  expect(there.map(plain)).toEqual(whole.map(plain))
  const empty = await adminApp()
  const masked = (await from.call('GET', '/v2/accounts/export')).json
  expect((await empty.call('POST', '/v2/accounts/import', masked)).json).toMatchObject({ imported: 0, invalid: 2 })
})

test('direct-import names accounts by their e-mail, keeps when they were added and throws passwords away', async () => {
  const { call, store } = await adminApp()
  const item = (id: string) => ({ ...signIn(id), email: `${id}@example.com`, password: 'PASSWORD-0', username: 'user' })
  const first = await call('POST', '/v2/accounts/direct-import', [
    { ...item('one'), added_time: '2023-01-02T03:04:05Z' },
    item('one'),
    { email: 'no-client@example.com' },
  ])
  expect(first.json).toMatchObject({ success: true, total: 3, imported: 1, duplicate: 1, invalid: 1 })
  const [record] = await store.accounts.list()
  expect(record?.account).toMatchObject({ label: 'one@example.com', createdAt: Date.UTC(2023, 0, 2, 3, 4, 5) })
  expect(JSON.stringify([record, await store.accounts.credentials.load(record?.account.id ?? '')])).not.toContain(
    'PASSWORD',
  )
})

test('the limit of accounts holds on every way in, by name and code', async () => {
  const { call, store, addAccount } = await adminApp()
  await addAccount('a')
  expect((await call('PUT', '/v2/settings', { maxAccounts: 2 })).json).toMatchObject({
    maxAccounts: 2,
    currentAccountCount: 1,
  })
  expect((await call('POST', '/v2/accounts/import', [signIn('b'), signIn('c')])).json).toMatchObject({
    imported: 1,
    limitReached: true,
    results: [{ outcome: 'added' }, { outcome: 'refused', code: 'ACCOUNT_LIMIT_REACHED' }],
  })
  const created = await call('POST', '/v2/accounts', signIn('d'))
  expect([created.status, created.json.code]).toEqual([403, 'ACCOUNT_LIMIT_REACHED'])
  const started = await call('POST', '/v2/auth/start', {})
  expect([started.status, started.json.code]).toEqual([403, 'ACCOUNT_LIMIT_REACHED'])
  for (const [route, body] of [
    ['feed', { accounts: [signIn('e')] }],
    ['direct-import', [signIn('f')]],
    ['import-by-token', [{ refreshToken: 'aorAnotherRefreshToken0001' }]],
    ['import-checked', { sources: [{ text: JSON.stringify([signIn('g')]) }] }],
  ] as const) {
    const answer = await call('POST', `/v2/accounts/${route}`, body)
    expect([route, answer.status, answer.text.includes('ACCOUNT_LIMIT_REACHED')]).toEqual([route, 200, true])
  }
  // Signing in again, and what is there already, need no place.
  expect((await call('POST', '/v2/auth/start', { accountId: 'a' })).status).toBe(200)
  expect((await call('POST', '/v2/accounts/import', [signIn('b')])).json).toMatchObject({ duplicate: 1 })
  expect((await store.accounts.list()).length).toBe(2)
})

test('incomplete accounts are those that lack a client; unreadable and whole ones stay', async () => {
  const { call, addAccount, store } = await adminApp()
  await addAccount('whole')
  await addAccount('lacking')
  await store.accounts.credentials.save('lacking', {
    ...{ method: 'builder-id', identityRegion: 'us-east-1', refreshToken: 'aorRefreshTokenAlone0001' },
  })
  await addAccount('key', { credentials: { method: 'api-key', apiKey: 'ksk_0123456789abcdef' } })
  const listed = (await call('GET', '/v2/accounts/incomplete')).json
  expect([listed.count, listed.accounts[0].id]).toEqual([1, 'lacking'])
  expect((await call('DELETE', '/v2/accounts/incomplete')).json).toMatchObject({ success: true, count: 1 })
  expect((await store.accounts.list()).map(({ account }) => account.id).toSorted()).toEqual(['key', 'whole'])
})

test('deleting suspended accounts deletes those and no other', async () => {
  const { call, addAccount, store, clock, world } = await adminApp()
  for (const id of ['a', 'b', 'c']) await addAccount(id)
  await store.accounts.saveHealth('b', { state: 'suspended', since: clock.now, failures: 1 })
  await store.accounts.saveHealth('c', { state: 'expired', since: clock.now, failures: 1 })
  expect((await call('DELETE', '/v2/accounts/suspended')).json).toMatchObject({ success: true, count: 1 })
  expect((await store.accounts.list()).map(({ account }) => account.id)).toEqual(['a', 'c'])
  expect(world.changed).toContain('b')
})

test('quotas are read of all that are on, each counted once by how it turned out', async () => {
  const { call, addAccount, store, world, clock } = await adminApp()
  for (const id of ['good', 'gone', 'spent', 'unreached', 'off']) await addAccount(id)
  await store.accounts.updateAccount('off', { enabled: false })
  world.check = (id) => {
    if (id === 'gone') return { error: gatewayError('account-suspended', 'Locked.') }
    if (id === 'unreached') return { error: gatewayError('upstream-unreachable', 'No way.') }
    return { quota: { ...quotaOf(id === 'spent' ? 50 : 5, 50), readAt: clock.now } }
  }
  const { json } = await call('POST', '/v2/accounts/refresh-quotas')
  expect(json.stats).toEqual({ success: 1, suspended: 1, expired: 0, exhausted: 1, error: 1 })
})

test('e-mails are filled in, a given label stays, and who has none is told', async () => {
  const { call, addAccount, store, world } = await adminApp()
  await addAccount('a', { label: 'mine' })
  await addAccount('b', { label: '' })
  await addAccount('c')
  await addAccount('d')
  await store.accounts.updateProfile('d', { email: 'd@example.com' })
  world.check = (id) =>
    id === 'c' ? { error: gatewayError('upstream-failed', 'It broke.') } : { email: `${id}@x.org` }
  const { json } = await call('POST', '/v2/accounts/sync-emails')
  expect(json).toMatchObject({ success: true, total: 4, synced: 2, skipped: 1, failed: 1 })
  expect(json.results.find(({ id }: { id: string }) => id === 'c')).toEqual({
    id: 'c',
    success: false,
    error: 'It broke.',
  })
  const labels = new Map((await store.accounts.list()).map(({ account }) => [account.id, account.label]))
  expect([labels.get('a'), labels.get('b')]).toEqual(['mine', 'b@x.org'])
})

test('the counters go to zero and the request log is emptied, or only one of them', async () => {
  const { call, addAccount, store } = await adminApp()
  await addAccount('a')
  await store.accounts.count('a', { success: 3, error: 1 })
  await call('POST', '/v2/accounts/reset-stats', { counters: false })
  expect((await store.accounts.get('a'))?.profile.successCount).toBe(3)
  expect((await call('POST', '/v2/accounts/reset-stats')).json.message).toContain('request logs')
  expect((await store.accounts.get('a'))?.profile).toMatchObject({ successCount: 0, errorCount: 0 })
})

test('a batch tells of each account, unknown ones as failed', async () => {
  const { call, addAccount, store } = await adminApp()
  for (const id of ['a', 'b']) await addAccount(id)
  const { json } = await call('POST', '/v2/accounts/batch', { action: 'disable', ids: ['a', 'none', 'b', 'a'] })
  expect(json).toMatchObject({ success: false, total: 3, done: 3, failed: 1 })
  expect(json.results).toMatchObject([
    { index: 0, id: 'a', ok: true, outcome: 'disabled' },
    { index: 1, id: 'none', ok: false, code: 'NOT_FOUND' },
    { index: 2, id: 'b', ok: true },
  ])
  expect((await store.accounts.list()).every(({ account }) => !account.enabled)).toBe(true)
  expect((await call('POST', '/v2/accounts/batch', { action: 'melt', ids: ['a'] })).json.field).toBe('action')
})

test('asked not to wait, a bulk route answers with its job, whose results can be looked at', async () => {
  const { ask, call, addAccount } = await adminApp()
  for (const id of ['a', 'b']) await addAccount(id)
  const started = await ask('POST', '/v2/accounts/refresh-quotas', { headers: { ...bearer, prefer: 'respond-async' } })
  expect([started.status, started.headers.get('preference-applied')]).toEqual([202, 'respond-async'])
  const { id } = started.json.job
  expect(started.headers.get('location')).toBe(`/v2/jobs/${id}`)
  await settle()
  const job = (await call('GET', `/v2/jobs/${id}`)).json
  expect(job).toMatchObject({ kind: 'accounts.refresh-quotas', state: 'done', total: 2, done: 2, failed: 0 })
  expect(job.results.map((item: { id: string }) => item.id).sort()).toEqual(['a', 'b'])
  expect((await call('GET', '/v2/jobs')).json.jobs[0].id).toBe(id)
  expect((await call('GET', '/v2/jobs/job_none')).status).toBe(404)
  expect((await call('POST', '/v2/jobs/job_none/cancel')).status).toBe(404)
  expect((await call('POST', `/v2/jobs/${id}/cancel`)).json.success).toBe(false)
})

test('a cancelled import begins no further item and says so of each', async () => {
  let release = (): void => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  const app = await adminApp({
    deps: {
      checkAccount: async (accountId) => {
        await held
        return { accountId, at: 0, userId: accountId }
      },
    },
  })
  const list = Array.from({ length: 12 }, (_, index) => ({ refreshToken: `aorRefreshTokenNumber${index}xx` }))
  const started = await app.ask('POST', '/v2/accounts/import-by-token', {
    headers: { ...bearer, prefer: 'respond-async' },
    body: list,
  })
  const { id } = started.json.job
  await settle()
  expect((await app.call('POST', `/v2/jobs/${id}/cancel`)).json.success).toBe(true)
  release()
  await settle()
  const job = (await app.call('GET', `/v2/jobs/${id}`)).json
  expect(job).toMatchObject({ state: 'cancelled', total: 12, done: 12, failed: 8 })
  expect(job.results.filter(({ code }: { code?: string }) => code === 'cancelled').length).toBe(8)
  expect((await app.store.accounts.list()).length).toBe(4)
})

test('a second call of a job that may run once joins the first', async () => {
  let release = (): void => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  let checks = 0
  const { call, addAccount } = await adminApp({
    deps: {
      checkAccount: async (accountId) => {
        checks++
        await held
        return { accountId, at: 0 }
      },
    },
  })
  await addAccount('a')
  const both = [call('POST', '/v2/accounts/refresh-quotas'), call('POST', '/v2/accounts/refresh-quotas')]
  await settle()
  release()
  const [first, second] = await Promise.all(both)
  expect(first?.json).toEqual(second?.json)
  expect(checks).toBe(1)
})

test('jobs are bounded: those that run, those that are kept, and their results', async () => {
  const effects = createTestEffects()
  const told: unknown[] = []
  const limits = { ...jobLimits, running: 2, kept: 3, resultsOfOne: 10 }
  const board = createJobBoard({ effects, changed: () => {}, failed: (...why) => told.push(why) }, limits)
  const waiting = [board.start('a', () => new Promise(() => {})), board.start('b', () => new Promise(() => {}))]
  expect(waiting.every(({ ok }) => ok)).toBe(true)
  const third = board.start('c', async () => {})
  expect(third.ok ? 'started' : [third.error.code, third.error.kind]).toEqual(['TOO_MANY_JOBS', 'limit-reached'])
  const other = createJobBoard({ effects, changed: () => {}, failed: (...why) => told.push(why) }, limits)
  for (let count = 0; count < 6; count++) {
    const job = other.start('many', async (progress) => {
      for (let item = 0; item < 25; item++) progress.report({ ok: item % 2 === 0, outcome: 'x' })
    })
    if (job.ok) await job.value.answer
  }
  expect(other.stats()).toEqual({ running: 0, kept: 3, results: 30 })
  const [newest] = other.list()
  expect(other.get(newest?.id ?? '')).toMatchObject({ done: 25, failed: 12, results_left_out: 15 })
  const broken = other.start('broken', async () => {
    throw new Error('secret words')
  })
  if (broken.ok) await broken.value.answer.catch(() => {})
  expect(other.list()[0]).toMatchObject({ state: 'failed', error: 'It broke off; the log of the server says why.' })
  expect(told.length).toBe(1)
})
