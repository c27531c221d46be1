import { describe, expect, test } from 'bun:test'
import { type ErrorKind, errorKinds, gatewayError } from '../../server/conversation/error.ts'
import type { Quota } from '../../server/conversation/quota.ts'
import type { HealthState } from '../../server/pool/account.ts'
import {
  afterCheck,
  afterOutcome,
  afterQuota,
  afterReading,
  afterSignInLost,
  availableAt,
  defaultHealthPolicy as policy,
} from '../../server/pool/health.ts'
import { health, makeAccount } from './accounts.ts'

const now = Date.UTC(2026, 0, 15, 12)
const day = 86_400_000
const fail = (kind: ErrorKind, retryAfterMs?: number) =>
  ({ type: 'failure', error: gatewayError(kind, 'said', retryAfterMs === undefined ? {} : { retryAfterMs }) }) as const
const quota = (more: Partial<Quota>): Quota => ({ used: 0, limit: 100, readAt: now, ...more })

describe('what a call ends with moves the account', () => {
  const rows: readonly [HealthState, ErrorKind, HealthState][] = [
    ['ready', 'rate-limited', 'cooling'],
    ['ready', 'account-refused', 'cooling'],
    ['ready', 'access-denied', 'cooling'],
    ['ready', 'account-restricted', 'cooling'],
    ['ready', 'token-rejected', 'cooling'],
    ['ready', 'quota-exhausted', 'exhausted'],
    ['ready', 'account-suspended', 'suspended'],
    ['unchecked', 'account-suspended', 'suspended'],
    ['cooling', 'account-suspended', 'suspended'],
    ['expired', 'account-suspended', 'suspended'],
    ['suspended', 'rate-limited', 'suspended'],
    ['suspended', 'token-rejected', 'suspended'],
    ['expired', 'rate-limited', 'expired'],
    ['failing', 'quota-exhausted', 'failing'],
    ['cooling', 'quota-exhausted', 'exhausted'],
  ]
  test.each(rows)('%s after %s is %s', (from, kind, to) => {
    const account = makeAccount('a', { health: health(from, from === 'cooling' ? { until: now + 1_000 } : {}) })
    expect(afterOutcome(account, fail(kind), now, now, 0.5, policy).state).toBe(to)
  })

  const accountFaults = new Set<ErrorKind>([
    'token-rejected',
    'account-suspended',
    'account-refused',
    'access-denied',
    'account-restricted',
    'quota-exhausted',
    'rate-limited',
  ])
  test.each(errorKinds.filter((kind) => !accountFaults.has(kind)))('%s is not the account’s fault', (kind) => {
    const account = makeAccount('a')
    expect(afterOutcome(account, fail(kind), now, now, 0.5, policy)).toBe(account.health)
  })

  test('a caller who leaves changes nothing', () => {
    const account = makeAccount('a', { health: health('cooling', { until: now + 5_000 }) })
    expect(afterOutcome(account, { type: 'cancelled' }, now, now, 0.5, policy)).toBe(account.health)
  })
})

describe('rests', () => {
  test('last as long as the provider asks', () => {
    expect(afterOutcome(makeAccount('a'), fail('rate-limited', 300_000), now, now, 0.5, policy).until).toBe(
      now + 300_000,
    )
  })

  test('grow with rate limits in a row and are bounded, with jitter of at most half; a success starts anew', () => {
    let account = makeAccount('a')
    const rests: number[] = []
    let at = now
    for (let turn = 0; turn < 40; turn++) {
      const next = afterOutcome(account, fail('rate-limited'), at, at, 1, policy)
      rests.push((next.until ?? 0) - at)
      expect(next).toMatchObject({ state: 'cooling', since: at, failures: 0, kind: 'rate-limited', limits: turn + 1 })
      account = { ...account, health: next }
      at = next.until ?? at
    }
    const well = afterOutcome(account, { type: 'success' }, at, at + 1, 1, policy)
    expect(well).toEqual({ state: 'ready', since: at + 1, failures: 0 })
    expect(rests.slice(0, 4)).toEqual([2_000, 4_000, 8_000, 16_000])
    expect(rests.at(-1)).toBe(policy.cooling.maxMs)
    expect((afterOutcome(makeAccount('a'), fail('rate-limited'), now, now, 0, policy).until ?? 0) - now).toBe(1_000)
  })

  test('are never shortened by a later, smaller one', () => {
    const account = makeAccount('a', { health: health('cooling', { until: now + 60_000 }) })
    expect(afterOutcome(account, fail('rate-limited', 1_000), now, now, 0.5, policy).until).toBe(now + 60_000)
  })

  test('too many refusals in a row take the account out, with the reason', () => {
    const account = makeAccount('a', { health: health('ready', { failures: 29 }) })
    const next = afterOutcome(account, fail('account-refused'), now, now, 0.5, policy)
    expect(next.state).toBe('failing')
    expect(next.reason).toContain('30 errors in a row')
  })

  test('one burst is one event: calls that were under way when the rest began are not counted again', () => {
    let account = makeAccount('a', { health: health('ready', { since: now - day }) })
    for (const kind of ['rate-limited', 'account-refused'] as const) {
      for (let call = 0; call < 80; call++) {
        account = { ...account, health: afterOutcome(account, fail(kind, 2_000), now - 500 - call, now, 0.5, policy) }
      }
      expect(account.health).toMatchObject({ state: 'cooling', until: now + 2_000 })
      expect(account.health.failures).toBeLessThanOrEqual(1)
      expect(account.health.limits ?? 0).toBeLessThanOrEqual(1)
    }
  })

  test('a rest that is asked for again begins anew: a stream from between the two does not end it', () => {
    const first = makeAccount('a', {
      health: health('cooling', { since: now - 10_000, until: now - 8_000, limits: 1 }),
    })
    const again = { ...first, health: afterOutcome(first, fail('rate-limited', 60_000), now - 10, now, 0.5, policy) }
    expect(again.health.since).toBe(now)
    const late = afterOutcome(again, { type: 'success' }, now - 5_000, now + 3_000, 0.5, policy)
    expect(late).toMatchObject({ state: 'cooling', until: now + 60_000 })
    const dated = makeAccount('b', { health: health('exhausted', { since: now - 10_000, until: now - 8_000 }) })
    const spent = { ...dated, health: afterOutcome(dated, fail('quota-exhausted'), now - 10, now, 0.5, policy) }
    expect(afterOutcome(spent, { type: 'success' }, now - 5_000, now + 1, 0.5, policy).state).toBe('exhausted')
  })
})

describe('a restriction on suspicion', () => {
  const minute = 60_000
  const restrict = (account: ReturnType<typeof makeAccount>, startedAt: number, at: number, random = 0) =>
    ({ ...account, health: afterOutcome(account, fail('account-restricted'), startedAt, at, random, policy) }) as const

  test('rests for at least 30 minutes, doubling up to 12 hours, with the provider’s text', () => {
    let account: ReturnType<typeof makeAccount> = makeAccount('a')
    let at = now
    const rests: number[] = []
    for (let turn = 0; turn < 8; turn++) {
      account = restrict(account, at, at)
      expect(account.health).toMatchObject({
        state: 'cooling',
        kind: 'account-restricted',
        reason: 'said',
        failures: 0,
      })
      rests.push(((account.health.until ?? 0) - at) / minute)
      at = account.health.until ?? 0
    }
    expect(rests).toEqual([30, 60, 120, 240, 360, 360, 360, 360])
    expect((restrict(account, at, at, 1).health.until ?? 0) - at).toBe(720 * minute)
    const asked = afterOutcome(makeAccount('b'), fail('account-restricted', 900 * minute), now, now, 0, policy)
    expect(asked.until).toBe(now + 900 * minute)
  })

  test('is shortened by nothing but a person: no answer of a call, no late success, no reading of the quota', () => {
    const { health: rest } = restrict(makeAccount('a'), now, now)
    const account = makeAccount('a', { health: rest })
    for (const kind of ['rate-limited', 'access-denied', 'account-refused', 'token-rejected'] as const) {
      expect(afterOutcome(account, fail(kind, 1), now + 1, now + 2, 0, policy)).toBe(rest)
      expect(afterOutcome(account, fail(kind, day), now + 1, now + 2, 0, policy)).toBe(rest)
    }
    for (const startedAt of [now - 1, now, now + 1]) {
      expect(afterOutcome(account, { type: 'success' }, startedAt, now + 2, 0, policy)).toBe(rest)
    }
    expect(afterQuota(account, quota({ used: 100, resetsAt: now + minute, readAt: now + 1 }), now + 1, policy)).toBe(
      rest,
    )
    expect(afterReading(account, now + 1)).toBe(rest)
    expect(afterCheck(account, now + 1, now + 2).state).toBe('ready')
  })

  test('is one for all calls that were under way', () => {
    let account = restrict(makeAccount('a'), now, now)
    const { health: first } = account
    for (let call = 0; call < 50; call++) account = restrict(account, now - 1 - call, now + call)
    expect(account.health).toBe(first)
  })
})

describe('a success', () => {
  test.each([
    ['suspended', undefined],
    ['expired', undefined],
    ['failing', undefined],
    ['cooling', now + 60_000],
    ['exhausted', now + day],
  ] as const)('that began before the account became %s leaves it so', (state, until) => {
    const account = makeAccount('a', {
      health: health(state, { since: now - 1_000, ...(until === undefined ? {} : { until }) }),
    })
    expect(afterOutcome(account, { type: 'success' }, now - 5_000, now, 0.5, policy)).toBe(account.health)
  })

  test('that began after a rest was over ends it and forgets the failures', () => {
    const account = makeAccount('a', {
      health: health('cooling', { since: now - 60_000, until: now - 1_000, failures: 3 }),
    })
    expect(afterOutcome(account, { type: 'success' }, now - 500, now, 0.5, policy)).toEqual({
      state: 'ready',
      since: now,
      failures: 0,
    })
  })
})

describe('quota readings', () => {
  test('spent quota rests until the provider’s own reset date', () => {
    const next = afterQuota(makeAccount('a'), quota({ used: 100, resetsAt: now + 6 * day }), now, policy)
    expect(next).toMatchObject({ state: 'exhausted', until: now + 6 * day })
  })

  test('a failure for quota uses the date read before, else a later look', () => {
    const dated = makeAccount('a', { quota: quota({ resetsAt: now + 3 * day }) })
    expect(afterOutcome(dated, fail('quota-exhausted'), now, now, 0.5, policy).until).toBe(now + 3 * day)
    expect(afterOutcome(makeAccount('b'), fail('quota-exhausted'), now, now, 0.5, policy).until).toBe(
      now + policy.exhaustedRecheckMs,
    )
  })

  test('trial, bonuses and overage count as left', () => {
    const spent = { used: 100, limit: 100 }
    const more: readonly Partial<Quota>[] = [
      { ...spent, trial: { used: 1, limit: 5, active: true } },
      { ...spent, bonuses: [{ name: 'b', used: 0, limit: 1 }] },
      { ...spent, overage: { enabled: true, used: 0, cap: 10 } },
    ]
    const allowed = { ...policy, overage: { enabled: true } }
    const account = makeAccount('a', { overage: { enabled: true } })
    for (const part of more) expect(afterQuota(account, quota(part), now, allowed).state).toBe('ready')
    const ended = { ...spent, trial: { used: 1, limit: 5, active: false } }
    expect(afterQuota(makeAccount('a'), quota(ended), now, policy).state).toBe('exhausted')
  })

  test('new quota revives an exhausted account and never a suspended, expired or failing one', () => {
    const rows: readonly [HealthState, HealthState][] = [
      ['exhausted', 'ready'],
      ['suspended', 'suspended'],
      ['expired', 'expired'],
      ['failing', 'failing'],
      ['cooling', 'cooling'],
    ]
    for (const [from, to] of rows) {
      const account = makeAccount('a', { health: health(from, { until: now + day }) })
      expect(afterQuota(account, quota({ used: 1 }), now, policy).state).toBe(to)
    }
  })
})

test('a lost sign-in outranks everything but suspension', () => {
  for (const state of ['ready', 'unchecked', 'cooling', 'exhausted', 'failing'] as const) {
    expect(afterSignInLost(makeAccount('a', { health: health(state) }), 'dead', now).state).toBe('expired')
  }
  expect(afterSignInLost(makeAccount('a', { health: health('suspended') }), 'dead', now).state).toBe('suspended')
})

test('what began before the account was looked after says nothing: neither spent quota nor a reading of it', () => {
  const checked = makeAccount('a', { health: health('ready', { since: now }) })
  expect(afterOutcome(checked, fail('quota-exhausted'), now - 5_000, now + 1, 0.5, policy)).toBe(checked.health)
  expect(afterOutcome(checked, fail('quota-exhausted'), now + 1, now + 2, 0.5, policy).state).toBe('exhausted')
  expect(afterQuota(checked, quota({ used: 100, readAt: now - 1 }), now + 1, policy)).toBe(checked.health)
  expect(afterQuota(checked, quota({ used: 100, readAt: now + 1 }), now + 1, policy).state).toBe('exhausted')
  // A suspension is believed whenever it comes.
  expect(afterOutcome(checked, fail('account-suspended'), now - 5_000, now + 1, 0.5, policy).state).toBe('suspended')
})

test('a person’s check forgives everything but quota that is still spent and what happened since it began', () => {
  const finals = ['unchecked', 'cooling', 'failing', 'expired', 'suspended'] as const
  for (const state of finals) {
    const account = makeAccount('a', { health: health(state, { failures: 4 }) })
    expect(afterCheck(account, now - 1, now)).toMatchObject({ state: 'ready', failures: 0 })
    const newer = makeAccount('a', { health: health(state, { since: now }) })
    expect(afterCheck(newer, now - 1, now)).toBe(newer.health)
  }
  const spent = makeAccount('a', { health: health('exhausted', { until: now + 1 }) })
  expect(afterCheck(spent, now - 1, now).state).toBe('exhausted')
})

test('a reading by the gateway itself makes a new account ready and forgives nothing', () => {
  expect(afterReading(makeAccount('a', { health: health('unchecked') }), now).state).toBe('ready')
  for (const state of ['ready', 'cooling', 'exhausted', 'failing', 'expired', 'suspended'] as const) {
    const account = makeAccount('a', { health: health(state, { failures: 4, until: now - 1 }) })
    expect(afterReading(account, now)).toBe(account.health)
  }
})

test('a quota reading from before the quota was spent does not revive, and a date found out later is kept', () => {
  const account = makeAccount('a', { health: health('exhausted', { since: now, until: now + 3_600_000 }) })
  expect(afterQuota(account, quota({ used: 1, readAt: now - 1 }), now, policy).state).toBe('exhausted')
  expect(afterQuota(account, quota({ used: 1, readAt: now + 1 }), now + 1, policy).state).toBe('ready')
  const dated = afterQuota(account, quota({ used: 100, resetsAt: now + 3 * day }), now, policy)
  expect(dated).toMatchObject({ state: 'exhausted', until: now + 3 * day, since: now })
})

test('availableAt says when an account may serve', () => {
  const rows: readonly [Parameters<typeof makeAccount>[1], number | undefined][] = [
    [{}, now],
    [{ health: health('unchecked') }, now],
    [{ health: health('cooling', { until: now + 7 }) }, now + 7],
    [{ health: health('exhausted', { until: now - 7 }) }, now - 7],
    [{ health: health('suspended') }, undefined],
    [{ health: health('expired') }, undefined],
    [{ health: health('failing') }, undefined],
    [{ enabled: false }, undefined],
  ]
  for (const [more, expected] of rows) expect(availableAt(makeAccount('a', more), now)).toBe(expected as number)
})
