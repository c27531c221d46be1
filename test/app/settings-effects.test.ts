import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import { createHmac } from 'node:crypto'
import { settingsTable } from '../../server/admin/settings-table.ts'
import { type Answered, type ClockedGateway, startClockedGateway } from '../support/clocked-gateway.ts'
import { adminPassword } from '../support/gateway.ts'
import { type ProxyServer, startProxyServer } from '../support/proxy-server.ts'

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs

/** Every setting the original had, by the name its scripts use. */
const originals = [
  ...['adminPassword', 'apiKey', 'debugLog', 'enableRequestLog', 'logRetentionDays', 'enableIPRateLimit'],
  ...['ipRateLimitWindow', 'ipRateLimitMax', 'blockedIPs', 'maxErrorCount', 'port', 'layoutFullWidth'],
  ...['accountSelectionMode', 'randomAccountSelection', 'compressionEnabled', 'compressionModel'],
  ...['announcementEnabled', 'announcementText', 'forceModelEnabled', 'forceModel', 'quotaRefreshConcurrency'],
  ...['quotaRefreshInterval', 'httpProxy', 'proxyPoolEnabled', 'proxyPoolStrategy'],
]
/** Members of the answer that say something and set nothing. */
const facts = [
  ...['version', 'edition', 'isFreeEdition', 'testMode', 'chatConfig', 'supportedForceModels'],
  ...['supportedCompressionModels', 'currentAccountCount', 'supportedAccountSelectionModes', 'withoutEffect'],
]

let gateway: ClockedGateway
let proxy: ProxyServer
const hooked: { readonly text: string; readonly headers: Headers }[] = []
const hook = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  fetch: async (request) => {
    hooked.push({ headers: request.headers, text: await request.text() })
    return new Response(null, { status: 204 })
  },
})
beforeAll(async () => {
  proxy = await startProxyServer()
  gateway = await startClockedGateway({ accounts: Array.from({ length: 4 }, () => ({ plan: 'power' as const })) })
}, 240_000)
afterAll(async () => {
  await gateway.stop()
  proxy.stop()
  hook.stop(true)
})

/** So that one that fails does not take the others with it. */
afterEach(async () => {
  await put({ enableIPRateLimit: false, alertsEnabled: false, forceModelEnabled: false, overageEnabled: false })
})

/** Twenty-five messages, more than the model reads. */
const longTalk = (about: string): Promise<Answered> =>
  gateway.call(
    'POST',
    '/v1/messages',
    {
      model: 'claude-sonnet-4.5',
      max_tokens: 100,
      messages: [
        ...Array.from({ length: 12 }, (_, index) => [
          { role: 'user', content: `${about} ${index} ${'word '.repeat(9_000)}` },
          { role: 'assistant', content: `${about} ${index} ${'said '.repeat(9_000)}` },
        ]).flat(),
        { role: 'user', content: 'And now?' },
      ],
    },
    { authorization: `Bearer ${gateway.key}` },
  )

const put = async (settings: object, status = 200): Promise<Answered> => {
  const answer = await gateway.call('PUT', '/v2/settings', settings)
  expect([settings, answer.status, answer.status === 200 ? '' : answer.text]).toEqual([
    settings,
    status,
    status === 200 ? '' : answer.text,
  ])
  return answer
}
const setting = async (name: string): Promise<unknown> => (await gateway.call('GET', '/v2/settings')).json[name]
const refused = async (settings: object, words: RegExp, code = 'INVALID_REQUEST'): Promise<void> => {
  const [name = ''] = Object.keys(settings)
  const { json } = await put(settings, 400)
  expect([json.code, json.field]).toEqual([code, name])
  expect(json.error).toMatch(words)
}
const models = (from: string, key = gateway.key) =>
  gateway.call('GET', '/v1/models', undefined, { 'x-forwarded-for': from, authorization: `Bearer ${key}` })
const statuses = async (count: number, from: string): Promise<number[]> => {
  const answers: number[] = []
  for (let call = 0; call < count; call++) answers.push((await models(from)).status)
  return answers
}
const logTotal = async (): Promise<number> => (await gateway.call('GET', '/v2/logs?limit=1')).json.total
const usage = async (key = gateway.key) =>
  (await gateway.call('GET', '/v1/usage', undefined, { authorization: `Bearer ${key}` })).json
const signIn = async (): Promise<string> => {
  const answer = await gateway.call('POST', '/api/login', { password: adminPassword }, { authorization: '' })
  return (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? ''
}
const asSession = (cookie: string, path: string) => gateway.call('GET', path, undefined, { cookie, authorization: '' })
const replies = (): readonly number[] => gateway.accounts.map((account) => account.counts().replies)
let questions = 0
/** Another conversation than all before. */
const question = (): string => `Question ${++questions}`
/** How many replies each account gave meanwhile, the busiest first. */
const served = async (calls: number): Promise<readonly number[]> => {
  const before = replies()
  for (let call = 0; call < calls; call++) expect((await gateway.ask(question())).status).toBe(200)
  return replies()
    .map((count, at) => count - (before[at] ?? 0))
    .toSorted((a, b) => b - a)
}
/** Readings of quotas the provider was asked for in so long. */
const readings = async (ms: number): Promise<number> => {
  const since = gateway.effects.now()
  await gateway.pass(ms)
  return gateway.simulator.requests().filter(({ operation, at }) => operation === 'GetUsageLimits' && at > since).length
}
const serverLog = async (): Promise<string> => {
  const controller = new AbortController()
  const response = await fetch(`${gateway.url()}/v2/server-logs/stream?level=debug&tail=30`, {
    headers: { authorization: `Bearer ${adminPassword}` },
    signal: controller.signal,
  })
  const reader = response.body?.getReader()
  const { value } = (await reader?.read()) ?? {}
  controller.abort()
  return new TextDecoder().decode(value)
}

const backups = async (): Promise<readonly { readonly file: string }[]> =>
  (await gateway.call('GET', '/v2/backup/files')).json.files
/** The files there are when so many are, or the time is over. */
const backupsWithin = async (ms: number, count = 1): Promise<readonly { readonly file: string }[]> => {
  const until = gateway.effects.now() + ms
  while ((await backups()).length < count && gateway.effects.now() < until) {
    await gateway.pass(20_000)
    await Bun.sleep(300)
  }
  return backups()
}
/** The same where they must come: a copy is made by another process, whose time is the real one. */
const backupsMadeWithin = async (ms: number, count: number): Promise<readonly { readonly file: string }[]> => {
  await backupsWithin(ms, count)
  for (const end = performance.now() + 60_000; performance.now() < end; await Bun.sleep(200))
    if ((await backups()).length >= count) break
  return backups()
}

/** What follows from each setting on a running gateway, seen from outside. Each puts back what it changed. */
const effects: Readonly<Record<string, () => Promise<void>>> = {
  adminPassword: async () => {
    const other = 'another long password'
    await put({ adminPassword: other })
    expect((await gateway.call('GET', '/v2/settings')).status).toBe(401)
    const back = { authorization: `Bearer ${other}` }
    expect((await gateway.call('PUT', '/v2/settings', { adminPassword }, back)).status).toBe(200)
    expect((await gateway.call('GET', '/v2/settings')).status).toBe(200)
  },
  apiKey: async () => {
    const apiKey = 'sk-the-owner-key-of-before'
    expect((await gateway.ask('Hi.', apiKey)).status).toBe(401)
    await put({ apiKey })
    expect((await gateway.ask('Hi.', apiKey)).status).toBe(200)
    expect(await setting('apiKey')).toBe('••••fore')
    await put({ apiKey: '' })
    expect((await gateway.ask('Hi.', apiKey)).status).toBe(401)
  },
  debugLog: async () => {
    expect(await serverLog()).not.toContain('DEBUG')
    await put({ debugLog: true })
    await gateway.call('GET', '/v2/status')
    expect(await serverLog()).toMatch(/DEBUG +http\.answered.*\/v2\/status/)
    await put({ debugLog: false })
    await gateway.call('GET', '/v2/jobs')
    expect(await serverLog()).not.toContain('/v2/jobs')
  },
  enableRequestLog: async () => {
    const row = async (): Promise<number> => {
      await gateway.ask()
      await gateway.pass(2_000)
      return logTotal()
    }
    const before = await row()
    await put({ enableRequestLog: false })
    const counted = (await usage()).key.usage.today.requests
    expect(await row()).toBe(before)
    expect((await usage()).key.usage.today.requests).toBe(counted + 1)
    await put({ enableRequestLog: true })
    expect(await row()).toBe(before + 1)
  },
  logRetentionDays: async () => {
    await put({ logRetentionDays: 30 })
    await gateway.ask()
    await gateway.restart(3 * dayMs)
    await gateway.ask()
    await gateway.pass(15_000)
    expect(await logTotal()).toBeGreaterThan(1)
    await put({ logRetentionDays: 2 })
    await gateway.pass(5_000)
    expect(await logTotal()).toBe(1)
    await put({ logRetentionDays: 7 })
  },
  logMaxSizeMb: async () => {
    const headers = { 'user-agent': 'x'.repeat(300), authorization: `Bearer ${gateway.key}` }
    for (let batch = 0; batch < 25; batch++) {
      await Promise.all(
        Array.from({ length: 50 }, () => gateway.call('POST', '/v1/messages', { model: 'y'.repeat(200) }, headers)),
      )
      await gateway.pass(100)
    }
    await gateway.pass(15_000)
    const before = await logTotal()
    expect(before).toBeGreaterThan(1_200)
    await put({ logMaxSizeMb: 1 })
    await gateway.pass(5_000)
    const after = await logTotal()
    expect(after).toBeGreaterThan(100)
    expect(after).toBeLessThan(before)
    await put({ logMaxSizeMb: 2_048 })
  },
  enableIPRateLimit: async () => {
    await put({ enableIPRateLimit: true, ipRateLimitMax: 2, ipRateLimitWindow: 1 })
    expect(await statuses(3, '198.51.100.1')).toEqual([200, 200, 429])
    await put({ enableIPRateLimit: false })
    expect(await statuses(3, '198.51.100.1')).toEqual([200, 200, 200])
  },
  ipRateLimitMax: async () => {
    await put({ enableIPRateLimit: true, ipRateLimitMax: 1, ipRateLimitWindow: 1 })
    expect(await statuses(2, '198.51.100.2')).toEqual([200, 429])
    await put({ ipRateLimitMax: 3 })
    expect(await statuses(3, '198.51.100.2')).toEqual([200, 200, 429])
    await put({ enableIPRateLimit: false, ipRateLimitMax: 100 })
  },
  ipRateLimitWindow: async () => {
    await put({ enableIPRateLimit: true, ipRateLimitMax: 1, ipRateLimitWindow: 5 })
    const [first, second] = [await models('198.51.100.3'), await models('198.51.100.3')]
    expect([first.status, second.status]).toEqual([200, 429])
    expect(Number(second.headers.get('retry-after'))).toBeGreaterThan(290)
    await gateway.pass(4 * minuteMs)
    expect(await statuses(1, '198.51.100.3')).toEqual([429])
    await gateway.pass(70_000)
    expect(await statuses(2, '198.51.100.3')).toEqual([200, 429])
    await put({ ipRateLimitWindow: 1 })
    expect(await statuses(2, '198.51.100.3')).toEqual([200, 429])
    await gateway.pass(61_000)
    expect(await statuses(1, '198.51.100.3')).toEqual([200])
    await put({ enableIPRateLimit: false, ipRateLimitMax: 100 })
  },
  blockedIPs: async () => {
    await put({ blockedIPs: ['203.0.113.0/24'] })
    expect([await statuses(1, '203.0.113.9'), await statuses(1, '203.0.114.9')]).toEqual([[403], [200]])
    await gateway.call('POST', '/v2/ips/block', { ip: '203.0.114.9' })
    expect(await setting('blockedIPs')).toEqual(expect.arrayContaining(['203.0.113.0/24', '203.0.114.9']))
    await put({ blockedIPs: [] })
    expect([await statuses(1, '203.0.113.9'), await statuses(1, '203.0.114.9')]).toEqual([[200], [200]])
    await refused({ blockedIPs: ['127.0.0.0/8'] }, /this machine/, 'THIS_MACHINE')
  },
  maxErrorCount: async () => {
    const failing = async (): Promise<number> =>
      (await gateway.call('GET', '/v2/accounts')).json.accounts.filter(
        ({ state }: { state: string }) => state === 'failing',
      ).length
    const [account] = gateway.accounts
    const fail = async (times: number): Promise<void> => {
      for (let time = 0; time < times; time++) {
        gateway.simulator.enqueue('forbidden', { account: account?.id ?? '' })
        for (let call = 0; call < 12; call++) await gateway.ask(question())
        await gateway.pass(6 * minuteMs)
      }
    }
    await put({ accountSelectionMode: 'sequential', maxErrorCount: 100 })
    gateway.simulator.enqueue('forbidden', { account: account?.id ?? '', times: 3 })
    await fail(1)
    expect(await failing()).toBe(0)
    await put({ maxErrorCount: 1 })
    await fail(1)
    expect(await failing()).toBe(1)
    gateway.simulator.clearQueue()
    await put({ accountSelectionMode: 'least_loaded', maxErrorCount: 30 })
    await gateway.call('POST', '/v2/accounts/refresh-quotas')
    const { accounts } = (await gateway.call('GET', '/v2/accounts')).json
    for (const { id } of accounts) {
      await gateway.call('PATCH', `/v2/accounts/${id}`, { enabled: false })
      await gateway.call('PATCH', `/v2/accounts/${id}`, { enabled: true })
      await gateway.call('POST', `/v2/accounts/${id}/refresh`)
    }
    expect(await failing()).toBe(0)
  },
  port: async () => {
    const port = Number(new URL(gateway.url()).port)
    expect(await setting('port')).toBe(port)
    await put({ port })
    await refused({ port: port + 1 }, /flag, environment or the configuration file/)
  },
  layoutFullWidth: async () => {
    const cookie = await signIn()
    await put({ layoutFullWidth: true })
    expect((await asSession(cookie, '/api/session')).json.fullWidth).toBe(true)
    await put({ layoutFullWidth: false })
    expect((await asSession(cookie, '/api/session')).json).not.toHaveProperty('fullWidth')
  },
  announcementEnabled: async () => {
    const cookie = await signIn()
    await put({ announcementText: 'Down at noon.', announcementEnabled: true })
    expect((await asSession(cookie, '/api/session')).json.announcement).toBe('Down at noon.')
    await put({ announcementEnabled: false })
    expect((await asSession(cookie, '/api/session')).json).not.toHaveProperty('announcement')
  },
  announcementText: async () => {
    const cookie = await signIn()
    await put({ announcementText: '中午停机', announcementEnabled: true })
    expect((await asSession(cookie, '/api/session')).json.announcement).toBe('中午停机')
    await put({ announcementText: '', announcementEnabled: false })
    expect(await setting('announcementText')).toBe('')
  },
  accountSelectionMode: async () => {
    await put({ accountSelectionMode: 'sequential' })
    expect(await served(4)).toEqual([4, 0, 0, 0])
    await put({ accountSelectionMode: 'round_robin' })
    expect(await served(4)).toEqual([1, 1, 1, 1])
    await refused({ accountSelectionMode: 'best' }, /one of/)
    await put({ accountSelectionMode: 'least_loaded' })
  },
  randomAccountSelection: () => refused({ randomAccountSelection: true }, /accountSelectionMode: "random"/),
  compressionEnabled: async () => {
    expect((await longTalk('one')).status).toBe(400)
    await put({ compressionEnabled: true })
    const shorter = await longTalk('one')
    expect([shorter.status, shorter.headers.get('x-claude-server-compressed')]).toEqual([
      200,
      expect.stringMatching(/^messages=18; input_tokens=\d+; output_tokens=\d+$/),
    ])
    await put({ compressionEnabled: false })
    expect((await longTalk('one')).status).toBe(400)
  },
  compressionModel: async () => {
    await put({ compressionEnabled: true, compressionModel: 'claude-haiku-4.5' })
    expect((await longTalk('two')).status).toBe(200)
    await gateway.pass(2_000)
    const { notes } = (await gateway.call('GET', '/v2/logs?limit=1')).json.logs[0]
    expect(notes.first).toMatchObject([
      { what: 'history-compressed', detail: expect.stringContaining('claude-haiku-4.5') },
    ])
    await put({ compressionEnabled: false, compressionModel: '' })
  },
  compressionAtPercent: async () => {
    await put({ compressionEnabled: true, compressionAtPercent: 0 })
    const asked = () =>
      gateway.simulator.requests().filter(({ operation }) => operation === 'GenerateAssistantResponse')
    const before = asked().length
    expect((await longTalk('three')).status).toBe(200)
    // What does not fit is only noticed by the provider; from a share on it is not sent first.
    expect(
      asked()
        .slice(before)
        .map(({ status }) => status),
    ).toEqual([400, 200, 200, 200, 200])
    await put({ compressionAtPercent: 80 })
    const after = asked().length
    expect((await longTalk('four')).status).toBe(200)
    expect(
      asked()
        .slice(after)
        .map(({ status }) => status),
    ).toEqual([200, 200, 200, 200])
    await put({ compressionEnabled: false, compressionAtPercent: 90 })
  },
  forceModelEnabled: async () => {
    const model = async (name = 'claude-sonnet-4.5') =>
      (await gateway.ask('Hi.', gateway.key, { model: name })).headers.get('x-model-served')
    expect(await model()).toBe('claude-sonnet-4.5')
    await put({ forceModel: 'claude-opus-4.5', forceModelEnabled: true })
    expect([await model(), await model('claude-haiku-4.5')]).toEqual(['claude-opus-4.5', 'claude-haiku-4.5'])
    const chat = { model: 'gpt-4o', messages: [{ role: 'user', content: 'Hi.' }] }
    const bearer = { authorization: `Bearer ${gateway.key}` }
    for (const [path, body] of [
      ['/v1/chat/completions', chat],
      ['/v1/responses', { model: 'gpt-5', input: 'Hi.' }],
    ] as const) {
      const answer = await gateway.call('POST', path, body, bearer)
      expect([answer.status, answer.headers.get('x-model-served')]).toEqual([200, 'claude-opus-4.5'])
    }
    await put({ forceModelEnabled: false })
    expect(await model()).toBe('claude-sonnet-4.5')
  },
  forceModel: async () => {
    await put({ forceModel: 'claude-haiku-4.5', forceModelEnabled: true })
    expect((await gateway.ask()).headers.get('x-model-served')).toBe('claude-haiku-4.5')
    await refused({ forceModel: 'claude-hiku' }, /Near names: .*haiku/)
    await put({ forceModel: '', forceModelEnabled: false })
    expect((await gateway.ask()).headers.get('x-model-served')).toBe('claude-sonnet-4.5')
  },
  quotaRefreshConcurrency: async () => {
    const peak = async (): Promise<number> => {
      gateway.peakCalls()
      await gateway.call('POST', '/v2/accounts/refresh-quotas')
      return gateway.peakCalls()
    }
    await put({ quotaRefreshConcurrency: 1 })
    const one = await peak()
    await put({ quotaRefreshConcurrency: 4 })
    const four = await peak()
    expect(four).toBeGreaterThan(one)
    await put({ quotaRefreshConcurrency: 10 })
  },
  quotaRefreshInterval: async () => {
    await put({ quotaRefreshInterval: 600 })
    await gateway.pass(minuteMs)
    expect(await readings(25 * minuteMs)).toBeOneOf([8, 12])
    await put({ quotaRefreshInterval: 60 }) // holds for the round that waits already
    expect(await readings(70_000)).toBeGreaterThanOrEqual(4)
    await put({ quotaRefreshInterval: 120 })
  },
  httpProxy: async () => {
    await put({ httpProxy: proxy.url })
    expect((await gateway.ask()).status).toBe(200)
    expect(proxy.targets.filter((target) => target.startsWith('POST ')).length).toBeGreaterThan(0)
    await put({ httpProxy: '' })
    const before = proxy.targets.length
    expect((await gateway.ask()).status).toBe(200)
    expect(proxy.targets.length).toBe(before)
    await refused({ httpProxy: 'ftp://proxy' }, /httpProxy/)
  },
  proxyPoolEnabled: async () => {
    const made = await gateway.call('POST', '/v2/proxies', { url: proxy.url, name: 'Office' })
    await gateway.pass(5_000)
    const through = async (): Promise<number> => {
      const before = proxy.targets.length
      expect((await gateway.ask()).status).toBe(200)
      return proxy.targets.length - before
    }
    expect(await through()).toBe(0)
    await put({ proxyPoolEnabled: true })
    expect(await through()).toBeGreaterThan(0)
    await put({ proxyPoolEnabled: false })
    expect(await through()).toBe(0)
    await gateway.call('DELETE', `/v2/proxies/${made.json.proxy.id}`)
  },
  proxyPoolStrategy: async () => {
    await put({ proxyPoolStrategy: 'sticky' })
    await refused({ proxyPoolStrategy: 'round_robin' }, /can only be sticky/)
  },
  maxAccounts: async () => {
    await put({ maxAccounts: 4 })
    const { method, clientId, clientSecret, refreshToken } = gateway.simulator.accounts.add({ plan: 'free' }).secrets()
    const body = { label: 'fifth', method, clientId, clientSecret, refreshToken }
    const full = await gateway.call('POST', '/v2/accounts', body)
    expect([full.status, full.json.code]).toEqual([403, 'ACCOUNT_LIMIT_REACHED'])
    await put({ maxAccounts: 5 })
    const added = await gateway.call('POST', '/v2/accounts', body)
    expect(added.status).toBeLessThan(300)
    expect((await gateway.call('DELETE', `/v2/accounts/${added.json.id}`)).status).toBe(200)
    await put({ maxAccounts: 10_000 })
  },
  fetchAttachments: async () => {
    const source = { type: 'url', url: `http://127.0.0.1:${hook.port}/x` }
    const ask = async (): Promise<string> => {
      const content = [{ type: 'image', source }]
      const body = { model: 'claude-sonnet-4.5', max_tokens: 10, messages: [{ role: 'user', content }] }
      const answer = await gateway.call('POST', '/v1/messages', body, { authorization: `Bearer ${gateway.key}` })
      expect([answer.status, answer.json.error.type]).toEqual([400, 'invalid_request_error'])
      return answer.json.error.message
    }
    expect(await ask()).toMatch(/^messages\.0\.content\.0\.source\.url: .*setting fetchAttachments/)
    await put({ fetchAttachments: true })
    expect(await ask()).toMatch(/no public address/)
    await put({ fetchAttachments: false })
    expect(hooked.filter(({ text }) => text === '')).toEqual([])
  },
  repairReplies: async () => {
    const ask = async () => {
      const messages = [{ role: 'user', content: '[[sim:text=No JSON here]]' }]
      const body = { model: 'claude-sonnet-4.5', messages, response_format: { type: 'json_object' } }
      const answer = await gateway.call('POST', '/v1/chat/completions', body, {
        authorization: `Bearer ${gateway.key}`,
      })
      return answer.json.choices[0].message
    }
    expect(JSON.parse((await ask()).content)).toMatchObject({ simulated: true })
    await put({ repairReplies: false })
    expect(await ask()).toMatchObject({ content: null, refusal: expect.stringContaining('no JSON value') })
    await put({ repairReplies: true })
  },
  alertsEnabled: async () => {
    await refused({ alertsEnabled: true }, /first/).catch(() => undefined)
    await put({ alertWebhookUrl: `http://127.0.0.1:${hook.port}/x`, alertWebhookSecret: 'a secret of the webhook' })
    const tell = async (): Promise<number> => {
      hooked.length = 0
      const { key } = (await gateway.call('POST', '/v2/keys', { name: 'one', request_quota: 1 })).json
      await gateway.ask('Hi.', key)
      await gateway.pass(5_000)
      return hooked.filter(({ text }) => text.includes('key.limit_100')).length
    }
    expect(await tell()).toBe(0)
    await put({ alertsEnabled: true })
    expect(await tell()).toBe(1)
    await put({ alertsEnabled: false })
    expect(await tell()).toBe(0)
  },
  alertWebhookUrl: async () => {
    await put({ alertWebhookUrl: `http://127.0.0.1:${hook.port}/one`, alertWebhookSecret: 'a secret of the webhook' })
    hooked.length = 0
    expect((await gateway.call('POST', '/v2/alerts/test')).json.success).toBe(true)
    expect(hooked.length).toBe(1)
    await put({ alertWebhookUrl: 'http://127.0.0.1:1/nobody' })
    expect((await gateway.call('POST', '/v2/alerts/test')).json.success).toBe(false)
    await put({ alertWebhookUrl: '' })
    expect((await gateway.call('POST', '/v2/alerts/test')).status).toBe(400)
  },
  alertWebhookSecret: async () => {
    for (const secret of ['the first of two secrets', 'the second of two secrets']) {
      await put({ alertWebhookUrl: `http://127.0.0.1:${hook.port}/x`, alertWebhookSecret: secret })
      hooked.length = 0
      await gateway.call('POST', '/v2/alerts/test')
      const [{ headers, text } = { headers: new Headers(), text: '' }] = hooked
      const signed = `${headers.get('webhook-id')}.${headers.get('webhook-timestamp')}.${text}`
      const signature = createHmac('sha256', secret).update(signed).digest('base64')
      expect(headers.get('webhook-signature')).toBe(`v1,${signature}`)
    }
  },
  alertRunOutHours: async () => {
    const account = gateway.accounts[3]
    for (let reading = 0; reading < 6; reading++) {
      account?.setQuota({ limit: 2_000, used: 1_000 + reading * 10, resetsAt: gateway.effects.now() + 90 * dayMs })
      await gateway.pass(15 * minuteMs)
    }
    const told = async (): Promise<boolean> =>
      (await gateway.call('GET', '/v2/status')).json.attention.some(
        ({ kind }: { kind: string }) => kind === 'account.running_out',
      )
    // At 40 credits an hour, 950 last about a day.
    await put({ alertRunOutHours: 1 })
    expect(await told()).toBe(false)
    await put({ alertRunOutHours: 100 })
    expect(await told()).toBe(true)
    await put({ alertRunOutHours: 24 })
  },
  overageEnabled: async () => {
    const quota = { limit: 100, used: 100, overage: { enabled: true, used: 0, cap: 1_000 } }
    const { accounts } = (await gateway.call('GET', '/v2/accounts?orderBy=created_at&orderDesc=false')).json
    for (const { id } of accounts) await gateway.call('PATCH', `/v2/accounts/${id}`, { overage: true })
    for (const account of gateway.accounts) account.setQuota(quota)
    const ask = async (): Promise<number> => {
      await gateway.call('POST', '/v2/accounts/refresh-quotas')
      return (await gateway.ask()).status
    }
    expect(await ask()).toBe(429)
    await put({ overageEnabled: true })
    expect(await ask()).toBe(200)
    await put({ overageEnabled: false })
    expect(await ask()).toBe(429)
  },
  overageMaxCredits: async () => {
    const spent = { limit: 100, used: 100, overage: { enabled: true, used: 5, cap: 1_000 } }
    for (const account of gateway.accounts) account.setQuota(spent)
    const ask = async (): Promise<number> => {
      await gateway.call('POST', '/v2/accounts/refresh-quotas')
      return (await gateway.ask()).status
    }
    await put({ overageEnabled: true, overageMaxCredits: 20 }) // 4 × 5 are spent already
    expect(await ask()).toBe(429)
    await put({ overageMaxCredits: 1_000 })
    expect(await ask()).toBe(200)
    await put({ overageEnabled: false, overageMaxCredits: 0 })
  },
  overageMaxMicroUsd: async () => {
    const ask = async (): Promise<number> => {
      await gateway.call('POST', '/v2/accounts/refresh-quotas')
      return (await gateway.ask()).status
    }
    await put({ overageEnabled: true, overageMaxMicroUsd: 10_000 })
    expect(await ask()).toBe(429)
    await put({ overageMaxMicroUsd: 1_000_000_000 })
    expect(await ask()).toBe(200)
    await put({ overageEnabled: false, overageMaxMicroUsd: 0 })
    for (const account of gateway.accounts) account.setQuota({ limit: 10_000, used: 0 })
    await gateway.call('POST', '/v2/accounts/refresh-quotas')
    expect((await gateway.ask()).status).toBe(200)
  },
  modelPrices: async () => {
    const cost = async (): Promise<number> => {
      const before = (await usage()).key.usage.total.cost_micro_usd
      await gateway.ask()
      return (await usage()).key.usage.total.cost_micro_usd - before
    }
    await put({ modelPrices: '{"*": [1, 1]}' })
    const cheap = await cost()
    await put({ modelPrices: '{"*": [1000, 1000]}' })
    expect(await cost()).toBeGreaterThan(cheap * 500)
    await refused({ modelPrices: '{"*": "free"}' }, /modelPrices/)
    await put({ modelPrices: '{}' })
  },
  timezone: async () => {
    const { key } = (await gateway.call('POST', '/v2/keys', { name: 'zone', request_quota: 5 })).json
    const seen = async () => {
      const { key: own } = await usage(key)
      return [own.usage.today.period, own.limits[0].resets_at]
    }
    const now = new Date(gateway.effects.now())
    const day = (plus: number): string => new Date(now.getTime() + plus).toISOString().slice(0, 10)
    await put({ timezone: 'Etc/GMT-14' }) // 14 hours ahead
    const [east, eastEnd] = await seen()
    await put({ timezone: 'Etc/GMT+12' }) // 12 hours behind
    const [west, westEnd] = await seen()
    expect([east, west]).toEqual([day(14 * hourMs), day(-12 * hourMs)])
    expect([eastEnd, westEnd].map((end) => new Date(end).getUTCHours())).toEqual([10, 12])
    await refused({ timezone: 'Mars/Olympus' }, /time zone/)
    await put({ timezone: '' })
  },
  sessionIdleHours: async () => {
    const cookie = await signIn()
    const isIn = async (): Promise<boolean> => (await asSession(cookie, '/v2/settings')).status === 200
    await gateway.restart(2 * hourMs)
    expect(await isIn()).toBe(true)
    await gateway.restart(2 * hourMs)
    await put({ sessionIdleHours: 1 })
    expect(await isIn()).toBe(false)
    await put({ sessionIdleHours: 12 })
  },
  sessionMaxHours: async () => {
    const cookie = await signIn()
    const isIn = async (): Promise<boolean> => (await asSession(cookie, '/v2/settings')).status === 200
    await gateway.restart(90 * minuteMs)
    expect(await isIn()).toBe(true)
    await gateway.restart(90 * minuteMs)
    expect(await isIn()).toBe(true)
    await put({ sessionMaxHours: 2 })
    expect(await isIn()).toBe(false)
    await put({ sessionMaxHours: 168 })
  },
  backupIntervalHours: async () => {
    await put({ backupFolder: 'by-interval', backupIntervalHours: 2 })
    expect(await backupsMadeWithin(5 * minuteMs, 1)).toHaveLength(1)
    await gateway.restart(3 * hourMs)
    expect(await backupsMadeWithin(5 * minuteMs, 2)).toHaveLength(2)
    await put({ backupIntervalHours: 0 })
    await gateway.restart(3 * hourMs)
    expect(await backupsWithin(3 * minuteMs, 3)).toHaveLength(2)
    await put({ backupFolder: '' })
  },
  backupHour: async () => {
    const minutes = new Date(gateway.effects.now()).getUTCMinutes()
    if (minutes >= 45) await gateway.restart((65 - minutes) * minuteMs)
    const hour = (new Date(gateway.effects.now()).getUTCHours() + 2) % 24
    await put({ timezone: 'UTC', backupFolder: 'by-hour', backupIntervalHours: 24, backupHour: hour })
    await gateway.restart(50 * minuteMs)
    expect(await backupsWithin(3 * minuteMs)).toEqual([])
    await gateway.restart((120 - 53) * minuteMs)
    expect(await backupsMadeWithin(5 * minuteMs, 1)).toHaveLength(1)
    await put({ timezone: '', backupFolder: '', backupIntervalHours: 0, backupHour: 3 })
  },
  backupKeep: async () => {
    await put({ backupFolder: 'few', backupKeep: 2 })
    for (let count = 0; count < 3; count++) {
      expect((await gateway.call('POST', '/v2/backup/files')).status).toBe(200)
      await gateway.pass(2_000)
    }
    expect(await backups()).toHaveLength(2)
    await put({ backupFolder: '', backupKeep: 7 })
  },
  backupFolder: async () => {
    await put({ backupFolder: 'elsewhere' })
    const { file } = (await gateway.call('POST', '/v2/backup/files')).json
    expect(file).toMatch(/[/\\]elsewhere[/\\]claude-server-[\d-]+\.sqlite3$/)
    await put({ backupFolder: '' })
    expect((await gateway.call('GET', '/v2/backup/files')).json.folder).toMatch(/[/\\]backups$/)
  },
}

test('every setting there is, the original’s and ours, is in the walk', async () => {
  const shown = Object.keys((await gateway.call('GET', '/v2/settings')).json).filter((name) => !facts.includes(name))
  const all = new Set([...originals, ...settingsTable.map(({ json }) => json), ...shown])
  expect(Object.keys(effects).toSorted()).toEqual([...all].toSorted())
})

describe('what follows from it, at once', () => {
  for (const [name, shows] of Object.entries(effects)) test(name, shows, 240_000)
})

test.each([
  ['logRetentionDay', 'logRetentionDays'],
  ['enableIPRateLimits', 'enableIPRateLimit'],
  ['forcedModel', 'forceModel'],
  ['adminPasword', 'adminPassword'],
  ['time_zone', 'timezone'],
])(
  '%s is no setting: it is refused by name, with %s beside it, and what came with it is not written',
  async (name, near) => {
    const { json } = await put({ announcementText: 'not written', [name]: 1 }, 400)
    expect(json).toMatchObject({ code: 'INVALID_REQUEST', field: name })
    expect(json.error).toContain(`Did you mean ${near}?`)
    expect(await setting('announcementText')).toBe('')
  },
)
