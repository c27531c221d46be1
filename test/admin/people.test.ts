import { expect, test } from 'bun:test'
import { Secret, TOTP } from 'otpauth'
import { resetPassword } from '../../server/admin/stored-passwords.ts'
import { adminApp, atTheMachine, elsewhere, failure, password } from './admin-app.ts'

type App = Awaited<ReturnType<typeof adminApp>>
const own = 'the password of Ada'
const login = (app: App, body: object) => app.ask('POST', '/api/login', { body })
const cookieOf = (answer: { headers: Headers }) => ({
  cookie: (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? '',
  'x-requested-with': 'test',
})

test('somebody with a name signs in by it in any case, and the session says who it is', async () => {
  const app = await adminApp()
  await app.signInAs('Ada', 'viewer')
  const answer = await login(app, { user: ' ADA ', password: own })
  expect(answer.json).toEqual({ success: true, message: 'Signed in.', mustChangePassword: false })
  const session = await app.ask('GET', '/api/session', { headers: cookieOf(answer) })
  expect(session.json).toMatchObject({ signedIn: true, namedSignIn: true, user: { name: 'Ada', role: 'viewer' } })
  expect((await app.ask('GET', '/v2/accounts', { headers: cookieOf(answer) })).status).toBe(200)
  expect((await app.call('GET', '/v2/operators')).json.operators[0].lastSignInAt).toBe('2023-11-14T22:13:20.000Z')
})

test('the name of nobody, a wrong password and somebody switched off are answered alike', async () => {
  const app = await adminApp()
  await app.signInAs('Ada', 'admin')
  const { operators } = (await app.call('GET', '/v2/operators')).json
  const wrong = await login(app, { user: 'Ada', password: 'wrong' })
  const nobody = await login(app, { user: 'Grace', password: own })
  await app.call('PATCH', `/v2/operators/${operators[0].id}`, { enabled: false })
  const off = await login(app, { user: 'Ada', password: own })
  for (const answer of [wrong, nobody, off]) {
    expect([answer.status, answer.json.code]).toEqual([401, 'INVALID_PASSWORD'])
    expect(answer.json).toEqual(wrong.json)
  }
})

test('guessing a name’s password waits like guessing the owner’s, from that address alone', async () => {
  const app = await adminApp()
  const headers = await app.signInAs('Ada', 'admin')
  app.world.peer = elsewhere
  for (let i = 0; i < 5; i++) expect((await login(app, { user: 'Ada', password: `guess ${i}` })).status).toBe(401)
  expect((await login(app, { user: 'Ada', password: own })).status).toBe(429)
  expect((await app.ask('GET', '/v2/accounts', { headers })).status).toBe(200)
  app.world.peer = { ...elsewhere, address: '192.0.2.8' }
  expect((await login(app, { user: 'Ada', password: own })).status).toBe(200)
})

test('the owner’s name is nobody else’s, and no two people share one', async () => {
  const app = await adminApp()
  await app.signInAs('Ada', 'viewer')
  const create = (name: string) => app.call('POST', '/v2/operators', { name, role: 'admin', password: own })
  for (const name of ['owner', ' Owner ', 'ada'])
    expect((await create(name)).json).toMatchObject({ code: 'CONFLICT', field: 'name' })
  for (const name of ['', ' ', 'a\nb', 'x'.repeat(65)])
    expect((await create(name)).json).toMatchObject({ code: 'INVALID_REQUEST', field: 'name' })
  expect((await app.call('POST', '/v2/operators', { name: 'B', role: 'root', password: own })).json.field).toBe('role')
  expect((await app.call('POST', '/v2/operators', { name: 'B', role: 'admin', password: 'short' })).json.field).toBe(
    'password',
  )
  expect((await login(app, { user: 'owner', password })).status).toBe(200)
})

test('a viewer changes nothing, an admin not who may, and another role signs the person out', async () => {
  const app = await adminApp()
  const viewer = await app.signInAs('Vera', 'viewer')
  const admin = await app.signInAs('Adam', 'admin')
  const put = (headers: Record<string, string>) =>
    app.ask('PUT', '/v2/settings', { headers, body: { logRetentionDays: 9 } })
  const refused = await put(viewer)
  expect([refused.status, refused.json]).toEqual([
    403,
    failure('This needs the role admin; Vera has the role viewer.', 'FORBIDDEN', {
      params: { role: 'admin', has: 'viewer' },
    }),
  ])
  expect((await put(admin)).status).toBe(200)
  expect((await app.ask('GET', '/v2/operators', { headers: admin })).status).toBe(403)
  expect(
    (await app.ask('PUT', '/v2/settings', { headers: admin, body: { adminPassword: 'mine from now on' } })).status,
  ).toBe(403)
  const vera = (await app.call('GET', '/v2/operators')).json.operators.find(
    (one: { name: string }) => one.name === 'Vera',
  )
  await app.call('PATCH', `/v2/operators/${vera.id}`, { role: 'admin' })
  expect((await put(viewer)).status).toBe(401)
  const again = cookieOf(await login(app, { user: 'Vera', password: 'the password of Vera' }))
  expect((await put(again)).status).toBe(200)
  await app.call('DELETE', `/v2/operators/${vera.id}`)
  expect((await put(again)).status).toBe(401)
})

test('a person changes the own password, which ends the own other sessions and nobody else’s', async () => {
  const app = await adminApp()
  const owner = { cookie: await app.signIn(), 'x-requested-with': 'test' }
  const other = await app.signInAs('Ada', 'viewer')
  const headers = cookieOf(await login(app, { user: 'Ada', password: own }))
  const change = (currentPassword: string) =>
    app.ask('POST', '/api/password', { headers, body: { currentPassword, newPassword: 'a new one of Ada' } })
  expect((await change(password)).status).toBe(403)
  const changed = await change(own)
  expect(changed.status).toBe(200)
  const look = async (using: Record<string, string>) =>
    (await app.ask('GET', '/v2/accounts', { headers: using })).status
  expect(await Promise.all([look(other), look(headers), look(cookieOf(changed)), look(owner)])).toEqual([
    401, 401, 200, 200,
  ])
  expect((await login(app, { user: 'Ada', password: own })).status).toBe(401)
  expect((await login(app, { user: 'Ada', password: 'a new one of Ada' })).status).toBe(200)
  expect((await login(app, { password })).status).toBe(200)
})

test('sign-ins are listed with address, browser and time, and ended one by one or all but one’s own', async () => {
  const app = await adminApp()
  app.world.peer = elsewhere
  const signIn = async (agent: string) =>
    cookieOf(await app.ask('POST', '/api/login', { body: { password }, headers: { 'user-agent': agent } }))
  const [laptop, phone] = [await signIn('laptop'), await signIn('phone')]
  const ada = await app.signInAs('Ada', 'viewer')
  const list = async (headers: Record<string, string>) =>
    (await app.ask('GET', '/v2/sessions', { headers })).json.sessions as {
      id: string
      userAgent: string
      user: string
      current: boolean
    }[]
  const seen = await list(laptop)
  expect(seen.map(({ user, userAgent, current }) => [user, userAgent, current]).toSorted()).toEqual([
    ['Ada', '', false],
    ['owner', 'laptop', true],
    ['owner', 'phone', false],
  ])
  expect(seen.find(({ userAgent }) => userAgent === 'phone')).toEqual({
    id: expect.stringMatching(/^ses_[0-9a-f]{24}$/),
    user: 'owner',
    address: '192.0.2.7',
    userAgent: 'phone',
    signedInAt: '2023-11-14T22:13:20.000Z',
    lastSeenAt: '2023-11-14T22:13:20.000Z',
    expiresAt: '2023-11-15T10:13:20.000Z',
    current: false,
  } as never)
  expect(JSON.stringify(seen)).not.toContain(laptop.cookie.split('=')[1] ?? 'none')
  expect((await list(ada)).map(({ user }) => user)).toEqual(['Ada'])
  const phoneId = seen.find(({ userAgent }) => userAgent === 'phone')?.id
  expect((await app.ask('DELETE', `/v2/sessions/${phoneId}`, { headers: ada })).status).toBe(404)
  expect((await app.ask('DELETE', `/v2/sessions/${phoneId}`, { headers: laptop })).status).toBe(200)
  expect((await app.ask('GET', '/v2/keys', { headers: phone })).status).toBe(401)
  const tablet = await signIn('tablet')
  await app.ask('POST', '/v2/sessions/end-others', { headers: laptop })
  expect((await app.ask('GET', '/v2/keys', { headers: tablet })).status).toBe(401)
  expect((await app.ask('GET', '/v2/keys', { headers: ada })).status).toBe(200)
  expect((await list(laptop)).map(({ userAgent }) => userAgent).toSorted()).toEqual(['', 'laptop'])
})

test('how long sessions live follows the settings at once', async () => {
  const app = await adminApp()
  const headers = { cookie: await app.signIn(), 'x-requested-with': 'test' }
  const look = async () => (await app.ask('GET', '/v2/keys', { headers })).status
  app.clock.now += 3 * 3_600_000
  expect(await look()).toBe(200)
  await app.call('PUT', '/v2/settings', { sessionIdleHours: 2, sessionMaxHours: 5 })
  app.clock.now += 1.9 * 3_600_000
  expect(await look()).toBe(200)
  app.clock.now += 0.2 * 3_600_000
  expect(await look()).toBe(401)
})

test('an admin token opens what its scopes say, for as long as it lasts, and is shown once', async () => {
  const app = await adminApp()
  const made = await app.call('POST', '/v2/admin-tokens', {
    name: 'deploy',
    scopes: ['read', 'users'],
    expiresInDays: 2,
  })
  const { token, id } = made.json
  expect(token).toMatch(/^adm_[0-9A-Za-z]{48}$/)
  app.world.peer = elsewhere
  const use = (method: string, path: string, body?: unknown) =>
    app.ask(method, path, { body, headers: { authorization: `Bearer ${token}` } })
  expect((await use('GET', '/v2/settings')).status).toBe(200)
  expect((await use('POST', '/v2/keys', { name: 'x' })).status).toBe(200)
  for (const [method, path, body] of [
    ['PUT', '/v2/settings', { logRetentionDays: 9 }],
    ['POST', '/v2/admin-tokens', { name: 'more', scopes: ['write'] }],
    ['GET', '/v2/operators', undefined],
    ['POST', '/api/password', { currentPassword: password, newPassword: 'another long one' }],
  ] as const) {
    const answer = await use(method, path, body)
    expect([path, [401, 403].includes(answer.status)]).toEqual([path, true])
  }
  const { tokens } = (await app.call('GET', '/v2/admin-tokens')).json
  expect(tokens).toEqual([
    {
      id,
      name: 'deploy',
      last4: token.slice(-4),
      scopes: ['read', 'users'],
      owner: 'owner',
      createdAt: '2023-11-14T22:13:20.000Z',
      expiresAt: '2023-11-16T22:13:20.000Z',
      lastUsedAt: '2023-11-14T22:13:20.000Z',
      lastAddress: '192.0.2.7',
    },
  ])
  const kept = JSON.stringify(await app.store.adminTokens.list())
  expect(kept).not.toContain(token)
  app.clock.now += 2 * 86_400_000
  expect((await use('GET', '/v2/settings')).json).toEqual(failure('This admin token has expired.', 'UNAUTHORIZED'))
})

test('a revoked token opens nothing, and unknown ones are no tries at the password', async () => {
  const app = await adminApp()
  const { token, id } = (await app.call('POST', '/v2/admin-tokens', { name: 'x', scopes: ['write', 'read'] })).json
  const use = (given: string) =>
    app.ask('PUT', '/v2/settings', { body: { logRetentionDays: 9 }, headers: { authorization: `Bearer ${given}` } })
  expect((await use(token)).status).toBe(200)
  expect((await app.call('DELETE', `/v2/admin-tokens/${id}`)).status).toBe(200)
  app.world.peer = elsewhere
  for (let i = 0; i < 8; i++) expect((await use(token)).status).toBe(401)
  expect((await login(app, { password })).status).toBe(200)
})

test('a token may never more than who made it, and goes with that person', async () => {
  const app = await adminApp()
  const admin = await app.signInAs('Adam', 'admin')
  const { token } = (
    await app.ask('POST', '/v2/admin-tokens', { headers: admin, body: { name: 'x', scopes: ['read', 'write'] } })
  ).json
  const use = async (method: string, path: string, body?: unknown) =>
    (await app.ask(method, path, { body, headers: { authorization: `Bearer ${token}` } })).status
  expect(await use('POST', '/v2/keys', { name: 'x' })).toBe(200)
  await app.call('POST', '/v2/admin-tokens', { name: 'of the owner', scopes: ['read'] })
  expect((await app.ask('GET', '/v2/admin-tokens', { headers: admin })).json.tokens).toHaveLength(1)
  expect((await app.call('GET', '/v2/admin-tokens')).json.tokens).toHaveLength(2)
  const [adam] = (await app.call('GET', '/v2/operators')).json.operators
  await app.call('PATCH', `/v2/operators/${adam.id}`, { role: 'viewer' })
  expect([await use('POST', '/v2/keys', { name: 'x' }), await use('GET', '/v2/keys')]).toEqual([403, 200])
  await app.call('PATCH', `/v2/operators/${adam.id}`, { enabled: false })
  expect(await use('GET', '/v2/keys')).toBe(401)
  await app.call('DELETE', `/v2/operators/${adam.id}`)
  expect((await app.call('GET', '/v2/admin-tokens')).json.tokens).toHaveLength(1)
})

const codeOf = (secret: string, at: number): string =>
  new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: at })

async function withFactor() {
  const app = await adminApp()
  const session = { cookie: await app.signIn(), 'x-requested-with': 'test' }
  const post = (path: string, body: object) => app.ask('POST', `/v2/second-factor${path}`, { headers: session, body })
  const begun = await post('', { password })
  const code = () => codeOf(begun.json.secret, app.clock.now)
  const confirmed = await post('/confirm', { code: code() })
  app.clock.now += 30_000
  return { app, post, session, code, begun, codes: confirmed.json.recoveryCodes as string[] }
}

test('a second factor is begun with the password, counts once confirmed, and is what an authenticator reads', async () => {
  const app = await adminApp()
  const headers = { cookie: await app.signIn(), 'x-requested-with': 'test' }
  const post = (path: string, body: object) => app.ask('POST', `/v2/second-factor${path}`, { headers, body })
  expect((await post('', { password: 'wrong' })).json).toMatchObject({ code: 'INVALID_PASSWORD', field: 'password' })
  const begun = await post('', { password })
  expect(begun.json.uri).toBe(
    `otpauth://totp/claude-server:owner?issuer=claude-server&secret=${begun.json.secret}&algorithm=SHA1&digits=6&period=30`,
  )
  expect((await login(app, { password })).status).toBe(200)
  expect((await post('/confirm', { code: '000000' })).json).toMatchObject({ code: 'INVALID_REQUEST', field: 'code' })
  const confirmed = await post('/confirm', { code: codeOf(begun.json.secret, app.clock.now) })
  expect(new Set(confirmed.json.recoveryCodes).size).toBe(10)
  expect((await app.ask('GET', '/v2/second-factor', { headers })).json).toEqual({
    on: true,
    since: '2023-11-14T22:13:20.000Z',
    recoveryCodesLeft: 10,
  })
  expect((await post('', { password })).status).toBe(409)
})

test('with it the password alone opens nothing: no session, no bearer', async () => {
  const { app, code } = await withFactor()
  const without = await login(app, { password })
  expect([without.status, without.json.code]).toEqual([401, 'SECOND_FACTOR_REQUIRED'])
  expect(without.headers.get('set-cookie')).toBeNull()
  const bearer = await app.call('GET', '/v2/settings')
  expect([bearer.status, bearer.json.code]).toEqual([403, 'SECOND_FACTOR_REQUIRED'])
  expect((await login(app, { password: 'wrong', code: code() })).json.code).toBe('INVALID_PASSWORD')
  expect((await login(app, { password, code: ` ${code().slice(0, 3)} ${code().slice(3)}` })).status).toBe(200)
})

test('each code opens once, also when two come at the same moment; recovery codes too', async () => {
  const { app, code, codes } = await withFactor()
  const twice = await Promise.all([login(app, { password, code: code() }), login(app, { password, code: code() })])
  expect(twice.map(({ status }) => status).toSorted()).toEqual([200, 401])
  const [recovery = ''] = codes
  expect((await login(app, { password, code: recovery.toLowerCase().replace('-', ' ') })).status).toBe(200)
  expect((await login(app, { password, code: recovery })).json.code).toBe('SECOND_FACTOR_WRONG')
  app.clock.now += 24 * 3_600_000
  expect((await login(app, { password, code: code() })).status).toBe(200)
})

test('guessing codes is slowed down wherever the guesses come from, and holds up nobody who is signed in', async () => {
  const { app, code, session } = await withFactor()
  for (let i = 0; i < 5; i++) {
    app.world.peer = { ...elsewhere, address: `192.0.2.${i}` }
    expect((await login(app, { password, code: '000000' })).status).toBe(401)
  }
  app.world.peer = { ...elsewhere, address: '192.0.2.99' }
  const locked = await login(app, { password, code: code() })
  expect([locked.status, locked.headers.get('retry-after')]).toEqual([429, '5'])
  expect((await app.ask('GET', '/v2/keys', { headers: session })).status).toBe(200)
  app.clock.now += 5_000
  expect((await login(app, { password, code: code() })).status).toBe(200)
})

test('it is turned off with password and code, by the owner for somebody else, and from the machine', async () => {
  const { app, post, code, codes } = await withFactor()
  expect((await post('/remove', { password, code: '000000' })).json).toMatchObject({ field: 'code' })
  expect((await post('/remove', { password: 'wrong', code: code() })).json).toMatchObject({ field: 'password' })
  expect((await post('/remove', { password, code: codes[3] ?? '' })).status).toBe(200)
  expect((await login(app, { password })).status).toBe(200)

  const ada = await app.signInAs('Ada', 'viewer')
  const begun = await app.ask('POST', '/v2/second-factor', { headers: ada, body: { password: own } })
  const confirm = { code: codeOf(begun.json.secret, app.clock.now) }
  await app.ask('POST', '/v2/second-factor/confirm', { headers: ada, body: confirm })
  expect((await login(app, { user: 'Ada', password: own })).json.code).toBe('SECOND_FACTOR_REQUIRED')
  const [view] = (await app.call('GET', '/v2/operators')).json.operators
  expect(view).toMatchObject({ name: 'Ada', secondFactor: true })
  await app.call('PATCH', `/v2/operators/${view.id}`, { secondFactor: false })
  expect((await login(app, { user: 'Ada', password: own })).status).toBe(200)
})

test('the reset from the machine turns the second factor off and signs out whose password it was', async () => {
  const { app, session } = await withFactor()
  const ada = await app.signInAs('Ada', 'admin', session)
  const deps = { ...app, effects: { now: () => app.clock.now }, log: () => {} }
  const named = await resetPassword(deps, { user: 'ADA', password: 'given from the machine' })
  expect(named.ok).toBe(true)
  expect((await app.ask('GET', '/v2/keys', { headers: ada })).status).toBe(401)
  expect((await app.ask('GET', '/v2/keys', { headers: session })).status).toBe(200)
  expect((await login(app, { user: 'Ada', password: 'given from the machine' })).status).toBe(200)
  const nobody = await resetPassword(deps, { user: 'Grace' })
  expect(nobody.ok ? '' : nobody.error.message).toBe('There is no console user named "Grace".')
  const reset = await resetPassword(deps, {})
  expect((await login(app, { password: reset.ok ? reset.value : '' })).status).toBe(200)
  expect((await app.ask('GET', '/v2/keys', { headers: session })).status).toBe(401)
})

test('a second factor that cannot be opened is not taken for none', async () => {
  const { app } = await withFactor()
  const sealedSettings = { ...app.store.sealedSettings, read: async () => undefined }
  const other = await adminApp({ deps: { store: { ...app.store, sealedSettings }, passwords: app.passwords } })
  const answer = await login(other, { password, code: '123456' })
  expect([answer.status, answer.json.code]).toEqual([401, 'SECOND_FACTOR_UNREADABLE'])
  expect(answer.json.message).toContain('claude-server password reset')
  expect((await other.call('GET', '/v2/settings')).status).toBe(403)
})

test('in test mode what could spoil a demo also needs the test password', async () => {
  const app = await adminApp({ deps: { testMode: { password: 'only on this demo' } } })
  await app.addAccount('a')
  const headers = { authorization: `Bearer ${password}` }
  const remove = (more: Record<string, string> = {}) =>
    app.ask('DELETE', '/v2/accounts/a', { headers: { ...headers, ...more } })
  for (const refused of [
    await remove(),
    await remove({ 'x-test-password': 'yunsheng123' }),
    await remove({ 'x-test-password': '' }),
  ]) {
    expect([refused.status, refused.json.code]).toEqual([403, 'TEST_MODE_PASSWORD_REQUIRED'])
  }
  expect((await app.ask('PUT', '/v2/settings', { headers, body: { _testPassword: 'only on this demo' } })).status).toBe(
    403,
  )
  expect((await app.call('GET', '/v2/settings')).json.testMode).toBe(true)
  expect((await app.call('PATCH', '/v2/accounts/a', { label: 'b' })).status).toBe(200)
  expect((await remove({ 'x-test-password': 'only on this demo' })).status).toBe(200)
  for (let i = 0; i < 8; i++) await remove({ 'x-test-password': `guess ${i}` })
  expect((await remove({ 'x-test-password': 'only on this demo' })).status).toBe(429)
})

test('in test mode without a test password nobody does those things, and outside of it nobody is asked', async () => {
  const app = await adminApp({ deps: { testMode: {} } })
  const headers = { authorization: `Bearer ${password}`, 'x-test-password': '' }
  const refused = await app.ask('POST', '/v2/accounts/enable-all', { headers })
  expect([refused.status, refused.json.code]).toEqual([403, 'TEST_MODE_PASSWORD_REQUIRED'])
  const plain = await adminApp()
  expect((await plain.call('POST', '/v2/accounts/enable-all')).status).toBe(200)
  expect((await plain.call('GET', '/v2/settings')).json.testMode).toBe(false)
  expect(plain.world.peer).toBe(atTheMachine)
})
