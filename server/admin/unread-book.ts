import { LRUCache } from 'lru-cache'
import { unwatched, type WatchMemory } from '../lib/watch-memory.ts'
import type { AccountCheck } from '../upstream/amazonq/check.ts'

/** What could not be read of an account when it was last looked at, and why. Shown; nothing follows from it. */
export type UnreadItem = {
  readonly kind: 'models-unread' | 'quota-unread' | 'profile-unread' | 'access-unrenewed'
  readonly reason: string
}

const mostItems = 10_000

export type UnreadBook = {
  /** Takes over what a check could not read; what it could is no trouble any more. */
  readonly note: (check: Pick<AccountCheck, 'accountId' | 'error' | 'unread'>) => void
  readonly of: (accountId: string) => readonly UnreadItem[]
}

/** In memory alone: after a start everything is read anew. */
export function createUnreadBook(memory: WatchMemory = unwatched): UnreadBook {
  const items = new LRUCache<string, readonly UnreadItem[]>({ max: mostItems })
  memory('unread_accounts', () => items.size, mostItems)
  return {
    note: ({ accountId, error, unread = {} }) => {
      const found: readonly (readonly [UnreadItem['kind'], string | undefined])[] = [
        ['access-unrenewed', error?.kind === 'renewal-failed' ? error.message : undefined],
        ['profile-unread', unread.profile?.message],
        ['models-unread', unread.models?.message],
        ['quota-unread', unread.usage?.message],
      ]
      const news = found.flatMap(([kind, reason]) => (reason === undefined ? [] : [{ kind, reason }]))
      if (news.length === 0) items.delete(accountId)
      else items.set(accountId, news)
    },
    of: (accountId) => items.get(accountId) ?? [],
  }
}
