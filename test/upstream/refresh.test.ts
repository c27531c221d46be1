import { afterEach, describe, expect, test } from 'bun:test'
import type { Credentials } from '../../server/upstream/amazonq/credentials.ts'
import {
  createTokenKeeper,
  type RefreshOutcome,
  refreshesAtOnce,
  type TokenKeeper,
} from '../../server/upstream/amazonq/refresh.ts'
import { createTestEffects } from '../support/effects.ts'
import {
  createMemoryStore,
  json,
  oidcCredentials,
  oidcError,
  type Route,
  startAt,
  startProvider,
  until,
} from './identity-support.ts'

const hour = 3_600_000
let stop = (): unknown => undefined
afterEach(() => stop())

/** Hands out `fake-access-2`, `fake-refresh-2`, … and refuses a refresh token that was used before. */
function rotating(): Route {
  let issued = 1
  return ({ body }) => {
    if (body.refreshToken !== `fake-refresh-${issued}`) return oidcError('invalid_grant')
    issued++
    return json({ accessToken: `fake-access-${issued}`, refreshToken: `fake-refresh-${issued}`, expiresIn: 3600 })
  }
}

function setUp(credentials: Credentials | undefined, token: Route, refreshToken: Route = token) {
  const provider = startProvider({ token, refreshToken })
  stop = provider.stop
  const effects = createTestEffects({ random: () => 0.5 }, startAt)
  const log: string[] = []
  const memory = createMemoryStore(credentials === undefined ? {} : { acc_1: credentials }, log)
  const deaths: string[] = []
  const outcomes: RefreshOutcome[] = []
  const keeper = createTokenKeeper({
    settings: provider.settings,
    effects,
    store: memory.store,
    onDead: (accountId, reason) => deaths.push(`${accountId} ${reason}`),
    onRefresh: (_, outcome) => outcomes.push(outcome),
  })
  const exchanges = (): number => provider.calls('token').length + provider.calls('refreshToken').length
  return { provider, advance: effects.advance, ...memory, deaths, outcomes, keeper, exchanges }
}

const fresh = oidcCredentials({ accessToken: 'fake-access-1', accessExpiresAt: startAt + hour })
const stale = oidcCredentials({ accessToken: 'fake-access-1', accessExpiresAt: startAt - 1 })

describe('a token that is still good', () => {
  test('is handed out without asking the provider', async () => {
    const { keeper, exchanges } = setUp(fresh, rotating())
    expect(await keeper.get('acc_1')).toEqual({
      ok: true,
      value: { token: 'fake-access-1', method: 'builder-id', region: 'us-east-1' },
    })
    expect(exchanges()).toBe(0)
  })

  test('is renewed in the background near its end, and a dead network there disturbs nobody', async () => {
    const { keeper, advance, exchanges, rows } = setUp(fresh, () => 'drop')
    await advance(hour - 120_000)
    const access = await keeper.get('acc_1')
    await keeper.settled()
    expect(access.ok && access.value.token).toBe('fake-access-1')
    expect(exchanges()).toBe(1)
    expect(rows.get('acc_1')).toEqual(fresh)
  })

  test('names the region and the ARN of its profile', async () => {
    const profileArn = 'arn:aws:codewhisperer:eu-central-1:000000000000:profile/FAKEFAKEFAKE'
    const { keeper } = setUp({ ...fresh, profileArn }, rotating())
    expect(await keeper.get('acc_1')).toMatchObject({ ok: true, value: { region: 'eu-central-1', profileArn } })
  })
})

describe('an expired token', () => {
  test('asked for by a hundred at once costs exactly one refresh', async () => {
    const { keeper, exchanges } = setUp(stale, rotating())
    const all = await Promise.all(Array.from({ length: 100 }, () => keeper.get('acc_1')))
    expect(new Set(all.map((one) => one.ok && one.value.token))).toEqual(new Set(['fake-access-2']))
    expect(exchanges()).toBe(1)
  })

  test('is replaced by one that is on disk before anybody gets it', async () => {
    const { keeper, log } = setUp(stale, rotating())
    await keeper.get('acc_1')
    log.push('used')
    expect(log).toEqual(['saving fake-refresh-2', 'saved fake-refresh-2', 'used'])
  })

  test('keeps its refresh token when the provider sends no new one', async () => {
    const { keeper, rows } = setUp(stale, () => json({ accessToken: 'fake-access-2', expiresIn: 3600 }))
    await keeper.get('acc_1')
    expect(rows.get('acc_1')).toEqual({
      ...stale,
      accessToken: 'fake-access-2',
      accessExpiresAt: startAt + hour,
    })
  })

  test('works when no access token was ever stored', async () => {
    const { keeper } = setUp(oidcCredentials(), rotating())
    expect(await keeper.get('acc_1')).toMatchObject({ ok: true, value: { token: 'fake-access-2' } })
  })

  test('is refreshed at the identity region, naming only ourselves', async () => {
    const { keeper, provider } = setUp({ ...stale, identityRegion: 'eu-west-1' }, rotating())
    await keeper.get('acc_1')
    expect(provider.seen[0]?.path).toBe('/oidc/eu-west-1/token')
    expect(provider.seen[0]?.headers.get('user-agent')).toStartWith('claude-server/9.9.9 ')
    expect(provider.seen[0]?.body).toEqual({
      clientId: 'fake-client',
      clientSecret: 'fake-client-secret',
      grantType: 'refresh_token',
      refreshToken: 'fake-refresh-1',
    })
  })

  test('of a social sign-in is refreshed at its own service, and the profile it names is kept', async () => {
    const profileArn = 'arn:aws:codewhisperer:us-east-1:000000000000:profile/FAKEFAKEFAKE'
    const social: Credentials = { method: 'social', refreshToken: 'aor-fake', identityRegion: 'us-east-1' }
    const { keeper, provider, rows } = setUp(social, () =>
      json({ accessToken: 'aoa-fake', refreshToken: 'aor-fake', expiresIn: 3600, profileArn }),
    )
    expect(await keeper.get('acc_1')).toMatchObject({ ok: true, value: { token: 'aoa-fake', profileArn } })
    expect(provider.seen[0]?.path).toBe('/kiro/refreshToken')
    expect(rows.get('acc_1')?.profileArn).toBe(profileArn)
  })

  test('with a very short life is not renewed without end', async () => {
    const { keeper, exchanges } = setUp(stale, () => json({ accessToken: 'fake-access-2', expiresIn: 30 }))
    for (let times = 0; times < 5; times++) await keeper.get('acc_1')
    await keeper.settled()
    expect(exchanges()).toBe(1)
  })
})

describe('a network failure', () => {
  const cases: readonly (readonly [string, () => Response | 'drop'])[] = [
    ['a cut connection', () => 'drop'],
    ['a 500', () => oidcError('server_error', 500)],
    ['a 503 page', () => new Response('<html>busy</html>', { status: 503 })],
    ['a proxy page with 403', () => new Response('<html>blocked</html>', { status: 403 })],
    ['a 200 that is no JSON', () => new Response('{"accessToken":"fa')],
    ['a 200 without a token', () => json({ expiresIn: 3600 })],
    ['too many requests', () => oidcError('too_many_requests', 429)],
    ['a redirect', () => new Response(null, { status: 302, headers: { location: 'http://127.0.0.1:9/' } })],
  ]
  test.each(cases)(
    'by %s changes no token and is told as access not renewed, with the time of the next try',
    async (_, reply) => {
      const { keeper, rows, deaths, log } = setUp(stale, reply)
      expect(await keeper.get('acc_1')).toMatchObject({
        ok: false,
        error: { kind: 'renewal-failed', retryAfterMs: 750 },
      })
      expect(rows.get('acc_1')).toEqual(stale)
      expect([...deaths, ...log]).toEqual([])
    },
  )

  test('is not repeated at once, and heals by itself', async () => {
    const { keeper, provider, advance, exchanges } = setUp(stale, () => 'drop')
    await keeper.get('acc_1')
    expect(await keeper.get('acc_1')).toMatchObject({
      ok: false,
      error: { kind: 'renewal-failed', retryAfterMs: 750 },
    })
    expect(exchanges()).toBe(1)
    provider.routes.token = rotating()
    await advance(1000)
    expect(await keeper.get('acc_1')).toMatchObject({ ok: true, value: { token: 'fake-access-2' } })
  })

  test('of a social sign-in behind a filter is no death', async () => {
    const social: Credentials = { method: 'social', refreshToken: 'aor-fake', identityRegion: 'us-east-1' }
    const { keeper, deaths } = setUp(social, () => new Response('Forbidden', { status: 403 }))
    expect(await keeper.get('acc_1')).toMatchObject({ ok: false, error: { kind: 'renewal-failed' } })
    expect(deaths).toEqual([])
  })
})

describe('a refusal that does not say that the sign-in is dead', () => {
  const social: Credentials = { method: 'social', refreshToken: 'aor-fake', identityRegion: 'us-east-1' }
  const cases: readonly (readonly [string, Credentials, () => Response])[] = [
    ['access_denied', stale, () => oidcError('access_denied')],
    ['access_denied as a 403', stale, () => json({ __type: 'AccessDeniedException' }, 403)],
    ['an unknown code', stale, () => oidcError('computer_says_no')],
    ['invalid_request', stale, () => oidcError('invalid_request')],
    ['another service’s JSON', stale, () => json({ message: 'Forbidden' }, 403)],
    ['a sign-in page of a network', social, () => new Response('<html>Log in</html>', { status: 401 })],
    ['a social 400 that names no token', social, () => json({ message: 'Improperly formed request.' }, 400)],
    ['a social 400 about something else that expired', social, () => json({ message: 'Request has expired' }, 400)],
    ['a social 403 as JSON', social, () => json({ message: 'Forbidden' }, 403)],
  ]
  test.each(cases)('(%s) signs nobody out, is asked again, and heals by itself', async (_, credentials, reply) => {
    const { keeper, provider, deaths, rows, advance } = setUp(credentials, reply)
    for (let times = 0; times < 3; times++) {
      expect(await keeper.get('acc_1')).toMatchObject({ ok: false, error: { kind: 'renewal-failed' } })
      await advance(5_000)
    }
    expect([deaths, rows.get('acc_1')]).toEqual([[], credentials])
    const works = (): Response => json({ accessToken: 'fake-access-2', expiresIn: 3600 })
    provider.routes.token = works
    provider.routes.refreshToken = works
    await advance(10_000)
    expect(await keeper.get('acc_1')).toMatchObject({ ok: true, value: { token: 'fake-access-2' } })
  })

  test('is asked again ever more rarely, but never less than every ten minutes', async () => {
    const { keeper, exchanges, advance } = setUp(stale, () => oidcError('access_denied'))
    for (let minute = 0; minute < 240; minute++) {
      await keeper.get('acc_1')
      await advance(60_000)
    }
    expect(exchanges()).toBeWithin(25, 45)
  })

  test('keeps to the time the service names', async () => {
    const { keeper, exchanges, advance } = setUp(
      stale,
      () => new Response('{}', { status: 503, headers: { 'retry-after': '40' } }),
    )
    expect(await keeper.get('acc_1')).toMatchObject({ error: { kind: 'renewal-failed', retryAfterMs: 40_000 } })
    await advance(39_000)
    await keeper.get('acc_1')
    expect(exchanges()).toBe(1)
    await advance(1_001)
    await keeper.get('acc_1')
    expect(exchanges()).toBe(2)
  })
})

describe('a dead sign-in', () => {
  const oidc = stale
  const social: Credentials = { method: 'social', refreshToken: 'aor-fake-dead', identityRegion: 'us-east-1' }
  const cases: readonly (readonly [string, Credentials, () => Response, string])[] = [
    ['invalid_grant', oidc, () => oidcError('invalid_grant'), 'refresh-token-dead'],
    ['invalid_client', oidc, () => oidcError('invalid_client', 401), 'client-expired'],
    ['unauthorized_client', oidc, () => oidcError('unauthorized_client'), 'client-expired'],
    [
      'a social 400 that names the token',
      social,
      () => json({ message: 'Invalid refresh token' }, 400),
      'refresh-token-dead',
    ],
    ['the exception class alone', oidc, () => json({ __type: 'x#InvalidGrantException' }, 400), 'refresh-token-dead'],
    ['a social 401', social, () => json({ message: 'Bad credentials' }, 401), 'refresh-token-dead'],
  ]
  test.each(cases)('by %s is reported once and never asked about again', async (_, credentials, reply, reason) => {
    const { keeper, rows, deaths, exchanges } = setUp(credentials, reply)
    for (let times = 0; times < 3; times++) {
      expect(await keeper.get('acc_1')).toMatchObject({ ok: false, error: { kind: 'token-rejected' } })
    }
    expect(exchanges()).toBe(1)
    expect(deaths).toEqual([`acc_1 ${reason}`])
    expect(rows.get('acc_1')).toEqual(credentials)
    expect(keeper.refreshDue(startAt, [{ accountId: 'acc_1' }])).toEqual([])
  })

  test('without anything to refresh with needs no provider to know it', async () => {
    const { refreshToken: _, ...bare } = stale
    const { keeper, deaths, exchanges } = setUp(bare, rotating())
    expect(await keeper.get('acc_1')).toMatchObject({ ok: false, error: { kind: 'token-rejected' } })
    expect([deaths, exchanges()]).toEqual([['acc_1 no-refresh-token'], 0])
  })

  test('may be tried again by the operator, without a second report', async () => {
    const { keeper, deaths, exchanges } = setUp(stale, () => oidcError('invalid_grant'))
    await keeper.get('acc_1')
    await keeper.refreshNow('acc_1')
    expect([deaths, exchanges()]).toEqual([['acc_1 refresh-token-dead'], 2])
  })

  test('that somebody else has rotated is read again and goes on with the newer token', async () => {
    const { keeper, rows, provider, deaths } = setUp(stale, rotating())
    await keeper.get('acc_1')
    const rotatedElsewhere = { ...stale, refreshToken: 'fake-refresh-1-elsewhere' }
    rows.set('acc_1', rotatedElsewhere)
    provider.routes.token = ({ body }) =>
      body.refreshToken === 'fake-refresh-1-elsewhere'
        ? json({ accessToken: 'fake-access-9', refreshToken: 'fake-refresh-9', expiresIn: 3600 })
        : oidcError('invalid_grant')
    expect(await keeper.refreshNow('acc_1')).toMatchObject({ ok: true, value: { token: 'fake-access-9' } })
    expect(deaths).toEqual([])
  })

  test('lives again after a new sign-in', async () => {
    const { keeper } = setUp(stale, () => oidcError('invalid_grant'))
    await keeper.get('acc_1')
    await keeper.adopt('acc_1', { ...fresh, refreshToken: 'fake-refresh-new', accessToken: 'fake-access-new' })
    expect(await keeper.get('acc_1')).toMatchObject({ ok: true, value: { token: 'fake-access-new' } })
  })

  test('nothing that was sent appears in what is told or logged', async () => {
    const leaky: Route = ({ body }) =>
      json({ error: 'invalid_request', error_description: `no ${body.refreshToken} of ${body.clientSecret}` }, 400)
    const { keeper, outcomes } = setUp(stale, leaky)
    const told = JSON.stringify([await keeper.get('acc_1'), outcomes])
    expect(told).toContain('invalid_request')
    expect(told).not.toContain('fake-refresh-1')
    expect(told).not.toContain('fake-client-secret')
  })
})

describe('a refused access token', () => {
  test('is refreshed once for all who come with it', async () => {
    const { keeper, exchanges } = setUp(fresh, rotating())
    const all = await Promise.all(Array.from({ length: 20 }, () => keeper.replace('acc_1', 'fake-access-1')))
    expect(all.every((one) => one.ok && one.value.token === 'fake-access-2')).toBe(true)
    expect(await keeper.replace('acc_1', 'fake-access-1')).toMatchObject({ value: { token: 'fake-access-2' } })
    expect(exchanges()).toBe(1)
  })

  test('replaced a moment ago is not refreshed again: the account is at fault, not the token', async () => {
    const { keeper, exchanges } = setUp(stale, rotating())
    await keeper.get('acc_1')
    expect(await keeper.replace('acc_1', 'fake-access-2')).toMatchObject({ value: { token: 'fake-access-3' } })
    expect(await keeper.replace('acc_1', 'fake-access-3')).toMatchObject({
      ok: false,
      error: { kind: 'access-denied' },
    })
    expect(exchanges()).toBe(2)
  })

  test('whose refresh fails in passing is handed out no more, and nothing is held against what comes after', async () => {
    let fails = true
    const next = rotating()
    const { keeper, advance, deaths, exchanges } = setUp(fresh, (call) => (fails ? oidcError('x', 500) : next(call)))
    const passing = { ok: false, error: { kind: 'renewal-failed', retryAfterMs: 750 } }
    expect(await keeper.replace('acc_1', 'fake-access-1')).toMatchObject(passing)
    expect(await keeper.get('acc_1')).toMatchObject(passing)
    fails = false
    await advance(751)
    expect(await keeper.get('acc_1')).toMatchObject({ ok: true, value: { token: 'fake-access-2' } })
    // The first token of a refresh that went well: refused, it is replaced once more before the account is at fault.
    expect(await keeper.replace('acc_1', 'fake-access-2')).toMatchObject({ value: { token: 'fake-access-3' } })
    expect(await keeper.replace('acc_1', 'fake-access-3')).toMatchObject({ error: { kind: 'access-denied' } })
    expect([deaths, exchanges()]).toEqual([[], 3])
  })

  test('in another call than a conversation stays in use while there is no newer one', async () => {
    let fails = true
    const next = rotating()
    const { keeper, advance } = setUp(fresh, (call) => (fails ? oidcError('x', 500) : next(call)))
    expect(await keeper.replaceAside('acc_1', 'fake-access-1')).toMatchObject({ error: { kind: 'renewal-failed' } })
    expect(await keeper.get('acc_1')).toMatchObject({ ok: true, value: { token: 'fake-access-1' } })
    fails = false
    await advance(1_000)
    expect(await keeper.replaceAside('acc_1', 'fake-access-1')).toMatchObject({ value: { token: 'fake-access-2' } })
    expect(await keeper.get('acc_1')).toMatchObject({ ok: true, value: { token: 'fake-access-2' } })
  })
})

describe('an API key', () => {
  const key: Credentials = { method: 'api-key', apiKey: 'ksk_fake', identityRegion: 'us-east-1' }

  test('is its own bearer', async () => {
    const { keeper, exchanges } = setUp(key, rotating())
    expect(await keeper.get('acc_1')).toMatchObject({ ok: true, value: { token: 'ksk_fake', method: 'api-key' } })
    expect(exchanges()).toBe(0)
  })

  test('that was refused is given out no more until the operator asks', async () => {
    const { keeper, deaths } = setUp(key, rotating())
    expect(await keeper.replace('acc_1', 'ksk_fake')).toMatchObject({ ok: false, error: { kind: 'token-rejected' } })
    expect(await keeper.get('acc_1')).toMatchObject({ ok: false })
    expect(deaths).toEqual(['acc_1 api-key-refused'])
    expect(await keeper.refreshNow('acc_1')).toMatchObject({ ok: true })
  })

  test('refused in another call than a conversation is as good as before', async () => {
    const { keeper, deaths } = setUp(key, rotating())
    expect(await keeper.replaceAside('acc_1', 'ksk_fake')).toMatchObject({ error: { kind: 'access-denied' } })
    expect(await keeper.get('acc_1')).toMatchObject({ ok: true })
    expect(deaths).toEqual([])
  })
})

describe('storing', () => {
  test('a rotated token the disk refuses is kept, used by nobody, and written as soon as that works', async () => {
    const { keeper, state, rows, advance, exchanges } = setUp(stale, rotating())
    state.failSaves = true
    expect(await keeper.get('acc_1')).toMatchObject({ ok: false, error: { kind: 'internal' } })
    state.failSaves = false
    await advance(2000)
    expect(await keeper.get('acc_1')).toMatchObject({ ok: true, value: { token: 'fake-access-2' } })
    expect(rows.get('acc_1')?.refreshToken).toBe('fake-refresh-2')
    expect(exchanges()).toBe(1)
  })

  test('a sign-in made during a refresh is not overwritten by it', async () => {
    const answered = Promise.withResolvers<Response>()
    const { keeper, rows } = setUp(stale, () => answered.promise)
    const waiting = keeper.get('acc_1')
    const anew = { ...fresh, refreshToken: 'fake-refresh-anew', accessToken: 'fake-access-anew' }
    await keeper.adopt('acc_1', anew)
    answered.resolve(json({ accessToken: 'fake-access-2', refreshToken: 'fake-refresh-2', expiresIn: 3600 }))
    expect(await waiting).toMatchObject({ ok: true, value: { token: 'fake-access-anew' } })
    expect(rows.get('acc_1')).toEqual(anew)
  })

  test('a profile learnt during a refresh survives it', async () => {
    const profileArn = 'arn:aws:codewhisperer:us-east-1:000000000000:profile/FAKEFAKEFAKE'
    const answered = Promise.withResolvers<Response>()
    const { keeper, rows } = setUp(stale, () => answered.promise)
    const waiting = keeper.get('acc_1')
    expect(await keeper.amend('acc_1', { profileArn })).toBe(true)
    answered.resolve(json({ accessToken: 'fake-access-2', refreshToken: 'fake-refresh-2', expiresIn: 3600 }))
    await waiting
    expect(rows.get('acc_1')).toMatchObject({ profileArn, refreshToken: 'fake-refresh-2' })
  })

  test('an account removed during a refresh does not come back', async () => {
    const answered = Promise.withResolvers<Response>()
    const { keeper, rows } = setUp(stale, () => answered.promise)
    const waiting = keeper.get('acc_1')
    await Bun.sleep(5)
    rows.delete('acc_1')
    keeper.forget('acc_1')
    answered.resolve(json({ accessToken: 'fake-access-2', refreshToken: 'fake-refresh-2', expiresIn: 3600 }))
    expect(await waiting).toMatchObject({ ok: false, error: { kind: 'token-rejected' } })
    expect(rows.size).toBe(0)
  })

  test('credentials that cannot be read ask for a new sign-in', async () => {
    const { keeper, deaths } = setUp(undefined, rotating())
    expect(await keeper.get('acc_1')).toMatchObject({ ok: false, error: { kind: 'token-rejected' } })
    expect(deaths).toEqual([])
  })
})

describe('many refreshes', () => {
  const ids = Array.from({ length: 40 }, (_, index) => `acc_${index}`)

  function setUpMany(reply: (index: number) => Response | 'drop') {
    const open = new Map<number, () => void>()
    const order: number[] = []
    let peak = 0
    const provider = startProvider({
      token: async ({ body }) => {
        const index = Number(String(body.refreshToken).split('-').at(-1))
        order.push(index)
        const gate = Promise.withResolvers<void>()
        open.set(index, gate.resolve)
        peak = Math.max(peak, open.size)
        await gate.promise
        open.delete(index)
        return reply(index)
      },
    })
    stop = provider.stop
    const effects = createTestEffects({ random: () => 0.5 }, startAt)
    const rows = Object.fromEntries(ids.map((id, index) => [id, { ...stale, refreshToken: `fake-refresh-${index}` }]))
    const memory = createMemoryStore(rows)
    const keeper = createTokenKeeper({
      settings: provider.settings,
      effects,
      store: memory.store,
      onDead: () => {},
    })
    /** Lets everything through from now on. */
    const flow = async (answers: Promise<unknown>): Promise<void> => {
      let isDone = false
      void answers.then(() => {
        isDone = true
      })
      await until(() => {
        for (const answer of open.values()) answer()
        return isDone
      })
    }
    const stands = () => until(() => open.size === refreshesAtOnce && keeper.waiting() === 40 - refreshesAtOnce)
    return {
      ...memory,
      keeper,
      advance: effects.advance,
      timers: effects.timers,
      order,
      open,
      flow,
      stands,
      peak: () => peak,
    }
  }
  const rotated = (index: number): Response =>
    json({ accessToken: `new-access-${index}`, refreshToken: `new-refresh-${index}`, expiresIn: 3600 })
  const tokenOf = (answer: Awaited<ReturnType<TokenKeeper['get']>>): unknown =>
    answer.ok ? answer.value.token : answer.error.kind

  test('are under way eight at once, those first who came first, and the others wait', async () => {
    const { keeper, order, flow, stands, peak, timers } = setUpMany(rotated)
    const all = Promise.all(ids.map((id) => keeper.get(id)))
    await stands()
    await flow(all)
    expect((await all).map(tokenOf)).toEqual(ids.map((_, index) => `new-access-${index}`))
    expect(peak()).toBe(refreshesAtOnce)
    expect(order).toHaveLength(40)
    expect(order.slice(0, 8).toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
    expect([keeper.waiting(), timers()]).toEqual([0, 0])
  })

  test('are still one for each account, however many come while it waits', async () => {
    const { keeper, order, flow, stands } = setUpMany(rotated)
    const all = Promise.all(ids.map((id) => keeper.get(id)))
    await stands()
    const late = Promise.all(ids.flatMap((id) => [keeper.get(id), keeper.refreshNow(id)]))
    await flow(Promise.all([all, late]))
    expect((await late).map(tokenOf)).toEqual(ids.flatMap((_, index) => Array(2).fill(`new-access-${index}`)))
    expect(order).toHaveLength(40)
  })

  test('that fail give their place back', async () => {
    const { keeper, order, flow } = setUpMany((index) => (index % 2 === 0 ? 'drop' : oidcError('invalid_grant')))
    const all = Promise.all(ids.map((id) => keeper.get(id)))
    await flow(all)
    const expected = ids.map((_, index) => (index % 2 === 0 ? 'renewal-failed' : 'token-rejected'))
    expect((await all).map(tokenOf)).toEqual(expected)
    expect([order.length, keeper.waiting()]).toEqual([40, 0])
  })

  test('wait no longer for a service that does not answer than it may take to answer', async () => {
    const { keeper, order, advance, flow, stands, timers } = setUpMany(rotated)
    const all = Promise.all(ids.map((id) => keeper.get(id)))
    await stands()
    await advance(30_000)
    expect((await all).map(tokenOf)).toEqual(ids.map(() => 'renewal-failed'))
    await keeper.settled()
    expect([order.length, keeper.waiting(), timers()]).toEqual([refreshesAtOnce, 0, 0])
    await advance(30_000) // past the pause of those that failed
    const again = Promise.all(ids.map((id) => keeper.get(id)))
    await flow(again)
    expect((await again).map(tokenOf)).toEqual(ids.map((_, index) => `new-access-${index}`))
  })

  test('hold up no new sign-in and no profile, and a new sign-in spares its refresh', async () => {
    const profileArn = 'arn:aws:codewhisperer:us-east-1:000000000000:profile/FAKEFAKEFAKE'
    const { keeper, rows, order, flow, stands } = setUpMany(rotated)
    const all = Promise.all(ids.map((id) => keeper.get(id)))
    await stands()
    for (const id of ['acc_0', 'acc_38']) expect(await keeper.amend(id, { profileArn })).toBe(true)
    const anew = { ...fresh, refreshToken: 'fake-refresh-anew', accessToken: 'anew' }
    for (const id of ['acc_1', 'acc_39']) await keeper.adopt(id, anew)
    await flow(all)
    expect((await all).map(tokenOf)).toEqual(
      ids.map((id, index) => (id === 'acc_1' || id === 'acc_39' ? 'anew' : `new-access-${index}`)),
    )
    expect(order).toHaveLength(39)
    for (const id of ['acc_0', 'acc_38']) expect(rows.get(id)?.profileArn).toBe(profileArn)
    for (const id of ['acc_1', 'acc_39']) expect(rows.get(id)).toEqual(anew)
  })

  test('of sign-ins known to be dead do not wait', async () => {
    const { keeper, open, flow } = setUpMany((index) => (index === 0 ? oidcError('invalid_grant') : rotated(index)))
    const first = Promise.resolve(keeper.get('acc_0'))
    await flow(first)
    const others = Promise.all(ids.slice(1).map((id) => keeper.get(id)))
    await until(() => open.size === refreshesAtOnce)
    expect(tokenOf(await keeper.get('acc_0'))).toBe('token-rejected')
    await flow(others)
  })
})

describe('refreshes that are due', () => {
  const due: readonly (readonly [string, number | undefined, boolean])[] = [
    ['unknown', undefined, true],
    ['expired', -1, true],
    ['in four minutes', 240_000, true],
    ['in sixteen minutes', 960_000, false],
  ]
  test.each(due)('an expiry %s', (_, inMs, expected) => {
    const { keeper } = setUp(stale, rotating())
    const account = { accountId: 'acc_1', ...(inMs === undefined ? {} : { accessExpiresAt: startAt + inMs }) }
    expect(keeper.refreshDue(startAt, [account]).length > 0).toBe(expected)
  })

  test('are spread over ten minutes', () => {
    const { keeper } = setUp(stale, rotating())
    const accounts = Array.from({ length: 200 }, (_, index) => ({
      accountId: `acc_${index}`,
      accessExpiresAt: startAt + hour,
    }))
    const dueAt = (minutes: number): number => keeper.refreshDue(startAt + minutes * 60_000, accounts).length
    expect(dueAt(44)).toBe(0)
    expect(dueAt(50)).toBeGreaterThan(60)
    expect(dueAt(50)).toBeLessThan(140)
    expect(dueAt(55)).toBe(200)
  })
})
