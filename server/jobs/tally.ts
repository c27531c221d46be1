import type { Effects } from '../lib/effects.ts'

export type Counted = { readonly success: number; readonly error: number; readonly lastUsedAt: number }

export type Tally = {
  readonly add: (accountId: string, outcome: 'success' | 'error' | 'neither') => void
  /** Writes what has gathered; a clean stop calls it after the last request. */
  readonly flush: () => Promise<void>
}

const pauseMs = 1_000
/** Until the next try when the store took nothing. */
const retryMs = 5_000

/** Gathers the accounts' counters between two writes: one row a second for each account in use, however busy it is. What could not be written is kept. */
export function createTally(
  write: (accountId: string, counted: Counted) => Promise<void>,
  effects: Pick<Effects, 'now' | 'after'>,
  onFailure: (error: unknown) => void,
): Tally {
  let gathered = new Map<string, { success: number; error: number; lastUsedAt: number }>()
  let planned = false

  const flush = async (): Promise<void> => {
    const due = gathered
    gathered = new Map()
    for (const [accountId, counted] of due) {
      await write(accountId, counted).catch((error: unknown) => {
        onFailure(error)
        const since = gathered.get(accountId) ?? { success: 0, error: 0, lastUsedAt: 0 }
        gathered.set(accountId, {
          success: since.success + counted.success,
          error: since.error + counted.error,
          lastUsedAt: Math.max(since.lastUsedAt, counted.lastUsedAt),
        })
        plan(retryMs)
      })
    }
  }
  const plan = (ms: number): void => {
    if (planned) return
    planned = true
    effects.after(ms, () => {
      planned = false
      void flush()
    })
  }
  return {
    flush,
    add: (accountId, outcome) => {
      const counted = gathered.get(accountId) ?? { success: 0, error: 0, lastUsedAt: 0 }
      if (outcome !== 'neither') counted[outcome]++
      counted.lastUsedAt = effects.now()
      gathered.set(accountId, counted)
      plan(pauseMs)
    },
  }
}
