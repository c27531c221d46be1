import { afterAll, expect, test } from 'bun:test'
import { rmSync } from 'node:fs'
import type { RestoreMode, RestoreReport } from '../../server/admin/contract/backup.ts'
import type { RestoreSource } from '../../server/backup/restore.ts'
import type { Store } from '../../server/store/store.ts'
import { changesOf, countsOf, faultsOf, type Row, rewritten, varied } from './merging.ts'
import { backupOf, contentOf, fill, newPlace, originalBackup, textSource } from './place.ts'

const places: ReturnType<typeof newPlace>[] = []
const newOne = () => {
  const made = newPlace()
  places.push(made)
  return made
}
afterAll(() => {
  for (const one of places) one.remove()
})

type Place = ReturnType<typeof newPlace>

/** Looks through it first: what it says then is what is done. */
async function restored(place: Place, source: () => RestoreSource, mode: RestoreMode): Promise<RestoreReport> {
  const foreseen = await place.restore(source(), true, mode)
  if (!foreseen.ok) throw new Error(foreseen.error)
  const done = await place.restore(source(), false, mode)
  if (!done.ok) throw new Error(done.error)
  expect(done.value.tables).toEqual(foreseen.value.tables)
  expect([done.value.mode, foreseen.value.mode]).toEqual([mode, mode])
  expect(place.finish()).toMatchObject({ ok: true })
  return done.value
}

const using = async <T>(place: Place, work: (store: Store) => Promise<T>): Promise<T> => {
  const store = await place.open()
  try {
    return await work(store)
  } finally {
    await store.close()
  }
}

for (const mode of ['merge', 'replace'] as const)
  test.each([1, 2, 3, 4])(
    `what is foreseen of a random backup is done, row by row (${mode}, %d)`,
    async (seed) => {
      const { place, store } = await fill(newOne())
      const before = await contentOf(store)
      const text = varied(await backupOf(store), seed)
      await store.close()
      const report = await restored(place, () => textSource(text), mode)
      const after = await using(place, contentOf)
      expect(faultsOf(report, countsOf(before), countsOf(after))).toEqual([])
      expect(await using(place, ({ audit }) => audit.verify())).toMatchObject({ ok: true })
      const sums = report.tables.map(({ changes }) => changes?.added ?? 0)
      expect(sums.reduce((sum, one) => sum + one, 0)).toBeGreaterThan(0)
      // Once more there is nothing left to do.
      const again = await restored(place, () => textSource(text), mode)
      const left = again.tables.filter(({ name }) => !['auditEntries', 'sealedSettings'].includes(name))
      for (const { name, changes } of left) expect([name, changes?.added, changes?.changed]).toEqual([name, 0, 0])
    },
    240_000,
  )

const at = 1_700_000_000_000
const key = (id: string, hash: string, userId?: string) => ({
  ...{ id, name: id, hash: hash.repeat(64), prefix: 'sk-xxxx', last4: 'yyyy', enabled: true, createdAt: at },
  ...(userId === undefined ? {} : { userId }),
})
const user = (id: string, name: string, email?: string) => ({
  ...{ id, name, enabled: true, priority: 0, createdAt: at, updatedAt: at },
  ...(email === undefined ? {} : { email }),
})
const signIn = (token: string, accessExpiresAt: number) => ({
  ...{ method: 'builder-id' as const, identityRegion: 'us-east-1', refreshToken: token, accessExpiresAt },
  ...{ clientId: `client of ${token}`, clientSecret: 'secret' },
})
const account = (id: string, userId: string, proxyId?: string) => ({
  account: {
    ...{ id, label: id, enabled: true, weight: 1, maxInFlight: 4, createdAt: at },
    health: { state: 'ready' as const, since: at, failures: 0 },
  },
  profile: {
    ...{ method: 'builder-id' as const, region: 'us-east-1', userId, successCount: 7, errorCount: 1 },
    updatedAt: at,
    ...(proxyId === undefined ? {} : { proxyId }),
  },
})
const proxy = (id: string, name: string, host: string) => ({
  ...{ id, name, url: `http://me:secret@${host}:3128/`, shownUrl: `http://me:••••@${host}:3128/`, weight: 1 },
  ...{ enabled: true, health: { state: 'unchecked' as const, failures: 0 }, createdAt: at, updatedAt: at },
})
const used = (requests: number) => ({
  ...{ requests, inputTokens: requests, outputTokens: 0, inputMicroUsd: 0, outputMicroUsd: 0, credits: 0 },
})
const empty = async (): Promise<Place> => {
  const place = newOne()
  await using(place, async () => {})
  return place
}

test('things with other ids are recognised, and what refers to them does so afterwards', async () => {
  const here = await empty()
  await using(here, async (store) => {
    await store.proxies.create(proxy('prx_here', 'here', 'one.example'))
    await store.accounts.create(account('acc_here', 'person', 'prx_here'), signIn('token', at))
    await store.users.create([
      { user: user('usr_here', 'Ann', 'ANN@example.com'), key: key('key_here', 'a', 'usr_here') },
    ])
    await store.modelMappings.create({
      id: 'map_here',
      name: 'm',
      target: 'old',
      keyId: 'key_here',
      createdAt: at,
      updatedAt: at,
    })
  })
  const there = await empty()
  const text = await using(there, async (store) => {
    await store.proxies.create(proxy('prx_there', 'renamed', 'one.example'))
    await store.proxies.create(proxy('prx_here', 'another', 'two.example'))
    await store.accounts.create(account('acc_there', 'person', 'prx_there'), signIn('token', at))
    // The id is that of somebody else here.
    await store.accounts.create(account('acc_here', 'another person', 'prx_here'), signIn('other', at))
    await store.users.create([
      {
        user: { ...user('usr_there', 'Ann B.', 'ann@example.com'), accountIds: ['acc_there', 'acc_here'] },
        key: key('key_there', 'a', 'usr_there'),
      },
    ])
    await store.keys.create({ ...key('key_second', 'b', 'usr_there') })
    await store.modelMappings.create({
      id: 'map_there',
      name: 'm',
      target: 'new',
      keyId: 'key_there',
      createdAt: at,
      updatedAt: at,
    })
    await store.usage.write({ add: [{ subject: 'key_second', period: 'all', used: used(3) }], open: [], close: [] })
    return backupOf(store)
  })
  const report = await restored(here, () => textSource(text), 'merge')
  expect(changesOf(report, 'accounts')).toMatchObject({ added: 1, changed: 1, same: 0, invalid: 0 })
  await using(here, async (store) => {
    const proxies = await store.proxies.list()
    const second = proxies.find(({ name }) => name === 'another')
    expect(proxies.map(({ id, name }) => [id, name])).toContainEqual(['prx_here', 'renamed'])
    expect([proxies.length, second?.id === 'prx_here']).toEqual([2, false])
    const accounts = await store.accounts.list()
    const stranger = accounts.find(({ profile }) => profile.userId === 'another person')
    const other = stranger?.account
    expect(accounts.map(({ account: { id, label } }) => [id, label])).toContainEqual(['acc_here', 'acc_there'])
    expect([accounts.length, stranger?.profile.proxyId]).toEqual([2, second?.id])
    expect((await store.accounts.credentials.load(other?.id ?? ''))?.refreshToken).toBe('other')
    const [found, ...more] = await store.users.list()
    expect([more.length, found?.id, found?.name, found?.accountIds]).toEqual([
      ...[0, 'usr_here', 'Ann B.'],
      ['acc_here', other?.id ?? ''],
    ])
    expect((await store.keys.list()).map(({ id, userId }) => [id, userId]).toSorted()).toEqual([
      ['key_here', 'usr_here'],
      ['key_second', 'usr_here'],
    ])
    expect((await store.modelMappings.list()).map(({ id, target, keyId }) => [id, target, keyId])).toEqual([
      ['map_here', 'new', 'key_here'],
    ])
    expect((await store.usage.read('key_second', ['all'])).get('all')?.requests).toBe(3)
  })
}, 240_000)

test('what is here is not taken away: strings of keys, passwords, roles, newer sign-ins, totals, the audit log', async () => {
  const here = await empty()
  const text = await using(here, async (store) => {
    await store.accounts.create(account('acc_1', 'person'), signIn('old', at))
    await store.accounts.create(account('acc_2', 'stranger'), signIn('stale', at))
    await store.keys.create(key('key_1', 'a'))
    await store.settings.write({ admin_password_hash: 'the old one', max_error_count: '3', owner_key_id: 'key_1' })
    // Of what the server keeps for itself.
    await store.settings.write({ alerts_told: '[]' })
    await store.operators.create({
      ...{ id: 'opr_1', name: 'Ada', role: 'owner', passwordHash: 'old' },
      enabled: true,
      createdAt: at,
      updatedAt: at,
    })
    await store.operators.create({
      ...{ id: 'opr_2', name: 'Bob', role: 'viewer', passwordHash: 'bob' },
      enabled: true,
      createdAt: at,
      updatedAt: at,
    })
    await store.sealedSettings.write('second_factor opr_1', { value: 'a secret', shown: '' })
    await store.sealedSettings.write('second_factor opr_2', { value: 'of Bob', shown: '' })
    await store.usage.write({
      add: [
        { subject: 'key_1', period: 'all', used: used(5) },
        { subject: 'key_1', period: '2026-01-01', used: used(5) },
      ],
      open: [],
      close: [],
    })
    return backupOf(store)
  })
  await using(here, async (store) => {
    await store.accounts.credentials.save('acc_1', signIn('renewed', at + 1))
    await store.accounts.credentials.save('acc_2', signIn('gone', at - 1))
    await store.keys.remove('key_1')
    await store.keys.create({ ...key('key_1', 'b'), notes: 'rotated' })
    await store.settings.write({ admin_password_hash: 'the new one', max_error_count: '9', alerts_told: null })
    await store.operators.update('opr_1', { role: 'viewer', passwordHash: 'new' })
    await store.operators.remove('opr_2')
    await store.sealedSettings.write('second_factor opr_1', null)
    await store.sealedSettings.write('second_factor opr_2', null)
    await store.usage.write({ add: [{ subject: 'key_1', period: 'all', used: used(2) }], open: [], close: [] })
  })
  const report = await restored(here, () => textSource(text), 'merge')
  expect(changesOf(report, 'operators')).toMatchObject({ added: 1, changed: 0, kept: 1 })
  expect(changesOf(report, 'credentials')).toMatchObject({ changed: 1, kept: 1 })
  expect(changesOf(report, 'usageCounters')).toMatchObject({ added: 0, changed: 0, kept: 2 })
  await using(here, async (store) => {
    expect((await store.accounts.credentials.load('acc_1'))?.refreshToken).toBe('renewed')
    expect((await store.accounts.credentials.load('acc_2'))?.refreshToken).toBe('stale')
    const states = (await store.accounts.list()).map(({ account: { id, health } }) => [id, health.state])
    expect(states).toEqual([
      ['acc_1', 'ready'],
      ['acc_2', 'unchecked'],
    ])
    expect((await store.keys.list()).map(({ id, hash, notes }) => [id, hash[0], notes])).toEqual([
      ['key_1', 'b', undefined],
    ])
    expect(await store.settings.all()).toMatchObject({ admin_password_hash: 'the new one', max_error_count: '3' })
    expect((await store.settings.all()).alerts_told).toBeUndefined()
    const operators = (await store.operators.list()).map(({ name, role, passwordHash }) => [name, role, passwordHash])
    expect(operators.toSorted()).toEqual([
      ['Ada', 'viewer', 'new'],
      ['Bob', 'viewer', 'bob'],
    ])
    expect(await store.sealedSettings.read('second_factor opr_1')).toBeUndefined()
    expect(await store.sealedSettings.read('second_factor opr_2')).toBe('of Bob')
    const totals = await store.usage.read('key_1', ['all', '2026-01-01'])
    expect([totals.get('all')?.requests, totals.get('2026-01-01')]).toEqual([2, undefined])
    expect(await store.audit.verify()).toMatchObject({ ok: true })
  })
}, 240_000)

test('requests that are here are not added again, and a day is summed up once', async () => {
  const { place, store } = await fill(newOne())
  const text = await backupOf(store)
  const before = await contentOf(store)
  await store.close()
  const requests = (rows: readonly unknown[] | undefined): readonly Row[] => (rows ?? []) as readonly Row[]
  const more = requests(before.requests)
    .slice(0, 3)
    .map((row, index) => ({ ...row, seq: 9_000 + index, id: `req_more${index}` }))
  const report = await restored(
    place,
    () => textSource(rewritten(text, (_, row) => [row], { requests: more })),
    'merge',
  )
  expect(changesOf(report, 'requests')).toMatchObject({ added: 3, same: 700, changed: 0, kept: 0 })
  await using(place, async (opened) => {
    while (!(await opened.rollups.catchUp())) {
      // goes on
    }
    const after = await contentOf(opened)
    expect(after.requestRollups).toEqual([...(before.requestRollups ?? [])])
    expect(after.requests).toHaveLength(703)
    // What is written from now on is summed up.
    const [last] = requests(after.requests).slice(-1)
    expect(after.rollupMarks).toEqual([{ id: 1, seq: Number(last?.seq) }])
  })
}, 240_000)

test('the sums of a day are all of one side, so that they agree with each other', async () => {
  const day = 86_400_000
  const requests = (keyId: string, days: readonly number[]) =>
    days.map((one) => ({
      ...{
        id: `req_${keyId}_${one}`,
        at: one * day + 1,
        dialect: 'anthropic' as const,
        keyId,
        model: 'claude',
        stream: true,
      },
      ...{ status: 200, durationMs: 5, inputTokens: 1, inputSource: 'upstream' as const, outputTokens: 2 },
      ...{ outputSource: 'upstream' as const, peer: '192.0.2.1', userAgent: '', attempts: 1, route: '[]' },
    }))
  const summed = async (store: Store): Promise<void> => {
    while (!(await store.rollups.catchUp())) {
      // goes on
    }
  }
  const here = await empty()
  // Not summed up yet: that is done first.
  await using(here, ({ requests: log }) => log.append(requests('key_here', [20_000, 20_001])))
  const there = await empty()
  const text = await using(there, async (store) => {
    await store.requests.append(requests('key_there', [20_001, 20_002]))
    await summed(store)
    return backupOf(store)
  })
  await restored(here, () => textSource(text), 'merge')
  await using(here, async (store) => {
    await summed(store)
    const sums = ((await contentOf(store)).requestRollups ?? []) as readonly Row[]
    const ofDays = sums.filter(({ grain, kind }) => grain === day && (kind === 'all' || kind === 'key'))
    expect(
      ofDays.map(({ kind, start, subject, requests: count }) => [kind, Number(start) / day, subject, count]).toSorted(),
    ).toEqual([
      ['all', 20_000, '', 1],
      ['all', 20_001, '', 1],
      ['all', 20_002, '', 1],
      ['key', 20_000, 'key_here', 1],
      ['key', 20_001, 'key_here', 1],
      ['key', 20_002, 'key_there', 1],
    ])
    expect((await contentOf(store)).requests).toHaveLength(4)
  })
}, 240_000)

test('rows that cannot stand are left out with what is theirs and told with the reason; a replacement is refused for them', async () => {
  const { place, store } = await fill(newOne())
  const text = await backupOf(store)
  const id = (await store.accounts.list())[0]?.account.id ?? ''
  await store.close()
  const bad = rewritten(text, (table, row) => {
    if (table === 'accounts' && row.id === id)
      return [{ ...row, id: 'acc_bad', userId: 'nobody', email: 'x@y.z', weight: 1000 }]
    if (table === 'credentials' && row.accountId === id)
      return [{ ...row, accountId: 'acc_bad', secret: '{"method":"builder-id","identityRegion":"us-east-1"}' }]
    return table === 'users' && row.priority === 0 ? [{ ...row, priority: '0' }] : [row]
  })
  expect(await place.restore(textSource(bad), true, 'replace')).toMatchObject({
    ok: false,
    error: expect.stringContaining('it breaks a rule'),
  })
  const report = await restored(place, () => textSource(bad), 'merge')
  expect(changesOf(report, 'accounts')).toMatchObject({
    invalid: 1,
    reasons: [expect.stringContaining('breaks a rule')],
  })
  expect(changesOf(report, 'credentials')).toMatchObject({ invalid: 1 })
  const users = changesOf(report, 'users')
  expect(users?.reasons[0]).toContain('priority must be a whole number')
  expect(users?.invalid).toBeGreaterThan(0)
  await using(place, async ({ accounts }) => {
    expect((await accounts.list()).some(({ account: own }) => own.id === id)).toBe(true)
  })
}, 240_000)

test('a backup of the original is merged: what is here stays, and nobody gets another password', async () => {
  const place = await empty()
  await using(place, async (store) => {
    await store.users.create([{ user: user('usr_own', 'Own'), key: key('key_own', 'c', 'usr_own') }])
    await store.settings.write({ admin_password_hash: 'ours' })
  })
  const report = await restored(place, () => textSource(originalBackup), 'merge')
  expect([report.kind, report.import?.tables.some(({ name }) => name === 'users')]).toEqual(['original', true])
  const made = JSON.parse(originalBackup) as { readonly users: readonly object[]; readonly accounts: readonly object[] }
  expect(changesOf(report, 'users')?.added).toBe(made.users.length)
  await using(place, async (store) => {
    expect((await store.users.list()).map(({ id }) => id)).toContain('usr_own')
    expect((await store.users.list()).length).toBe(made.users.length + 1)
    expect((await store.accounts.list()).length).toBe(changesOf(report, 'accounts')?.added ?? 0)
    expect((await store.settings.all()).admin_password_hash).toBe('ours')
  })
  const again = await restored(place, () => textSource(originalBackup), 'merge')
  for (const name of ['users', 'accounts', 'apiKeys', 'settings', 'ipBlocks', 'usageCounters'])
    expect([name, changesOf(again, name)?.added, changesOf(again, name)?.changed]).toEqual([name, 0, 0])
}, 240_000)

test('where nothing is here a merge says so, and a replacement does its work', async () => {
  const { store } = await fill(newOne())
  const text = await backupOf(store)
  await store.close()
  const place = await empty()
  rmSync(place.database)
  expect(await place.restore(textSource(text), true, 'merge')).toMatchObject({ ok: false })
  const report = await place.restore(textSource(text), false, 'replace')
  expect(report).toMatchObject({ ok: true, value: { keptAs: null } })
  expect(report.ok && changesOf(report.value, 'accounts')).toBeUndefined()
}, 240_000)
