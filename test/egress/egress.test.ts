import { afterAll, beforeEach, describe, expect, test } from 'bun:test'
import { generate } from 'selfsigned'
import { createEgress, EgressFault } from '../../server/egress/egress.ts'
import { sessionOf } from '../../server/egress/session.ts'
import { onBehalf, realEffects } from '../../server/lib/effects.ts'
import { startProxyServer } from '../support/proxy-server.ts'
import { startSocksServer } from '../support/socks-server.ts'

const target = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  fetch: async (request) => {
    const sent = await request.text()
    const body = new ReadableStream({
      async start(controller) {
        for (const piece of ['one ', 'two ', sent]) {
          controller.enqueue(new TextEncoder().encode(piece))
          await Bun.sleep(2)
        }
        controller.close()
      },
    })
    return new Response(body, { headers: { 'x-seen': [...request.headers.keys()].join(' ') } })
  },
})
const url = `http://far.example:${target.port}/chat`
const direct = `http://127.0.0.1:${target.port}/chat`
const login = { user: 'us er', password: 'S3CRET-p@ss' }
const http = await startProxyServer(login)
const other = await startProxyServer()
const socks = await startSocksServer(login)
const socksHref = socks.url.replace(`${login.user}:${login.password}`, 'us%20er:S3CRET-p%40ss')
const faults: string[] = []
const egress = createEgress({ fetch: realEffects.fetch, onFault: (id) => void faults.push(id) })
afterAll(async () => {
  await egress.close()
  for (const proxy of [http, other, socks]) proxy.stop()
  await target.stop(true)
})
beforeEach(() => {
  for (const proxy of [http, other, socks]) proxy.targets.length = 0
  faults.length = 0
})

const proxies = [
  { id: 'prx_http', href: http.url, weight: 1, enabled: true, healthy: true },
  { id: 'prx_socks', href: socksHref, weight: 1, enabled: true, healthy: true },
]
const post = async (via: string | undefined, to = url): Promise<string> =>
  (await egress.fetch(to, { method: 'POST', body: 'three', ...(via === undefined ? {} : { via }) })).text()
const fault = async (via: string, to = url): Promise<EgressFault> => {
  try {
    await egress.fetch(to, { via })
  } catch (thrown) {
    if (thrown instanceof EgressFault) return thrown
  }
  throw new Error('no fault')
}

test('with nothing set the request leaves as it came', async () => {
  const seen: unknown[] = []
  const plain = createEgress({
    fetch: async (to, init) => {
      seen.push(to, init)
      return new Response('ok')
    },
  })
  await plain.fetch('http://x/', { via: 'acc_1', method: 'POST' })
  expect(seen).toEqual(['http://x/', { method: 'POST' }])
  expect(plain.routeOf('acc_1')).toBe('provider by environment')
  await plain.close()
})

test('an account’s own proxy carries its requests, another’s carries the other’s', async () => {
  egress.setNetwork({ proxies, poolEnabled: false })
  egress.setAccount('acc_1', { proxyId: 'prx_http', host: 'q.example' })
  egress.setAccount('acc_2', { proxyId: 'prx_socks', host: 'q.example' })
  for (let turn = 0; turn < 3; turn++) {
    expect(await post('acc_1')).toBe('one two three')
    expect(await post('acc_2')).toBe('one two three')
  }
  expect(http.targets).toEqual(Array(3).fill(`POST ${url}`))
  expect(socks.targets).toEqual(Array(3).fill(`far.example:${target.port}`))
  expect(await post('acc_3', direct)).toBe('one two three')
  expect([http.targets.length, socks.targets.length]).toEqual([3, 3])
  expect(egress.routeOf('acc_1')).toBe('q.example by prx_http')
  expect(egress.routeOf('acc_3')).toBe('provider by environment')
})

test('a proxy can be named for one request, and effects can be bound to it', async () => {
  egress.setNetwork({ proxies, poolEnabled: false })
  const bound = onBehalf({ fetch: egress.fetch }, 'proxy:prx_http')
  expect(await (await bound.fetch(url, { method: 'POST', body: 'x' })).text()).toBe('one two x')
  expect(http.targets).toEqual([`POST ${url}`])
  expect(onBehalf(bound, undefined)).toBe(bound)
})

test('the target sees nothing of the proxies', async () => {
  egress.setNetwork({ proxies, poolEnabled: false })
  for (const via of ['proxy:prx_http', 'proxy:prx_socks']) {
    const answer = await egress.fetch(url, { via })
    await answer.text()
    expect(answer.headers.get('x-seen')).not.toMatch(/proxy|via|forwarded/)
  }
})

test('the global one serves who has none; clearing it takes effect at once', async () => {
  egress.setNetwork({ proxies, poolEnabled: false, globalHref: other.url })
  egress.setAccount('acc_1', { proxyId: 'prx_http' })
  await post('acc_1')
  await post('acc_3')
  await post(undefined)
  expect([http.targets.length, other.targets.length]).toEqual([1, 2])
  egress.setAccount('acc_1', {})
  await post('acc_1')
  expect([http.targets.length, other.targets.length]).toEqual([1, 3])
  egress.setNetwork({ proxies, poolEnabled: false })
  await post('acc_1', direct)
  expect([http.targets.length, other.targets.length]).toEqual([1, 3])
})

test('the pool takes always the same one, and moves on when that is down', async () => {
  egress.forgetAccount('acc_1')
  egress.setNetwork({ proxies, poolEnabled: true })
  const before = egress.routeOf('acc_1')
  for (let turn = 0; turn < 4; turn++) await post('acc_1')
  expect([http.targets.length, socks.targets.length].toSorted()).toEqual([0, 4])
  const ill = proxies.map((proxy) => ({ ...proxy, healthy: !before.endsWith(proxy.id) }))
  egress.setNetwork({ proxies: ill, poolEnabled: true })
  expect(egress.routeOf('acc_1')).not.toBe(before)
  egress.setNetwork({ proxies, poolEnabled: true })
  expect(egress.routeOf('acc_1')).toBe(before)
})

test('each account has a session of its own in one address, also in tunnels and when the settings change meanwhile', async () => {
  const socksOfAll = await startSocksServer({ password: 'x' })
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'far.example' }], { keySize: 2048 })
  const secure = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    tls: { cert, key },
    fetch: (request, self) => new Response(String(self.requestIP(request)?.port)),
  })
  const tls = `https://far.example:${secure.port}/`
  const open = createEgress({
    fetch: (to, init) => realEffects.fetch(to, { ...init, tls: { rejectUnauthorized: false } } as typeof init),
  })
  const given = { weight: 1, enabled: true, healthy: true }
  const sessions = [
    { ...given, id: 'prx_a', href: other.url.replace('//', '//user-{session}:x@') },
    { ...given, id: 'prx_b', href: socksOfAll.url },
  ]
  other.logins.length = 0
  try {
    open.setNetwork({ proxies: sessions, poolEnabled: false })
    const ids = ['acc_1', 'acc_2', 'acc_1', 'acc_2']
    for (const proxyId of ['prx_a', 'prx_b']) {
      for (const id of ids) open.setAccount(id, { proxyId })
      const tunnels: string[] = []
      for (const id of ids) {
        tunnels.push(await (await open.fetch(tls, { via: id })).text())
        open.setNetwork({ proxies: sessions, poolEnabled: false })
        await (await open.fetch(url, { via: id })).text()
      }
      // A tunnel that is still open is gone through again, by the same account alone.
      expect(new Set([tunnels[0], tunnels[2]]).intersection(new Set([tunnels[1], tunnels[3]])).size).toBe(0)
    }
    const [one, two] = [sessionOf('acc_1'), sessionOf('acc_2')]
    expect(other.logins.slice(0, 4)).toEqual([one, one, two, two].map((session) => `user-${session}:x`))
    expect(socksOfAll.logins.slice(0, 4)).toEqual([one, one, two, two])
    expect(new Set([...other.logins.map((login) => login.slice(5, -2)), ...socksOfAll.logins])).toEqual(
      new Set([one, two]),
    )
  } finally {
    await open.close()
    socksOfAll.stop()
    await secure.stop(true)
  }
})

test('accounts whose way is closed or failing are told apart', () => {
  const [one, two] = proxies
  if (one === undefined || two === undefined) throw new Error('two proxies')
  egress.setAccount('acc_1', { proxyId: one.id })
  egress.setAccount('acc_2', { proxyId: two.id })
  egress.setAccount('acc_3', {})
  egress.setNetwork({ proxies: [one, { ...two, healthy: false }], poolEnabled: false })
  expect([...egress.cutOff()]).toEqual(['acc_2'])
  expect(egress.cutOff()).toBe(egress.cutOff())
  egress.setAccount('acc_1', { proxyId: 'prx_gone' })
  expect([...egress.cutOff()].toSorted()).toEqual(['acc_1', 'acc_2'])
  egress.setNetwork({ proxies: [], poolEnabled: false })
  egress.forgetAccount('acc_1')
  egress.setAccount('acc_2', {})
  expect([...egress.cutOff()]).toEqual([])
})

describe('a fault', () => {
  const dead = 'http://user:S3CRET@127.0.0.1:1'
  const wrong = (href: string) => href.replace('S3CRET', 'WR0NG')
  const given = { weight: 1, enabled: true, healthy: true }
  const tls = `https://far.example:${target.port}/`

  test.each([
    ['a dead HTTP proxy', dead, url, 'ECONNREFUSED'],
    ['a dead HTTP proxy, tunnelled', dead, tls, 'ECONNREFUSED'],
    ['a dead SOCKS proxy', 'socks5://user:S3CRET@127.0.0.1:1', url, 'ERR_SOCKS'],
    ['a dead SOCKS proxy, tunnelled', 'socks5://user:S3CRET@127.0.0.1:1', tls, 'ERR_PROXY_TUNNEL'],
    ['a wrong login', wrong(http.url), url, 'ERR_PROXY_AUTH'],
    ['a wrong login, tunnelled', wrong(http.url), tls, 'ERR_PROXY_TUNNEL'],
    ['a wrong SOCKS login', wrong(socksHref), url, 'ERR_SOCKS'],
  ])('through %s is the proxy’s, with a code and without credentials', async (_, href, to, code) => {
    egress.setNetwork({ proxies: [{ id: 'prx_x', href, ...given }], poolEnabled: false })
    const thrown = await fault('proxy:prx_x', to)
    expect(thrown.code).toBe(code)
    expect(faults).toEqual(['prx_x'])
    const whole = `${Bun.inspect(thrown)} ${JSON.stringify(thrown)} ${thrown.stack}`
    expect(whole).not.toMatch(/S3CRET|WR0NG|far\.example/)
  })

  test.each([
    ['switched off', { enabled: false, href: http.url }],
    ['sealed with a lost key', {}],
  ])('of an account whose proxy is %s: nothing is sent', async (_, more) => {
    egress.setNetwork({ proxies: [{ id: 'prx_x', ...given, ...more }], poolEnabled: false, globalHref: other.url })
    expect((await fault('proxy:prx_x', direct)).code).toBe('ERR_PROXY_BLOCKED')
    expect([http.targets, other.targets]).toEqual([[], []])
  })

  test('is not what a caller’s leaving is', async () => {
    egress.setNetwork({ proxies, poolEnabled: false })
    const left = egress.fetch(url, { via: 'proxy:prx_http', signal: AbortSignal.abort() })
    expect(await left.catch((thrown) => thrown.name)).toBe('AbortError')
    expect(faults).toEqual([])
  })
})

test('after close the SOCKS way is shut', async () => {
  const own = createEgress({ fetch: realEffects.fetch })
  own.setNetwork({ proxies, poolEnabled: false })
  expect(await (await own.fetch(url, { via: 'proxy:prx_socks' })).text()).toBe('one two ')
  await own.close()
  expect(own.fetch(url, { via: 'proxy:prx_socks' })).rejects.toThrow()
})
