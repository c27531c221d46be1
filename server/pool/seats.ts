import { type OveragePolicy, permitted, remainingCredits, shareLeft } from '../conversation/quota.ts'
import type { Account } from './account.ts'
import { overageOf } from './health.ts'
import { type Common, purseOf } from './purse.ts'
import type { Asked } from './seat-request.ts'
import { afterOtherModels } from './shakes.ts'
import type { Held, Offer } from './verdict.ts'

export type Seats = ReturnType<typeof createSeats>

/** The accounts with the room for work each has. */
export function createSeats(overage: () => OveragePolicy, common: Common, now: () => number) {
  const byId = new Map<string, Held>()
  /** The same, in the order they were put: a scan of a list is quicker than one of a map. */
  let all: Held[] = []

  /** An equal list that some account has already, else a new one. */
  const offerOf = (models: readonly string[]): Offer => {
    const key = models.join('\n')
    return all.find(({ offer }) => offer?.key === key)?.offer ?? { key, models: new Set(models) }
  }

  /** The accounts a request may get, those of its key or all; the others are no candidates. */
  const candidates = (only: Asked['only']): readonly Held[] =>
    only === undefined ? all : [...only].flatMap((id) => byId.get(id) ?? [])

  return {
    get: (id: string): Held | undefined => byId.get(id),
    all: (): readonly Held[] => all,
    candidates,
    put: (account: Account): void => {
      const { health } = account
      const quota = account.quota && permitted(account.quota, overageOf(account, overage()))
      const held = byId.get(account.id)
      const figures = {
        quotaLeft: shareLeft(quota),
        creditsLeft: quota === undefined ? undefined : remainingCredits(quota),
        purse: purseOf(account.quota, quota, held?.purse, common, now()),
      }
      if (held === undefined) {
        const fresh: Held = {
          account,
          inFlight: 0,
          startsLastMinute: 0,
          ...figures,
          starts: [],
          startsUntil: Number.POSITIVE_INFINITY,
          trial: undefined,
          shakes: undefined,
          offer: undefined,
        }
        byId.set(account.id, fresh)
        all.push(fresh)
        return
      }
      // A new state or a switch is a new start: a person has looked after it.
      if (health.since > held.account.health.since || (account.enabled && !held.account.enabled)) {
        held.shakes = undefined
        held.trial = undefined
      }
      held.account = account
      held.quotaLeft = figures.quotaLeft
      held.creditsLeft = figures.creditsLeft
      held.purse = figures.purse
    },
    remove: (id: string): void => {
      byId.get(id)?.purse?.close()
      byId.delete(id)
      all = all.filter(({ account }) => account.id !== id)
    },
    setModels: (id: string, models: readonly string[]): void => {
      const held = byId.get(id)
      if (held === undefined) return
      const offer = offerOf(models)
      if (held.offer !== undefined && held.offer.key !== offer.key) afterOtherModels(held.shakes)
      held.offer = offer
    },
  }
}
