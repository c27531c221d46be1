import { afterAll, describe, expect, test } from 'bun:test'
import type { FaultName } from '../../server/simulator/fault.ts'
import { answerOnce, eventually, type Gateway, loggedRows, startGateway } from '../support/gateway.ts'
import { ask, openStreams, textOf } from '../support/open-streams.ts'

const running: Gateway[] = []
const start = async (...args: Parameters<typeof startGateway>): Promise<Gateway> => {
  const gateway = await startGateway(...args)
  running.push(gateway)
  return gateway
}
afterAll(async () => {
  for (const gateway of running) await gateway.stop()
})

type Listed = { readonly id: string; readonly label: string; readonly state: string; readonly in_flight: number }
type Route = {
  readonly considered: readonly { readonly accountId: string; readonly verdict: string }[]
  readonly by?: string
  readonly attempts: readonly { readonly accountId: string; readonly outcome: string }[]
}
const listed = async (gateway: Gateway): Promise<readonly Listed[]> =>
  ((await gateway.admin('GET', '/v2/accounts')) as { accounts: Listed[] }).accounts
const ready = async (gateway: Gateway): Promise<void> => {
  const accounts = await answerOnce(
    () => listed(gateway),
    (all) => all.every(({ state }) => state === 'ready'),
  )
  if (accounts.some(({ state }) => state !== 'ready'))
    throw new Error(`not all accounts became ready: ${JSON.stringify(accounts)}`)
}
const messages = (gateway: Gateway): string => `${gateway.url}/v1/messages`
const plenty = { plan: 'power', quota: { limit: 1_000_000 } } as const

const nineteenWays: readonly FaultName[] = [
  'token-invalid',
  'token-invalid-401',
  'token-invalid-400',
  'forbidden',
  'suspended',
  'suspended-unnamed',
  'suspended-400',
  'feature-gate',
  'subscription',
  'monthly-limit',
  'monthly-limit-429',
  'overage-limit',
  'daily-limit',
  'rate',
  'credit-rate',
  'invalid-model',
  '500',
  'reset',
  'empty',
]

/** One fault of a kind may pass by luck: here several accounts have the same one, and none of it is the account's for certain. */
const sameWays: readonly FaultName[] = [
  ...Array<FaultName>(5).fill('500'),
  ...Array<FaultName>(4).fill('reset'),
  ...Array<FaultName>(3).fill('empty'),
  ...Array<FaultName>(3).fill('503'),
  'capacity',
  'service-down',
  'internal-check',
  '408',
]

describe.each([
  ['each in its own way', nineteenWays, { suspended: 3, exhausted: 4 }],
  ['many in the same passing way', sameWays, { suspended: 0, exhausted: 0 }],
] as const)('19 of 20 accounts fail before any content, %s', (_, ways, lost) => {
  test('and no client sees it, from the first round on', async () => {
    const gateway = await start({ accounts: Array.from({ length: 20 }, () => plenty) }) // as it comes, nothing set
    await ready(gateway)
    ways.forEach((fault, index) => {
      gateway.accounts[index]?.set({ fault })
    })
    for (const round of [1, 2]) {
      const streams = openStreams(messages(gateway), gateway.key, 200, (index) =>
        ask(`Say it. [[marker:r${round}m${index}]]`)(),
      )
      await streams.done
      expect(streams.ends.filter((end) => end?.status !== 200 || !end.whole)).toEqual([])
      expect(streams.texts.filter((text) => text.includes('event: error'))).toEqual([])
      streams.texts.forEach((text, index) => {
        expect(textOf(text)).toContain(`[[marker:r${round}m${index}]]`)
        expect(text).toContain('event: message_stop')
      })
    }
    const states = (await listed(gateway)).map(({ state }) => state)
    expect(states.filter((state) => state === 'suspended')).toHaveLength(lost.suspended)
    expect(states.filter((state) => state === 'exhausted')).toHaveLength(lost.exhausted)
  }, 120_000)
})

describe('one gateway with three accounts', () => {
  let gateway: Gateway
  test('starts', async () => {
    gateway = await start({
      accounts: [plenty, plenty, plenty],
      config: 'pool:\n  max_in_flight_per_account: 300\n',
    })
    await ready(gateway)
    // That a reply on a frame border was cut shows only by the accounting an account has sent before.
    while (gateway.accounts.some((account) => account.counts().replies === 0))
      await openStreams(messages(gateway), gateway.key, 3, ask('hello')).done
  })

  test.each(['cut-in-frame', 'cut-boundary', 'exception-after-text', 'reset-after-text'] as const)(
    'a fault after content (%s) is a lawful in-band error, and the next request is served',
    async (fault) => {
      const before = gateway.simulator.counters().requests
      const broken = openStreams(
        messages(gateway),
        gateway.key,
        1,
        ask(`[[sim:repeat=30]] [[sim:fault=${fault}]] hello`),
      )
      await broken.done
      expect(broken.ends[0]?.status).toBe(200)
      expect(broken.texts[0]).toContain('content_block_delta')
      expect(broken.texts[0]).toContain('event: error')
      expect(broken.texts[0]).not.toContain('message_stop')
      expect(gateway.simulator.counters().requests - before).toBe(1)
      const next = openStreams(messages(gateway), gateway.key, 1, ask('hello'))
      await next.done
      expect(next.texts[0]).toContain('event: message_stop')
    },
  )

  test('100 requests on an expired token cause exactly one refresh for each account they go to', async () => {
    const before = gateway.accounts.map((account) => account.counts())
    for (const account of gateway.accounts) account.expireAccess()
    const streams = openStreams(messages(gateway), gateway.key, 100, ask('hello'))
    await streams.done
    expect(streams.texts.filter((text) => text.includes('event: message_stop'))).toHaveLength(100)
    const grown = gateway.accounts.map((account, index) => {
      const { replies, refreshes } = account.counts()
      return {
        served: replies - (before[index]?.replies ?? 0) > 0,
        refreshes: refreshes - (before[index]?.refreshes ?? 0),
      }
    })
    expect(grown.some(({ served }) => served)).toBe(true)
    for (const { served, refreshes } of grown) expect(refreshes).toBe(served ? 1 : 0)
  })

  test('an aborting client frees its seat at once', async () => {
    const streams = openStreams(messages(gateway), gateway.key, 30, ask('[[sim:pace=300]][[sim:repeat=100]] hello'))
    expect(await eventually(() => gateway.simulator.counters().openStreams === 30, 30_000)).toBeNumber()
    for (let index = 0; index < 30; index++) streams.abort(index)
    expect(await eventually(() => gateway.simulator.counters().openStreams === 0, 30_000)).toBeNumber()
    const inFlight = async () => (await listed(gateway)).reduce((sum, account) => sum + account.in_flight, 0)
    expect(await answerOnce(inFlight, (count) => count === 0)).toBe(0)
  })

  test('a conversation stays on its account and keeps its id at the provider', async () => {
    const ids: (string | null)[] = []
    for (let turn = 0; turn < 6; turn++) {
      const answer = await fetch(messages(gateway), {
        method: 'POST',
        headers: {
          'x-api-key': gateway.key,
          'content-type': 'application/json',
          'x-claude-code-session-id': 'one-session',
        },
        body: JSON.stringify({ ...ask(`turn ${turn}`)(), stream: false }),
      })
      expect(answer.status).toBe(200)
      ids.push(answer.headers.get('request-id'))
      await answer.json()
    }
    const rows = async () => {
      const { logs } = (await gateway.admin('GET', '/v2/logs?limit=100')) as {
        logs: { id: string; account_id: string }[]
      }
      return logs.filter(({ id }) => ids.includes(id))
    }
    const written = await answerOnce(rows, ({ length }) => length === 6)
    expect(written).toHaveLength(6)
    expect(new Set(written.map((row) => row.account_id)).size).toBe(1)
    const { poolStats } = (await gateway.admin('GET', '/v2/accounts')) as {
      poolStats: { conversationHits: number; conversationHitRate: number }
    }
    expect(poolStats.conversationHits).toBeGreaterThanOrEqual(5)
    expect(poolStats.conversationHitRate).toBe(1)
  })

  test('a key with accounts of its own is served by them alone, and by nobody when they are gone', async () => {
    const ids = (await listed(gateway)).map(({ id }) => id)
    const made = await gateway.admin('POST', '/v2/keys', { name: 'kept', account_ids: [ids[0]] })
    const key = String(made.key)
    const served = (): readonly number[] => gateway.accounts.map((account) => account.counts().replies)
    const before = served()
    const many = openStreams(messages(gateway), key, 30, ask('hello'))
    await many.done
    expect(many.texts.filter((text) => text.includes('event: message_stop'))).toHaveLength(30)
    const grown = served().map((count, index) => count - (before[index] ?? 0))
    expect(grown.toSorted((a, b) => a - b)).toEqual([0, 0, 30])
    const routes = async (): Promise<readonly Route[]> =>
      ((await gateway.admin('GET', '/v2/logs?limit=1000')).logs as { api_key_id?: string; route: Route }[])
        .filter((log) => log.api_key_id === made.id)
        .map(({ route }) => route)
    const written = await answerOnce(routes, (rows) => rows.length >= 30)
    expect(written).toHaveLength(30)
    for (const { considered, by, attempts } of written) {
      expect(considered).toEqual([{ accountId: String(ids[0]), verdict: 'chosen' }])
      expect(by).toBeOneOf(['conversation', 'least_loaded'])
      expect(attempts.map(({ accountId, outcome }) => [accountId, outcome])).toEqual([[String(ids[0]), 'ok']])
    }
    await gateway.admin('PATCH', `/v2/accounts/${ids[0]}`, { enabled: false })
    const refused = openStreams(messages(gateway), key, 1, ask('hello'))
    await refused.done
    expect(refused.ends[0]?.status).toBe(503)
    expect(refused.texts[0]).toContain('this API key may use')
    await gateway.admin('PATCH', `/v2/accounts/${ids[0]}`, { enabled: true })
    await gateway.admin('PATCH', `/v2/keys/${made.id}`, { enabled: false })
    const off = openStreams(messages(gateway), key, 1, ask('hello'))
    await off.done
    expect(off.ends[0]?.status).toBe(401)
    await ready(gateway)
  })

  test('a whole-pool outage by rate limits answers 429 with the time of the first to return', async () => {
    gateway.accounts.forEach((account, index) => {
      account.set({ fault: { name: 'rate', retryAfterMs: 70_000 + index * 10_000 } })
    })
    const answer = await fetch(messages(gateway), {
      method: 'POST',
      headers: { 'x-api-key': gateway.key, 'content-type': 'application/json' },
      body: JSON.stringify(ask('hello')()),
    })
    expect(answer.status).toBe(429)
    expect(Number(answer.headers.get('retry-after'))).toBeWithin(60, 71)
    expect(await answer.json()).toMatchObject({ type: 'error', error: { type: 'rate_limit_error' } })
  })
})

test('spent quota everywhere is told with the real reset and no invitation to retry', async () => {
  const gateway = await start({ accounts: [plenty, plenty] })
  await ready(gateway)
  for (const account of gateway.accounts) account.set({ fault: 'monthly-limit' })
  const chat = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${gateway.key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'claude-sonnet-4.5', messages: [{ role: 'user', content: 'hello' }] }),
  })
  expect(chat.status).toBe(429)
  expect(chat.headers.get('x-should-retry')).toBe('false')
  expect(Number(chat.headers.get('retry-after'))).toBeGreaterThan(3_600)
  expect(await chat.json()).toMatchObject({ error: { type: 'insufficient_quota', code: 'insufficient_quota' } })
})

test('all suspended is 503 without retry, asks nobody, and ends with a check by hand', async () => {
  const gateway = await start({ accounts: [plenty] })
  await ready(gateway)
  gateway.accounts[0]?.set({ fault: 'suspended' })
  const send = () =>
    fetch(messages(gateway), {
      method: 'POST',
      headers: { 'x-api-key': gateway.key, 'content-type': 'application/json' },
      body: JSON.stringify(ask('hello')()),
    })
  const first = await send()
  expect(first.status).toBe(503)
  expect(first.headers.get('x-should-retry')).toBe('false')
  const asked = gateway.accounts[0]?.counts().requests
  gateway.accounts[0]?.set({ fault: undefined })
  expect((await send()).status).toBe(503)
  expect(gateway.accounts[0]?.counts().requests).toBe(asked as number)
  const [account] = await listed(gateway)
  expect(account?.state).toBe('suspended')
  await gateway.admin('POST', `/v2/accounts/${account?.id}/refresh`)
  expect((await send()).status).toBe(200)
})

test('an account starts no more requests within a minute than the setting allows', async () => {
  const gateway = await start({
    accounts: [plenty, plenty],
    config: 'pool:\n  strategy: sequential\n  requests_per_minute_per_account: 3\n',
  })
  await ready(gateway)
  const streams = openStreams(messages(gateway), gateway.key, 6, ask('hello'))
  await streams.done
  expect(streams.ends.map((end) => end?.status)).toEqual(Array(6).fill(200))
  const logs = await loggedRows<{ account_id: string }>(gateway, 6)
  const each = Map.groupBy(logs, ({ account_id }) => account_id)
  expect([...each.values()].map((rows) => rows.length)).toEqual([3, 3])
})
