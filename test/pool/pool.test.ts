import { describe, expect, test } from 'bun:test'
import { type ErrorKind, gatewayError } from '../../server/conversation/error.ts'
import type { Account, Health, Outcome } from '../../server/pool/account.ts'
import { defaultHealthPolicy } from '../../server/pool/health.ts'
import { createPool, type PoolSettings } from '../../server/pool/pool.ts'
import type { Lease, SeatRequest } from '../../server/pool/seat-request.ts'
import { createTestEffects } from '../support/effects.ts'
import { health, makeAccount } from './accounts.ts'

const settings: PoolSettings = {
  strategy: 'least_loaded',
  health: defaultHealthPolicy,
  room: { softInFlight: 1_000, softStartsPerMinute: 0, startsPerMinute: 0 },
  quotaReserve: 0.05,
  maxWaiting: 100,
  affinityMax: 100,
  affinityTtlMs: 600_000,
}
const success: Outcome = { type: 'success' }
const failure = (kind: 'rate-limited' | 'account-suspended', retryAfterMs = 30_000): Outcome => ({
  type: 'failure',
  error: gatewayError(kind, 'said', { retryAfterMs }),
})

function makePool(accounts: readonly Account[], more: Partial<PoolSettings> = {}) {
  const effects = createTestEffects()
  const saved: [string, Health][] = []
  const pool = createPool(
    { ...settings, ...more },
    { effects, onHealth: (id, next) => saved.push([id, next]), onOutcome: () => {} },
  )
  for (const account of accounts) pool.put(account)
  const request = (part: Partial<SeatRequest> = {}): SeatRequest => ({
    callerId: 'key',
    modelId: 'm',
    exclude: new Set(),
    avoid: new Set(),
    waitUntil: effects.now() + 10_000,
    ...part,
  })
  const signal = new AbortController().signal
  const take = async (part: Partial<SeatRequest> = {}): Promise<Lease> => {
    const result = await pool.acquire(request(part), signal)
    if (!result.ok) throw new Error(result.error.kind)
    return result.value
  }
  const refusal = async (part: Partial<SeatRequest> = {}) => {
    const result = await pool.acquire(request(part), signal)
    if (result.ok) throw new Error(`got ${result.value.accountId}`)
    return result.error
  }
  return { pool, effects, saved, request, take, refusal }
}

describe('who may serve', () => {
  test('an account without the model, disabled, resting or tried already is passed over, and the record says why', async () => {
    const { pool, effects, take } = makePool([
      makeAccount('off', { enabled: false }),
      makeAccount('rests', { health: health('cooling', { until: Date.UTC(2027, 0, 1) }) }),
      makeAccount('gone', { health: health('suspended') }),
      makeAccount('plain'),
      makeAccount('tried'),
      makeAccount('good'),
    ])
    pool.setModels('plain', ['other'])
    pool.setModels('good', ['m', 'other'])
    const lease = await take({ exclude: new Set(['tried']) })
    expect(lease.accountId).toBe('good')
    expect(Object.fromEntries(lease.considered.map(({ accountId, verdict }) => [accountId, verdict]))).toEqual({
      off: 'disabled',
      rests: 'cooling',
      gone: 'suspended',
      plain: 'no-model',
      tried: 'tried',
      good: 'chosen',
    })
    expect(effects.timers()).toBe(0)
  })

  test('an account to avoid is taken only when there is no other', async () => {
    const { take } = makePool([makeAccount('a'), makeAccount('b')])
    expect((await take({ avoid: new Set(['a']) })).accountId).toBe('b')
    expect((await take({ avoid: new Set(['a', 'b']) })).accountId).toBeString()
  })

  test('a model the provider refused to an account is not asked of it again', async () => {
    const { pool, take } = makePool([makeAccount('a'), makeAccount('b')])
    pool.setModels('a', ['m'])
    pool.setModels('b', ['m'])
    pool.forgetModel('a', 'm')
    for (let turn = 0; turn < 4; turn++) expect((await take()).accountId).toBe('b')
  })

  test('an operator’s switch takes effect on the very next request', async () => {
    const { pool, take, refusal } = makePool([makeAccount('a')])
    ;(await take()).release(success)
    pool.put(makeAccount('a', { enabled: false }))
    expect((await refusal()).kind).toBe('no-healthy-account')
    pool.put(makeAccount('a'))
    expect((await take()).accountId).toBe('a')
  })
})

describe('a key with accounts of its own', () => {
  test('is served by them alone, whoever else is free, and is told when none of them can', async () => {
    const { pool, take, refusal } = makePool([makeAccount('a'), makeAccount('b'), makeAccount('c')])
    const only = new Set(['b', 'gone'])
    for (let turn = 0; turn < 4; turn++) {
      const lease = await take({ only })
      expect(lease.considered).toEqual([{ accountId: 'b', verdict: 'chosen' }])
      lease.release(success)
    }
    expect((await take({ only, avoid: new Set(['b']) })).accountId).toBe('b')
    pool.put(makeAccount('b', { health: health('suspended') }))
    expect(await refusal({ only })).toMatchObject({ kind: 'no-healthy-account' })
    pool.put(makeAccount('b'))
    pool.setModels('b', ['other'])
    expect(await refusal({ only })).toMatchObject({ kind: 'model-not-found', field: 'model' })
    pool.remove('b')
    const none = await refusal({ only })
    expect([none.kind, none.message]).toEqual(['no-account', expect.stringContaining('this API key may use')])
  })

  test('waits for them while others idle, and holds up nobody else', async () => {
    const { pool, take } = makePool([makeAccount('a', { maxInFlight: 1 }), makeAccount('b')])
    const only = new Set(['a'])
    const first = await take({ only })
    let served = false
    const second = take({ only }).then((lease) => {
      served = true
      return lease
    })
    expect((await take({ callerId: 'other' })).accountId).toBe('b')
    expect([served, pool.stats().waiting]).toEqual([false, 1])
    first.release(success)
    expect((await second).accountId).toBe('a')
  })

  test('does not follow a conversation to an account that is not its own', async () => {
    const { take } = makePool([makeAccount('a'), makeAccount('b')])
    const elsewhere = await take({ session: 's', only: new Set(['a']) })
    const own = await take({ session: 's', only: new Set(['b']) })
    expect([own.accountId, own.by]).toEqual(['b', 'least_loaded'])
    expect(own.conversationId).not.toBe(elsewhere.conversationId)
  })
})

describe('after a rest', () => {
  const rested = { state: 'cooling', since: 0, until: 1, failures: 0, kind: 'rate-limited' } as const
  test('one call alone tries the account; the others follow its first word, not its end', async () => {
    const { take, pool } = makePool([makeAccount('a', { maxInFlight: 9, health: rested })])
    const probe = await take()
    let through = 0
    const others = [1, 2, 3].map(() =>
      take().then((lease) => {
        through++
        return lease
      }),
    )
    expect([through, pool.stats().waiting]).toEqual([0, 3])
    probe.confirm()
    await Promise.all(others)
    expect([through, pool.get('a')?.health.state, pool.inFlight('a')]).toEqual([3, 'ready', 4])
  })

  test('a try that fails keeps the others waiting or sends them away, one that says nothing makes way for the next', async () => {
    const { take, refusal, effects, pool } = makePool([makeAccount('a', { maxInFlight: 9, health: rested })])
    const probe = await take()
    const waiting = refusal({ waitUntil: effects.now() + 29_000 })
    probe.release(failure('rate-limited', 30_000))
    expect(await waiting).toMatchObject({ kind: 'pool-cooling', retryAfterMs: 30_000 })
    await effects.advance(30_000)
    await take() // silent
    const next = take({ waitUntil: effects.now() + 60_000 })
    await effects.advance(4_900)
    expect(pool.stats().waiting).toBe(1)
    await effects.advance(200)
    expect((await next).accountId).toBe('a')
  })
})

describe('during a rest', () => {
  test('requests wait for its end in line, one tries, and not all at once run into the same limit again', async () => {
    const { take, pool, effects } = makePool([makeAccount('a', { maxInFlight: 99 })])
    const throttled = await take()
    throttled.release({ type: 'failure', error: gatewayError('rate-limited', 'said') })
    const got: Lease[] = []
    const refused: unknown[] = []
    for (let request = 0; request < 40; request++) {
      take({ waitUntil: effects.now() + 60_000 }).then((lease) => got.push(lease), refused.push.bind(refused))
    }
    await effects.advance(900)
    expect([got.length, pool.stats().waiting]).toEqual([0, 40])
    await effects.advance(1_101)
    expect(got).toHaveLength(1)
    got[0]?.confirm()
    await effects.advance(0)
    expect(got).toHaveLength(5)
    // The limit is met again: the others are spared, and the next try is one call again.
    got[1]?.release({ type: 'failure', error: gatewayError('rate-limited', 'said') })
    await effects.advance(900)
    expect([got.length, pool.get('a')?.health.state]).toEqual([5, 'cooling'])
    await effects.advance(1_101)
    expect(got).toHaveLength(6)
    for (const most of [10, 26, 40]) {
      for (const lease of got) lease.confirm()
      await effects.advance(0)
      expect(got).toHaveLength(most)
    }
    expect(refused).toEqual([])
  })

  test('who comes just as it ends does not take the others their alarm', async () => {
    let now = Date.UTC(2026, 0, 15)
    let alarms: (() => void)[] = []
    const after = (_: number, task: () => void) => {
      alarms.push(task)
      return () => {
        alarms = alarms.filter((other) => other !== task)
      }
    }
    const pool = createPool(settings, {
      effects: { ...createTestEffects(), now: () => now, after },
      onHealth: () => {},
      onOutcome: () => {},
    })
    pool.put(makeAccount('a', { health: health('cooling', { until: now + 100, kind: 'rate-limited' }) }))
    const ask = async (): Promise<string> => {
      const request = { callerId: 'key', modelId: 'm', exclude: new Set<string>(), avoid: new Set<string>() }
      const got = await pool.acquire({ ...request, waitUntil: now + 60_000 }, new AbortController().signal)
      if (got.ok) got.value.release(success)
      return got.ok ? got.value.accountId : got.error.kind
    }
    const first = ask()
    await Promise.resolve()
    now += 101 // the alarm is due, but the program was busy
    const second = ask()
    await Promise.resolve()
    // The two timers of those who wait belong to the end of their patience; the newest is the pool's own.
    expect(alarms).toHaveLength(3)
    alarms.at(-1)?.()
    expect(await Promise.all([first, second])).toEqual(['a', 'a'])
  })

  test('one that may not wait so long is told the time', async () => {
    const { take, refusal, effects } = makePool([makeAccount('a'), makeAccount('b')])
    for (const only of [new Set(['a']), new Set(['b'])]) (await take({ only })).release(failure('rate-limited', 30_000))
    const told = await refusal({ waitUntil: effects.now() + 29_999 })
    expect(told).toMatchObject({ kind: 'pool-cooling', retryAfterMs: 30_000 })
  })

  test('an account that was tried for the last time, or lacks the model, is not waited for', async () => {
    const { take, refusal, pool, effects } = makePool([makeAccount('a'), makeAccount('b')])
    pool.setModels('b', ['other'])
    ;(await take({ only: new Set(['a']) })).release(failure('rate-limited', 5_000))
    const waitUntil = effects.now() + 60_000
    expect((await refusal({ exclude: new Set(['a']), waitUntil })).kind).toBe('pool-cooling')
    pool.put(makeAccount('a', { enabled: false }))
    expect((await refusal({ waitUntil })).kind).toBe('model-not-found')
  })
})

describe('passing faults', () => {
  const passing = (kind: ErrorKind, retryAfterMs?: number): Outcome => ({
    type: 'failure',
    error: gatewayError(kind, 'said', retryAfterMs === undefined ? {} : { retryAfterMs }),
  })
  test('leave the account’s health alone, but it is taken only when no other is free', async () => {
    const { take, pool, effects } = makePool([makeAccount('a', { createdAt: 1 }), makeAccount('b', { createdAt: 2 })], {
      strategy: 'sequential',
    })
    ;(await take()).release(passing('upstream-failed'))
    expect(pool.get('a')?.health.state).toBe('ready')
    expect(pool.troubles('a')).toEqual([{ kind: 'shaky', until: expect.any(Number) }])
    const other = await take()
    expect(other.considered).toEqual([
      { accountId: 'a', verdict: 'shaky' },
      { accountId: 'b', verdict: 'chosen' },
    ])
    expect((await take({ exclude: new Set(['b']) })).accountId).toBe('a')
    await effects.advance(20_001)
    const back = await take()
    expect(back.accountId).toBe('a')
    back.release(success)
  })

  test('with a time the provider named are waited out, even for want of another account, or told to the caller', async () => {
    const { take, refusal, pool, effects } = makePool([makeAccount('a')])
    const long = await take()
    ;(await take()).release(passing('upstream-failed', 5_000))
    long.release(success) // it began before, and says nothing
    let served = false
    const waiting = take({ waitUntil: effects.now() + 10_000 }).then((lease) => {
      served = true
      return lease
    })
    await effects.advance(4_900)
    expect([served, pool.stats().waiting]).toEqual([false, 1])
    await effects.advance(200)
    ;(await waiting).release(passing('service-throttled', 30_000))
    expect(await refusal({ waitUntil: effects.now() + 10_000 })).toMatchObject({
      kind: 'service-throttled',
      retryAfterMs: 30_000,
    })
    const until = effects.now() + 30_000
    expect(pool.troubles('a')).toEqual([{ kind: 'told-to-wait', until, reason: 'said' }])
    expect(pool.get('a')?.health.state).toBe('ready')
  })

  test('of one model count for that model alone, and a refused model is not asked for again for a while', async () => {
    const { take, pool, effects } = makePool([makeAccount('a', { createdAt: 1 }), makeAccount('b', { createdAt: 2 })], {
      strategy: 'sequential',
    })
    ;(await take()).release(passing('model-overloaded', 20_000))
    expect((await take()).accountId).toBe('b')
    expect((await take({ modelId: 'other' })).accountId).toBe('a')
    pool.forgetModel('a', 'third')
    pool.setModels('a', ['m', 'other', 'third']) // a list that still names it changes nothing
    const elsewhere = await take({ modelId: 'third' })
    expect(elsewhere.considered[0]).toEqual({ accountId: 'a', verdict: 'no-model' })
    await effects.advance(3_600_001)
    expect((await take({ modelId: 'third' })).accountId).toBe('a')
  })

  test('keep the named time whatever pause was running, and a later one whatever is named then', async () => {
    const { take, refusal, effects } = makePool([makeAccount('a', { maxInFlight: 99 })])
    const calls = [await take(), await take(), await take()]
    calls[0]?.release(passing('timeout')) // a pause of half a minute of our own
    calls[1]?.release(passing('upstream-failed', 8_000))
    calls[2]?.release(passing('upstream-failed')) // and another that names none
    expect(await refusal({ waitUntil: effects.now() + 1 })).toMatchObject({ retryAfterMs: 8_000 })
    await effects.advance(8_001)
    expect((await take()).accountId).toBe('a')
  })

  test('after a named time one call tries the account, and its first word lets the others in', async () => {
    const { take, pool, effects } = makePool([makeAccount('a', { maxInFlight: 99 })])
    ;(await take()).release(passing('upstream-failed', 5_000))
    const waiting = [1, 2, 3].map(() => take({ waitUntil: effects.now() + 60_000 }))
    await effects.advance(5_001)
    expect([pool.inFlight('a'), pool.stats().waiting]).toEqual([1, 2])
    ;(await waiting[0])?.confirm()
    await Promise.all(waiting)
    expect(pool.inFlight('a')).toBe(3)
  })

  test('a model refused to the only account is not found, until its list changes or a person looks after it', async () => {
    const roomy = { maxInFlight: 99 }
    const { take, refusal, pool } = makePool([makeAccount('a', roomy)])
    pool.setModels('a', ['m', 'n'])
    const refuse = async (): Promise<void> => {
      pool.forgetModel('a', 'm')
      expect(await refusal()).toMatchObject({ kind: 'model-not-found', field: 'model' })
      expect((await take({ modelId: 'n' })).accountId).toBe('a')
    }
    await refuse()
    pool.setModels('a', ['m', 'n'])
    expect((await refusal()).kind).toBe('model-not-found')
    pool.setModels('a', ['m', 'n', 'o'])
    expect((await take()).accountId).toBe('a')
    await refuse()
    pool.put(makeAccount('a', { ...roomy, enabled: false }))
    pool.put(makeAccount('a', roomy))
    expect((await take()).accountId).toBe('a')
    await refuse()
    pool.put(makeAccount('a', { ...roomy, health: health('ready', { since: Date.UTC(2026, 1, 1) }) }))
    expect((await take()).accountId).toBe('a')
  })

  test('again and again are worse than a short wait for an account that is well', async () => {
    const { take, pool, effects } = makePool([
      makeAccount('bad', { createdAt: 1 }),
      makeAccount('good', { createdAt: 2, maxInFlight: 1 }),
    ])
    for (let fault = 0; fault < 3; fault++) {
      ;(await take({ only: new Set(['bad']) })).release(passing('upstream-failed'))
      await effects.advance(10)
    }
    const busy = await take()
    expect(busy.accountId).toBe('good')
    const waiting = take()
    expect(pool.stats().waiting).toBe(1)
    busy.release(success)
    const served = await waiting
    expect(served.accountId).toBe('good')
    expect((await take({ exclude: new Set(['good']) })).accountId).toBe('bad') // for want of any other
  })

  test('of many calls at once are one', async () => {
    const { take, effects } = makePool(
      [makeAccount('a', { createdAt: 1, maxInFlight: 99 }), makeAccount('b', { createdAt: 2, maxInFlight: 99 })],
      { strategy: 'sequential' },
    )
    const burst: Lease[] = []
    for (let call = 0; call < 50; call++) burst.push(await take({ exclude: new Set(['b']) }))
    await effects.advance(5)
    for (const lease of burst) {
      lease.release(passing('upstream-failed'))
      await effects.advance(1)
    }
    expect((await take()).accountId).toBe('b')
    await effects.advance(1_000)
    expect((await take()).accountId).toBe('a')
  })

  test('grow longer while they go on, and one success ends them', async () => {
    const { take, effects } = makePool([makeAccount('a', { createdAt: 1 }), makeAccount('b', { createdAt: 2 })], {
      strategy: 'sequential',
    })
    const fail = async (): Promise<void> => (await take({ exclude: new Set(['b']) })).release(passing('timeout'))
    await fail()
    await effects.advance(31_000)
    await fail()
    await effects.advance(29_000)
    expect((await take()).accountId).toBe('b')
    const well = await take({ exclude: new Set(['b']) })
    well.release(success)
    expect((await take()).accountId).toBe('a')
  })
})

test('a request for a model that is free is not held up by one of the same key whose model is not', async () => {
  const { pool, take } = makePool([makeAccount('a', { maxInFlight: 1 }), makeAccount('b', { maxInFlight: 1 })])
  pool.setModels('a', ['m'])
  pool.setModels('b', ['n'])
  const first = await take({ modelId: 'm' })
  const order: string[] = []
  const note = (name: string) => (lease: Lease) => {
    order.push(name)
    return lease
  }
  const waiting = [take({ modelId: 'm' }).then(note('m1')), take({ modelId: 'm' }).then(note('m2'))]
  const other = await take({ modelId: 'n' }).then(note('n1')) // passes at once
  const queued = take({ modelId: 'n' }).then(note('n2'))
  other.release(success)
  await queued
  first.release(success)
  const next = await waiting[0]
  next?.release(success)
  await waiting[1]
  expect(order).toEqual(['n1', 'n2', 'm1', 'm2'])
})

test('a lease tells when its account may not be called any more', async () => {
  const { pool, take } = makePool([makeAccount('a'), makeAccount('b'), makeAccount('c')])
  const leases = [
    await take({ only: new Set(['a']) }),
    await take({ only: new Set(['b']) }),
    await take({ only: new Set(['c']) }),
  ]
  expect(leases.map((lease) => lease.isCurrent())).toEqual([true, true, true])
  pool.put(makeAccount('a', { enabled: false }))
  pool.put(makeAccount('b', { health: health('suspended') }))
  pool.remove('c')
  pool.put(makeAccount('c'))
  expect(leases.map((lease) => lease.isCurrent())).toEqual([false, false, false])
})

describe('accounts that rest are told by what heals first', () => {
  type Rest = readonly [kind: ErrorKind, inMs: number]
  const minute = 60_000
  const rows: readonly (readonly [
    name: string,
    rests: readonly Rest[],
    kind: ErrorKind,
    retryAfterMs: number | undefined,
  ])[] = [
    ['a named refusal is a person’s to change', [['account-refused', minute]], 'account-refused', undefined],
    ['one without a reason passes', [['access-denied', minute]], 'access-denied', minute],
    ['so does a token that was refused', [['token-rejected', minute]], 'access-denied', minute],
    ['a suspicion has its time', [['account-restricted', 30 * minute]], 'account-restricted', 30 * minute],
    [
      'a rate limit that ends first',
      [
        ['access-denied', 5 * minute],
        ['rate-limited', minute],
      ],
      'pool-cooling',
      minute,
    ],
    [
      'a refusal that ends first',
      [
        ['access-denied', minute],
        ['rate-limited', 5 * minute],
      ],
      'access-denied',
      minute,
    ],
    [
      'what heals comes before what does not',
      [
        ['account-refused', minute],
        ['rate-limited', 2 * minute],
      ],
      'pool-cooling',
      2 * minute,
    ],
    [
      'what heals soon before what takes hours',
      [
        ['account-restricted', minute],
        ['access-denied', 9 * minute],
      ],
      'access-denied',
      9 * minute,
    ],
  ]
  test.each([...rows])('%s', async (_, rests, kind, retryAfterMs) => {
    const { pool, effects, refusal } = makePool([])
    for (const [restKind, inMs] of rests) {
      const until = effects.now() + inMs
      pool.put(makeAccount(restKind, { health: health('cooling', { until, kind: restKind, reason: 'said so' }) }))
    }
    const told = await refusal()
    expect([told.kind, told.retryAfterMs]).toEqual([kind, retryAfterMs])
    if (kind !== 'pool-cooling') expect(told.message).toContain('said so')
  })
})

describe('soft limits', () => {
  const room = { softInFlight: 2, softStartsPerMinute: 3, startsPerMinute: 0 }
  test('keep an account for when no other is below them, and never hold a request up', async () => {
    const { take } = makePool([makeAccount('a', { createdAt: 1 }), makeAccount('b', { createdAt: 2 })], {
      strategy: 'sequential',
      room,
    })
    const taken: string[] = []
    for (let turn = 0; turn < 5; turn++) taken.push((await take()).accountId)
    expect(taken).toEqual(['a', 'a', 'b', 'b', 'a'])
    const last = await take()
    expect(last.considered).toEqual([
      { accountId: 'a', verdict: 'chosen' },
      { accountId: 'b', verdict: 'strained' },
    ])
  })

  test('count the calls of the last minute', async () => {
    const { take, effects } = makePool([makeAccount('a', { createdAt: 1 }), makeAccount('b', { createdAt: 2 })], {
      strategy: 'sequential',
      room,
    })
    const next = async (): Promise<string> => {
      const lease = await take()
      lease.release(success)
      return lease.accountId
    }
    expect([await next(), await next(), await next(), await next()]).toEqual(['a', 'a', 'a', 'b'])
    await effects.advance(60_001)
    expect(await next()).toBe('a')
  })

  test('do not move a conversation, but a reason to avoid its account does', async () => {
    const { take } = makePool(
      [makeAccount('a', { createdAt: 1 }), makeAccount('b', { createdAt: 2, maxInFlight: 9 })],
      {
        strategy: 'sequential',
        room,
      },
    )
    for (let turn = 0; turn < 2; turn++) await take()
    await take({ session: 's' }) // a has its share: b
    for (let turn = 0; turn < 4; turn++) {
      const lease = await take({ session: 's' })
      expect([lease.accountId, lease.by]).toEqual(['b', 'conversation'])
    }
    expect((await take({ session: 's', avoid: new Set(['b']) })).accountId).toBe('a')
  })
})

test('the record of a choice is bounded and holds the chosen one', async () => {
  const { take, pool } = makePool(
    Array.from({ length: 100 }, (_, index) => makeAccount(`a${index}`, { enabled: index === 99 })),
  )
  const { considered } = await take()
  expect(considered).toHaveLength(65)
  expect(considered.at(-1)).toEqual({ accountId: 'a99', verdict: 'chosen' })
  const request = { callerId: 'k', modelId: 'm', exclude: new Set<string>(), avoid: new Set<string>(), waitUntil: 0 }
  expect(pool.consider(request)).toHaveLength(64)
  expect(pool.consider({ ...request, only: new Set(['a3', 'a99']) })).toEqual([
    { accountId: 'a3', verdict: 'disabled' },
    { accountId: 'a99', verdict: 'free' },
  ])
})

describe('nobody left', () => {
  const later = Date.UTC(2026, 0, 15, 12) + 90_000
  test.each([
    ['no-account', [], undefined],
    [
      'no-healthy-account',
      [makeAccount('a', { health: health('suspended') }), makeAccount('b', { enabled: false })],
      undefined,
    ],
    [
      'pool-cooling',
      [
        makeAccount('a', { health: health('cooling', { until: later }) }),
        makeAccount('b', { health: health('expired') }),
      ],
      90_000,
    ],
    ['pool-exhausted', [makeAccount('a', { health: health('exhausted', { until: later }) })], 90_000],
    [
      'pool-cooling',
      [
        makeAccount('a', { health: health('exhausted', { until: later }) }),
        makeAccount('b', { health: health('cooling', { until: later - 60_000 }) }),
      ],
      30_000,
    ],
    [
      'pool-cooling',
      [
        makeAccount('a', { health: health('exhausted', { until: later }) }),
        makeAccount('b', { health: health('cooling', { until: later - 60_000, kind: 'account-refused' }) }),
        makeAccount('c', { health: health('suspended') }),
      ],
      30_000,
    ],
    [
      'pool-cooling',
      [
        makeAccount('a', { health: health('exhausted', { until: later - 60_000 }) }),
        makeAccount('b', { health: health('cooling', { until: later, kind: 'account-refused' }) }),
      ],
      30_000,
    ],
    [
      'pool-cooling',
      [
        makeAccount('a', { health: health('exhausted', { until: later - 60_000 }) }),
        makeAccount('b', { health: health('cooling', { until: later }) }),
      ],
      30_000,
    ],
  ] as const)('is told as %s', async (kind, accounts, retryAfterMs) => {
    const { refusal } = makePool(accounts)
    const error = await refusal()
    expect(error.kind).toBe(kind)
    expect(error.retryAfterMs).toBe(retryAfterMs as number)
  })
})

test('what is said of all accounts holds for all: the causes are counted where there are several', async () => {
  const until = Date.UTC(2026, 0, 15, 12) + 90_000
  const spent = makeAccount('a', { health: health('exhausted', { until }) })
  const rests = (id: string, kind: ErrorKind) =>
    makeAccount(id, { health: health('cooling', { until, kind, reason: 'said so' }) })
  const message = async (...accounts: readonly Account[]) => (await makePool(accounts).refusal()).message
  expect(await message(spent)).toBe('The quota of all accounts is used up.')
  expect(await message(spent, rests('b', 'account-refused'), rests('c', 'account-refused'))).toBe(
    'All accounts are resting: 2 after refusals, 1 with its quota used up; last: said so',
  )
  expect(await message(spent, rests('b', 'rate-limited'))).toBe(
    'All accounts are resting: 1 after rate limits, 1 with its quota used up.',
  )
  expect(await message(spent, rests('b', 'access-denied'))).toContain('1 after refusals, 1 with its quota used up')
  expect(await message(spent, rests('b', 'account-restricted'))).toContain('1 restricted by the provider')
})

test('while one account can serve now or later, nobody is said to be missing', async () => {
  const until = Date.UTC(2027, 0, 1)
  const { pool } = makePool([
    makeAccount('a', { health: health('cooling', { until }) }),
    makeAccount('b', { health: health('suspended') }),
    makeAccount('c', { enabled: false }),
  ])
  expect(pool.nobodyServes(undefined)).toBeUndefined()
  expect(pool.nobodyServes(new Set(['a', 'b']))).toBeUndefined()
  expect(pool.nobodyServes(new Set(['b', 'c']))).toMatchObject({ kind: 'no-healthy-account' })
  expect(pool.nobodyServes(new Set(['d']))).toMatchObject({ kind: 'no-account' })
})

test('a model that no well account offers is not found, whoever else is unwell', async () => {
  const { pool, refusal } = makePool([makeAccount('a'), makeAccount('b', { health: health('suspended') })])
  pool.setModels('a', ['other'])
  pool.setModels('b', ['other'])
  expect((await refusal()).kind).toBe('model-not-found')
})

describe('the waiting line', () => {
  test('is nobody’s alone: when it is full the newest of the largest group makes room for a smaller one', async () => {
    const { take, refusal, pool } = makePool([makeAccount('a', { maxInFlight: 1 })], { maxWaiting: 3 })
    const first = await take({ callerId: 'greedy' })
    const served: string[] = []
    const note = (name: string) => (lease: Lease) => {
      served.push(name)
      return lease
    }
    const greedy = [1, 2].map((turn) => take({ callerId: 'greedy' }).then(note(`greedy ${turn}`)))
    const last = refusal({ callerId: 'greedy' })
    const modest = take({ callerId: 'modest' }).then(note('modest'))
    expect(await last).toMatchObject({ kind: 'pool-busy', message: expect.stringContaining('Too many') })
    expect(await refusal({ callerId: 'greedy' })).toMatchObject({ kind: 'pool-busy' })
    expect(pool.stats().waiting).toBe(3)
    first.release(success)
    for (const next of [greedy[0], modest, greedy[1]]) (await next)?.release(success)
    expect(served).toEqual(['greedy 1', 'modest', 'greedy 2'])
  })

  test('serves the next in line as soon as a seat is free', async () => {
    const { take, pool } = makePool([makeAccount('a', { maxInFlight: 1 })])
    const first = await take()
    const second = take()
    expect(pool.stats().waiting).toBe(1)
    first.release(success)
    expect((await second).accountId).toBe('a')
    expect(pool.stats().waiting).toBe(0)
  })

  test('lets callers take turns: one with many requests does not starve another', async () => {
    const { take } = makePool([makeAccount('a', { maxInFlight: 1 })])
    const order: string[] = []
    let current = await take()
    const greedy = Array.from({ length: 5 }, () =>
      take({ callerId: 'greedy' }).then((lease) => ({ lease, who: 'greedy' })),
    )
    const modest = take({ callerId: 'modest' }).then((lease) => ({ lease, who: 'modest' }))
    const waiting = new Set([...greedy, modest])
    while (waiting.size > 0) {
      current.release(success)
      const [served, promise] = await Promise.race([...waiting].map(async (one) => [await one, one] as const))
      waiting.delete(promise)
      order.push(served.who)
      current = served.lease
    }
    expect(order.indexOf('modest')).toBeLessThanOrEqual(1)
    expect(order).toHaveLength(6)
  })

  test('ends at the deadline with a time to come back, and at once when the caller leaves or the line is full', async () => {
    const { pool, effects, refusal, request, take } = makePool([makeAccount('a', { maxInFlight: 1 })], {
      maxWaiting: 2,
    })
    await take()
    const late = refusal()
    const leaving = new AbortController()
    const left = pool.acquire(request({ callerId: 'other' }), leaving.signal)
    expect(await refusal({ callerId: 'third' })).toMatchObject({
      kind: 'pool-busy',
      message: expect.stringContaining('Too many'),
    })
    leaving.abort()
    expect(await left).toMatchObject({ ok: false, error: { kind: 'cancelled' } })
    await effects.advance(10_000)
    expect(await late).toMatchObject({ kind: 'pool-busy', retryAfterMs: 5_000 })
    expect(pool.stats().waiting).toBe(0)
  })

  test('is served when a resting account comes back, without anybody releasing a seat', async () => {
    const back = Date.UTC(2026, 0, 15, 12) + 4_000
    const { take, effects } = makePool([
      makeAccount('busy', { maxInFlight: 1 }),
      makeAccount('rests', { health: health('cooling', { until: back }) }),
    ])
    await take()
    const waiting = take()
    await effects.advance(4_001)
    expect((await waiting).accountId).toBe('rests')
  })

  test('a waiter is told at once when the last account it could wait for is lost', async () => {
    const { take, pool, refusal } = makePool([makeAccount('a', { maxInFlight: 1 })])
    const first = await take()
    const waiting = refusal()
    first.release(failure('account-suspended'))
    expect((await waiting).kind).toBe('no-healthy-account')
    expect(pool.get('a')?.health.state).toBe('suspended')
  })

  test('starts per minute are paced, and the pace ends by itself', async () => {
    const { take, effects } = makePool([makeAccount('a')], { room: { ...settings.room, startsPerMinute: 2 } })
    ;(await take()).release(success)
    ;(await take()).release(success)
    let served = false
    const third = take({ waitUntil: effects.now() + 120_000 }).then(() => {
      served = true
    })
    await effects.advance(59_000)
    expect(served).toBe(false)
    await effects.advance(2_000)
    await third
    expect(served).toBe(true)
  })
})

describe('affinity', () => {
  test('a conversation stays on its account with one id while that is well, and moves when it is not', async () => {
    const { take, pool } = makePool([makeAccount('a'), makeAccount('b'), makeAccount('c')])
    const first = await take({ session: 's' })
    first.release(success)
    for (let turn = 0; turn < 5; turn++) {
      const again = await take({ session: 's' })
      expect([again.accountId, again.conversationId]).toEqual([first.accountId, first.conversationId])
      again.release(success)
    }
    const last = await take({ session: 's' })
    last.release(failure('rate-limited'))
    const moved = await take({ session: 's' })
    expect(moved.accountId).not.toBe(first.accountId)
    expect(moved.conversationId).not.toBe(first.conversationId)
    expect(pool.stats().affinity).toMatchObject({ size: 1, hits: 6, misses: 1 })
  })

  test('a moment without room does not move a conversation for good', async () => {
    const { take, pool } = makePool([makeAccount('a', { maxInFlight: 1 }), makeAccount('b', { maxInFlight: 1 })])
    const first = await take({ session: 's' })
    const aside = await take({ session: 's' })
    expect(aside.accountId).not.toBe(first.accountId)
    first.release(success)
    aside.release(success)
    const again = await take({ session: 's' })
    expect([again.accountId, again.conversationId]).toEqual([first.accountId, first.conversationId])
    expect(pool.stats().affinity).toMatchObject({ hits: 1, misses: 1 })
  })

  test('a moment of trouble does not either, lasting trouble does', async () => {
    const { take, effects } = makePool([makeAccount('a'), makeAccount('b')])
    const first = await take({ session: 's' })
    first.release({ type: 'failure', error: gatewayError('upstream-failed', 'said') })
    const aside = await take({ session: 's' })
    expect(aside.accountId).not.toBe(first.accountId)
    aside.release(success)
    await effects.advance(2_000)
    const again = await take({ session: 's' })
    expect([again.accountId, again.conversationId]).toEqual([first.accountId, first.conversationId])
    again.release({ type: 'failure', error: gatewayError('timeout', 'silent') })
    const moved = await take({ session: 's' })
    moved.release(success)
    await effects.advance(120_000)
    expect((await take({ session: 's' })).accountId).toBe(moved.accountId)
  })

  test('a first turn follows nobody, and its next turn follows it', async () => {
    const { take } = makePool([makeAccount('a'), makeAccount('b'), makeAccount('c')])
    const firsts = [await take({ session: 's', isNew: true }), await take({ session: 's', isNew: true })]
    expect(firsts[0]?.accountId).not.toBe(firsts[1]?.accountId as string)
    expect((await take({ session: 's' })).accountId).toBe(firsts[1]?.accountId as string)
  })

  test('remembers a bounded number of conversations, each for a bounded time', async () => {
    const { take, pool, effects } = makePool([makeAccount('a', { maxInFlight: 1_000 })], {
      affinityMax: 3,
      affinityTtlMs: 1_000,
    })
    for (let session = 0; session < 10; session++) await take({ session: `s${session}` })
    expect(pool.stats().affinity.size).toBe(3)
    await effects.advance(1_001)
    await take({ session: 's9' })
    expect(pool.stats().affinity.hits).toBe(0)
  })
})

describe('leases', () => {
  test('count once however often they are released, and health changes are told to be stored', async () => {
    const { take, pool, saved } = makePool([makeAccount('a', { maxInFlight: 2 })])
    const one = await take()
    await take()
    expect(pool.inFlight('a')).toBe(2)
    one.release(failure('rate-limited'))
    one.release(success)
    expect(pool.inFlight('a')).toBe(1)
    expect(saved.map(([id, { state }]) => [id, state])).toEqual([['a', 'cooling']])
  })

  test('a late success does not end the rest another call earned', async () => {
    const { take, pool, effects } = makePool([makeAccount('a')])
    const slow = await take()
    const limited = await take()
    await effects.advance(10)
    limited.release(failure('rate-limited'))
    slow.release(success)
    expect(pool.get('a')?.health.state).toBe('cooling')
  })

  test('an account removed with work in hand does not come back when that ends', async () => {
    const { take, pool, refusal } = makePool([makeAccount('a')])
    const lease = await take()
    pool.remove('a')
    lease.release(success)
    expect(pool.list()).toEqual([])
    expect((await refusal()).kind).toBe('no-account')
  })
})
