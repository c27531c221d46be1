import { expect, test } from 'bun:test'
import {
  type OveragePolicy,
  overageCap,
  permitted,
  type Quota,
  remainingCredits,
} from '../../server/conversation/quota.ts'
import type { Account } from '../../server/pool/account.ts'
import { afterQuota, defaultHealthPolicy } from '../../server/pool/health.ts'
import { createPool, type PoolSettings } from '../../server/pool/pool.ts'
import type { SeatRequest } from '../../server/pool/seat-request.ts'
import { createTestEffects } from '../support/effects.ts'

const resetsAt = Date.UTC(2026, 1, 1)
const quotaOf = (used: number, overage: Partial<NonNullable<Quota['overage']>> = {}, readAt = 0): Quota => ({
  used,
  limit: 100,
  overage: { enabled: true, used: 0, cap: 1_000, microUsdPerCredit: 40_000, ...overage },
  resetsAt,
  readAt,
})

test.each<[string, Partial<NonNullable<Quota['overage']>>, OveragePolicy, number]>([
  ['off', {}, { enabled: false, maxCredits: 50 }, 0],
  ['on, no cap of ours', {}, { enabled: true }, 1_000],
  ['on, capped in credits', {}, { enabled: true, maxCredits: 50 }, 50],
  ['on, capped in money', {}, { enabled: true, maxMicroUsd: 1_000_000 }, 25],
  ['on, the lower of both', {}, { enabled: true, maxCredits: 10, maxMicroUsd: 1_000_000 }, 10],
  ["on, above the provider's cap", { cap: 5 }, { enabled: true, maxCredits: 50 }, 5],
  ['on, capped in money at a free price', { microUsdPerCredit: 0 }, { enabled: true, maxMicroUsd: 1 }, 1_000],
  ['not offered by the provider', { enabled: false }, { enabled: true }, 0],
])('overage %s', (_, overage, policy, cap) => {
  expect(overageCap(quotaOf(90, overage), policy)).toBe(cap)
  expect(remainingCredits(permitted(quotaOf(90, overage), policy))).toBe(10 + cap)
})

test('a cap in money without a known price spends nothing', () => {
  const { microUsdPerCredit: _, ...overage } = quotaOf(0).overage ?? { enabled: true, used: 0, cap: 0 }
  expect(overageCap({ ...quotaOf(0), overage }, { enabled: true, maxMicroUsd: 5 })).toBe(0)
})

const accountOf = (id: string, quota: Quota, overage?: OveragePolicy): Account => ({
  id,
  label: id,
  enabled: true,
  health: { state: 'ready', since: 0, failures: 0 },
  weight: 1,
  maxInFlight: 1_000,
  quota,
  ...(overage && { overage }),
  createdAt: 0,
})

function setUp(overage: OveragePolicy, accounts: readonly Account[]) {
  const effects = createTestEffects()
  const settings: PoolSettings = {
    strategy: 'least_loaded',
    health: { ...defaultHealthPolicy, overage },
    room: { softInFlight: 1_000, softStartsPerMinute: 0, startsPerMinute: 0 },
    quotaReserve: 0,
    maxWaiting: 1_000,
    affinityMax: 10,
    affinityTtlMs: 1_000,
  }
  const pool = createPool(settings, { effects, onHealth: () => {}, onOutcome: () => {} })
  for (const account of accounts) pool.put(account)
  const request = (credits: number, waitMs = 0): SeatRequest => ({
    callerId: 'key_1',
    modelId: 'm',
    exclude: new Set(),
    avoid: new Set(),
    waitUntil: effects.now() + waitMs,
    credits,
  })
  const take = (credits: number, waitMs = 0) => pool.acquire(request(credits, waitMs), new AbortController().signal)
  return { pool, effects, settings, take }
}

const own = (more: Omit<OveragePolicy, 'enabled'> = {}): OveragePolicy => ({ enabled: true, ...more })

test.each<[string, OveragePolicy, OveragePolicy | undefined, number]>([
  ['off for all', { enabled: false }, own(), 10],
  ['off for the account', own(), undefined, 10],
  ['off for the account, with caps set', own(), { enabled: false, maxCredits: 5 }, 10],
  ['on, capped for the account', own(), own({ maxCredits: 20 }), 30],
  ['on, capped in money for the account', own(), own({ maxMicroUsd: 400_000 }), 20],
  ['on, capped for all together', own({ maxCredits: 15 }), own(), 25],
  ['on, capped in money for all together', own({ maxMicroUsd: 200_000 }), own(), 15],
])(
  'of 100 calls at once that may cost a credit each no more go out than may be spent: %s',
  async (_, all, one, served) => {
    const { take } = setUp(all, [accountOf('acc_a', quotaOf(90), one)])
    const leases = await Promise.all(Array.from({ length: 100 }, () => take(1)))
    expect(leases.filter(({ ok }) => ok).length).toBe(served)
  },
)

test('a cap for all holds over several accounts, counting what they have spent of it already', async () => {
  const accounts = [1, 2, 3].map((at) => accountOf(`acc_${at}`, quotaOf(100, { used: 2 }), own()))
  const { take, pool } = setUp(own({ maxCredits: 20 }), accounts)
  const leases = await Promise.all(Array.from({ length: 100 }, () => take(1)))
  expect(leases.filter(({ ok }) => ok).length).toBe(14)
  for (const lease of leases) if (lease.ok) lease.value.release({ type: 'success' }, 0)
  pool.remove('acc_3') // and what it had spent goes with it
  const after = await Promise.all(Array.from({ length: 100 }, () => take(1)))
  expect(after.filter(({ ok }) => ok).length).toBe(16)
})

test('what a call did not cost is free again for those who wait; what it did cost is spent', async () => {
  const { take } = setUp({ enabled: false }, [accountOf('acc_a', quotaOf(90))])
  const first = await take(8)
  if (!first.ok) throw new Error('refused')
  const second = take(5, 10_000)
  const third = take(5, 10_000)
  first.value.release({ type: 'success' }, 2)
  const got = await second
  expect(got.ok).toBe(true)
  if (got.ok) got.value.release({ type: 'success' }, 5)
  const last = await third
  expect(last).toMatchObject({ ok: false, error: { kind: 'pool-exhausted' } }) // 3 left, nothing under way
  if (!last.ok) expect(last.error.retryAfterMs).toBeGreaterThan(86_400_000)
  expect((await take(3)).ok).toBe(true)
})

test('a call whose cost is not known counts as what it might have cost, until a reading knows better', async () => {
  const account = accountOf('acc_a', quotaOf(90))
  const { take, pool, effects } = setUp({ enabled: false }, [account])
  const lease = await take(10)
  if (lease.ok) lease.value.release({ type: 'cancelled' })
  expect((await take(1)).ok).toBe(false)
  await effects.advance(60_000)
  pool.put({ ...account, quota: quotaOf(92, {}, effects.now()) })
  expect((await take(8)).ok).toBe(true)
})

test('an account whose provider stops by itself is not guarded', async () => {
  const { take, pool } = setUp({ enabled: false }, [accountOf('acc_a', quotaOf(99, { enabled: false }))])
  expect(pool.guardsCredits()).toBe(false)
  expect((await Promise.all(Array.from({ length: 20 }, () => take(5)))).every(({ ok }) => ok)).toBe(true)
})

test('another account takes over, and a switch counts at once', async () => {
  const { take, pool, settings } = setUp({ enabled: false }, [
    accountOf('acc_a', quotaOf(100), own()),
    accountOf('acc_b', quotaOf(0)),
  ])
  const lease = await take(1)
  expect(lease.ok && lease.value.accountId).toBe('acc_b')
  pool.remove('acc_b')
  expect((await take(1)).ok).toBe(false)
  pool.setSettings({ ...settings, health: { ...settings.health, overage: own() } })
  expect((await take(1)).ok).toBe(true)
})

test('a reading ends the service of an account that has only overage left, unless that is allowed', () => {
  const policy = (overage: OveragePolicy) => ({ ...defaultHealthPolicy, overage })
  const account = accountOf('acc_a', quotaOf(100), own())
  const now = 1_000
  expect(afterQuota(account, quotaOf(100, {}, 500), now, policy({ enabled: false }))).toMatchObject({
    state: 'exhausted',
    until: resetsAt,
  })
  expect(afterQuota(account, quotaOf(100, {}, 500), now, policy(own())).state).toBe('ready')
})
