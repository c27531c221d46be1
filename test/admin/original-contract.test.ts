import { afterAll, describe, expect, test } from 'bun:test'
import { type TSchema, Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { controlToken, password } from './admin-app.ts'
import { filledApp } from './filled-app.ts'
import * as shape from './original-shapes.ts'

// The original's admin API as its scripts know it, route by route: method, path, what is sent, the status, the members of the
// answer and their types. Ours may have more members. The rows of one route stand together; what is in braces is an id.
// Where the original's answer was a defect (D-…) the row says what ours does in its place.

type Row = {
  readonly route: string
  readonly send?: unknown
  /** As text, with whatever a script might send. */
  readonly raw?: string
  readonly status?: number
  readonly shape?: TSchema
  /** Members with these values. */
  readonly value?: object
  /** The member that a refusal names. */
  readonly field?: string
  /** Secrets that must not be in the answer, or keys that must be. */
  readonly text?: RegExp
  readonly why?: string
}

const client = (id: string) => ({ clientId: `client-${id}`, clientSecret: `secret-of-the-client-${id}` })
const signIn = (id: string) => ({ ...client(id), refreshToken: `aorRefreshTokenOf${id}0001` })
const chat = { model: 'claude-sonnet-4.5', messages: [{ role: 'user', content: 'hi' }] }
const tool = { baseUrl: 'http://127.0.0.1:62311', apiKey: 'sk-0123456789abcdefghij' }
const secrets = /SECRET|secret-of-the-client/

const rows: readonly Row[] = [
  // 2.3 sign-in
  { route: 'POST /api/login', send: { password }, shape: shape.login, value: { success: true } },
  { route: 'POST /api/login', send: { Password: password }, value: { success: true }, why: 'names in any case' },
  {
    ...{ route: 'POST /api/login', send: { password: 'wrong' }, status: 401 },
    ...{ shape: shape.login, value: { success: false }, why: 'the original answered 200' },
  },
  { route: 'POST /api/login', raw: 'password=x', status: 400 },
  { route: 'POST /api/logout', value: { success: true } },

  // 2.6 device sign-in
  { route: 'POST /v2/auth/start', send: {}, shape: shape.signInStarted },
  { route: 'POST /v2/auth/start', send: { label: null, enabled: null }, shape: shape.signInStarted },
  { route: 'POST /v2/auth/start', status: 400 },
  { route: 'POST /v2/auth/start', send: { label: 5 }, status: 400, field: 'label' },
  { route: 'GET /v2/auth/status/{signIn}', shape: shape.signInStatus, value: { status: 'pending', error: null } },
  { route: 'GET /v2/auth/status/none', status: 404 },
  { route: 'POST /v2/auth/claim/{done}', shape: shape.signInClaimed, value: { status: 'completed' } },
  { route: 'POST /v2/auth/claim/none', status: 404 },

  // 2.7 accounts
  { route: 'POST /v2/accounts', send: { label: 'one', ...signIn('one') }, shape: shape.account },
  {
    ...{ route: 'POST /v2/accounts', send: { ...client('off'), enabled: false, errorCount: 2, successCount: 3 } },
    ...{ value: { enabled: false, status: 'disabled', error_count: 2, success_count: 3 }, why: 'D-08' },
  },
  {
    ...{ route: 'POST /v2/accounts', send: { ...client('new'), refreshToken: 'rt', accessToken: 'at' } },
    ...{ shape: shape.account, value: { last_refresh_time: 'never', last_refresh_status: 'unknown' } },
  },
  { route: 'POST /v2/accounts', send: { label: 'x' }, status: 400, field: 'clientId' },
  { route: 'POST /v2/accounts', send: { ...client('x'), enabled: 'yes' }, status: 400, field: 'enabled' },
  { route: 'POST /v2/accounts', send: { ...client('x'), label: 5 }, status: 400, field: 'label' },
  { route: 'POST /v2/accounts', raw: 'x', status: 400 },
  { route: 'POST /v2/accounts', status: 400 },
  {
    ...{ route: 'POST /v2/accounts/feed', send: { accounts: [signIn('fed'), { label: 'none' }] } },
    ...{ shape: shape.fed, value: { count: 1 } },
  },
  { route: 'POST /v2/accounts/feed', send: { accounts: [] }, shape: shape.fed, value: { count: 0 } },
  { route: 'POST /v2/accounts/feed', status: 400 },
  {
    ...{ route: 'POST /v2/accounts/import', send: [signIn('in'), { ...client('in') }, { label: 'none' }] },
    ...{ shape: shape.imported, value: { total: 3, valid: 2, duplicate: 1, invalid: 1, imported: 1 } },
  },
  { route: 'POST /v2/accounts/import', send: [], shape: shape.imported, value: { total: 0, imported: 0 } },
  {
    ...{ route: 'POST /v2/accounts/import', send: [{ ...client('short'), refreshToken: 'rt-1', enabled: false }] },
    ...{ value: { imported: 1, invalid: 0 }, why: 'whatever token the original exported' },
  },
  { route: 'POST /v2/accounts/import', raw: 'not json', status: 400 },
  { route: 'POST /v2/accounts/import', status: 400 },
  {
    route: 'POST /v2/accounts/direct-import',
    send: [
      { ...client('d1'), email: 'direct@example.com', password: 'x', username: 'y', added_time: '2024-05-06' },
      { ...client('d2'), email: 'direct@example.com' },
    ],
    shape: shape.imported,
    value: { imported: 1, duplicate: 1 },
  },
  { route: 'POST /v2/accounts/direct-import', send: [], status: 400 },
  { route: 'POST /v2/accounts/direct-import', send: { accounts: [] }, status: 400 },
  {
    ...{ route: 'POST /v2/accounts/import-by-token', send: [{ refreshToken: 'aorRefreshTokenByItself0001' }, {}] },
    ...{ shape: shape.importedByToken, value: { success: true, total: 2, imported: 1, failed: 1 } },
  },
  { route: 'POST /v2/accounts/import-by-token', send: [], status: 400 },
  { route: 'POST /v2/accounts/import-by-token', raw: '{"a', status: 400 },
  { route: 'POST /v2/accounts/import-by-token', raw: 'not json', status: 400 },
  {
    ...{ route: 'POST /v2/accounts/reset-stats', shape: shape.told },
  },
  { route: 'GET /v2/accounts', shape: shape.accountList, value: { count: 2 }, text: /^(?!.*SECRET)/ },
  {
    ...{ route: 'GET /v2/accounts?status=all&orderBy=usage_current&orderDesc=false&page=2&pageSize=1' },
    ...{ shape: shape.accountList },
    value: { count: 1, pagination: { total: 2, page: 2, pageSize: 1, pages: 2 }, accounts: [{ id: 'a' }] },
  },
  { route: 'GET /v2/accounts?pageSize=9999&page=0', value: { pagination: { page: 1, pageSize: 500 } } },
  { route: 'GET /v2/accounts?status=nonsense', value: { count: 0, accountStats: { totalCount: 2 } } },
  { route: 'GET /v2/accounts?enabled=false', value: { count: 0 } },
  { route: 'GET /v2/accounts?enabled=true', value: { count: 2 } },
  { route: 'GET /v2/accounts?orderBy=nonsense&orderDesc=1', value: { accounts: [{ id: 'a' }, { id: 'b' }] } },
  { route: 'GET /v2/accounts/', shape: shape.accountList, why: 'a slash at the end' },
  { route: 'GET /v2/accounts/export', shape: shape.exported, text: /^(?!.*SECRET)/ },
  { route: 'GET /v2/accounts/incomplete', shape: shape.incomplete, value: { count: 0 } },
  { route: 'DELETE /v2/accounts/incomplete', shape: shape.counted, value: { success: true, count: 0 } },
  { route: 'DELETE /v2/accounts/suspended', shape: shape.counted, value: { success: true, count: 0 } },
  { route: 'POST /v2/accounts/enable-all', shape: shape.counted, value: { success: true, count: 0 } },
  { route: 'POST /v2/accounts/disable-all', shape: shape.counted, value: { success: true, count: 2 } },
  { route: 'GET /v2/accounts/a', shape: shape.account, text: /^(?!.*SECRET)/ },
  { route: 'GET /v2/accounts/none', status: 404 },
  { route: 'GET /v2/accounts/a/quota', shape: shape.quotaKept, value: { fromCache: true, usedPercent: 10 } },
  { route: 'GET /v2/accounts/a/quota?resourceType=AGENTIC_REQUEST&refresh=true', shape: shape.quotaRead },
  { route: 'GET /v2/accounts/none/quota', status: 404 },
  {
    ...{ route: 'PATCH /v2/accounts/a', send: { label: 'renamed', enabled: false }, shape: shape.account },
    ...{ value: { label: 'renamed', enabled: false, status: 'disabled' }, why: 'D-07' },
  },
  {
    ...{ route: 'PATCH /v2/accounts/a', send: { enabled: null, clientId: null, refreshToken: null } },
    ...{ value: { enabled: true, clientId: 'client-a' }, why: 'null: as it is' },
  },
  { route: 'PATCH /v2/accounts/a', send: { status: 'normal', id: 'other' }, value: { id: 'a' } },
  { route: 'PATCH /v2/accounts/a', send: { enabled: 'no' }, status: 400, field: 'enabled' },
  { route: 'PATCH /v2/accounts/none', send: { label: 'x' }, status: 404, why: 'D-02, D-75' },
  { route: 'DELETE /v2/accounts/b', value: { success: true } },
  { route: 'DELETE /v2/accounts/none', status: 404, why: 'D-75' },
  { route: 'POST /v2/accounts/a/refresh', shape: shape.account },
  { route: 'POST /v2/accounts/none/refresh', status: 404, why: 'D-75' },
  { route: 'POST /v2/accounts/sync-emails', shape: shape.synced, value: { success: true, total: 2, synced: 2 } },
  { route: 'POST /v2/accounts/refresh-quotas', shape: shape.quotasRefreshed, value: { stats: { success: 2 } } },

  // 2.5 console chats
  { route: 'POST /v2/test/chat/completions', send: chat, value: { path: '/v2/test/chat/completions' } },
  { route: 'POST /v2/test/messages', send: { ...chat, max_tokens: 9 }, value: { path: '/v2/test/messages' } },

  // 2.8 settings, models
  { route: 'GET /v2/settings', shape: shape.settings, value: shape.firstSettings },
  { route: 'PUT /v2/settings', send: { maxErrorCount: 12 }, shape: shape.settingsSaved, value: { maxErrorCount: 12 } },
  { route: 'PUT /v2/settings', send: { MAXERRORCOUNT: 12 }, value: { maxErrorCount: 12 }, why: 'names in any case' },
  { route: 'PUT /v2/settings', send: {}, shape: shape.settingsSaved },
  { route: 'PUT /v2/settings', send: { maxErrorCount: '12' }, status: 400, field: 'maxErrorCount' },
  { route: 'PUT /v2/settings', send: { debugLog: 'true' }, status: 400, field: 'debugLog' },
  { route: 'PUT /v2/settings', send: { adminPassword: '' }, status: 400, field: 'adminPassword', why: 'D-36' },
  { route: 'PUT /v2/settings', send: { maxErrorCuont: 1 }, status: 400, field: 'maxErrorCuont' },
  { route: 'PUT /v2/settings', send: { blockedIPs: ['127.0.0.1'] }, status: 400, field: 'blockedIPs', why: 'D-65' },
  { route: 'PUT /v2/settings', raw: 'x', status: 400 },
  { route: 'GET /v2/models', shape: shape.models },

  // 11.1 proxies
  { route: 'GET /v2/proxies', shape: shape.proxyList, value: { total: 1 } },
  {
    ...{ route: 'POST /v2/proxies', send: { url: 'http://u:pass@127.0.0.1:8080', name: 'p', enabled: false } },
    ...{ shape: shape.proxyMade, value: { proxy: { enabled: false, weight: 1 } }, text: /^(?!.*pass@)/, why: 'D-08' },
  },
  { route: 'POST /v2/proxies', send: {}, status: 400, field: 'url' },
  { route: 'POST /v2/proxies', send: { url: 'http://127.0.0.1' }, status: 400, field: 'url' },
  { route: 'POST /v2/proxies', send: { url: 'ftp://127.0.0.1:21' }, status: 400, field: 'url' },
  { route: 'PUT /v2/proxies/{proxy}', send: { name: 'x', weight: 2 }, shape: shape.told },
  { route: 'PUT /v2/proxies/{proxy}', send: {}, status: 400 },
  { route: 'PUT /v2/proxies/none', send: { name: 'x' }, status: 404, why: 'D-75' },
  { route: 'DELETE /v2/proxies/{proxy}', shape: shape.told },
  { route: 'DELETE /v2/proxies/none', status: 404 },
  { route: 'POST /v2/proxies/{proxy}/toggle', shape: shape.toggled, value: { enabled: false } },
  { route: 'POST /v2/proxies/none/toggle', status: 404, why: 'D-75' },

  // 10 request log
  { route: 'GET /v2/logs', shape: shape.logList, value: { total: 4, limit: 100, offset: 0 } },
  { route: 'GET /v2/logs?limit=1&offset=1', value: { total: 4, limit: 1, offset: 1, logs: [{ id: 'r3' }] } },
  { route: 'GET /v2/logs?page=2&page_size=1', value: { limit: 1, offset: 1, logs: [{ id: 'r3' }] } },
  { route: 'GET /v2/logs?limit=-1', value: { total: 4, limit: 1000 }, why: 'D-85: bounded' },
  { route: 'GET /v2/logs?limit=x', status: 400, field: 'limit' },
  { route: 'GET /v2/logs?client_ip=192.0.2.2', value: { total: 1, logs: [{ id: 'r2' }] } },
  { route: 'GET /v2/logs?account_id=a', value: { total: 1, logs: [{ id: 'r1' }] } },
  {
    route: 'GET /v2/logs?endpoint_type=openai',
    value: {
      total: 1,
      logs: [
        {
          ...{ method: 'POST', path: '/v1/chat/completions', endpoint_type: 'openai', status_code: 429 },
          ...{ is_success: false, is_stream: false, client_ip: '192.0.2.2', error_message: 'All accounts rest.' },
        },
      ],
    },
  },
  {
    route: 'GET /v2/logs?endpoint_type=claude&is_success=true&start_time=2023-11-14T00:00:00Z',
    value: {
      total: 1,
      logs: [
        {
          ...{ method: 'POST', path: '/v1/messages', endpoint_type: 'claude', status_code: 200, account_id: 'a' },
          ...{ user_id: 'u', duration_ms: 1200, cost_usd: 0.001, user_agent: 'curl/8.5.0' },
        },
      ],
    },
  },
  { route: 'GET /v2/logs?endpoint_type=admin', value: { total: 1, logs: [{ path: '/v2/test/messages' }] } },
  { route: 'GET /v2/logs?is_success=false', value: { total: 2 } },
  { route: 'GET /v2/logs?is_success=1', value: { total: 2 } },
  { route: 'GET /v2/logs?start_time=2023-11-15T06:00:00%2B08:00', value: { total: 3 } },
  { route: 'GET /v2/logs?end_time=2023-11-01T00:00:00Z', value: { total: 1, logs: [{ id: 'old' }] } },
  { route: 'GET /v2/logs?start_time=nonsense', status: 400, field: 'start_time' },
  { route: 'GET /v2/logs/stats', shape: shape.logStats, value: { total_requests: 3, success_requests: 1 } },
  { route: 'GET /v2/logs/stats?is_success=1', value: { total_requests: 1, success_rate: 100 } },
  { route: 'GET /v2/logs/stats?endpoint_type=openai&client_ip=192.0.2.2', value: { failed_requests: 1 } },
  { route: 'POST /v2/logs/cleanup', send: { days_to_keep: 30 }, shape: shape.cleaned, value: { deleted: 1 } },
  { route: 'POST /v2/logs/cleanup', shape: shape.cleaned, value: { deleted: 1 } },
  { route: 'POST /v2/logs/cleanup', send: { days_to_keep: 0 }, value: { deleted: 1 } },
  { route: 'POST /v2/logs/cleanup', send: { days_to_keep: 60 }, value: { deleted: 0 } },
  { route: 'POST /v2/logs/cleanup', send: { days_to_keep: '7' }, status: 400, field: 'days_to_keep' },

  // 9 addresses
  { route: 'GET /v2/ips/blocked', shape: shape.blocked, value: { blocked_ips: [{ reason: 'abuse' }] } },
  { route: 'POST /v2/ips/block', send: { ip: '203.0.113.9' }, shape: shape.ipTold, value: { ip: '203.0.113.9' } },
  { route: 'POST /v2/ips/block', send: { ip: '198.51.100.7', reason: 'again' }, shape: shape.ipTold },
  { route: 'POST /v2/ips/block', send: {}, status: 400, field: 'ip' },
  { route: 'POST /v2/ips/block', send: { ip: 'not one' }, status: 400, field: 'ip', why: 'D-65' },
  { route: 'POST /v2/ips/block', send: { ip: '127.0.0.1' }, status: 400, field: 'ip', why: 'D-65' },
  { route: 'POST /v2/ips/unblock', send: { ip: '198.51.100.7' }, shape: shape.ipTold },
  { route: 'POST /v2/ips/unblock', send: { ip: '203.0.113.200' }, shape: shape.ipTold },
  { route: 'POST /v2/ips/unblock', send: {}, status: 400, field: 'ip' },
  {
    ...{ route: 'GET /v2/ips/visitors', shape: shape.visitors },
    value: { visitor_ips: [{ user_name: 'Ada', notes: 'office', rate_limit_rpm: 60 }, {}, {}] },
  },
  { route: 'GET /v2/ips/config/{ip}', shape: shape.ipConfig, value: { notes: 'office', rate_limit_rpm: 60 } },
  {
    ...{ route: 'GET /v2/ips/config/203.0.113.50', shape: shape.ipConfigNone },
    value: { notes: null, rate_limit_rpm: 0, daily_request_limit: 0 },
  },
  { route: 'GET /v2/ips/config/2001%3Adb8%3A%3A1', value: { ip: '2001:db8::1' } },
  { route: 'GET /v2/ips/config/%25', status: 400, field: 'ip' },
  {
    ...{ route: 'PUT /v2/ips/config/{ip}', send: { daily_request_limit: 5, notes: null }, shape: shape.ipConfig },
    value: { notes: 'office', rate_limit_rpm: 60, daily_request_limit: 5 },
  },
  { route: 'PUT /v2/ips/config/{ip}', send: { notes: '' }, value: { notes: null }, why: 'D-40' },
  { route: 'PUT /v2/ips/config/{ip}', send: { rate_limit_rpm: '5' }, status: 400, field: 'rate_limit_rpm' },

  // 2.9 users
  {
    ...{ route: 'POST /v2/users', send: { ...shape.newUser, enabled: false }, shape: shape.user },
    ...{ value: { ...shape.newUser, enabled: false }, text: /"api_key":"sk-\w{43,}"/, why: 'D-08' },
  },
  { route: 'POST /v2/users', send: { name: 'x' }, value: { enabled: true, is_vip: false, daily_quota: 0 } },
  { route: 'POST /v2/users', send: {}, status: 400, field: 'name' },
  { route: 'POST /v2/users', send: { name: 'x', daily_quota: '10' }, status: 400, field: 'daily_quota' },
  {
    ...{ route: 'POST /v2/users/batch-vip?count=3', shape: shape.usersMade, text: /"api_key":"sk-/ },
    value: { count: 3, users: [{ is_vip: true, request_quota: 1000, rate_limit_rpm: 10 }, {}, {}] },
  },
  { route: 'POST /v2/users/batch-vip', shape: shape.usersMade, value: { count: 10 } },
  { route: 'POST /v2/users/batch-vip?count=500', value: { count: 10 } },
  { route: 'GET /v2/users', shape: shape.userList, text: /"api_key":"\*\*\*\*"/ },
  { route: 'GET /v2/users?enabled=true', shape: shape.userList },
  { route: 'GET /v2/users?enabled=0', text: /^\[\]$/ },
  { route: 'GET /v2/users/u', shape: shape.user, value: { name: 'Ada', api_key: '****', total_tokens_used: 1100 } },
  { route: 'GET /v2/users/none', status: 404 },
  {
    ...{ route: 'PATCH /v2/users/u', send: { daily_quota: 7, name: null, notes: null }, shape: shape.user },
    value: { name: 'Ada', notes: 'desk 4', daily_quota: 7 },
  },
  { route: 'PATCH /v2/users/u', send: { enabled: 'yes' }, status: 400, field: 'enabled' },
  { route: 'PATCH /v2/users/none', send: { name: 'x' }, status: 404, why: 'D-75' },
  { route: 'DELETE /v2/users/u', shape: shape.told },
  { route: 'DELETE /v2/users/none', status: 404, why: 'D-75' },
  { route: 'POST /v2/users/u/regenerate-key', text: /"api_key":"sk-\w{43,}"/ },
  { route: 'POST /v2/users/none/regenerate-key', status: 404 },
  {
    ...{ route: 'GET /v2/users/u/stats?days=30', shape: shape.userStats },
    value: { total_tokens: 1100, monthly_total: 1100, quota_remaining: -1, daily_usage: [{ date: '2023-11-14' }] },
  },
  { route: 'GET /v2/users/none/stats', status: 404, why: 'D-75' },
  { route: 'GET /v2/users/u/ips', shape: shape.userIps, value: { count: 1, ips: [{ ip: '192.0.2.1' }] } },
  { route: 'GET /v2/users/none/ips', status: 404 },
  { route: 'GET /v2/stats/users', shape: shape.userTotals },
  { route: 'GET /v2/stats/online', shape: shape.online },
  { route: 'GET /v2/health/aws-latency', shape: shape.latency, value: { latency: 120, status: 'good' } },

  // 11.3 tools of this machine
  { route: 'GET /v2/devtools/claude-code/config', shape: shape.tool, value: { configured: false } },
  { route: 'POST /v2/devtools/claude-code/config', send: tool, value: { success: true } },
  { route: 'POST /v2/devtools/claude-code/config', send: { baseUrl: 'x' }, status: 400, field: 'apiKey' },
  { route: 'GET /v2/devtools/droid/config', shape: shape.tool, value: { configured: false } },
  { route: 'POST /v2/devtools/droid/config', send: tool, value: { success: true } },
  { route: 'POST /v2/devtools/droid/config', status: 400 },
]

/** The routes of the original's overview that live under `/v2` and `/api`; its backup has tests of its own. */
const overview = shape.overview

const made: (() => Promise<void>)[] = []
afterAll(async () => {
  for (const remove of made) await remove()
})

async function filled() {
  const app = await filledApp()
  made.push(app.remove)
  app.world.signIns.set('done', { status: 'completed', remainingMs: 0, accountId: 'a' })
  const send = ({ route, send: body, raw }: Row) => {
    const [method = '', path = ''] = route.split(' ')
    const headers = { authorization: `Bearer ${password}` }
    app.clock.now += 1_000
    return app.ask(method, app.fill(path), {
      headers,
      ...(body === undefined ? {} : { body }),
      ...(raw === undefined ? {} : { raw }),
    })
  }
  return { ...app, send }
}

describe('every row alone', () => {
  const shared = filled()
  for (const [at, row] of rows.entries()) {
    const { route, status = 200, field, value, text, why } = row
    const sent = row.raw ?? (row.send === undefined ? '' : JSON.stringify(row.send).slice(0, 60))
    test(`${at + 1}. ${route} ${sent} ${status} ${why ?? ''}`, async () => {
      // What changes nothing may look at the same things as others do.
      const changes = status < 400 && !route.startsWith('GET')
      const { send } = await (changes ? filled() : shared)
      const answer = await send(row)
      expect([answer.status, answer.text]).toEqual([status, expect.any(String)])
      if (status >= 400 && !route.startsWith('POST /api/login')) {
        expect([typeof answer.json.error, typeof answer.json.code]).toEqual(['string', 'string'])
      }
      if (field !== undefined) expect(answer.json.field).toBe(field)
      if (row.shape !== undefined) {
        expect([...Value.Errors(row.shape, answer.json)].map(({ path, message }) => `${path} ${message}`)).toEqual([])
      }
      if (value !== undefined) expect(answer.json).toMatchObject(value)
      if (text !== undefined) expect(answer.text).toMatch(text)
    })
  }
})

test('every route of the original’s overview has its rows', () => {
  const walked = new Set(rows.map(({ route }) => route.replace(/\?.*/, '').replace(/\/$/, '')))
  const named = [...walked].map((route) => route.replace(/\/(\{\w+\}|none|a|b|u)(?=\/|$)/g, '/:id'))
  const missing = overview.filter((route) => !named.includes(route.replace(/:\w+/g, ':id')))
  expect(missing).toEqual(['GET /v2/server-logs/stream'])
})

test('a script’s whole walk, one call after another, meets no surprise', async () => {
  const { send } = await filled()
  for (const row of rows.filter(({ route }) => !/^DELETE .*\/(b|u|\{proxy\})$/.test(route))) {
    const answer = await send(row)
    expect([row.route, answer.status, answer.text.match(secrets)]).toEqual([row.route, row.status ?? 200, null])
  }
})

test('who may not, is told in the original’s codes', async () => {
  const { ask } = await filledApp()
  const none = await ask('GET', '/v2/settings')
  expect([none.status, none.json.code]).toEqual([401, 'UNAUTHORIZED'])
  const wrong = await ask('GET', '/v2/settings', { headers: { authorization: 'Bearer wrong' } })
  expect([wrong.status, wrong.json.code]).toEqual([401, 'INVALID_PASSWORD'])
  const url = await ask('GET', `/v2/settings?token=${encodeURIComponent(password)}`)
  expect(url.status).toBe(401) // D-56
  const control = await ask('GET', '/v2/settings', { headers: { 'x-control-token': controlToken } })
  expect(control.status).toBe(401)
})

test('an export with the password is whole, and goes in again as it is', async () => {
  const { ask, call, store } = await filledApp()
  const headers = { authorization: `Bearer ${password}`, 'x-confirm-password': password }
  const { json } = await ask('GET', '/v2/accounts/export?format=original', { headers })
  expect(json.map(({ clientId }: { clientId: string }) => clientId)).toEqual(['client-a', 'client-b'])
  expect(Object.keys(json[0])).toEqual([
    ...['label', 'clientId', 'clientSecret', 'refreshToken', 'accessToken', 'enabled', 'errorCount', 'successCount'],
  ])
  for (const id of ['a', 'b']) await store.accounts.remove(id)
  expect((await call('POST', '/v2/accounts/import', json)).json).toMatchObject({ imported: 2, invalid: 0 })
  const again = await ask('GET', '/v2/accounts/export?format=original', { headers })
  expect(again.json).toEqual(expect.arrayContaining(json))
})

const ofType = Type.Object({})
test('a shape that names a member finds its absence', () => {
  expect(Value.Check(shape.account, {})).toBe(false)
  expect(Value.Check(ofType, [])).toBe(false)
})
