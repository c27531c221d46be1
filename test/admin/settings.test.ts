import { expect, test } from 'bun:test'
import { settingsTable } from '../../server/admin/settings-table.ts'
import { adminApp, password } from './admin-app.ts'
import { hashKey } from './hash-key.ts'

test('the settings start with their defaults, secrets masked or empty', async () => {
  const { call } = await adminApp()
  const { json } = await call('GET', '/v2/settings')
  expect(json).toMatchObject({
    adminPassword: '••••',
    apiKey: '',
    enableRequestLog: true,
    logRetentionDays: 7,
    maxErrorCount: 30,
    accountSelectionMode: 'least_loaded',
    blockedIPs: [],
    quotaRefreshInterval: 120,
    quotaRefreshConcurrency: 10,
    port: 62311,
    version: '9.9.9',
    currentAccountCount: 0,
  })
  expect(json.supportedAccountSelectionModes.map(({ value }: { value: string }) => value)).toEqual([
    'sequential',
    'random',
    'round_robin',
    'weighted_random',
    'least_loaded',
    'quota_aware',
  ])
  expect(json.withoutEffect).toEqual([])
})

test('what is given is written and applied, nothing else', async () => {
  const { call, store, world } = await adminApp()
  const { status, json } = await call('PUT', '/v2/settings', { maxErrorCount: 5, accountSelectionMode: 'random' })
  expect(status).toBe(200)
  expect(json).toMatchObject({ maxErrorCount: 5, accountSelectionMode: 'random', logRetentionDays: 7, warnings: [] })
  expect(world.applied).toEqual([{ max_error_count: '5', account_selection_mode: 'random' }])
  expect(await store.settings.all()).toMatchObject({ max_error_count: '5', account_selection_mode: 'random' })
  expect((await call('GET', '/v2/settings')).json.maxErrorCount).toBe(5)
})

test('the whole answer can be sent back and changes nothing but what was changed in it', async () => {
  const { call, store, world } = await adminApp()
  await call('PUT', '/v2/settings', { apiKey: 'sk-an-existing-system-key' })
  const shown = (await call('GET', '/v2/settings')).json
  const before = await store.keys.list()
  const { json } = await call('PUT', '/v2/settings', { ...shown, announcementText: 'hello' })
  expect(json.announcementText).toBe('hello')
  expect(await store.keys.list()).toEqual(before)
  expect(json.apiKey).toBe('••••-key')
  expect(world.applied.length).toBe(1)
})

test('ranges are kept, and a warning says so', async () => {
  const { call } = await adminApp()
  const { json } = await call('PATCH', '/v2/settings', { maxErrorCount: 0, quotaRefreshInterval: 5 })
  expect(json.warnings).toEqual([
    `maxErrorCount: 0 is outside 1 to ${Number.MAX_SAFE_INTEGER}; stored as 1.`,
    'quotaRefreshInterval: 5 is outside 60 to 600; stored as 60.',
  ])
  expect(json).toMatchObject({ maxErrorCount: 1, quotaRefreshInterval: 60 })
})

test.each([
  [{ maxErrorCont: 5 }, 'maxErrorCont', 'maxErrorCount'],
  [{ annoucementText: 'x' }, 'annoucementText', 'announcementText'],
  [{ nonsense: 1 }, 'nonsense', 'not a setting'],
  [{ constructor: 1 }, 'constructor', 'not a setting'],
  [{ port: 8080 }, 'port', 'port stays 62311'],
  [{ freeRequestCount: 3 }, 'freeRequestCount', 'older editions'],
  [{ proxyPoolStrategy: 'round_robin' }, 'proxyPoolStrategy', 'sticky'],
  [{ alertWebhookUrl: 'ftp://example.com' }, 'alertWebhookUrl', 'http'],
  [{ alertWebhookUrl: 'https://user:pass@example.com' }, 'alertWebhookUrl', 'user name'],
  [{ alertsEnabled: true }, 'alertWebhookUrl', 'first'],
  [{ alertsEnabled: true, alertWebhookUrl: 'https://example.com/x' }, 'alertWebhookSecret', 'first'],
  [{ maxAccounts: '5' }, 'maxAccounts', 'whole number'],
])('%j has no effect, so it is refused by name and nothing is written', async (body, field, words) => {
  const { call, store } = await adminApp()
  const before = await store.settings.all()
  const answer = await call('PUT', '/v2/settings', { ...body, logRetentionDays: 3 })
  expect([answer.status, answer.json.code, answer.json.field]).toEqual([400, 'INVALID_REQUEST', field])
  expect(answer.json.error).toContain(words)
  expect(await store.settings.all()).toEqual(before)
})

test('every setting either is refused by name or is changed, shown and applied at once', async () => {
  const samples: Readonly<Record<string, unknown>> = {
    accountSelectionMode: 'random',
    httpProxy: 'http://127.0.0.1:3128',
    proxyPoolStrategy: '',
    modelPrices: '{"claude-x":[1,2]}',
    timezone: 'Asia/Shanghai',
    alertWebhookUrl: 'https://hooks.example.com/secret-path',
    alertWebhookSecret: 'a secret of the webhook',
    blockedIPs: ['192.0.2.1'],
  }
  for (const setting of settingsTable) {
    const { call, world } = await adminApp()
    if (setting.json === 'alertsEnabled') {
      const { alertWebhookUrl, alertWebhookSecret } = samples
      await call('PUT', '/v2/settings', { alertWebhookUrl, alertWebhookSecret })
    }
    const { initial } = setting
    const value =
      samples[setting.json] ??
      (typeof initial === 'boolean' ? !initial : typeof initial === 'number' ? initial + 1 : 'something else')
    const appliedBefore = world.applied.length
    const answer = await call('PUT', '/v2/settings', { [setting.json]: value })
    if (!setting.takesEffect) {
      expect([setting.json, answer.status, answer.json.field]).toEqual([setting.json, 400, setting.json])
      continue
    }
    expect([setting.json, answer.status]).toEqual([setting.json, 200])
    if (setting.json !== 'blockedIPs') expect(world.applied.length).toBe(appliedBefore + 1)
    const shown = (await call('GET', '/v2/settings')).json[setting.json]
    if (setting.type === 'webhook' || setting.type === 'secret') expect(shown).toContain('••••')
    else expect(shown).toEqual(value)
  }
})

test('an announcement and the width of pages are told to whoever is signed in, and to nobody else', async () => {
  const { ask, call, signIn } = await adminApp()
  const cookie = await signIn()
  const session = async () => (await ask('GET', '/api/session', { headers: { cookie } })).json
  expect(await session()).not.toHaveProperty('fullWidth')
  await call('PUT', '/v2/settings', {
    announcementEnabled: true,
    announcementText: ' Down at noon. ',
    layoutFullWidth: true,
  })
  expect(await session()).toMatchObject({ announcement: 'Down at noon.', fullWidth: true })
  expect((await ask('GET', '/api/session')).json).not.toHaveProperty('announcement')
  await call('PUT', '/v2/settings', { announcementEnabled: false })
  expect(await session()).not.toHaveProperty('announcement')
})

test.each([
  [{ maxErrorCount: '5' }, 'maxErrorCount'],
  [{ maxErrorCount: 1.5 }, 'maxErrorCount'],
  [{ enableRequestLog: 'true' }, 'enableRequestLog'],
  [{ blockedIPs: 'x' }, 'blockedIPs'],
  [{ blockedIPs: [1] }, 'blockedIPs.0'],
  [{ accountSelectionMode: 'best' }, 'accountSelectionMode'],
  [{ timezone: 'Mars/Olympus' }, 'timezone'],
  [{ apiKey: 7 }, 'apiKey'],
  [{ apiKey: 'short' }, 'apiKey'],
  [{ apiKey: 'with a space in it' }, 'apiKey'],
])('%j is refused, naming the member, and nothing is written', async (body, field) => {
  const { call, store } = await adminApp()
  const before = await store.settings.all()
  const answer = await call('PUT', '/v2/settings', { ...body, logRetentionDays: 3 })
  expect([answer.status, answer.json.code, answer.json.field]).toEqual([400, 'INVALID_REQUEST', field])
  expect(await store.settings.all()).toEqual(before)
})

test.each([
  ['', 'PASSWORD_SHORT'],
  ['admin', 'PASSWORD_COMMON'],
  ['password1', 'PASSWORD_COMMON'],
])('%j is no password for the console: %s, and nothing is written', async (adminPassword, code) => {
  const { call, store } = await adminApp()
  const before = await store.settings.all()
  const answer = await call('PUT', '/v2/settings', { adminPassword, logRetentionDays: 3 })
  expect([answer.status, answer.json.code, answer.json.field]).toEqual([400, code, 'adminPassword'])
  expect(await store.settings.all()).toEqual(before)
})

test('an existing key string becomes the key named Owner, another replaces it, an empty one revokes it', async () => {
  const { call, store, world } = await adminApp()
  const put = async (apiKey: string) => (await call('PUT', '/v2/settings', { apiKey })).json.apiKey
  const names = async () => (await store.keys.list()).map(({ name }) => name)
  expect(await put('sk-an-existing-system-key')).toBe('••••-key')
  expect(await names()).toEqual(['Owner'])
  expect((await store.keys.findByHash(hashKey('sk-an-existing-system-key')))?.name).toBe('Owner')
  expect(await put('••••-key')).toBe('••••-key')
  expect(await put('sk-an-existing-system-key')).toBe('••••-key')
  expect(await names()).toEqual(['Owner'])
  expect(await put('sk-another-system-key-0001')).toBe('••••0001')
  expect(await names()).toEqual(['Owner'])
  expect(await store.keys.findByHash(hashKey('sk-an-existing-system-key'))).toBeUndefined()
  expect(world.keysChanged).toBeGreaterThanOrEqual(2)
  expect(await put('')).toBe('')
  expect(await names()).toEqual([])
})

test('a key that exists under another name is not taken over', async () => {
  const { call, addKey } = await adminApp()
  await addKey('laptop', 'sk-the-laptop-key-000')
  const answer = await call('PUT', '/v2/settings', { apiKey: 'sk-the-laptop-key-000' })
  expect([answer.status, answer.json.field]).toEqual([400, 'apiKey'])
})

test('the password may be set here by whoever has just shown it, not by a session', async () => {
  const { ask, call, signIn } = await adminApp()
  const cookie = await signIn()
  const bySession = await ask('PUT', '/v2/settings', {
    headers: { cookie, 'x-requested-with': 'x' },
    body: { adminPassword: 'a new long password' },
  })
  expect([bySession.status, bySession.json.field]).toEqual([403, 'adminPassword'])
  expect((await call('PUT', '/v2/settings', { adminPassword: '••••' })).status).toBe(200)
  expect((await call('PUT', '/v2/settings', { adminPassword: 'a new long password' })).status).toBe(200)
  expect((await call('GET', '/v2/settings')).status).toBe(401)
  expect((await ask('GET', '/v2/settings', { headers: { cookie } })).status).toBe(401)
  const authorization = 'Bearer a new long password'
  expect((await ask('GET', '/v2/settings', { headers: { authorization } })).status).toBe(200)
  expect(password).not.toBe('a new long password')
})

test('keys are listed without themselves, shown whole once, and revoked at once', async () => {
  const { call, world } = await adminApp()
  expect((await call('GET', '/v2/keys')).json).toEqual({ keys: [], count: 0 })
  const created = (await call('POST', '/v2/keys', { name: ' laptop ' })).json
  expect(created).toMatchObject({
    name: 'laptop',
    enabled: true,
    last_used_at: null,
    created_at: '2023-11-14T22:13:20.000Z',
  })
  expect(created.key).toMatch(/^sk-[0-9A-Za-z]{48}$/)
  expect(created.key).toStartWith(created.prefix)
  expect(created.key).toEndWith(created.last4)
  const { key, ...shown } = created
  const listed = await call('GET', '/v2/keys')
  expect(listed.json).toEqual({ keys: [shown], count: 1 })
  expect(listed.text).not.toContain(key)
  const changes = world.keysChanged
  expect((await call('DELETE', `/v2/keys/${created.id}`)).json).toEqual({ success: true })
  expect(world.keysChanged).toBe(changes + 1)
  expect((await call('DELETE', `/v2/keys/${created.id}`)).status).toBe(404)
})

test.each([[{}], [{ name: '' }], [{ name: '   ' }], [{ name: 'x'.repeat(65) }], [{ name: 5 }]])(
  'a key named by a body of the wrong kind is refused',
  async (body) => {
    const { call, store } = await adminApp()
    const answer = await call('POST', '/v2/keys', body)
    expect([answer.status, answer.json.field]).toEqual([400, 'name'])
    expect(await store.keys.list()).toEqual([])
  },
)
