export const sections = [
  ...(['general', 'security', 'routing', 'models', 'limits', 'blocked'] as const),
  ...(['network', 'logging', 'quota', 'alerts', 'backup', 'advanced'] as const),
]
export type Section = (typeof sections)[number]

export const isSection = (text: string | undefined): text is Section => sections.some((section) => section === text)

type Unit =
  | 'percent'
  | 'days'
  | 'hours'
  | 'minutes'
  | 'seconds'
  | 'mib'
  | 'requests'
  | 'accounts'
  | 'errors'
  | 'atOnce'
  | 'credits'
  | 'dollars'
  | 'copies'
  | 'oclock'

type Place = {
  readonly section: Section
  readonly unit?: Unit
  /** It holds from the next round on; all others hold at once. */
  readonly next?: true
  /** What one unit is of the value as it is stored. */
  readonly scale?: number
  /** Several lines. */
  readonly long?: true
}

/** Where each setting of the server stands, in the order it is shown (test/ui/settings.test.ts: none is missing). */
export const registry = {
  timezone: { section: 'general' },
  announcementEnabled: { section: 'general' },
  announcementText: { section: 'general', long: true },
  layoutFullWidth: { section: 'general' },
  sessionIdleHours: { section: 'security', unit: 'hours' },
  sessionMaxHours: { section: 'security', unit: 'hours' },
  accountSelectionMode: { section: 'routing' },
  maxErrorCount: { section: 'routing', unit: 'errors' },
  maxAccounts: { section: 'routing', unit: 'accounts' },
  overageEnabled: { section: 'routing' },
  overageMaxCredits: { section: 'routing', unit: 'credits' },
  overageMaxMicroUsd: { section: 'routing', unit: 'dollars', scale: 1_000_000 },
  forceModelEnabled: { section: 'models' },
  forceModel: { section: 'models' },
  modelPrices: { section: 'models', long: true },
  repairReplies: { section: 'models' },
  compressionEnabled: { section: 'models' },
  compressionModel: { section: 'models' },
  compressionAtPercent: { section: 'models', unit: 'percent' },
  enableIPRateLimit: { section: 'limits' },
  ipRateLimitWindow: { section: 'limits', unit: 'minutes' },
  ipRateLimitMax: { section: 'limits', unit: 'requests' },
  blockedIPs: { section: 'blocked' },
  httpProxy: { section: 'network' },
  proxyPoolEnabled: { section: 'network' },
  proxyPoolStrategy: { section: 'network' },
  fetchAttachments: { section: 'network' },
  enableRequestLog: { section: 'logging' },
  logRetentionDays: { section: 'logging', unit: 'days' },
  logMaxSizeMb: { section: 'logging', unit: 'mib' },
  debugLog: { section: 'logging' },
  quotaRefreshInterval: { section: 'quota', unit: 'seconds', next: true },
  quotaRefreshConcurrency: { section: 'quota', unit: 'atOnce', next: true },
  alertsEnabled: { section: 'alerts' },
  alertRunOutHours: { section: 'alerts', unit: 'hours' },
  alertWebhookUrl: { section: 'alerts' },
  alertWebhookSecret: { section: 'alerts' },
  backupIntervalHours: { section: 'backup', unit: 'hours' },
  backupHour: { section: 'backup', unit: 'oclock' },
  backupKeep: { section: 'backup', unit: 'copies' },
  backupFolder: { section: 'backup' },
} as const satisfies Readonly<Record<string, Place>>

export type SettingName = keyof typeof registry

export const isSetting = (name: string): name is SettingName => Object.hasOwn(registry, name)
export const placeOf = (name: SettingName): Place => registry[name]
export const settingNames = Object.keys(registry) as readonly SettingName[]

/** What the server is started with, in the order it is shown; the words of each are under its key. */
export const startKeys = [
  ...(['data_dir', 'config', 'database.type', 'database.sqlite.path', 'database.mysql.host'] as const),
  ...(['database.mysql.port', 'database.mysql.user', 'database.mysql.password', 'database.mysql.database'] as const),
  ...(['database.mysql.tls', 'database.mysql.ca_file', 'database.mysql.start_wait_seconds'] as const),
  ...(['server.host', 'server.port', 'server.max_body_bytes', 'server.shutdown_grace_seconds'] as const),
  ...(['server.trusted_proxies', 'server.console_origins', 'server.cors_origins', 'server.hsts_seconds'] as const),
  ...(['server.headers_hold_ms', 'server.keep_alive_seconds', 'log.level', 'log.format', 'timezone'] as const),
  ...(['upstream.protocol', 'upstream.host', 'upstream.origin', 'upstream.opt_out', 'upstream.region'] as const),
  ...(['upstream.q_url', 'upstream.oidc_url', 'upstream.kiro_auth_url', 'upstream.connect_timeout_ms'] as const),
  ...(['upstream.first_event_timeout_ms', 'upstream.idle_timeout_ms'] as const),
  ...(['pool.max_in_flight_per_account', 'pool.soft_in_flight_per_account'] as const),
  ...(['pool.soft_requests_per_minute_per_account', 'pool.strategy', 'pool.requests_per_minute_per_account'] as const),
  ...([
    'pool.quota_reserve_percent',
    'pool.max_error_count',
    'responses.kept_answers',
    'responses.kept_bytes',
  ] as const),
  ...([
    'logging.request_retention_days',
    'test',
    'update.feed_url',
    'vault.master_key_file',
    'no_browser',
    'demo',
  ] as const),
  ...(['new_master_key', 'admin_password', 'master_key', 'test_password'] as const),
]
export type StartKey = (typeof startKeys)[number]

export const isStartKey = (key: string): key is StartKey => startKeys.some((known) => known === key)

const startSections: readonly (readonly [start: string, section: Section])[] = [
  ['server.', 'network'],
  ['upstream.', 'network'],
  ['log', 'logging'],
  ['pool.', 'routing'],
  ['timezone', 'general'],
  ['admin_password', 'security'],
]

export const sectionOfStart = (key: string): Section =>
  startSections.find(([start]) => key.startsWith(start))?.[1] ?? 'advanced'
