import { expect, test } from 'bun:test'
import { Secret, TOTP } from 'otpauth'
import { confirmedMs } from '../../server/admin/fresh-password.ts'
import { adminApp, password } from './admin-app.ts'

async function signedIn() {
  const app = await adminApp()
  await app.addAccount('a')
  const session = async () => {
    const headers = { cookie: await app.signIn(), 'x-requested-with': 'test' }
    const ask = (method: string, path: string, body?: unknown) =>
      app.ask(method, path, { headers, ...(body === undefined ? {} : { body }) })
    return { headers, ask, confirm: (body: object) => ask('POST', '/v2/confirmation', body) }
  }
  return { app, session }
}

test('the password given again holds for this session and five minutes, and opens what asks for it', async () => {
  const { app, session } = await signedIn()
  const [one, other] = [await session(), await session()]
  const secrets = async ({ ask }: typeof one): Promise<boolean> =>
    (await ask('GET', '/v2/accounts/export')).text.includes('SECRET')
  expect((await one.ask('GET', '/v2/confirmation')).json).toEqual({ validUntil: null, secondFactor: false })
  expect(await secrets(one)).toBe(false)
  const given = await one.confirm({ password })
  const validUntil = new Date(app.clock.now + confirmedMs).toISOString()
  expect([given.status, given.json]).toEqual([200, { validUntil, secondFactor: false }])
  expect([await secrets(one), await secrets(other)]).toEqual([true, false])
  app.clock.now += confirmedMs - 1
  expect(await secrets(one)).toBe(true)
  app.clock.now += 1
  expect(await secrets(one)).toBe(false)
  expect((await one.ask('GET', '/v2/confirmation')).json.validUntil).toBeNull()
})

test('a wrong one opens nothing and is slowed down; one given with a script’s request is not kept', async () => {
  const { app, session } = await signedIn()
  const { ask, confirm, headers } = await session()
  const wrong = await confirm({ password: 'not it' })
  expect([wrong.status, wrong.json.code, wrong.json.field]).toEqual([403, 'INVALID_PASSWORD', 'password'])
  expect((await ask('GET', '/v2/confirmation')).json.validUntil).toBeNull()
  await app.ask('GET', '/v2/accounts/export', { headers: { ...headers, 'x-confirm-password': password } })
  expect((await ask('GET', '/v2/confirmation')).json.validUntil).toBeNull()
  let last = wrong
  for (let tries = 0; tries < 8 && last.status === 403; tries++) last = await confirm({ password: 'not it' })
  expect([last.status, last.json.code]).toEqual([429, 'LOCKED'])
  const bearer = await app.call('POST', '/v2/confirmation', { password })
  expect(bearer.json?.validUntil ?? null).toBeNull()
})

test('where a second factor is on the code is asked for beside it', async () => {
  const { app, session } = await signedIn()
  const { ask, confirm } = await session()
  const { secret } = (await ask('POST', '/v2/second-factor', { password })).json
  const code = () => new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: app.clock.now })
  await ask('POST', '/v2/second-factor/confirm', { code: code() })
  app.clock.now += 60_000
  expect((await ask('GET', '/v2/confirmation')).json.secondFactor).toBe(true)
  const lacking = await confirm({ password })
  expect([lacking.status, lacking.json.code, lacking.json.field]).toEqual([403, 'SECOND_FACTOR_REQUIRED', 'code'])
  const whole = await confirm({ password, code: code() })
  expect([whole.status, typeof whole.json.validUntil]).toEqual([200, 'string'])
})

test('a page left open restores nothing without the password; looking at what it would do is free', async () => {
  const { session } = await signedIn()
  const { ask, confirm } = await session()
  expect((await ask('POST', '/v2/backup/import?dry_run=1', {})).status).toBe(200)
  const refused = await ask('POST', '/v2/backup/import', {})
  expect([refused.status, refused.json.code]).toEqual([403, 'PASSWORD_REQUIRED'])
  const copy = await ask('GET', '/v2/backup/files/one.sqlite3')
  expect([copy.status, copy.json.code]).toEqual([403, 'PASSWORD_REQUIRED'])
  await confirm({ password })
  expect((await ask('POST', '/v2/backup/import', {})).status).toBe(200)
})
