import { checkImportedKey, keyTraces, makeKey } from '../access/key.ts'
import { type GatewayError, gatewayError } from '../conversation/error.ts'
import type { Effects } from '../lib/effects.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { KeyRecord, Store } from '../store/store.ts'
import type { KeyCreated, KeyList, KeyView } from './contract/keys.ts'
import type { AdminLog } from './deps.ts'
import { isMasked, maskedLast4 } from './mask.ts'

export type KeysDeps = {
  readonly store: Pick<Store, 'keys' | 'settings'>
  readonly effects: Pick<Effects, 'now' | 'newId'>
  readonly keysChanged: () => void
  readonly log: AdminLog
}

export type KeysService = {
  readonly list: () => Promise<KeyList>
  /** The key itself is in this answer and nowhere else. */
  readonly create: (name: string) => Promise<Result<KeyCreated, GatewayError>>
  readonly remove: (id: string) => Promise<Result<void, GatewayError>>
  /** The key of the `apiKey` setting for display: masked, or empty. */
  readonly ownerKey: () => Promise<string>
  /**
   * Takes over a key string that exists elsewhere as the key named "Owner", in place of the last such one. Masked: unchanged.
   * Empty: revoked. True when something changed.
   */
  readonly setOwnerKey: (key: string) => Promise<Result<boolean, GatewayError>>
}

const ownerSetting = 'owner_key_id'
const ownerName = 'Owner'

export function createKeysService({ store, effects, keysChanged, log }: KeysDeps): KeysService {
  const { keys, settings } = store

  const save = async (name: string, key: string): Promise<KeyRecord> => {
    const record = { id: effects.newId('key'), name, ...keyTraces(key), enabled: true, createdAt: effects.now() }
    await keys.create(record)
    keysChanged()
    log('info', 'key.created', { keyId: record.id, name })
    return record
  }
  const revoke = async (id: string): Promise<boolean> => {
    const found = await keys.remove(id)
    keysChanged()
    if (found) log('info', 'key.revoked', { keyId: id })
    return found
  }
  const owner = async (): Promise<KeyRecord | undefined> => {
    const id = (await settings.all())[ownerSetting]
    return id === undefined ? undefined : (await keys.list()).find((key) => key.id === id)
  }

  return {
    list: async () => {
      const all = (await keys.list()).map(keyView)
      return { keys: all, count: all.length }
    },
    create: async (given) => {
      const name = given.trim()
      if (name === '') return err(gatewayError('invalid-request', 'name must not be blank.', { field: 'name' }))
      if (name.length > 64) {
        return err(gatewayError('invalid-request', 'name has at most 64 characters.', { field: 'name' }))
      }
      const key = makeKey()
      return ok({ ...keyView(await save(name, key)), key })
    },
    remove: async (id) =>
      (await revoke(id)) ? ok(undefined) : err(gatewayError('not-found', 'There is no key with this id.')),
    ownerKey: async () => {
      const key = await owner()
      return key === undefined ? '' : maskedLast4(key.last4)
    },
    setOwnerKey: async (given) => {
      const text = given.trim()
      if (isMasked(text)) return ok(false)
      const last = await owner()
      if (text === '') {
        if (last !== undefined) await revoke(last.id)
        await settings.write({ [ownerSetting]: null })
        return ok(last !== undefined)
      }
      const checked = checkImportedKey(text, 'apiKey')
      if (!checked.ok) return checked
      const same = await keys.findByHash(keyTraces(text).hash)
      if (same !== undefined) {
        if (same.id === last?.id) return ok(false)
        const message = `This key exists already, under the name ${same.name}.`
        return err(gatewayError('invalid-request', message, { field: 'apiKey' }))
      }
      const record = await save(ownerName, text)
      await settings.write({ [ownerSetting]: record.id })
      if (last !== undefined) await revoke(last.id)
      return ok(true)
    },
  }
}

function keyView(key: KeyRecord): KeyView {
  return {
    id: key.id,
    name: key.name,
    prefix: key.prefix,
    last4: key.last4,
    enabled: key.enabled,
    created_at: new Date(key.createdAt).toISOString(),
    last_used_at: key.lastUsedAt === undefined ? null : new Date(key.lastUsedAt).toISOString(),
  }
}
