import { afterEach, describe, expect, test } from 'bun:test'
import { gatewayError } from '../../server/conversation/error.ts'
import { err, ok } from '../../server/lib/result.ts'
import { createSignIns, type SignedIn, type SignInRequest } from '../../server/upstream/amazonq/sign-in.ts'
import { createTestEffects } from '../support/effects.ts'
import { classify, json, oidcError, type Reply, type Route, startAt, startProvider, until } from './identity-support.ts'

let stop = (): unknown => undefined
afterEach(() => stop())

const granted = (): Response =>
  json({ accessToken: 'fake-access', refreshToken: 'fake-refresh', expiresIn: 3600, tokenType: 'Bearer' })
const company = { startUrl: 'https://example.awsapps.com/start', region: 'eu-west-1' }
const arn = 'arn:aws:codewhisperer:eu-central-1:000000000000:profile/FAKEFAKEFAKE'

/** A provider whose token endpoint answers one reply after the other, then the last one for ever. */
function setUp(replies: readonly (() => Reply)[], more: Record<string, Route> = {}, maxPending?: number) {
  let polls = 0
  const provider = startProvider({
    register: () => json({ clientId: 'fake-client', clientSecret: 'fake-secret', clientSecretExpiresAt: 1776000000 }),
    device_authorization: () =>
      json({
        deviceCode: 'fake-device-code',
        userCode: 'ABCD-EFGH',
        verificationUri: 'https://device.example/',
        verificationUriComplete: 'https://device.example/?user_code=ABCD-EFGH',
        expiresIn: 600,
        interval: 1,
      }),
    token: () => (replies[Math.min(polls++, replies.length - 1)] ?? granted)(),
    GetUsageLimits: () =>
      json({
        userInfo: { userId: 'd-fake.1', email: 'someone@example.com' },
        subscriptionInfo: { subscriptionTitle: 'KIRO FREE' },
      }),
    ListAvailableProfiles: () => json({ profiles: [] }),
    ...more,
  })
  stop = provider.stop
  const clock = createTestEffects({ random: () => 0.5 }, startAt)
  let waits = 0
  const effects: typeof clock = {
    ...clock,
    sleep: (ms, signal) => {
      waits++
      return clock.sleep(ms, signal)
    },
  }
  const signedIn: SignedIn[] = []
  const made = createSignIns({
    settings: provider.settings,
    effects,
    classify,
    onSignedIn: async (one) => {
      signedIn.push(one)
      return ok(one.accountId ?? 'acc_new')
    },
    ...(maxPending === undefined ? {} : { maxPending }),
  })
  const authIds: string[] = []
  const signIns: typeof made = {
    ...made,
    start: async (...request) => {
      const started = await made.start(...request)
      if (started.ok) authIds.push(started.value.authId)
      return started
    },
  }
  const start = async (request: SignInRequest = {}): Promise<string> => {
    const started = await signIns.start(request)
    if (!started.ok) throw new Error(started.error.message)
    return started.value.authId
  }
  /** One poll: moves the clock and waits until the provider has answered and the next wait (or the end) is reached. */
  const poll = async (ms: number): Promise<void> => {
    const before = waits
    await effects.advance(ms)
    await until(() => waits > before || authIds.every((authId) => signIns.status(authId)?.status !== 'pending'))
  }
  return { ...provider, effects, signIns, signedIn, start, poll, polls: () => provider.calls('token').length }
}

const pending = (): Reply => oidcError('authorization_pending')

describe('a device sign-in', () => {
  test('shows the code, polls by itself, and hands over what it got', async () => {
    const { signIns, seen, poll, signedIn } = setUp([pending, granted])
    const started = await signIns.start({ label: 'mine', enabled: false })
    expect(started).toMatchObject({
      ok: true,
      value: {
        userCode: 'ABCD-EFGH',
        verificationUri: 'https://device.example/',
        verificationUriComplete: 'https://device.example/?user_code=ABCD-EFGH',
        expiresInMs: 600_000,
        intervalMs: 1000,
      },
    })
    expect(JSON.stringify(started)).not.toContain('fake-device-code')
    const authId = started.ok ? started.value.authId : ''
    await poll(1000)
    expect(signIns.status(authId)).toEqual({ status: 'pending', remainingMs: 599_000 })
    await poll(1000)
    await until(() => signIns.status(authId)?.status !== 'pending')
    expect(signIns.status(authId)).toEqual({ status: 'completed', accountId: 'acc_new', remainingMs: 0 })
    expect(signedIn).toEqual([
      {
        credentials: {
          method: 'builder-id',
          accessToken: 'fake-access',
          accessExpiresAt: startAt + 2000 + 3_600_000,
          refreshToken: 'fake-refresh',
          clientId: 'fake-client',
          clientSecret: 'fake-secret',
          clientExpiresAt: 1776000000_000,
          identityRegion: 'us-east-1',
          startUrl: 'https://view.awsapps.com/start',
        },
        usage: { userId: 'd-fake.1', email: 'someone@example.com', plan: 'KIRO FREE' },
        label: 'mine',
        enabled: false,
      },
    ])
    expect(seen[0]?.body).toEqual({
      clientName: 'claude-server',
      clientType: 'public',
      scopes: ['codewhisperer:completions', 'codewhisperer:analysis', 'codewhisperer:conversations'],
    })
    expect(seen[1]?.body).toEqual({
      clientId: 'fake-client',
      clientSecret: 'fake-secret',
      startUrl: 'https://view.awsapps.com/start',
    })
    expect(seen[2]?.body.grantType).toBe('urn:ietf:params:oauth:grant-type:device_code')
    expect(seen.every((one) => one.headers.get('user-agent')?.startsWith('claude-server/9.9.9 '))).toBe(true)
    expect(seen.some((one) => one.headers.get('x-amz-target')?.endsWith('ListAvailableProfiles'))).toBe(false)
  })

  test('of a company goes to its own region and looks for its profile in both', async () => {
    const { start, poll, signedIn, seen, signIns } = setUp([granted], {
      ListAvailableProfiles: ({ path }) =>
        json({ profiles: path.includes('eu-central-1') ? [{ arn, profileName: 'Team', status: 'ACTIVE' }] : [] }),
    })
    const authId = await start({ ...company, startUrl: `${company.startUrl}/#/`, accountId: 'acc_old' })
    await poll(1000)
    await until(() => signIns.status(authId)?.status === 'completed')
    expect(signIns.status(authId)?.accountId).toBe('acc_old')
    expect(signedIn[0]?.credentials).toMatchObject({
      method: 'identity-center',
      identityRegion: 'eu-west-1',
      startUrl: company.startUrl,
      profileArn: arn,
    })
    expect(seen.slice(0, 3).every((one) => one.path.startsWith('/oidc/eu-west-1/'))).toBe(true)
    expect(seen.at(-1)).toMatchObject({ path: '/eu-central-1/', body: { profileArn: arn } })
  })

  test('succeeds though nothing can be learnt about the person', async () => {
    const broken = (): Reply => 'drop'
    const { start, poll, signedIn, signIns } = setUp([granted], {
      GetUsageLimits: broken,
      ListAvailableProfiles: broken,
    })
    const authId = await start(company)
    await poll(1000)
    await until(() => signIns.status(authId)?.status === 'completed')
    expect(signedIn[0]?.usage).toEqual({})
  })
})

describe('polling', () => {
  test('waits five seconds longer after each slow_down, and says so', async () => {
    const { start, poll, effects, polls, signIns } = setUp([
      () => oidcError('slow_down'),
      () => oidcError('slow_down'),
      pending,
    ])
    const authId = await start()
    expect(signIns.status(authId)).not.toHaveProperty('slowedToMs')
    await poll(1000)
    await until(() => signIns.status(authId)?.slowedToMs === 6000)
    await effects.advance(5999)
    expect(polls()).toBe(1)
    await poll(1)
    await until(() => signIns.status(authId)?.slowedToMs === 11_000)
    await effects.advance(10_999)
    expect(polls()).toBe(2)
    await poll(1)
    expect(polls()).toBe(3)
  })

  test('outlives a network that comes and goes', async () => {
    const { start, poll, signIns } = setUp([
      () => 'drop',
      () => new Response('<html>', { status: 502 }),
      () => new Response('{"accessTok'),
      granted,
    ])
    const authId = await start()
    for (let times = 0; times < 4; times++) await poll(1000)
    await until(() => signIns.status(authId)?.status === 'completed')
  })

  const ends: readonly (readonly [string, () => Reply, string])[] = [
    ['denied in the browser', () => oidcError('access_denied'), 'denied'],
    ['expired at the provider', () => oidcError('expired_token'), 'expired'],
    ['refused otherwise', () => oidcError('invalid_request'), 'failed'],
  ]
  test.each(ends)('ends when it was %s', async (_, reply, code) => {
    const { start, poll, effects, signIns, polls, signedIn } = setUp([reply])
    const authId = await start()
    await poll(1000)
    await until(() => signIns.status(authId)?.status === 'error')
    expect(signIns.status(authId)).toMatchObject({ code, remainingMs: 0 })
    await effects.advance(10_000)
    expect([polls(), signedIn]).toEqual([1, []])
  })

  const timeouts: readonly (readonly [string, () => Reply, string])[] = [
    ['nobody confirms', pending, 'expired'],
    ['nothing was ever reached', () => 'drop', 'network'],
  ]
  test.each(timeouts)('ends at the expiry of the code when %s', async (_, reply, code) => {
    const { start, poll, effects, signIns, routes } = setUp([reply])
    const whole = routes.device_authorization
    routes.device_authorization = async (seen) => {
      const answer = (await whole?.(seen)) as Response
      return json({ ...((await answer.json()) as object), expiresIn: 3 })
    }
    const authId = await start()
    await poll(1000)
    await poll(1000)
    expect(signIns.status(authId)?.status).toBe('pending')
    await effects.advance(1000)
    await until(() => signIns.status(authId)?.status === 'error')
    expect(signIns.status(authId)).toMatchObject({ code, remainingMs: 0 })
  })

  test('that cannot store the account says why', async () => {
    const { settings, effects } = setUp([granted])
    const signIns = createSignIns({
      settings,
      effects,
      classify,
      onSignedIn: async () => err(gatewayError('internal', 'The disk is full.')),
    })
    const started = await signIns.start({})
    const authId = started.ok ? started.value.authId : ''
    await effects.advance(1000)
    await until(() => signIns.status(authId)?.status === 'error')
    expect(signIns.status(authId)).toMatchObject({ code: 'failed', error: 'The disk is full.' })
  })
})

describe('waiting and cancelling', () => {
  test("several may wait; leaving ends only one's own waiting", async () => {
    const { start, poll, signIns, signedIn } = setUp([pending, granted])
    const authId = await start()
    const leaver = new AbortController()
    const left = signIns.wait(authId, leaver.signal)
    const stayed = [
      signIns.wait(authId, new AbortController().signal),
      signIns.wait(authId, new AbortController().signal),
    ]
    leaver.abort()
    expect(await left).toMatchObject({ status: 'pending' })
    await poll(1000)
    await poll(1000)
    expect(await Promise.all(stayed)).toMatchObject([{ status: 'completed' }, { status: 'completed' }])
    expect(signedIn.length).toBe(1)
  })

  test('a cancelled sign-in stops polling', async () => {
    const { start, signIns, effects, polls } = setUp([pending])
    const authId = await start()
    expect(signIns.cancel(authId)).toBe(true)
    expect(await signIns.wait(authId, new AbortController().signal)).toMatchObject({
      status: 'error',
      code: 'cancelled',
    })
    expect(signIns.cancel(authId)).toBe(false)
    await effects.advance(10_000)
    expect(polls()).toBe(0)
  })

  test('there is room for so many and no more, and finished ones are forgotten after a while', async () => {
    const { start, signIns, effects } = setUp([pending], {}, 2)
    const first = await start()
    await start()
    expect(await signIns.start({})).toMatchObject({ ok: false, error: { kind: 'limit-reached' } })
    signIns.cancel(first)
    await signIns.wait(first, new AbortController().signal)
    await start()
    await effects.advance(600_001)
    expect(signIns.status(first)).toBeUndefined()
    expect(await signIns.wait('auth_unknown', new AbortController().signal)).toBeUndefined()
    signIns.stop()
  })
})

describe('what is asked for', () => {
  const wrong: readonly (readonly [string, SignInRequest, string])[] = [
    ['a region that is none', { region: 'evil.example/' }, 'region'],
    ['a start URL without https', { startUrl: 'http://example.com/start', region: 'us-east-1' }, 'startUrl'],
    ['a start URL that is none', { startUrl: 'example', region: 'us-east-1' }, 'startUrl'],
    ['a start URL without its region', { startUrl: company.startUrl }, 'region'],
  ]
  test.each(wrong)('%s is named', async (_, request, field) => {
    const { signIns, seen } = setUp([pending])
    expect(await signIns.start(request)).toMatchObject({ ok: false, error: { kind: 'invalid-request', field } })
    expect(seen).toEqual([])
  })

  test('an unreachable service and a refusing one are told apart', async () => {
    const { signIns, routes } = setUp([pending], { register: () => 'drop' })
    expect(await signIns.start({})).toMatchObject({ ok: false, error: { kind: 'upstream-unreachable' } })
    routes.register = () => oidcError('invalid_request')
    expect(await signIns.start({})).toMatchObject({ ok: false, error: { kind: 'invalid-request' } })
  })
})
