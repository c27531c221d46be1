import { consoleKey, isInternalKey } from '../access/console-key.ts'
import { checkImportedKey, keyTraces, makeKey } from '../access/key.ts'
import { keyCompressions } from '../access/key-compression.ts'
import { type GatewayError, gatewayError } from '../conversation/error.ts'
import type { Effects } from '../lib/effects.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { HandOverRecord, KeyChange, KeyRecord, KeyStore, Store } from '../store/store.ts'
import type { AdminLog } from './admin-log.ts'
import type { HandOverView } from './contract/hand-overs.ts'
import type { KeyCreate, KeyCreated, KeyList, KeyPatch, KeyView } from './contract/keys.ts'
import { invalidRequest } from './invalid-request.ts'
import { given, invalid, limitsChange, limitsView, newLimits, rightsChange, rightsView } from './limits-form.ts'
import { isMasked, maskedLast4 } from './mask.ts'
import { readUsage, type UsageAccess, type UsageReading, usedView } from './used-view.ts'

export type KeysDeps = {
  readonly store: Pick<Store, 'accounts' | 'keys' | 'users' | 'settings' | 'deleted' | 'handOvers' | 'usage'>
  readonly effects: Pick<Effects, 'now' | 'newId'>
  readonly usage: UsageAccess
  readonly keysChanged: () => void
  readonly log: AdminLog
}

export type KeysService = {
  /** Those that somebody holds, or the gateway's own. */
  readonly list: (internal?: boolean) => Promise<KeyList>
  readonly get: (id: string) => Promise<Result<KeyView, GatewayError>>
  /** The key itself is in this answer and nowhere else. */
  readonly create: (ask: KeyCreate) => Promise<Result<KeyCreated, GatewayError>>
  readonly update: (id: string, patch: KeyPatch) => Promise<Result<KeyView, GatewayError>>
  /** Another key string for the same key: its name, rights, limits and what it has used stay. The old one ends when the grace has passed. */
  readonly regenerate: (id: string, graceMs?: number) => Promise<Result<KeyCreated, GatewayError>>
  /** Ends the string it had before, ahead of its time. */
  readonly endPrevious: (id: string) => Promise<Result<KeyView, GatewayError>>
  /** It opens nothing any more, and can be restored for a week. */
  readonly remove: (id: string) => Promise<Result<void, GatewayError>>
  /** The key of the `apiKey` setting for display: masked, or empty. */
  readonly ownerKey: () => Promise<string>
  /**
   * Takes over a key string that exists elsewhere as the key named "Owner", in place of the last such one. Masked: unchanged.
   * Empty: revoked. True when something changed.
   */
  readonly setOwnerKey: (key: string) => Promise<Result<boolean, GatewayError>>
}

/** Names the key of the `apiKey` setting. */
export const ownerKeySetting = 'owner_key_id'
export const ownerKeyName = 'Owner'

export function createKeysService({ store, effects, usage, keysChanged, log }: KeysDeps): KeysService {
  const { accounts, keys, users, settings } = store

  const viewsOf = async (records: readonly KeyRecord[]): Promise<readonly KeyView[]> => {
    const ids = records.map(({ id }) => id)
    const [reading, links] = await Promise.all([
      readUsage(store.usage, usage, effects.now(), ids),
      store.handOvers.list(),
    ])
    const linkOf = new Map(links.map((link) => [link.keyId, link]))
    return records.map((key) => keyView(key, reading, linkOf.get(key.id)))
  }
  const viewOf = async (key: KeyRecord): Promise<KeyView> => {
    const [view] = await viewsOf([key])
    if (view === undefined) throw new Error('one key has one view')
    return view
  }

  const save = async (
    name: string,
    key: string,
    more: Pick<
      KeyRecord,
      'userId' | 'accountIds' | 'models' | 'expiresAt' | 'notes' | 'limits' | 'compression' | 'dryRun' | 'repair'
    > = {},
  ): Promise<KeyRecord> => {
    const record = {
      ...more,
      id: effects.newId('key'),
      name,
      ...keyTraces(key),
      enabled: true,
      createdAt: effects.now(),
    }
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
    const id = (await settings.all())[ownerKeySetting]
    return id === undefined ? undefined : (await keys.list()).find((key) => key.id === id)
  }

  return {
    list: async (internal = false) => {
      const all = await viewsOf((await keys.list()).filter((key) => isInternalKey(key) === internal))
      return { keys: [...all], count: all.length }
    },
    create: async (ask) => {
      const name = checkName(ask.name)
      if (!name.ok) return name
      const { user_id: userId } = ask
      if (userId !== undefined && (await users.get(userId)) === undefined)
        return invalid({ reason: 'no-user' }, `There is no user with the id ${JSON.stringify(userId)}.`, 'user_id')
      const rights = await rightsChange(ask, accounts)
      if (!rights.ok) return rights
      const key = makeKey()
      const more = { ...given(rights.value), ...given({ userId, limits: newLimits(ask), ...waysOf(ask) }) }
      return ok({ ...(await viewOf(await save(name.value, key, more))), key })
    },
    update: async (id, patch) => {
      const before = (await keys.list()).find((key) => key.id === id)
      if (before === undefined) return err(noSuchKey)
      const name = patch.name === undefined ? undefined : checkName(patch.name)
      if (name?.ok === false) return name
      if (isInternalKey(before) && name !== undefined && name.value !== before.name)
        return invalid({ reason: 'key-named' }, 'The key of the console keeps its name.', 'name')
      const rights = await rightsChange(patch, accounts, before.accountIds)
      if (!rights.ok) return rights
      const after = await keys.update(id, {
        ...(name === undefined ? {} : { name: name.value }),
        ...(patch.enabled === undefined ? {} : { enabled: patch.enabled }),
        ...rights.value,
        ...waysOf(patch),
        limits: limitsChange(patch),
      })
      keysChanged()
      if (after === undefined) return err(noSuchKey)
      log('info', 'key.changed', {
        keyId: id,
        name: after.name,
        enabled: after.enabled,
        accounts: after.accountIds?.length ?? null,
      })
      return ok(await viewOf(after))
    },
    regenerate: async (id, graceMs = 0) => {
      if (isInternalKey({ id })) return err(internalKey)
      const before = await keys.get(id)
      if (before === undefined) return err(noSuchKey)
      const key = makeKey()
      const changed = await keys.update(id, rotation(key, before, effects.now(), graceMs))
      keysChanged()
      if (changed === undefined) return err(noSuchKey)
      log('info', 'key.regenerated', { keyId: id, graceMs })
      return ok({ ...(await viewOf(changed)), key })
    },
    endPrevious: async (id) => {
      const changed = await keys.update(id, { previousHash: null, previousUntil: null })
      keysChanged()
      if (changed === undefined) return err(noSuchKey)
      log('info', 'key.previous-ended', { keyId: id })
      return ok(await viewOf(changed))
    },
    get: async (id) => {
      const found = (await keys.list()).find((key) => key.id === id)
      return found === undefined ? err(noSuchKey) : ok(await viewOf(found))
    },
    remove: async (id) => {
      if (isInternalKey({ id })) return err(internalKey)
      const key = (await keys.list()).find((one) => one.id === id)
      const taken = key !== undefined && (await store.deleted.take('key', id, { name: key.name, at: effects.now() }))
      keysChanged()
      if (!taken) return err(noSuchKey)
      log('info', 'key.removed', { keyId: id })
      return ok(undefined)
    },
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
        await settings.write({ [ownerKeySetting]: null })
        return ok(last !== undefined)
      }
      const checked = checkImportedKey(text, 'apiKey')
      if (!checked.ok) return checked
      const traces = keyTraces(text)
      const same = await keys.findByHash(traces.hash)
      if (same !== undefined) {
        if (same.id === last?.id) {
          if (same.hash === traces.hash) return ok(false)
          // The string it had before the last rotation.
          await keys.update(same.id, { ...traces, previousHash: null, previousUntil: null })
          keysChanged()
          return ok(true)
        }
        const message = `This key exists already, under the name ${same.name}.`
        return err(invalidRequest({ reason: 'key-there', name: same.name }, message, { field: 'apiKey' }))
      }
      const record = await save(ownerKeyName, text)
      await settings.write({ [ownerKeySetting]: record.id })
      if (last !== undefined) await revoke(last.id)
      return ok(true)
    },
  }
}

/** There from the first start on, so that limits can be set before the first chat. */
export async function ensureConsoleKey(
  keys: Pick<KeyStore, 'get' | 'create'>,
  effects: Pick<Effects, 'now'>,
): Promise<void> {
  if ((await keys.get(consoleKey.id)) === undefined) await keys.create({ ...consoleKey, createdAt: effects.now() })
}

export const internalKey = invalidRequest(
  { reason: 'key-internal' },
  'This key is the console’s own: it has no string, and stays. Disable it to end its chats.',
)

const noSuchKey = gatewayError('not-found', 'There is no key with this id.')

/** What is given of how its requests are served; null takes it away. */
function waysOf({ compression, dry_run: dryRun, repair }: Pick<KeyPatch, 'compression' | 'dry_run' | 'repair'>) {
  return {
    ...(compression !== undefined && { compression: keyCompressions.find((one) => one === compression) ?? null }),
    ...(dryRun !== undefined && { dryRun: dryRun || null }),
    ...(repair !== undefined && { repair }),
  }
}

function checkName(given: string): Result<string, GatewayError> {
  const name = given.trim()
  if (name === '') return err(invalidRequest({ reason: 'blank' }, 'name must not be blank.', { field: 'name' }))
  if (name.length <= 64) return ok(name)
  return err(invalidRequest({ reason: 'long', most: 64 }, 'name has at most 64 characters.', { field: 'name' }))
}

/** A new string for a key. With a grace the one it has opens as well until then; the one before that ends in any case. */
export const rotation = (key: string, before: Pick<KeyRecord, 'hash'>, now: number, graceMs: number): KeyChange => ({
  ...keyTraces(key),
  previousHash: graceMs > 0 ? before.hash : null,
  previousUntil: graceMs > 0 ? now + graceMs : null,
})

export const handOverView = ({ createdAt, expiresAt, openedAt }: HandOverRecord): HandOverView => ({
  created_at: new Date(createdAt).toISOString(),
  expires_at: new Date(expiresAt).toISOString(),
  opened_at: openedAt === undefined ? null : new Date(openedAt).toISOString(),
})

export const keyView = (key: KeyRecord, { of, periods }: UsageReading, link: HandOverRecord | undefined): KeyView => ({
  id: key.id,
  name: key.name,
  prefix: key.prefix,
  last4: key.last4,
  enabled: key.enabled,
  user_id: key.userId ?? null,
  repair: key.repair ?? null,
  internal: isInternalKey(key),
  ...rightsView(key),
  ...limitsView(key.limits),
  ...usedView(of(key.id), limitsView(key.limits), periods),
  compression: key.compression ?? 'inherit',
  dry_run: key.dryRun === true,
  previous_until: key.previousUntil === undefined ? null : new Date(key.previousUntil).toISOString(),
  hand_over: link === undefined ? null : handOverView(link),
  created_at: new Date(key.createdAt).toISOString(),
  last_used_at: key.lastUsedAt === undefined ? null : new Date(key.lastUsedAt).toISOString(),
})
