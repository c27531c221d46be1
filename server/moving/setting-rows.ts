import { isSealed, type Setting, settingsTable, shownOf, writeSetting } from '../admin/settings-table.ts'
import { maskedPassword } from '../egress/proxy-url.ts'
import { parseFlag, parseNumber } from './values.ts'

export type SettingOut =
  | { readonly type: 'plain'; readonly name: string; readonly value: string; readonly repairs: readonly string[] }
  | {
      readonly type: 'sealed'
      readonly name: string
      readonly value: string
      readonly shown: string
      readonly repairs: readonly string[]
    }
  | { readonly type: 'left-out'; readonly why: string }
  /** Its value is the default, which is what it would be anyway. */
  | { readonly type: 'nothing' }

/** What was in force in the original where a setting had no row, as far as ours begins otherwise. */
export const originalDefaults: Readonly<Record<string, string>> = {
  enable_request_log: 'false',
  account_selection_mode: 'sequential',
  quota_refresh_concurrency: '20',
}

const known = new Map(settingsTable.map((setting) => [setting.stored, setting]))
const withoutUse: Readonly<Record<string, string>> = {
  port: 'it had no effect in the original: the port is set by flag, environment or configuration file',
  blocked_ips: 'a copy of the list of blocked addresses, which is imported itself',
  random_account_selection: 'it is part of account_selection_mode now',
  schema_version: 'it describes the original’s tables',
  free_request_count: 'it belonged to an older edition and had no effect',
}

/** One setting as ours keeps it; password and system key are not its business. */
export function readSettingRow(name: string, text: string): SettingOut {
  const setting = known.get(name)
  if (Object.hasOwn(withoutUse, name)) return { type: 'left-out', why: withoutUse[name] ?? '' }
  if (setting === undefined || !isOriginals(name)) return { type: 'left-out', why: 'no setting of ours' }
  const value = settingValue(setting, text)
  if (value === undefined) return { type: 'left-out', why: 'its value cannot be read: the default holds' }
  const written = writeSetting(setting, value.value)
  // Left out, everything would leave past it.
  if (!written.ok && setting.type === 'proxy') {
    const repairs = [`its address ${written.error}: nothing leaves until it is given again, or taken away`]
    return { type: 'sealed', name, value: String(value.value), shown: maskedPassword, repairs }
  }
  if (!written.ok) return { type: 'left-out', why: `its value ${written.error}: the default holds` }
  const { stored, warning } = written.value
  if (isSealed(setting)) {
    return stored === ''
      ? { type: 'nothing' }
      : { type: 'sealed', name, value: stored, shown: shownOf(setting, stored), repairs: [] }
  }
  const repairs = [
    ...(value.repair === undefined ? [] : [value.repair]),
    ...(warning === undefined ? [] : ['its value was moved into the range it may have']),
  ]
  return { type: 'plain', name, value: stored, repairs }
}

/** A strange row must not set what only this program has. */
const isOriginals = (name: string): boolean => originalNames.has(name)
const originalNames: ReadonlySet<string> = new Set([
  'debug_log',
  'enable_request_log',
  'log_retention_days',
  'enable_ip_rate_limit',
  'ip_rate_limit_window',
  'ip_rate_limit_max',
  'max_error_count',
  'layout_full_width',
  'account_selection_mode',
  'compression_enabled',
  'compression_model',
  'announcement_enabled',
  'announcement_text',
  'force_model_enabled',
  'force_model',
  'quota_refresh_concurrency',
  'quota_refresh_interval',
  'http_proxy',
  'proxy_pool_enabled',
  'proxy_pool_strategy',
])

type Read = { readonly value: string | number | boolean; readonly repair?: string }

function settingValue(setting: Setting, given: string): Read | undefined {
  const text = given.replaceAll('\0', '')
  switch (setting.type) {
    case 'boolean': {
      if (setting.stored === 'layout_full_width' && text !== '') return { value: text.trim().toLowerCase() !== 'false' }
      const flag = text.trim() === '' ? undefined : parseFlag(text)
      return flag === undefined ? undefined : { value: flag }
    }
    case 'integer': {
      const number = parseNumber(text)
      if (number === undefined) return undefined
      const [least, most] = [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER]
      const whole = Math.trunc(Math.max(least, Math.min(most, number)))
      return { value: whole, ...(whole === number ? {} : { repair: 'its value was not whole' }) }
    }
    case 'choice': {
      const word = text.trim().toLowerCase()
      // As the original: a word it does not know is `sequential`.
      return setting.choices.includes(word)
        ? { value: word }
        : { value: originalDefaults[setting.stored] ?? setting.initial, repair: 'its value was no choice of its' }
    }
    case 'text': {
      const cut = text.slice(0, setting.longest)
      const isOffered = setting.offered === undefined || setting.offered.includes(cut.trim())
      if (!isOffered) return { value: setting.initial, repair: `${setting.initial} is the only value there is` }
      return { value: cut, ...(cut === text ? {} : { repair: 'its text was too long and was cut' }) }
    }
    case 'proxy':
      return { value: withPort(text.trim()) }
    default:
      return { value: text.trim() }
  }
}

const ports: Readonly<Record<string, number>> = { http: 80, https: 443, socks5: 1080, socks5h: 1080 }

/** The original took addresses without a port, and looked at nothing behind it. */
function withPort(address: string): string {
  const [, scheme = '', place = ''] = /^([a-z0-9]+):\/\/([^/?#]+)/i.exec(address) ?? []
  const port = ports[scheme.toLowerCase()]
  if (port === undefined) return address
  return /:\d+$/.test(place.slice(place.lastIndexOf('@') + 1)) ? `${scheme}://${place}` : `${scheme}://${place}:${port}`
}
