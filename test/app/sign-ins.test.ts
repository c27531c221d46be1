import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import type { SimulatedAccount } from '../../server/simulator/account.ts'
import { openWorld, type World } from '../cli/cli.ts'

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into member by member
type Json = any

const password = 'correct horse battery'
let world: World
let key = ''
beforeAll(async () => {
  world = await openWorld('beside a running server')
  await world.run(['password', 'reset', '--password-stdin'], { stdin: password })
  key = (await world.run(['key', 'create', 'test'])).out.trim()
})
afterAll(() => world.stop())

async function call(method: string, route: string, body?: unknown): Promise<Json> {
  const response = await fetch(`${world.url}${route}`, {
    method,
    headers: { authorization: `Bearer ${password}` },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  return response.json()
}
const chat = async (accountId: string): Promise<number> => {
  const name = `only ${accountId}`
  const made = await call('POST', '/v2/keys', { name, account_ids: [accountId] })
  const answer = await fetch(`${world.url}/v1/messages`, {
    method: 'POST',
    headers: { 'x-api-key': made.key ?? key },
    body: JSON.stringify({
      model: 'claude-sonnet-4.5',
      max_tokens: 100,
      messages: [{ role: 'user', content: 'Hello' }],
    }),
  })
  await answer.text()
  return answer.status
}
async function settled(id: string): Promise<Json> {
  for (const end = performance.now() + 30_000; performance.now() < end; ) {
    const account = await call('GET', `/v2/accounts/${id}`)
    if (account.state !== 'unchecked') return account
    await Bun.sleep(10)
  }
  throw new Error('the account was never checked')
}
async function forgetAll(): Promise<void> {
  for (const { id } of (await call('GET', '/v2/accounts')).accounts) await call('DELETE', `/v2/accounts/${id}`)
}

const euProfile = 'arn:aws:codewhisperer:eu-central-1:000000000000:profile/SIMULATED000'
/** A company account whose conversations alone mind a missing profile: everything else looks well. */
const company = (): SimulatedAccount =>
  world.simulator.accounts.add({
    method: 'identity-center',
    region: 'eu-north-1',
    profileArn: euProfile,
    requiresProfile: 'chat',
  })

const ways: readonly (readonly [string, (item: object) => Promise<string>])[] = [
  ['POST /v2/accounts', async (item) => (await call('POST', '/v2/accounts', item)).id],
  ['POST /v2/accounts with a check', async (item) => (await call('POST', '/v2/accounts', { ...item, check: true })).id],
  [
    'POST /v2/accounts/feed',
    async (item) => (await call('POST', '/v2/accounts/feed', { accounts: [item] })).created[0],
  ],
  ['POST /v2/accounts/import', async (item) => (await call('POST', '/v2/accounts/import', [item])).results[0].id],
  [
    'POST /v2/accounts/import-by-token',
    async (item) => (await call('POST', '/v2/accounts/import-by-token', [item])).results[0].id,
  ],
  [
    'the console’s import',
    async (item) => {
      const body = { sources: [{ text: JSON.stringify(item) }] }
      return (await call('POST', '/v2/accounts/import-checked', body)).results[0].id
    },
  ],
  [
    'account add --import',
    async (item) => {
      const file = path.join(world.folder, 'sign-in.json')
      writeFileSync(file, JSON.stringify(item))
      return (await world.run(['account', 'add', '--import', file, '--json'])).json.ids[0]
    },
  ],
]

describe.each(ways)('a company’s sign-in by %s', (_, add) => {
  test('keeps what the file says and serves', async () => {
    const { clientId, clientSecret, refreshToken } = company().secrets()
    const id = await add({
      clientId,
      clientSecret,
      refreshToken,
      provider: 'Enterprise',
      authMethod: 'IdC',
      startUrl: 'https://acme.awsapps.com/start',
      region: 'eu-north-1',
      profileArn: euProfile,
    })
    expect(await settled(id)).toMatchObject({
      state: 'ready',
      auth_method: 'identity-center',
      sign_in_provider: 'Enterprise',
      start_url: 'https://acme.awsapps.com/start',
      identity_region: 'eu-north-1',
      region: 'eu-central-1',
      profile_arn: euProfile,
    })
    expect(await chat(id)).toBe(200)
    await forgetAll()
  })

  test('has its missing profile looked up', async () => {
    const { clientId, clientSecret, refreshToken } = company().secrets()
    const id = await add({ clientId, clientSecret, refreshToken, provider: 'Enterprise', region: 'eu-north-1' })
    expect(await settled(id)).toMatchObject({ state: 'ready', region: 'eu-central-1', profile_arn: euProfile })
    expect(await chat(id)).toBe(200)
    await forgetAll()
  })

  test('is told from a Builder ID though its file does not say what it is', async () => {
    const { clientId, clientSecret, refreshToken } = world.simulator.accounts
      .add({ method: 'identity-center', requiresProfile: 'chat' })
      .secrets()
    const id = await add({ clientId, clientSecret, refreshToken })
    expect(await settled(id)).toMatchObject({
      state: 'ready',
      auth_method: 'identity-center',
      sign_in_provider: 'Enterprise',
      region: 'us-east-1',
    })
    expect(await chat(id)).toBe(200)
    await forgetAll()
  })
})

test('a company without a profile is not ready: no chat would be accepted', async () => {
  const lonely = world.simulator.accounts.add({
    method: 'identity-center',
    region: 'eu-north-1',
    // In a region where the service keeps no profiles: neither list has it.
    profileArn: 'arn:aws:codewhisperer:ap-south-1:000000000000:profile/SIMULATED000',
  })
  const { clientId, clientSecret, refreshToken } = lonely.secrets()
  const item = { clientId, clientSecret, refreshToken, provider: 'Enterprise', region: 'eu-north-1' }
  const [kept] = (await call('POST', '/v2/accounts/import-by-token', [item])).results
  // Its token was replaced by the look itself: the row holds the only copy and stays.
  expect(kept).toMatchObject({ outcome: 'added', error: expect.stringContaining('no active profile') })
  expect((await settled(kept.id)).state).not.toBe('ready')
  await forgetAll()
})

test('a Builder ID is asked about its profiles once, not at every check', async () => {
  const { clientId, clientSecret, refreshToken } = world.simulator.accounts.add({ method: 'builder-id' }).secrets()
  const before = profileCalls()
  const { id } = await call('POST', '/v2/accounts', { clientId, clientSecret, refreshToken, check: true })
  expect(await call('GET', `/v2/accounts/${id}`)).toMatchObject({ state: 'ready', sign_in_provider: 'BuilderId' })
  const asked = profileCalls() - before
  expect(asked).toBeGreaterThan(0)
  await call('POST', `/v2/accounts/${id}/refresh`)
  await call('POST', `/v2/accounts/${id}/refresh`)
  expect(profileCalls() - before).toBe(asked)
  await forgetAll()
})

const profileCalls = (): number =>
  world.simulator.requests().filter(({ operation }) => operation === 'ListAvailableProfiles').length

describe('a line of mail----password----refresh----client----secret', () => {
  const secret = 'Correct-Horse-Battery-Staple-42'
  const lineOf = (account: SimulatedAccount): string => {
    const { refreshToken, clientId, clientSecret } = account.secrets()
    return `somebody@example.com----${secret}----${refreshToken}----${clientId}----${clientSecret}`
  }
  const traces = (): string => JSON.stringify(world.simulator.requests())

  test.each(['/v2/accounts/import', '/v2/accounts/import-by-token', '/v2/accounts/feed'])(
    'is recognised by %s; its password is neither sent, kept nor shown',
    async (route) => {
      const account = world.simulator.accounts.add({ method: 'builder-id' })
      const answer = await call('POST', route, lineOf(account))
      expect(answer.results).toMatchObject([{ line: 1, outcome: 'added' }])
      const { id } = answer.results[0]
      expect(await settled(id)).toMatchObject({ state: 'ready', email: account.email })
      expect(JSON.stringify([answer, await call('GET', `/v2/accounts/${id}`)])).not.toContain(secret)
      expect(traces()).not.toContain(secret)
      await forgetAll()
    },
  )

  test('is recognised by the command line', async () => {
    const account = world.simulator.accounts.add({ method: 'builder-id' })
    const file = path.join(world.folder, 'list.txt')
    writeFileSync(file, `${lineOf(account)}\nsomebody@example.com----${secret}\n\n`)
    const added = await world.run(['account', 'add', '--import', file])
    expect([added.code, added.err]).toEqual([0, 'Found: list of mail----password----token lines, 2 accounts.\n'])
    expect(added.out).toMatch(/^Added somebody@example\.com \(acc_.*ready\nLine 2: This line has no refresh token/)
    expect(added.out + traces()).not.toContain(secret)
    await forgetAll()
  })

  test('is refused where one token is wanted, and nothing is sent', async () => {
    const line = lineOf(world.simulator.accounts.add({ method: 'builder-id' }))
    const before = world.simulator.requests().length
    const created = await call('POST', '/v2/accounts', { refreshToken: line, check: true })
    expect(created).toMatchObject({ code: 'INVALID_REQUEST', field: 'refreshToken' })
    const { results } = await call('POST', '/v2/accounts/import-by-token', [{ refreshToken: line }])
    expect(results).toMatchObject([{ outcome: 'refused', code: 'malformed-token' }])
    const typed = await world.run(['account', 'add', '--refresh-token-stdin'], { stdin: line })
    expect([typed.code, typed.out]).toEqual([1, ''])
    expect(JSON.stringify([created, results, typed])).not.toContain(secret)
    expect(world.simulator.requests().length).toBe(before)
  })

  test('text that has not the form of a token never leaves the machine', async () => {
    const before = world.simulator.requests().length
    const text = [
      'a password',
      secret,
      'https://example.com/',
      'user:password',
      '{"refreshToken":"hunter2"}',
      '{"a":1',
    ].join('\n')
    const { results } = await call('POST', '/v2/accounts/import-by-token', text)
    expect(results.map(({ outcome }: Json) => outcome)).toEqual(Array(6).fill('refused'))
    expect(world.simulator.requests().length).toBe(before)
  })
})

test('an export of Kiro Account Manager is read on the command line, told by its name, and the second time is known', async () => {
  const one = world.simulator.accounts.add({ method: 'builder-id' })
  const two = world.simulator.accounts.add({ method: 'social', provider: 'Github' })
  const item = (account: SimulatedAccount, idp: string) => {
    const { refreshToken, clientId, clientSecret } = account.secrets()
    return {
      id: account.id,
      email: account.email,
      idp,
      machineId: 'a-machine-that-is-not-ours',
      status: 'active',
      credentials: { accessToken: '', refreshToken, clientId, clientSecret, region: 'us-east-1', provider: idp },
    }
  }
  const file = path.join(world.folder, 'manager.json')
  writeFileSync(
    file,
    JSON.stringify({ version: '1', accounts: [item(one, 'BuilderId'), item(two, 'Github')], groups: [] }),
  )
  const added = await world.run(['account', 'add', '--import', file])
  expect([added.code, added.err]).toEqual([0, 'Found: Kiro Account Manager, 2 accounts.\n'])
  const { accounts } = await call('GET', '/v2/accounts')
  expect(accounts.map(({ email, state }: Json) => [email, state]).toSorted()).toEqual([
    [one.email, 'ready'],
    [two.email, 'ready'],
  ])
  const providers = await Promise.all(accounts.map(({ id }: Json) => call('GET', `/v2/accounts/${id}`)))
  expect(providers.map((account) => account.sign_in_provider).toSorted()).toEqual(['BuilderId', 'Github'])
  expect(JSON.stringify([providers, world.simulator.requests()])).not.toContain('a-machine-that-is-not-ours')

  const before = world.simulator.requests().length
  const again = await world.run(['account', 'add', '--import', file])
  expect(again.err).toStartWith('Found: Kiro Account Manager, 2 accounts, 2 already here.\n')
  expect([again.code, again.err.match(/already there\./g)?.length]).toEqual([1, 2])
  expect(world.simulator.requests().length).toBe(before)
  await forgetAll()
})
