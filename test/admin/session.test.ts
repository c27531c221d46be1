import { expect, test } from 'bun:test'
import { adminApp, atTheMachine, elsewhere, password, setupCode } from './admin-app.ts'

const login = (body: object, headers = {}) => ['POST', '/api/login', { body, headers }] as const

test('the right password opens a session whose cookie is out of reach of scripts and other sites', async () => {
  const { ask } = await adminApp()
  const answer = await ask(...login({ password }))
  expect(answer.status).toBe(200)
  expect(answer.json).toEqual({ success: true, message: 'Signed in.', mustChangePassword: false })
  const cookie = answer.headers.get('set-cookie') ?? ''
  expect(cookie).toMatch(/^admin_session=[0-9A-Za-z]{43}; Path=\/; HttpOnly; SameSite=Strict$/)
  expect(cookie).not.toContain(password)
  const session = await ask('GET', '/api/session', { headers: { cookie: cookie.split(';')[0] ?? '' } })
  expect(session.json).toEqual({
    name: 'claude-server',
    signedIn: true,
    mustChangePassword: false,
    setupCodeRequired: false,
    demo: false,
    firstVisit: false,
    namedSignIn: false,
    user: { name: 'owner', role: 'owner' },
    version: '9.9.9',
  })
})

test('over HTTPS the cookie is Secure', async () => {
  const { ask, world } = await adminApp()
  world.peer = { ...elsewhere, https: true }
  expect((await ask(...login({ password }))).headers.get('set-cookie')).toEndWith('; Secure')
})

test('a wrong password is 401 with the original’s body', async () => {
  const { ask } = await adminApp()
  const answer = await ask(...login({ password: 'wrong' }))
  expect(answer.status).toBe(401)
  expect(answer.json).toEqual({ success: false, message: 'That password is not right.', code: 'INVALID_PASSWORD' })
  expect(answer.headers.get('set-cookie')).toBeNull()
})

test('who is not signed in learns no version', async () => {
  const { ask } = await adminApp()
  expect((await ask('GET', '/api/session')).json).toEqual({
    name: 'claude-server',
    signedIn: false,
    mustChangePassword: false,
    setupCodeRequired: false,
    demo: false,
    firstVisit: false,
    namedSignIn: false,
    resetCommand: "claude-server password reset --data-dir '/srv/the gateway'",
  })
})

test('the command that resets the password names the data folder to who sits at the machine, and to nobody else', async () => {
  const { ask, world } = await adminApp()
  const command = async (): Promise<string> => (await ask('GET', '/api/session')).json.resetCommand
  expect(await command()).toEndWith("--data-dir '/srv/the gateway'")
  for (const peer of [elsewhere, proxied]) {
    world.peer = peer
    expect(await command()).toBe('claude-server password reset --data-dir FOLDER')
  }
})

test('in demo mode the session shows the demo’s password and key, the password only while it holds', async () => {
  const { ask } = await adminApp({ deps: { demo: { password, key: 'sk-demo' } } })
  expect((await ask('GET', '/api/session')).json).toMatchObject({
    demo: true,
    demoPassword: password,
    demoKey: 'sk-demo',
  })
  const changed = await adminApp({ deps: { demo: { password: 'another one', key: 'sk-demo' } } })
  expect((await changed.ask('GET', '/api/session')).json).not.toHaveProperty('demoPassword')
})

test('after five wrong tries a peer waits, and the right password does not help it meanwhile', async () => {
  const { ask, clock, world } = await adminApp()
  world.peer = elsewhere
  for (let i = 0; i < 5; i++) expect((await ask(...login({ password: 'wrong' }))).status).toBe(401)
  const locked = await ask(...login({ password }))
  expect(locked.status).toBe(429)
  expect(locked.json).toMatchObject({ success: false, code: 'LOCKED' })
  expect(locked.headers.get('retry-after')).toBe('5')
  expect((await ask('GET', '/v2/keys', { headers: { authorization: `Bearer ${password}` } })).status).toBe(429)
  world.peer = { ...elsewhere, address: '192.0.2.8' }
  expect((await ask(...login({ password }))).status).toBe(200)
  world.peer = elsewhere
  clock.now += 5_000
  expect((await ask(...login({ password: 'wrong' }))).status).toBe(401)
  expect((await ask(...login({ password }))).headers.get('retry-after')).toBe('10')
})

test('the lock of an address holds up no session there, not even for a new password or beside a stale bearer', async () => {
  const { ask, signIn, world } = await adminApp()
  world.peer = elsewhere
  const cookie = await signIn()
  const headers = { cookie, 'x-requested-with': 'test' }
  for (let i = 0; i < 8; i++) await ask(...login({ password: 'wrong' }))
  expect((await ask(...login({ password }))).status).toBe(429)
  expect((await ask('GET', '/v2/keys', { headers })).status).toBe(200)
  expect((await ask('GET', '/v2/keys', { headers: { ...headers, authorization: 'Bearer stale' } })).status).toBe(200)
  const change = (currentPassword: string) =>
    ask('POST', '/api/password', { headers, body: { currentPassword, newPassword: 'another long one' } })
  expect((await change(password)).status).toBe(200)
})

test('guessing the password from a session is slowed down by its own count', async () => {
  const { ask, signIn } = await adminApp()
  const headers = { cookie: await signIn(), 'x-requested-with': 'test' }
  const change = (currentPassword: string) =>
    ask('POST', '/api/password', { headers, body: { currentPassword, newPassword: 'another long one' } })
  for (let i = 0; i < 5; i++) expect((await change(`guess ${i}`)).status).toBe(403)
  expect((await change(password)).status).toBe(429)
  expect((await ask(...login({ password }))).status).toBe(200)
})

test('behind a proxy on this machine one visitor’s wrong passwords lock that visitor alone', async () => {
  const { ask, world } = await adminApp()
  world.peer = { ...proxied, address: '203.0.113.7' }
  for (let i = 0; i < 8; i++) await ask(...login({ password: 'wrong' }))
  expect((await ask(...login({ password }))).status).toBe(429)
  world.peer = { ...proxied, address: '203.0.113.8' }
  expect((await ask(...login({ password }))).status).toBe(200)
})

test('an API key where the password belongs is told so and is no try at it', async () => {
  const { ask, world, addKey } = await adminApp()
  world.peer = elsewhere
  await addKey('key_old', 'imported-key')
  for (const key of [`sk-${'a'.repeat(48)}`, 'sk-ant-api03-0123456789-abcdefgh', 'imported-key']) {
    for (let i = 0; i < 8; i++) {
      const answer = await ask('GET', '/v2/accounts', { headers: { authorization: `Bearer ${key}` } })
      expect([answer.status, answer.json.code]).toEqual([401, 'UNAUTHORIZED'])
      expect(answer.json.error).toContain('API key')
      expect(answer.text).not.toContain(key)
    }
  }
  expect((await ask(...login({ password }))).status).toBe(200)
})

test('guessing many at once gains nothing', async () => {
  const { ask, world } = await adminApp()
  world.peer = elsewhere
  const answers = await Promise.all(Array.from({ length: 30 }, (_, i) => ask(...login({ password: `guess ${i}` }))))
  expect(answers.filter(({ status }) => status === 401).length).toBe(5)
  expect(answers.filter(({ status }) => status === 429).length).toBe(25)
})

test('wrong bearers count as wrong tries, and twenty right ones at once do not', async () => {
  const { ask, call, world } = await adminApp()
  world.peer = elsewhere
  const right = await Promise.all(Array.from({ length: 20 }, () => call('GET', '/v2/keys')))
  expect(right.every(({ status }) => status === 200)).toBe(true)
  const wrong = () => ask('GET', '/v2/keys', { headers: { authorization: 'Bearer wrong' } })
  for (let i = 0; i < 5; i++) {
    const answer = await wrong()
    expect([answer.status, answer.json.code]).toEqual([401, 'INVALID_PASSWORD'])
  }
  expect((await wrong()).status).toBe(429)
})

// Ruling 1. `host` is what the browser asked for; a name that DNS points at loopback is not the machine itself.
const proxied = { ...atTheMachine, forwarded: true }
test.each([
  [
    'a proxy on the machine that says nothing of the page',
    atTheMachine,
    '127.0.0.1:62311',
    'https://gateway.example',
    401,
  ],
  ['the machine’s own page', atTheMachine, '127.0.0.1:62311', 'http://127.0.0.1:62311', 200],
] as const)('the first password from %s', async (_, peer, host, origin, status) => {
  const { ask, world } = await adminApp({ first: true })
  world.peer = peer
  const headers = { host, origin, 'sec-fetch-site': 'same-origin' }
  const shown = await ask('GET', '/api/session', { headers: { host, referer: `${origin}/login` } })
  expect(shown.json.setupCodeRequired).toBe(status === 401)
  expect((await ask(...login({ password: 'admin' }, headers))).status).toBe(status)
  const warnings = world.logged.filter((line) => line.includes('proxy.headers-missing'))
  expect(warnings).toHaveLength(status === 401 ? 1 : 0)
})

test.each([
  ['the machine', atTheMachine, 'localhost:62311', undefined, 200, undefined],
  ['the machine by address', atTheMachine, '127.0.0.1:62311', undefined, 200, undefined],
  ['the machine by IPv6 address', atTheMachine, '[::1]:62311', undefined, 200, undefined],
  ['a name made to point at the machine', atTheMachine, 'evil.example:62311', undefined, 401, 'SETUP_CODE_REQUIRED'],
  ['a proxy on the machine', proxied, 'localhost', undefined, 401, 'SETUP_CODE_REQUIRED'],
  ['a proxy on the machine, with the code', proxied, 'localhost', setupCode, 200, undefined],
  ['elsewhere', elsewhere, '192.0.2.1', undefined, 401, 'SETUP_CODE_REQUIRED'],
  ['elsewhere with a blank code', elsewhere, '192.0.2.1', ' ', 401, 'SETUP_CODE_REQUIRED'],
  ['elsewhere with a wrong code', elsewhere, '192.0.2.1', 'ABCD2346', 401, 'SETUP_CODE_REQUIRED'],
  ['elsewhere with the code', elsewhere, '192.0.2.1', 'abcd-2345', 200, undefined],
])('the first password from %s', async (_, peer, host, code, status, refusal) => {
  const { ask, world } = await adminApp({ first: true })
  world.peer = peer
  const shown = await ask('GET', '/api/session', { headers: { host } })
  expect(shown.json.setupCodeRequired).toBe(peer !== atTheMachine || host.startsWith('evil'))
  const body = { password: 'admin', ...(code === undefined ? {} : { setupCode: code }) }
  const answer = await ask(...login(body, { host }))
  expect(answer.status).toBe(status)
  if (status === 200) expect(answer.json.mustChangePassword).toBe(true)
  else expect(answer.json.code).toBe(refusal)
})

test('ten wrong set-up codes lock it until the next start, and the machine itself still gets in', async () => {
  const { ask, world, clock } = await adminApp({ first: true })
  const from = (i: number) => ({ ...elsewhere, address: `192.0.2.${i}` })
  const codes: string[] = []
  for (let i = 0; i < 10; i++) {
    world.peer = from(i)
    codes.push((await ask(...login({ password: 'admin', setupCode: 'WRONG234' }))).json.code)
  }
  expect(codes).toEqual([...Array.from({ length: 9 }, () => 'SETUP_CODE_REQUIRED'), 'SETUP_CODE_LOCKED'])
  clock.now += 86_400_000
  const locked = await ask(...login({ password: 'admin', setupCode }))
  expect([locked.status, locked.json.code]).toEqual([403, 'SETUP_CODE_LOCKED'])
  world.peer = atTheMachine
  expect((await ask(...login({ password: 'admin' }))).status).toBe(200)
})

test('the first password opens the change step alone, and ends with it', async () => {
  const { ask, signIn, world } = await adminApp({ first: true })
  const cookie = await signIn('admin')
  const headers = { cookie, 'x-requested-with': 'test' }
  for (const [method, path] of [
    ['GET', '/v2/accounts'],
    ['GET', '/v2/settings'],
    ['POST', '/v2/keys'],
    ['GET', '/v2/nothing'],
  ] as const) {
    const answer = await ask(method, path, { headers })
    expect([path, answer.status, answer.json.code]).toEqual([path, 403, 'PASSWORD_CHANGE_REQUIRED'])
  }
  const bearer = await ask('GET', '/v2/keys', { headers: { authorization: 'Bearer admin' } })
  expect([bearer.status, bearer.json.code]).toEqual([403, 'PASSWORD_CHANGE_REQUIRED'])

  const change = (currentPassword: string, newPassword: string) =>
    ask('POST', '/api/password', { headers, body: { currentPassword, newPassword } })
  expect((await change('admin', 'admin')).json).toMatchObject({ field: 'newPassword' })
  const short = await change('admin', 'short')
  expect([short.status, short.json.field]).toEqual([400, 'newPassword'])
  const wrong = await change('not it', 'long enough')
  expect([wrong.status, wrong.json.code]).toEqual([403, 'INVALID_PASSWORD'])

  const changed = await change('admin', 'long enough')
  expect([changed.status, changed.json]).toEqual([200, { success: true }])
  const fresh = (changed.headers.get('set-cookie') ?? '').split(';')[0] ?? ''
  expect((await ask('GET', '/v2/keys', { headers: { cookie: fresh } })).status).toBe(200)
  expect((await ask('GET', '/v2/keys', { headers: { cookie } })).status).toBe(401)
  expect((await ask(...login({ password: 'admin' }))).status).toBe(401)
  world.peer = elsewhere
  expect((await ask(...login({ password: 'long enough' }))).json.mustChangePassword).toBe(false)
})

test('a seeded password asks for no change and no set-up code', async () => {
  const { ask, passwords, world } = await adminApp({ first: true })
  await passwords.seed('from ADMIN_PASSWORD')
  world.peer = elsewhere
  expect((await ask('GET', '/api/session')).json.setupCodeRequired).toBe(false)
  const answer = await ask(...login({ password: 'from ADMIN_PASSWORD' }))
  expect([answer.status, answer.json.mustChangePassword]).toEqual([200, false])
})

test('changing the password ends every other session and the old bearer', async () => {
  const { ask, call, signIn } = await adminApp()
  const [mine, other] = [await signIn(), await signIn()]
  expect((await call('GET', '/v2/keys')).status).toBe(200)
  const changed = await ask('POST', '/api/password', {
    headers: { cookie: mine, origin: 'http://localhost:62311' },
    body: { currentPassword: password, newPassword: 'another long one' },
  })
  expect(changed.status).toBe(200)
  expect((await ask('GET', '/v2/keys', { headers: { cookie: other } })).status).toBe(401)
  expect((await call('GET', '/v2/keys')).status).toBe(401)
})

test('signing out ends the session and its cookie', async () => {
  const { ask, signIn } = await adminApp()
  const cookie = await signIn()
  const answer = await ask('POST', '/api/logout', { headers: { cookie } })
  expect(answer.json).toEqual({ success: true })
  expect(answer.headers.get('set-cookie')).toContain('Max-Age=0')
  expect((await ask('GET', '/v2/keys', { headers: { cookie } })).status).toBe(401)
  expect((await ask('POST', '/api/logout')).status).toBe(200)
})

test('an idle session ends after 12 hours', async () => {
  const { ask, signIn, clock } = await adminApp()
  const cookie = await signIn()
  clock.now += 12 * 3_600_000
  const answer = await ask('GET', '/v2/keys', { headers: { cookie } })
  expect([answer.status, answer.json.code]).toEqual([401, 'UNAUTHORIZED'])
})

test.each([
  ['POST', { origin: 'http://localhost:62311' }, 200],
  ['POST', { origin: 'https://localhost:62311' }, 200],
  ['POST', { 'x-requested-with': 'script' }, 200],
  ['POST', {}, 403],
  ['POST', { origin: 'null', 'x-requested-with': 'x' }, 403],
  ['POST', { origin: 'http://evil.example' }, 403],
  ['POST', { origin: 'http://localhost:1' }, 403],
  ['POST', { origin: 'http://evil.example', 'x-requested-with': 'x' }, 403],
  ['GET', { origin: 'http://evil.example' }, 200],
  // A proxy that changes the host, or drops its port: the browser's own word is enough.
  ['POST', { origin: 'https://gateway.example', 'sec-fetch-site': 'same-origin' }, 200],
  ['POST', { origin: 'http://localhost', 'sec-fetch-site': 'same-origin' }, 200],
  ['POST', { 'sec-fetch-site': 'same-origin' }, 200],
  ['POST', { 'sec-fetch-site': 'none' }, 200],
  ['POST', { origin: 'http://localhost:3000', 'sec-fetch-site': 'same-site' }, 403],
  ['POST', { origin: 'http://evil.example', 'sec-fetch-site': 'cross-site' }, 403],
  ['POST', { origin: 'http://localhost:62311', 'sec-fetch-site': 'cross-site' }, 403],
  ['POST', { 'sec-fetch-site': 'cross-site' }, 403],
  ['POST', { origin: 'null', 'sec-fetch-site': 'cross-site' }, 403],
  ['POST', { origin: 'https://gateway.example', 'x-forwarded-host': 'gateway.example' }, 403],
] as const)('%s with the cookie and %j is %p', async (method, headers, status) => {
  const { ask, signIn } = await adminApp()
  const cookie = await signIn()
  const path = method === 'GET' ? '/v2/keys' : '/v2/accounts/disable-all'
  const answer = await ask(method, path, { headers: { cookie, ...headers } })
  expect(answer.status).toBe(status)
  if (status === 403) expect(answer.json.code).toBe('FORBIDDEN_ORIGIN')
})

test.each([
  ['the name a trusted proxy passes on', 'https://gateway.example', ['gateway.example'], 200],
  ['its port too', 'http://gateway.example:8080', ['gateway.example', 'gateway.example:8080'], 200],
  ['a default port that only one side writes', 'https://gateway.example', ['gateway.example:443'], 200],
  ['any of a chain of proxies', 'https://gateway.example', ['gateway.example', 'inner.example'], 200],
  ['a page the settings name', 'http://console.example:8080', [], 200],
  ['another page on that host', 'http://console.example', [], 403],
  ['another name than the proxy’s', 'https://evil.example', ['gateway.example'], 403],
  ['another port than the proxy’s', 'http://gateway.example:3000', ['gateway.example:8080'], 403],
] as const)('without the browser’s word the Origin is held against %s', async (_, origin, forwardedHosts, status) => {
  const { ask, signIn, world } = await adminApp({ deps: { consoleOrigins: ['http://console.example:8080/'] } })
  const cookie = await signIn()
  world.peer = { ...proxied, forwardedHosts }
  expect((await ask('POST', '/v2/accounts/disable-all', { headers: { cookie, origin } })).status).toBe(status)
  expect((await ask(...login({ password }, { origin }))).status).toBe(status)
})

test('the refusal names the two hosts and the setting', async () => {
  const { ask, world } = await adminApp()
  const refused = async (headers: object): Promise<string> => (await ask(...login({ password }, headers))).json.error
  world.peer = { ...proxied, forwardedHosts: ['inner.example'] }
  const plain = await refused({ origin: 'http://gateway.example', host: '127.0.0.1:62311' })
  expect(plain).toContain(
    'The page is http://gateway.example, but the request asks for inner.example and 127.0.0.1:62311',
  )
  expect(plain).toContain('server.console_origins')
  world.peer = elsewhere
  const disbelieved = await refused({ origin: 'http://gateway.example', 'x-forwarded-host': 'gateway.example' })
  expect(disbelieved).toContain('server.trusted_proxies')
})

test('the cookie is Secure for a page over TLS, also behind a proxy that does not say so', async () => {
  const { ask } = await adminApp()
  const page = { origin: 'https://gateway.example', 'sec-fetch-site': 'same-origin' }
  expect((await ask(...login({ password }, page))).headers.get('set-cookie')).toEndWith('; Secure')
})

test('a page elsewhere can sign nobody in or out, and a bearer needs no origin', async () => {
  const { ask } = await adminApp()
  const foreign = { origin: 'http://evil.example' }
  expect((await ask(...login({ password }, foreign))).status).toBe(403)
  expect((await ask(...login({ password }, { 'sec-fetch-site': 'cross-site' }))).status).toBe(403)
  expect((await ask('POST', '/api/logout', { headers: foreign })).status).toBe(403)
  const bearer = { authorization: `Bearer ${password}`, ...foreign }
  expect((await ask('POST', '/v2/accounts/disable-all', { headers: bearer })).status).toBe(200)
})

test('no credential is taken from an address, and nothing is sent for other origins', async () => {
  const { ask, call } = await adminApp()
  expect((await ask('GET', `/v2/keys?token=${encodeURIComponent(password)}`)).status).toBe(401)
  const preflight = await ask('OPTIONS', '/v2/keys', { headers: { origin: 'http://evil.example' } })
  const answers = [preflight, await call('GET', '/v2/keys'), await ask('GET', '/api/session')]
  for (const { headers } of answers) {
    expect([...headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([])
    expect(headers.get('cache-control')).toBe('no-store')
  }
})

test('bad login bodies are 400 and repeat nothing of what was sent', async () => {
  const { ask } = await adminApp()
  const cases = [
    { raw: '{"password":' },
    { raw: '' },
    { body: {} },
    { body: { password: 12345678901 } },
    { body: 'SECRET-text' },
    { body: { password: ['SECRET-list'] } },
  ]
  for (const sent of cases) {
    const answer = await ask('POST', '/api/login', sent)
    expect(answer.status).toBe(400)
    expect(
      Object.keys(answer.json).every((key) =>
        ['error', 'code', 'field', 'message', 'params', 'requestId'].includes(key),
      ),
    ).toBe(true)
    expect(answer.text).not.toMatch(/SECRET|12345678901|"type"|schema|expected"/)
  }
})

test('a password in any script is a bearer as a terminal sends it, and confirms an export', async () => {
  const { ask, signIn } = await adminApp()
  const newPassword = '密码密码密码密码à'
  const cookie = { cookie: await signIn(), 'x-requested-with': 'test' }
  await ask('POST', '/api/password', { headers: cookie, body: { currentPassword: password, newPassword } })
  const sent = Buffer.from(newPassword).toString('latin1')
  const headers = { authorization: `Bearer ${sent}`, 'x-confirm-password': sent }
  expect((await ask('GET', '/v2/accounts/export', { headers })).status).toBe(200)
})
