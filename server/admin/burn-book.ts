import { LRUCache } from 'lru-cache'
import { unwatched, type WatchMemory } from '../lib/watch-memory.ts'
import { type Burn, burnOf, longestWindowMs } from '../pool/burn.ts'
import type { AccountRecord, AccountStore } from '../store/store.ts'

const mostKnown = 10_000

export type BurnBook = {
  /** How fast each of these accounts spends its quota; accounts of which that is unknown are left out. */
  readonly of: (records: readonly AccountRecord[]) => Promise<ReadonlyMap<string, Burn>>
}

/** Burn rates by account, worked out again only when the account's quota has been read again. */
export function createBurnBook(
  accounts: Pick<AccountStore, 'quotaReadings'>,
  memory: WatchMemory = unwatched,
): BurnBook {
  const known = new LRUCache<string, { readonly readAt: number; readonly burn: Burn | undefined }>({ max: mostKnown })
  memory('burn_rates', () => known.size, mostKnown)

  async function burnOfAccount({ account: { id, quota } }: AccountRecord): Promise<Burn | undefined> {
    if (quota === undefined) return undefined
    const found = known.get(id)
    if (found?.readAt === quota.readAt) return found.burn
    const burn = burnOf(await accounts.quotaReadings(id, quota.readAt - longestWindowMs), quota)
    known.set(id, { readAt: quota.readAt, burn })
    return burn
  }

  return {
    of: async (records) => {
      const burns = new Map<string, Burn>()
      for (const record of records) {
        const burn = await burnOfAccount(record)
        if (burn !== undefined) burns.set(record.account.id, burn)
      }
      return burns
    },
  }
}
