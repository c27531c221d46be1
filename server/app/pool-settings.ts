import { type SettingValue, settingIn as settingOf } from '../admin/settings-table.ts'
import type { Config } from '../config/schema.ts'
import { defaultHealthPolicy } from '../pool/health.ts'
import type { PoolSettings } from '../pool/pool.ts'
import { type Strategy, strategies } from '../pool/select.ts'

export { settingOf }

export type StoredSettings = Readonly<Record<string, string>>

/** What the configuration says of settings that were never set. */
export const configuredSettings = ({ pool, log }: Config): StoredSettings => ({
  account_selection_mode: pool.strategy,
  max_error_count: String(pool.maxErrorCount),
  debug_log: String(log.level === 'debug'),
})

/** Switched off, a level of `debug` in the configuration gives way too. */
export function logLevel(config: Config, stored: StoredSettings): Config['log']['level'] {
  const isDebug = settingOf({ ...configuredSettings(config), ...stored }, 'debug_log') === true
  if (isDebug) return 'debug'
  return config.log.level === 'debug' ? 'info' : config.log.level
}

/** What the console has set, over what the configuration says. */
export function poolSettings(config: Config, stored: StoredSettings): PoolSettings {
  const mode = stored.account_selection_mode
  const errors = stored.max_error_count
  return {
    strategy: strategies.find((strategy) => strategy === mode) ?? (config.pool.strategy as Strategy),
    health: {
      ...defaultHealthPolicy,
      maxFailures: errors === undefined ? config.pool.maxErrorCount : Number(settingOf(stored, 'max_error_count')),
      overage: {
        enabled: settingOf(stored, 'overage_enabled') === true,
        ...capOf('maxCredits', settingOf(stored, 'overage_max_credits')),
        ...capOf('maxMicroUsd', settingOf(stored, 'overage_max_micro_usd')),
      },
    },
    room: {
      softInFlight: config.pool.softInFlightPerAccount,
      softStartsPerMinute: config.pool.softRequestsPerMinutePerAccount,
      startsPerMinute: config.pool.requestsPerMinutePerAccount,
    },
    quotaReserve: config.pool.quotaReservePercent / 100,
    maxWaiting: 2_000,
    affinityMax: 20_000,
    affinityTtlMs: 3_600_000,
  }
}

/** 0: no cap. */
const capOf = <Name extends string>(name: Name, value: SettingValue): { readonly [Key in Name]?: number } =>
  (Number(value) > 0 ? { [name]: Number(value) } : {}) as { readonly [Key in Name]?: number } // the computed key
