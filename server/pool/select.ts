import type { Seat } from './account.ts'

/** The original's names, then ours. */
export const strategies = [
  'least_loaded',
  'quota_aware',
  'round_robin',
  'sequential',
  'random',
  'weighted_random',
] as const
export type Strategy = (typeof strategies)[number]

export type Choice = {
  readonly now: number
  /** Uniform in [0, 1). */
  readonly random: number
  /** Counts choices; `round_robin` goes on from here. */
  readonly turn: number
  /** Share of each quota kept back by `quota_aware`, 0 to 1. */
  readonly reserve: number
}

/** One of `seats`, which are all able to serve; undefined only when there is none. A linear scan: no sort, no copy. */
export function selectSeat<S extends Seat>(strategy: Strategy, seats: readonly S[], choice: Choice): S | undefined {
  switch (strategy) {
    case 'sequential':
      return least(seats, ({ account }) => account.createdAt)
    case 'random':
      return seats[Math.floor(choice.random * seats.length)]
    case 'round_robin':
      return seats[choice.turn % Math.max(1, seats.length)]
    case 'weighted_random':
      return weighted(seats, choice.random)
    case 'least_loaded':
      return least(seats, (seat) => load(seat), choice)
    case 'quota_aware':
      return least(seats, (seat) => planned(seat, choice), choice)
  }
}

/** Work in hand for its weight; the last minute's starts break ties so that idle accounts take turns. */
const load = ({ account, inFlight, startsLastMinute }: Seat): number =>
  (inFlight + startsLastMinute / 1_000) / account.weight

const hour = 3_600_000
const month = 30 * 86_400_000
/** Credits per ms of an account whose quota is not known: a common plan's. */
const usualRate = 1_000 / month
/** Dearer than any load: taken only when all are down to their reserve. */
const last = 1e12

/**
 * Work of the last minute against what the account should do: credits left, beyond the reserve, per time left until its
 * reset. So each is spent evenly to its reset, and a large quota does more than a small one.
 */
function planned({ account, inFlight, startsLastMinute, quotaLeft, creditsLeft }: Seat, choice: Choice): number {
  const work = (inFlight + startsLastMinute + 1) / account.weight
  if (quotaLeft === undefined || creditsLeft === undefined) return work / usualRate
  const share = quotaLeft - choice.reserve
  if (share <= 0) return last * work
  const resetsAt = account.quota?.resetsAt
  const timeLeft = resetsAt === undefined ? month : Math.min(month, Math.max(hour, resetsAt - choice.now))
  return (work * timeLeft) / ((creditsLeft * share) / quotaLeft)
}

/** The first of the smallest; with a `choice`, ties go to a seat picked by its chance, so that none is favoured. */
function least<S extends Seat>(seats: readonly S[], cost: (seat: S) => number, choice?: Choice): S | undefined {
  const offset = choice === undefined ? 0 : Math.floor(choice.random * seats.length)
  let best: S | undefined
  let bestCost = Number.POSITIVE_INFINITY
  const look = (from: number, to: number): void => {
    for (let at = from; at < to; at++) {
      const seat = seats[at] as S // in range by the loop's bounds
      const value = cost(seat)
      if (value < bestCost) {
        best = seat
        bestCost = value
      }
    }
  }
  look(offset, seats.length)
  look(0, offset)
  return best
}

function weighted<S extends Seat>(seats: readonly S[], random: number): S | undefined {
  let total = 0
  for (const { account } of seats) total += account.weight
  let rest = random * total
  for (const seat of seats) {
    rest -= seat.account.weight
    if (rest < 0) return seat
  }
  return seats.at(-1)
}
