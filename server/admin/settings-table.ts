import { readPrices } from '../catalog/prices.ts'
import { maskProxyUrl, parseProxyUrl } from '../egress/proxy-url.ts'
import { twiceIn } from '../lib/given-twice.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { cutText } from '../lib/sound-text.ts'
import { mask } from './mask.ts'
import { isTimeZone } from './time.ts'

/** One setting the console may change: its names in JSON and in the store, what it may be, and whether anything follows from it. */
export type Setting = {
  readonly json: string
  readonly stored: string
  readonly takesEffect: boolean
} & (
  | { readonly type: 'boolean'; readonly initial: boolean }
  | { readonly type: 'integer'; readonly initial: number; readonly minimum: number; readonly maximum: number }
  /** `offered`: the values anything follows from; others are refused. */
  | {
      readonly type: 'text'
      readonly initial: string
      readonly longest: number
      readonly offered?: readonly string[]
    }
  /** Holds a password: kept sealed, shown masked. */
  | { readonly type: 'proxy' | 'webhook' | 'secret'; readonly initial: string }
  | { readonly type: 'list'; readonly initial: readonly string[] }
  | { readonly type: 'choice'; readonly initial: string; readonly choices: readonly string[] }
  | { readonly type: 'timezone'; readonly initial: string }
  /** JSON of prices by model name, in dollars for a million tokens. */
  | { readonly type: 'prices'; readonly initial: string }
)

export type SettingValue = boolean | number | string | readonly string[]

/** How an account is chosen; the first four are the original's. */
export const selectionModes = [
  { value: 'sequential', label: 'Sequential', description: 'In the order they were added: the first that can serve' },
  { value: 'random', label: 'Random', description: 'Any account, all equally likely' },
  { value: 'round_robin', label: 'Round robin', description: 'Every account in turn' },
  { value: 'weighted_random', label: 'Weighted random', description: 'Any account, the roomier the likelier' },
  { value: 'least_loaded', label: 'Least loaded', description: 'The account with the least work for its weight' },
  { value: 'quota_aware', label: 'Quota aware', description: 'Spends every quota evenly towards its reset' },
] as const

const flag = (json: string, stored: string, initial = false, takesEffect = false): Setting => ({
  type: 'boolean',
  json,
  stored,
  initial,
  takesEffect,
})
const integer = (
  json: string,
  stored: string,
  [minimum, initial, maximum]: readonly [number, number, number],
  takesEffect = false,
): Setting => ({ type: 'integer', json, stored, initial, minimum, maximum, takesEffect })
const line = (json: string, stored: string, initial = '', longest = 2_000) => ({
  type: 'text' as const,
  json,
  stored,
  initial,
  longest,
  takesEffect: false,
})

/** The original's settings under its own names, and ours. Those that nothing follows from yet keep their value: a change of them is refused. */
export const settingsTable: readonly Setting[] = [
  flag('debugLog', 'debug_log', false, true),
  flag('enableRequestLog', 'enable_request_log', true, true),
  integer('logMaxSizeMb', 'log_max_size_mb', [0, 2_048, 10_000_000], true),
  integer('logRetentionDays', 'log_retention_days', [0, 7, 36_500], true),
  flag('enableIPRateLimit', 'enable_ip_rate_limit', false, true),
  integer('ipRateLimitWindow', 'ip_rate_limit_window', [1, 1, 1440], true),
  integer('ipRateLimitMax', 'ip_rate_limit_max', [0, 100, Number.MAX_SAFE_INTEGER], true),
  { type: 'list', json: 'blockedIPs', stored: 'blocked_ips', initial: [], takesEffect: true },
  integer('maxErrorCount', 'max_error_count', [1, 30, Number.MAX_SAFE_INTEGER], true),
  integer('maxAccounts', 'max_accounts', [1, 10_000, 100_000], true),
  flag('fetchAttachments', 'fetch_attachments', false, true),
  flag('alertsEnabled', 'alerts_enabled', false, true),
  integer('alertRunOutHours', 'alert_run_out_hours', [1, 24, 720], true),
  { type: 'webhook', json: 'alertWebhookUrl', stored: 'alert_webhook_url', initial: '', takesEffect: true },
  { type: 'secret', json: 'alertWebhookSecret', stored: 'alert_webhook_secret', initial: '', takesEffect: true },
  flag('layoutFullWidth', 'layout_full_width', false, true),
  {
    type: 'choice',
    json: 'accountSelectionMode',
    stored: 'account_selection_mode',
    initial: 'least_loaded',
    choices: selectionModes.map(({ value }) => value),
    takesEffect: true,
  },
  flag('repairReplies', 'repair_replies', true, true),
  flag('compressionEnabled', 'compression_enabled', false, true),
  { ...line('compressionModel', 'compression_model', '', 200), takesEffect: true },
  integer('compressionAtPercent', 'compression_at_percent', [0, 90, 95], true),
  flag('announcementEnabled', 'announcement_enabled', false, true),
  { ...line('announcementText', 'announcement_text'), takesEffect: true },
  flag('forceModelEnabled', 'force_model_enabled', false, true),
  { ...line('forceModel', 'force_model', '', 200), takesEffect: true },
  integer('quotaRefreshConcurrency', 'quota_refresh_concurrency', [1, 10, 50], true),
  integer('quotaRefreshInterval', 'quota_refresh_interval', [60, 120, 600], true),
  { type: 'proxy', json: 'httpProxy', stored: 'http_proxy', initial: '', takesEffect: true },
  flag('proxyPoolEnabled', 'proxy_pool_enabled', false, true),
  {
    ...line('proxyPoolStrategy', 'proxy_pool_strategy', 'sticky', 100),
    takesEffect: true,
    offered: ['', 'sticky'],
  },
  flag('overageEnabled', 'overage_enabled', false, true),
  integer('overageMaxCredits', 'overage_max_credits', [0, 0, 1_000_000_000], true),
  integer('overageMaxMicroUsd', 'overage_max_micro_usd', [0, 0, 1_000_000_000_000], true),
  { type: 'prices', json: 'modelPrices', stored: 'model_prices', initial: '{}', takesEffect: true },
  { type: 'timezone', json: 'timezone', stored: 'timezone', initial: '', takesEffect: true },
  integer('sessionIdleHours', 'session_idle_hours', [1, 12, 168], true),
  integer('sessionMaxHours', 'session_max_hours', [1, 168, 2160], true),
  integer('backupIntervalHours', 'backup_interval_hours', [0, 0, 8_760], true),
  integer('backupHour', 'backup_hour', [0, 3, 23], true),
  integer('backupKeep', 'backup_keep', [1, 7, 1_000], true),
  { ...line('backupFolder', 'backup_folder', '', 1_000), takesEffect: true },
]

/** A stored text as a value; anything that cannot be read is the default. */
export function readSetting(setting: Setting, stored: string | undefined): SettingValue {
  if (stored === undefined) return setting.initial
  switch (setting.type) {
    case 'boolean':
      return stored === 'true' || stored === '1'
    case 'integer':
      return /^-?\d{1,16}$/.test(stored)
        ? Math.min(setting.maximum, Math.max(setting.minimum, Number(stored)))
        : setting.initial
    case 'list':
      return readList(stored)
    case 'choice':
      return setting.choices.includes(stored) ? stored : setting.initial
    case 'proxy':
    case 'webhook':
    case 'secret':
      return setting.initial // what is in the clear is not it
    case 'text':
    case 'timezone':
    case 'prices':
      return stored
  }
}

/** A value as text to store, with a warning where it had to be moved into its range; an error says what it must be. */
export function writeSetting(
  setting: Setting,
  value: unknown,
): Result<{ readonly stored: string; readonly warning?: string }, string> {
  switch (setting.type) {
    case 'boolean':
      return typeof value === 'boolean' ? ok({ stored: String(value) }) : err('must be true or false')
    case 'integer': {
      if (typeof value !== 'number' || !Number.isSafeInteger(value)) return err('must be a whole number')
      const kept = Math.min(setting.maximum, Math.max(setting.minimum, value))
      if (kept === value) return ok({ stored: String(value) })
      const warning = `${setting.json}: ${value} is outside ${setting.minimum} to ${setting.maximum}; stored as ${kept}.`
      return ok({ stored: String(kept), warning })
    }
    case 'list':
      return Array.isArray(value) && value.every((item) => typeof item === 'string' && item.length <= 100)
        ? ok({ stored: JSON.stringify(value) })
        : err('must be a list of texts')
    case 'choice':
      return typeof value === 'string' && setting.choices.includes(value)
        ? ok({ stored: value })
        : err(`must be one of ${setting.choices.join(', ')}`)
    case 'text': {
      if (typeof value !== 'string') return err('must be a text')
      if (value.length > setting.longest) return err(`has at most ${setting.longest} characters`)
      if (setting.offered === undefined || setting.offered.includes(value)) return ok({ stored: value })
      const offered = setting.offered.filter((one) => one !== '').join(', ')
      return err(`can only be ${offered}: nothing would follow from another value`)
    }
    case 'proxy': {
      if (typeof value !== 'string') return err('must be a text')
      if (value.trim() === '') return ok({ stored: '' })
      const parsed = parseProxyUrl(value)
      return parsed.ok ? ok({ stored: parsed.value.href }) : parsed
    }
    case 'prices': {
      if (typeof value !== 'string') return err('must be a text')
      const text = value.trim() === '' ? '{}' : value.trim()
      try {
        const read = readPrices(JSON.parse(text))
        const twice = twiceIn(text)
        if (twice !== undefined) return err(`has ${JSON.stringify(cutText(twice, 100))} more than once`)
        return read.ok ? ok({ stored: text }) : read
      } catch {
        return err('must be JSON')
      }
    }
    case 'webhook':
      if (typeof value !== 'string') return err('must be a text')
      return value.trim() === '' || isWebUrl(value.trim())
        ? ok({ stored: value.trim() })
        : err('must be an http:// or https:// address without a user name')
    case 'secret':
      if (typeof value !== 'string') return err('must be a text')
      return value === '' || (value.length >= 16 && value.length <= 200)
        ? ok({ stored: value })
        : err('must have 16 to 200 characters')
    case 'timezone':
      return typeof value === 'string' && (value === '' || isTimeZone(value))
        ? ok({ stored: value })
        : err('must be the name of a time zone, like Asia/Shanghai, or empty')
  }
}

function readList(stored: string): readonly string[] {
  try {
    const value: unknown = JSON.parse(stored)
    return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
  } catch {
    return []
  }
}

/** Whether its value is kept sealed and only shown in part. */
export const isSealed = ({ type }: Setting): boolean => type === 'proxy' || type === 'webhook' || type === 'secret'

/** What of a sealed value may be displayed; sent back, it means "unchanged". */
export function shownOf({ type }: Setting, value: string): string {
  if (type === 'proxy') return maskProxyUrl(value)
  if (type === 'secret') return mask(value)
  const { origin, pathname, search } = new URL(value)
  // Chat services put a secret into the path.
  return pathname === '/' && search === '' ? `${origin}/` : `${origin}/••••${value.slice(-4)}`
}

function isWebUrl(text: string): boolean {
  const url = URL.parse(text)
  return (
    url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '' && text.length < 2_000
  )
}

/** A setting's value by its stored name, out of what is stored; the default when it was never set. */
export function settingIn(stored: Readonly<Record<string, string>>, name: string): SettingValue {
  const setting = settingsTable.find((row) => row.stored === name)
  if (setting === undefined) throw new Error(`no setting is called ${name}`)
  return readSetting(setting, stored[name])
}
