import { isInternalKey } from '../access/console-key.ts'
import { sha256Hex } from '../access/digest.ts'
import { makeHandOverToken } from '../access/hand-over.ts'
import { makeKey } from '../access/key.ts'
import { productName } from '../config/build.ts'
import { type GatewayError, gatewayError } from '../conversation/error.ts'
import type { Effects } from '../lib/effects.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { HandOverRecord, KeyRecord, Store } from '../store/store.ts'
import type { AdminLog } from './admin-log.ts'
import { type HandOverCreate, type HandOverCreated, type HandOverOffer, handOverHours } from './contract/hand-overs.ts'
import { handOverView, internalKey, rotation } from './keys-service.ts'

type Deps = {
  readonly store: Pick<Store, 'handOvers' | 'keys' | 'users'>
  readonly effects: Pick<Effects, 'now'>
  readonly keysChanged: () => void
  readonly log: AdminLog
}

export type Opened = { readonly key: string; readonly record: KeyRecord }

export type HandOversService = {
  /** A link in place of the key's last one; the key works as before until it is opened. */
  readonly create: (keyId: string, ask: HandOverCreate) => Promise<Result<HandOverCreated, GatewayError>>
  readonly revoke: (keyId: string) => Promise<Result<void, GatewayError>>
  /** What is offered to who holds the token. Changes nothing. */
  readonly look: (token: string) => Promise<Result<HandOverOffer, GatewayError>>
  /**
   * Gives the key a new string, which nobody has seen before, and that to who holds the token. Once; not while the key or its user
   * is switched off or has expired, which leaves the link as it is.
   */
  readonly open: (token: string) => Promise<Result<Opened, GatewayError>>
}

/**
 * Links that hand a key to its user. Nothing that opens anything is kept for them: the string is made when the link is opened, so
 * that neither the database nor whoever made the link ever had it.
 */
export function createHandOversService({ store, effects, keysChanged, log }: Deps): HandOversService {
  const { handOvers, keys, users } = store

  const find = async (
    token: string,
  ): Promise<Result<{ readonly link: HandOverRecord; readonly key: KeyRecord }, GatewayError>> => {
    const link = await handOvers.findByHash(sha256Hex(token))
    const key = link === undefined ? undefined : await keys.get(link.keyId)
    if (link === undefined || key === undefined) return err(unknownLink)
    if (link.openedAt !== undefined) return err(usedLink(link.openedAt))
    const now = effects.now()
    if (link.expiresAt <= now) return err(expiredLink)
    const user = key.userId === undefined ? undefined : await users.get(key.userId)
    return isOff(key, now) || (user !== undefined && isOff(user, now)) ? err(closedLink) : ok({ link, key })
  }

  return {
    create: async (keyId, { expires_in_seconds: seconds = handOverHours.usual * 3_600, grace_seconds: grace = 0 }) => {
      if (isInternalKey({ id: keyId })) return err(internalKey)
      if ((await keys.get(keyId)) === undefined) return err(gatewayError('not-found', 'There is no key with this id.'))
      const token = makeHandOverToken()
      const now = effects.now()
      const record: HandOverRecord = {
        keyId,
        hash: sha256Hex(token),
        createdAt: now,
        expiresAt: now + seconds * 1_000,
        graceMs: grace * 1_000,
      }
      await handOvers.save(record)
      log('info', 'key.link-made', { keyId, expiresAt: record.expiresAt })
      return ok({ ...handOverView(record), token })
    },
    revoke: async (keyId) => {
      if (!(await handOvers.remove(keyId))) return err(gatewayError('not-found', 'This key has no link.'))
      log('info', 'key.link-revoked', { keyId })
      return ok(undefined)
    },
    look: async (token) => {
      const found = await find(token)
      if (!found.ok) return found
      const { key, link } = found.value
      const user = key.userId === undefined ? undefined : await users.get(key.userId)
      return ok({
        product: productName,
        key_name: key.name,
        user_name: user?.name ?? null,
        expires_at: new Date(link.expiresAt).toISOString(),
      })
    },
    open: async (token) => {
      const found = await find(token)
      if (!found.ok) return found
      const { link, key: record } = found.value
      const key = makeKey()
      const now = effects.now()
      const isFirst = await handOvers.open(link.hash, now, rotation(key, record, now, link.graceMs))
      if (!isFirst) return err(usedLink(now))
      keysChanged()
      log('info', 'key.handed-over', { keyId: record.id })
      return ok({ key, record })
    },
  }
}

/** A string of it would open nothing. */
const isOff = ({ enabled, expiresAt }: Pick<KeyRecord, 'enabled' | 'expiresAt'>, now: number): boolean =>
  !enabled || (expiresAt !== undefined && expiresAt <= now)

const closedLink = gatewayError(
  'not-found',
  'The key of this link is switched off or has expired. Tell whoever sent it: the link has not been used up.',
  { code: 'HAND_OVER_KEY_OFF' },
)
const unknownLink = gatewayError('not-found', 'This link is not known: it was withdrawn, replaced or cut short.', {
  code: 'HAND_OVER_UNKNOWN',
})
const expiredLink = gatewayError('not-found', 'This link has expired. Ask for a new one.', {
  code: 'HAND_OVER_EXPIRED',
})
const usedLink = (at: number): GatewayError =>
  gatewayError('not-found', 'This link was opened already. If it was not you, say so to whoever sent it.', {
    code: 'HAND_OVER_USED',
    params: { at: new Date(at).toISOString() },
  })
