import type { Quota } from '../conversation/quota.ts'
import type { Account } from '../pool/account.ts'
import { type Burn, runsOutAt } from '../pool/burn.ts'
import type { Trouble } from '../pool/shakes.ts'
import type { AccountEvent, AccountRecord } from '../store/store.ts'
import type { Credentials } from '../upstream/amazonq/credentials.ts'
import type { AccountListItem, AccountState, AccountView, QuotaView } from './contract/accounts.ts'
import { mask } from './mask.ts'
import { isoOrNull } from './time.ts'
import type { UnreadItem } from './unread-book.ts'

const iso = (at: number): string => new Date(at).toISOString()
const seconds = (at: number): number => Math.floor(at / 1000)

/**
 * Our state in one word; the operator's switch comes before everything. A rest whose time is over is none any more: the pool
 * chooses the account again.
 */
export function stateOf({ enabled, health }: Account, now: number): AccountState {
  if (!enabled) return 'disabled'
  const over = health.until !== undefined && health.until <= now
  if (over && (health.state === 'exhausted' || (health.state === 'cooling' && health.kind !== 'account-restricted'))) {
    return 'ready'
  }
  // Also once its time is over: until a call has shown that it serves again, a person had better look into it.
  return health.state === 'cooling' && health.kind === 'account-restricted' ? 'restricted' : health.state
}

/** The original's five words. Whatever still serves, or will by itself within minutes, is `normal`. Without a time: as it was left. */
export function statusOf(account: Account, now = 0): 'normal' | 'disabled' | 'suspended' | 'exhausted' | 'expired' {
  const state = stateOf(account, now)
  switch (state) {
    case 'disabled':
    case 'suspended':
    case 'exhausted':
    case 'expired':
      return state
    case 'unchecked':
    case 'ready':
    case 'cooling':
    case 'restricted':
    case 'failing':
      return 'normal'
  }
}

/** Main part, active trial and bonuses together: what the account can spend without paying more. */
export function quotaTotals(quota: Quota | undefined): { readonly used: number; readonly limit: number } {
  if (quota === undefined) return { used: 0, limit: 0 }
  const parts = [quota, ...(quota.trial?.active ? [quota.trial] : []), ...(quota.bonuses ?? [])]
  return {
    used: parts.reduce((sum, part) => sum + part.used, 0),
    limit: parts.reduce((sum, part) => sum + part.limit, 0),
  }
}

/** What a row alone does not tell. */
export type Aside = {
  readonly now: number
  readonly inFlight: number
  readonly troubles?: readonly Trouble[] | undefined
  readonly unread?: readonly UnreadItem[] | undefined
  readonly burn?: Burn | undefined
  readonly proxyName?: string | undefined
}

export function accountListItem({ account, profile }: AccountRecord, aside: Aside): AccountListItem {
  const { quota, health } = account
  const { now, inFlight, troubles = [], unread = [], burn, proxyName } = aside
  const totals = quotaTotals(quota)
  return {
    id: account.id,
    label: account.label === '' ? null : account.label,
    enabled: account.enabled,
    status: statusOf(account, now),
    status_reason: health.reason ?? null,
    status_kind: health.kind ?? null,
    // The original's words for what has not happened yet.
    last_refresh_time: profile.lastRefreshAt === undefined ? 'never' : iso(profile.lastRefreshAt),
    last_refresh_status: profile.lastRefreshStatus ?? 'unknown',
    created_at: iso(account.createdAt),
    updated_at: iso(profile.updatedAt),
    error_count: profile.errorCount,
    success_count: profile.successCount,
    q_user_id: profile.userId ?? null,
    email: profile.email ?? null,
    usage_current: totals.used,
    usage_limit: totals.limit,
    subscription_type: profile.plan ?? null,
    quota_refreshed_at: isoOrNull(quota?.readAt),
    token_expiry: quota?.trial?.expiresAt === undefined ? null : seconds(quota.trial.expiresAt),
    state: stateOf(account, now),
    state_since: iso(health.since),
    state_until: isoOrNull(health.until),
    auth_method: profile.method,
    region: profile.region,
    access_token_expires_at: isoOrNull(profile.accessExpiresAt),
    quota_resets_at: isoOrNull(quota?.resetsAt),
    last_used_at: isoOrNull(account.lastUsedAt),
    in_flight: inFlight,
    overage: {
      offered: quota?.overage?.enabled ?? false,
      enabled: account.overage?.enabled ?? false,
      max_credits: account.overage?.maxCredits ?? null,
      max_micro_usd: account.overage?.maxMicroUsd ?? null,
      used_credits: quota?.overage?.used ?? 0,
      provider_cap: quota?.overage?.cap ?? null,
      micro_usd_per_credit: quota?.overage?.microUsdPerCredit ?? null,
    },
    troubles: [
      ...troubles.map(({ kind, modelId, until, reason }) => ({
        kind,
        model: modelId ?? null,
        until: iso(until),
        reason: reason ?? null,
      })),
      ...unread.map(({ kind, reason }) => ({ kind, model: null, until: null, reason })),
    ],
    burn_per_hour: burn?.perHour ?? null,
    runs_out_at: quota === undefined ? null : isoOrNull(runsOutAt(quota, burn)),
    proxy_id: profile.proxyId ?? null,
    proxy_name: proxyName ?? null,
    weight: account.weight,
    max_in_flight: account.maxInFlight,
    notes: profile.notes ?? null,
  }
}

/** One account with its secrets masked. Credentials that cannot be opened show as absent. */
export function accountView(record: AccountRecord, credentials: Credentials | undefined, aside: Aside): AccountView {
  const masked = (secret: string | undefined): string | null => (secret === undefined ? null : mask(secret))
  return {
    ...accountListItem(record, aside),
    clientId: credentials?.clientId ?? null,
    clientSecret: masked(credentials?.clientSecret),
    refreshToken: masked(credentials?.refreshToken),
    accessToken: masked(credentials?.accessToken ?? credentials?.apiKey),
    ...{ machine_id: null, username: null, password: null },
    profile_arn: credentials?.profileArn ?? null,
    start_url: credentials?.startUrl ?? null,
    sign_in_provider: credentials?.provider ?? null,
    identity_region: credentials?.identityRegion ?? null,
  }
}

export const eventView = ({ at, kind, reason, cause, until }: AccountEvent & { readonly at: number }) => ({
  timestamp: iso(at),
  kind,
  reason: reason ?? null,
  cause: cause ?? null,
  until: isoOrNull(until),
})

/** What is known of an account's quota, in the original's members. */
export function quotaView(
  { account, profile }: AccountRecord,
  quota: Quota,
  now: number,
  fromCache: boolean,
): QuotaView {
  const { used, limit } = quotaTotals(quota)
  return {
    currentUsage: used,
    usageLimit: limit,
    usedPercent: limit > 0 ? (used / limit) * 100 : 0,
    subscriptionType: profile.plan ?? null,
    quotaRefreshedAt: iso(quota.readAt),
    ...(quota.resetsAt === undefined
      ? {}
      : {
          nextDateReset: seconds(quota.resetsAt),
          daysUntilReset: Math.max(0, Math.ceil((quota.resetsAt - now) / 86_400_000)),
        }),
    ...(profile.userId === undefined ? {} : { userId: profile.userId }),
    ...(quota.trial === undefined ? {} : { freeTrialStatus: quota.trial.active ? 'ACTIVE' : 'EXPIRED' }),
    ...(quota.trial?.expiresAt === undefined ? {} : { freeTrialExpiry: seconds(quota.trial.expiresAt) }),
    fromCache: fromCache && account.quota !== undefined,
  }
}
