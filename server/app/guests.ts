import type { Ledger } from '../access/ledger.ts'
import type { News } from '../admin/succession.ts'
import type { KeptAnswer, KeptAnswers } from '../dialect/openai-responses/kept-answers.ts'
import type { Effects } from '../lib/effects.ts'

export type Guests = {
  /** Requests wait for it: limits and kept answers are not whole before. */
  readonly isExpected: () => boolean
  readonly arrived: Promise<void>
  readonly hear: (news: readonly News[]) => Promise<void>
  /** The predecessor is gone, and with it what it had under way. */
  readonly dismiss: () => void
}

/** Nobody waits longer for a predecessor that says nothing. */
const expectMs = 3_000

/** The new one's ear: what the process before it knows and goes on learning, taken over in the order it is told. */
export function createGuests({
  ledger,
  kept,
  effects,
}: {
  readonly ledger: Pick<Ledger, 'host' | 'guestEntered' | 'guestLeft' | 'dismissGuests'>
  readonly kept: Pick<KeptAnswers, 'keep'>
  readonly effects: Pick<Effects, 'after'>
}): Guests {
  let isExpected = true
  const { promise: arrived, resolve } = Promise.withResolvers<void>()
  const arrive = (): void => {
    isExpected = false
    resolve()
  }
  effects.after(expectMs, arrive)
  return {
    isExpected: () => isExpected,
    arrived,
    hear: async (news) => {
      for (const one of news) {
        if (one.type === 'answer') kept.keep(one.callerId, one.answer as KeptAnswer)
        else if (one.type === 'settled') ledger.guestLeft(one.id, one.used)
        else if (one.type === 'entered') await ledger.guestEntered(one.call)
        else {
          await ledger.host(one.state)
          arrive()
        }
      }
    },
    dismiss: () => {
      ledger.dismissGuests()
      arrive()
    },
  }
}

const lookMs = 250

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as { readonly code?: string }).code === 'EPERM' // another user's
  }
}

/** Calls back once all of these processes are gone. */
export function whenGone(pids: readonly number[], effects: Pick<Effects, 'after'>, task: () => void): void {
  effects.after(lookMs, () => (pids.some(isAlive) ? whenGone(pids, effects, task) : task()))
}
