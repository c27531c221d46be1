import { randomText } from '../lib/effects.ts'

/**
 * What a refresh does to the refresh token. `none`: the same comes back. `rotate`: a new one, and the old stays accepted
 * until the new is used. `strict`: a new one, and the old dies at once.
 */
export type RotationMode = 'none' | 'rotate' | 'strict'

export type TokenBook = {
  /** A new access token (or the given one), accepted until `now + lifetimeMs`. */
  readonly issueAccess: (accountId: string, lifetimeMs: number, token?: string) => AccessToken
  readonly access: (token: string) => { readonly accountId: string; readonly expiresAt: number } | undefined
  /** Ends every access token of the account. */
  readonly expireAccess: (accountId: string) => void
  readonly issueRefresh: (accountId: string, token?: string) => string
  /** Whose refresh token this is, or was. */
  readonly ownerOfRefresh: (token: string) => string | undefined
  /** Uses a refresh token and gives the one to keep, or undefined when it is dead or unknown. */
  readonly redeem: (token: string, mode: RotationMode) => string | undefined
  /** Kills every refresh token of the account. */
  readonly killRefresh: (accountId: string) => void
}

export type AccessToken = { readonly token: string; readonly expiresAt: number }

/** The newest this many tokens of an account are known; older ones are forgotten. */
const keptPerAccount = 32

export function createTokenBook(now: () => number): TokenBook {
  const access = new Map<string, { readonly accountId: string; readonly expiresAt: number }>()
  // Dead tokens stay known for a while, so that their use is counted against their account.
  const refresh = new Map<string, { readonly accountId: string; readonly parent?: string; readonly isDead?: true }>()
  const accessOf = new Map<string, string[]>()
  const refreshOf = new Map<string, string[]>()

  const keep = (
    lists: Map<string, string[]>,
    accountId: string,
    token: string,
    forget: (token: string) => void,
  ): void => {
    const list = lists.get(accountId) ?? []
    list.push(token)
    if (list.length > keptPerAccount) forget(list.shift() ?? '')
    lists.set(accountId, list)
  }
  const addRefresh = (accountId: string, token: string, parent?: string): string => {
    refresh.set(token, { accountId, ...(parent === undefined ? {} : { parent }) })
    keep(refreshOf, accountId, token, (old) => refresh.delete(old))
    return token
  }
  const killRefresh = (accountId: string, isKept: (token: string) => boolean): void => {
    for (const token of refreshOf.get(accountId) ?? []) {
      if (!isKept(token)) refresh.set(token, { accountId, isDead: true })
    }
  }
  /** A client that keeps losing our answers must not see its good token pushed out by those it never got. */
  const stayNewest = (accountId: string, token: string): void => {
    refreshOf.set(accountId, [...(refreshOf.get(accountId) ?? []).filter((other) => other !== token), token])
  }
  const freshRefresh = (): string => `aorSIM${randomText(60)}`

  return {
    issueAccess: (accountId, lifetimeMs, token = `aoaSIM${randomText(60)}`) => {
      const expiresAt = now() + lifetimeMs
      access.set(token, { accountId, expiresAt })
      keep(accessOf, accountId, token, (old) => access.delete(old))
      return { token, expiresAt }
    },
    access: (token) => access.get(token),
    expireAccess: (accountId) => {
      for (const token of accessOf.get(accountId) ?? []) access.set(token, { accountId, expiresAt: now() })
    },
    issueRefresh: (accountId, token = freshRefresh()) => addRefresh(accountId, token),
    ownerOfRefresh: (token) => refresh.get(token)?.accountId,
    redeem: (token, mode) => {
      const entry = refresh.get(token)
      if (entry === undefined || entry.isDead) return undefined
      if (mode === 'none') return token
      const { accountId } = entry
      // Its use ends the token before it and those issued beside it; tokens it was already exchanged for stay good.
      killRefresh(accountId, (other) => other === token || refresh.get(other)?.parent === token)
      if (mode === 'strict') killRefresh(accountId, () => false)
      else stayNewest(accountId, token)
      return addRefresh(accountId, freshRefresh(), token)
    },
    killRefresh: (accountId) => killRefresh(accountId, () => false),
  }
}
