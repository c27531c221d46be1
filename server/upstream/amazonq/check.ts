import { type GatewayError, gatewayError } from '../../conversation/error.ts'
import type { ModelInfo } from '../../conversation/model.ts'
import { onBehalf } from '../../lib/effects.ts'
import { err, ok, type Result } from '../../lib/result.ts'
import type { ControlDeps } from './control-call.ts'
import type { Access, SignInMethod } from './credentials.ts'
import { listModels } from './model-list.ts'
import { chooseProfile, listProfiles } from './profiles.ts'
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
  /** Identity region of a stored sign-in, to choose among profiles. Default: the API's default region. */
  readonly identityRegion?: (accountId: string) => Promise<string | undefined>
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
    const region = (await deps.identityRegion?.(accountId)) ?? deps.settings.defaultRegion
    const profile = chooseProfile(profiles.value, region)
    if (profile === undefined) {
      return err(
        gatewayError('account-refused', 'This sign-in has no active profile: no subscription is assigned to it.'),
      )
    }
    await deps.tokens.amend(accountId, { profileArn: profile.arn })
    return ok(undefined)
  }

  async function checkAccount(accountId: string): Promise<AccountCheck> {
    const base = { accountId, at: deps.effects.now() }
    let access = await deps.tokens.get(accountId)
    if (!access.ok) return { ...base, error: access.error }
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
