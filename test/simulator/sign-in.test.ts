import { afterEach, describe, expect, test } from 'bun:test'
import { demoAccount } from '../../server/simulator/demo.ts'
import { type Simulator, type SimulatorOptions, startSimulator } from '../../server/simulator/simulator.ts'
import { ask, body, type Json, jsonOf, post } from './client.ts'

let running: Simulator | undefined
let now = Date.UTC(2026, 9, 1)
const effects = { now: () => now, sleep: async () => {}, random: Math.random, newUuid: () => crypto.randomUUID() }
async function start(options: SimulatorOptions = {}): Promise<Simulator> {
  running = await startSimulator({ effects, ...options })
  return running
}
afterEach(() => running?.stop())

const builderStart = 'https://view.awsapps.com/start'
async function register(simulator: Simulator): Promise<Json> {
  const { clientId, clientSecret } = await jsonOf(
    await post(`${simulator.url}/client/register`, { clientName: 'claude-server', clientType: 'public' }),
  )
  return { clientId, clientSecret }
}
async function device(simulator: Simulator, startUrl = builderStart) {
  const client = await register(simulator)
  const grant = await jsonOf(await post(`${simulator.url}/device_authorization`, { ...client, startUrl }))
  const grantType = 'urn:ietf:params:oauth:grant-type:device_code'
  const poll = async () => {
    const response = await post(`${simulator.url}/token`, { ...client, grantType, deviceCode: grant.deviceCode })
    return { status: response.status, ...(await jsonOf(response)) } as Json
  }
  return { client, grant, poll }
}
const refresh = async (simulator: Simulator, members: Json) => {
  const response = await post(`${simulator.url}/token`, { grantType: 'refresh_token', ...members })
  return { status: response.status, ...(await jsonOf(response)) } as Json
}
const clientOf = (simulator: Simulator, id: string): Json => {
  const { clientId, clientSecret } = simulator.accounts.get(id)?.secrets() ?? {}
  return { clientId, clientSecret }
}

describe('a device sign-in', () => {
  test('is pending until somebody approves it, then opens a new account once', async () => {
    const simulator = await start()
    const { grant, poll } = await device(simulator)
    expect(grant).toMatchObject({ expiresIn: 600, interval: 1, verificationUri: `${simulator.url}/device` })
    expect(await poll()).toMatchObject({ status: 400, error: 'authorization_pending' })
    expect(simulator.signIns.approve(String(grant.userCode))).toBe(true)
    const tokens = await poll()
    expect(tokens).toMatchObject({ status: 200, expiresIn: 3600, tokenType: 'Bearer' })
    expect(simulator.accounts.list()).toMatchObject([{ method: 'builder-id' }])
    expect(await poll()).toMatchObject({ error: 'invalid_grant' })
  })

  test('is approved by visiting its page, which says that it is simulated', async () => {
    const simulator = await start()
    const { grant, poll } = await device(simulator, 'https://acme.awsapps.com/start')
    const page = await fetch(String(grant.verificationUriComplete))
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('imulated')])
    expect(await poll()).toMatchObject({ status: 200 })
    expect(simulator.accounts.list()).toMatchObject([{ method: 'identity-center' }])
    const unknown = await fetch(`${simulator.url}/device?user_code=<b>`)
    expect([unknown.status, await unknown.text()]).toEqual([404, expect.not.stringContaining('<b>')])
  })

  test('can be denied, expire, and be told to slow down', async () => {
    const simulator = await start({ signIn: { slowDownPolls: 1, expiresInSeconds: 60 } })
    const denied = await device(simulator)
    expect(await denied.poll()).toMatchObject({ status: 400, error: 'slow_down' })
    simulator.signIns.deny(String(denied.grant.userCode))
    expect(await denied.poll()).toMatchObject({ status: 400, error: 'access_denied' })
    const expired = await device(simulator)
    now += 60_000
    expect(await expired.poll()).toMatchObject({ status: 400, error: 'expired_token' })
    expect(simulator.signIns.approve(String(expired.grant.userCode))).toBe(false)
  })

  test('approves itself at the poll it was told to, and minds the interval when asked', async () => {
    const simulator = await start({ signIn: { approveAfterPolls: 3, enforceInterval: true } })
    const { poll } = await device(simulator)
    const said: unknown[] = []
    for (const waitMs of [0, 1000, 10, 1000]) {
      now += waitMs
      const answer = await poll()
      said.push(answer.error ?? answer.status)
    }
    expect(said).toEqual(['authorization_pending', 'authorization_pending', 'slow_down', 200])
  })

  test('can sign a known account in again', async () => {
    const simulator = await start()
    const account = simulator.accounts.add({ id: 'old' })
    account.killRefresh()
    const { grant, poll, client } = await device(simulator)
    simulator.signIns.approve(String(grant.userCode), 'old')
    const { refreshToken } = await poll()
    expect(await refresh(simulator, { ...client, refreshToken })).toMatchObject({ status: 200 })
    expect(simulator.accounts.list()).toHaveLength(1)
  })

  test('needs a registered client and camel case', async () => {
    const simulator = await start()
    const stranger = { clientId: 'x', clientSecret: 'y', startUrl: builderStart }
    const snake = { client_id: 'x', client_secret: 'y', start_url: builderStart }
    for (const members of [stranger, snake]) {
      const response = await post(`${simulator.url}/device_authorization`, members)
      expect([response.status, (await jsonOf(response)).error]).toEqual([401, 'invalid_client'])
    }
    now += 90 * 86_400_000
    const old = simulator.accounts.add()
    now += 91 * 86_400_000
    const { clientId, clientSecret, refreshToken } = old.secrets()
    expect(await refresh(simulator, { clientId, clientSecret, refreshToken })).toMatchObject({
      status: 401,
      error: 'invalid_client',
    })
  })
})

describe('a refresh', () => {
  test('without rotation gives the same token back', async () => {
    const simulator = await start()
    simulator.accounts.add({ id: 'a', rotation: 'none', refreshToken: 'r0' })
    const client = clientOf(simulator, 'a')
    expect(await refresh(simulator, { ...client, refreshToken: 'r0' })).toMatchObject({
      status: 200,
      refreshToken: 'r0',
    })
    expect(simulator.counters()).toMatchObject({ refreshes: 1, refusedRefreshes: 0 })
  })

  test('with rotation keeps the old token until a new one is used', async () => {
    const simulator = await start()
    simulator.accounts.add({ id: 'a', rotation: 'rotate', refreshToken: 'r0' })
    const use = async (refreshToken: unknown) => refresh(simulator, { ...clientOf(simulator, 'a'), refreshToken })
    const lost = await use('r0')
    const kept = await use('r0')
    expect([lost.status, kept.status]).toEqual([200, 200])
    expect((await use(kept.refreshToken)).status).toBe(200)
    expect([(await use('r0')).error, (await use(lost.refreshToken)).error]).toEqual(['invalid_grant', 'invalid_grant'])
  })

  test('may lose its answer any number of times', async () => {
    const simulator = await start()
    simulator.accounts.add({ id: 'a', rotation: 'rotate', refreshToken: 'r0' })
    const members = { ...clientOf(simulator, 'a'), refreshToken: 'r0' }
    for (let time = 0; time < 50; time++) expect((await refresh(simulator, members)).status).toBe(200)
  })

  test('with strict rotation kills the old token at once', async () => {
    const simulator = await start()
    const account = simulator.accounts.add({ id: 'a', rotation: 'strict', refreshToken: 'r0' })
    const use = async (refreshToken: unknown) => refresh(simulator, { ...clientOf(simulator, 'a'), refreshToken })
    const first = await use('r0')
    expect((await use('r0')).error).toBe('invalid_grant')
    expect(account.counts()).toMatchObject({ refreshes: 1, refusedRefreshes: 1 })
    expect((await use(first.refreshToken)).status).toBe(200)
    account.killRefresh()
    expect((await use(account.secrets().refreshToken)).error).toBe('invalid_grant')
  })

  test("with another account's client is refused", async () => {
    const simulator = await start()
    simulator.accounts.add({ id: 'a', refreshToken: 'ra' })
    simulator.accounts.add({ id: 'b' })
    expect((await refresh(simulator, { ...clientOf(simulator, 'b'), refreshToken: 'ra' })).error).toBe('invalid_grant')
  })

  test('can be done and its answer lost on the way', async () => {
    const simulator = await start()
    const account = simulator.accounts.add({ id: 'a', rotation: 'strict', refreshToken: 'r0' })
    simulator.enqueue('reset', { operation: 'CreateToken', account: 'a' })
    simulator.enqueue('reset-after-text', { operation: 'CreateToken' })
    simulator.enqueue('500', { operation: 'CreateToken' })
    const members = { ...clientOf(simulator, 'a'), refreshToken: 'r0' }
    const broken = async () =>
      refresh(simulator, members).then(
        () => 'answered',
        () => 'broken',
      )
    expect([await broken(), account.counts().refreshes]).toEqual(['broken', 0])
    expect([await broken(), account.counts().refreshes]).toEqual(['broken', 1])
    expect((await refresh(simulator, members)).status).toBe(500)
    expect((await refresh(simulator, members)).error).toBe('invalid_grant')
  })

  test('gives a bearer that works', async () => {
    const simulator = await start()
    const demo = demoAccount(now)
    const account = simulator.accounts.add(demo.spec)
    const { clientId, clientSecret, refreshToken } = demo.credentials
    expect(await refresh(simulator, { clientId, clientSecret, refreshToken })).toMatchObject({ status: 200 })
    expect((await ask(simulator, account, body('hi'))).status).toBe(200)
    expect(JSON.stringify(simulator.requests())).not.toContain(String(refreshToken))
  })
})

describe('social sign-in', () => {
  test('goes through the browser with PKCE and the exact redirect', async () => {
    const simulator = await start()
    const code_verifier = 'verifier'
    const code_challenge = new Bun.CryptoHasher('sha256').update(code_verifier).digest('base64url')
    const redirect_uri = 'http://localhost:3128/oauth/callback?login_option=github'
    const login = async (): Promise<string> => {
      const query = new URLSearchParams({
        idp: 'Github',
        redirect_uri,
        code_challenge,
        code_challenge_method: 'S256',
        state: 's',
      })
      const back = await fetch(`${simulator.url}/login?${query}`, { redirect: 'manual' })
      return new URL(back.headers.get('location') ?? '').searchParams.get('code') ?? ''
    }
    const exchange = async (change: Json) =>
      (await post(`${simulator.url}/oauth/token`, { code: await login(), code_verifier, redirect_uri, ...change }))
        .status
    expect(await exchange({})).toBe(200)
    expect(await exchange({ code_verifier: 'x' })).toBe(401)
    expect(await exchange({ redirect_uri: 'http://localhost:3128' })).toBe(401)
  })

  test('refreshes with the profile and logs out', async () => {
    const simulator = await start()
    const account = simulator.accounts.add({ method: 'social', provider: 'Github' })
    const { refreshToken } = account.secrets()
    const answer = await jsonOf(await post(`${simulator.url}/refreshToken`, { refreshToken }))
    expect(answer).toMatchObject({ expiresIn: 3600, profileArn: account.profileArn })
    const newest = { refreshToken: answer.refreshToken }
    const logout = await post(`${simulator.url}/logout`, newest)
    expect([logout.status, await logout.text()]).toEqual([200, ''])
    expect((await post(`${simulator.url}/refreshToken`, newest)).status).toBe(401)
  })

  test('works by device', async () => {
    const simulator = await start()
    const clientId = 'kiro-cli'
    const asked = { clientId, loginProvider: 'Google' }
    const grant = await jsonOf(await post(`${simulator.url}/oauth/device/authorization`, asked))
    expect(grant).toMatchObject({ intervalInMilliseconds: 1000, expiresInMilliseconds: 600_000 })
    const poll = async () =>
      jsonOf(await post(`${simulator.url}/oauth/device/poll`, { clientId, deviceCode: grant.deviceCode }))
    expect(await poll()).toEqual({ status: 'authorization_pending' })
    simulator.signIns.approve(String(grant.userCode))
    expect(await poll()).toMatchObject({ status: 'authorized', identityProvider: 'Google' })
    expect(await poll()).toEqual({ status: 'invalid_token' })
  })
})
