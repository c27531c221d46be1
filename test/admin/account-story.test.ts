import { expect, test } from 'bun:test'
import type { RequestRecord } from '../../server/store/request-record.ts'
import { adminApp, quotaOf } from './admin-app.ts'
import { requestRow } from './filled-app.ts'

const considered = (...verdicts: readonly (readonly [string, string])[]): Partial<RequestRecord> => ({
  route: JSON.stringify({
    considered: verdicts.map(([accountId, verdict]) => ({ accountId, verdict })),
    by: 'least_loaded',
    attempts: [],
  }),
})

test('how an account stood towards the newest requests is told, and how it stands now', async () => {
  const { call, addAccount, store, clock } = await adminApp({
    deps: { standing: (id) => (id === 'a' ? 'cooling' : undefined) },
  })
  for (const id of ['a', 'b']) await addAccount(id)
  const at = (seconds: number) => ({ at: clock.now + seconds * 1_000 })
  await store.requests.append([
    requestRow('r1', { ...at(1), ...considered(['a', 'chosen'], ['b', 'free']) }),
    requestRow('r2', { ...at(2), ...considered(['a', 'busy'], ['b', 'chosen']) }),
    requestRow('r3', { ...at(3), ...considered(['b', 'chosen']) }),
    requestRow('r4', { ...at(4), route: '{"considered":[],"attempts":[]}' }),
    requestRow('before', { at: clock.now - 86_400_000, ...considered(['b', 'chosen']) }),
  ])
  const { json } = await call('GET', '/v2/accounts/a/choices')
  expect(json).toMatchObject({
    now: { verdict: 'cooling' },
    looked_at: 3,
    verdicts: { chosen: 1, busy: 1, outside: 1 },
    recent: [
      { request_id: 'r3', verdict: 'outside', by: 'least_loaded' },
      { request_id: 'r2', verdict: 'busy' },
      { request_id: 'r1', verdict: 'chosen' },
    ],
  })
  expect((await call('GET', '/v2/accounts/b/choices')).json.now.verdict).toBeNull()
  expect((await call('GET', '/v2/accounts/none/choices')).status).toBe(404)
})

test('what became of an account is told, newest first, without a secret', async () => {
  const { call, addAccount, store, clock } = await adminApp()
  await addAccount('a')
  const step = () => {
    clock.now += 1_000
  }
  await store.accounts.saveHealth('a', { state: 'suspended', since: clock.now, failures: 1, reason: 'Locked.' })
  step()
  await call('PATCH', '/v2/accounts/a', { enabled: false })
  step()
  await call('PATCH', '/v2/accounts/a', { enabled: false })
  step()
  await call('PATCH', '/v2/accounts/a', { label: 'x', notes: 'ask Wang' })
  step()
  await call('PATCH', '/v2/accounts/a', { clientSecret: 'SECRET-other-secret-0009' })
  const { json, text } = await call('GET', '/v2/accounts/a/events')
  expect(json.events.map(({ kind, reason }: { kind: string; reason: string }) => [kind, reason])).toContainEqual([
    'renewed',
    null,
  ])
  const kinds = json.events.map(({ kind }: { kind: string }) => kind)
  expect(kinds.filter((kind: string) => ['suspended', 'disabled', 'changed'].includes(kind))).toEqual([
    'changed',
    'disabled',
    'suspended',
  ])
  expect(json.events.find(({ kind }: { kind: string }) => kind === 'changed').reason).toBe('label, notes')
  expect(json.events.find(({ kind }: { kind: string }) => kind === 'suspended').reason).toBe('Locked.')
  expect(text).not.toContain('SECRET')
  expect((await call('GET', '/v2/accounts/none/events')).status).toBe(404)
})

test('notes are kept, shown and taken away', async () => {
  const { call, addAccount } = await adminApp()
  await addAccount('a')
  expect((await call('GET', '/v2/accounts/a')).json).toMatchObject({ notes: null, weight: 1, max_in_flight: 8 })
  expect((await call('PATCH', '/v2/accounts/a', { notes: '  rented <b>until</b> May ' })).json.notes).toBe(
    'rented <b>until</b> May',
  )
  expect((await call('PATCH', '/v2/accounts/a', { weight: 7 })).json).toMatchObject({
    weight: 7,
    notes: expect.any(String),
  })
  expect((await call('PATCH', '/v2/accounts/a', { notes: null })).json.notes).toBeNull()
  expect((await call('PATCH', '/v2/accounts/a', { notes: 'x'.repeat(501) })).json.field).toBe('notes')
})

test('filters hold together, take several words, and count what they leave', async () => {
  const { call, addAccount, store, clock } = await adminApp()
  for (const id of ['a', 'b', 'c', 'd']) await addAccount(id, { label: `team-${id}` })
  const since = { since: clock.now, failures: 1 }
  await store.accounts.saveHealth('a', { state: 'suspended', ...since })
  await store.accounts.saveHealth('b', { state: 'expired', ...since })
  await store.accounts.updateProfile('b', { plan: 'PRO' })
  await store.accounts.updateProfile('c', { method: 'social' })
  await store.accounts.saveQuota('c', quotaOf(95, 100))
  await store.accounts.saveQuota('d', quotaOf(10, 100))
  const ids = async (query: string) => (await call('GET', `/v2/accounts/ids?${query}`)).json.ids.toSorted()
  expect(await ids('')).toEqual(['a', 'b', 'c', 'd'])
  expect(await ids('status=suspended,expired')).toEqual(['a', 'b'])
  expect(await ids('status=suspended,expired&q=team-b')).toEqual(['b'])
  expect(await ids('method=social')).toEqual(['c'])
  expect(await ids('method=social,builder-id&plan=PRO')).toEqual(['b'])
  expect(await ids('quota=90')).toEqual(['c'])
  expect(await ids('proxy=none')).toHaveLength(4)
  expect(await ids('proxy=prx_1')).toEqual([])
  const { json } = await call('GET', '/v2/accounts?status=suspended,expired&q=team&limit=1&sort=label')
  expect([json.total, json.accounts[0].id, json.counts.suspended, json.counts.expired]).toEqual([2, 'a', 1, 1])
  expect((await call('GET', '/v2/accounts?method=social')).json.counts).toEqual({ unchecked: 1 })
})

test('many accounts get a proxy, or their share of the work, by one job', async () => {
  const { call, addAccount } = await adminApp()
  for (const id of ['a', 'b']) await addAccount(id)
  const proxy = (await call('POST', '/v2/proxies', { url: 'http://127.0.0.1:3128', name: 'way' })).json.proxy.id
  const batch = (more: object) => call('POST', '/v2/accounts/batch', { ids: ['a', 'none', 'b'], ...more })
  expect((await batch({ action: 'set-proxy', proxyId: proxy })).json).toMatchObject({ done: 3, failed: 1 })
  expect((await call('GET', '/v2/accounts/b')).json.proxy_id).toBe(proxy)
  expect((await batch({ action: 'set-weight', weight: 9 })).json.results[2]).toMatchObject({
    id: 'b',
    outcome: 'weighted',
  })
  expect((await call('GET', '/v2/accounts/a')).json.weight).toBe(9)
  expect((await batch({ action: 'set-weight' })).json.field).toBe('weight')
  expect((await batch({ action: 'set-proxy' })).json.field).toBe('proxyId')
  expect((await call('GET', '/v2/jobs')).json.jobs.map(({ kind }: { kind: string }) => kind)).toContain(
    'accounts.batch-set-proxy',
  )
})

test('an export can be of some accounts only', async () => {
  const { call, addAccount } = await adminApp()
  for (const id of ['a', 'b', 'c']) await addAccount(id)
  const { json } = await call('POST', '/v2/accounts/export', { ids: ['c', 'a'] })
  expect(json.map(({ id }: { id: string }) => id)).toEqual(['a', 'c'])
})
