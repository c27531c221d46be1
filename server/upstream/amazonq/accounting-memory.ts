import type { AccountingHabit } from './decode.ts'

/** From which hosts an account's replies were seen to end with accounting. */
export type AccountingMemory = {
  readonly has: (accountId: string, host: string) => boolean
  readonly add: (accountId: string, host: string) => void
}

export const habitOf = (memory: AccountingMemory, accountId: string, host: string): AccountingHabit => ({
  isKnown: () => memory.has(accountId, host),
  learn: () => memory.add(accountId, host),
})
