import { describe, expect, test } from 'bun:test'
import type { Conversation } from '../../server/conversation/conversation.ts'
import { type ErrorKind, type GatewayError, gatewayError } from '../../server/conversation/error.ts'
import type { ReplyEvent, UpstreamEvent } from '../../server/conversation/event.ts'
import type { ModelInfo } from '../../server/conversation/model.ts'
import type { Note } from '../../server/conversation/note.ts'
import { err, ok, type Result } from '../../server/lib/result.ts'
import { defaultHealthPolicy } from '../../server/pool/health.ts'
import { createPool } from '../../server/pool/pool.ts'
import { createBreaker, modelBreaker, routeBreaker } from '../../server/relay/breaker.ts'
import type { Summary } from '../../server/relay/record.ts'
import { type ModelTaken, type RelayRequest, type Resolved, relay } from '../../server/relay/relay.ts'
import type { ReplyStream } from '../../server/relay/reply-source.ts'
import { defaultRetryLimits } from '../../server/relay/retry.ts'
import { mostAtOnce } from '../../server/relay/slices.ts'
import type { UpstreamCall, UpstreamReply } from '../../server/upstream/upstream.ts'
import { redactedTokens } from '../../server/usage/estimate.ts'
import { makeAccount } from '../pool/accounts.ts'
import { makeConversation } from '../support/conversation.ts'
import { createTestEffects, settle } from '../support/effects.ts'
import { replyFault } from '../support/grammar.ts'
import { batchesOf, sourceOf, stepsOf } from '../support/source.ts'

const model = { id: 'm', name: 'M', maxInputTokens: 200_000, maxOutputTokens: 64_000, acceptsImages: true }
const hello: readonly (readonly UpstreamEvent[])[] = [
  [
    { type: 'text-start', index: 0 },
    { type: 'text-delta', index: 0, text: 'Hel' },
  ],
  [
    { type: 'text-delta', index: 0, text: 'lo' },
    { type: 'text-end', index: 0 },
    { type: 'finish', reason: 'end', report: { contextPercent: 1, credits: 0.5 } },
  ],
]

type Answer =
  | Result<UpstreamReply, GatewayError>
  | ((signal: AbortSignal) => Promise<Result<UpstreamReply, GatewayError>>)
const says = (batches: readonly (readonly UpstreamEvent[])[]): Answer => ok({ events: sourceOf(batches) })
const fails = (kind: ErrorKind, more: Partial<GatewayError> = {}): Answer =>
  err(gatewayError(kind, `said ${kind}`, more))

function setUp(
  accounts: readonly string[],
  answers: (call: UpstreamCall) => Answer,
  routeOf: (accountId: string) => string = () => 'provider',
  standIn?: Resolved['standIn'],
  maxQueueMs = 1_000,
  /** Names the catalogue guesses at first, which the provider may not know. */
  guess?: ModelInfo,
) {
  const outcomes: string[] = []
  const effects = createTestEffects()
  const pool = createPool(
    {
      strategy: 'sequential',
      health: defaultHealthPolicy,
      room: { softInFlight: 1_000, softStartsPerMinute: 0, startsPerMinute: 0 },
      quotaReserve: 0,
      maxWaiting: 10,
      affinityMax: 10,
      affinityTtlMs: 1_000,
    },
    { effects, onHealth: () => {}, onOutcome: (_, { type }) => outcomes.push(type) },
  )
  accounts.forEach((id, index) => {
    pool.put(makeAccount(id, { createdAt: index }))
  })
  const calls: UpstreamCall[] = []
  const summaries: Summary[] = []
  const leaving = new AbortController()
  const models = createBreaker(modelBreaker, effects)
  const mostOf = (): number => Math.max(2, Math.floor(accounts.length / 2) + 1)
  const routes = createBreaker({ ...routeBreaker, sources: mostOf }, effects)
  const away = (): ReadonlySet<string> => new Set(accounts.filter((id) => routes.rests(routeOf(id))))
  const notes: Note[] = []
  const taken: ModelTaken[] = []
  const run = (part: Partial<Conversation> = {}, more: Partial<RelayRequest> = {}) =>
    relay(
      {
        ...more,
        conversation: makeConversation(part),
        callerId: 'k',
        arrivedAt: effects.now(),
        note: (note) => notes.push(note),
        onModel: (told) => taken.push(told),
        onEnd: (summary) => summaries.push(summary),
      },
      {
        effects,
        limits: defaultRetryLimits,
        maxQueueMs,
        resolve: async (asked, _accounts, _callerId, refused) =>
          guess !== undefined && refused === undefined
            ? ok({ conversation: asked, model: guess, isGuess: true })
            : ok({ conversation: asked, model, ...(standIn && { standIn }) }),
        acquire: (wanted, signal) => pool.acquire({ ...wanted, avoid: wanted.avoid.union(away()) }, signal),
        consider: pool.consider,
        hasOther: (asked) => pool.hasOther({ ...asked, exclude: asked.exclude.union(away()) }),
        isOutage: pool.isOutage,
        forgetModel: pool.forgetModel,
        send: async (call, signal) => {
          calls.push(call)
          const answer = answers(call)
          return typeof answer === 'function' ? answer(signal) : answer
        },
        estimateInput: async () => ({ tokens: 11, source: 'estimated' }),
        guardsCredits: () => false,
        rateOf: () => ({ inputMicroUsdPerMillion: 0, outputMicroUsdPerMillion: 0, inputCredits: 0, outputCredits: 0 }),
        countTokens: (text) => text.length,
        models,
        routes,
        routeOf,
      },
      leaving.signal,
    )
  return { effects, pool, calls, summaries, notes, taken, leaving, run, outcomes }
}

async function read(result: Result<ReplyStream, GatewayError>): Promise<readonly ReplyEvent[]> {
  if (!result.ok) throw new Error(result.error.kind)
  return (await batchesOf(result.value)).flat()
}
const textOf = (events: readonly ReplyEvent[]): string =>
  events.map((event) => (event.type === 'text-delta' ? event.text : '')).join('')

test('what the provider has to note goes to the request', async () => {
  const { run, notes } = setUp(['a'], ({ note }) => {
    note?.({ what: 'accounting-missing' })
    return says(hello)
  })
  await read(await run())
  expect(notes).toEqual([{ what: 'accounting-missing' }])
})

describe('a delta of megabytes', () => {
  const huge = `{"text":"${'😀 words \\n'.repeat(100_000)}"}`
  const call = (json: string): readonly UpstreamEvent[] => [
    { type: 'tool-call-start', index: 0, id: 'c', name: 'write' },
    { type: 'tool-call-delta', index: 0, json },
    { type: 'tool-call-end', index: 0 },
    { type: 'finish', reason: 'tool-calls', report: {} },
  ]

  test('passes in slices, between which others have their turn', async () => {
    const { run, summaries } = setUp(['a'], () => says([call(huge)]))
    const reply = await run({ limits: { maxOutputTokens: 10_000_000, stop: [] } })
    if (!reply.ok) throw new Error(reply.error.kind)
    let inTurn = 0
    let most = 0
    let open = true
    const tick = (): void => {
      inTurn = 0
      if (open) setImmediate(tick)
    }
    tick()
    const events: ReplyEvent[] = []
    await reply.value.run((batch) => {
      for (const event of batch) {
        events.push(event)
        inTurn += event.type === 'tool-call-delta' ? event.json.length : 0
      }
      most = Math.max(most, inTurn)
      return true
    })
    open = false
    expect(replyFault(events)).toBeUndefined()
    const pieces = events.flatMap((event) => (event.type === 'tool-call-delta' ? [event.json] : []))
    expect(pieces.join('')).toBe(huge)
    expect(pieces.every((piece) => piece.isWellFormed())).toBe(true)
    expect(most).toBeLessThanOrEqual(2 * mostAtOnce)
    expect(summaries).toMatchObject([{ outcome: 'ok', usage: { output: { tokens: huge.length + 'write'.length } } }])
  })

  test('ends with its caller, and at the caller’s limit', async () => {
    const { run, leaving, summaries } = setUp(['a'], () => says([call(huge)]))
    const reply = await run()
    if (!reply.ok) throw new Error(reply.error.kind)
    let taken = 0
    await reply.value.run(() => {
      taken++
      if (taken === 3) leaving.abort()
      return true
    })
    expect([taken, summaries[0]?.outcome]).toEqual([3, 'cancelled'])
    const text: readonly UpstreamEvent[] = [
      { type: 'text-start', index: 0 },
      { type: 'text-delta', index: 0, text: 'x'.repeat(100_000) },
      { type: 'text-end', index: 0 },
      { type: 'finish', reason: 'end', report: {} },
    ]
    const limited = setUp(['a'], () => says([text]))
    const events = await read(await limited.run({ limits: { maxOutputTokens: 50_000, stop: [] } }))
    expect([textOf(events).length, events.at(-1)]).toMatchObject([50_000, { reason: 'max-tokens' }])
  })
})

test('a model that stands in is told before anything is sent, and noted', async () => {
  const sent: number[] = []
  const { run, notes, taken } = setUp(
    ['a'],
    () => {
      sent.push(taken.length)
      return says(hello)
    },
    undefined,
    { because: 'mapped', mapping: 'gpt-*' },
  )
  await read(await run())
  expect(sent).toEqual([1])
  expect(taken).toEqual([{ id: model.id, because: 'mapped' }])
  expect(notes).toEqual([{ what: 'model-replaced', field: 'model', detail: `${model.id}, mapped by 'gpt-*'` }])
})

test('the model that was named is told without a reason, and nothing is noted', async () => {
  const { run, notes, taken } = setUp(['a'], () => says(hello))
  await read(await run())
  expect(taken).toEqual([{ id: model.id }])
  expect(notes).toEqual([])
})

describe('a plain reply', () => {
  test('opens with the estimate, carries the content and ends with derived usage', async () => {
    const { run, summaries, pool } = setUp(['a'], () => says(hello))
    const events = await read(await run())
    expect(events[0]).toEqual({ type: 'reply-start', input: { tokens: 11, source: 'estimated' } })
    expect(textOf(events)).toBe('Hello')
    expect(events.at(-1)).toMatchObject({
      type: 'finish',
      reason: 'end',
      usage: { input: { tokens: 1_995, source: 'derived' }, output: { tokens: 5, source: 'estimated' }, credits: 0.5 },
    })
    expect(summaries).toHaveLength(1)
    expect(summaries[0]).toMatchObject({ outcome: 'ok', accountId: 'a', upstreamModel: 'm' })
    expect(pool.inFlight('a')).toBe(0)
    expect(pool.get('a')?.health.state).toBe('ready')
  })
})

describe('before any content', () => {
  test('an account’s fault goes to the next account, and the route tells every step', async () => {
    const faults: Record<string, ErrorKind> = {
      a: 'rate-limited',
      b: 'account-suspended',
      c: 'token-rejected',
      d: 'quota-exhausted',
    }
    const { run, summaries, pool, calls } = setUp(['a', 'b', 'c', 'd', 'e'], ({ accountId }) => {
      const kind = faults[accountId]
      return kind === undefined ? says(hello) : fails(kind)
    })
    expect(textOf(await read(await run()))).toBe('Hello')
    expect(summaries[0]?.route.attempts.map(({ accountId, outcome }) => [accountId, outcome])).toEqual([
      ['a', 'rate-limited'],
      ['b', 'account-suspended'],
      ['c', 'token-rejected'],
      ['d', 'quota-exhausted'],
      ['e', 'ok'],
    ])
    expect(['a', 'b', 'c', 'd'].map((id) => pool.get(id)?.health.state)).toEqual([
      'cooling',
      'suspended',
      'cooling',
      'exhausted',
    ])
    expect(new Set(calls.map(({ invocationId }) => invocationId)).size).toBe(1)
    expect(calls.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4, 5])
  })

  test('the request’s own fault is returned after one call and harms no account', async () => {
    const { run, calls, pool, summaries } = setUp(['a', 'b'], () => fails('context-too-long'))
    expect(await run()).toMatchObject({ ok: false, error: { kind: 'context-too-long' } })
    expect(calls).toHaveLength(1)
    expect(pool.list().every(({ health }) => health.state === 'ready')).toBe(true)
    expect(summaries).toMatchObject([{ outcome: 'context-too-long' }])
  })

  test('a passing fault is tried again after a pause, rather elsewhere, on the same account when it is alone', async () => {
    let turn = 0
    const { run, calls, effects } = setUp(['a'], () => (turn++ === 0 ? fails('upstream-failed') : says(hello)))
    const running = run()
    await effects.advance(500)
    expect(textOf(await read(await running))).toBe('Hello')
    expect(calls.map(({ accountId }) => accountId)).toEqual(['a', 'a'])
  })

  test('an empty reply is repeated twice at most', async () => {
    const { run, calls, effects } = setUp(['a', 'b'], () => fails('empty-reply'))
    const running = run()
    await effects.advance(5_000)
    expect(await running).toMatchObject({ ok: false, error: { kind: 'empty-reply' } })
    expect(calls).toHaveLength(3)
  })

  test('accounts that were not tried yet come first, however many fail in the same passing way', async () => {
    const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'good']
    const { run, calls, effects, pool } = setUp(ids, ({ accountId }) =>
      accountId === 'good' ? says(hello) : fails('upstream-failed', { retryAfterMs: 60_000 }),
    )
    const running = run()
    await effects.advance(30_000)
    expect(textOf(await read(await running))).toBe('Hello')
    expect(calls.map(({ accountId }) => accountId)).toEqual(ids)
    // What failed keeps its health, but is left alone while another serves.
    expect(pool.list().every(({ health }) => health.state === 'ready')).toBe(true)
    for (let turn = 0; turn < 5; turn++) expect(textOf(await read(await run()))).toBe('Hello')
    expect(calls).toHaveLength(ids.length + 5)
  })

  test('when the provider fails everybody for a while, not every account is called for every request', async () => {
    const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j']
    let well = true
    const { run, calls, effects } = setUp(ids, () => (well ? says(hello) : fails('upstream-failed')))
    const costOf = async (): Promise<number> => {
      const before = calls.length
      const running = run()
      await effects.advance(20_000)
      expect(await running).toMatchObject({ ok: false, error: { kind: 'upstream-failed' } })
      return calls.length - before
    }
    await read(await run())
    well = false
    expect([await costOf(), await costOf()]).toEqual([10, 10]) // it may still be some accounts' own trouble
    expect([await costOf(), await costOf()]).toEqual([3, 3])
    await effects.advance(120_000) // a quiet time says nothing
    expect(await costOf()).toBe(10)
    well = true
    await read(await run())
  })

  test('a resting way holds nobody up while an account has another', async () => {
    const { run, calls, effects } = setUp(
      ['a', 'b', 'far'],
      ({ accountId }) => (accountId === 'far' ? says(hello) : fails('upstream-unreachable')),
      (accountId) => (accountId === 'far' ? 'direct' : 'proxy'),
    )
    for (let turn = 0; turn < 6; turn++) {
      const running = run()
      await effects.advance(2_000)
      expect(textOf(await read(await running))).toBe('Hello')
    }
    expect(calls.filter(({ accountId }) => accountId !== 'far').length).toBeLessThan(6)
  })

  test('an untried account without room holds nobody up who may try the first one again, and is waited for in the end', async () => {
    let well = false
    const { run, calls, effects, pool } = setUp(['a', 'b'], ({ accountId }) =>
      well || accountId === 'b' ? says(hello) : fails('upstream-failed'),
    )
    pool.put(makeAccount('b', { createdAt: 1, maxInFlight: 1 }))
    const held = await pool.acquire(
      { callerId: 'x', modelId: 'm', exclude: new Set(['a']), avoid: new Set(), waitUntil: effects.now() },
      new AbortController().signal,
    )
    const first = run()
    await effects.advance(150)
    well = true
    await effects.advance(400)
    expect(textOf(await read(await first))).toBe('Hello')
    expect(new Set(calls.map(({ accountId }) => accountId))).toEqual(new Set(['a']))
    well = false
    await effects.advance(60_000)
    const second = run()
    await effects.advance(700)
    if (held.ok) held.value.release({ type: 'success' })
    await effects.advance(20_000)
    expect(textOf(await read(await second))).toBe('Hello')
    expect(calls.at(-1)?.accountId).toBe('b')
  })

  test('resets of some accounts do not close the way for those the host answers', async () => {
    const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'good']
    const { run, effects } = setUp(ids, ({ accountId }) =>
      accountId === 'good'
        ? says(hello)
        : 'abcd'.includes(accountId)
          ? fails('upstream-unreachable')
          : fails('upstream-failed', { reached: true }),
    )
    const all = Array.from({ length: 8 }, async () => read(await run()))
    await effects.advance(60_000)
    for (const events of await Promise.all(all)) expect(textOf(events)).toBe('Hello')
  })

  test('a closed way counts neither against an account nor for it', async () => {
    const { run, outcomes, effects, pool } = setUp(['a', 'b'], () => fails('upstream-unreachable'))
    for (let turn = 0; turn < 3; turn++) {
      const running = run()
      await effects.advance(30_000)
      await running
    }
    const before = outcomes.filter((type) => type === 'failure').length
    const barred = Array.from({ length: 5 }, () => run())
    await effects.advance(1)
    expect(outcomes.filter((type) => type === 'failure').length).toBeLessThanOrEqual(before + 1)
    expect(pool.list().every(({ health }) => health.state === 'ready')).toBe(true)
    await effects.advance(60_000)
    await Promise.all(barred)
  })

  test('an account that is switched off while its token is fetched is not called', async () => {
    const { run, calls, pool, summaries } = setUp(['a', 'b'], ({ accountId, isCurrent }) => {
      if (accountId === 'a') pool.put(makeAccount('a', { createdAt: 0, enabled: false }))
      return isCurrent?.() === false ? fails('no-account') : says(hello)
    })
    expect(textOf(await read(await run()))).toBe('Hello')
    expect(calls.map(({ accountId }) => accountId)).toEqual(['a', 'b'])
    expect(summaries[0]?.route.attempts.map(({ outcome }) => outcome)).toEqual(['no-account', 'ok'])
    expect(pool.get('a')?.health.state).toBe('ready')
  })

  test('a short throttle of the only account is waited out in line, one that lasts beyond the deadline is told at once', async () => {
    let throttled = 2
    const { run, calls, effects, summaries, pool } = setUp(
      ['a'],
      () => (throttled-- > 0 ? fails('rate-limited') : says(hello)),
      undefined,
      undefined,
      60_000,
    )
    const startedAt = effects.now()
    const reply = run()
    await effects.advance(10_000)
    expect(textOf(await read(await reply))).toBe('Hello')
    // About two seconds, then about four.
    expect(calls).toHaveLength(3)
    expect(summaries[0]?.route.attempts.map(({ startedMs }) => startedMs)).toEqual([
      0,
      expect.closeTo(1_500, -3),
      expect.closeTo(4_500, -4),
    ])
    expect(pool.get('a')?.health).toEqual({ state: 'ready', since: expect.any(Number), failures: 0 })

    throttled = 1
    pool.put(makeAccount('a', { health: { state: 'ready', since: startedAt, failures: 0 } }))
    const long = setUp(['a'], () => fails('rate-limited', { retryAfterMs: 60_001 }), undefined, undefined, 60_000)
    const told = await long.run()
    expect(told).toEqual(err(expect.objectContaining({ kind: 'pool-cooling', retryAfterMs: 60_001 })))
    expect(long.calls).toHaveLength(1)
  })

  test('a throttle that goes on ends as a rate limit once the request has waited long enough, after few calls', async () => {
    const { run, calls, effects } = setUp(['a'], () => fails('rate-limited'), undefined, undefined, 60_000)
    const reply = run()
    await effects.advance(60_000)
    const told = await reply
    expect(told).toEqual(err(expect.objectContaining({ kind: 'pool-cooling', retryAfterMs: expect.any(Number) })))
    expect(calls.length).toBeWithin(4, 8)
  })

  test('the record of a request nobody could serve says how each account stood', async () => {
    const { run, pool, summaries } = setUp(['a', 'b'], ({ accountId }) =>
      accountId === 'a' ? fails('rate-limited', { retryAfterMs: 9_000 }) : fails('account-suspended'),
    )
    await run()
    expect(summaries[0]?.route).toMatchObject({
      considered: [
        { accountId: 'a', verdict: 'chosen' },
        { accountId: 'b', verdict: 'free' },
      ],
      by: 'sequential',
      left: [
        { accountId: 'a', verdict: 'cooling' },
        { accountId: 'b', verdict: 'tried' },
      ],
    })
    await run()
    expect(summaries[1]?.route).toEqual({
      considered: [
        { accountId: 'a', verdict: 'cooling' },
        { accountId: 'b', verdict: 'suspended' },
      ],
      attempts: [],
    })
    expect(pool.inFlight('a')).toBe(0)
  })

  test('a model refused to one plan is asked of another account and not of the first again', async () => {
    const { run, calls, pool } = setUp(['free', 'pro'], ({ accountId }) =>
      accountId === 'free' ? fails('model-not-found') : says(hello),
    )
    pool.setModels('free', ['m'])
    await read(await run())
    await read(await run())
    expect(calls.map(({ accountId }) => accountId)).toEqual(['free', 'pro', 'pro'])
  })

  test('a guess the provider does not know is made anew, once', async () => {
    const old = { ...model, id: 'old' }
    const { run, calls, taken, notes } = setUp(
      ['a', 'b'],
      (call) => (call.model.id === 'old' ? fails('model-not-found') : says(hello)),
      undefined,
      { because: 'retired' },
      undefined,
      old,
    )
    expect(textOf(await read(await run({ model: 'old' })))).toBe('Hello')
    expect(calls.map((call) => call.model.id)).toEqual(['old', 'old', 'm'])
    expect(taken.at(-1)).toEqual({ id: 'm', because: 'retired' })
    expect(notes).toMatchObject([{ what: 'model-replaced', detail: 'm, retired' }])
    const nowhere = setUp(['a'], () => fails('model-not-found'), undefined, undefined, undefined, old)
    const refused = await nowhere.run({ model: 'old' })
    expect(refused.ok ? undefined : refused.error.kind).toBe('model-not-found')
    expect(nowhere.calls.map((call) => call.model.id)).toEqual(['old', 'm'])
  })

  test('a model that is full for two accounts rests, the accounts do not, and the next try waits for it', async () => {
    let turn = 0
    const { run, calls, effects, pool } = setUp(['a', 'b'], () =>
      turn++ < 2 ? fails('model-overloaded', { retryAfterMs: 3_000 }) : says(hello),
    )
    const running = run()
    await effects.advance(3_900) // one to two seconds to the other account, then the three it asks for
    expect(calls).toHaveLength(2)
    await effects.advance(1_200)
    expect(textOf(await read(await running))).toBe('Hello')
    expect(pool.list().map(({ health }) => health.state)).toEqual(['ready', 'ready'])
  })

  test('a provider that cannot be reached is not called by every request that comes meanwhile', async () => {
    const { run, calls, effects } = setUp(['a', 'b'], () => fails('upstream-unreachable'))
    const requests = Array.from({ length: 30 }, () => run())
    await effects.advance(100_000)
    expect((await Promise.all(requests)).every(({ ok }) => !ok)).toBe(true)
    expect(calls.length).toBeLessThan(60) // 30 requests of 4 tries each would be 120
  })

  test('all accounts resting gives the time of the first to return', async () => {
    const { run } = setUp(['a', 'b'], ({ accountId }) =>
      fails('rate-limited', { retryAfterMs: accountId === 'a' ? 9_000 : 4_000 }),
    )
    expect(await run()).toMatchObject({ ok: false, error: { kind: 'pool-cooling', retryAfterMs: 4_000 } })
  })

  test('a caller who leaves ends the call at once, without a second try, and nobody is to blame', async () => {
    const { run, calls, pool, leaving, summaries } = setUp(
      ['a', 'b'],
      () => (signal) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => resolve(err(gatewayError('cancelled', 'left'))))
        }),
    )
    const running = run()
    await settle()
    leaving.abort()
    expect(await running).toMatchObject({ ok: false, error: { kind: 'cancelled' } })
    expect(calls).toHaveLength(1)
    expect(pool.get('a')?.health.state).toBe('ready')
    expect(pool.inFlight('a')).toBe(0)
    expect(summaries).toMatchObject([{ outcome: 'cancelled' }])
  })
})

describe('after content', () => {
  test('a caller who leaves is no error of the account', async () => {
    const left = [hello[0] ?? [], [{ type: 'error', error: gatewayError('cancelled', 'left') }]] as const
    const { run, outcomes } = setUp(['a'], () => says(left))
    await read(await run())
    expect(outcomes).toEqual(['cancelled'])
  })

  test('a failure is one error event, never a second call', async () => {
    const broken = [hello[0] ?? [], [{ type: 'error', error: gatewayError('broken-reply', 'cut') }]] as const
    const { run, calls, summaries, pool } = setUp(['a', 'b'], () => says(broken))
    const events = await read(await run())
    expect(events.at(-1)).toMatchObject({ type: 'error', error: { kind: 'broken-reply' } })
    expect(events.filter(({ type }) => type === 'finish' || type === 'error')).toHaveLength(1)
    expect(calls).toHaveLength(1)
    expect(pool.inFlight('a')).toBe(0)
    expect(summaries).toMatchObject([{ outcome: 'broken-reply', usage: { output: { tokens: 3 } } }])
  })

  test('an end without a closing event is an error, and so is a throw from below', async () => {
    const { run } = setUp(['a'], () => says([hello[0] ?? []]))
    expect((await read(await run())).at(-1)).toMatchObject({ type: 'error', error: { kind: 'broken-reply' } })
    const thrown = setUp(['a'], () =>
      ok({
        events: sourceOf(
          (async function* () {
            yield hello[0] ?? []
            throw new Error('bug with a secret inside')
          })(),
        ),
      }),
    )
    const last = (await read(await thrown.run())).at(-1)
    expect(last).toMatchObject({ type: 'error', error: { kind: 'internal' } })
    expect(JSON.stringify(last?.type === 'error' ? last.error.message : '')).not.toContain('secret')
    expect(thrown.pool.inFlight('a')).toBe(0)
  })

  test('leaving the stream early cancels the provider’s call, frees the seat and keeps what was counted', async () => {
    let cancelled = false
    const { run, pool, summaries } = setUp(['a'], () =>
      ok({
        events: sourceOf(
          (async function* () {
            try {
              for (;;) yield hello[0] ?? []
            } finally {
              cancelled = true
            }
          })(),
        ),
      }),
    )
    const result = await run()
    if (!result.ok) throw new Error('no stream')
    const reading = stepsOf(result.value)
    await reading.next()
    await reading.leave()
    expect(cancelled).toBe(true)
    expect(pool.inFlight('a')).toBe(0)
    expect(summaries).toMatchObject([{ outcome: 'cancelled', usage: { output: { source: 'estimated' } } }])
  })

  test('a stop sequence ends the provider’s call and is told with its name', async () => {
    let cancelled = false
    const { run } = setUp(['a'], () =>
      ok({
        events: sourceOf(
          (async function* () {
            try {
              yield [{ type: 'text-start', index: 0 }]
              for (const text of ['one ', 'two ', 'STO', 'P three']) yield [{ type: 'text-delta', index: 0, text }]
              yield [{ type: 'text-delta', index: 0, text: 'never' }]
            } finally {
              cancelled = true
            }
          })() as AsyncIterable<readonly UpstreamEvent[]>,
        ),
      }),
    )
    const events = await read(await run({ limits: { stop: ['STOP'] } }))
    expect(textOf(events)).toBe('one two ')
    expect(events.at(-1)).toMatchObject({ type: 'finish', reason: 'stop-sequence', stopSequence: 'STOP' })
    expect(cancelled).toBe(true)
  })
})

describe('a reply that was closed properly without content', () => {
  const nothing = (credits: number): Answer =>
    fails('empty-reply', { credits, ending: { reason: 'end', report: { contextPercent: 1, credits } } })
  const isEmptyAnswer = (events: readonly ReplyEvent[]): void => {
    expect(events.map(({ type }) => type)).toEqual(['reply-start', 'finish'])
    expect(events.at(-1)).toMatchObject({ reason: 'end', usage: { credits: 2 } })
  }
  test('is repeated once, then it is the answer; nobody is to blame', async () => {
    const { run, calls, effects, summaries, notes, outcomes } = setUp(['a', 'b', 'c'], (call) => nothing(call.attempt))
    const running = run()
    await effects.advance(10_000)
    isEmptyAnswer(await read(await running))
    expect(calls.map(({ accountId }) => accountId)).toEqual(['a', 'b'])
    expect(summaries).toMatchObject([
      { outcome: 'ok', accountId: 'b', route: { attempts: [{ outcome: 'empty-reply' }, { outcome: 'empty-reply' }] } },
    ])
    expect(notes).toEqual([{ what: 'reply-repeated', detail: 'the first had no content' }])
    expect(outcomes).toEqual(['success', 'success'])
  })
  test('is repeated by the only account there is', async () => {
    const { run, calls, effects } = setUp(['a'], (call) => nothing(call.attempt))
    const running = run()
    await effects.advance(10_000)
    isEmptyAnswer(await read(await running))
    expect(calls).toHaveLength(2)
  })
  test('is forgotten when the repeat has content', async () => {
    const { run, effects } = setUp(['a'], (call) => (call.attempt === 1 ? nothing(1) : says(hello)))
    const running = run()
    await effects.advance(10_000)
    expect(textOf(await read(await running))).toBe('Hello')
  })
  test.each([
    ['nobody is left to repeat it', (call: UpstreamCall) => (call.attempt === 1 ? nothing(2) : fails('rate-limited'))],
    ['the repeats fail', (call: UpstreamCall) => (call.attempt === 1 ? nothing(2) : fails('upstream-failed'))],
  ])('stands when %s', async (_, answers) => {
    const { run, effects, summaries } = setUp(['a', 'b'], answers)
    const running = run()
    await effects.advance(120_000)
    isEmptyAnswer(await read(await running))
    expect(summaries).toMatchObject([{ outcome: 'ok', accountId: 'a' }])
  })
  test('does not stand for a caller who has left', async () => {
    const { run, effects, leaving } = setUp(['a'], () => nothing(1))
    const running = run()
    await settle()
    leaving.abort()
    await effects.advance(10_000)
    expect(await running).toMatchObject({ ok: false, error: { kind: 'cancelled' } })
  })
})

describe('what the provider charged for calls that gave nothing', () => {
  const charged = (credits: number): Answer => fails('upstream-failed', { credits })
  const nothing = (credits: number): Answer =>
    fails('empty-reply', { credits, ending: { reason: 'end', report: { credits } } })
  const rows: readonly (readonly [
    name: string,
    answers: readonly Answer[],
    told: { readonly lost: number | undefined; readonly own: number | undefined },
  ])[] = [
    ['is told beside what the reply cost', [charged(2), says(hello)], { lost: 2, own: 0.5 }],
    ['adds up', [charged(2), charged(3), says(hello)], { lost: 5, own: 0.5 }],
    ['is told of a request that failed', [charged(2), fails('invalid-request')], { lost: 2, own: undefined }],
    ['counts an empty reply that was repeated', [nothing(2), says(hello)], { lost: 2, own: 0.5 }],
    ['counts two empty ones once each', [nothing(2), nothing(3)], { lost: 2, own: 3 }],
    [
      'counts an empty one that stands after all once',
      [nothing(2), fails('invalid-request')],
      { lost: undefined, own: 2 },
    ],
    [
      'is nothing where the provider said nothing',
      [fails('upstream-failed'), says(hello)],
      { lost: undefined, own: 0.5 },
    ],
  ]
  for (const [name, answers, { lost, own }] of rows) {
    test(name, async () => {
      const { run, effects, summaries } = setUp(['a', 'b', 'c'], ({ attempt }) => answers[attempt - 1] ?? says(hello))
      const running = run()
      await effects.advance(30_000)
      const reply = await running
      if (reply.ok) await read(reply)
      expect(summaries.map(({ lostCredits, usage }) => [lostCredits, usage?.credits])).toEqual([[lost, own]])
    })
  }
  test('within a reply that broke off is what that reply cost', async () => {
    const error = gatewayError('upstream-failed', 'Broken.', { credits: 4 })
    const { run, summaries } = setUp(['a'], () => says([...hello.slice(0, 1), [{ type: 'error', error }]]))
    await read(await run())
    expect(summaries).toMatchObject([
      { outcome: 'upstream-failed', usage: { credits: 4, output: { source: 'estimated' } } },
    ])
  })
})

describe('reasoning', () => {
  const thought: readonly (readonly UpstreamEvent[])[] = [
    [
      { type: 'reasoning-start', index: 0 },
      { type: 'reasoning-delta', index: 0, text: 'I think so.' },
      { type: 'reasoning-end', index: 0, signature: 'c2ln' },
      { type: 'redacted-reasoning', index: 1, base64: 'AAAA' },
    ],
    [
      { type: 'text-start', index: 2 },
      { type: 'text-delta', index: 2, text: 'Yes.' },
      { type: 'text-end', index: 2 },
    ],
    [
      { type: 'reasoning-start', index: 3 },
      { type: 'reasoning-end', index: 3 },
      { type: 'tool-call-start', index: 4, id: 't', name: 'run' },
      { type: 'tool-call-delta', index: 4, json: '{}' },
      { type: 'tool-call-end', index: 4 },
      { type: 'finish', reason: 'tool-calls', report: {} },
    ],
  ]
  const indices = (events: readonly ReplyEvent[]): readonly string[] =>
    events.flatMap((event) =>
      'index' in event && event.type.endsWith('start') ? [`${event.type} ${event.index}`] : [],
    )
  test.each([{ type: 'unspecified' }, { type: 'disabled' }] as const)(
    'is left out where the API wants it asked for and thinking is $type; it counts all the same',
    async (thinking) => {
      const { run } = setUp(['a'], () => says(thought))
      const events = await read(await run({ thinking }, { reasoningIfAsked: true }))
      expect(indices(events)).toEqual(['text-start 0', 'tool-call-start 1'])
      expect(replyFault(events)).toBeUndefined()
      const all = await read(await run({ thinking: { type: 'adaptive' } }, { reasoningIfAsked: true }))
      expect(events.at(-1)).toEqual(all.at(-1) as ReplyEvent)
      expect(events.at(-1)).toMatchObject({ usage: { reasoning: { tokens: 11 + redactedTokens('AAAA') } } })
    },
  )
  test.each([
    ['asked for', { type: 'enabled' }, true],
    ['left to the model', { type: 'adaptive' }, true],
    ['not asked for, but the API shows it anyway', { type: 'unspecified' }, false],
  ] as const)('%s is shown', async (_, thinking, reasoningIfAsked) => {
    const { run } = setUp(['a'], () => says(thought))
    const events = await read(await run({ thinking }, { reasoningIfAsked }))
    expect(indices(events)).toEqual(['reasoning-start 0', 'text-start 2', 'reasoning-start 3', 'tool-call-start 4'])
  })
  test('alone, left out, leaves a well-formed empty answer', async () => {
    const { run } = setUp(['a'], () => says([...thought.slice(0, 1), [{ type: 'finish', reason: 'end', report: {} }]]))
    const events = await read(await run({}, { reasoningIfAsked: true }))
    expect(events.map(({ type }) => type)).toEqual(['reply-start', 'finish'])
  })
})

test('a reply that has begun holds the conversation no longer', async () => {
  const accounts = Array.from({ length: 20 }, (_, index) => `a${index}`)
  const { run, calls } = setUp(accounts, () => says(hello))
  const begin = async (): Promise<{ stream: unknown; asked: WeakRef<object> }> => {
    const messages = [{ role: 'user' as const, parts: [{ type: 'text' as const, text: 'x'.repeat(1_000) }] }]
    const stream = await run({ messages })
    return { stream, asked: new WeakRef(messages) }
  }
  const begun: { readonly stream: unknown; readonly asked: WeakRef<object> }[] = []
  for (const _ of accounts) begun.push(await begin())
  calls.length = 0
  await settle()
  await Bun.sleep(0)
  Bun.gc(true)
  const held = begun.filter(({ asked }) => asked.deref() !== undefined)
  // The collector takes what happens to lie on the stack for a reference: a few prove nothing.
  expect(held.length).toBeLessThan(5)
  expect(begun.map(({ stream }) => stream)).not.toContain(undefined)
})
