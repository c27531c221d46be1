import type { PlainKey } from '../../i18n/dictionary.ts'

/** An account as users and keys know it. */
export type AccountChoice = {
  readonly id: string
  readonly name: string
  readonly hint: string
  /** What a search also finds it by. */
  readonly words: string
}

/** What users and keys may use. The lists are kept while "all" is chosen, so that a change of mind loses nothing. */
export type AccessValues = {
  readonly onlyAccounts: boolean
  readonly account_ids: readonly string[]
  readonly onlyModels: boolean
  readonly models: readonly string[]
  /** Names and patterns that are in no list, by commas. */
  readonly patterns: string
}

type Rights = { readonly account_ids: readonly string[]; readonly models: readonly string[] }

/** `known`: the models that can be picked; a name that is none of them stands among the patterns. */
export const accessValues = (rights: Rights | undefined, known: readonly string[]): AccessValues => ({
  onlyAccounts: (rights?.account_ids.length ?? 0) > 0,
  account_ids: rights?.account_ids ?? [],
  onlyModels: (rights?.models.length ?? 0) > 0,
  models: (rights?.models ?? []).filter((name) => known.includes(name)),
  patterns: (rights?.models ?? []).filter((name) => !known.includes(name)).join(', '),
})

export const namesIn = (text: string): readonly string[] => text.split(/[\s,，]+/).filter((name) => name !== '')

/** What is sent: an empty list is any. */
export const sentAccess = (values: AccessValues): { account_ids: string[]; models: string[] } => ({
  account_ids: values.onlyAccounts ? [...values.account_ids] : [],
  models: values.onlyModels ? [...new Set([...values.models, ...namesIn(values.patterns)])] : [],
})

/** An empty list would mean any, the opposite of what "only these" says: it may not be sent. */
export function accessFaults(values: AccessValues): { readonly account_ids?: PlainKey; readonly models?: PlainKey } {
  const { account_ids, models } = sentAccess(values)
  return {
    ...(values.onlyAccounts && account_ids.length === 0 ? { account_ids: 'keys.accountsNone' as const } : {}),
    ...(values.onlyModels && models.length === 0 ? { models: 'keys.modelsNone' as const } : {}),
  }
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
