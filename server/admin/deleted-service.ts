import { type GatewayError, gatewayError } from '../conversation/error.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { Turns } from '../lib/turns.ts'
import { deletedKeptMs } from '../store/deleted.ts'
import type { DeletedKind, Restored } from '../store/store.ts'
import type { Credentials } from '../upstream/amazonq/credentials.ts'
import { accountRoom } from './account-limit.ts'
import { openAccountBook } from './account-match.ts'
import { nameOf } from './account-takeover.ts'
import type { DeletedList } from './contract/deleted.ts'
import type { AdminDeps } from './deps.ts'
import { mostBlocks } from './ips-service.ts'
import { maxMappings } from './model-mappings-service.ts'
import { mostProxies } from './proxies-service.ts'

/** What stands in the way of coming back; `conflict`: how things are now. */
export type RestoreRefusal = { readonly conflict: boolean; readonly error: GatewayError }
type Answer = Promise<Result<void, RestoreRefusal>>

export type DeletedService = {
  readonly list: (kind?: DeletedKind) => Promise<DeletedList>
  /** It serves again from now on, as it did. */
  readonly restore: (kind: DeletedKind, id: string) => Answer
  /** Gone for good, before its time. */
  readonly purge: (id: string) => Promise<Result<void, GatewayError>>
  /** The same for all, or all of a kind; gives how many. */
  readonly purgeAll: (kind?: DeletedKind) => Promise<number>
}

type DeletedDeps = Pick<
  AdminDeps,
  | 'store'
  | 'effects'
  | 'log'
  | 'accountsChanged'
  | 'outbound'
  | 'keysChanged'
  | 'mappingsChanged'
  | 'capturesChanged'
  | 'ipsChanged'
>

const mostListed = 500

/** What was deleted within the last days. `inTurn` is the one in which accounts are added: a limit holds for both. */
export function createDeletedService(deps: DeletedDeps, inTurn: Turns): DeletedService {
  const { deleted, ips, modelMappings, proxies } = deps.store

  /** The same sign-in may have been added anew meanwhile, and the places may be taken. */
  const accountObstacle = async (id: string): Promise<RestoreRefusal | undefined> => {
    const room = await accountRoom(deps)
    if (room.left === 0) return { conflict: false, error: room.refusal }
    const text = await deleted.secretOf('account', id)
    if (text === undefined) return undefined
    const credentials = JSON.parse(text) as Credentials // our own, sealed by us
    const match = (await openAccountBook(deps)).match({ credentials })
    if (match?.by !== 'secret') return undefined
    const name = nameOf(match.record)
    return conflict('ACCOUNT_EXISTS', `The same sign-in is there again, as the account ${name}.`, { name })
  }
  const proxyObstacle = async (id: string): Promise<RestoreRefusal | undefined> => {
    const all = await proxies.list()
    if (all.length >= mostProxies) return full('PROXY_LIMIT_REACHED', 'proxies', mostProxies)
    const url = await deleted.secretOf('proxy', id)
    const same = url === undefined ? undefined : all.find((proxy) => proxy.url === url)
    return (
      same && conflict('PROXY_EXISTS', `Its address is there again, under the name ${same.name}.`, { name: same.name })
    )
  }
  const obstacles: Readonly<Record<DeletedKind, (id: string) => Promise<RestoreRefusal | undefined>>> = {
    account: accountObstacle,
    proxy: proxyObstacle,
    user: async () => undefined,
    key: async () => undefined,
    mapping: async () => {
      const { length } = await modelMappings.list()
      return length < maxMappings ? undefined : full('MAPPING_LIMIT_REACHED', 'mappings', maxMappings)
    },
    block: async () => {
      const { length } = await ips.blocks()
      return length < mostBlocks ? undefined : full('BLOCK_LIMIT_REACHED', 'blocked addresses', mostBlocks)
    },
  }
  const keysAreBack = async () => {
    await deps.mappingsChanged()
    await deps.capturesChanged()
    deps.keysChanged()
  }
  const follow: Readonly<Record<DeletedKind, (id: string) => unknown>> = {
    account: (id) => deps.accountsChanged(id),
    proxy: () => deps.outbound.changed(),
    user: keysAreBack,
    key: keysAreBack,
    mapping: () => deps.mappingsChanged(),
    block: () => deps.ipsChanged(),
  }

  return {
    list: async (kind) => {
      const { items, total } = await deleted.list(kind, mostListed)
      const views = items.map(({ deletedAt, ...item }) => ({
        ...item,
        deleted_at: new Date(deletedAt).toISOString(),
        purged_at: new Date(deletedAt + deletedKeptMs).toISOString(),
      }))
      return { items: views, total }
    },
    restore: async (kind, id) => {
      const done = await inTurn(async () => {
        const obstacle = await obstacles[kind](id)
        if (obstacle !== undefined && (await deleted.has(kind, id))) return err(obstacle)
        const restored = await deleted.restore(kind, id)
        return restored === 'restored' ? ok(undefined) : err(refusals[restored])
      })
      if (!done.ok) return done
      await follow[kind](id)
      deps.log('info', `${kind}.restored`, { [`${kind}Id`]: id })
      return ok(undefined)
    },
    purge: async (id) => {
      if (!(await deleted.purge(id))) return err(unknown.error)
      deps.log('warn', 'deleted.purged', { id })
      return ok(undefined)
    },
    purgeAll: async (kind) => {
      let count = 0
      for (;;) {
        const { items } = await deleted.list(kind, mostListed)
        if (items.length === 0) break
        for (const { id } of items) if (await deleted.purge(id)) count++
      }
      deps.log('warn', 'deleted.emptied', { kind: kind ?? 'all', count })
      return count
    },
  }
}

const conflict = (
  code: string,
  message: string,
  params: Readonly<Record<string, string | number>> = {},
): RestoreRefusal => ({ conflict: true, error: gatewayError('invalid-request', message, { code, params }) })
const full = (code: string, what: string, limit: number): RestoreRefusal =>
  conflict(code, `There are ${limit} ${what} already.`, { limit })
const unknown: RestoreRefusal = {
  conflict: false,
  error: gatewayError('not-found', 'Nothing that was deleted has this id; after 7 days it is gone for good.'),
}
const refusals: Readonly<Record<Exclude<Restored, 'restored'>, RestoreRefusal>> = {
  unknown,
  unreadable: conflict('UNREADABLE', 'It is sealed with another master key and cannot be restored.'),
  'key-taken': conflict('KEY_EXISTS', 'Another key has the same key string now.'),
  'key-gone': conflict('KEY_GONE', 'The key it was for is not there. Restore the key first.'),
  'name-taken': conflict('MAPPING_EXISTS', 'The name is mapped again.'),
  'range-taken': conflict('BLOCK_EXISTS', 'These addresses are blocked again.'),
  'user-gone': conflict('USER_GONE', 'The user whose key it was is not there. Restore the user first.'),
}
