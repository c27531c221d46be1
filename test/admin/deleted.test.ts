import { expect, test } from 'bun:test'
import { keyTraces, makeKey } from '../../server/access/key.ts'
import { adminApp, secretsOf } from './admin-app.ts'

const dayMs = 86_400_000

test('a deleted account is gone for every script, and comes back as it was', async () => {
  const { call, addAccount, world } = await adminApp()
  await addAccount('a', { label: 'first' })
  const before = (await call('GET', '/v2/accounts/a')).json
  expect((await call('DELETE', '/v2/accounts/a')).json).toEqual({ success: true })
  expect((await call('GET', '/v2/accounts/a')).status).toBe(404)
  expect((await call('DELETE', '/v2/accounts/a')).status).toBe(404)
  expect((await call('GET', '/v2/accounts')).json.accounts).toEqual([])
  const listed = await call('GET', '/v2/deleted?kind=account')
  expect(listed.json).toEqual({
    items: [
      {
        id: 'a',
        kind: 'account',
        name: 'first',
        deleted_at: new Date(1_700_000_000_000).toISOString(),
        purged_at: new Date(1_700_000_000_000 + 7 * dayMs).toISOString(),
      },
    ],
    total: 1,
  })
  expect(listed.text).not.toContain('SECRET')
  const back = await call('POST', '/v2/accounts/a/restore')
  expect(back.json).toEqual(before)
  expect(back.text).not.toContain('SECRET')
  expect(world.changed).toEqual(['a', 'a'])
  expect((await call('GET', '/v2/deleted')).json).toEqual({ items: [], total: 0 })
  expect((await call('POST', '/v2/accounts/a/restore')).status).toBe(404)
})

test('an account does not come back beside itself, or past the limit', async () => {
  const { call, addAccount } = await adminApp()
  await addAccount('a')
  await call('DELETE', '/v2/accounts/a')
  await addAccount('b', { label: 'anew', credentials: { refreshToken: secretsOf('a').refreshToken ?? '' } })
  const twice = await call('POST', '/v2/accounts/a/restore')
  expect([twice.status, twice.json.code, twice.json.error]).toEqual([
    409,
    'ACCOUNT_EXISTS',
    expect.stringContaining('anew'),
  ])
  await call('DELETE', '/v2/accounts/b')
  await addAccount('c')
  await call('PATCH', '/v2/settings', { maxAccounts: 1 })
  const full = await call('POST', '/v2/accounts/a/restore')
  expect([full.status, full.json.code]).toEqual([403, 'ACCOUNT_LIMIT_REACHED'])
  await call('PATCH', '/v2/settings', { maxAccounts: 2 })
  expect((await call('POST', '/v2/accounts/a/restore')).status).toBe(200)
})

test('what many are deleted by can be taken back too', async () => {
  const { call, addAccount } = await adminApp()
  for (const id of ['a', 'b', 'c']) await addAccount(id)
  await call('POST', '/v2/accounts/batch', { action: 'delete', ids: ['a', 'b'] })
  const { items } = (await call('GET', '/v2/deleted?kind=account')).json
  expect(items.map(({ id }: { id: string }) => id).sort()).toEqual(['a', 'b'])
  for (const id of ['a', 'b']) expect((await call('POST', `/v2/accounts/${id}/restore`)).status).toBe(200)
  expect((await call('GET', '/v2/accounts')).json.accounts).toHaveLength(3)
})

test('a user comes back with its keys; a key needs its user', async () => {
  const { call, store, world } = await adminApp()
  const { id, api_key: key } = (await call('POST', '/v2/users', { name: 'Ada', email: 'ada@example.com' })).json
  const second = (await call('POST', '/v2/keys', { name: 'second', user_id: id })).json
  const before = (await call('GET', `/v2/users/${id}`)).json
  await call('DELETE', `/v2/keys/${second.id}`)
  const changes = world.keysChanged
  expect((await call('DELETE', `/v2/users/${id}`)).status).toBe(200)
  expect(world.keysChanged).toBe(changes + 1)
  expect(await store.keys.findByHash(keyTraces(key).hash)).toBeUndefined()
  expect((await call('GET', `/v2/users/${id}`)).status).toBe(404)

  const orphan = await call('POST', `/v2/keys/${second.id}/restore`)
  expect([orphan.status, orphan.json.error]).toEqual([409, expect.stringContaining('Restore the user first')])
  const again = await call('POST', '/v2/users', { name: 'Ada', email: 'ada@example.com' })
  expect(again.status).toBe(200)
  const back = await call('POST', `/v2/users/${id}/restore`)
  expect(back.json.keys).toHaveLength(1)
  expect(back.text).not.toContain(key)
  expect((await store.keys.findByHash(keyTraces(key).hash))?.userId).toBe(id)
  expect((await call('POST', `/v2/keys/${second.id}/restore`)).json).toMatchObject({ id: second.id, user_id: id })
  expect((await call('GET', `/v2/users/${id}`)).json).toEqual(before)
})

test('a key whose string another key has now stays where it is', async () => {
  const { call, addKey } = await adminApp()
  const key = makeKey()
  await addKey('old', key)
  await call('DELETE', '/v2/keys/old')
  await addKey('new', key)
  const refused = await call('POST', '/v2/keys/old/restore')
  expect([refused.status, refused.json.code]).toEqual([409, 'KEY_EXISTS'])
  expect((await call('GET', '/v2/deleted')).json.total).toBe(1)
})

test('a proxy comes back unless its address is there again', async () => {
  const { call } = await adminApp()
  const url = 'http://user:SECRET-of-the-proxy@127.0.0.1:3128'
  const { id } = (await call('POST', '/v2/proxies', { url, name: 'one' })).json.proxy
  await call('DELETE', `/v2/proxies/${id}`)
  expect((await call('GET', `/v2/proxies/${id}`)).status).toBe(404)
  const other = (await call('POST', '/v2/proxies', { url, name: 'two' })).json.proxy
  const refused = await call('POST', `/v2/proxies/${id}/restore`)
  expect([refused.status, refused.json.error]).toEqual([409, expect.stringContaining('two')])
  await call('DELETE', `/v2/proxies/${other.id}`)
  const back = await call('POST', `/v2/proxies/${id}/restore`)
  expect(back.json.proxy).toMatchObject({ id, name: 'one' })
  expect(back.text + (await call('GET', '/v2/deleted')).text).not.toContain('SECRET')
})

test('a mapping comes back as it was, unless its name is mapped again or its key is gone', async () => {
  const { call, world } = await adminApp()
  const add = async (body: object) => (await call('POST', '/v2/model-mappings', body)).json.mapping
  const { id } = await add({ name: 'gpt-4o', target: 'claude-sonnet-4.5' })
  const before = (await call('GET', `/v2/model-mappings/${id}`)).json
  await call('DELETE', `/v2/model-mappings/${id}`)
  expect((await call('GET', `/v2/model-mappings/${id}`)).status).toBe(404)
  const [item] = (await call('GET', '/v2/deleted?kind=mapping')).json.items
  expect(item).toMatchObject({ id, kind: 'mapping', name: 'gpt-4o → claude-sonnet-4.5' })
  const other = await add({ name: 'gpt-4o', target: 'claude-haiku-4.5' })
  const refused = await call('POST', `/v2/model-mappings/${id}/restore`)
  expect([refused.status, refused.json.code]).toEqual([409, 'MAPPING_EXISTS'])
  await call('DELETE', `/v2/model-mappings/${other.id}`)
  const changed = world.mappingsChanged
  expect((await call('POST', `/v2/model-mappings/${id}/restore`)).json.mapping).toEqual(before)
  expect(world.mappingsChanged).toBe(changed + 1)

  const key = (await call('POST', '/v2/keys', { name: 'k' })).json
  const own = await add({ name: 'o3', target: 'claude-sonnet-4.5', key_id: key.id })
  await call('DELETE', `/v2/model-mappings/${own.id}`)
  await call('DELETE', `/v2/keys/${key.id}`)
  const orphan = await call('POST', `/v2/model-mappings/${own.id}/restore`)
  expect([orphan.status, orphan.json.code]).toEqual([409, 'KEY_GONE'])
})

test('a blocked address that was let go is blocked again with its reason, time and end', async () => {
  const { call, world, clock } = await adminApp()
  const range = { ip: '203.0.113.0/24', reason: 'abuse', expires_at: '2030-01-01T00:00:00.000Z' }
  const blocked = async () => (await call('GET', '/v2/ips/blocked')).json.blocked_ips
  for (let round = 0; round < 2; round++) {
    await call('POST', '/v2/ips/block', range)
    const before = await blocked()
    clock.now += 1_000
    await call('POST', '/v2/ips/unblock', { ip: '203.0.113.7/24' })
    expect(await blocked()).toEqual([])
    const changed = world.ipsChanged
    const back = await call('POST', '/v2/ips/restore', { ip: '203.0.113.0/24' })
    expect([back.status, back.json.ip, world.ipsChanged]).toEqual([200, '203.0.113.0/24', changed + 1])
    expect(await blocked()).toEqual(before)
    await call('POST', '/v2/ips/unblock', { ip: '203.0.113.0/24' })
  }
  expect((await call('GET', '/v2/deleted?kind=block')).json).toMatchObject({
    ...{ total: 1, items: [{ kind: 'block', name: '203.0.113.0/24' }] },
  })
  await call('POST', '/v2/ips/block', range)
  const refused = await call('POST', '/v2/ips/restore', { ip: '203.0.113.0/24' })
  expect([refused.status, refused.json.code]).toEqual([409, 'BLOCK_EXISTS'])
  expect((await call('POST', '/v2/ips/restore', { ip: '198.51.100.1' })).status).toBe(404)
  expect((await call('POST', '/v2/ips/restore', { ip: 'nonsense' })).json.field).toBe('ip')
  // Also what the settings' list leaves out.
  await call('PUT', '/v2/settings', { blockedIPs: [] })
  expect((await call('POST', '/v2/ips/restore', { ip: '203.0.113.0/24' })).status).toBe(200)
})

test('only the owner makes it final, and then nothing comes back', async () => {
  const { call, ask, signInAs, addAccount } = await adminApp()
  for (const id of ['a', 'b', 'c']) await addAccount(id)
  for (const id of ['a', 'b', 'c']) await call('DELETE', `/v2/accounts/${id}`)
  const admin = await signInAs('Olga', 'admin')
  const viewer = await signInAs('Vera', 'viewer')
  expect((await ask('GET', '/v2/deleted', { headers: viewer })).json.total).toBe(3)
  expect((await ask('POST', '/v2/accounts/c/restore', { headers: viewer })).status).toBe(403)
  expect((await ask('DELETE', '/v2/deleted/a', { headers: admin })).status).toBe(403)
  expect((await ask('DELETE', '/v2/deleted', { headers: admin })).status).toBe(403)
  expect((await ask('POST', '/v2/accounts/c/restore', { headers: admin })).status).toBe(200)
  expect((await call('DELETE', '/v2/deleted/a')).json).toEqual({ success: true })
  expect((await call('DELETE', '/v2/deleted/a')).status).toBe(404)
  expect((await call('DELETE', '/v2/deleted?kind=user')).json).toEqual({ success: true, count: 0 })
  for (const [path, field] of [
    ['/v2/deleted', 'kind'],
    ['/v2/deleted?knid=key', 'knid'],
  ] as const) {
    const refused = await call('DELETE', path)
    expect([refused.status, refused.json.field]).toEqual([400, field])
  }
  expect((await call('DELETE', '/v2/deleted?kind=account')).json).toEqual({ success: true, count: 1 })
  for (const id of ['a', 'b']) expect((await call('POST', `/v2/accounts/${id}/restore`)).status).toBe(404)
})

test('every step is in the audit log', async () => {
  const { call, addAccount, store } = await adminApp()
  await addAccount('a')
  await call('DELETE', '/v2/accounts/a')
  await call('POST', '/v2/accounts/a/restore')
  await call('DELETE', '/v2/accounts/a')
  await call('DELETE', '/v2/deleted/a')
  const rows = (await store.audit.list({ target: 'a' }, 10)).toReversed()
  expect(rows.map(({ action }) => action)).toEqual([
    'DELETE /v2/accounts/:id',
    'POST /v2/accounts/:id/restore',
    'DELETE /v2/accounts/:id',
    'DELETE /v2/deleted/:id',
  ])
  expect(JSON.parse(rows[3]?.before ?? '{}')).toMatchObject({ id: 'a', kind: 'account', name: 'label a' })
  expect(JSON.stringify(rows)).not.toContain('SECRET')
})
