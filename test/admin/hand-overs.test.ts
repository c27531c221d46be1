import { expect, test } from 'bun:test'
import { keyTraces } from '../../server/access/key.ts'
import { adminApp, elsewhere } from './admin-app.ts'

const hourMs = 3_600_000

/** A user `Li` whose key is called `default`, and what was asked of it. */
async function handOverApp() {
  const app = await adminApp()
  const made = (await app.call('POST', '/v2/users', { name: 'Li' })).json
  const keyId: string = made.keys[0].id
  const link = async (body: object = {}) => (await app.call('POST', `/v2/keys/${keyId}/hand-over`, body)).json
  const look = (token: string) => app.ask('POST', '/api/hand-over', { body: { token } })
  const open = (token: string) => app.ask('POST', '/api/hand-over/open', { body: { token } })
  const opens = async (key: string) => (await app.store.keys.findByHash(keyTraces(key).hash))?.id
  return { ...app, keyId, firstKey: made.api_key as string, link, look, open, opens }
}

test('a link gives its holder a key that nobody has seen, once, and no other right', async () => {
  const { link, look, open, opens, call, ask, keyId, firstKey, world } = await handOverApp()
  const { token, expires_at, opened_at } = await link()
  expect(token).toMatch(/^hov_\w{40}$/)
  expect([expires_at, opened_at]).toEqual([new Date(1_700_000_000_000 + 24 * hourMs).toISOString(), null])
  // Looking, as a preview of the link would, opens nothing.
  for (let times = 0; times < 3; times++)
    expect((await look(token)).json).toEqual({
      ...{ product: 'claude-server', key_name: 'default', user_name: 'Li', expires_at },
    })
  expect(await opens(firstKey)).toBe(keyId)
  const changes = world.keysChanged
  const opened = await open(token)
  expect(opened.headers.get('cache-control')).toBe('no-store')
  expect(opened.json).toEqual({ key: expect.stringMatching(/^sk-\w{48}$/), key_name: 'default' })
  expect([await opens(opened.json.key), await opens(firstKey)]).toEqual([keyId, undefined])
  expect(world.keysChanged).toBe(changes + 1)

  for (const again of [await look(token), await open(token)]) {
    expect([again.status, again.json.code]).toEqual([404, 'HAND_OVER_USED'])
    expect(again.json.params.at).toBe('2023-11-14T22:13:20.000Z')
    expect(again.text).not.toContain(opened.json.key)
  }
  expect((await call('GET', `/v2/keys/${keyId}`)).json.hand_over.opened_at).toBe('2023-11-14T22:13:20.000Z')
  for (const path of ['/v2/keys', '/v2/users', '/api/session'])
    expect((await ask('GET', path, { headers: { authorization: `Bearer ${token}` } })).text).not.toContain('default')
})

test('of many who open a link at the same moment one gets the key', async () => {
  const { link, open } = await handOverApp()
  const { token } = await link()
  const answers = await Promise.all(Array.from({ length: 5 }, () => open(token)))
  expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 404, 404, 404, 404])
})

test('the string a key had goes on opening for the grace, counted from the opening', async () => {
  const { link, open, clock, keyId, call, firstKey, opens } = await handOverApp()
  const { token } = await link({ grace_seconds: 3_600 })
  clock.now += 5 * hourMs
  await open(token)
  expect(await opens(firstKey)).toBe(keyId)
  expect((await call('GET', `/v2/keys/${keyId}`)).json.previous_until).toBe(new Date(clock.now + hourMs).toISOString())
})

test.each([
  [
    'expired',
    'HAND_OVER_EXPIRED',
    ({ clock }: App) => {
      clock.now += hourMs
    },
  ],
  ['withdrawn', 'HAND_OVER_UNKNOWN', ({ call, keyId }: App) => call('DELETE', `/v2/keys/${keyId}/hand-over`)],
  ['replaced', 'HAND_OVER_UNKNOWN', ({ link }: App) => link()],
  ['of a revoked key', 'HAND_OVER_UNKNOWN', ({ call, keyId }: App) => call('DELETE', `/v2/keys/${keyId}`)],
  [
    'of a key that came back',
    'HAND_OVER_UNKNOWN',
    async ({ call, keyId }: App) => {
      await call('DELETE', `/v2/keys/${keyId}`)
      expect((await call('POST', `/v2/keys/${keyId}/restore`)).status).toBe(200)
    },
  ],
  [
    'of a key that got another string',
    'HAND_OVER_UNKNOWN',
    ({ call, keyId }: App) => call('POST', `/v2/keys/${keyId}/regenerate`),
  ],
])('a link that is %s opens nothing', async (_, code, spoil) => {
  const app = await handOverApp()
  const { token } = await app.link({ expires_in_seconds: 3_600 })
  await spoil(app)
  for (const answer of [await app.look(token), await app.open(token)])
    expect([answer.status, answer.json.code]).toEqual([404, code])
})
type App = Awaited<ReturnType<typeof handOverApp>>

test.each([
  ['keys', 'enabled', false, true],
  ['keys', 'expires_at', '2023-11-14T22:13:20Z', ''],
  ['users', 'enabled', false, true],
  ['users', 'expires_at', '2023-11-14T22:13:20Z', ''],
] as const)('while %s say %s: %p a link says so, and is not spent', async (kind, member, off, on) => {
  const { call, keyId, link, look, open, opens, firstKey } = await handOverApp()
  const id = kind === 'keys' ? keyId : (await call('GET', '/v2/users')).json[0].id
  const { token } = await link()
  expect((await call('PATCH', `/v2/${kind}/${id}`, { [member]: off })).status).toBe(200)
  for (const answer of [await look(token), await open(token)])
    expect([answer.status, answer.json.code]).toEqual([404, 'HAND_OVER_KEY_OFF'])
  expect(await opens(firstKey)).toBe(keyId)
  await call('PATCH', `/v2/${kind}/${id}`, { [member]: on })
  expect((await open(token)).status).toBe(200)
})

test('a key that gets another string while its link is opened has one of the two, and the other opens nothing', async () => {
  const { call, keyId, link, open, opens } = await handOverApp()
  for (let round = 0; round < 10; round++) {
    const { token } = await link()
    const [opened, made] = await Promise.all([open(token), call('POST', `/v2/keys/${keyId}/regenerate`)])
    const strings = [opened.json.key, made.json.key].filter((key) => typeof key === 'string')
    expect((await Promise.all(strings.map(opens))).filter((id) => id === keyId)).toHaveLength(1)
    expect(await opens(made.json.key)).toBe(keyId)
  }
})

test('neither the key nor what stands in the link is kept or logged, and the audit log says who opened it', async () => {
  const { link, open, call, store, world, keyId } = await handOverApp()
  world.peer = elsewhere
  const { token } = await link()
  const { key } = (await open(token)).json
  const kept = JSON.stringify([await store.handOvers.list(), await store.keys.list(), world.logged])
  const audit = await call('GET', '/v2/audit')
  for (const text of [kept, audit.text]) for (const secret of [token, key]) expect(text).not.toContain(secret)
  expect(audit.json.entries.find(({ action }: { action: string }) => action.startsWith('POST /api'))).toMatchObject({
    actor: { kind: 'link', id: keyId, name: 'link for default' },
    action: 'POST /api/hand-over/open',
    target: keyId,
    client_ip: elsewhere.address,
  })
})

test('who guesses is slowed down, and a good link is not', async () => {
  const { link, look, world } = await handOverApp()
  world.peer = elsewhere
  const { token } = await link()
  for (let times = 0; times < 4; times++) expect((await look('hov_wrong')).status).toBe(404)
  expect((await look(token)).status).toBe(200)
  for (let times = 0; times < 5; times++) expect((await look('hov_wrong')).status).toBe(404)
  const slowed = await look(token)
  expect([slowed.status, slowed.json.code, slowed.headers.get('retry-after')]).toEqual([429, 'LOCKED', '5'])
})

test.each([
  [{ expires_in_seconds: 59 }, 'expires_in_seconds'],
  [{ expires_in_seconds: 8 * 86_400 }, 'expires_in_seconds'],
  [{ grace_seconds: -1 }, 'grace_seconds'],
  [{ grace_secnds: 1 }, 'grace_secnds'],
])('a link with %j is refused by name', async (body, field) => {
  const { call, keyId } = await handOverApp()
  const answer = await call('POST', `/v2/keys/${keyId}/hand-over`, body)
  expect([answer.status, answer.json.field]).toEqual([400, field])
})

test('who only looks makes no link, and there is none for a key that is not there', async () => {
  const { ask, call, keyId, signInAs } = await handOverApp()
  const headers = await signInAs('Vera', 'viewer')
  expect((await ask('POST', `/v2/keys/${keyId}/hand-over`, { headers })).status).toBe(403)
  expect((await call('POST', '/v2/keys/none/hand-over')).status).toBe(404)
  expect((await call('DELETE', `/v2/keys/${keyId}/hand-over`)).status).toBe(404)
})

test('a page elsewhere opens no link with the browser of who is here', async () => {
  const { ask, link } = await handOverApp()
  const { token } = await link()
  const headers = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }
  expect((await ask('POST', '/api/hand-over/open', { headers, body: { token } })).status).toBe(403)
})
