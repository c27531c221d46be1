import type { Passwords } from '../access/password.ts'
import { ownerSubject } from '../access/role.ts'
import { createRuleBook } from '../catalog/mapping.ts'
import { follow, nearNames } from '../catalog/models.ts'
import { type GatewayError, gatewayError } from '../conversation/error.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { cutText } from '../lib/sound-text.ts'
import type { Store } from '../store/store.ts'
import type { SettingsFields, SettingsSaved, SettingsView } from './contract/settings.ts'
import type { AdminDeps } from './deps.ts'
import { invalidRequest } from './invalid-request.ts'
import type { IpsService } from './ips-service.ts'
import type { KeysService } from './keys-service.ts'
import { isMasked } from './mask.ts'
import { faultOfUnknown, whyRefused, whyWithout } from './settings-refusal.ts'
import {
  isSealed,
  readSetting,
  type Setting,
  type SettingValue,
  selectionModes,
  settingIn,
  settingsTable,
  shownOf,
  writeSetting,
} from './settings-table.ts'

export type SettingsDeps = Pick<
  AdminDeps,
  | 'applySettings'
  | 'configured'
  | 'startedWith'
  | 'outbound'
  | 'offered'
  | 'availableModels'
  | 'version'
  | 'port'
  | 'testMode'
  | 'log'
> & {
  readonly store: Pick<Store, 'settings' | 'sealedSettings' | 'accounts' | 'sessions' | 'modelMappings'>
  readonly passwords: Passwords
  readonly keys: KeysService
  readonly ips: Pick<IpsService, 'blocked' | 'replace'>
}

export type SettingsService = {
  readonly get: () => Promise<SettingsView>
  /** What each setting may be and is at first, and what the server was started with. */
  readonly fields: () => Promise<SettingsFields>
  /**
   * Writes the members given. Wrong types are an error that names the member and then nothing is written. `byPassword`: the
   * caller has just shown the password, so that it may change it here as the original's scripts do. `asker`: whose address is
   * never blocked by accident.
   */
  readonly update: (
    body: Readonly<Record<string, unknown>>,
    byPassword: boolean,
    asker: string,
  ) => Promise<Result<SettingsSaved, GatewayError>>
}

const outboundSettings = new Set(['http_proxy', 'proxy_pool_enabled', 'proxy_pool_strategy'])

export function createSettingsService(deps: SettingsDeps): SettingsService {
  const inForce = async (): Promise<Readonly<Record<string, string>>> => ({
    ...deps.configured,
    ...(await deps.store.settings.all()),
  })
  const get = async (): Promise<SettingsView> => {
    const stored = await inForce()
    const sealed = await deps.store.sealedSettings.shown()
    const values = Object.fromEntries(
      settingsTable.map((setting) => [
        setting.json,
        isSealed(setting) ? (sealed[setting.stored] ?? '') : readSetting(setting, stored[setting.stored]),
      ]),
    )
    const models = (await deps.availableModels()).map(({ id }) => id)
    return {
      ...(values as Omit<SettingsView, FixedMember>), // one member per row of the table, typed by the row
      blockedIPs: (await deps.ips.blocked()).blocked_ips.map(({ ip }) => ip), // the list itself, not what was last sent (D-37)
      adminPassword: '••••',
      apiKey: await deps.keys.ownerKey(),
      port: deps.port(),
      version: deps.version,
      // The original's scripts look at these; there is one edition, and it has everything.
      edition: 'ultra',
      isFreeEdition: false,
      supportedForceModels: models,
      supportedCompressionModels: models,
      chatConfig: { budgetTokens: 2_000, maxTokens: 4_096, timeoutMs: 120_000 },
      testMode: deps.testMode !== undefined,
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
    if (changed.ok) await deps.store.sessions.removeAll({ subject: ownerSubject })
    return changed
  }

  /** Whether everything may be led to this model; when no list is known nothing is known against it. */
  const checkForced = async (name: string): Promise<Result<void, GatewayError>> => {
    const models = await deps.offered()
    if (name === '' || models.length === 0) return ok(undefined)
    const rules = createRuleBook(await deps.store.modelMappings.list())(undefined)
    if (follow(name, models, rules).ok) return ok(undefined)
    const near = nearNames(name, models).join(', ')
    const message = `forceModel: no account offers ${name}. Near names: ${near}.`
    return err(invalidRequest({ reason: 'model-unoffered', name, near }, message, { field: 'forceModel' }))
  }

  const fields = async (): Promise<SettingsFields> => {
    const stored = await deps.store.settings.all()
    const sealed = await deps.store.sealedSettings.shown()
    const isBlocking = (await deps.ips.blocked()).blocked_ips.length > 0
    const isChanged = (setting: Setting, initial: SettingValue): boolean => {
      if (setting.json === 'blockedIPs') return isBlocking
      if (isSealed(setting)) return (sealed[setting.stored] ?? '') !== ''
      const own = stored[setting.stored]
      return own !== undefined && JSON.stringify(readSetting(setting, own)) !== JSON.stringify(initial)
    }
    return {
      fields: settingsTable.map((setting) => {
        const initial = readSetting(setting, deps.configured?.[setting.stored])
        return {
          name: setting.json,
          type: setting.type,
          initial,
          changed: isChanged(setting, initial),
          takesEffect: setting.takesEffect,
          ...boundsOf(setting),
        }
      }),
      start: (deps.startedWith?.() ?? []).map(({ where, ...row }) => ({ ...row, where: where ?? null })),
    }
  }

  return {
    get,
    fields,
    update: async (body, byPassword, asker) => {
      const warnings: string[] = []
      const changed: Record<string, string | null> = {}
      const addresses: Record<string, string> = {}
      let blocked: readonly string[] | undefined
      const shown = await deps.store.sealedSettings.shown()
      const stored = await inForce()
      const { reset = [], ...given } = body as { readonly reset?: readonly string[] } // the contract has looked at it
      for (const name of reset) {
        const setting = settingsTable.find(({ json }) => json === name)
        if (setting === undefined || name in given) {
          const fault = setting === undefined ? 'is not a setting' : 'is given a value too'
          const reason = setting === undefined ? 'setting-unknown' : 'twice'
          return err(invalidRequest({ reason }, `reset: ${cutText(name, 100)} ${fault}.`, { field: 'reset' }))
        }
        if (setting.json === 'blockedIPs') blocked = []
        else if (isSealed(setting)) addresses[setting.stored] = ''
        else changed[setting.stored] = null
      }
      for (const [name, value] of Object.entries(given)) {
        const setting = settingsTable.find(({ json }) => json === name)
        if (setting === undefined) {
          const fault = faultOfUnknown(name, value, deps.port())
          const reason = name === 'port' ? 'setting-fixed' : 'setting-unknown'
          if (fault !== undefined) return err(invalidRequest({ reason }, fault, { field: cutText(name, 100) }))
          continue
        }
        if (isSealed(setting) && typeof value === 'string' && value.trim() === (shown[setting.stored] ?? '')) continue
        const text = writeSetting(setting, value)
        if (text.ok && setting.json === 'blockedIPs') {
          blocked = JSON.parse(text.value.stored) as readonly string[] // written from such a list just now
          continue
        }
        if (!text.ok) return err(invalidRequest(whyRefused(setting), `${name} ${text.error}.`, { field: name }))
        if (name === 'forceModel' && text.value.stored !== stored[setting.stored]) {
          const checked = await checkForced(text.value.stored.trim())
          if (!checked.ok) return checked
        }
        // The whole answer of GET may come back: what nothing follows from may stand in it unchanged.
        const isSame = JSON.stringify(readSetting(setting, stored[setting.stored])) === JSON.stringify(value)
        if (!setting.takesEffect) {
          if (isSame) continue
          return err(invalidRequest({ reason: 'setting-idle' }, `${name}: ${whyWithout}`, { field: name }))
        }
        if (isSealed(setting)) addresses[setting.stored] = text.value.stored
        else changed[setting.stored] = text.value.stored
        if (text.value.warning !== undefined) warnings.push(text.value.warning)
      }
      const lacking = lackingForAlerts(over(stored, changed), { ...shown, ...addresses })
      if (lacking !== undefined) {
        const message = `alertsEnabled: set ${lacking} first, or with it.`
        return err(invalidRequest({ reason: 'alerts-lack' }, message, { field: lacking }))
      }
      if (blocked !== undefined) {
        const replaced = await deps.ips.replace(blocked, asker, 'blockedIPs')
        if (!replaced.ok) return replaced
      }
      const { apiKey, adminPassword } = body
      for (const field of ['apiKey', 'adminPassword']) {
        if (body[field] !== undefined && typeof body[field] !== 'string') {
          return err(invalidRequest({ reason: 'wrong' }, `${field} must be a text.`, { field }))
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
      for (const [name, value] of Object.entries(addresses)) {
        const setting = settingsTable.find((row) => row.stored === name)
        const entry = value === '' || setting === undefined ? null : { value, shown: shownOf(setting, value) }
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

function boundsOf(setting: Setting): Partial<SettingsFields['fields'][number]> {
  switch (setting.type) {
    case 'integer':
      return { minimum: setting.minimum, maximum: setting.maximum }
    case 'choice':
      return { choices: [...setting.choices] }
    case 'text':
      return {
        longest: setting.longest,
        ...(setting.offered === undefined ? {} : { choices: [...setting.offered] }),
      }
    case 'boolean':
    case 'list':
    case 'prices':
    case 'proxy':
    case 'secret':
    case 'timezone':
    case 'webhook':
      return {}
  }
}

/** What will be in force: what was taken back is as if it had never been set. */
const over = (
  stored: Readonly<Record<string, string>>,
  changed: Readonly<Record<string, string | null>>,
): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries({ ...stored, ...changed }).filter((entry): entry is [string, string] => entry[1] !== null),
  )

/** An alert without a receiver, or without a signature, is none. */
function lackingForAlerts(
  stored: Readonly<Record<string, string>>,
  sealed: Readonly<Record<string, string>>,
): string | undefined {
  if (settingIn(stored, 'alerts_enabled') !== true) return undefined
  if ((sealed.alert_webhook_url ?? '') === '') return 'alertWebhookUrl'
  return (sealed.alert_webhook_secret ?? '') === '' ? 'alertWebhookSecret' : undefined
}

type FixedMember =
  | 'adminPassword'
  | 'apiKey'
  | 'port'
  | 'version'
  | 'edition'
  | 'isFreeEdition'
  | 'supportedForceModels'
  | 'supportedCompressionModels'
  | 'chatConfig'
  | 'testMode'
  | 'currentAccountCount'
  | 'supportedAccountSelectionModes'
  | 'withoutEffect'
