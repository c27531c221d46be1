import { Database } from 'bun:sqlite'
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { cpSync, readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { sessionOf } from '../../server/egress/session.ts'
import { type ProxyServer, startProxyServer } from '../support/proxy-server.ts'
import { factsOf, fixtureDatabase } from './fixture.ts'
import { chat, newFolder, removeFolder, type Serving, serveOn } from './serving.ts'

const facts = factsOf('original')
const folder = newFolder()
const [one, two] = facts.accounts.filter(({ status, enabled }) => status === 'normal' && enabled)
const disabled = facts.users.find(({ enabled }) => !enabled)
const user = facts.users.find(({ enabled }) => enabled)
const most = Number.MAX_SAFE_INTEGER
let proxy: ProxyServer
let serving: Serving

/** The fixture as some operators have it. */
function makeQuirky(file: string): void {
  cpSync(fixtureDatabase, file)
  const db = new Database(file)
  db.exec('PRAGMA journal_mode = DELETE')
  const run = (text: string, ...values: (string | number | bigint | null)[]): void => void db.query(text).run(...values)
  db.exec('DELETE FROM proxies')
  const at = '2026-11-28T14:00:00+08:00'
  const addProxy = 'INSERT INTO proxies (url, name, enabled, weight, created_at, updated_at) VALUES (?, ?, ?, 1, ?, ?)'
  run(addProxy, `http://user-%-de:pw%@127.0.0.1:${proxy.port}`, 'sessions', 1, at, at)
  run(addProxy, 'http://user:secret@noport', 'broken', 0, at, at)
  run(`UPDATE settings SET setting_value = 'true' WHERE setting_key = 'proxy_pool_enabled'`)
  run(`UPDATE settings SET setting_value = 'http://127.0.0.1/x' WHERE setting_key = 'http_proxy'`)
  run(`UPDATE settings SET setting_value = '5000000' WHERE setting_key = 'max_error_count'`)
  run('UPDATE settings SET setting_value = ? WHERE setting_key = ?', disabled.api_key, 'api_key')
  run('UPDATE users SET id = ?, rate_limit_rpm = ?, daily_quota = ? WHERE id = ?', 'team/a?', 9_000_000, most, user.id)
  run('UPDATE user_token_usage SET user_id = ? WHERE user_id = ?', 'team/a?', user.id)
  run('UPDATE request_logs SET user_id = ? WHERE user_id = ?', 'team/a?', user.id)
  const copyAccount = (id: string, set: string): void => {
    const names = db.query<{ readonly name: string }, []>(`SELECT name FROM pragma_table_info('accounts')`).all()
    const others = names.map(({ name }) => name).filter((name) => name !== 'id')
    run(`INSERT INTO accounts (id, ${others}) SELECT ?, ${others} FROM accounts WHERE id = ?`, id, one.id)
    run(`UPDATE accounts SET ${set} WHERE id = ?`, id)
  }
  copyAccount('odd-1', `refreshToken = 'an odd token', label = 'odd 1'`)
  copyAccount('odd-2', `refreshToken = 'an odd token', label = 'odd 2'`)
  copyAccount('empty-switch', `refreshToken = 'aorEmptySwitch0123456789', enabled = NULL`)
  db.close()
}

beforeAll(async () => {
  proxy = await startProxyServer()
  makeQuirky(path.join(folder, 'data.sqlite3'))
  serving = await serveOn(folder, facts)
}, 240_000)
afterAll(async () => {
  await serving.stop()
  proxy.stop()
  removeFolder(folder)
})

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into member by member
const notesOf = async (table: string): Promise<readonly any[]> => {
  const { report } = await serving.ask('/v2/import/report')
  return report.tables.find(({ name }: { readonly name: string }) => name === table).notes
}

// biome-ignore lint/suspicious/noExplicitAny: as above
const proxyOf = async (name: string): Promise<any> =>
  (await serving.ask('/v2/proxies')).proxies.find((one: { readonly name: string }) => one.name === name)

test('a proxy with the original’s session sign goes on carrying each account in its own session', async () => {
  const shown = `http://user-{session}-de:••••@127.0.0.1:${proxy.port}`
  expect(await proxyOf('sessions')).toMatchObject({ url: shown, enabled: true })
  expect(await proxyOf('broken')).toMatchObject({ url: '••••', enabled: false, state: 'unreadable' })
  const login = (id: string): string => `user-${sessionOf(id)}-de:pw${sessionOf(id)}`
  for (const { id } of [one, two]) {
    const { key } = await serving.ask('/v2/keys', 'POST', { name: id.slice(0, 8), account_ids: [id] })
    proxy.logins.length = 0
    expect((await chat(serving.url, key, 'messages')).status).toBe(200)
    expect(new Set(proxy.logins.filter((one) => one.endsWith(`pw${sessionOf(id)}`)))).toEqual(new Set([login(id)]))
  }
}, 240_000)

test('an address that cannot be used closes the way and wants a person; nothing goes past it', async () => {
  const [sessions, broken] = [await proxyOf('sessions'), await proxyOf('broken')]
  await serving.ask('/v2/settings', 'PATCH', { httpProxy: '' })
  await serving.ask(`/v2/proxies/${sessions.id}`, 'PUT', { enabled: false })
  await serving.ask(`/v2/proxies/${broken.id}`, 'PUT', { enabled: true })
  const { attention } = await serving.ask('/v2/status')
  expect(attention).toContainEqual(
    expect.objectContaining({ kind: 'proxy.down', severity: 'critical', name: 'broken' }),
  )
  const { key } = await serving.ask('/v2/keys', 'POST', { name: 'closed', account_ids: [one.id] })
  const calls = serving.simulator.accounts.get(one.id)?.counts().replies
  expect((await chat(serving.url, key, 'messages')).status).toBeGreaterThanOrEqual(500)
  expect(serving.simulator.accounts.get(one.id)?.counts().replies).toBe(calls ?? -1)
  await serving.ask(`/v2/proxies/${broken.id}`, 'PUT', { enabled: false })
  await serving.ask(`/v2/proxies/${sessions.id}`, 'PUT', { enabled: true })
  expect((await chat(serving.url, key, 'messages')).status).toBe(200)
}, 240_000)

test('limits the original could hold come in, and can be sent back as they are', async () => {
  const users = await serving.ask('/v2/users')
  const renamed = users.find(({ name }: { readonly name: string }) => name === user.name)
  expect(renamed).toMatchObject({ rate_limit_rpm: 9_000_000, daily_quota: most })
  const back = { rate_limit_rpm: 9_000_000, daily_quota: most, notes: 'n'.repeat(10_000) }
  expect(await serving.ask(`/v2/users/${renamed.id}`, 'PATCH', back)).toMatchObject(back)
  expect(await serving.ask('/v2/settings')).toMatchObject({ maxErrorCount: 5_000_000 })
  const above = fetch(`${serving.url}/v2/users/${renamed.id}`, {
    method: 'PATCH',
    headers: { authorization: `Bearer ${facts.password}`, 'content-type': 'application/json' },
    body: JSON.stringify({ daily_quota: 1e17 }),
  })
  expect(await (await above).json()).toMatchObject({
    error: `daily_quota must be a whole number from 0 to ${most} or null.`,
    field: 'daily_quota',
  })
})

test('a user whose id cannot stand in an address gets another; its use and its requests stay its own', async () => {
  const users = await serving.ask('/v2/users')
  const renamed = users.find(({ name }: { readonly name: string }) => name === user.name)
  expect(renamed.id).toMatch(/^usr_[0-9a-f]{24}$/)
  const { daily_usage: days } = await serving.ask(`/v2/users/${renamed.id}/stats?days=3650`)
  expect(days).toHaveLength(facts.userStats[user.id].daily_usage.length)
  const theirs = facts.logs.filter(({ user_id: id }) => id === user.id)
  const { logs } = await serving.ask('/v2/logs?limit=1000')
  const ours = logs.filter((log: { readonly user_id?: string }) => log.user_id === renamed.id)
  expect(ours.map(({ id }: { readonly id: string }) => id)).toEqual(expect.arrayContaining(theirs.map(({ id }) => id)))
})

test('a system key that is a switched off user’s too opens nothing, as it did not', async () => {
  for (const api of ['messages', 'chat'] as const)
    expect((await chat(serving.url, disabled.api_key, api)).status).toBeGreaterThanOrEqual(401)
  expect(await notesOf('settings')).toContainEqual(
    expect.objectContaining({ text: expect.stringContaining('nobody is let in'), rows: [disabled.id] }),
  )
})

test('a token of no known form is kept and settled by the provider; an empty switch is off', async () => {
  const { accounts } = await serving.ask('/v2/accounts?pageSize=500')
  const find = (id: string) => accounts.find((account: { readonly id: string }) => account.id === id)
  expect(find('empty-switch')).toMatchObject({ enabled: false })
  expect([find('odd-1').label, find('odd-2').label]).toEqual(['odd 1', 'odd 2'])
  for (const until = Date.now() + 50_000; Date.now() < until; await Bun.sleep(100)) {
    if ((await serving.ask('/v2/accounts/odd-1')).status === 'expired') break
  }
  expect(await serving.ask('/v2/accounts/odd-1')).toMatchObject({ status: 'expired' })
  const shown = await fetch(`${serving.url}/v2/accounts/export?format=gateway`, {
    headers: { authorization: `Bearer ${facts.password}`, 'x-confirm-password': facts.password },
  })
  expect([shown.status, await shown.text()]).toEqual([200, expect.stringContaining('an odd token')])
  expect(await notesOf('accounts')).toContainEqual(
    expect.objectContaining({ text: expect.stringContaining('no form we know'), rows: ['odd-1', 'odd-2'] }),
  )
}, 240_000)

test('the kept original is its owner’s alone to read', () => {
  const kept = readdirSync(folder).find((name) => name.startsWith('data.sqlite3.original-'))
  expect(statSync(path.join(folder, kept ?? '')).mode & 0o777).toBe(0o600)
})
