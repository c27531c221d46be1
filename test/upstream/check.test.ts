import { afterEach, describe, expect, test } from 'bun:test'
import { createAccountChecker } from '../../server/upstream/amazonq/check.ts'
import type { Credentials } from '../../server/upstream/amazonq/credentials.ts'
import { createTokenKeeper } from '../../server/upstream/amazonq/refresh.ts'
import { createTestEffects } from '../support/effects.ts'
import {
  classify,
  createMemoryStore,
  json,
  oidcCredentials,
  oidcError,
  type Route,
  startAt,
  startProvider,
} from './identity-support.ts'

let stop = (): unknown => undefined
afterEach(() => stop())

const arn = 'arn:aws:codewhisperer:eu-central-1:000000000000:profile/FAKEFAKEFAKE'
const fresh = { accessToken: 'fake-access-1', accessExpiresAt: startAt + 3_600_000 }
const usage = {
  userInfo: { email: 'someone@example.com', userId: 'fake-user' },
  usageBreakdownList: [{ usageLimit: 50, currentUsage: 1 }],
}

function setUp(credentials: Credentials, routes: Record<string, Route> = {}) {
  const provider = startProvider({
    GetUsageLimits: () => json(usage),
    ListAvailableModels: () => json({ models: [{ modelId: 'auto' }] }),
    ListAvailableProfiles: () => json({ profiles: [{ arn, status: 'ACTIVE' }] }),
    token: () => json({ accessToken: 'fake-access-2', refreshToken: 'fake-refresh-2', expiresIn: 3600 }),
    ...routes,
  })
  stop = provider.stop
  const effects = createTestEffects({}, startAt)
  const memory = createMemoryStore({ acc_1: credentials })
  const deps = { settings: provider.settings, effects, classify }
  const tokens = createTokenKeeper({ ...deps, store: memory.store, onDead: () => {} })
  return {
    ...provider,
    ...memory,
    deps,
    checker: createAccountChecker({ ...deps, tokens, credentials: memory.store.load }),
  }
}

describe('checking an account', () => {
  test('tells its person, quota and models', async () => {
    const startUrl = 'https://view.awsapps.com/start'
    const { checker, calls } = setUp(oidcCredentials({ ...fresh, startUrl }))
    expect(await checker.checkAccount('acc_1')).toMatchObject({
      accountId: 'acc_1',
      at: startAt,
      method: 'builder-id',
      region: 'us-east-1',
      email: 'someone@example.com',
      userId: 'fake-user',
      quota: { used: 1, limit: 50 },
      models: [{ id: 'auto' }],
    })
    expect(calls('ListAvailableProfiles').length).toBe(0)
  })

  test('finds and saves the profile of a company sign-in', async () => {
    const { checker, rows } = setUp(
      oidcCredentials({ ...fresh, method: 'identity-center', identityRegion: 'eu-west-1' }),
    )
    expect(await checker.checkAccount('acc_1')).toMatchObject({ region: 'eu-central-1', profileArn: arn })
    expect(rows.get('acc_1')?.profileArn).toBe(arn)
  })

  test('tells a company’s sign-in from a Builder ID when its file did not say what it is', async () => {
    const { checker, rows } = setUp(oidcCredentials(fresh))
    expect(await checker.checkAccount('acc_1')).toMatchObject({ method: 'identity-center', region: 'eu-central-1' })
    expect(rows.get('acc_1')).toMatchObject({
      method: 'identity-center',
      provider: 'Enterprise',
      profileArn: arn,
      refreshToken: 'fake-refresh-1',
    })
  })

  test('asks once whether it is a Builder ID, and again only where the answer was none', async () => {
    const answers = [json({}, 500), json({}, 500)]
    const builderId = () =>
      json({ __type: 'AccessDeniedException', message: 'AWS Builder ID is not supported for this operation.' }, 403)
    const { checker, rows, calls } = setUp(oidcCredentials(fresh), {
      ListAvailableProfiles: () => answers.pop() ?? builderId(),
    })
    expect(await checker.checkAccount('acc_1')).toMatchObject({ method: 'builder-id', models: [{ id: 'auto' }] })
    expect(rows.get('acc_1')).not.toHaveProperty('startUrl')
    await checker.checkAccount('acc_1')
    expect(rows.get('acc_1')).toMatchObject({ method: 'builder-id', startUrl: 'https://view.awsapps.com/start' })
    const asked = calls('ListAvailableProfiles').length
    await checker.checkAccount('acc_1')
    expect(calls('ListAvailableProfiles').length).toBe(asked)
  })

  test('names a company sign-in that nothing is assigned to', async () => {
    const { checker } = setUp(oidcCredentials({ ...fresh, method: 'identity-center' }), {
      ListAvailableProfiles: () => json({ profiles: [] }),
    })
    const { error } = await checker.checkAccount('acc_1')
    expect(error?.kind).toBe('account-refused')
    expect(error?.message).toContain('no active profile')
  })

  test('has a stale token replaced once', async () => {
    const guarded: (reply: Route) => Route = (reply) => (seen) =>
      seen.headers.get('authorization') === 'Bearer fake-access-2'
        ? reply(seen)
        : json({ message: 'The bearer token included in the request is invalid.' }, 403)
    const { checker, calls } = setUp(oidcCredentials(fresh), {
      GetUsageLimits: guarded(() => json(usage)),
      ListAvailableModels: guarded(() => json({ models: [{ modelId: 'auto' }] })),
    })
    const check = await checker.checkAccount('acc_1')
    expect([check.error, check.unread, check.email]).toEqual([undefined, undefined, 'someone@example.com'])
    expect(calls('token').length).toBe(1)
  })

  test('sees a suspension that the usage limits do not show', async () => {
    const { checker } = setUp(oidcCredentials(fresh), {
      ListAvailableModels: () => json({ message: 'Your User ID temporarily is suspended.' }, 403),
    })
    expect(await checker.checkAccount('acc_1')).toMatchObject({
      email: 'someone@example.com',
      error: { kind: 'account-suspended' },
    })
  })

  const faults: readonly (readonly [string, () => Response | 'drop'])[] = [
    ['a plain 403', () => json({ message: 'User is not authorized to make this call.' }, 403)],
    ['a 403 about the token', () => json({ message: 'The bearer token included in the request is invalid.' }, 403)],
    ['a 404', () => json({}, 404)],
    ['a 429', () => json({ message: 'Too many requests' }, 429)],
    ['a 500', () => json({}, 500)],
    ['a page as a 502', () => new Response('<html>Bad gateway</html>', { status: 502 })],
    ['a cut connection', () => 'drop'],
  ]
  test.each(faults)('does not fail for %s of one call alone, and tells it', async (_, reply) => {
    const fine = { auto: { models: [{ id: 'auto' }] }, usage: { quota: { used: 1, limit: 50 } } }
    for (const [operation, name, rest] of [
      ['ListAvailableModels', 'models', fine.usage],
      ['GetUsageLimits', 'usage', fine.auto],
    ] as const) {
      const { checker } = setUp(oidcCredentials(fresh), { [operation]: reply })
      const check = await checker.checkAccount('acc_1')
      expect(check.error).toBeUndefined()
      expect(check).toMatchObject(rest)
      expect(Object.keys(check.unread ?? {})).toEqual([name])
      stop()
    }
    const { checker } = setUp(oidcCredentials(fresh), { ListAvailableModels: reply, GetUsageLimits: reply })
    const none = await checker.checkAccount('acc_1')
    expect(none.error).toEqual(none.unread?.models)
    expect(['token-rejected', 'account-suspended']).not.toContain(none.error?.kind as string)
  })

  test('takes a list without any model for one that could not be read', async () => {
    const { checker } = setUp(oidcCredentials(fresh), { ListAvailableModels: () => json({ models: [] }) })
    const check = await checker.checkAccount('acc_1')
    expect([check.error, check.models, check.unread?.models?.kind]).toEqual([undefined, undefined, 'broken-reply'])
  })

  test('has no token replaced again and again for a call that is refused with each', async () => {
    const refused = (): Response => json({ message: 'The bearer token included in the request is invalid.' }, 403)
    const { checker, calls } = setUp(oidcCredentials(fresh), { ListAvailableModels: refused })
    for (let time = 0; time < 5; time++) {
      const { error, unread } = await checker.checkAccount('acc_1')
      expect([error, unread?.models?.kind]).toEqual([undefined, 'access-denied'])
    }
    expect(calls('token').length).toBe(1)
  })

  test('tells a dead sign-in', async () => {
    const { checker } = setUp(oidcCredentials(), { token: () => oidcError('invalid_grant') })
    expect((await checker.checkAccount('acc_1')).error?.kind).toBe('token-rejected')
  })
})
