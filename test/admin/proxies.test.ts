import { describe, expect, test } from 'bun:test'
import { adminApp, quotaOf } from './admin-app.ts'

const url = 'http://user:S3CRET-PASSWORD@proxy.corp:8080'
const shown = 'http://user:••••@proxy.corp:8080'

async function withProxy(body: object = {}) {
  const app = await adminApp()
  const created = await app.call('POST', '/v2/proxies', { url, ...body })
  return { ...app, created, id: created.json.proxy.id as string }
}

describe('proxies', () => {
  test('are added with defaults, listed masked, in the original’s members and ours', async () => {
    const { call, created, id, store, world } = await withProxy()
    expect(created.status).toBe(200)
    expect(created.json.message).toBe('The proxy was added.')
    expect(id).toStartWith('prx_')
    const list = await call('GET', '/v2/proxies')
    expect(list.json).toEqual({
      proxies: [
        {
          id,
          url: shown,
          name: 'proxy.corp:8080',
          enabled: true,
          weight: 1,
          created_at: '2023-11-14T22:13:20.000Z',
          updated_at: '2023-11-14T22:13:20.000Z',
          state: 'unchecked',
          checked_at: null,
          latency_ms: null,
          failures: 0,
          reason: null,
          account_count: 0,
        },
      ],
      total: 1,
    })
    expect((await store.proxies.get(id))?.url).toBe(url)
    expect(world.outboundChanged).toBe(1)
  })

  test('are added switched off when that is asked for (D-08)', async () => {
    const { created } = await withProxy({ enabled: false, weight: 7, name: ' Office ' })
    expect(created.json.proxy).toMatchObject({ enabled: false, weight: 7, name: 'Office' })
  })

  test.each([
    [{}, 'url'],
    [{ url: '' }, 'url'],
    [{ url: 'ftp://proxy:21' }, 'url'],
    [{ url: 'http://proxy' }, 'url'],
    [{ url: 'http://us%ffer:x@proxy:1' }, 'url'],
    [{ url: shown }, 'url'],
    [{ url: 'http://other:1', weight: 0 }, 'weight'],
    [{ url: 'http://other:1', weight: 101 }, 'weight'],
    [{ url: 'http://other:1', weight: 1.5 }, 'weight'],
    [{ url: 'http://other:1', enabled: 'yes' }, 'enabled'],
    [{ url: 'http://other:1', name: 'n'.repeat(101) }, 'name'],
  ])('%j is refused, naming the member', async (body, field) => {
    const { call, store } = await adminApp()
    const answer = await call('POST', '/v2/proxies', body)
    expect(answer.status).toBe(400)
    expect(answer.json.field).toBe(field)
    expect(await store.proxies.list()).toEqual([])
  })

  test('of the same address are one: the second is refused', async () => {
    const { call, id } = await withProxy()
    const again = await call('POST', '/v2/proxies', { url: 'http://user:S3CRET-PASSWORD@PROXY.corp:8080/' })
    expect([again.status, again.json.code, again.json.field]).toEqual([409, 'CONFLICT', 'url'])
    expect((await call('PUT', `/v2/proxies/${id}`, { url })).status).toBe(200)
    const other = await call('POST', '/v2/proxies', { url: 'http://other:1' })
    const taken = await call('PUT', `/v2/proxies/${other.json.proxy.id}`, { url })
    expect(taken.status).toBe(409)
  })

  test('are changed by what is given; the masked address sent back changes nothing (ruling 7)', async () => {
    const { call, id, store } = await withProxy()
    await store.proxies.saveHealth(id, { state: 'up', latencyMs: 3, failures: 0 })
    const body = { ...(await call('GET', '/v2/proxies')).json.proxies[0], name: 'new', weight: 5 }
    const changed = await call('PUT', `/v2/proxies/${id}`, body)
    expect(changed.json.proxy).toMatchObject({ name: 'new', weight: 5, url: shown, state: 'up' })
    expect((await store.proxies.get(id))?.url).toBe(url)
  })

  test('with another address are unchecked again', async () => {
    const { call, id, store } = await withProxy()
    await store.proxies.saveHealth(id, { state: 'up', latencyMs: 3, failures: 0 })
    const changed = await call('PUT', `/v2/proxies/${id}`, { url: 'socks5h://proxy.corp:1080' })
    expect(changed.json.proxy).toMatchObject({ url: 'socks5h://proxy.corp:1080', state: 'unchecked', latency_ms: null })
  })

  test('keep no masked password under another address', async () => {
    const { call, id, store } = await withProxy()
    const answer = await call('PUT', `/v2/proxies/${id}`, { url: shown.replace('proxy.corp', 'evil.example') })
    expect([answer.status, answer.json.field]).toEqual([400, 'url'])
    expect((await store.proxies.get(id))?.url).toBe(url)
  })

  test('are switched, tested and removed, each told to the ways out', async () => {
    const { call, id, world } = await withProxy()
    const off = await call('POST', `/v2/proxies/${id}/toggle`)
    expect(off.json).toMatchObject({ enabled: false, message: 'The proxy is off.', proxy: { enabled: false } })
    expect((await call('POST', `/v2/proxies/${id}/toggle`)).json.enabled).toBe(true)
    const tested = await call('POST', `/v2/proxies/${id}/test`)
    expect(tested.json).toMatchObject({ success: true, latency_ms: 12, reason: null, proxy: { state: 'up' } })
    world.probe = { ok: false, reason: 'ECONNREFUSED' }
    const failed = await call('POST', `/v2/proxies/${id}/test`)
    expect(failed.json).toMatchObject({
      success: false,
      latency_ms: null,
      reason: 'ECONNREFUSED',
      proxy: { state: 'down', failures: 1, latency_ms: 12 },
    })
    expect((await call('DELETE', `/v2/proxies/${id}`)).json).toEqual({ message: 'The proxy was removed.' })
    expect((await call('GET', '/v2/proxies')).json.total).toBe(0)
    expect(world.outboundChanged).toBe(4)
  })

  test.each([
    ['PUT', '', { name: 'x' }],
    ['DELETE', '', undefined],
    ['POST', '/toggle', undefined],
    ['POST', '/test', undefined],
  ] as const)('that do not exist: %s%s is 404', async (method, more, body) => {
    const { call } = await adminApp()
    expect((await call(method, `/v2/proxies/prx_x${more}`, body)).status).toBe(404)
  })

  test('are not changed by an empty body', async () => {
    const { call, id } = await withProxy()
    expect((await call('PUT', `/v2/proxies/${id}`, {})).status).toBe(400)
  })

  test('whose address cannot be opened say so and can be given it again', async () => {
    const { call, id, store } = await withProxy()
    const { url: _url, ...sealed } = (await store.proxies.get(id)) as never as { url: string }
    const list = store.proxies.list
    Object.assign(store.proxies, { list: async () => [sealed], get: async () => sealed })
    expect((await call('GET', '/v2/proxies')).json.proxies[0]).toMatchObject({ state: 'unreadable', url: shown })
    expect((await call('POST', `/v2/proxies/${id}/test`)).json).toMatchObject({ success: false, reason: 'unreadable' })
    expect((await call('PUT', `/v2/proxies/${id}`, { url: 'http://u:new@h:1' })).status).toBe(200)
    expect((await list())[0]?.url).toBe('http://u:new@h:1')
  })

  test('never show a password: not in answers, refusals or the log', async () => {
    const { call, id, world } = await withProxy()
    const answers = [
      await call('GET', '/v2/proxies'),
      await call('POST', '/v2/proxies', { url }),
      await call('POST', '/v2/proxies', { url: `${url}/path` }),
      await call('PUT', `/v2/proxies/${id}`, { url: `${url}0`, name: 'x' }),
      await call('POST', `/v2/proxies/${id}/toggle`),
      await call('POST', `/v2/proxies/${id}/test`),
      await call('PUT', '/v2/settings', { httpProxy: url }),
      await call('PUT', '/v2/settings', { httpProxy: `${url}/path` }),
      await call('GET', '/v2/settings'),
      await call('DELETE', `/v2/proxies/${id}`),
    ]
    expect(JSON.stringify(answers.map(({ text }) => text))).not.toContain('S3CRET')
    expect(world.logged.join('\n')).not.toContain('S3CRET')
    expect(world.logged.length).toBe(4)
  })
})

describe('an account', () => {
  test('gets its own proxy, shows it by name, and gives it back', async () => {
    const { call, id, addAccount, world } = await withProxy({ name: 'Office' })
    await addAccount('a')
    const set = await call('PATCH', '/v2/accounts/a', { proxyId: id })
    expect(set.json).toMatchObject({ proxy_id: id, proxy_name: 'Office' })
    expect(world.changed).toEqual(['a'])
    expect((await call('GET', '/v2/accounts')).json.accounts[0]).toMatchObject({ proxy_id: id, proxy_name: 'Office' })
    expect((await call('GET', '/v2/proxies')).json.proxies[0].account_count).toBe(1)
    expect((await call('PATCH', '/v2/accounts/a', { label: 'other' })).json.proxy_id).toBe(id)
    expect((await call('PATCH', '/v2/accounts/a', { proxyId: null })).json).toMatchObject({
      proxy_id: null,
      proxy_name: null,
    })
  })

  test('loses it with the proxy, and switching that off says who is held up', async () => {
    const { call, id, addAccount } = await withProxy()
    await addAccount('a')
    await call('PATCH', '/v2/accounts/a', { proxyId: id })
    const off = await call('POST', `/v2/proxies/${id}/toggle`)
    expect(off.json.message).toBe('The proxy is off. The one account with it as its own sends nothing meanwhile.')
    const removed = await call('DELETE', `/v2/proxies/${id}`)
    expect(removed.json.message).toBe('The proxy was removed; 1 account has none of its own now.')
    expect((await call('GET', '/v2/accounts/a')).json.proxy_id).toBeNull()
  })

  test('is added with one, which its check already uses', async () => {
    const { call, id, world } = await withProxy()
    const added = await call('POST', '/v2/accounts', { refreshToken: 'refresh-token-000000', proxyId: id, check: true })
    expect(added.json.proxy_id).toBe(id)
    expect(world.routed).toEqual([`${added.json.id} ${id}`])
  })

  test.each(['PATCH', 'POST', 'sign-in'] as const)('is refused a proxy that is not there or off: %s', async (how) => {
    const { call, id, addAccount } = await withProxy({ enabled: false })
    await addAccount('a')
    for (const [proxyId, said] of [
      ['prx_x', 'no proxy'],
      [id, 'switched off'],
    ]) {
      const answer =
        how === 'PATCH'
          ? await call('PATCH', '/v2/accounts/a', { proxyId })
          : how === 'POST'
            ? await call('POST', '/v2/accounts', { refreshToken: 'refresh-token-000000', proxyId })
            : await call('POST', '/v2/auth/start', { proxyId })
      expect([answer.status, answer.json.field]).toEqual([400, 'proxyId'])
      expect(answer.json.error).toContain(said)
    }
  })

  test('signs in through the one chosen', async () => {
    const { call, id, world } = await withProxy()
    expect((await call('POST', '/v2/auth/start', { proxyId: id })).status).toBe(200)
    expect((await call('POST', '/v2/auth/start', { proxyId: null })).status).toBe(200)
    expect(world.asked).toEqual([{ proxyId: id }, {}])
  })
})

describe('the settings', () => {
  test('keep the global proxy sealed and show it masked; sent back it is unchanged', async () => {
    const { call, store, world } = await adminApp()
    const saved = await call('PUT', '/v2/settings', { httpProxy: `  ${url}/ ` })
    expect(saved.json).toMatchObject({ httpProxy: shown, warnings: [] })
    expect(await store.sealedSettings.read('http_proxy')).toBe(url)
    expect(await store.settings.all()).not.toHaveProperty('http_proxy')
    expect(world.outboundChanged).toBe(1)
    await call('PUT', '/v2/settings', (await call('GET', '/v2/settings')).json)
    expect(await store.sealedSettings.read('http_proxy')).toBe(url)
    const cleared = await call('PUT', '/v2/settings', { httpProxy: '' })
    expect(cleared.json.httpProxy).toBe('')
    expect(await store.sealedSettings.read('http_proxy')).toBeUndefined()
  })

  test.each(['nonsense', 'ftp://h:1', 'http://h', shown, 7])('refuse %j as the global proxy', async (httpProxy) => {
    const { call, store } = await adminApp()
    const answer = await call('PUT', '/v2/settings', { httpProxy })
    expect([answer.status, answer.json.field]).toEqual([400, 'httpProxy'])
    expect(await store.sealedSettings.shown()).toEqual({})
  })

  test('of the pool take effect; a strategy we do not offer is refused by name', async () => {
    const { call, world } = await adminApp()
    const start = (await call('GET', '/v2/settings')).json
    expect(start).toMatchObject({ httpProxy: '', proxyPoolEnabled: false, proxyPoolStrategy: 'sticky' })
    expect(start.withoutEffect).not.toContain('proxyPoolEnabled')
    const strange = await call('PUT', '/v2/settings', { proxyPoolEnabled: true, proxyPoolStrategy: 'round_robin' })
    expect([strange.status, strange.json.field]).toEqual([400, 'proxyPoolStrategy'])
    expect((await call('PUT', '/v2/settings', { proxyPoolEnabled: true })).json.proxyPoolEnabled).toBe(true)
    expect((await call('PUT', '/v2/settings', { proxyPoolStrategy: 'sticky' })).json.warnings).toEqual([])
    await call('PUT', '/v2/settings', { maxErrorCount: 3 })
    expect(world.outboundChanged).toBe(2)
  })
})

test('an account says how fast it spends and when that is all, and so do all together', async () => {
  const { call, store, addAccount, clock } = await adminApp()
  const hour = 3_600_000
  for (const id of ['a', 'b', 'c']) await addAccount(id)
  for (const [hoursAgo, used] of [
    [3, 10],
    [2, 20],
    [1, 30],
    [0, 40],
  ] as const) {
    await store.accounts.saveQuota('a', { ...quotaOf(used, 100), readAt: clock.now - hoursAgo * hour })
    await store.accounts.saveQuota('b', { ...quotaOf(used * 2, 100), readAt: clock.now - hoursAgo * hour })
  }
  const list = (await call('GET', '/v2/accounts?orderBy=id&orderDesc=false')).json
  const at = (hours: number) => new Date(clock.now + hours * hour).toISOString()
  expect(list.accounts).toMatchObject([
    { id: 'a', burn_per_hour: 10, runs_out_at: at(6) },
    { id: 'b', burn_per_hour: 20, runs_out_at: at(1) },
    { id: 'c', burn_per_hour: null, runs_out_at: null },
  ])
  expect(list.quotaStats).toMatchObject({ burnPerHour: 30, runsOutAt: at(80 / 30) })
  expect((await call('GET', '/v2/accounts/a')).json.burn_per_hour).toBe(10)
  await call('PATCH', '/v2/accounts/b', { enabled: false })
  expect((await call('GET', '/v2/accounts')).json.quotaStats).toMatchObject({ burnPerHour: 10, runsOutAt: at(6) })
})

test('doctor is told the proxies and the global one, masked', async () => {
  const { ask, call, id } = await withProxy({ name: 'Office' })
  await call('PUT', '/v2/settings', { httpProxy: url.replace('proxy', 'global') })
  const headers = { 'x-control-token': 'control-token-of-this-start' }
  const { json } = await ask('GET', '/api/control/doctor', { headers })
  expect(json).toMatchObject({
    proxies: [{ id, name: 'Office', url: shown, enabled: true, state: 'unchecked', latencyMs: null, reason: null }],
    httpProxy: 'http://user:••••@global.corp:8080',
  })
})
