import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { sha256Hex } from '../../server/access/digest.ts'
import { keyTraces } from '../../server/access/key.ts'
import { costOf } from '../../server/access/limits.ts'
import type { RequestRecord } from '../../server/store/request-record.ts'
import { adminApp, quotaOf } from './admin-app.ts'

export const requestRow = (id: string, more: Partial<RequestRecord> = {}): RequestRecord => ({
  ...{
    id,
    at: 1_700_000_000_000 - 60_000,
    dialect: 'anthropic',
    model: 'claude-sonnet-4.5',
    stream: true,
    status: 200,
  },
  ...{ durationMs: 1_200, firstTokenMs: 300, inputTokens: 100, inputSource: 'estimate', outputTokens: 20 },
  ...{ outputSource: 'measured', inputMicroUsd: 500, outputMicroUsd: 500, peer: '192.0.2.1', userAgent: 'curl/8.5.0' },
  ...{ attempts: 1, route: '{}' },
  ...more,
})

const dayMs = 86_400_000
/** What stands in the link of key `k`. */
export const linkToken = `hov_${'a'.repeat(40)}`
const rate = {
  ...{ inputMicroUsdPerMillion: 5_000_000, outputMicroUsdPerMillion: 25_000_000 },
  ...{ inputCredits: 0, outputCredits: 0 },
}

/** The admin API with something of everything in it: accounts `a` (quota read) and `b`, user `u` with key `k`, requests, a proxy. */
export async function filledApp() {
  const homeDir = await mkdtemp(path.join(tmpdir(), 'home-'))
  const app = await adminApp({
    deps: { homeDir, testChat: async (path, _, as) => Response.json({ path, ...as }) },
  })
  const { store, call, clock, live } = app
  for (const id of ['a', 'b']) await app.addAccount(id)
  await store.accounts.saveQuota('a', quotaOf(10, 100))
  const proxy = (await call('POST', '/v2/proxies', { url: 'http://127.0.0.1:3128', name: 'there' })).json.proxy.id
  const at = { createdAt: clock.now, updatedAt: clock.now }
  await store.users.create([
    {
      user: { id: 'u', name: 'Ada', email: 'ada@example.com', enabled: true, priority: 1, notes: 'desk 4', ...at },
      key: { id: 'k', name: 'default', ...keyTraces(`sk-${'a'.repeat(43)}`), enabled: true, userId: 'u', ...at },
    },
  ])
  await store.handOvers.save({
    ...{ keyId: 'k', hash: sha256Hex(linkToken), graceMs: 0 },
    ...{ createdAt: clock.now, expiresAt: clock.now + dayMs },
  })
  await store.usage.write({
    add: ['2023-11-14', '2023-11', 'all'].map((period) => ({ subject: 'u', period, used: costOf(1_000, 100, rate) })),
    open: [],
    close: [],
  })
  const ofUser = { keyId: 'k', userId: 'u' }
  await store.requests.append([
    requestRow('old', { at: clock.now - 40 * dayMs }),
    requestRow('r1', { ...ofUser, at: clock.now - 30_000, accountId: 'a', upstreamModel: 'claude-sonnet-4.5' }),
    requestRow('r2', {
      ...{ dialect: 'openai-chat', status: 429, errorKind: 'pool-cooling', errorMessage: 'All accounts rest.' },
      ...{ peer: '192.0.2.2', stream: false, attempts: 2, accountId: 'b' },
    }),
    requestRow('r3', { dialect: 'admin-messages', status: 500, errorKind: 'upstream-failed', peer: '127.0.0.1' }),
  ])
  await call('PUT', '/v2/ips/config/192.0.2.1', { notes: 'office', rate_limit_rpm: 60 })
  await call('POST', '/v2/ips/block', { ip: '198.51.100.7', reason: 'abuse' })
  const mapping = (await call('POST', '/v2/model-mappings', { name: 'gpt-4o', target: 'claude-sonnet-4.5' })).json
  const operator = (
    await call('POST', '/v2/operators', { name: 'Olga', role: 'admin', password: 'the password of Olga' })
  ).json
  const token = (await call('POST', '/v2/admin-tokens', { name: 'script', scopes: ['read'] })).json
  const signIn = (await call('POST', '/v2/auth/start', { label: 'new' })).json.authId
  await call('POST', '/v2/accounts/batch', { action: 'enable', ids: ['a'] })
  const job = live.jobs.list()[0]?.id ?? ''
  /** What stands in braces in a path, by name. */
  const ids: Readonly<Record<string, string>> = {
    ...{ account: 'a', user: 'u', key: 'k', request: 'r1', ip: '192.0.2.1', proxy, mapping: mapping.mapping.id },
    ...{ operator: operator.id, token: token.id, signIn, job },
  }
  const fill = (text: string): string => text.replace(/\{(\w+)\}/g, (_, name: string) => ids[name] ?? name)
  return { ...app, ids, fill, homeDir, remove: () => rm(homeDir, { recursive: true, force: true }) }
}
