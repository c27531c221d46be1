import { expect, test } from 'bun:test'
import { adminApp, elsewhere, setupCode } from './admin-app.ts'

test('anybody is told what a sign-in page needs, and nothing of the server', async () => {
  const { ask, world } = await adminApp()
  world.peer = elsewhere
  const { status, json } = await ask('GET', '/api/meta')
  expect([status, json]).toEqual([
    200,
    {
      name: 'claude-server',
      languages: ['en', 'zh-cn'],
      demo: false,
      setup: { open: false, code_required: false },
      named_sign_in: false,
      signed_in: false,
      reset_command: 'claude-server password reset --data-dir FOLDER',
    },
  ])
  expect((await ask('GET', '/v2/meta')).status).toBe(401)
})

test('while the first password is in force, set-up is open, and from elsewhere needs its code', async () => {
  const { ask, world } = await adminApp({ first: true })
  expect((await ask('GET', '/api/meta')).json.setup).toEqual({ open: true, code_required: false })
  world.peer = elsewhere
  const { json, text } = await ask('GET', '/api/meta')
  expect(json.setup).toEqual({ open: true, code_required: true })
  expect(text).not.toContain(setupCode)
})

test('who is signed in is told version, features, bounds, zones and what is fixed; a script likewise', async () => {
  const { ask, call, signIn, world } = await adminApp()
  const { json } = await ask('GET', '/api/meta', { headers: { cookie: await signIn() } })
  expect(json).toMatchObject({
    signed_in: true,
    version: '9.9.9',
    features: { responses: true, same_host: true, test_chat: false, test_mode: false },
    limits: { accounts: 10_000, page_rows: 500, log_rows: 1_000, import_items: 5_000, jobs: 16, streams: 200 },
    locked_settings: ['port'],
  })
  expect(json.time_zones).toContain('Asia/Shanghai')
  expect((await call('GET', '/v2/meta')).json).toEqual(json)
  world.peer = elsewhere
  expect((await call('GET', '/v2/meta')).json.features.same_host).toBe(false)
})
