import { expect, test } from 'bun:test'
import { storedPasswords } from '../../server/admin/stored-passwords.ts'
import { gatewayError } from '../../server/conversation/error.ts'
import { adminApp, controlToken, failure, password, setupCode } from './admin-app.ts'

const ownerKey = 'sk-4xxSECRET-owner-key-0009'
const laptopKey = 'sk-4xxSECRET-laptop-key-0010'

test('no answer and no log line carries a secret', async () => {
  const app = await adminApp()
  const { ask, call, addAccount, addKey, store, world } = app
  await addAccount('a')
  await addAccount('b', { credentials: { method: 'api-key', apiKey: 'SECRET-ksk-of-the-account-0004' } })
  await addKey('laptop', laptopKey)
  await call('PUT', '/v2/settings', { apiKey: ownerKey })
  const cookie = await app.signIn()
  const sessionId = cookie.split('=')[1] ?? ''
  world.signIns.set('auth_1', { status: 'completed', remainingMs: 0, accountId: 'a' })
  const routes = [
    ['GET', '/api/session'],
    ['GET', '/v2/accounts'],
    ['GET', '/v2/accounts/a'],
    ['GET', '/v2/accounts/b'],
    ['PATCH', '/v2/accounts/a', { label: 'x' }],
    ['PATCH', '/v2/accounts/a', { clientSecret: 'SECRET-new-client-secret-0005', weight: '1' }],
    ['PATCH', '/v2/accounts/a', { clientSecret: 'SECRET-new-client-secret-0005' }],
    ['PATCH', '/v2/accounts/b', { clientSecret: 'SECRET-new-client-secret-0006' }],
    ['POST', '/v2/accounts', { refreshToken: 'SECRET-created-token-0007' }],
    ['POST', '/v2/accounts', { refreshToken: ['SECRET-created-token-0007'] }],
    ['POST', '/v2/accounts/feed', { accounts: [{ refreshToken: 'SECRET-fed-token-0008' }, { clientId: 'SECRET' }] }],
    ['POST', '/v2/accounts/import', [{ refreshToken: 'SECRET-fed-token-0008' }]],
    ['POST', '/v2/accounts/import-by-token', [{ refreshToken: 'SECRET-imported-token-0011' }]],
    ['POST', '/v2/accounts/import-by-token', [{ refreshToken: 'SECRET-imported-token-0011' }]],
    ['POST', '/v2/accounts/a/refresh'],
    ['GET', '/v2/accounts/a/quota?refresh=true'],
    ['POST', '/v2/accounts/enable-all'],
    ['POST', '/v2/accounts/disable-all'],
    ['POST', '/v2/auth/start', {}],
    ['GET', '/v2/auth/status/auth_1'],
    ['POST', '/v2/auth/claim/auth_1'],
    ['GET', '/v2/settings'],
    ['PUT', '/v2/settings', { apiKey: 'SECRET with blanks' }],
    ['PUT', '/v2/settings', { apiKey: laptopKey }],
    ['PUT', '/v2/settings', { adminPassword: 'SECRET' }],
    ['GET', '/v2/keys'],
    ['GET', '/v2/models'],
    ['GET', '/v2/logs'],
    ['GET', `/v2/none?token=${password}`],
  ] as const
  const hash = (await store.settings.all()).admin_password_hash ?? 'none'
  const forbidden = [
    /SECRET/,
    new RegExp(password),
    new RegExp(setupCode),
    new RegExp(controlToken),
    new RegExp(sessionId),
  ]
  const check = (where: string, text: string): void => {
    for (const secret of forbidden) expect([where, secret.exec(text)?.[0]]).toEqual([where, undefined])
    expect([where, text.includes(hash) || text.includes('argon2id')]).toEqual([where, false])
  }
  for (const [method, path, body] of routes) {
    const answer = await call(method, path, body)
    expect(answer.status).toBeLessThan(500)
    check(`${method} ${path}`, answer.text)
  }
  const control = { 'x-control-token': controlToken }
  for (const path of ['accounts', 'keys', 'doctor']) {
    check(path, (await ask('GET', `/api/control/${path}`, { headers: control })).text)
  }
  check('the log', world.logged.join('\n'))
  expect(world.logged.length).toBeGreaterThan(5)
})

test('what breaks inside is a 500 with the request id and nothing of the cause', async () => {
  const app = await adminApp()
  const broken = await adminApp({
    deps: {
      store: {
        ...app.store,
        keys: {
          ...app.store.keys,
          list: () => Promise.reject(new Error('Failed query: select\nparams: SECRET-value')),
        },
      },
      passwords: storedPasswords(app.store.settings),
    },
  })
  const answer = await broken.call('GET', '/v2/keys')
  expect([answer.status, answer.json]).toEqual([
    500,
    failure('Something went wrong in the server; its log says what.', 'INTERNAL'),
  ])
  const [line] = broken.world.logged.filter((text) => text.includes('admin.failed'))
  expect(line).toContain('Failed query: select')
  expect(line).not.toContain('SECRET')
})

test('a provider’s fault is answered with its message alone', async () => {
  const { call, addAccount, world } = await adminApp()
  await addAccount('a')
  world.refreshError = gatewayError('token-rejected', 'Sign in again.', { cause: 'SECRET-cause' })
  expect((await call('POST', '/v2/accounts/a/refresh')).text).not.toContain('SECRET')
})
