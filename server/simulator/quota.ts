import type { FaultName } from './fault.ts'
import type { Plan } from './models.ts'
import type { Shape } from './shape.ts'

/** An account's allowance in credits. Times are epoch ms. */
export type QuotaSpec = {
  readonly limit?: number
  readonly used?: number
  /** Default: the first of next month, UTC. At that moment `used` and the overage start again from 0. */
  readonly resetsAt?: number
  /** From one reset to the next; default a calendar month. */
  readonly periodMs?: number
  readonly trial?: {
    readonly limit: number
    readonly used: number
    readonly expiresAt: number
    readonly active: boolean
  }
  readonly bonuses?: readonly {
    readonly name: string
    readonly limit: number
    readonly used: number
    readonly expiresAt: number
    readonly active: boolean
  }[]
  readonly overage?: { readonly enabled: boolean; readonly used: number; readonly cap: number }
}

export type QuotaState = Required<Pick<QuotaSpec, 'limit' | 'used' | 'resetsAt'>> & QuotaSpec

const planLimits: Readonly<Record<Plan, number>> = { free: 50, pro: 1000, 'pro-plus': 2000, power: 10_000 }

export function openQuota(spec: QuotaSpec, plan: Plan, now: number): QuotaState {
  return {
    ...spec,
    limit: spec.limit ?? planLimits[plan],
    used: spec.used ?? 0,
    resetsAt: spec.resetsAt ?? nextMonth(now),
  }
}

/** The quota as it stands at `now`: past resets are applied. */
export function settled(quota: QuotaState, now: number): QuotaState {
  let { resetsAt } = quota
  if (now < resetsAt) return quota
  if (quota.periodMs === undefined) resetsAt = nextMonth(now)
  else resetsAt += Math.ceil((now - resetsAt + 1) / quota.periodMs) * quota.periodMs
  return {
    ...quota,
    used: 0,
    resetsAt,
    ...(quota.overage === undefined ? {} : { overage: { ...quota.overage, used: 0 } }),
  }
}

/** Takes credits from the main part, then the trial, the bonuses, the overage; whatever is last may go over its limit. */
export function charged(quota: QuotaState, credits: number): QuotaState {
  let left = credits
  const take = (limit: number, used: number): number => {
    const taken = Math.max(0, Math.min(left, limit - used))
    left -= taken
    return used + taken
  }
  const used = take(quota.limit, quota.used)
  const trial = quota.trial?.active ? { ...quota.trial, used: take(quota.trial.limit, quota.trial.used) } : quota.trial
  const bonuses = quota.bonuses?.map((bonus) =>
    bonus.active ? { ...bonus, used: take(bonus.limit, bonus.used) } : bonus,
  )
  const overage = quota.overage?.enabled
    ? { ...quota.overage, used: take(quota.overage.cap, quota.overage.used) }
    : quota.overage
  return {
    ...quota,
    used: used + left,
    ...(trial === undefined ? {} : { trial }),
    ...(bonuses === undefined ? {} : { bonuses }),
    ...(overage === undefined ? {} : { overage }),
  }
}

/** Why the account may not spend any more, or undefined when it may. */
export function spentFault(quota: QuotaState): FaultName | undefined {
  const rest = (part: { readonly limit: number; readonly used: number }): number => Math.max(0, part.limit - part.used)
  const left =
    rest(quota) +
    (quota.trial?.active ? rest(quota.trial) : 0) +
    (quota.bonuses ?? []).reduce((sum, bonus) => sum + (bonus.active ? rest(bonus) : 0), 0)
  if (left > 0) return undefined
  if (!quota.overage?.enabled) return 'monthly-limit'
  return quota.overage.used < quota.overage.cap ? undefined : 'overage-limit'
}

const nextMonth = (now: number): number => {
  const date = new Date(now)
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1)
}

const subscriptions: Readonly<Record<Plan, readonly [title: string, type: string]>> = {
  free: ['KIRO FREE', 'Q_DEVELOPER_STANDALONE_FREE'],
  pro: ['KIRO PRO', 'Q_DEVELOPER_STANDALONE_PRO'],
  'pro-plus': ['KIRO PRO+', 'Q_DEVELOPER_STANDALONE_PRO_PLUS'],
  power: ['KIRO POWER', 'Q_DEVELOPER_STANDALONE_POWER'],
}

/** The body of GetUsageLimits; `email` only when it was asked for. */
export function usageLimitsWire(
  quota: QuotaState,
  plan: Plan,
  user: { readonly userId: string; readonly email: string | null },
  now: number,
): Shape {
  const [subscriptionTitle, type] = subscriptions[plan]
  const nextDateReset = quota.resetsAt / 1000
  const overage = quota.overage ?? { enabled: false, used: 0, cap: 0 }
  return {
    nextDateReset,
    daysUntilReset: Math.max(0, Math.ceil((quota.resetsAt - now) / 86_400_000)),
    limits: [],
    usageBreakdown: null,
    usageBreakdownList: [
      {
        resourceType: 'CREDIT',
        displayName: 'Credit',
        displayNamePlural: 'Credits',
        ...amounts('currentUsage', quota.used),
        ...amounts('usageLimit', quota.limit),
        ...amounts('currentOverages', overage.used),
        ...amounts('overageCap', overage.cap),
        overageCharges: overage.used * 0.04,
        overageRate: 0.04,
        currency: 'USD',
        unit: 'INVOCATIONS',
        nextDateReset,
        freeTrialInfo: quota.trial === undefined ? null : trialWire(quota.trial),
        bonuses: (quota.bonuses ?? []).map((bonus) => ({
          bonusCode: bonus.name,
          displayName: bonus.name,
          description: `${bonus.name}, simulated`,
          status: bonus.active ? (bonus.used < bonus.limit ? 'ACTIVE' : 'EXHAUSTED') : 'EXPIRED',
          usageLimit: bonus.limit,
          currentUsage: bonus.used,
          expiresAt: bonus.expiresAt / 1000,
          redeemedAt: (bonus.expiresAt - 30 * 86_400_000) / 1000,
        })),
      },
    ],
    subscriptionInfo: {
      subscriptionTitle,
      type,
      upgradeCapability: plan === 'power' ? 'UPGRADE_INCAPABLE' : 'UPGRADE_CAPABLE',
      overageCapability: plan === 'free' ? 'OVERAGE_INCAPABLE' : 'OVERAGE_CAPABLE',
      subscriptionManagementTarget: plan === 'free' ? 'PURCHASE' : 'MANAGE',
    },
    overageConfiguration: { overageStatus: overage.enabled ? 'ENABLED' : 'DISABLED', overageLimit: overage.cap },
    userInfo: user,
    totalUsage: null,
  }
}

const amounts = (name: string, value: number): Shape => ({ [name]: Math.floor(value), [`${name}WithPrecision`]: value })

const trialWire = (trial: NonNullable<QuotaSpec['trial']>): Shape => ({
  freeTrialStatus: trial.active ? 'ACTIVE' : 'EXPIRED',
  freeTrialExpiry: trial.expiresAt / 1000,
  ...amounts('currentUsage', trial.used),
  ...amounts('usageLimit', trial.limit),
})
