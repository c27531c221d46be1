import { afterEach, describe, expect, test } from 'bun:test'
import { remainingCredits } from '../../server/conversation/quota.ts'
import type { ControlDeps } from '../../server/upstream/amazonq/control-call.ts'
import type { Access } from '../../server/upstream/amazonq/credentials.ts'
import { listModels } from '../../server/upstream/amazonq/model-list.ts'
import { chooseProfile, listProfiles, type Profile } from '../../server/upstream/amazonq/profiles.ts'
import { readUsage, usageOf } from '../../server/upstream/amazonq/quota.ts'
import { createTestEffects } from '../support/effects.ts'
import { classify, json, type Reply, type Route, startAt, startProvider } from './identity-support.ts'

let stop = (): unknown => undefined
afterEach(() => stop())

const arn = 'arn:aws:codewhisperer:eu-central-1:000000000000:profile/FAKEFAKEFAKE'
const access: Access = { token: 'fake-access', method: 'builder-id', region: 'us-east-1' }
const withProfile: Access = { ...access, method: 'identity-center', profileArn: arn, region: 'eu-central-1' }

function setUp(routes: Record<string, Route>, settings: Partial<ControlDeps['settings']> = {}) {
  const provider = startProvider(routes)
  stop = provider.stop
  const deps: ControlDeps = {
    settings: { ...provider.settings, ...settings },
    effects: createTestEffects({}, startAt),
    classify,
  }
  return { ...provider, deps }
}

const seconds = (at: number): number => at / 1000
const day = 86_400_000

// Every member the provider has been seen to send, with made-up figures.
const wholeAnswer = {
  nextDateReset: seconds(startAt + 17 * day),
  daysUntilReset: 17,
  limits: [],
  usageBreakdown: null,
  usageBreakdownList: [
    { resourceType: 'SPEC', currentUsage: 1, usageLimit: 2 },
    {
      resourceType: 'CREDIT',
      displayName: 'Credit',
      currentUsage: 12,
      currentUsageWithPrecision: 12.34,
      usageLimit: 50,
      usageLimitWithPrecision: 50.0,
      currentOverages: 3,
      currentOveragesWithPrecision: 3.5,
      overageCap: 100,
      overageCapWithPrecision: 100.0,
      overageRate: 0.04,
      currency: 'USD',
      unit: 'INVOCATIONS',
      nextDateReset: seconds(startAt + 16 * day) + 0.5,
      freeTrialInfo: {
        freeTrialStatus: 'ACTIVE',
        freeTrialExpiry: seconds(startAt + 5 * day) + 0.25,
        currentUsage: 100,
        currentUsageWithPrecision: 100.5,
        usageLimit: 500,
        usageLimitWithPrecision: 500.0,
      },
      bonuses: [
        {
          bonusCode: 'A',
          displayName: 'Welcome',
          status: 'ACTIVE',
          usageLimit: 20,
          currentUsage: 5,
          expiresAt: seconds(startAt + day),
        },
        { bonusCode: 'B', status: 'EXHAUSTED', usageLimit: 20, currentUsage: 20 },
        { bonusCode: 'C', status: 'ACTIVE', usageLimit: 20, currentUsage: 0, expiresAt: seconds(startAt - day) },
      ],
    },
  ],
  subscriptionInfo: { subscriptionTitle: 'KIRO PRO', type: 'Q_DEVELOPER_STANDALONE_PRO' },
  overageConfiguration: { overageStatus: 'ENABLED', overageLimit: 1000 },
  userInfo: { userId: 'd-0000000000.00000000-0000-4000-8000-000000000000', email: 'someone@example.com' },
  totalUsage: null,
}

describe('usage limits', () => {
  test('are read whole: main part, trial, bonuses, overage, reset, person and plan', () => {
    const reading = usageOf(wholeAnswer, startAt)
    expect(reading).toEqual({
      quota: {
        used: 12.34,
        limit: 50,
        trial: { used: 100.5, limit: 500, expiresAt: startAt + 5 * day + 250, active: true },
        bonuses: [{ name: 'Welcome', used: 5, limit: 20, expiresAt: startAt + day }],
        overage: { enabled: true, used: 3.5, cap: 100, microUsdPerCredit: 40_000 },
        resetsAt: startAt + 16 * day + 500,
        readAt: startAt,
      },
      email: 'someone@example.com',
      userId: 'd-0000000000.00000000-0000-4000-8000-000000000000',
      plan: 'KIRO PRO',
    })
    expect(reading.quota && remainingCredits(reading.quota)).toBeCloseTo(37.66 + 399.5 + 15 + 96.5)
  })

  const credit = wholeAnswer.usageBreakdownList[1]
  const variants: readonly (readonly [string, object, object | undefined])[] = [
    [
      'an expired trial is kept as inactive',
      {
        usageBreakdownList: [
          {
            resourceType: 'CREDIT',
            usageLimit: 50,
            currentUsage: 1,
            freeTrialInfo: { freeTrialStatus: 'EXPIRED', usageLimit: 500, currentUsage: 9 },
          },
        ],
      },
      { trial: { active: false, used: 9 } },
    ],
    [
      'a trial past its end is inactive whatever it is called',
      {
        usageBreakdownList: [
          {
            usageLimit: 1,
            freeTrialInfo: { freeTrialStatus: 'ACTIVE', usageLimit: 5, freeTrialExpiry: seconds(startAt - 1000) },
          },
        ],
      },
      { trial: { active: false } },
    ],
    [
      'overage that is off is told as off',
      { ...wholeAnswer, overageConfiguration: { overageStatus: 'DISABLED' } },
      { overage: { enabled: false } },
    ],
    [
      'a zero with precision beats the rounded figure',
      { usageBreakdownList: [{ ...credit, currentUsageWithPrecision: 0 }] },
      { used: 0 },
    ],
    [
      'the reset date of the whole stands in',
      { ...wholeAnswer, usageBreakdownList: [{ resourceType: 'AGENTIC_REQUEST', usageLimit: 50 }] },
      { limit: 50, used: 0, resetsAt: startAt + 17 * day },
    ],
    [
      'the oldest form',
      { limits: [{ type: 'AGENTIC_REQUEST', currentUsage: 3, totalUsageLimit: 50 }] },
      { used: 3, limit: 50 },
    ],
    ['nothing usable gives no figures', { usageBreakdownList: [], limits: [] }, undefined],
    ['wrong types give no figures', { usageBreakdownList: [{ usageLimit: 'many' }, 7], nextDateReset: {} }, undefined],
  ]
  test.each(variants)('%s', (_, body, expected) => {
    const { quota } = usageOf(body as Record<string, unknown>, startAt)
    if (expected === undefined) expect(quota).toBeUndefined()
    else expect(quota).toMatchObject(expected)
  })

  test('are asked for by RPC with one truthful name', async () => {
    const { deps, seen } = setUp({ GetUsageLimits: () => json(wholeAnswer) })
    expect(await readUsage(deps, withProfile)).toMatchObject({ ok: true, value: { plan: 'KIRO PRO' } })
    const headers = seen[0]?.headers
    expect(seen[0]).toMatchObject({
      method: 'POST',
      path: '/eu-central-1/',
      body: { origin: 'AI_EDITOR', resourceType: 'AGENTIC_REQUEST', isEmailRequired: true, profileArn: arn },
    })
    expect(headers?.get('x-amz-target')).toBe('AmazonCodeWhispererService.GetUsageLimits')
    expect(headers?.get('content-type')).toBe('application/x-amz-json-1.0')
    expect(headers?.get('authorization')).toBe('Bearer fake-access')
    expect(headers?.get('user-agent')).toStartWith('claude-server/9.9.9 ')
    expect(headers?.get('x-amzn-codewhisperer-optout')).toBe('true')
    expect(headers?.get('tokentype')).toBeNull()
  })

  test('are asked for by REST when the settings say so', async () => {
    const { deps, seen } = setUp({ getUsageLimits: () => json(wholeAnswer) }, { protocol: 'rest' })
    expect(await readUsage(deps, { ...access, method: 'api-key' })).toMatchObject({ ok: true })
    expect(seen[0]).toMatchObject({
      method: 'GET',
      path: '/us-east-1/getUsageLimits',
      query: { origin: 'AI_EDITOR', resourceType: 'AGENTIC_REQUEST', isEmailRequired: 'true' },
    })
    expect(seen[0]?.headers.get('tokentype')).toBe('API_KEY')
  })

  test('are asked for again without the profile where naming it is refused', async () => {
    const { deps, seen } = setUp({
      GetUsageLimits: ({ body }) =>
        body.profileArn ? json({ message: 'Improperly formed request.' }, 400) : json(wholeAnswer),
    })
    expect(await readUsage(deps, withProfile)).toMatchObject({ ok: true })
    expect(seen.length).toBe(2)
  })

  const faults: readonly (readonly [string, () => Reply, string])[] = [
    [
      'a dead token',
      () => json({ message: 'The bearer token included in the request is invalid.' }, 403),
      'token-rejected',
    ],
    [
      'a suspended account',
      () => json({ message: 'temporarily is suspended', reason: 'TEMPORARILY_SUSPENDED' }, 403),
      'account-suspended',
    ],
    ['a cut connection', () => 'drop', 'upstream-unreachable'],
    ['an answer that is no JSON', () => new Response('{"usageBreak'), 'broken-reply'],
  ]
  test.each(faults)('report %s', async (_, reply, kind) => {
    const { deps } = setUp({ GetUsageLimits: reply })
    expect(await readUsage(deps, access)).toMatchObject({ ok: false, error: { kind } })
  })

  test('that never answer end at the time limit', async () => {
    const { routes, seen, settings } = setUp({ GetUsageLimits: () => new Promise<Reply>(() => {}) })
    const effects = createTestEffects({}, startAt)
    const reading = readUsage({ settings, effects, classify, timeoutMs: 700 }, access)
    while (seen.length === 0) await Bun.sleep(1)
    await effects.advance(701)
    expect(await reading).toMatchObject({ ok: false, error: { kind: 'upstream-unreachable' } })
    expect(Object.keys(routes)).toEqual(['GetUsageLimits'])
  })
})

describe('the model list', () => {
  const opus = {
    modelId: 'claude-opus-4.7',
    modelName: 'Claude Opus 4.7',
    description: 'Made up',
    rateMultiplier: 2.2,
    rateUnit: 'Credit',
    tokenLimits: { maxInputTokens: 1_000_000, maxOutputTokens: 128_000 },
    supportedInputTypes: ['TEXT', 'IMAGE'],
    additionalModelRequestFieldsSchema: { type: 'object', properties: { thinking: { type: 'object' } } },
  }

  test('joins all pages and keeps the schema of thinking fields', async () => {
    const { deps, seen } = setUp({
      ListAvailableModels: ({ body }) =>
        body.nextToken === undefined
          ? json({ models: [opus], nextToken: 'page-2' })
          : json({
              models: [{ modelId: 'auto', tokenLimits: {} }, opus, { modelName: 'no id' }, null],
              nextToken: 'page-2',
            }),
    })
    expect(await listModels(deps, withProfile)).toEqual({
      ok: true,
      value: [
        {
          id: 'claude-opus-4.7',
          name: 'Claude Opus 4.7',
          description: 'Made up',
          maxInputTokens: 1_000_000,
          maxOutputTokens: 128_000,
          acceptsImages: true,
          rate: 2.2,
          requestFieldsSchema: opus.additionalModelRequestFieldsSchema,
        },
        { id: 'auto', name: 'auto', maxInputTokens: 200_000, maxOutputTokens: 64_000, acceptsImages: false },
      ],
    })
    expect(seen.map(({ body }) => body)).toEqual([
      { origin: 'AI_EDITOR', profileArn: arn },
      { origin: 'AI_EDITOR', profileArn: arn, nextToken: 'page-2' },
    ])
  })

  test('gives up on pages without end', async () => {
    let page = 0
    const { deps, seen } = setUp({ ListAvailableModels: () => json({ models: [], nextToken: `page-${page++}` }) })
    expect(await listModels(deps, access)).toEqual({ ok: true, value: [] })
    expect(seen.length).toBe(20)
  })
})

describe('profiles', () => {
  const profile = (region: string, status?: string) => ({
    arn: `arn:aws:codewhisperer:${region}:000000000000:profile/FAKEFAKEFAKE`,
    profileName: `in ${region}`,
    ...(status === undefined ? {} : { status }),
  })
  const inRegion = ({ path }: { readonly path: string }): string => path.split('/')[1] ?? ''

  test('of both regions are joined', async () => {
    const { deps } = setUp({
      ListAvailableProfiles: (seen) => json({ profiles: [profile(inRegion(seen)), { arn: 'arn:bad' }] }),
    })
    const answer = await listProfiles(deps, withProfile)
    expect(answer.ok && answer.value.map(({ region }) => region)).toEqual(['us-east-1', 'eu-central-1'])
  })

  test('are asked for once when one address stands for both regions', async () => {
    const { deps, seen, url } = setUp({ ListAvailableProfiles: () => json({ profiles: [profile('us-east-1')] }) })
    await listProfiles({ ...deps, settings: { ...deps.settings, qUrl: url } }, withProfile)
    expect(seen.length).toBe(1)
  })

  test('of a Builder ID are none, and that is no error', async () => {
    const refusal = { message: 'AWS Builder ID is not supported for this operation.' }
    const { deps } = setUp({ ListAvailableProfiles: () => json(refusal, 403) })
    expect(await listProfiles(deps, access)).toEqual({ ok: true, value: [] })
  })

  test('a region that fails matters only when the other knows none', async () => {
    let here: readonly object[] = [profile('us-east-1')]
    const { deps } = setUp({
      ListAvailableProfiles: (seen) => (inRegion(seen) === 'us-east-1' ? json({ profiles: here }) : json({}, 500)),
    })
    expect(await listProfiles(deps, withProfile)).toMatchObject({ ok: true, value: [{ region: 'us-east-1' }] })
    here = []
    expect(await listProfiles(deps, withProfile)).toMatchObject({ ok: false, error: { kind: 'upstream-failed' } })
  })

  const one = (region: string, active = true): Profile => ({ arn: region, name: region, region, active })
  const choices: readonly (readonly [string, readonly Profile[], string, string | undefined])[] = [
    ['the near one', [one('us-east-1'), one('eu-central-1')], 'eu-west-3', 'eu-central-1'],
    [
      'the far one when the near one is not active',
      [one('us-east-1', false), one('eu-central-1')],
      'us-east-2',
      'eu-central-1',
    ],
    ['none when none is active', [one('us-east-1', false)], 'us-east-1', undefined],
  ]
  test.each(choices)('choosing takes %s', (_, profiles, identityRegion, expected) => {
    expect(chooseProfile(profiles, identityRegion)?.region).toBe(expected as string)
  })
})
