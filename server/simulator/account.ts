import { type Effects, randomText } from '../lib/effects.ts'
import type { Age } from './failure.ts'
import type { Fault, FaultName } from './fault.ts'
import { modelsOf, type Plan, type SimulatedModel } from './models.ts'
import type { OldDemand } from './old-demand.ts'
import { charged, openQuota, type QuotaSpec, type QuotaState, settled } from './quota.ts'
import type { RotationMode, TokenBook } from './token-book.ts'

export type SimulatedMethod = 'builder-id' | 'identity-center' | 'social' | 'api-key'

export type SideCall =
  | 'ListAvailableModels'
  | 'GetUsageLimits'
  | 'ListAvailableProfiles'
  | 'CreateToken'
  | 'SocialRefresh'
  | 'InvokeMCP'
export type SideCallFaults = Readonly<Partial<Record<SideCall, Fault | FaultName>>>

/** What may be changed while the simulator runs. */
export type AccountSwitches = {
  readonly plan: Plan
  /** Only these models (ids), instead of the plan's. */
  readonly models?: readonly string[] | undefined
  /** A standing fault: every conversation meets it; token faults and suspension meet other calls too. */
  readonly fault?: Fault | FaultName | undefined
  /** Standing faults of single calls beside conversations, which go on: a list that fails, a sign-in service out of order. */
  readonly calls?: SideCallFaults | undefined
  readonly rotation: RotationMode
  readonly accessLifetimeMs: number
  /** 429 USER_REQUEST_RATE_EXCEEDED above this many conversations in any 60 s. */
  readonly requestsPerMinute?: number | undefined
  /**
   * 400 without `profileArn` in the body, as the Kiro hosts do; always so for `identity-center`. `chat`: conversations alone
   * mind, with a 403, and every other call is answered.
   */
  readonly requiresProfile: boolean | 'chat'
  /** False: its replies end without metadata, context usage and metering, as some accounts' always do. */
  readonly sendsAccounting: boolean
  readonly age?: Age | undefined
  /** What it refuses beyond what everybody does: see validate-old.ts. */
  readonly refuses?: readonly OldDemand[] | undefined
}

/** A new account; everything has a default (Builder ID, plan `pro`, us-east-1, fresh secrets). */
export type AccountSpec = Partial<AccountSwitches> & {
  readonly id?: string
  readonly method?: SimulatedMethod
  readonly email?: string
  readonly userId?: string
  /** Identity region; the API region is the one in `profileArn`. */
  readonly region?: string
  readonly startUrl?: string
  readonly provider?: 'Google' | 'Github'
  readonly profileArn?: string
  readonly clientId?: string
  readonly clientSecret?: string
  readonly accessToken?: string
  readonly refreshToken?: string
  readonly apiKey?: string
  readonly quota?: QuotaSpec
}

/** What a client must hold to be this account; the same members as the gateway's own credentials. Times are epoch ms. */
export type AccountSecrets = {
  readonly method: SimulatedMethod
  readonly accessToken?: string
  readonly accessExpiresAt?: number
  readonly refreshToken?: string
  readonly clientId?: string
  readonly clientSecret?: string
  readonly clientExpiresAt?: number
  readonly identityRegion: string
  readonly startUrl?: string
  readonly profileArn?: string
  readonly provider?: string
  readonly apiKey?: string
}

export type AccountCounts = {
  /** Conversations asked for, refused ones too. */
  readonly requests: number
  /** Conversations answered 200. */
  readonly replies: number
  readonly refreshes: number
  readonly refusedRefreshes: number
  readonly openStreams: number
  readonly peakStreams: number
  readonly abortedStreams: number
}

export type SimulatedAccount = {
  readonly id: string
  readonly method: SimulatedMethod
  readonly email: string
  readonly userId: string
  readonly profileArn: string | undefined
  readonly clientId: string | undefined
  /** The newest secrets. */
  readonly secrets: () => AccountSecrets
  readonly switches: () => AccountSwitches
  readonly set: (change: Partial<AccountSwitches>) => void
  readonly quota: () => QuotaState
  readonly setQuota: (change: QuotaSpec) => void
  /** Ends its access tokens now: the next call is told that its bearer is invalid. */
  readonly expireAccess: () => void
  /** Kills its refresh tokens: the next refresh is `invalid_grant`. */
  readonly killRefresh: () => void
  readonly counts: () => AccountCounts
}

/** The handle plus what only the simulator itself does with an account. */
export type Account = SimulatedAccount & {
  readonly modelsIn: (region: string) => readonly SimulatedModel[]
  readonly charge: (credits: number) => void
  readonly count: (change: (counts: AccountCounts) => AccountCounts) => void
  /** Notes one conversation; false when it is over the rate. */
  readonly takeTurn: () => boolean
  /** Redeems a refresh token of this account; counts it. */
  readonly refresh: (token: string) => AccountSecrets | undefined
  /** A first set of tokens, after a sign-in by an OIDC client. */
  readonly signIn: (clientId?: string, clientSecret?: string) => AccountSecrets
}

const socialArn = 'arn:aws:codewhisperer:us-east-1:699475941385:profile/EHGA3GRVQMUK'
const builderStartUrl = 'https://view.awsapps.com/start'
const registrationMs = 90 * 86_400_000

export function createAccount(id: string, spec: AccountSpec, book: TokenBook, effects: Pick<Effects, 'now'>): Account {
  const method = spec.method ?? 'builder-id'
  const region = spec.region ?? 'us-east-1'
  let switches: AccountSwitches = {
    plan: 'pro',
    rotation: 'rotate',
    accessLifetimeMs: 3_600_000,
    requiresProfile: method === 'identity-center',
    sendsAccounting: true,
    ...spec,
  }
  let quota = openQuota(spec.quota ?? {}, switches.plan, effects.now())
  let counts: AccountCounts = {
    requests: 0,
    replies: 0,
    refreshes: 0,
    refusedRefreshes: 0,
    openStreams: 0,
    peakStreams: 0,
    abortedStreams: 0,
  }
  let turns: readonly number[] = []
  const profileArn = spec.profileArn ?? defaultArn(method, region)
  const isOidc = method === 'builder-id' || method === 'identity-center'
  let secrets: AccountSecrets = {
    method,
    identityRegion: region,
    ...(method === 'builder-id' || profileArn === undefined ? {} : { profileArn }),
    ...(spec.profileArn === undefined ? {} : { profileArn: spec.profileArn }),
    ...(method === 'social' ? { provider: spec.provider ?? 'Google' } : {}),
    ...(method === 'api-key' ? { apiKey: spec.apiKey ?? `ksk_sim${randomText(40)}` } : {}),
    ...(isOidc
      ? {
          clientId: spec.clientId ?? `sim-client-${randomText(16)}`,
          clientSecret: spec.clientSecret ?? `sim-secret-${randomText(40)}`,
          clientExpiresAt: effects.now() + registrationMs,
          startUrl:
            spec.startUrl ?? (method === 'builder-id' ? builderStartUrl : 'https://simulated.awsapps.com/start'),
        }
      : {}),
  }
  const giveTokens = (refreshToken: string, accessToken?: string): AccountSecrets => {
    const access = book.issueAccess(id, switches.accessLifetimeMs, accessToken)
    secrets = { ...secrets, accessToken: access.token, accessExpiresAt: access.expiresAt, refreshToken }
    return secrets
  }
  if (method !== 'api-key') giveTokens(book.issueRefresh(id, spec.refreshToken), spec.accessToken)
  const count = (change: (counts: AccountCounts) => AccountCounts): void => {
    counts = change(counts)
  }

  return {
    id,
    method,
    email: spec.email ?? `${id}@simulated.example`,
    userId: spec.userId ?? `d-simulated.${id}`,
    profileArn,
    get clientId() {
      return secrets.clientId
    },
    secrets: () => secrets,
    switches: () => switches,
    set: (change) => {
      switches = { ...switches, ...change }
    },
    quota: () => {
      quota = settled(quota, effects.now())
      return quota
    },
    setQuota: (change) => {
      quota = { ...settled(quota, effects.now()), ...change } as QuotaState
    },
    expireAccess: () => book.expireAccess(id),
    killRefresh: () => book.killRefresh(id),
    counts: () => counts,
    modelsIn: (where) => {
      const models = modelsOf(switches.plan, where)
      return switches.models === undefined ? models : models.filter((model) => switches.models?.includes(model.id))
    },
    charge: (credits) => {
      quota = charged(settled(quota, effects.now()), credits)
    },
    count,
    takeTurn: () => {
      count((now) => ({ ...now, requests: now.requests + 1 }))
      const limit = switches.requestsPerMinute
      if (limit === undefined) return true
      const since = effects.now() - 60_000
      turns = turns.filter((at) => at > since)
      if (turns.length >= limit) return false
      turns = [...turns, effects.now()]
      return true
    },
    refresh: (token) => {
      const next = book.redeem(token, switches.rotation)
      if (next === undefined) {
        count((now) => ({ ...now, refusedRefreshes: now.refusedRefreshes + 1 }))
        return undefined
      }
      count((now) => ({ ...now, refreshes: now.refreshes + 1 }))
      return giveTokens(next)
    },
    signIn: (clientId, clientSecret) => {
      secrets = {
        ...secrets,
        ...(clientId === undefined ? {} : { clientId, clientExpiresAt: effects.now() + registrationMs }),
        ...(clientSecret === undefined ? {} : { clientSecret }),
      }
      return giveTokens(book.issueRefresh(id))
    },
  }
}

function defaultArn(method: SimulatedMethod, region: string): string | undefined {
  if (method === 'social') return socialArn
  const apiRegion = region.startsWith('eu-') ? 'eu-central-1' : 'us-east-1'
  return method === 'identity-center'
    ? `arn:aws:codewhisperer:${apiRegion}:000000000000:profile/SIMULATED000`
    : undefined
}
