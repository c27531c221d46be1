import { afterAll, beforeAll, beforeEach, expect, test } from 'bun:test'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { answerOnce, eventually, type Gateway, saidBy, startGateway } from '../support/gateway.ts'
import { ask, textOf } from '../support/open-streams.ts'
import { type ProxyServer, startProxyServer } from '../support/proxy-server.ts'
import { type SocksServer, startSocksServer } from '../support/socks-server.ts'

const login = { user: 'office', password: 'S3CRET-of-the-proxy' }
const plenty = { plan: 'power', quota: { limit: 1_000_000 } } as const
let gateway: Gateway
let http: ProxyServer
let socks: SocksServer
/** Ids at the gateway: accounts, then proxies. */
let [first, second, httpId, socksId] = ['', '', '', '']
const answers: string[] = []

const admin: Gateway['admin'] = async (method, route, body) => {
  const answer = await gateway.admin(method, route, body)
  answers.push(JSON.stringify(answer))
  return answer
}
const account = (id: string) => admin('GET', `/v2/accounts/${id}`)
const enable = (id: string, enabled: boolean) => admin('PATCH', `/v2/accounts/${id}`, { enabled })
const route = (id: string, proxyId: string | null) => admin('PATCH', `/v2/accounts/${id}`, { proxyId })
/** Paths the HTTP proxy was asked for; the gateway's own looks through it are left out. */
const paths = (): readonly string[] =>
  http.targets.filter((one) => !one.startsWith('HEAD ')).map((one) => new URL(one.split(' ')[1] ?? '').pathname)

async function chat(text = 'hello'): Promise<{ readonly status: number; readonly text: string }> {
  const answer = await fetch(`${gateway.url}/v1/messages`, {
    method: 'POST',
    headers: { 'x-api-key': gateway.key, 'content-type': 'application/json' },
    body: JSON.stringify(ask(text)()),
  })
  return { status: answer.status, text: await answer.text() }
}

beforeAll(async () => {
  http = await startProxyServer(login)
  socks = await startSocksServer(login)
  gateway = await startGateway({ accounts: [plenty, plenty], config: 'upstream:\n  protocol: rest\n' })
  const { accounts } = (await admin('GET', '/v2/accounts?orderBy=created_at&orderDesc=false')) as {
    accounts: { id: string }[]
  }
  ;[first = '', second = ''] = accounts.map(({ id }) => id)
  const add = async (url: string, name: string): Promise<string> =>
    ((await admin('POST', '/v2/proxies', { url, name })) as { proxy: { id: string } }).proxy.id
  httpId = await add(http.url, 'Office')
  socksId = await add(socks.url, 'Branch')
  for (const end = performance.now() + 30_000; performance.now() < end; ) {
    const states = await Promise.all([account(first), account(second)])
    if (states.every(({ state }) => state === 'ready')) return
    await Bun.sleep(25)
  }
  throw new Error('the accounts did not become ready')
})
afterAll(async () => {
  await gateway?.stop()
  http?.stop()
  socks?.stop()
})
beforeEach(() => {
  http.targets.length = 0
  socks.targets.length = 0
})

test('new proxies are looked through without being asked for', async () => {
  const up = async (): Promise<boolean> => {
    const { proxies } = (await admin('GET', '/v2/proxies')) as { proxies: { state: string; latency_ms: number }[] }
    return proxies.every(({ state, latency_ms: latencyMs }) => state === 'up' && latencyMs >= 0)
  }
  expect(await answerOnce(up, (isUp) => isUp)).toBe(true)
})

test('without a proxy of its own nothing of an account goes through one', async () => {
  expect((await chat()).text).toContain('message_stop')
  await admin('POST', `/v2/accounts/${first}/refresh`)
  expect(paths()).toEqual([])
})

test('an account’s refresh, quota, models and conversations go through its own proxy', async () => {
  await route(first, httpId)
  await admin('POST', `/v2/accounts/${first}/refresh`)
  expect(paths()).toEqual(['/token', '/getUsageLimits', '/ListAvailableModels'])
  await enable(second, false)
  http.targets.length = 0
  const answer = await chat('Say it. [[marker:m42]]')
  expect(textOf(answer.text)).toContain('m42')
  expect(answer.text).toContain('message_stop')
  expect(paths()).toEqual(['/generateAssistantResponse'])
  await enable(second, true)
})

test('the same through SOCKS', async () => {
  await route(second, socksId)
  await enable(first, false)
  await admin('POST', `/v2/accounts/${second}/refresh`)
  expect((await chat()).text).toContain('message_stop')
  const target = `127.0.0.1:${gateway.simulator.port}`
  expect(socks.targets.length).toBeGreaterThanOrEqual(4)
  expect(new Set(socks.targets)).toEqual(new Set([target]))
  expect(paths()).toEqual([])
  await enable(first, true)
})

test('a proxy that is down rests with its account unblamed: the others serve, and no client sees it', async () => {
  http.down()
  const replies = await Promise.all(Array.from({ length: 12 }, () => chat()))
  expect(replies.map(({ status }) => status)).toEqual(Array(12).fill(200))
  expect(replies.every(({ text }) => text.includes('message_stop') && !text.includes('event: error'))).toBe(true)
  expect((await account(first)).state).toBe('ready')
  const isDown = async (): Promise<boolean> => {
    const { proxies } = (await admin('GET', '/v2/proxies')) as { proxies: { id: string; state: string }[] }
    return proxies.find(({ id }) => id === httpId)?.state === 'down'
  }
  expect(await answerOnce(isDown, (down) => down)).toBe(true)
  // Now that it is known, nobody waits for it any more.
  const tried = http.refused()
  for (let turn = 0; turn < 5; turn++) expect((await chat()).status).toBe(200)
  // The gateway itself may look whether it is back.
  expect(http.refused() - tried).toBeLessThanOrEqual(1)
  http.up()
  expect(await admin('POST', `/v2/proxies/${httpId}/test`)).toMatchObject({ success: true, proxy: { state: 'up' } })
})

test('switched off, it is not gone around', async () => {
  await admin('POST', `/v2/proxies/${httpId}/toggle`)
  await enable(second, false)
  const before = gateway.accounts[0]?.counts().requests
  expect((await chat()).status).toBe(503)
  expect(gateway.accounts[0]?.counts().requests).toBe(before as number)
  expect(paths()).toEqual([])
  await admin('POST', `/v2/proxies/${httpId}/toggle`)
  await enable(second, true)
})

test('taken away, the very next request leaves without it', async () => {
  await enable(second, false)
  await route(first, null)
  expect((await chat()).status).toBe(200)
  expect(paths()).toEqual([])
  await enable(second, true)
})

test('a device sign-in goes through the proxy it chose, and the account keeps that', async () => {
  const started = (await admin('POST', '/v2/auth/start', { label: 'by proxy', proxyId: httpId })) as {
    authId: string
    userCode: string
  }
  expect(paths()).toEqual(['/client/register', '/device_authorization'])
  expect(gateway.simulator.signIns.approve(started.userCode)).toBe(true)
  const claimed = (await admin('POST', `/v2/auth/claim/${started.authId}`)) as { accountId: string; account: object }
  expect(claimed.account).toMatchObject({ proxy_id: httpId, proxy_name: 'Office', state: 'ready' })
  expect(new Set(paths().slice(2))).toEqual(new Set(['/token', '/getUsageLimits', '/ListAvailableModels']))
  await admin('DELETE', `/v2/accounts/${claimed.accountId}`)
})

test('the global proxy serves who has none of their own, from the next request on, and so does its end', async () => {
  await enable(second, false)
  expect(await admin('PUT', '/v2/settings', { httpProxy: http.url })).toMatchObject({
    httpProxy: `http://office:••••@127.0.0.1:${http.port}`,
  })
  expect((await chat()).status).toBe(200)
  expect(paths()).toEqual(['/generateAssistantResponse'])
  await admin('PUT', '/v2/settings', { httpProxy: '' })
  expect((await chat()).status).toBe(200)
  expect(paths()).toHaveLength(1)
})

test('with the pool on an account takes always the same of its proxies', async () => {
  await admin('PUT', '/v2/settings', { proxyPoolEnabled: true })
  for (let turn = 0; turn < 4; turn++) expect((await chat(`turn ${turn}`)).status).toBe(200)
  if (paths().length === 0) expect(socks.targets.length).toBeGreaterThanOrEqual(4)
  else expect(paths()).toHaveLength(4)
  await admin('PUT', '/v2/settings', { proxyPoolEnabled: false })
  await enable(second, true)
})

test('no answer, no log line and no file holds the proxies’ password', async () => {
  await eventually(() => gateway.logs().includes('proxy.'), 2_000)
  await saidBy(gateway.logs, 'proxy.')
  expect(gateway.logs()).not.toContain('S3CRET')
  expect(answers.join('\n')).toContain('••••')
  expect(answers.join('\n')).not.toContain('S3CRET')
  for (const file of readdirSync(gateway.dataDir)) {
    const bytes = readFileSync(path.join(gateway.dataDir, file)).toString('latin1')
    expect([file, bytes.includes('S3CRET')]).toEqual([file, false])
  }
})

const everyKind = ['/generateAssistantResponse', '/getUsageLimits', '/ListAvailableModels', '/token']
test.each<readonly [string, Readonly<Record<string, string>>, readonly string[]]>([
  ['everything goes through HTTP_PROXY', {}, everyKind],
  ['and NO_PROXY of another host changes nothing', { NO_PROXY: 'elsewhere.example' }, everyKind],
  ['but not to a host that NO_PROXY names', { NO_PROXY: 'elsewhere.example,127.0.0.1' }, []],
])(
  'with nothing set %s',
  async (_, env, through) => {
    const office = await startProxyServer(login)
    const plain = await startGateway({
      accounts: [plenty, { ...plenty, method: 'social' }],
      config: 'upstream:\n  protocol: rest\n',
      env: { HTTP_PROXY: office.url, ...env },
    })
    try {
      const { accounts } = (await plain.admin('GET', '/v2/accounts')) as { accounts: { id: string }[] }
      for (const { id } of accounts) await plain.admin('POST', `/v2/accounts/${id}/refresh`)
      const answer = await fetch(`${plain.url}/v1/messages`, {
        method: 'POST',
        headers: { 'x-api-key': plain.key, 'content-type': 'application/json' },
        body: JSON.stringify(ask('Say it. [[marker:m7]]')()),
      })
      expect(textOf(await answer.text())).toContain('m7')
      const byProxy = office.targets.map((one) => new URL(one.split(' ')[1] ?? '').pathname)
      // The social account's refresh, and its profile, which is asked for only while it has none.
      const kinds = [...new Set(byProxy)].filter((path) => !['/refreshToken', '/ListAvailableProfiles'].includes(path))
      expect(kinds.toSorted()).toEqual(through.toSorted())
      expect(byProxy.includes('/refreshToken')).toBe(through.length > 0) // the social account's refresh
      // The provider saw the same calls whichever way they came, and none besides.
      const seen = plain.simulator.requests().filter(({ operation }) => operation !== undefined)
      expect(seen.length).toBeGreaterThanOrEqual(everyKind.length)
      if (through.length > 0) expect(byProxy).toHaveLength(seen.length)
    } finally {
      await plain.stop()
      office.stop()
    }
  },
  30_000,
)
