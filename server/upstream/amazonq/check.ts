import { LRUCache } from 'lru-cache'
import { type GatewayError, gatewayError } from '../../conversation/error.ts'
import type { ModelInfo } from '../../conversation/model.ts'
import { onBehalf } from '../../lib/effects.ts'
import { err, ok, type Result } from '../../lib/result.ts'
import type { WatchMemory } from '../../lib/watch-memory.ts'
import type { ControlDeps } from './control-call.ts'
import type { Access, Credentials, SignInMethod } from './credentials.ts'
import { listModels } from './model-list.ts'
import { builderIdStartUrl } from './oidc.ts'
import { askForProfiles, chooseProfile, listProfiles } from './profiles.ts'
import { readUsage, type UsageReading } from './quota.ts'
import type { TokenKeeper } from './refresh.ts'

/** What about an account could not be read. None of it says anything about conversations. */
export type Unread = { readonly models?: GatewayError; readonly usage?: GatewayError; readonly profile?: GatewayError }

/** How an account stands at the provider, as far as it could be read. */
export type AccountCheck = UsageReading & {
  readonly accountId: string
  /** Epoch ms. */
  readonly at: number
  /**
   * Why nothing is known of the account, or what the provider says of it by name: `token-rejected` is a dead sign-in,
   * `account-suspended` a suspension, `account-refused` with nothing unread a company's sign-in without any profile. Of no other
   * kind does it say anything about conversations.
   */
  readonly error?: GatewayError
  readonly method?: SignInMethod
  readonly region?: string
  readonly profileArn?: string
  readonly models?: readonly ModelInfo[]
  readonly unread?: Unread
}

export type CheckDeps = ControlDeps & {
  readonly tokens: Pick<TokenKeeper, 'get' | 'replaceAside' | 'amend'>
  /** The stored sign-in: its identity region chooses among profiles, its start URL tells a Builder ID. */
  readonly credentials?: (accountId: string) => Promise<Credentials | undefined>
  readonly memory?: WatchMemory
}

export type AccountChecker = {
  /** Access, profile, usage limits, models of a stored account. A profile found on the way is saved. */
  readonly checkAccount: (accountId: string) => Promise<AccountCheck>
}

/** So long an account whose calls are refused with a new token, too, has none replaced for them again. */
const vainMs = 3_600_000
const mostInVain = 10_000

export function createAccountChecker(deps: CheckDeps): AccountChecker {
  const inVainUntil = new LRUCache<string, number>({ max: mostInVain })
  deps.memory?.('checks_in_vain', () => inVainUntil.size, mostInVain)

  // A token may die between two calls: each call may have it replaced once.
  async function withToken<T>(
    accountId: string,
    call: (deps: ControlDeps, access: Access) => Promise<Result<T, GatewayError>>,
  ): Promise<Result<T, GatewayError>> {
    const access = await deps.tokens.get(accountId)
    if (!access.ok) return access
    const own = { ...deps, effects: onBehalf(deps.effects, accountId) }
    const first = await call(own, access.value)
    if (first.ok || first.error.kind !== 'token-rejected') return first
    if ((inVainUntil.get(accountId) ?? 0) > deps.effects.now()) return err(asDenied(first.error))
    const newer = await deps.tokens.replaceAside(accountId, access.value.token)
    if (!newer.ok) return newer
    const second = await call(own, newer.value)
    if (second.ok || second.error.kind !== 'token-rejected') return second
    inVainUntil.set(accountId, deps.effects.now() + vainMs)
    return err(asDenied(second.error))
  }

  async function findProfile(accountId: string): Promise<Result<void, Pick<AccountCheck, 'error' | 'unread'>>> {
    const profiles = await withToken(accountId, listProfiles)
    if (!profiles.ok) return err({ error: profiles.error, unread: { profile: profiles.error } })
    const region = (await deps.credentials?.(accountId))?.identityRegion ?? deps.settings.defaultRegion
    const profile = chooseProfile(profiles.value, region)
    if (profile === undefined) {
      const message = 'This sign-in has no active profile: no subscription is assigned to it.'
      return err({ error: gatewayError('account-refused', message) })
    }
    await deps.tokens.amend(accountId, { profileArn: profile.arn })
    return ok(undefined)
  }

  /**
   * A sign-in whose file did not say what it is counts as a Builder ID until the provider says otherwise: a company's would
   * pass every look here and have each conversation refused for want of its profile. Asked until it is known.
   */
  async function tellMethod(accountId: string): Promise<void> {
    const stored = await deps.credentials?.(accountId)
    if (stored?.method !== 'builder-id' || stored.profileArn !== undefined) return
    if (stored.refreshToken === undefined || stored.startUrl?.startsWith(builderIdStartUrl) === true) return
    const answer = await withToken(accountId, askForProfiles)
    if (!answer.ok) return
    const { profiles } = answer.value
    const profile = chooseProfile(profiles, stored.identityRegion)
    if (profiles.length > 0) {
      const found = profile === undefined ? {} : { profileArn: profile.arn }
      await deps.tokens.amend(accountId, { method: 'identity-center', provider: 'Enterprise', ...found })
    } else if (answer.value.isBuilderId) {
      await deps.tokens.amend(accountId, { startUrl: builderIdStartUrl, provider: 'BuilderId' })
    }
  }

  async function checkAccount(accountId: string): Promise<AccountCheck> {
    const base = { accountId, at: deps.effects.now() }
    let access = await deps.tokens.get(accountId)
    if (!access.ok) return { ...base, error: access.error }
    if (access.value.method === 'builder-id' && access.value.profileArn === undefined) {
      await tellMethod(accountId)
      access = await deps.tokens.get(accountId)
      if (!access.ok) return { ...base, error: access.error }
    }
    if (access.value.method === 'identity-center' && access.value.profileArn === undefined) {
      const found = await findProfile(accountId)
      if (!found.ok) return { ...base, method: access.value.method, ...found.error }
      access = await deps.tokens.get(accountId)
      if (!access.ok) return { ...base, error: access.error }
    }
    // One after the other: both may want the token replaced.
    const usage = await withToken(accountId, readUsage)
    const models = filled(await withToken(accountId, listModels))
    const { method, region, profileArn } = access.value
    const error = verdictOf(usage, models)
    return {
      ...base,
      method,
      region,
      ...(profileArn === undefined ? {} : { profileArn }),
      ...(usage.ok ? usage.value : {}),
      ...(models.ok ? { models: models.value } : {}),
      ...(error === undefined ? {} : { error }),
      ...(usage.ok && models.ok
        ? {}
        : { unread: { ...(models.ok ? {} : { models: models.error }), ...(usage.ok ? {} : { usage: usage.error }) } }),
    }
  }

  return { checkAccount }
}

/** A call that is refused with every token says so about itself, not about the sign-in. */
const asDenied = (error: GatewayError): GatewayError => ({ ...error, kind: 'access-denied' })

/** An empty list says nothing: an account that serves has a model. */
const filled = (models: Result<readonly ModelInfo[], GatewayError>): Result<readonly ModelInfo[], GatewayError> =>
  models.ok && models.value.length === 0
    ? err(gatewayError('broken-reply', 'The provider gave a model list without any model.'))
    : models

/**
 * A dead sign-in; a suspension, of which a suspended account is told by its model list though not by its usage; else a failure
 * of all that was asked. One call that fails alone is none.
 */
function verdictOf(
  usage: Result<unknown, GatewayError>,
  models: Result<unknown, GatewayError>,
): GatewayError | undefined {
  const errors = [models, usage].flatMap((answer) => (answer.ok ? [] : [answer.error]))
  const dead = errors.find(({ kind }) => kind === 'token-rejected')
  const suspended = models.ok ? undefined : errors.find(({ kind }) => kind === 'account-suspended')
  return dead ?? suspended ?? (errors.length === 2 ? errors[0] : undefined)
}
