import { expect, test } from 'bun:test'
import { newAccountRecord } from '../../server/admin/account-draft.ts'
import type { Store } from '../../server/store/store.ts'
import { memoryStore } from '../support/memory-store.ts'
import { adminApp, secretsOf } from './admin-app.ts'

/** The same store; every call of a function of it is counted by name. */
function counted(store: Store): { readonly store: Store; readonly calls: Map<string, number> } {
  const calls = new Map<string, number>()
  const watch = <T extends object>(part: T, name: string): T =>
    new Proxy(part, {
      get: (target, member) => {
        const value: unknown = Reflect.get(target, member)
        const path = `${name}${String(member)}`
        if (typeof value === 'object' && value !== null) return watch(value, `${path}.`)
        if (typeof value !== 'function') return value
        return (...given: unknown[]): unknown => {
          calls.set(path, (calls.get(path) ?? 0) + 1)
          return Reflect.apply(value, target, given)
        }
      },
    })
  return { store: watch(store, ''), calls }
}

const lists = [
  '/v2/accounts',
  '/v2/accounts?limit=50',
  '/v2/users',
  '/v2/users?limit=50',
  '/v2/stats/users',
  '/v2/keys',
  '/v2/proxies',
  '/v2/model-mappings',
  '/v2/ips/blocked',
  '/v2/ips/visitors',
  '/v2/logs?limit=100',
  '/v2/status',
  '/v2/deleted',
]

/** What each list reads when there are so many of everything. */
async function readsOf(count: number): Promise<Readonly<Record<string, object>>> {
  const { store, calls } = counted(memoryStore(() => 1_700_000_000_000))
  const { call } = await adminApp({ deps: { store } })
  for (let at = 0; at < count; at++) {
    const secrets = secretsOf(`a${at}`)
    const draft = { id: `a${at}`, label: `a${at}`, enabled: true, credentials: secrets }
    await store.accounts.create(newAccountRecord(draft, at, 8), secrets)
    await call('POST', '/v2/users', { name: `user ${at}` })
    await call('POST', '/v2/keys', { name: `key ${at}` })
    await call('POST', '/v2/proxies', { url: `http://p${at}.example:3128` })
    await call('POST', '/v2/model-mappings', { name: `m${at}`, target: 'x' })
    await call('POST', '/v2/ips/block', { ip: `198.51.100.${at}` })
  }
  const seen: Record<string, object> = {}
  for (const path of lists) {
    calls.clear()
    expect([path, (await call('GET', path)).status]).toEqual([path, 200])
    seen[path] = Object.fromEntries([...calls].toSorted())
  }
  return seen
}

test('a list of many costs as many reads as a list of few', async () => {
  expect(await readsOf(60)).toEqual(await readsOf(2))
}, 240_000)
