import type { Account, Health } from '../../server/pool/account.ts'

const createdAt = Date.UTC(2026, 0, 1)

/** A ready account; everything else by `more`. */
export function makeAccount(id: string, more: Partial<Account> = {}): Account {
  return {
    id,
    label: id,
    enabled: true,
    health: { state: 'ready', since: createdAt, failures: 0 },
    weight: 1,
    maxInFlight: 4,
    createdAt,
    ...more,
  }
}

export const health = (state: Health['state'], more: Partial<Health> = {}): Health => ({
  state,
  since: createdAt,
  failures: 0,
  ...more,
})
