import type { Asked, Consideration } from './seat-request.ts'
import { type Told, toldUntil } from './shakes.ts'
import { type Held, hasNoRoom, type Offer, type RoomLimits, type Verdict, verdictOn } from './verdict.ts'

/** How the candidates stand towards one request: those that could be taken, best first, and what is known of the others. */
export type Survey = {
  readonly considered: Consideration[]
  readonly free: readonly Held[]
  readonly strained: readonly Held[]
  readonly shaky: readonly Held[]
  /** Shaky again and again. */
  readonly failing: readonly Held[]
  /** Those the request would rather not have, however they stand. */
  readonly avoided: readonly Held[]
  /** The account its conversation went to before. */
  readonly own: { readonly held: Held; readonly verdict: Verdict } | undefined
  /** One is well and only has no room now. */
  readonly roomMayCome: boolean
  /** The earliest of the times the provider named, of accounts that wait for one. */
  readonly told: Told | undefined
}

const maxConsidered = 64

/** Looks at each candidate. The hot path of a choice: a linear scan without sorting or copies. */
export function survey(
  candidates: readonly Held[],
  { modelId, exclude, credits = 0 }: Asked,
  avoid: ReadonlySet<string>,
  ownId: string | undefined,
  room: RoomLimits,
  now: number,
): Survey {
  const considered: Consideration[] = []
  const free: Held[] = []
  const strained: Held[] = []
  const shaky: Held[] = []
  const failing: Held[] = []
  const avoided: Held[] = []
  let own: Survey['own']
  let roomMayCome = false
  let told: Told | undefined
  let offer: Offer | undefined
  let offersModel = true
  for (const held of candidates) {
    if (held.offer !== offer) {
      offer = held.offer
      offersModel = offer === undefined || offer.models.has(modelId)
    }
    const verdict = verdictOn(held, modelId, offersModel, exclude, room, now, credits)
    const { id } = held.account
    if (considered.length < maxConsidered) considered.push({ accountId: id, verdict })
    if (id === ownId) own = { held, verdict }
    switch (verdict) {
      case 'free':
        tierOf(free, avoided, avoid, id).push(held)
        break
      case 'strained':
        tierOf(strained, avoided, avoid, id).push(held)
        break
      case 'shaky':
        tierOf(shaky, avoided, avoid, id).push(held)
        break
      case 'failing-lately':
        tierOf(failing, avoided, avoid, id).push(held)
        break
      case 'told-to-wait': {
        const word = held.shakes && toldUntil(held.shakes, modelId, now)
        if (told === undefined || (word !== undefined && word.until < told.until)) told = word
        break
      }
      default:
        if (hasNoRoom(verdict)) roomMayCome = true
    }
  }
  return { considered, free, strained, shaky, failing, avoided, own, roomMayCome, told }
}

const tierOf = (tier: Held[], avoided: Held[], avoid: ReadonlySet<string>, id: string): Held[] =>
  avoid.size > 0 && avoid.has(id) ? avoided : tier

/** Whether any of them may serve, now or as soon as it has room. */
export const anyServes = ({ free, strained, shaky, failing, avoided, roomMayCome }: Survey): boolean =>
  roomMayCome || [free, strained, shaky, failing, avoided].some(({ length }) => length > 0)

/** Notes which one was taken, past the bound if need be. */
export function markChosen(considered: Consideration[], accountId: string): void {
  const at = considered.findIndex((entry) => entry.accountId === accountId)
  considered[at < 0 ? considered.length : at] = { accountId, verdict: 'chosen' }
}
