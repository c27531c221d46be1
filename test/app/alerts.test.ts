import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import { createHmac } from 'node:crypto'
import { type ClockedGateway, startClockedGateway } from '../support/clocked-gateway.ts'

const secret = 'a secret of the webhook'
const hourMs = 3_600_000

type Posted = {
  readonly type: string
  readonly id: string
  readonly text: string
  readonly data: Record<string, unknown>
}

/** A receiver as an operator has one: it trusts only what is signed. */
function receiver() {
  let posted: Posted[] = []
  let statuses: number[] = []
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: async (request) => {
      const text = await request.text()
      const [id, time] = ['webhook-id', 'webhook-timestamp'].map((name) => request.headers.get(name))
      const signature = createHmac('sha256', secret).update(`${id}.${time}.${text}`).digest('base64')
      if (request.headers.get('webhook-signature') !== `v1,${signature}`) return new Response(null, { status: 401 })
      posted.push(JSON.parse(text) as Posted)
      return new Response(null, { status: statuses.shift() ?? 204 })
    },
  })
  return {
    url: `http://127.0.0.1:${server.port}/alerts`,
    answer: (...next: number[]) => {
      statuses = next
    },
    take: () => {
      const taken = posted
      posted = []
      return taken
    },
    stop: () => server.stop(true),
  }
}

describe('alerts reach a receiver, signed and once', () => {
  const hook = receiver()
  let gateway: ClockedGateway
  beforeAll(async () => {
    gateway = await startClockedGateway({ accounts: [{ plan: 'power' }, { plan: 'power' }] })
    const saved = await gateway.call('PUT', '/v2/settings', {
      alertWebhookUrl: hook.url,
      alertWebhookSecret: secret,
      alertsEnabled: true,
    })
    expect(saved.status).toBe(200)
    await gateway.pass(20_000)
    hook.take()
  })
  afterAll(async () => {
    await gateway.stop()
    hook.stop()
  })
  afterEach(() => hook.answer())
  const heard = async (): Promise<readonly Posted[]> => {
    await gateway.pass(5_000)
    return hook.take()
  }

  test('a user at 80 % and at the end of a limit, each once a day, also over a restart', async () => {
    const user = (await gateway.call('POST', '/v2/users', { name: 'Li Wei', request_quota: 5 })).json
    const ask = async (): Promise<number> => (await gateway.ask('Hello.', user.api_key)).status
    for (let call = 0; call < 3; call++) expect(await ask()).toBe(200)
    expect(await heard()).toEqual([])
    expect(await ask()).toBe(200)
    const [first, ...more] = await heard()
    expect(more).toEqual([])
    expect(first).toMatchObject({
      type: 'user.limit_80',
      data: { user_id: user.id, name: 'Li Wei', limit: 'requests_per_day', used: 4, maximum: 5, period: '2026-01-15' },
    })
    expect(first?.text).toContain('Li Wei')
    expect([await ask(), await ask(), await ask()]).toEqual([200, 429, 429])
    expect((await heard()).map(({ type, data }) => [type, data.used])).toEqual([['user.limit_100', 5]])
    await gateway.restart()
    expect(await ask()).toBe(429)
    expect(await heard()).toEqual([])
    // Another limit and another day are told anew.
    await gateway.call('PATCH', `/v2/users/${user.id}`, { request_quota: 7 })
    expect(await ask()).toBe(200)
    expect((await heard()).map(({ type, data }) => [type, data.maximum])).toEqual([['user.limit_80', 7]])
    await gateway.restart(24 * hourMs)
    hook.take()
    for (let call = 0; call < 6; call++) expect(await ask()).toBe(200)
    expect((await heard()).map(({ type, data }) => [type, data.period])).toEqual([['user.limit_80', '2026-01-16']])
  }, 240_000)

  test('a key whose tokens are all but used is told when a call does not fit any more', async () => {
    const { id, key } = (await gateway.call('POST', '/v2/keys', { name: 'laptop', daily_quota: 2_000 })).json
    const long = 'Say it. [[sim:repeat=500]]'
    expect((await gateway.ask(long, key, { max_tokens: 1_700 })).status).toBe(200)
    expect((await heard()).map(({ type, data }) => [type, data.key_id, data.limit])).toEqual([
      ['key.limit_80', id, 'tokens_per_day'],
    ])
    const second = 'Some words more. '.repeat(60)
    expect([(await gateway.ask(second, key)).status, (await gateway.ask(second, key)).status]).toEqual([429, 429])
    expect((await heard()).map(({ type, data }) => [type, data.name])).toEqual([['key.limit_100', 'laptop']])
  })

  test('what comes and goes by the minute tells nobody', async () => {
    const { key } = (await gateway.call('POST', '/v2/keys', { name: 'script', rate_limit_rpm: 1 })).json
    expect([(await gateway.ask('Hi.', key)).status, (await gateway.ask('Hi.', key)).status]).toEqual([200, 429])
    expect(await heard()).toEqual([])
  })

  test('a receiver that is away is tried again with the same id; one that refuses is not', async () => {
    const use = async (): Promise<void> => {
      const { key } = (await gateway.call('POST', '/v2/keys', { name: 'short', request_quota: 1 })).json
      expect((await gateway.ask('Hi.', key)).status).toBe(200)
    }
    hook.answer(503, 500, 204)
    await use()
    await gateway.pass(60_000)
    const tries = hook.take()
    expect(tries.map(({ type }) => type)).toEqual(Array(3).fill('key.limit_100'))
    expect(new Set(tries.map(({ id }) => id)).size).toBe(1)
    hook.answer(400)
    await use()
    await gateway.pass(60_000)
    expect(hook.take().length).toBe(1)
    // Given up after the last of six tries.
    hook.answer(...Array(20).fill(503))
    await use()
    await gateway.pass(2 * hourMs)
    expect(hook.take().filter(({ type }) => type === 'key.limit_100').length).toBe(6)
    const { deliveries, waiting } = (await gateway.call('GET', '/v2/alerts')).json
    expect([deliveries[0].state, deliveries[0].tries, waiting]).toEqual(['failed', 6, 0])
  }, 240_000)

  test('an account that will have spent its quota soon, once for its period', async () => {
    const [account] = gateway.accounts
    const resetsAt = gateway.effects.now() + 20 * 24 * hourMs
    for (let reading = 0; reading < 6; reading++) {
      account?.setQuota({ limit: 1_000, used: 900 + reading * 10, resetsAt })
      await gateway.pass(15 * 60_000)
    }
    const told = hook.take()
    expect(told.map(({ type, data }) => [type, data.name])).toEqual([['account.running_out', account?.id]])
    account?.setQuota({ limit: 1_000, used: 0, resetsAt })
    await gateway.pass(10 * 60_000)
    expect(hook.take()).toEqual([])
  }, 240_000)

  test('an account that is suspended, one that is signed out, and a pool that nobody is left in', async () => {
    const [first, second] = gateway.accounts
    first?.set({ fault: 'suspended' })
    await gateway.pass(5 * 60_000)
    expect(hook.take().map(({ type, data }) => [type, data.name])).toEqual([['account.suspended', first?.id]])
    second?.killRefresh()
    second?.expireAccess()
    expect((await gateway.ask()).status).toBe(503)
    await gateway.pass(30_000)
    expect(hook.take().map(({ type }) => type)).toEqual(['pool.empty', 'account.signed_out'])
    await gateway.restart()
    await gateway.pass(60_000)
    expect(hook.take()).toEqual([])
  }, 240_000)

  test('switched off, nothing is told', async () => {
    await gateway.call('PUT', '/v2/settings', { alertsEnabled: false })
    const { key } = (await gateway.call('POST', '/v2/keys', { name: 'quiet', request_quota: 1 })).json
    gateway.accounts[0]?.set({ fault: undefined })
    const { accounts } = (await gateway.call('GET', '/v2/accounts')).json
    await gateway.call('PATCH', `/v2/accounts/${accounts[0].id}`, { enabled: true })
    await gateway.ask('Hi.', key)
    expect(await heard()).toEqual([])
  })
})
