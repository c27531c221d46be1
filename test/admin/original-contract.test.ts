import { describe, expect, test } from 'bun:test'
import { adminApp, quotaOf } from './admin-app.ts'

// The original's admin API as its scripts know it: method, path, what is sent, the status and the keys of the answer. Ours may
// have more keys. Console pages, the client APIs and what other tests own (sign-in, device login) are not walked here.

type Json = Readonly<Record<string, unknown>>
type Row = {
  readonly route: string
  readonly send?: unknown
  readonly status?: number
  /** `[]` before the keys: a bare list of objects with them; `key[]`: the objects in that member. */
  readonly keys?: Readonly<Record<string, readonly string[]>>
  readonly error?: string
}

const accountKeys = [
  ...['id', 'label', 'clientId', 'clientSecret', 'refreshToken', 'accessToken', 'last_refresh_time'],
  ...['last_refresh_status', 'created_at', 'updated_at', 'enabled', 'status', 'status_reason', 'error_count'],
  ...['success_count', 'q_user_id', 'email', 'auth_method', 'region', 'usage_current', 'usage_limit'],
  ...['subscription_type', 'quota_refreshed_at', 'token_expiry'],
]
const listedKeys = accountKeys.filter(
  (key) => !['clientId', 'clientSecret', 'refreshToken', 'accessToken', 'auth_method', 'region'].includes(key),
)
const importKeys = ['success', 'total', 'valid', 'duplicate', 'invalid', 'imported', 'limitReached', 'message']
const settingKeys = [
  ...['adminPassword', 'apiKey', 'debugLog', 'enableRequestLog', 'logRetentionDays', 'enableIPRateLimit'],
  ...['ipRateLimitWindow', 'ipRateLimitMax', 'blockedIPs', 'maxErrorCount', 'port', 'layoutFullWidth'],
  ...['accountSelectionMode', 'supportedAccountSelectionModes', 'httpProxy', 'compressionEnabled', 'compressionModel'],
  ...['announcementEnabled', 'announcementText', 'forceModelEnabled', 'forceModel', 'quotaRefreshConcurrency'],
  ...['quotaRefreshInterval', 'maxAccounts', 'currentAccountCount', 'version'],
  ...['supportedForceModels', 'supportedCompressionModels', 'edition', 'isFreeEdition', 'chatConfig'],
]
const client = (id: string) => ({ clientId: `client-${id}`, clientSecret: `secret-of-the-client-${id}` })
const signIn = (id: string) => ({ ...client(id), refreshToken: `aorRefreshTokenOf${id}0001` })

const rows: readonly Row[] = [
  { route: 'POST /v2/accounts', send: { label: 'one', ...signIn('one') }, keys: { '': accountKeys } },
  { route: 'POST /v2/accounts', send: { label: 'x' }, status: 400, error: 'clientId' },
  { route: 'POST /v2/accounts/feed', send: { accounts: [signIn('fed')] }, keys: { '': ['created', 'count'] } },
  { route: 'POST /v2/accounts/import', send: [signIn('imported')], keys: { '': importKeys } },
  {
    route: 'POST /v2/accounts/direct-import',
    send: [
      { ...client('direct'), email: 'direct@example.com', password: 'x', username: 'y', added_time: '2024-05-06' },
    ],
    keys: { '': importKeys },
  },
  { route: 'POST /v2/accounts/direct-import', send: [], status: 400 },
  { route: 'POST /v2/accounts/direct-import', send: { accounts: [] }, status: 400 },
  {
    route: 'POST /v2/accounts/import-by-token',
    send: [{ refreshToken: 'aorRefreshTokenByItself0001' }],
    keys: {
      '': ['success', 'total', 'imported', 'failed', 'duplicate', 'limitReached', 'message', 'results'],
      'results[]': ['index', 'success', 'email', 'userId', 'label'],
    },
  },
  { route: 'POST /v2/accounts/import-by-token', send: [], status: 400 },
  {
    route: 'GET /v2/accounts?status=all&orderBy=usage_current&orderDesc=false&page=1&pageSize=2',
    keys: {
      '': ['accounts', 'count', 'pagination', 'quotaStats', 'accountStats', 'statusStats'],
      'accounts[]': listedKeys,
      pagination: ['total', 'page', 'pageSize', 'pages'],
      quotaStats: ['totalUsage', 'totalLimit', 'count', 'percent'],
      accountStats: ['totalCount', 'enabledCount', 'successTotal', 'errorTotal'],
      statusStats: ['normal', 'disabled', 'suspended', 'exhausted', 'expired'],
    },
  },
  {
    route: 'GET /v2/accounts/export',
    keys: {
      '[]': [
        ...['label', 'clientId', 'clientSecret', 'refreshToken', 'accessToken'],
        ...['enabled', 'errorCount', 'successCount'],
      ],
    },
  },
  { route: 'GET /v2/accounts/incomplete', keys: { '': ['accounts', 'count'] } },
  { route: 'GET /v2/accounts/a', keys: { '': accountKeys } },
  { route: 'GET /v2/accounts/none', status: 404 },
  {
    route: 'GET /v2/accounts/a/quota',
    keys: { '': ['currentUsage', 'usageLimit', 'subscriptionType', 'quotaRefreshedAt', 'usedPercent', 'fromCache'] },
  },
  {
    route: 'GET /v2/accounts/a/quota?resourceType=AGENTIC_REQUEST&refresh=true',
    keys: { '': ['usedPercent', 'fromCache'] },
  },
  { route: 'GET /v2/accounts/none/quota', status: 404 },
  { route: 'PATCH /v2/accounts/a', send: { label: 'renamed', enabled: false }, keys: { '': accountKeys } },
  { route: 'PATCH /v2/accounts/none', send: { label: 'x' }, status: 404 },
  { route: 'PATCH /v2/accounts/a', send: { enabled: 'no' }, status: 400, error: 'enabled' },
  { route: 'POST /v2/accounts/a/refresh', keys: { '': accountKeys } },
  { route: 'POST /v2/accounts/none/refresh', status: 404 },
  {
    route: 'POST /v2/accounts/sync-emails',
    keys: {
      '': ['success', 'total', 'synced', 'skipped', 'failed', 'message', 'results'],
      'results[]': ['id', 'success', 'email'],
    },
  },
  {
    route: 'POST /v2/accounts/refresh-quotas',
    keys: { '': ['success', 'message', 'stats'], stats: ['success', 'suspended', 'expired', 'exhausted', 'error'] },
  },
  { route: 'POST /v2/accounts/disable-all', keys: { '': ['success', 'count', 'message'] } },
  { route: 'POST /v2/accounts/enable-all', keys: { '': ['success', 'count', 'message'] } },
  { route: 'POST /v2/accounts/reset-stats', keys: { '': ['message'] } },
  { route: 'DELETE /v2/accounts/incomplete', keys: { '': ['success', 'count', 'message'] } },
  { route: 'DELETE /v2/accounts/suspended', keys: { '': ['success', 'count', 'message'] } },
  { route: 'DELETE /v2/accounts/b', keys: { '': ['success'] } },
  { route: 'DELETE /v2/accounts/b', status: 404 },
  {
    route: 'GET /v2/settings',
    keys: { '': settingKeys, 'supportedAccountSelectionModes[]': ['value', 'label', 'description'] },
  },
  { route: 'PUT /v2/settings', send: { maxErrorCount: 12 }, keys: { '': settingKeys } },
  {
    route: 'GET /v2/models',
    keys: { '': ['models'], 'models[]': ['id', 'name', 'description', 'default', 'thinking'] },
  },
  { route: 'POST /v2/proxies', send: { url: 'http://127.0.0.1:8080', name: 'p' }, keys: { '': ['message', 'proxy'] } },
  {
    route: 'GET /v2/proxies',
    keys: {
      '': ['proxies', 'total'],
      'proxies[]': ['id', 'url', 'name', 'enabled', 'weight', 'created_at', 'updated_at'],
    },
  },
  { route: 'POST /v2/proxies', send: { url: 'http://127.0.0.1' }, status: 400, error: 'url' },
  { route: 'PUT /v2/proxies/none', send: { name: 'x' }, status: 404 },
  { route: 'POST /v2/proxies/none/toggle', status: 404 },
  { route: 'DELETE /v2/proxies/none', status: 404 },
]

async function filled() {
  const app = await adminApp()
  for (const id of ['a', 'b']) await app.addAccount(id)
  await app.call('POST', '/v2/proxies', { url: 'http://127.0.0.1:3128', name: 'there' })
  await app.store.accounts.saveQuota('a', quotaOf(10, 100))
  return app
}

describe('every row alone', () => {
  for (const [at, row] of rows.entries()) {
    test(`${at + 1}. ${row.route} ${row.status ?? 200} ${row.error ?? ''}`, async () => {
      const { call, clock } = await filled()
      clock.now += 1_000
      const [method = '', path = ''] = row.route.split(' ')
      // One row is about what has gone already.
      if (row.route.startsWith('DELETE /v2/accounts/b') && row.status === 404) await call(method, path)
      const answer = await call(method, path, row.send)
      expect(answer.status, answer.text).toBe(row.status ?? 200)
      if ((row.status ?? 200) >= 400) {
        expect(answer.json).toMatchObject({ error: expect.any(String), code: expect.any(String) })
        if (row.error !== undefined) expect(answer.json.field).toContain(row.error)
      }
      for (const [where, keys] of Object.entries(row.keys ?? {})) {
        expect(Object.keys(objectAt(answer.json, where))).toEqual(expect.arrayContaining([...keys]))
      }
    })
  }
})

test('a script’s whole walk, one call after another, meets no surprise', async () => {
  const { call, clock } = await filled()
  for (const { route, send, status = 200 } of rows) {
    clock.now += 1_000
    const [method = '', path = ''] = route.split(' ')
    const answer = await call(method, path, send)
    expect([route, answer.status]).toEqual([route, status])
  }
})

function objectAt(json: Json | readonly Json[], where: string): Json {
  if (where === '') return json as Json
  if (where === '[]') return (json as readonly Json[])[0] ?? {}
  if (where.endsWith('[]')) return ((json as Json)[where.slice(0, -2)] as readonly Json[])[0] ?? {}
  return (json as Json)[where] as Json
}
