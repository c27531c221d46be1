import { afterAll, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Secret, TOTP } from 'otpauth'
import { keyTraces } from '../../server/access/key.ts'
import { isRead, needOf, openRoutes } from '../../server/admin/permissions.ts'
import { adminApp, controlToken, elsewhere, password } from './admin-app.ts'
import { bodies } from './route-bodies.ts'

type App = Awaited<ReturnType<typeof adminApp>>

const newest = async ({ store }: App, count = 1) => store.audit.list({}, count)
const seqOf = async (app: App): Promise<number> => (await newest(app))[0]?.seq ?? 0

/** What must be there first, and could not stand in every test: gives the body, and the id where it is another. */
const prepared: Readonly<Record<string, (app: App, cookie: string) => Promise<{ id?: string; body?: object }>>> = {
  'POST /v2/second-factor/confirm': async (app, cookie) => ({ body: { code: (await begin(app, cookie)).code } }),
  'POST /v2/second-factor/remove': async (app, cookie) => {
    const { headers, code } = await begin(app, cookie)
    const { json } = await app.ask('POST', '/v2/second-factor/confirm', { headers, body: { code } })
    return { body: { password, code: json.recoveryCodes[0] } }
  },
  'POST /v2/jobs/:id/cancel': async ({ live }) => {
    const job = live.jobs.start('endless', () => new Promise(() => {}))
    return job.ok ? { id: job.value.id } : {}
  },
  'POST /v2/alerts/test': async ({ call }) => {
    const alertWebhookUrl = `http://127.0.0.1:${hook.port}/SECRET-path`
    await call('PUT', '/v2/settings', { alertWebhookUrl, alertWebhookSecret: 'SECRET of the webhook' })
    return {}
  },
  'POST /v2/backup/import': confirmed,
  'POST /v2/backup/files/:name/restore': confirmed,
  'POST /v2/devtools/claude-code/undo': ({ call }) => saved(call, 'claude-code'),
  'POST /v2/devtools/droid/undo': ({ call }) => saved(call, 'droid'),
  'DELETE /v2/deleted/:id': ({ call }) => deleted(call, 'accounts'),
  'POST /v2/accounts/:id/restore': ({ call }) => deleted(call, 'accounts'),
  'POST /v2/users/:id/restore': ({ call }) => deleted(call, 'users'),
  'POST /v2/keys/:id/restore': ({ call }) => deleted(call, 'keys'),
  'POST /v2/proxies/:id/restore': ({ call }) => deleted(call, 'proxies'),
  'POST /v2/model-mappings/:id/restore': ({ call }) => deleted(call, 'model-mappings'),
  'POST /v2/ips/restore': async ({ call }) => {
    await call('POST', '/v2/ips/block', { ip: '198.51.100.9' })
    await call('POST', '/v2/ips/unblock', { ip: '198.51.100.9' })
    return { body: { ip: '198.51.100.9' } }
  },
  'DELETE /v2/captures/:keyId': async ({ call }) => {
    await call('PUT', '/v2/captures/one')
    return {}
  },
  'DELETE /v2/keys/:id/hand-over': async ({ call }) => {
    await call('POST', '/v2/keys/one/hand-over')
    return {}
  },
  'DELETE /v2/ips/config/:ip': async ({ call }) => {
    await call('PUT', '/v2/ips/config/198.51.100.9', { rate_limit_rpm: 5 })
    return {}
  },
}

const hook = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response(null, { status: 204 }) })
const homeDir = mkdtempSync(join(tmpdir(), 'audit-'))
afterAll(() => {
  void hook.stop(true)
  rmSync(homeDir, { recursive: true })
})

async function confirmed({ ask }: App, cookie: string) {
  await ask('POST', '/v2/confirmation', { headers: { cookie, 'x-requested-with': 'test' }, body: { password } })
  return {}
}

async function saved(call: App['call'], tool: string) {
  for (const apiKey of ['sk-first-key-0001', 'sk-second-key-0002'])
    await call('POST', `/v2/devtools/${tool}/config`, { baseUrl: 'http://127.0.0.1:62311', apiKey })
  return {}
}

async function deleted(call: App['call'], kind: string) {
  await call('DELETE', `/v2/${kind}/${idIn(`/${kind}/`)}`)
  return {}
}

async function begin(app: App, cookie: string) {
  const headers = { cookie, 'x-requested-with': 'test' }
  const { json } = await app.ask('POST', '/v2/second-factor', { headers, body: { password } })
  const totp = new TOTP({ secret: Secret.fromBase32(json.secret) })
  return { headers, code: totp.generate({ timestamp: app.clock.now }) }
}

/** Something of every kind, under the id the routes are called with. */
async function filledApp(): Promise<App> {
  const app = await adminApp({ deps: { homeDir } })
  const { store, clock, addAccount, addKey, world } = app
  const now = clock.now
  await addAccount('one')
  await addKey('one', 'sk-4xxSECRET-laptop-key-0010')
  const user = { id: 'one', name: 'One', enabled: true, priority: 0, createdAt: now, updatedAt: now }
  const itsKey = keyTraces('sk-4xxSECRET-user-key-0022')
  await store.users.create([
    { user, key: { id: 'of-one', name: 'x', ...itsKey, enabled: true, createdAt: now, userId: 'one' } },
  ])
  await store.ips.block([{ range: '198.51.100.1', shown: '198.51.100.1', reason: '', createdAt: now }])
  await store.modelMappings.create({ id: 'map_one', name: 'a', target: 'b', createdAt: now, updatedAt: now })
  const proxy = { id: 'prx_one', name: 'p', url: 'http://me:SECRET@p.example:1', shownUrl: 'http://p.example:1' }
  const health = { state: 'unchecked' as const, failures: 0 }
  await store.proxies.create({ ...proxy, weight: 1, enabled: true, health, createdAt: now, updatedAt: now })
  const passwordHash = '$argon2id$SECRET'
  const person = { id: 'opr_one', name: 'One', role: 'viewer' as const, passwordHash, enabled: true }
  await store.operators.create({ ...person, createdAt: now, updatedAt: now })
  const token = {
    id: 'one',
    name: 'one',
    hash: 'x'.padEnd(64, '0'),
    last4: 'abcd',
    scopes: ['read' as const],
    subject: 'owner',
  }
  await store.adminTokens.create({ ...token, createdAt: now })
  const session = { hash: 'one'.padEnd(64, '0'), createdAt: now, lastSeenAt: now, peer: '::1', userAgent: '' }
  await store.sessions.create({ ...session, mustChangePassword: false, subject: 'owner' })
  world.signIns.set('one', { status: 'completed', remainingMs: 0, accountId: 'one' })
  return app
}

const idIn = (path: string): string => {
  if (path.includes('/sessions/')) return `ses_${'one'.padEnd(24, '0')}`
  // Where the tables ask for it.
  if (path.includes('/model-mappings/')) return 'map_one'
  if (path.includes('/operators/')) return 'opr_one'
  if (path.includes('/proxies/')) return 'prx_one'
  return path.includes(':ip') ? '198.51.100.9' : 'one'
}

const { routes } = await adminApp()
const changing = routes.filter(({ method, path }) => !isRead(method) && !openRoutes.has(path))

test.each(changing.map(({ method, path }) => [method, path] as const))(
  '%s %s is in the audit log when it is done, without a secret',
  async (method, path) => {
    const app = await filledApp()
    const name = `${method} ${path}`
    const cookie = await app.signIn()
    const { id = idIn(path), body = bodies[name] ?? {} } = (await prepared[name]?.(app, cookie)) ?? {}
    const before = await seqOf(app)
    const isControl = path.startsWith('/api/control/')
    const headers = isControl ? { 'x-control-token': controlToken } : { cookie, 'x-requested-with': 'test' }
    const query = path === '/v2/deleted' ? '?kind=user' : ''
    const answer = await app.ask(method, path.replace(/:\w+/g, id) + query, {
      headers: {
        ...headers,
        'user-agent': 'the test',
        ...(path.startsWith('/v2/devtools/') ? { 'x-confirm-password': password } : {}),
      },
      body,
    })
    const written = await newest(app, (await seqOf(app)) - before)
    if (!needOf(method, path).audited) return expect([name, written]).toEqual([name, []])
    // A route that is not seen to succeed would be in no walk at all.
    expect([name, answer.status < 400, answer.status < 400 ? '' : answer.text]).toEqual([name, true, ''])
    expect(written).toHaveLength(1)
    expect(written[0]).toMatchObject({
      action: name,
      actorKind: isControl ? 'command-line' : 'owner',
      peer: '127.0.0.1',
      userAgent: 'the test',
      status: answer.status,
      requestId: 'req_test',
      ...(path.includes(':') ? { target: id } : {}),
    })
    const text = JSON.stringify(written)
    for (const secret of [
      /SECRET/,
      new RegExp(password),
      /another long password/,
      /sk-[0-9A-Za-z]{8}/,
      /adm_[0-9A-Za-z]{8}/,
      /argon2/,
    ]) {
      expect([name, secret.exec(text)?.[0]]).toEqual([name, undefined])
    }
  },
)

test('before and after show what differs, and a secret only as changed', async () => {
  const app = await filledApp()
  await app.call('PUT', '/v2/settings', { logRetentionDays: 9, apiKey: 'sk-4xxSECRET-owner-key-0009' })
  const [settings] = await newest(app)
  expect(JSON.parse(settings?.before ?? '')).toMatchObject({ logRetentionDays: 7 })
  expect(JSON.parse(settings?.after ?? '')).toEqual({ logRetentionDays: 9, apiKey: '[redacted]' })
  await app.call('PATCH', '/v2/accounts/one', { label: 'another' })
  const [account] = await newest(app)
  expect(account).toMatchObject({ target: 'one', actorId: 'owner' })
  expect(JSON.parse(account?.before ?? '')).toMatchObject({ label: 'label one' })
  expect(JSON.parse(account?.after ?? '')).toMatchObject({ label: 'another' })
  await app.call('PATCH', '/v2/keys/one', { enabled: false })
  const [key] = await newest(app)
  expect([JSON.parse(key?.before ?? ''), JSON.parse(key?.after ?? '')]).toEqual([{ enabled: true }, { enabled: false }])
  await app.call('DELETE', '/v2/keys/one')
  const [gone] = await newest(app)
  expect(JSON.parse(gone?.before ?? '')).toMatchObject({ id: 'one', name: 'one' })
  expect(gone?.after).toBeUndefined()
  await app.call('POST', '/v2/keys', { name: 'new' })
  const [made] = await newest(app)
  expect(made?.before).toBeUndefined()
  expect(JSON.parse(made?.after ?? '')).toMatchObject({ name: 'new', key: '[redacted]' })
})

test('an export is in the log with who made it, and with nothing of what was exported', async () => {
  const app = await filledApp()
  const headers = { authorization: `Bearer ${password}`, 'x-confirm-password': password }
  const whole = await app.ask('GET', '/v2/accounts/export', { headers })
  expect(whole.text).toContain('SECRET')
  const [entry] = await newest(app)
  expect(entry).toMatchObject({ action: 'GET /v2/accounts/export', actorName: 'owner', status: 200 })
  expect([entry?.before, entry?.after]).toEqual([undefined, undefined])
})

test('what was refused changed nothing and is not in the log', async () => {
  const app = await filledApp()
  const before = await seqOf(app)
  for (const [method, path, body] of [
    ['PATCH', '/v2/keys/none', { enabled: true }],
    ['POST', '/v2/keys', { name: '' }],
    ['PUT', '/v2/settings', { logRetentionDays: 'x' }],
    ['DELETE', '/v2/accounts/none', undefined],
    ['POST', '/v2/none', {}],
  ] as const) {
    expect((await app.call(method, path, body)).status).toBeGreaterThanOrEqual(400)
  }
  expect(await seqOf(app)).toBe(before)
})

test('what only asks what would be done is not in the log as the deed', async () => {
  const app = await filledApp()
  const headers = { authorization: `Bearer ${password}`, 'x-confirm-password': password }
  const config = { baseUrl: 'http://127.0.0.1:62311', apiKey: 'sk-first-key-0001' }
  const before = await seqOf(app)
  for (const [path, asked, sent = headers] of [
    ['/v2/logs/cleanup', { days_to_keep: 7, preview: true }],
    ['/v2/devtools/claude-code/config', { ...config, preview: true }],
    ['/v2/devtools/droid/config', { ...config, preview: true }],
    ['/v2/backup/import?dry_run=1', bodies['POST /v2/backup/import'] ?? {}],
    ['/v2/backup/files/one/restore', { dry_run: true }],
    ['/api/control/restore', { file: '/backups/one.jsonl', dry_run: true }, { 'x-control-token': controlToken }],
  ] as const) {
    const answer = await app.ask('POST', path, { headers: sent, body: asked })
    expect([path, answer.status, answer.status < 400 ? '' : answer.text]).toEqual([path, 200, ''])
    expect([path, await seqOf(app)]).toEqual([path, before])
  }
  // The word means something else where a key may ask what would be sent: making one is a deed.
  await app.call('POST', '/v2/keys', { name: 'asks', dry_run: true })
  await app.call('POST', '/v2/logs/cleanup', { days_to_keep: 7, preview: false })
  expect((await newest(app, 2)).map(({ action }) => action)).toEqual(['POST /v2/logs/cleanup', 'POST /v2/keys'])
})

test('signing in and out is in the log with who and from where; a wrong password is not', async () => {
  const app = await filledApp()
  app.world.peer = elsewhere
  const headers = await app.signInAs('Ada', 'admin')
  await app.ask('POST', '/api/login', { body: { user: 'Ada', password: 'wrong' } })
  await app.ask('POST', '/api/logout', { headers })
  const [out, into, made] = await newest(app, 3)
  expect(out).toMatchObject({ action: 'POST /api/logout', actorName: 'Ada', actorKind: 'operator', peer: '192.0.2.7' })
  expect(into).toMatchObject({ action: 'POST /api/login', actorName: 'Ada', peer: '192.0.2.7' })
  expect(made).toMatchObject({ action: 'POST /v2/operators', actorName: 'owner' })
})

test('the log is read by filters and pages, and by nobody who only looks', async () => {
  const app = await filledApp()
  for (let index = 0; index < 5; index++) await app.call('POST', '/v2/keys', { name: `key ${index}` })
  const page = await app.call('GET', '/v2/audit?limit=2')
  expect(page.json.entries.map((entry: { after: { name: string } }) => entry.after.name)).toEqual(['key 4', 'key 3'])
  const next = await app.call('GET', `/v2/audit?limit=2&before=${page.json.next}`)
  expect(next.json.entries.map((entry: { after: { name: string } }) => entry.after.name)).toEqual(['key 2', 'key 1'])
  const last = await app.call('GET', `/v2/audit?limit=2&before=${next.json.next}`)
  expect([last.json.entries.length, last.json.next]).toEqual([1, null])
  expect((await app.call('GET', '/v2/audit?action=delete')).json.entries).toEqual([])
  expect((await app.call('GET', '/v2/audit?actor=owner&action=keys')).json.entries).toHaveLength(5)
  for (const field of ['from', 'until', 'limit', 'before']) {
    const bad = await app.call('GET', `/v2/audit?${field}=yesterday`)
    expect([bad.status, bad.json.field]).toEqual([400, field])
  }
  expect((await app.call('GET', '/v2/audit/verify')).json).toEqual({ ok: true, entries: 5 })
  const viewer = await app.signInAs('Vera', 'viewer')
  expect((await app.ask('GET', '/v2/audit', { headers: viewer })).status).toBe(403)
})

test('a log that cannot be written is said in the server’s log', async () => {
  const memory = await adminApp()
  const audit = { ...memory.store.audit, append: () => Promise.reject(new Error('disk full')) }
  const app = await adminApp({ deps: { store: { ...memory.store, audit }, passwords: memory.passwords } })
  expect((await app.call('POST', '/v2/keys', { name: 'x' })).status).toBe(200)
  expect(app.world.logged.join('\n')).toContain('error audit.failed')
})
