import { expect, test } from 'bun:test'
import { newAccountRecord } from '../../server/admin/account-draft.ts'
import { type AttentionInput, attentionOf } from '../../server/admin/attention.ts'
import { createOutcomes } from '../../server/admin/outcomes.ts'
import { createFeed } from '../../server/lib/feed.ts'
import type { Account } from '../../server/pool/account.ts'
import type { AccountRecord } from '../../server/store/store.ts'
import { secretsOf } from './admin-app.ts'

const now = Date.UTC(2026, 10, 29)
const dayMs = 86_400_000
const gib = 1024 ** 3

const account = (id: string, change: Partial<Account> = {}, userId = `user-${id}`): AccountRecord => {
  const made = newAccountRecord({ id, label: `label ${id}`, enabled: true, credentials: secretsOf(id) }, now, 8)
  const health = { state: 'ready', since: now, failures: 0 } as const
  return { account: { ...made.account, health, ...change }, profile: { ...made.profile, userId } }
}
const resting = { health: { state: 'cooling', since: now, until: now + 3_600_000, failures: 1 } } as const

const noticed = (change: Partial<AttentionInput>) =>
  attentionOf({
    ...{ accounts: [account('a')], burns: new Map(), proxies: [], isGlobalClosed: false, now, runOutMs: 0 },
    ...{ outcomes: { requests: 0, failures: 0 }, isLogOn: true, diskFreeBytes: null },
    ...change,
  })

test('where all is well nobody is wanted', () => {
  const accounts = [account('a', { quota: { used: 84, limit: 100, readAt: now } }), account('b')]
  expect(
    noticed({
      accounts,
      outcomes: { requests: 100, failures: 5 },
      diskFreeBytes: gib,
      backups: { newestAt: now - 7 * dayMs },
    }),
  ).toEqual([])
})

test('requests that fail are a share of enough of them', () => {
  const [item] = noticed({ outcomes: { requests: 20, failures: 2 } })
  expect(item).toMatchObject({ kind: 'requests.failing', severity: 'critical', figures: { count: 2, of: 20 } })
  expect(noticed({ outcomes: { requests: 19, failures: 19 } })).toEqual([])
})

test('few accounts ready are told, none ready is told otherwise, and a rest of seconds is none', () => {
  const six = (change: Partial<Account>) => ['b', 'c', 'd', 'e', 'f'].map((id) => account(id, change))
  const [item, ...rest] = noticed({ accounts: [account('a'), ...six(resting)] })
  expect([item, rest]).toMatchObject([{ kind: 'pool.low', figures: { count: 1, of: 6 } }, []])
  const short = { health: { ...resting.health, until: now + 5_000 } }
  expect(noticed({ accounts: [account('a'), ...six(short)] })).toEqual([])
  expect(noticed({ accounts: six(resting) }).map(({ kind }) => kind)).toEqual(['pool.empty'])
})

test('the quota of all accounts is added up, once for each period', () => {
  const quota = (used: number, resetsAt: number) => ({ quota: { used, limit: 100, readAt: now, resetsAt } })
  const accounts = [account('a', quota(80, now + dayMs)), account('b', quota(90, now + 2 * dayMs))]
  expect(noticed({ accounts })).toMatchObject([
    {
      ...{ id: `pool.quota:${now + dayMs}`, kind: 'pool.quota', severity: 'warning' },
      ...{ figures: { count: 170, of: 200 }, detail: '2026-11-30T00:00:00.000Z' },
    },
  ])
})

test('an account whose trial ends within 7 days is told with the day', () => {
  const trial = (days: number, active = true) => ({
    quota: { used: 0, limit: 10, readAt: now, trial: { used: 0, limit: 10, active, expiresAt: now + days * dayMs } },
  })
  const accounts = [account('a', trial(7)), account('b', trial(8)), account('c', trial(1, false))]
  expect(noticed({ accounts })).toMatchObject([
    { kind: 'account.expiring', account_id: 'a', name: 'label a', detail: '2026-12-06T00:00:00.000Z' },
  ])
})

test('the same person twice is told of the second, unless one is switched off', () => {
  const pair = (enabled: boolean) => [account('a'), account('b', { enabled }, 'user-a')]
  expect(noticed({ accounts: pair(true) })).toMatchObject([
    { kind: 'account.duplicate', account_id: 'b', name: 'label b', detail: 'label a' },
  ])
  expect(noticed({ accounts: pair(false) })).toEqual([])
})

test('a backup is missed after a week of use, and not where copies are made elsewhere', () => {
  const kinds = (change: Partial<AttentionInput>) => noticed(change).map(({ kind, since }) => [kind, since])
  const old = [account('a', { createdAt: now - 8 * dayMs })]
  const newestAt = now - 7 * dayMs - 1
  expect(kinds({ backups: { newestAt } })).toEqual([['backup.old', '2026-11-21T23:59:59.999Z']])
  expect(kinds({ accounts: old, backups: { newestAt: undefined } })).toEqual([['backup.old', null]])
  expect(kinds({ accounts: old })).toEqual([])
  expect(kinds({ backups: { newestAt: undefined } })).toEqual([])
})

test('a disk that is nearly full and a log that is off are told, the graver one first', () => {
  const items = noticed({ isLogOn: false, diskFreeBytes: gib - 1 })
  expect(items.map(({ kind, severity, figures }) => [kind, severity, figures?.count])).toEqual([
    ['disk.low', 'critical', gib - 1],
    ['log.off', 'warning', undefined],
  ])
})

test('requests are counted for 15 minutes, and who hangs up had no failure', () => {
  const clock = { now }
  const finished = createFeed<{ errorKind?: string }>(1)
  const outcomes = createOutcomes(finished, () => clock.now)
  finished.publish({ errorKind: 'upstream-failed' })
  finished.publish({ errorKind: 'cancelled' })
  clock.now += 60_000
  finished.publish({})
  finished.publish({})
  expect(outcomes()).toEqual({ requests: 4, failures: 1 })
  clock.now += 14 * 60_000
  expect(outcomes()).toEqual({ requests: 2, failures: 0 })
  clock.now += 60_000
  expect(outcomes()).toEqual({ requests: 0, failures: 0 })
})
