import { afterAll, beforeAll, expect, test } from 'bun:test'
import { type ClockedGateway, startClockedGateway } from '../support/clocked-gateway.ts'

let gateway: ClockedGateway
beforeAll(async () => {
  gateway = await startClockedGateway()
})
afterAll(() => gateway.stop())
const from = async (address: string, header = 'x-forwarded-for'): Promise<number> =>
  (
    await gateway.call('GET', '/v1/models', undefined, {
      [header]: address,
      authorization: `Bearer ${gateway.key}`,
    })
  ).status
const block = (ip: string) => gateway.call('POST', '/v2/ips/block', { ip })

test.each([
  [
    '198.51.100.0/24',
    ['198.51.100.7', '::ffff:198.51.100.7', '::ffff:c633:6407', '198.51.100.7:4711'],
    ['198.51.101.7'],
  ],
  ['::ffff:192.0.2.9', ['192.0.2.9', '[::ffff:192.0.2.9]:80'], ['192.0.2.8']],
  ['2001:db8:bad::/48', ['2001:db8:bad:1::5', '[2001:DB8:BAD::1]:443'], ['2001:db8:bae::5', '203.0.113.1']],
  ['203.0.113.77', ['203.0.113.77'], ['203.0.113.76', '2001:db8::203']],
])('%s shuts out its own in every writing, and nobody else', async (range, inside, outside) => {
  expect((await block(range)).status).toBe(200)
  for (const address of inside) expect([address, await from(address)]).toEqual([address, 403])
  for (const address of outside) expect([address, await from(address)]).toEqual([address, 200])
  expect(await from(inside[0] ?? '', 'x-real-ip')).toBe(403)
  await gateway.call('POST', '/v2/ips/unblock', { ip: range })
  for (const address of inside) expect([address, await from(address)]).toEqual([address, 200])
})

test.each([
  '127.0.0.1',
  '127.1.2.3',
  '::1',
  '0.0.0.0/0',
  '::/0',
  '127.0.0.0/8',
  '::ffff:127.0.0.1',
  '::ffff:0:0/96',
  '::ffff:7f00:1',
  '::fffe:0:0/90',
  '::/64',
])('%s holds this machine and is refused', async (ip) => {
  const { status, json } = await block(ip)
  expect([status, json.field, json.code]).toEqual([400, 'ip', 'THIS_MACHINE'])
  expect(await from('127.0.0.1')).toBe(200)
})

test.each(['not an address', '1.2.3', '1.2.3.4/33', '::1/129', '', '1.2.3.4/-1'])('%j is no address', async (ip) => {
  const { status, json } = await block(ip)
  expect([status, json.field]).toEqual([400, 'ip'])
})

test('what a client behind an untrusted proxy says of itself counts for nothing', async () => {
  await block('198.51.100.5')
  // The last hop before the trusted one is the client; what stands left of it may be made up.
  expect(await from('198.51.100.5, 203.0.113.4')).toBe(200)
  expect(await from('203.0.113.4, 198.51.100.5')).toBe(403)
  expect(await from('garbage, 198.51.100.5')).toBe(403)
  await gateway.call('POST', '/v2/ips/unblock', { ip: '198.51.100.5' })
})

test('who has made all the requests of an address is told so in the headers of the API that was asked', async () => {
  await gateway.call('PUT', '/v2/ips/config/203.0.113.60', { rate_limit_rpm: 1 })
  await gateway.call('PUT', '/v2/ips/config/203.0.113.61', { daily_request_limit: 1 })
  const send = (address: string, path: string) =>
    gateway.call('POST', path, {}, { 'x-forwarded-for': address, authorization: `Bearer ${gateway.key}` })
  for (const [address, reset] of [
    ['203.0.113.60', expect.stringMatching(/^1m[01]s$/)],
    ['203.0.113.61', expect.stringMatching(/^\d+h\d+m\d+s$/)],
  ] as const) {
    await send(address, '/v1/messages')
    const openai = await send(address, '/v1/chat/completions')
    expect(openai.status).toBe(429)
    expect([
      openai.headers.get('x-ratelimit-limit-requests'),
      openai.headers.get('x-ratelimit-remaining-requests'),
      openai.headers.get('x-ratelimit-reset-requests'),
    ]).toEqual(['1', '0', reset])
    const claude = await send(address, '/v1/messages')
    expect([claude.status, claude.headers.get('anthropic-ratelimit-requests-remaining')]).toEqual([429, '0'])
    expect(claude.headers.get('retry-after')).toMatch(/^\d+$/)
    const models = await gateway.call('GET', '/v1/models', undefined, {
      ...{ 'x-forwarded-for': address, authorization: `Bearer ${gateway.key}` },
    })
    expect([models.status, models.headers.get('x-ratelimit-remaining-requests')]).toEqual([429, '0'])
  }
})

test('a client that names itself in UTF-8 stands in the log as it wrote itself', async () => {
  const agent = 'Büro-Client/1.0 (日本語; “x”)'
  await gateway.call(
    'POST',
    '/v1/messages',
    {},
    {
      ...{ 'user-agent': Buffer.from(agent).toString('latin1'), authorization: `Bearer ${gateway.key}` },
    },
  )
  await gateway.pass(5_000)
  const { json } = await gateway.call('GET', '/v2/logs?limit=1')
  expect(json.logs[0].user_agent).toBe(agent)
})
