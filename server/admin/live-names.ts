import type { Effects } from '../lib/effects.ts'
import type { RequestRecord } from '../store/request-record.ts'
import type { DeletedKind, KeptRequest, Store } from '../store/store.ts'

/** Gives a request that has just ended the names its row will have in the log. */
export type LiveNames = (record: RequestRecord) => Promise<KeptRequest>

/** Names are read again after so long; one that is not known, sooner: it may have been made a moment ago. */
const freshMs = 5_000
const unknownMs = 500

/** Of what was deleted and can come back, this many names are known. */
export const mostDeleted = 1_000
const nameFields = { key: 'keyName', user: 'userName', account: 'accountLabel' } as const
const isNamed = (kind: DeletedKind): kind is keyof typeof nameFields => kind in nameFields

type Names = Pick<KeptRequest, 'keyName' | 'keyPrefix' | 'userName' | 'userPriority' | 'accountLabel'>

/** Reads only while somebody follows the log, one reading for all who do. */
export function createLiveNames(
  store: Pick<Store, 'keys' | 'users' | 'accounts' | 'captures' | 'deleted'>,
  effects: Pick<Effects, 'now'>,
): LiveNames {
  let book = new Map<string, Names>()
  let capturedUntil = new Map<string, number>()
  let readAt = Number.NEGATIVE_INFINITY
  let reading: Promise<void> | undefined

  const read = async (): Promise<void> => {
    const at = effects.now()
    const [allKeys, allUsers, allAccounts, rules, { items: gone }] = await Promise.all([
      store.keys.list(),
      store.users.list(),
      store.accounts.list(),
      store.captures.rules(),
      store.deleted.list(undefined, mostDeleted),
    ])
    book = new Map<string, Names>([
      ...gone.flatMap(({ id, kind, name }) => (isNamed(kind) ? [[id, { [nameFields[kind]]: name }] as const] : [])),
      ...allKeys.map(({ id, name, prefix }) => [id, { keyName: name, keyPrefix: prefix }] as const),
      ...allUsers.map(({ id, name, priority }) => [id, { userName: name, userPriority: priority }] as const),
      ...allAccounts.map(({ account }) => [account.id, { accountLabel: account.label }] as const),
    ])
    capturedUntil = new Map(rules.map(({ keyId, until }) => [keyId, until]))
    readAt = at
  }
  const isStale = (ids: readonly string[]): boolean => {
    const ageMs = effects.now() - readAt
    return ageMs > freshMs || ageMs < 0 || (ageMs > unknownMs && ids.some((id) => !book.has(id)))
  }

  return async (record) => {
    const ids = [record.keyId, record.userId, record.accountId].filter((id) => id !== undefined)
    if (isStale(ids)) {
      reading ??= read().finally(() => {
        reading = undefined
      })
      await reading
    }
    const captured = record.keyId !== undefined && (capturedUntil.get(record.keyId) ?? 0) > record.at
    return Object.assign({}, record, { seq: 0, captured }, ...ids.map((id) => book.get(id)))
  }
}
