import { type TSchema, Type } from '@sinclair/typebox'

// What the original's answers are made of. `null` where it says so; members it leaves out when they are null may be missing.

const text = Type.String()
const textOrNull = Type.Union([Type.String(), Type.Null()])
const whole = Type.Integer()
const number = Type.Number()
const flag = Type.Boolean()
const time = Type.String({ pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?(Z|[+-]\\d\\d:\\d\\d)$' })
const all = <Name extends string>(names: readonly Name[], type: TSchema) =>
  Object.fromEntries(names.map((name) => [name, type])) as Record<Name, TSchema>

export const told = Type.Object({ message: text })
export const counted = Type.Object({ success: flag, count: whole, message: text })
export const login = Type.Object({ success: flag, message: text })

export const signInStarted = Type.Object({
  ...all(['authId', 'verificationUriComplete', 'userCode'], text),
  ...all(['expiresIn', 'interval'], whole),
})
export const signInStatus = Type.Object({
  status: Type.Union([Type.Literal('pending'), Type.Literal('completed'), Type.Literal('error')]),
  remaining: Type.Integer({ minimum: 0 }),
  error: textOrNull,
  accountId: textOrNull,
})

const listed = {
  ...all(['id', 'created_at', 'updated_at'], text),
  ...all(['label', 'status_reason', 'last_refresh_time', 'last_refresh_status'], textOrNull),
  ...all(['q_user_id', 'email', 'subscription_type', 'quota_refreshed_at'], textOrNull),
  enabled: flag,
  status: Type.Union(['normal', 'disabled', 'suspended', 'exhausted', 'expired'].map((status) => Type.Literal(status))),
  ...all(['error_count', 'success_count'], whole),
  ...all(['usage_current', 'usage_limit'], number),
  token_expiry: Type.Union([whole, Type.Null()]),
}
export const account = Type.Object({
  ...listed,
  ...all(['clientId', 'clientSecret'], text),
  ...all(['refreshToken', 'accessToken', 'auth_method', 'region', 'machine_id', 'password', 'username'], textOrNull),
})
export const signInClaimed = Type.Object({ status: text, account })
export const accountList = Type.Object({
  accounts: Type.Array(Type.Object(listed)),
  count: whole,
  pagination: Type.Object(all(['total', 'page', 'pageSize', 'pages'], whole)),
  quotaStats: Type.Object({ ...all(['totalUsage', 'totalLimit'], number), ...all(['count', 'percent'], whole) }),
  accountStats: Type.Object(all(['totalCount', 'enabledCount', 'successTotal', 'errorTotal'], whole)),
  statusStats: Type.Object(all(['normal', 'disabled', 'suspended', 'exhausted', 'expired'], whole)),
})
export const incomplete = Type.Object({ accounts: Type.Array(account), count: whole })
export const fed = Type.Object({ created: Type.Array(text), count: whole })
export const imported = Type.Object({
  ...all(['success', 'limitReached'], flag),
  ...all(['total', 'valid', 'duplicate', 'invalid', 'imported'], whole),
  message: text,
})
export const importedByToken = Type.Object({
  ...all(['success', 'limitReached'], flag),
  ...all(['total', 'imported', 'failed', 'duplicate'], whole),
  message: text,
  results: Type.Array(
    Type.Union([
      Type.Object({ index: whole, success: Type.Literal(true), ...all(['email', 'userId', 'label'], text) }),
      Type.Object({ index: whole, success: Type.Literal(false), error: text }),
    ]),
  ),
})
export const exported = Type.Array(
  Type.Object({
    ...all(['label', 'refreshToken', 'accessToken'], textOrNull),
    ...all(['clientId', 'clientSecret'], text),
    enabled: flag,
    ...all(['errorCount', 'successCount'], whole),
  }),
  { minItems: 1 },
)
export const quotaKept = Type.Object({
  ...all(['currentUsage', 'usageLimit', 'usedPercent'], number),
  subscriptionType: textOrNull,
  quotaRefreshedAt: text,
  fromCache: Type.Literal(true),
})
export const quotaRead = Type.Object({
  usedPercent: Type.Union([number, Type.Null()]),
  fromCache: Type.Literal(false),
})
export const synced = Type.Object({
  success: flag,
  ...all(['total', 'synced', 'skipped', 'failed'], whole),
  message: text,
  results: Type.Array(Type.Object({ id: text, success: flag })),
})
export const quotasRefreshed = Type.Object({
  success: flag,
  message: text,
  stats: Type.Object(all(['success', 'suspended', 'expired', 'exhausted', 'error'], whole)),
})

const writable = {
  ...all(['adminPassword', 'apiKey', 'accountSelectionMode', 'httpProxy', 'compressionModel'], text),
  ...all(['announcementText', 'forceModel'], text),
  ...all(['debugLog', 'enableRequestLog', 'enableIPRateLimit', 'layoutFullWidth'], flag),
  ...all(['compressionEnabled', 'announcementEnabled', 'forceModelEnabled'], flag),
  ...all(['logRetentionDays', 'ipRateLimitWindow', 'ipRateLimitMax', 'maxErrorCount', 'port'], whole),
  ...all(['quotaRefreshConcurrency', 'quotaRefreshInterval'], whole),
  blockedIPs: Type.Array(text),
}
export const settings = Type.Object({
  ...writable,
  supportedAccountSelectionModes: Type.Array(Type.Object(all(['value', 'label', 'description'], text)), {
    minItems: 4,
  }),
  ...all(['supportedCompressionModels', 'supportedForceModels'], Type.Array(text)),
  ...all(['edition', 'version'], text),
  ...all(['maxAccounts', 'currentAccountCount'], whole),
  ...all(['isFreeEdition', 'testMode'], flag),
  chatConfig: Type.Object(all(['budgetTokens', 'maxTokens', 'timeoutMs'], whole)),
})
export const settingsSaved = Type.Object({ ...writable, proxyPoolEnabled: flag, proxyPoolStrategy: text })
/** Ours differ where an installation is better off: the request log is on, accounts are chosen by load (decisions). */
export const firstSettings = {
  ...{ debugLog: false, logRetentionDays: 7, enableIPRateLimit: false, ipRateLimitWindow: 1, ipRateLimitMax: 100 },
  ...{ maxErrorCount: 30, layoutFullWidth: false, forceModelEnabled: false, announcementEnabled: false },
  ...{ edition: 'ultra', isFreeEdition: false, testMode: false, currentAccountCount: 2, blockedIPs: ['198.51.100.7'] },
  chatConfig: { budgetTokens: 2_000, maxTokens: 4_096, timeoutMs: 120_000 },
}
export const models = Type.Object({
  models: Type.Array(Type.Object({ ...all(['id', 'name', 'description'], text), default: flag, thinking: flag }), {
    minItems: 1,
  }),
})

const proxy = Type.Object({
  ...all(['id', 'url', 'name', 'created_at', 'updated_at'], text),
  enabled: flag,
  weight: whole,
})
export const proxyList = Type.Object({ proxies: Type.Array(proxy), total: whole })
export const proxyMade = Type.Object({ message: text, proxy })
export const toggled = Type.Object({ message: text, enabled: flag })

const logRow = Type.Object({
  ...all(['id', 'client_ip', 'method', 'path', 'endpoint_type', 'model', 'user_agent'], text),
  timestamp: time,
  ...all(['status_code', 'input_tokens', 'output_tokens'], whole),
  duration_ms: number,
  ...all(['is_success', 'is_stream'], flag),
  ...all(['account_id', 'user_id', 'api_key_prefix', 'original_model', 'error_message'], Type.Optional(text)),
  ...all(['user_name', 'user_type'], Type.Optional(text)),
  cost_usd: Type.Optional(number),
})
export const logList = Type.Object({ logs: Type.Array(logRow), ...all(['total', 'limit', 'offset'], whole) })
export const logStats = Type.Object({
  ...all(['total_requests', 'success_requests', 'failed_requests', 'total_input_tokens'], whole),
  total_output_tokens: whole,
  ...all(['success_rate', 'avg_duration_ms', 'total_cost_usd', 'input_cost_usd', 'output_cost_usd'], number),
  top_ips: Type.Array(Type.Object({ ip: text, request_count: whole }), { maxItems: 10 }),
  top_accounts: Type.Array(Type.Object({ account_id: text, request_count: whole, total_tokens: whole })),
})
export const cleaned = Type.Object({ deleted: whole, message: text })

export const blocked = Type.Object({
  blocked_ips: Type.Array(Type.Object({ ip: text, reason: Type.Optional(text), created_at: time })),
})
export const ipTold = Type.Object({ message: text, ip: text })
export const ipConfigNone = Type.Object({
  ip: text,
  notes: textOrNull,
  ...all(['rate_limit_rpm', 'daily_request_limit'], whole),
})
export const ipConfig = Type.Composite([ipConfigNone, Type.Object({ created_at: time, updated_at: time })])
const visit = {
  ip: text,
  last_visit: time,
  ...all(['request_count', 'success_count', 'request_count_day', 'request_count_hour'], whole),
  user_id: Type.Optional(text),
}
export const visitors = Type.Object({
  visitor_ips: Type.Array(
    Type.Object({
      ...visit,
      ...all(['rate_limit_rpm', 'daily_request_limit'], whole),
      ...all(['user_name', 'notes'], Type.Optional(text)),
    }),
  ),
})

export const newUser = {
  ...{ name: 'Bo', email: 'bo@example.com', daily_quota: 1_000, monthly_quota: 20_000, request_quota: 50 },
  ...{ rate_limit_rpm: 5, is_vip: true, notes: 'desk 5' },
}
const userMembers = {
  ...all(['id', 'name', 'api_key'], text),
  ...all(['created_at', 'updated_at'], time),
  ...all(['enabled', 'is_vip'], flag),
  ...all(['daily_quota', 'monthly_quota', 'request_quota', 'rate_limit_rpm'], whole),
  ...all(['total_tokens_used', 'total_requests'], whole),
  total_cost_usd: number,
  ...all(['email', 'notes', 'last_reset_daily', 'last_reset_monthly'], Type.Optional(text)),
}
export const user = Type.Object(userMembers)
export const userList = Type.Array(Type.Object({ ...userMembers, daily_requests: whole }), { minItems: 1 })
export const usersMade = Type.Object({ success: flag, count: whole, users: Type.Array(user), message: text })
export const userStats = Type.Object({
  ...all(['user_id', 'user_name'], text),
  ...all(['total_requests', 'total_tokens', 'input_tokens', 'output_tokens', 'monthly_total'], whole),
  ...all(['daily_quota', 'monthly_quota', 'quota_remaining'], whole),
  daily_usage: Type.Array(
    Type.Object({
      ...all(['id', 'user_id', 'date'], text),
      ...all(['input_tokens', 'output_tokens', 'total_tokens', 'request_count'], whole),
    }),
  ),
  ...all(['total_cost_usd', 'input_cost_usd', 'output_cost_usd', 'monthly_cost_usd'], number),
})
export const userIps = Type.Object({ ips: Type.Array(Type.Object(visit)), count: whole })
export const userTotals = Type.Array(
  Type.Object({
    ...all(['user_id', 'user_name'], text),
    enabled: flag,
    ...all(['total_tokens', 'monthly_total', 'daily_quota', 'monthly_quota'], whole),
  }),
  { minItems: 1 },
)
export const online = Type.Object({ online_count: whole, timestamp: whole })
export const latency = Type.Object({ latency: whole, status: text, timestamp: whole })
export const tool = Type.Object({ configured: flag, baseUrl: text, apiKey: text })

export const overview = `
POST /api/login, POST /api/logout
POST /v2/auth/start, GET /v2/auth/status/:authId, POST /v2/auth/claim/:authId
POST /v2/accounts, POST /v2/accounts/feed, POST /v2/accounts/import, POST /v2/accounts/import-by-token
POST /v2/accounts/direct-import, POST /v2/accounts/reset-stats, GET /v2/accounts, GET /v2/accounts/export
GET /v2/accounts/incomplete, DELETE /v2/accounts/incomplete, DELETE /v2/accounts/suspended
POST /v2/accounts/enable-all, POST /v2/accounts/disable-all, GET /v2/accounts/:id, GET /v2/accounts/:id/quota
PATCH /v2/accounts/:id, DELETE /v2/accounts/:id, POST /v2/accounts/:id/refresh
POST /v2/accounts/sync-emails, POST /v2/accounts/refresh-quotas
POST /v2/test/chat/completions, POST /v2/test/messages
GET /v2/settings, PUT /v2/settings, GET /v2/models
GET /v2/proxies, POST /v2/proxies, PUT /v2/proxies/:id, DELETE /v2/proxies/:id, POST /v2/proxies/:id/toggle
GET /v2/logs, GET /v2/logs/stats, POST /v2/logs/cleanup, GET /v2/server-logs/stream
GET /v2/ips/blocked, GET /v2/ips/visitors, POST /v2/ips/block, POST /v2/ips/unblock
GET /v2/ips/config/:ip, PUT /v2/ips/config/:ip
POST /v2/users, POST /v2/users/batch-vip, GET /v2/users, GET /v2/users/:id, PATCH /v2/users/:id, DELETE /v2/users/:id
POST /v2/users/:id/regenerate-key, GET /v2/users/:id/stats, GET /v2/users/:id/ips
GET /v2/stats/users, GET /v2/stats/online, GET /v2/health/aws-latency
GET /v2/devtools/claude-code/config, POST /v2/devtools/claude-code/config
GET /v2/devtools/droid/config, POST /v2/devtools/droid/config
`
  .trim()
  .split(/,|\n/)
  .map((route) => route.trim())
