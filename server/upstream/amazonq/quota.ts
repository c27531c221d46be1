import type { GatewayError } from '../../conversation/error.ts'
import type { Quota } from '../../conversation/quota.ts'
import { err, ok, type Result } from '../../lib/result.ts'
import { type ControlDeps, type ControlMembers, callControl } from './control-call.ts'
import type { Access } from './credentials.ts'
import { membersOf, numberOf, textOf } from './json-call.ts'
import { timeOf } from './wire-time.ts'

/** What GetUsageLimits tells about an account. `quota` is absent when the answer has no figures; nothing is invented. */
export type UsageReading = {
  readonly quota?: Quota
  readonly email?: string
  readonly userId?: string
  /** The provider's own title: `KIRO PRO`. */
  readonly plan?: string
}

const operation = { name: 'GetUsageLimits', method: 'GET', path: '/getUsageLimits' } as const

/** Reads quota, e-mail, user id and plan of one account. */
export async function readUsage(deps: ControlDeps, access: Access): Promise<Result<UsageReading, GatewayError>> {
  const { profileArn } = access
  const members: ControlMembers = {
    origin: deps.settings.origin,
    resourceType: 'AGENTIC_REQUEST',
    isEmailRequired: true,
  }
  // As old as the question: what happens while it is answered is newer.
  const readAt = deps.effects.now()
  let answer = await callControl(deps, access, access.region, operation, { ...members, profileArn })
  // Some enterprise accounts are refused on the management host when the profile is named, and answered when it is not.
  if (!answer.ok && answer.error.error.kind === 'invalid-request' && profileArn !== undefined) {
    answer = await callControl(deps, access, access.region, operation, members)
  }
  return answer.ok ? ok(usageOf(answer.value, readAt)) : err(answer.error.error)
}

/** The answer's members in our words. Times arrive as epoch seconds. */
export function usageOf(body: Readonly<Record<string, unknown>>, readAt: number): UsageReading {
  const user = membersOf(body.userInfo)
  const email = textOf(user.email)
  const userId = textOf(user.userId)
  const plan = textOf(membersOf(body.subscriptionInfo).subscriptionTitle)
  const quota = quotaOf(body, readAt)
  return {
    ...(quota === undefined ? {} : { quota }),
    ...(email === undefined ? {} : { email }),
    ...(userId === undefined ? {} : { userId }),
    ...(plan === undefined ? {} : { plan }),
  }
}

function quotaOf(body: Readonly<Record<string, unknown>>, readAt: number): Quota | undefined {
  const main = mainPart(body)
  if (main === undefined) return undefined
  const used = precise(main, 'currentUsage') ?? 0
  const limit = precise(main, 'usageLimit')
  if (limit === undefined) return undefined
  const resetsAt = timeOf(main.nextDateReset) ?? timeOf(body.nextDateReset)
  const trial = trialOf(main.freeTrialInfo, readAt)
  const bonuses = listOf(main.bonuses).flatMap((bonus) => bonusOf(bonus, readAt))
  const overage = overageOf(main, membersOf(body.overageConfiguration))
  return {
    used,
    limit,
    ...(trial === undefined ? {} : { trial }),
    ...(bonuses.length === 0 ? {} : { bonuses }),
    ...(overage === undefined ? {} : { overage }),
    ...(resetsAt === undefined ? {} : { resetsAt }),
    readAt,
  }
}

// Plans of today count credits; older ones agentic requests, and the oldest answers have a list of limits instead.
function mainPart(body: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> | undefined {
  const parts = listOf(body.usageBreakdownList)
  const single = membersOf(body.usageBreakdown)
  const part =
    parts.find(({ resourceType }) => resourceType === 'CREDIT') ??
    parts.find(({ resourceType }) => resourceType === 'AGENTIC_REQUEST') ??
    parts[0] ??
    (Object.keys(single).length > 0 ? single : undefined)
  if (part !== undefined) return part
  const limit = listOf(body.limits).find(({ type }) => type === 'AGENTIC_REQUEST')
  return limit && { currentUsage: limit.currentUsage, usageLimit: limit.totalUsageLimit }
}

function trialOf(value: unknown, readAt: number): Quota['trial'] {
  const trial = membersOf(value)
  const limit = precise(trial, 'usageLimit')
  if (limit === undefined) return undefined
  const expiresAt = timeOf(trial.freeTrialExpiry)
  const active = trial.freeTrialStatus === 'ACTIVE' && (expiresAt === undefined || expiresAt > readAt)
  const used = precise(trial, 'currentUsage') ?? 0
  return { used, limit, ...(expiresAt === undefined ? {} : { expiresAt }), active }
}

// Only what can still be spent: the provider lists used-up and expired bonuses too.
function bonusOf(bonus: Readonly<Record<string, unknown>>, readAt: number): NonNullable<Quota['bonuses']> {
  const limit = precise(bonus, 'usageLimit')
  const expiresAt = timeOf(bonus.expiresAt)
  if (limit === undefined || (bonus.status !== undefined && bonus.status !== 'ACTIVE')) return []
  if (expiresAt !== undefined && expiresAt <= readAt) return []
  const name = textOf(bonus.displayName) ?? textOf(bonus.bonusCode) ?? 'bonus'
  const used = precise(bonus, 'currentUsage') ?? 0
  return [{ name, used, limit, ...(expiresAt === undefined ? {} : { expiresAt }) }]
}

function overageOf(
  main: Readonly<Record<string, unknown>>,
  configuration: Readonly<Record<string, unknown>>,
): Quota['overage'] {
  const cap = precise(main, 'overageCap') ?? numberOf(configuration.overageLimit)
  if (cap === undefined) return undefined
  const enabled = configuration.overageStatus === 'ENABLED'
  const rate = numberOf(main.overageRate)
  const isDollars =
    main.currency === undefined || main.currency === null || textOf(main.currency)?.toUpperCase() === 'USD'
  return {
    enabled,
    used: precise(main, 'currentOverages') ?? 0,
    cap,
    ...(rate === undefined || rate < 0 || !isDollars ? {} : { microUsdPerCredit: Math.round(rate * 1_000_000) }),
  }
}

const precise = (part: Readonly<Record<string, unknown>>, name: string): number | undefined =>
  numberOf(part[`${name}WithPrecision`]) ?? numberOf(part[name])

const listOf = (value: unknown): readonly Readonly<Record<string, unknown>>[] =>
  Array.isArray(value) ? value.map(membersOf) : []
