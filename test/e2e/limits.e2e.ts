import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import http from 'node:http'
import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { readRaw } from '../support/database.ts'
import { answerOnce, eventually, type Gateway, loggedRows, startGateway } from '../support/gateway.ts'
import { heldReplies } from '../support/held-replies.ts'

type Sent = {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  readonly text: string
}
type Usage = {
  readonly key: Subject
  readonly user: Subject | null
}
type Subject = {
  readonly id: string
  readonly limits: readonly {
    readonly limit: string
    readonly max: number
    readonly used: number
    readonly reserved: number
  }[]
  readonly usage: Readonly<Record<'today' | 'month' | 'total', Readonly<Record<string, number>>>>
}

const agent = new http.Agent({ keepAlive: true, maxSockets: 400 })
const plenty = { plan: 'power', quota: { limit: 1_000_000 } } as const

/** `bun test` holds its own fetch to so many at a time; this does not. */
const send = (url: string, headers: Readonly<Record<string, string>>, body?: object): Promise<Sent> =>
  new Promise((resolve, reject) => {
    const request = http.request(
      url,
      {
        method: body === undefined ? 'GET' : 'POST',
        agent,
        headers: { 'content-type': 'application/json', ...headers },
      },
      (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => {
          text += chunk
        })
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }))
        response.on('error', reject)
      },
    )
    request.on('error', reject)
    request.end(body === undefined ? undefined : JSON.stringify(body))
  })

const ask = (gateway: Gateway, key: string, text: string, more: object = {}): Promise<Sent> =>
  send(
    `${gateway.url}/v1/messages`,
    { 'x-api-key': key },
    {
      model: 'claude-sonnet-4.5',
      max_tokens: 400,
      stream: true,
      messages: [{ role: 'user', content: text }],
      ...more,
    },
  )
const usageOf = async (gateway: Gateway, key: string): Promise<Usage> =>
  JSON.parse((await send(`${gateway.url}/v1/usage`, { authorization: `Bearer ${key}` })).text) as Usage
const makeUser = async (gateway: Gateway, limits: object): Promise<{ id: string; key: string }> => {
  const user = await gateway.admin('POST', '/v2/users', { name: 'team', ...limits })
  return { id: String(user.id), key: String(user.api_key) }
}

const { simulator, hold } = heldReplies()

let gateway: Gateway
beforeAll(async () => {
  gateway = await startGateway({ accounts: [plenty, plenty, plenty], simulator })
})
afterAll(async () => {
  await gateway.stop()
})

/** A hundred at once; `atOnce`: those that are let in are under way together, until all others have their answers. */
async function hundred(key: string, atOnce?: number): Promise<readonly Sent[]> {
  const held = hold()
  const text = `Say it. [[sim:repeat=20]] ${atOnce === undefined ? '[[sim:delay=200]]' : held.directive}`
  let answered = 0
  const answers = Array.from({ length: 100 }, async () => {
    const answer = await ask(gateway, key, text)
    answered++
    return answer
  })
  if (atOnce !== undefined) {
    await eventually(() => answered + atOnce >= 100, 30_000)
    held.release()
  }
  return Promise.all(answers)
}

describe('of a hundred requests at once no limit lets more through than it allows', () => {
  const rows: readonly (readonly [limit: object, name: string, max: number])[] = [
    [{ rate_limit_rpm: 7 }, 'requests_per_minute', 7],
    [{ request_quota: 7 }, 'requests_per_day', 7],
    [{ concurrency: 7 }, 'concurrency', 7],
    [{ daily_quota: 5_000 }, 'tokens_per_day', 5_000],
    [{ monthly_quota: 5_000 }, 'tokens_per_month', 5_000],
    [{ monthly_spend_micro_usd: 50_000 }, 'spend_micro_usd_per_month', 50_000],
    [{ monthly_credits: 0.5 }, 'credits_per_month', 0.5],
  ]
  for (const [limit, name, max] of rows) {
    for (const who of ['user', 'key'] as const) {
      test(`${name} of a ${who}`, async () => {
        const key =
          who === 'user'
            ? (await makeUser(gateway, limit)).key
            : String((await gateway.admin('POST', '/v2/keys', { name, ...limit })).key)
        const answers = await hundred(key, name === 'concurrency' ? max : undefined)
        const served = answers.filter(({ status }) => status === 200)
        const refused = answers.filter(({ status }) => status === 429)
        expect(served.length).toBeGreaterThan(0)
        expect(served.length + refused.length).toBe(100)
        expect(refused.length).toBeGreaterThan(0)
        if (max === 7) expect(served.length).toBe(7)
        for (const { headers, text } of refused) {
          expect(JSON.parse(text)).toMatchObject({ type: 'error', error: { type: 'rate_limit_error' } })
          expect(Number(headers['retry-after'])).toBeGreaterThan(0)
        }
        // Every reply came whole, and what they used together is within the limit.
        for (const { text } of served) expect(text).toContain('message_stop')
        const usage = await usageOf(gateway, key)
        const subject = who === 'user' ? usage.user : usage.key
        const standing = subject?.limits.find((one) => one.limit === name)
        expect(standing?.max).toBe(max)
        expect(standing?.used ?? Number.NaN).toBeLessThanOrEqual(max)
        expect(subject?.usage.total.requests).toBe(served.length)
        expect(standing?.reserved).toBe(0)
      })
    }
  }

  test("a user's keys share its limits", async () => {
    const { id, key } = await makeUser(gateway, { request_quota: 10 })
    const second = String((await gateway.admin('POST', '/v2/keys', { name: 'second', user_id: id })).key)
    const answers = await Promise.all(Array.from({ length: 60 }, (_, at) => ask(gateway, at % 2 ? key : second, 'Hi.')))
    expect(answers.filter(({ status }) => status === 200).length).toBe(10)
    const [first, other] = [await usageOf(gateway, key), await usageOf(gateway, second)]
    expect((first.key.usage.total.requests ?? 0) + (other.key.usage.total.requests ?? 0)).toBe(10)
    expect(first.user?.usage.total.requests).toBe(10)
  })
})

test('a reply is cut where what is left of the limit ends, and says so', async () => {
  const { key } = await makeUser(gateway, { daily_quota: 700 })
  const answer = await ask(gateway, key, 'Say it. [[sim:repeat=500]]', { max_tokens: 4_000 })
  expect(answer.status).toBe(200)
  expect(answer.text).toContain('"stop_reason":"max_tokens"')
  const { user } = await usageOf(gateway, key)
  expect(user?.usage.total.total_tokens ?? 0).toBeLessThanOrEqual(700)
  expect((await ask(gateway, key, 'Again.')).status).toBe(429)
})

test('usage is counted with the request log off, and of a client that leaves', async () => {
  await gateway.admin('PUT', '/v2/settings', { enableRequestLog: false })
  const { key } = await makeUser(gateway, { daily_quota: 1_000_000 })
  expect((await ask(gateway, key, 'Hello.')).status).toBe(200)
  const before = (await usageOf(gateway, key)).user?.usage.today
  expect(before?.requests).toBe(1)
  expect(before?.output_tokens ?? 0).toBeGreaterThan(0)
  expect(before?.cost_micro_usd ?? 0).toBeGreaterThan(0)
  const controller = new AbortController()
  const left = await fetch(`${gateway.url}/v1/messages`, {
    method: 'POST',
    headers: { 'x-api-key': key, 'content-type': 'application/json' },
    body: JSON.stringify({
      model: 'claude-sonnet-4.5',
      max_tokens: 4_000,
      stream: true,
      messages: [{ role: 'user', content: 'Say it. [[sim:repeat=500]] [[sim:pace=20]]' }],
    }),
    signal: controller.signal,
  })
  const reader = left.body?.getReader()
  for (let chunk = 0; chunk < 10; chunk++) await reader?.read()
  controller.abort()
  const after = await answerOnce(
    () => usageOf(gateway, key),
    ({ user }) => user?.usage.today.requests === 2,
  )
  expect(after.user?.usage.today.requests).toBe(2)
  expect(after.user?.usage.today.output_tokens ?? 0).toBeGreaterThan(before?.output_tokens ?? 0)
  expect(after.user?.limits[0]?.reserved).toBe(0)
  await gateway.admin('PUT', '/v2/settings', { enableRequestLog: true })
})

test('credits that the provider took for calls that gave nothing count, those it says nothing of do not', async () => {
  const { key } = await makeUser(gateway, { monthly_credits: 100 })
  const credits = async (): Promise<number> => (await usageOf(gateway, key)).user?.usage.month.credits ?? Number.NaN
  await ask(gateway, key, 'Hello.')
  const usual = await credits()
  const failing = { type: 'exception', name: 'InternalServerException', payload: { message: 'Not now.' } } as const
  const metering = { type: 'event', name: 'meteringEvent', payload: { usage: 7, unit: 'credit' } } as const
  gateway.simulator.enqueue({ steps: [metering, failing] })
  expect((await ask(gateway, key, 'Hello.')).status).toBe(200)
  expect(await credits()).toBeCloseTo(usual * 2 + 7, 6)
  gateway.simulator.enqueue({ steps: [failing] })
  gateway.simulator.enqueue('500')
  expect((await ask(gateway, key, 'Hello.')).status).toBe(200)
  expect(await credits()).toBeCloseTo(usual * 3 + 7, 6)
  // A request that fails altogether is no request, but what it cost is gone all the same.
  const refused = {
    type: 'exception',
    name: 'ValidationException',
    payload: { message: 'Improperly formed request.' },
  } as const
  gateway.simulator.enqueue({ steps: [metering, refused] })
  expect((await ask(gateway, key, 'Hello.')).status).toBe(400)
  expect(await credits()).toBeCloseTo(usual * 3 + 14, 6)
  expect((await usageOf(gateway, key)).user?.usage.month.requests).toBe(3)
  const newest = async () => (await loggedRows<{ credits: number }>(gateway, 1))[0]?.credits
  expect(await answerOnce(newest, (found) => found === 7)).toBe(7)
})

test('a kill between reserve and settle frees what was reserved and loses no count', async () => {
  const own = await startGateway({ accounts: [plenty] })
  try {
    const { key } = await makeUser(own, { daily_quota: 20_000, concurrency: 20 })
    for (let call = 0; call < 5; call++) expect((await ask(own, key, 'Hello.')).status).toBe(200)
    const counted = (await usageOf(own, key)).user?.usage.total
    expect(counted?.requests).toBe(5)
    const cut = Array.from({ length: 15 }, () =>
      ask(own, key, 'Say it. [[sim:repeat=500]] [[sim:pace=50]]', { max_tokens: 1_000 }).catch(() => undefined),
    )
    // The calls under way are noted a moment after they began.
    const noted = async () => Number((await readRaw(own.dataDir, 'SELECT count(*) FROM {open_calls}'))[0]?.[0])
    expect(await answerOnce(noted, (count) => count === 15)).toBe(15)
    expect((await usageOf(own, key)).user?.limits[0]?.reserved ?? 0).toBeGreaterThan(15_000)
    await own.restart('SIGKILL')
    await Promise.all(cut)
    const { user } = await usageOf(own, key)
    expect(user?.limits.map(({ reserved }) => reserved)).toEqual([0, 0])
    expect(user?.usage.total.requests).toBe(20) // 5 whole ones, and 15 of which only the input is known
    expect(user?.usage.total.output_tokens).toBe(counted?.output_tokens)
    expect(user?.usage.total.input_tokens ?? 0).toBeGreaterThan(counted?.input_tokens ?? Number.NaN)
    expect((await ask(own, key, 'Hello.')).status).toBe(200)
    expect((await usageOf(own, key)).user?.usage.total.requests).toBe(21)
  } finally {
    await own.stop()
  }
})

describe('what the official clients see', () => {
  test('Anthropic: rate limits in its own headers, on answers and refusals', async () => {
    const { key } = await makeUser(gateway, { rate_limit_rpm: 2, daily_quota: 100_000 })
    const client = new Anthropic({ apiKey: key, baseURL: gateway.url, maxRetries: 0 })
    const create = () =>
      client.messages
        .create({ model: 'claude-sonnet-4.5', max_tokens: 100, messages: [{ role: 'user', content: 'Hi.' }] })
        .withResponse()
    const { response } = await create()
    expect(response.headers.get('anthropic-ratelimit-requests-limit')).toBe('2')
    expect(response.headers.get('anthropic-ratelimit-requests-remaining')).toBe('1')
    const reset = response.headers.get('anthropic-ratelimit-requests-reset') ?? ''
    expect(Date.parse(reset) - Date.now()).toBeLessThan(62_000)
    expect(response.headers.get('anthropic-ratelimit-tokens-limit')).toBe('100000')
    expect(Number(response.headers.get('anthropic-ratelimit-tokens-remaining'))).toBeLessThan(100_000)
    expect(response.headers.get('access-control-expose-headers')).toContain('anthropic-ratelimit-tokens-remaining')
    await create()
    const refused = await create().catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(Anthropic.RateLimitError)
    const { headers } = refused as InstanceType<typeof Anthropic.RateLimitError>
    expect(Number(headers?.get('retry-after'))).toBeGreaterThan(0)
    expect(headers?.get('anthropic-ratelimit-requests-remaining')).toBe('0')
    expect(await client.models.list()).toBeDefined() // no call of a model: the limit does not count it
  })

  test.each(['chat', 'responses'] as const)('OpenAI (%s): rate limits in its own headers', async (api) => {
    const { key } = await makeUser(gateway, { request_quota: 1, monthly_quota: 50_000 })
    const client = new OpenAI({ apiKey: key, baseURL: `${gateway.url}/v1`, maxRetries: 0 })
    const model = 'claude-sonnet-4.5'
    const create = () =>
      api === 'chat'
        ? client.chat.completions.create({ model, messages: [{ role: 'user', content: 'Hi.' }] }).withResponse()
        : client.responses.create({ model, input: 'Hi.' }).withResponse()
    const { response } = await create()
    expect(response.headers.get('x-ratelimit-limit-requests')).toBe('1')
    expect(response.headers.get('x-ratelimit-remaining-requests')).toBe('0')
    expect(response.headers.get('x-ratelimit-reset-requests')).toMatch(/^(\d+h\d+m|\d+m)?\d+m?s$/)
    expect(response.headers.get('x-ratelimit-limit-tokens')).toBe('50000')
    const refused = await create().catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(OpenAI.RateLimitError)
    const { headers, code } = refused as InstanceType<typeof OpenAI.RateLimitError>
    expect(Number(headers?.get('retry-after'))).toBeGreaterThan(0)
    expect(code).toBe('insufficient_quota') // nothing before midnight
    expect(headers?.get('x-should-retry')).toBe('false')
  })
})

test('a limit of a minute is one to wait for, in all three APIs', async () => {
  const { key } = await makeUser(gateway, { rate_limit_rpm: 1 })
  await ask(gateway, key, 'Hi.')
  for (const [path, body, code] of [
    ['/v1/messages', { max_tokens: 9 }, undefined],
    ['/v1/chat/completions', {}, 'rate_limit_exceeded'],
    ['/v1/responses', { input: 'Hi.' }, 'rate_limit_exceeded'],
  ] as const) {
    const messages = [{ role: 'user', content: 'Hi.' }]
    const refused = await send(
      gateway.url + path,
      { authorization: `Bearer ${key}` },
      { model: 'claude-sonnet-4.5', ...(path === '/v1/responses' ? {} : { messages }), ...body },
    )
    expect(refused.status).toBe(429)
    expect(refused.headers['x-should-retry']).toBeUndefined()
    expect(Number(refused.headers['retry-after'])).toBeLessThanOrEqual(61)
    const { error } = JSON.parse(refused.text) as { error: { code?: string; type: string } }
    expect(error.code).toBe(code as string)
    expect(error.type).toBe('rate_limit_error')
  }
})

describe('what a key may do', () => {
  test('a user that is switched off, has expired or is gone is refused at once; a new key string ends the old one', async () => {
    const { id, key } = await makeUser(gateway, {})
    const status = async (with_ = key): Promise<number> => (await ask(gateway, with_, 'Hi.')).status
    expect(await status()).toBe(200)
    await gateway.admin('PATCH', `/v2/users/${id}`, { enabled: false })
    expect(await status()).toBe(401)
    await gateway.admin('PATCH', `/v2/users/${id}`, { enabled: true, expires_at: '2020-01-01T00:00:00Z' })
    expect(await status()).toBe(401)
    await gateway.admin('PATCH', `/v2/users/${id}`, { expires_at: '' })
    expect(await status()).toBe(200)
    const made = String((await gateway.admin('POST', `/v2/users/${id}/regenerate-key`)).api_key)
    expect([await status(), await status(made)]).toEqual([401, 200])
    await gateway.admin('DELETE', `/v2/users/${id}`)
    expect(await status(made)).toBe(401)
  })

  test('only the models it is allowed, by any of their names', async () => {
    const { key } = await makeUser(gateway, { models: ['claude-haiku-*'] })
    expect((await ask(gateway, key, 'Hi.', { model: 'claude-haiku-4.5' })).status).toBe(200)
    expect((await ask(gateway, key, 'Hi.', { model: 'claude-haiku-4-5-20251001' })).status).toBe(200)
    const refused = await ask(gateway, key, 'Hi.', { model: 'claude-opus-4.5' })
    expect(refused.status).toBe(404)
    expect(refused.text).toContain('not among those')
    const list = await send(`${gateway.url}/v1/models`, { 'x-api-key': key })
    const ids = (JSON.parse(list.text) as { data: { id: string }[] }).data.map(({ id }) => id)
    expect(ids.length).toBeGreaterThan(0)
    expect(ids.every((id) => id.startsWith('claude-haiku-'))).toBe(true)
  })
})

describe('addresses', () => {
  let front: Gateway
  beforeAll(async () => {
    front = await startGateway({ accounts: [plenty] })
  })
  afterAll(async () => {
    await front.stop()
  })
  const from = (address: string, path = '/v1/models') =>
    send(`${front.url}${path}`, { 'x-forwarded-for': address, 'x-api-key': front.key })

  test('the configured window holds under a hundred requests at once, for each address alone', async () => {
    await front.admin('PUT', '/v2/settings', { enableIPRateLimit: true, ipRateLimitMax: 12, ipRateLimitWindow: 2 })
    const answers = await Promise.all(Array.from({ length: 100 }, () => from('203.0.113.5')))
    expect(answers.filter(({ status }) => status === 200).length).toBe(12)
    const refused = answers.find(({ status }) => status === 429)
    expect(Number(refused?.headers['retry-after'])).toBeGreaterThan(60) // two minutes, not one
    expect(refused?.text).toContain('12 per 2 minutes')
    expect((await from('203.0.113.6')).status).toBe(200)
    // Of one IPv6 network together.
    const six = await Promise.all(Array.from({ length: 50 }, (_, at) => from(`2001:db8:1:2::${at.toString(16)}`)))
    expect(six.filter(({ status }) => status === 200).length).toBe(12)
    await front.admin('PUT', '/v2/settings', { enableIPRateLimit: false })
    expect((await from('203.0.113.5')).status).toBe(200)
  })

  test('one address may have limits of its own, a minute and a day, at once', async () => {
    await front.admin('PUT', '/v2/ips/config/203.0.113.7', { rate_limit_rpm: 3, notes: 'a script' })
    const minute = await Promise.all(Array.from({ length: 100 }, () => from('203.0.113.7')))
    expect(minute.filter(({ status }) => status === 200).length).toBe(3)
    const config = await front.admin('PUT', '/v2/ips/config/203.0.113.7', {
      rate_limit_rpm: 0,
      daily_request_limit: 5,
      notes: '',
    })
    expect(config).toMatchObject({ notes: null, rate_limit_rpm: 0, daily_request_limit: 5 })
    const day = await Promise.all(Array.from({ length: 100 }, () => from('203.0.113.7')))
    expect(day.filter(({ status }) => status === 200).length).toBe(5)
    await front.restart('SIGTERM')
    expect((await from('203.0.113.7')).status).toBe(429) // the day's count is kept
  })

  test('a blocked range gets no answer on any route, until it is unblocked', async () => {
    await front.admin('POST', '/v2/ips/block', { ip: '198.51.100.0/24', reason: 'noise' })
    await front.admin('POST', '/v2/ips/block', { ip: '2001:db8:bad::/48' })
    for (const path of ['/v1/models', '/', '/healthz', '/v2/settings', '/api/session', '/login', '/version']) {
      expect([path, (await from('198.51.100.77', path)).status]).toEqual([path, 403])
      expect([path, (await from('2001:db8:bad:1::5', path)).status]).toEqual([path, 403])
    }
    expect((await from('198.51.101.1')).status).toBe(200)
    const blocked = (await front.admin('GET', '/v2/ips/blocked')).blocked_ips as { ip: string; reason: string }[]
    expect(blocked.map(({ ip }) => ip).toSorted()).toEqual(['198.51.100.0/24', '2001:db8:bad::/48'])
    await front.restart('SIGTERM')
    expect((await from('198.51.100.77')).status).toBe(403)
    await front.admin('POST', '/v2/ips/unblock', { ip: '198.51.100.0/24' })
    expect((await from('198.51.100.77')).status).toBe(200)
  })

  test('neither this machine nor who asks is blocked by accident', async () => {
    for (const ip of ['127.0.0.1', '::1', '0.0.0.0/0', '::/0', '127.0.0.0/8']) {
      await expect(front.admin('POST', '/v2/ips/block', { ip })).rejects.toThrow('answered 400')
    }
    const response = await fetch(`${front.url}/v2/ips/block`, {
      method: 'POST',
      headers: { authorization: 'Bearer correct horse battery', 'x-forwarded-for': '203.0.113.99' },
      body: JSON.stringify({ ip: '203.0.113.0/24' }),
    })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ field: 'ip' })
    // What an untrusted client writes into the header counts for nothing: its socket is what is looked at.
    expect((await from('198.51.100.1, 203.0.113.200')).status).toBe(200)
  })
})

test('a caller of higher priority goes first in line', async () => {
  const own = await startGateway({ accounts: [plenty], simulator })
  try {
    const [account] = (await own.admin('GET', '/v2/accounts')).accounts as { id: string }[]
    await own.admin('PATCH', `/v2/accounts/${account?.id}`, { maxInFlight: 1 })
    const usual = await makeUser(own, {})
    const vip = await makeUser(own, { is_vip: true })
    const order: string[] = []
    const go = (name: string, key: string, text = 'Hi. [[sim:delay=100]]') =>
      ask(own, key, text).then(({ status }) => order.push(`${name} ${status}`))
    const inLine = async (count: number): Promise<void> => {
      const metrics = async () => (await fetch(`${own.url}/metrics`)).text()
      const words = `claude_server_waiting_requests ${count}\n`
      expect(await answerOnce(metrics, (text) => text.includes(words))).toContain(words)
    }
    const held = hold()
    const first = go('first', usual.key, `Hi. ${held.directive}`)
    expect(await eventually(() => own.simulator.counters().openStreams === 1, 30_000)).toBeNumber()
    const waiting = [1, 2, 3].map((at) => go(`usual${at}`, usual.key))
    await inLine(3)
    waiting.push(go('vip', vip.key))
    await inLine(4)
    held.release()
    await Promise.all([first, ...waiting])
    expect(order.slice(0, 2)).toEqual(['first 200', 'vip 200'])
    expect(order).toHaveLength(5)
  } finally {
    await own.stop()
  }
})

describe('overage', () => {
  /** What it may spend without paying more: half a credit. */
  const quota = { limit: 100, used: 99.5, overage: { enabled: true, used: 0, cap: 50 } }
  type Listed = { readonly id: string; readonly overage: object }
  const start = async (): Promise<{ own: Gateway; account: Listed }> => {
    const own = await startGateway({ accounts: [{ plan: 'power', quota }] })
    const listed = async () => ((await own.admin('GET', '/v2/accounts')).accounts as Listed[])[0]
    await own.admin('GET', `/v2/accounts/${(await listed())?.id}/quota?refresh=true`)
    const account = await listed()
    if (account === undefined) throw new Error('no account')
    return { own, account }
  }
  const rush = (own: Gateway) =>
    Promise.all(
      Array.from({ length: 100 }, () =>
        ask(own, own.key, 'Say it. [[sim:repeat=8]] [[sim:delay=20]]', { max_tokens: 400 }).then(
          ({ status }) => status,
        ),
      ),
    )

  test('is off for a new account: a hundred calls at once spend nothing of it', async () => {
    const { own, account } = await start()
    try {
      expect(account.overage).toMatchObject({ offered: true, enabled: false, micro_usd_per_credit: 40_000 })
      for (const switched of [false, true]) {
        // One switch alone changes nothing.
        await own.admin('PUT', '/v2/settings', { overageEnabled: switched })
        const answers = await rush(own)
        if (!switched) expect(answers).toContain(200)
        expect(answers).toContain(429)
        expect(own.accounts[0]?.quota()).toMatchObject({ overage: { used: 0 } })
      }
    } finally {
      await own.stop()
    }
  })

  test.each([
    ['of the account, in credits', {}, { overageMaxCredits: 0.4 }],
    ['of the account, in money', {}, { overageMaxMicroUsd: 16_000 }],
    ['of all, in money', { overageMaxMicroUsd: 16_000 }, {}],
  ])('with both switches on it goes on to the cap and no further: %s', async (_, settings, change) => {
    const { own, account } = await start()
    try {
      await own.admin('PUT', '/v2/settings', { overageEnabled: true, ...settings })
      await own.admin('PATCH', `/v2/accounts/${account.id}`, { overage: true, ...change })
      for (let round = 0; round < 3; round++) await rush(own)
      const used = own.accounts[0]?.quota().overage?.used ?? Number.NaN
      expect(used).toBeGreaterThan(0)
      expect(used).toBeLessThanOrEqual(0.4)
    } finally {
      await own.stop()
    }
  })
})
