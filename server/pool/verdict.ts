import type { Account, Health, Seat } from './account.ts'
import { availableAt } from './health.ts'
import { type Purse, shortOf } from './purse.ts'
import { type Shakes, standing } from './shakes.ts'
import { isFull, type Trial } from './trial.ts'

/**
 * Why an account was or was not taken. `free` could have served; so could `strained`, which has its fair share in hand
 * already, and `shaky`, whose last calls failed in a way that may pass (`failing-lately`: three times in a row and more). `busy` and `paced` have no room at all now;
 * `probing` has as many calls out after a rest as may try it at once, and waits for their word; `told-to-wait` is well, but the provider named a time to
 * come back at. `reserved`: what it may spend is taken up by calls under way; `spent`: what is left is not enough for this call. A health state stands for itself.
 */
export type Verdict =
  | 'chosen'
  | 'free'
  | 'strained'
  | 'shaky'
  | 'failing-lately'
  | 'tried'
  | 'disabled'
  | 'no-model'
  | 'busy'
  | 'paced'
  | 'probing'
  | 'told-to-wait'
  | 'reserved'
  | 'spent'
  | Health['state']

/** Models an account's live list offers; accounts with equal lists share one, so that a scan asks each only once. */
export type Offer = { readonly key: string; readonly models: ReadonlySet<string> }

/**
 * A seat in our keeping. `starts` are epoch ms of the calls begun within the last minute, oldest first; `startsUntil` is when
 * the oldest of them stops counting, and `startsLastMinute` their number until then.
 */
export type Held = Seat & {
  account: Account
  inFlight: number
  startsLastMinute: number
  quotaLeft: number | undefined
  creditsLeft: number | undefined
  readonly starts: number[]
  startsUntil: number
  /** It has rested, and is being tried; undefined: nobody need be careful. */
  trial: Trial | undefined
  shakes: Shakes | undefined
  /** Absent: the list is not known, it is taken to offer any. */
  offer: Offer | undefined
  /** Absent: the provider itself ends its calls where its quota ends. */
  purse: Purse | undefined
}

/** Room one account has for work. Past the soft limits it is taken only if no other is free, past the hard ones never. */
export type RoomLimits = {
  /** Calls in hand; the hard limit is the account's own `maxInFlight`. */
  readonly softInFlight: number
  /** Calls started within a minute; 0: no limit. */
  readonly softStartsPerMinute: number
  readonly startsPerMinute: number
}

const verdictOfStanding = {
  shaky: 'shaky',
  failing: 'failing-lately',
  refused: 'no-model',
  told: 'told-to-wait',
} as const
const minuteMs = 60_000

/** The verdict on one account whose offer is already known to hold the model or not. */
export function verdictOn(
  held: Held,
  modelId: string,
  offersModel: boolean,
  exclude: ReadonlySet<string>,
  limits: RoomLimits,
  now: number,
  credits: number,
): Verdict {
  const { account } = held
  if (exclude.size > 0 && exclude.has(account.id)) return 'tried'
  if (!account.enabled) return 'disabled'
  if (account.health.state !== 'ready') {
    const at = availableAt(account, now)
    if (at === undefined || at > now) return account.health.state
  }
  if (held.trial !== undefined && isFull(held.trial, now)) return 'probing'
  if (!offersModel) return 'no-model'
  if (held.purse !== undefined) {
    const short = shortOf(held.purse, credits)
    if (short !== undefined) return short
  }
  if (held.inFlight >= account.maxInFlight) return 'busy'
  if (now >= held.startsUntil) forgetOldStarts(held, now)
  const started = held.startsLastMinute
  if (limits.startsPerMinute > 0 && started >= limits.startsPerMinute) return 'paced'
  if (held.shakes !== undefined) {
    const stands = standing(held.shakes, modelId, now)
    if (stands !== 'steady') return verdictOfStanding[stands]
  }
  const strained =
    held.inFlight >= limits.softInFlight || (limits.softStartsPerMinute > 0 && started >= limits.softStartsPerMinute)
  return strained ? 'strained' : 'free'
}

/** Its trouble may be over in a moment. */
export const isShaken = (verdict: Verdict): boolean =>
  verdict === 'shaky' || verdict === 'failing-lately' || verdict === 'told-to-wait'
/** Worth a wait: room may come at any moment. */
export const hasNoRoom = (verdict: Verdict): boolean =>
  verdict === 'busy' || verdict === 'paced' || verdict === 'probing' || verdict === 'reserved'

/** Notes a call begun now. */
export function countStart(held: Held, now: number): void {
  held.starts.push(now)
  forgetOldStarts(held, now)
}

function forgetOldStarts(held: Held, now: number): void {
  const { starts } = held
  let old = 0
  while (old < starts.length && (starts[old] ?? 0) <= now - minuteMs) old++
  if (old > 0) starts.splice(0, old)
  held.startsLastMinute = starts.length
  held.startsUntil = starts[0] === undefined ? Number.POSITIVE_INFINITY : starts[0] + minuteMs
}
