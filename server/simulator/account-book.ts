import type { Effects } from '../lib/effects.ts'
import { type Account, type AccountCounts, type AccountSpec, createAccount, type SimulatedAccount } from './account.ts'
import { asFault, type Fault } from './fault.ts'
import { createTokenBook } from './token-book.ts'

export type AccountControl = {
  /** Throws when the id or a given secret is already taken: a mistake in the test. */
  readonly add: (spec?: AccountSpec) => SimulatedAccount
  readonly get: (id: string) => SimulatedAccount | undefined
  readonly list: () => readonly SimulatedAccount[]
}

export type AccountBook = Omit<AccountControl, 'add' | 'get'> & {
  readonly add: (spec?: AccountSpec) => Account
  readonly get: (id: string) => Account | undefined
  /** Who holds this bearer; `expired` bearers are known but no longer good. */
  readonly byBearer: (bearer: string) => { readonly account: Account; readonly expired: boolean } | undefined
  readonly byRefreshToken: (token: string) => Account | undefined
  readonly totals: () => Pick<AccountCounts, 'refreshes' | 'refusedRefreshes'>
}

const maxAccounts = 10_000

export function createAccountBook(effects: Pick<Effects, 'now'>): AccountBook {
  const accounts = new Map<string, Account>()
  const byKey = new Map<string, Account>()
  const book = createTokenBook(effects.now)
  return {
    add: (spec = {}) => {
      const id = spec.id ?? `sim-${accounts.size + 1}`
      if (accounts.has(id)) throw new Error(`the simulator already has an account ${id}`)
      if (accounts.size >= maxAccounts) throw new Error(`the simulator holds at most ${maxAccounts} accounts`)
      const account = createAccount(id, spec, book, effects)
      accounts.set(id, account)
      const { apiKey } = account.secrets()
      if (apiKey !== undefined) byKey.set(apiKey, account)
      return account
    },
    get: (id) => accounts.get(id),
    list: () => [...accounts.values()],
    byBearer: (bearer) => {
      const holder = byKey.get(bearer)
      if (holder !== undefined) return { account: holder, expired: false }
      const access = book.access(bearer)
      const account = access === undefined ? undefined : accounts.get(access.accountId)
      if (access === undefined || account === undefined) return undefined
      return { account, expired: access.expiresAt <= effects.now() }
    },
    byRefreshToken: (token) => accounts.get(book.ownerOfRefresh(token) ?? ''),
    totals: () =>
      [...accounts.values()].reduce(
        (sum, account) => ({
          refreshes: sum.refreshes + account.counts().refreshes,
          refusedRefreshes: sum.refusedRefreshes + account.counts().refusedRefreshes,
        }),
        { refreshes: 0, refusedRefreshes: 0 },
      ),
  }
}

/** The standing fault of an account, in full. */
export function standingFault(account: SimulatedAccount): Fault | undefined {
  const { fault } = account.switches()
  return fault === undefined ? undefined : asFault(fault)
}
