import type { Passwords } from '../access/password.ts'
import { createRuleBook } from '../catalog/mapping.ts'
import { follow, nearNames } from '../catalog/models.ts'
import { type GatewayError, gatewayError } from '../conversation/error.ts'
import { maskProxyUrl } from '../egress/proxy-url.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { Store } from '../store/store.ts'
import type { SettingsSaved, SettingsView } from './contract/settings.ts'
import type { AdminDeps } from './deps.ts'
import type { KeysService } from './keys-service.ts'
import { isMasked } from './mask.ts'
import { readSetting, selectionModes, settingsTable, writeSetting } from './settings-table.ts'

export type SettingsDeps = Pick<AdminDeps, 'applySettings' | 'outbound' | 'offered' | 'version' | 'port' | 'log'> & {
  readonly store: Pick<Store, 'settings' | 'sealedSettings' | 'accounts' | 'sessions' | 'modelMappings'>
  readonly passwords: Passwords
  readonly keys: KeysService
}

export type SettingsService = {
  readonly get: () => Promise<SettingsView>
  /**
   * Writes the members given. Wrong types are an error that names the member and then nothing is written. `byPassword`: the
   * caller has just shown the password, so that it may change it here as the original's scripts do.
   */
  readonly update: (
    body: Readonly<Record<string, unknown>>,
    byPassword: boolean,
  ) => Promise<Result<SettingsSaved, GatewayError>>
}

const outboundSettings = new Set(['http_proxy', 'proxy_pool_enabled', 'proxy_pool_strategy'])
const secrets = new Set(['apiKey', 'adminPassword'])
/** Members of our own answer that a client may send back whole; they say nothing about what to change. */
const readOnly = new Set([
  'port',
  'version',
  'currentAccountCount',
  'supportedAccountSelectionModes',
  'withoutEffect',
  'warnings',
])

export function createSettingsService(deps: SettingsDeps): SettingsService {
  const get = async (): Promise<SettingsView> => {
    const stored = await deps.store.settings.all()
    const sealed = await deps.store.sealedSettings.shown()
    const values = Object.fromEntries(
      settingsTable.map((setting) => [
        setting.json,
        setting.type === 'proxy' ? (sealed[setting.stored] ?? '') : readSetting(setting, stored[setting.stored]),
      ]),
    )
    return {
      ...(values as Omit<SettingsView, FixedMember>), // one member per row of the table, typed by the row
      adminPassword: '••••',
      apiKey: await deps.keys.ownerKey(),
      port: deps.port(),
      version: deps.version,
      currentAccountCount: (await deps.store.accounts.list()).length,
      supportedAccountSelectionModes: selectionModes.map((mode) => ({ ...mode })),
      withoutEffect: settingsTable.filter(({ takesEffect }) => !takesEffect).map(({ json }) => json),
    }
  }

  const changePassword = async (given: string, byPassword: boolean): Promise<Result<void, GatewayError>> => {
    const field = 'adminPassword'
    if (!byPassword) {
      const message = 'The password is changed with the current one: use POST /api/password.'
      return err(gatewayError('permission', message, { field }))
    }
    const changed = await deps.passwords.change(given, field)
    if (changed.ok) await deps.store.sessions.removeAll()
    return changed
  }

  /** Whether everything may be led to this model; when no list is known nothing is known against it. */
  const checkForced = async (name: string): Promise<Result<void, GatewayError>> => {
    const models = await deps.offered()
    if (name === '' || models.length === 0) return ok(undefined)
    const rules = createRuleBook(await deps.store.modelMappings.list())(undefined)
    if (follow(name, models, rules).ok) return ok(undefined)
    const message = `forceModel: no account offers ${name}. Near names: ${nearNames(name, models).join(', ')}.`
    return err(gatewayError('invalid-request', message, { field: 'forceModel' }))
  }

  return {
    get,
    update: async (body, byPassword) => {
      const warnings: string[] = []
      const changed: Record<string, string> = {}
      const addresses: Record<string, string> = {}
      const shown = await deps.store.sealedSettings.shown()
      const stored = await deps.store.settings.all()
      for (const [name, value] of Object.entries(body)) {
        const setting = settingsTable.find(({ json }) => json === name)
        if (setting === undefined) {
          const warning = warningFor(name, value, deps.port())
          if (warning !== undefined) warnings.push(warning)
          continue
        }
        if (setting.type === 'proxy' && typeof value === 'string' && value.trim() === (shown[setting.stored] ?? ''))
          continue
        const text = writeSetting(setting, value)
        if (!text.ok) return err(gatewayError('invalid-request', `${name} ${text.error}.`, { field: name }))
        if (name === 'forceModel' && text.value.stored !== stored[setting.stored]) {
          const checked = await checkForced(text.value.stored.trim())
          if (!checked.ok) return checked
        }
        if (setting.type === 'proxy') addresses[setting.stored] = text.value.stored
        else changed[setting.stored] = text.value.stored
        if (text.value.warning !== undefined) warnings.push(text.value.warning)
        if (!setting.takesEffect) warnings.push(`${name} is kept, but has no effect in this version.`)
      }
      const { apiKey, adminPassword } = body
      for (const field of ['apiKey', 'adminPassword']) {
        if (body[field] !== undefined && typeof body[field] !== 'string') {
          return err(gatewayError('invalid-request', `${field} must be a text.`, { field }))
        }
      }
      if (typeof adminPassword === 'string' && !isMasked(adminPassword)) {
        const done = await changePassword(adminPassword, byPassword)
        if (!done.ok) return done
        deps.log('info', 'password.changed', { by: 'settings' })
      }
      if (typeof apiKey === 'string') {
        const done = await deps.keys.setOwnerKey(apiKey)
        if (!done.ok) return done
      }
      for (const [name, href] of Object.entries(addresses)) {
        const entry = href === '' ? null : { value: href, shown: maskProxyUrl(href) }
        await deps.store.sealedSettings.write(name, entry)
        await deps.store.settings.write({ [name]: null }) // one that lies there in the clear is gone with it
      }
      const names = [...Object.keys(changed), ...Object.keys(addresses)]
      if (names.length > 0) {
        await deps.store.settings.write(changed)
        await deps.applySettings(changed)
        if (names.some((name) => outboundSettings.has(name))) await deps.outbound.changed()
        deps.log('info', 'settings.changed', { names: names.join(' ') })
      }
      return ok({ ...(await get()), warnings })
    },
  }
}

type FixedMember =
  | 'adminPassword'
  | 'apiKey'
  | 'port'
  | 'version'
  | 'currentAccountCount'
  | 'supportedAccountSelectionModes'
  | 'withoutEffect'

function warningFor(name: string, value: unknown, port: number): string | undefined {
  if (secrets.has(name)) return undefined
  if (name === 'port' && value !== port) {
    return `port stays ${port}: it is set by flag, environment or the configuration file.`
  }
  return readOnly.has(name) ? undefined : `${name.slice(0, 100)} is not a setting; it was ignored.`
}
