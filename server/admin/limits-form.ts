import type { Limits } from '../access/limits.ts'
import type { GatewayError } from '../conversation/error.ts'
import { timeOfText } from '../lib/real-day.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { LimitChange, Store } from '../store/store.ts'
import type { LimitsPatch, LimitsView, RightsPatch, RightsView } from './contract/limits.ts'
import { invalidRequest, type Reason } from './invalid-request.ts'

/** Each limit under its name on the wire. */
const names = {
  rate_limit_rpm: 'requestsPerMinute',
  request_quota: 'requestsPerDay',
  daily_quota: 'tokensPerDay',
  monthly_quota: 'tokensPerMonth',
  monthly_spend_micro_usd: 'microUsdPerMonth',
  monthly_credits: 'creditsPerMonth',
  concurrency: 'concurrency',
} as const satisfies Record<keyof LimitsView, keyof Limits>
const wireNames = Object.keys(names) as readonly (keyof LimitsView)[]

export function limitsView(limits: Limits | undefined): LimitsView {
  return Object.fromEntries(wireNames.map((wire) => [wire, limits?.[names[wire]] ?? 0])) as LimitsView // one of each
}

/** A change of limits: what is absent or null stays, 0 goes. */
export function limitsChange(patch: LimitsPatch): LimitChange {
  return Object.fromEntries(
    wireNames.flatMap((wire) => {
      const value = patch[wire]
      return value === undefined || value === null ? [] : [[names[wire], value === 0 ? null : value]]
    }),
  )
}

/** The limits of a new key or user; undefined when it has none. */
export function newLimits(patch: LimitsPatch): Limits | undefined {
  const limits = Object.entries(limitsChange(patch)).filter(([, value]) => value !== null)
  return limits.length === 0 ? undefined : Object.fromEntries(limits)
}

type Rights = {
  readonly expiresAt?: number
  readonly notes?: string
  readonly models?: readonly string[]
  readonly accountIds?: readonly string[]
}

export const rightsView = ({ expiresAt, notes, models, accountIds }: Rights): RightsView => ({
  expires_at: expiresAt === undefined ? null : new Date(expiresAt).toISOString(),
  notes: notes ?? null,
  models: [...(models ?? [])],
  account_ids: [...(accountIds ?? [])],
})

export type RightsChange = {
  readonly expiresAt?: number | null
  readonly notes?: string | null
  readonly models?: readonly string[] | null
  readonly accountIds?: readonly string[] | null
}

/**
 * A change of rights, checked: null in the result takes a member away. An account that is named newly must be there; one that
 * was named already may be gone.
 */
export async function rightsChange(
  patch: RightsPatch,
  accounts: Pick<Store['accounts'], 'get'>,
  had: readonly string[] = [],
): Promise<Result<RightsChange, GatewayError>> {
  const change: { -readonly [Name in keyof RightsChange]: RightsChange[Name] } = {}
  if (typeof patch.expires_at === 'string') {
    const at = timeOf(patch.expires_at, 'expires_at')
    if (!at.ok) return at
    change.expiresAt = at.value ?? null
  }
  if (typeof patch.notes === 'string') change.notes = patch.notes.trim() === '' ? null : patch.notes
  if (Array.isArray(patch.models)) {
    const models = [...new Set(patch.models.map((name) => name.trim()))]
    if (models.includes('')) return invalid({ reason: 'blank' }, 'models must not have a blank name.', 'models')
    change.models = models.length === 0 ? null : models
  }
  if (Array.isArray(patch.account_ids)) {
    for (const id of patch.account_ids) {
      if (had.includes(id) || (await accounts.get(id)) !== undefined) continue
      return invalid({ reason: 'no-account' }, `There is no account with the id ${JSON.stringify(id)}.`, 'account_ids')
    }
    change.accountIds = patch.account_ids.length === 0 ? null : [...new Set(patch.account_ids)]
  }
  return ok(change)
}

/** Epoch ms of an RFC 3339 text; undefined for an empty one. */
export function timeOf(text: string, field: string): Result<number | undefined, GatewayError> {
  if (text.trim() === '') return ok(undefined)
  const at = /^\d{4}-\d\d-\d\d(?:[Tt ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:[Zz]|[+-]\d\d:?\d\d)?)?$/.test(text.trim())
    ? timeOfText(text.trim())
    : Number.NaN
  if (!Number.isNaN(at) && at >= 0) return ok(at)
  return invalid({ reason: 'time' }, `${field} must be a time like 2026-12-31T00:00:00Z.`, field)
}

/** Members that have a value. */
export const given = <T extends object>(
  change: T,
): { readonly [Name in keyof T]?: Exclude<T[Name], null | undefined> } =>
  Object.fromEntries(Object.entries(change).filter(([, value]) => value !== null && value !== undefined)) as never // what the type says

export const invalid = (why: Reason, message: string, field: string): Result<never, GatewayError> =>
  err(invalidRequest(why, message, { field }))
