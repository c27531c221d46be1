/** What the provider lets one account spend, in its own unit (credits), and how much is gone. Times are epoch ms. */
export type Quota = {
  readonly used: number
  readonly limit: number
  /** An active free trial's part, active bonuses' part and enabled overage, already added to neither `used` nor `limit`. */
  readonly trial?: {
    readonly used: number
    readonly limit: number
    readonly expiresAt?: number
    readonly active: boolean
  }
  readonly bonuses?: readonly {
    readonly name: string
    readonly used: number
    readonly limit: number
    readonly expiresAt?: number
  }[]
  readonly overage?: {
    readonly enabled: boolean
    readonly used: number
    readonly cap: number
    /** What one credit of it costs; absent: the provider does not say, or not in dollars. */
    readonly microUsdPerCredit?: number
  }
  readonly resetsAt?: number
  readonly readAt: number
}

/** What is left to spend: main part, active trial, active bonuses and enabled overage. Never negative. */
export function remainingCredits({ limit, used, trial, bonuses, overage }: Quota): number {
  let left = Math.max(0, limit - used)
  if (trial?.active) left += Math.max(0, trial.limit - trial.used)
  if (bonuses !== undefined) for (const bonus of bonuses) left += Math.max(0, bonus.limit - bonus.used)
  if (overage?.enabled) left += Math.max(0, overage.cap - overage.used)
  return left
}

/** Whether and how far accounts may go past what their plan includes; caps a month, absent: none of ours. */
export type OveragePolicy = {
  readonly enabled: boolean
  readonly maxCredits?: number
  readonly maxMicroUsd?: number
}

/** What a policy lets an account spend of overage at most, credits a month; the provider's own cap stands. */
export function overageCap({ overage }: Quota, { enabled, maxCredits, maxMicroUsd }: OveragePolicy): number {
  if (!enabled || overage?.enabled !== true) return 0
  const { microUsdPerCredit: price } = overage
  // A cap in money cannot be held without a price: then nothing is spent.
  const byMoney =
    maxMicroUsd === undefined ? overage.cap : price === undefined ? 0 : price === 0 ? overage.cap : maxMicroUsd / price
  return Math.min(overage.cap, maxCredits ?? overage.cap, byMoney)
}

/** The quota as it may be spent: overage that is not allowed does not count as left. */
export function permitted(quota: Quota, policy: OveragePolicy): Quota {
  const { overage } = quota
  if (overage?.enabled !== true) return quota
  const cap = overageCap(quota, policy)
  return { ...quota, overage: { ...overage, enabled: cap > 0, cap } }
}

/** The share of the limit that is left, usually 0 to 1; undefined when there is no limit to measure by. */
export const shareLeft = (quota: Quota | undefined): number | undefined =>
  quota === undefined || quota.limit <= 0 ? undefined : remainingCredits(quota) / quota.limit

/** What has been spent of the same parts; together with `remainingCredits` it is all there is to spend. */
export function spentCredits(quota: Quota): number {
  const part = (limit: number, used: number): number => Math.min(limit, used)
  return (
    part(quota.limit, quota.used) +
    (quota.trial?.active ? part(quota.trial.limit, quota.trial.used) : 0) +
    (quota.bonuses ?? []).reduce((sum, bonus) => sum + part(bonus.limit, bonus.used), 0) +
    (quota.overage?.enabled ? part(quota.overage.cap, quota.overage.used) : 0)
  )
}
