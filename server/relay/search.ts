import type { ErrorKind, GatewayError } from '../conversation/error.ts'
import type { SearchResult } from '../conversation/search.ts'
import { err, type Result } from '../lib/result.ts'
import type { WebSearch } from '../upstream/search.ts'

export type SearchAsked = {
  /** The account of the conversation; it is asked first. */
  readonly accountId: string | undefined
  /** The only accounts that may be asked; absent: any in service. */
  readonly accounts: ReadonlySet<string> | undefined
}
/** `accountId`: whose search it was, or the last that was asked. */
export type Searched = { readonly accountId?: string; readonly found: Result<readonly SearchResult[], GatewayError> }
export type Search = (query: string, asked: SearchAsked, signal: AbortSignal) => Promise<Searched>

export type SearchDeps = {
  readonly search: WebSearch
  /** Ids of the accounts in service. */
  readonly accounts: () => readonly string[]
  readonly now: () => number
}

const mostTries = 3
/** A plan or host that cannot search will not learn it soon. */
const unableMs = 600_000
/** What a refused query (`invalid-request`) says is of the query: another caller's search is not to suffer for it. */
const inability: ReadonlySet<ErrorKind> = new Set(['access-denied', 'account-refused', 'not-found'])

/**
 * Searches with the conversation's own account, else with another one in service: not every plan and host can. What a search
 * meets says nothing about chat, so no account's state follows from it; who cannot search is only not asked again for a while.
 */
export function createSearch({ search, accounts, now }: SearchDeps): Search {
  const unableUntil = new Map<string, number>()
  const isAble = (id: string): boolean => (unableUntil.get(id) ?? 0) <= now()

  return async (query, { accountId, accounts: only }, signal) => {
    const known = new Set(accounts())
    for (const id of unableUntil.keys()) if (!known.has(id)) unableUntil.delete(id)
    const own = accountId === undefined || !known.has(accountId) ? [] : [accountId]
    const others = [...known].filter((id) => id !== accountId && only?.has(id) !== false)
    const candidates = [...own, ...others].filter(isAble).slice(0, mostTries)
    let last: Searched = { found: err({ kind: 'no-account', message: 'No account can search.' }) }
    for (const id of candidates) {
      const found = await search(id, query, signal)
      last = { accountId: id, found }
      if (found.ok || signal.aborted) return last
      if (inability.has(found.error.kind)) unableUntil.set(id, now() + unableMs)
    }
    return last
  }
}
