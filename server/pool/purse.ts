import { type Quota, remainingCredits } from '../conversation/quota.ts'

/**
 * What an account whose provider would go on at a price may still spend: figures of the last reading, what calls have cost
 * since, and what calls under way may cost. Only such an account has one; elsewhere the provider itself stops.
 */
export type Purse = {
  /** Takes what a call may cost; gives what gives it back, with what the call did cost. */
  readonly take: (credits: number) => (cost: number, now: number) => void
  /** Left of what it may spend, with what is taken taken off. */
  readonly left: () => number
  /** Whether `credits` more would go past what all accounts together may spend of overage. */
  readonly passesCommon: (credits: number) => boolean
  /** Whether a call under way may give something back: of this account, or of any. */
  readonly mayRefill: (common: boolean) => boolean
  /** The same purse after another reading or other settings. */
  readonly next: (raw: Quota, allowed: Quota, now: number) => void
  /** The account is gone: what it holds of the common cap is free. */
  readonly close: () => void
}

/** What all accounts together spend of overage in a month, against one cap in credits and one in money. */
export type Common = {
  readonly change: (credits: number, microUsd: number) => void
  readonly passes: (credits: number, microUsd: number) => boolean
  /** Calls under way of all accounts. */
  readonly begin: () => void
  readonly end: () => void
  readonly isIdle: () => boolean
}

export function createCommon(caps: () => { readonly maxCredits?: number; readonly maxMicroUsd?: number }): Common {
  let spentCredits = 0
  let spentMicroUsd = 0
  let out = 0
  return {
    begin: () => {
      out++
    },
    end: () => {
      out--
    },
    isIdle: () => out === 0,
    change: (credits, microUsd) => {
      spentCredits += credits
      spentMicroUsd += microUsd
    },
    passes: (credits, microUsd) => {
      const { maxCredits, maxMicroUsd } = caps()
      const over = (spent: number, more: number, cap: number | undefined): boolean =>
        cap !== undefined && more > 0 && spent + more > cap + 1e-9
      return over(spentCredits, credits, maxCredits) || over(spentMicroUsd, microUsd, maxMicroUsd)
    },
  }
}

/** A reading may not know yet of what was spent just before it: so long that counts beside it. */
const graceMs = 30_000

/** `raw` as the provider tells it, `allowed` as it may be spent. Undefined: no purse is needed. */
export function purseOf(
  raw: Quota | undefined,
  allowed: Quota | undefined,
  kept: Purse | undefined,
  common: Common,
  now: number,
): Purse | undefined {
  if (raw?.overage?.enabled !== true || allowed === undefined) {
    // Calls under way hold on to the old one; it weighs nothing any more.
    kept?.close()
    return undefined
  }
  const purse = kept ?? createPurse(common)
  purse.next(raw, allowed, now)
  return purse
}

export function createPurse(common: Common): Purse {
  let included = 0
  let total = 0
  let overageUsed = 0
  let price = 0
  let readAt = Number.NEGATIVE_INFINITY
  let taken = 0
  let out = 0
  let closed = false
  /** What calls have cost that the reading may not know of; few, since those close in time are added up. */
  let spent: { at: number; credits: number }[] = []
  let counted = { credits: 0, microUsd: 0 }

  const spentSince = (): number => spent.reduce((sum, { credits }) => sum + credits, 0)
  const beyondIncluded = (more: number): number => Math.max(0, taken + spentSince() + more - included)
  /** Tells the common cap what this account has spent of overage, and what it may be about to. */
  const tell = (): void => {
    const credits = closed ? 0 : overageUsed + beyondIncluded(0)
    const now = { credits, microUsd: credits * price }
    common.change(now.credits - counted.credits, now.microUsd - counted.microUsd)
    counted = now
  }
  return {
    left: () => total - taken - spentSince(),
    passesCommon: (credits) => {
      const more = beyondIncluded(credits) - beyondIncluded(0)
      return common.passes(more, more * price)
    },
    mayRefill: (ofAll) => (ofAll ? !common.isIdle() : out > 0),
    take: (credits) => {
      common.begin()
      taken += credits
      out++
      tell()
      return (cost, now) => {
        common.end()
        out--
        taken = out === 0 ? 0 : taken - credits
        const last = spent.at(-1)
        if (last !== undefined && now - last.at < 5_000) last.credits += cost
        else spent.push({ at: now, credits: cost })
        tell()
      }
    },
    next: (raw, allowed, now) => {
      closed = false
      const plain = { ...allowed }
      delete (plain as { overage?: Quota['overage'] }).overage
      included = remainingCredits(plain)
      total = remainingCredits(allowed)
      overageUsed = raw.overage?.used ?? 0
      price = raw.overage?.microUsdPerCredit ?? 0
      if (raw.readAt !== readAt) {
        readAt = raw.readAt
        const from = Math.min(raw.readAt, now) - graceMs
        spent = spent.filter(({ at }) => at > from)
      }
      tell()
    },
    close: () => {
      closed = true
      tell()
    },
  }
}

/** Why a purse has nothing for a call; undefined: it has. */
export function shortOf(purse: Purse, credits: number): 'reserved' | 'spent' | undefined {
  const left = purse.left()
  const isOwn = left <= 0 || left < credits
  if (!isOwn && !purse.passesCommon(credits)) return undefined
  return purse.mayRefill(!isOwn) ? 'reserved' : 'spent'
}
