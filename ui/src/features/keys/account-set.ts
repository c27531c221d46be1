import type { KeyPatch, KeyView } from '../../../../server/admin/contract/keys.ts'
import type { PlainKey } from '../../i18n/dictionary.ts'

/** An account as far as keys know it. */
export type AccountChoice = {
  readonly id: string
  readonly name: string
  readonly hint: string
  /** What a search also finds it by. */
  readonly words: string
}

/** `accountIds` is kept while "all" is chosen, so that a change of mind loses nothing. */
export type KeyForm = { readonly name: string; readonly only: boolean; readonly accountIds: readonly string[] }
export type KeyFaults = { readonly name?: PlainKey; readonly accounts?: PlainKey }

export const keyForm = (key: Pick<KeyView, 'name' | 'account_ids'> | undefined, name = ''): KeyForm => ({
  name: key?.name ?? name,
  only: (key?.account_ids.length ?? 0) > 0,
  accountIds: key?.account_ids ?? [],
})

/** An empty set would mean any account, the opposite of what "only these" says: it may not be sent. */
export function keyFaults({ name, only, accountIds }: KeyForm): KeyFaults {
  const { length } = name.trim()
  return {
    ...(length === 0 ? { name: 'common.required' as const } : length > 64 ? { name: 'keys.nameLong' as const } : {}),
    ...(only && accountIds.length === 0 ? { accounts: 'keys.accountsNone' as const } : {}),
    ...(only && accountIds.length > 1_000 ? { accounts: 'keys.accountsMany' as const } : {}),
  }
}

/** What is sent: an empty set is any account. */
export const sentIds = ({ only, accountIds }: KeyForm): string[] => (only ? [...accountIds] : [])

/** What differs from `key`; undefined when nothing does. */
export function keyChanges(form: KeyForm, key: Pick<KeyView, 'name' | 'account_ids'>): KeyPatch | undefined {
  const name = form.name.trim()
  const ids = sentIds(form)
  const same = ids.length === key.account_ids.length && ids.every((id) => key.account_ids.includes(id))
  const changes: KeyPatch = { ...(name === key.name ? {} : { name }), ...(same ? {} : { account_ids: ids }) }
  return Object.keys(changes).length === 0 ? undefined : changes
}

/** The accounts of a set that are there, and the ids of those that are not any more. */
export function splitSet(ids: readonly string[], accounts: readonly AccountChoice[]) {
  return {
    present: accounts.filter(({ id }) => ids.includes(id)),
    removed: ids.filter((id) => !accounts.some((account) => account.id === id)),
  }
}

/** A set whose accounts are all gone is not "any": such a key gets no answer. */
export const servedByNobody = (ids: readonly string[], accounts: readonly AccountChoice[] | undefined): boolean =>
  ids.length > 0 && accounts !== undefined && splitSet(ids, accounts).present.length === 0
