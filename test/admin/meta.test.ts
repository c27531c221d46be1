import { describe, expect, test } from 'bun:test'
import type { RequestPeer } from '../../server/admin/request-peer.ts'
import { adminApp, atTheMachine, elsewhere, setupCode } from './admin-app.ts'

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
  expect(json.system_time_zone).toBe(Intl.DateTimeFormat().resolvedOptions().timeZone)
  expect((await call('GET', '/v2/meta')).json).toEqual(json)
  world.peer = elsewhere
  expect((await call('GET', '/v2/meta')).json.features.same_host).toBe(false)
})

describe('the address for clients is the one this request came to', () => {
  const reached = async (headers: Record<string, string>, peer: Partial<RequestPeer> = {}) => {
    const { ask, signIn, world } = await adminApp({ deps: { lanUrls: () => ['http://192.168.1.5:62311'] } })
    const cookie = await signIn()
    world.peer = { ...atTheMachine, ...peer }
    return (await ask('GET', '/api/meta', { headers: { cookie, ...headers } })).json.reached
  }
  const plain = { by_proxy: false, disbelieved: false, lan: ['http://192.168.1.5:62311'] }

  test('asked for by itself', async () => {
    expect(await reached({ host: '127.0.0.1:62311' })).toEqual({ ...plain, url: 'http://127.0.0.1:62311' })
    expect(await reached({ host: '192.168.1.5:62311' })).toEqual({ ...plain, url: 'http://192.168.1.5:62311', lan: [] })
  })

  test('through a trusted proxy, which says name and HTTPS', async () => {
    const peer = { forwarded: true, https: true, forwardedHosts: ['gateway.example', 'gateway.example:443'] }
    const headers = { host: '127.0.0.1:62311', 'x-forwarded-host': 'gateway.example' }
    expect(await reached(headers, peer)).toMatchObject({ url: 'https://gateway.example', by_proxy: true })
  })

  test('the page’s own address where the proxy names it among others', async () => {
    const peer = { forwarded: true, https: false, forwardedHosts: ['gateway.example', 'gateway.example:8443'] }
    const headers = { host: '127.0.0.1:62311', referer: 'https://gateway.example:8443/integrations' }
    expect((await reached(headers, peer)).url).toBe('https://gateway.example:8443')
    const other = { host: '127.0.0.1:62311', referer: 'https://evil.example/' }
    expect((await reached(other)).url).not.toContain('evil.example')
  })

  test('a proxy that is not believed is told of', async () => {
    const peer = { forwarded: true, forwardedHosts: [] }
    expect(await reached({ host: 'inner:62311', 'x-forwarded-host': 'gateway.example' }, peer)).toMatchObject({
      url: 'http://inner:62311',
      disbelieved: true,
    })
  })
})
