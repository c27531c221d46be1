import { type GatewayError, gatewayError } from '../../conversation/error.ts'
import type { ModelInfo } from '../../conversation/model.ts'
import { onBehalf } from '../../lib/effects.ts'
import { err, ok, type Result } from '../../lib/result.ts'
import type { ControlDeps } from './control-call.ts'
import type { Access, Credentials, SignInMethod } from './credentials.ts'
import { listModels } from './model-list.ts'
import { builderIdStartUrl } from './oidc.ts'
import { askForProfiles, chooseProfile, listProfiles } from './profiles.ts'
import { readUsage, type UsageReading } from './quota.ts'
import type { TokenKeeper } from './refresh.ts'

/** How an account stands at the provider. `error` is what would stop a conversation; the rest is as far as it could be read. */
export type AccountCheck = UsageReading & {
  readonly accountId: string
  /** Epoch ms. */
  readonly at: number
  readonly error?: GatewayError
  readonly method?: SignInMethod
  readonly region?: string
  readonly profileArn?: string
  readonly models?: readonly ModelInfo[]
  /** The usage limits alone could not be read; the account may still serve. */
  readonly usageError?: GatewayError
}

export type CheckDeps = ControlDeps & {
  readonly tokens: Pick<TokenKeeper, 'get' | 'replace' | 'amend'>
  /** The stored sign-in: its identity region chooses among profiles, its start URL tells a Builder ID. */
  readonly credentials?: (accountId: string) => Promise<Credentials | undefined>
}

export type AccountChecker = {
  /** Access, profile, usage limits, models of a stored account. A profile found on the way is saved. */
  readonly checkAccount: (accountId: string) => Promise<AccountCheck>
}

export function createAccountChecker(deps: CheckDeps): AccountChecker {
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
    const newer = await deps.tokens.replace(accountId, access.value.token)
    return newer.ok ? call(own, newer.value) : newer
  }

  async function findProfile(accountId: string): Promise<Result<void, GatewayError>> {
    const profiles = await withToken(accountId, listProfiles)
    if (!profiles.ok) return profiles
    const region = (await deps.credentials?.(accountId))?.identityRegion ?? deps.settings.defaultRegion
    const profile = chooseProfile(profiles.value, region)
    if (profile === undefined) {
      return err(
        gatewayError('account-refused', 'This sign-in has no active profile: no subscription is assigned to it.'),
      )
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
      if (!found.ok) return { ...base, method: access.value.method, error: found.error }
      access = await deps.tokens.get(accountId)
      if (!access.ok) return { ...base, error: access.error }
    }
    // One after the other: both may want the token replaced.
    const usage = await withToken(accountId, readUsage)
    // A suspended account may still be told its usage; the model list is what shows whether it serves.
    const models = await withToken(accountId, listModels)
    const { method, region, profileArn } = access.value
    return {
      ...base,
      method,
      region,
      ...(profileArn === undefined ? {} : { profileArn }),
      ...(usage.ok ? usage.value : { usageError: usage.error }),
      ...(models.ok ? { models: models.value } : { error: models.error }),
    }
  }

  return { checkAccount }
}
