import { afterAll, describe, expect, test } from 'bun:test'
import { password } from './admin-app.ts'
import { filledApp } from './filled-app.ts'

const removes: (() => Promise<void>)[] = []
afterAll(async () => {
  for (const remove of removes) await remove()
})
async function filled() {
  const app = await filledApp()
  removes.push(app.remove)
  const send = (method: string, path: string, body?: unknown, ifMatch?: string) =>
    app.ask(method, app.fill(path), {
      headers: { authorization: `Bearer ${password}`, ...(ifMatch === undefined ? {} : { 'if-match': ifMatch }) },
      ...(body === undefined ? {} : { body }),
    })
  return { ...app, send }
}

/** Path, how it is edited, and what one edit sends. */
const things = [
  ['/v2/accounts/a', 'PATCH', { label: 'mine' }, { enabled: false }],
  ['/v2/users/u', 'PATCH', { name: 'mine' }, { daily_quota: 5 }],
  ['/v2/keys/k', 'PATCH', { name: 'mine' }, { concurrency: 2 }],
  ['/v2/proxies/{proxy}', 'PUT', { name: 'mine' }, { weight: 7 }],
  ['/v2/model-mappings/{mapping}', 'PUT', { target: 'claude-haiku-4.5' }, { name: 'o1' }],
  ['/v2/operators/{operator}', 'PATCH', { name: 'mine' }, { role: 'viewer' }],
  ['/v2/ips/config/{ip}', 'PUT', { notes: 'mine' }, { rate_limit_rpm: 9 }],
  ['/v2/settings', 'PUT', { maxErrorCount: 9 }, { debugLog: true }],
] as const

describe('who edits what was changed meanwhile is told so', () => {
  test.each(things)('%s', async (path, method, mine, theirs) => {
    const { send } = await filled()
    const read = await send('GET', path)
    const tag = read.headers.get('etag') ?? ''
    expect(tag).toMatch(/^"[0-9a-f]{24}"$/)
    expect((await send('GET', path)).headers.get('etag')).toBe(tag)
    const changed = await send(method, path, theirs)
    expect([changed.status, changed.headers.get('etag') === tag]).toEqual([200, false])
    const before = (await send('GET', path)).text
    const late = await send(method, path, mine, tag)
    expect([late.status, late.json.code]).toEqual([412, 'CHANGED_MEANWHILE'])
    expect((await send('GET', path)).text).toBe(before)
    const now = late.headers.get('etag') ?? ''
    expect(now).toBe(changed.headers.get('etag') ?? '')
    const done = await send(method, path, mine, `"other", ${now}`)
    expect([done.status, done.headers.get('etag') === now]).toEqual([200, false])
    expect((await send(method, path, mine, '*')).status).toBe(200)
  })
})

test('deleting asks too; what is not there is not found', async () => {
  const { send } = await filled()
  expect((await send('DELETE', '/v2/users/u', undefined, '"old"')).status).toBe(412)
  expect((await send('DELETE', '/v2/users/none', undefined, '"old"')).status).toBe(404)
  const tag = (await send('GET', '/v2/users/u')).headers.get('etag') ?? ''
  expect((await send('DELETE', '/v2/users/u', undefined, tag)).status).toBe(200)
})

test('use changes no tag: tokens, counters and states are not what somebody edits', async () => {
  const { send, store, clock } = await filled()
  const tag = (await send('GET', '/v2/accounts/a')).headers.get('etag')
  await store.accounts.count('a', { success: 5, error: 1 })
  await store.accounts.saveHealth('a', { state: 'cooling', since: clock.now, failures: 2 })
  await send('POST', '/v2/accounts/a/refresh')
  const after = await send('GET', '/v2/accounts/a')
  expect([after.headers.get('etag'), after.json.success_count]).toEqual([tag, 5])
})

test('of twenty who saw the same one wins', async () => {
  const { send } = await filled()
  const tag = (await send('GET', '/v2/users/u')).headers.get('etag') ?? ''
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, at) => send('PATCH', '/v2/users/u', { name: `name ${at}` }, tag)),
  )
  expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array.from({ length: 19 }, () => 412)])
})
