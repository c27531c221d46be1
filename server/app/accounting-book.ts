import type { AccountingMemory } from '../upstream/amazonq/accounting-memory.ts'

/** An account talks to one host at a time; more are remembered for those who change the region or the host's family. */
const mostHosts = 8

export type AccountingBook = AccountingMemory & {
  /** What its row says. */
  readonly put: (accountId: string, hosts: readonly string[]) => void
  readonly remove: (accountId: string) => void
}

/**
 * Knows of each account in service from which hosts its replies end with accounting. A new host is saved at once: a reply that was cut
 * must not pass for a whole one because the gateway has been restarted since.
 */
export function createAccountingBook(save: (accountId: string, hosts: readonly string[]) => void): AccountingBook {
  const book = new Map<string, readonly string[]>()
  return {
    has: (accountId, host) => book.get(accountId)?.includes(host) ?? false,
    add: (accountId, host) => {
      const hosts = book.get(accountId)
      if (hosts === undefined || hosts.includes(host)) return
      const more = [...hosts, host].slice(-mostHosts)
      book.set(accountId, more)
      save(accountId, more)
    },
    put: (accountId, hosts) => {
      // What was learnt since the row was read stays.
      const learnt = (book.get(accountId) ?? []).filter((host) => !hosts.includes(host))
      book.set(accountId, [...hosts, ...learnt].slice(-mostHosts))
    },
    remove: (accountId) => {
      book.delete(accountId)
    },
  }
}
