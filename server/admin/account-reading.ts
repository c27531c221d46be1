import { type GatewayError, gatewayError } from '../conversation/error.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { Account, Health } from '../pool/account.ts'
import { afterCheck, afterOutcome, afterQuota, afterReading, afterSignInLost } from '../pool/health.ts'
import type { AccountProfile, AccountRecord } from '../store/store.ts'
import type { AccountCheck } from '../upstream/amazonq/check.ts'
import type { SignedIn } from '../upstream/amazonq/sign-in.ts'
import type { AccountDeps } from './account-deps.ts'
import { apiRegion, newAccountRecord } from './account-draft.ts'
import { accountRoom } from './account-limit.ts'
import { invalidRequest } from './invalid-request.ts'

type ReadingDeps = Pick<AccountDeps, 'store' | 'effects' | 'accountsChanged' | 'healthPolicy' | 'unread' | 'log'>

/** Who had the account read. A person's check forgives what went wrong before, a reading by the gateway itself does not. */
export type ReadBy = 'person' | 'gateway'

/** Writes what a check found out: profile, quota, models, health. Never the operator's switch (D-09). Gives the check's error. */
export async function recordCheck(
  deps: ReadingDeps,
  check: AccountCheck,
  by: ReadBy,
): Promise<Result<void, GatewayError>> {
  const { accounts } = deps.store
  const { accountId: id } = check
  deps.unread.note(check)
  if ((await accounts.get(id)) === undefined) return err(gatewayError('not-found', 'There is no account with this id.'))
  await accounts.updateProfile(id, {
    ...identity(check),
    ...(check.region === undefined ? {} : { region: check.region }),
    ...(check.method === undefined ? {} : { method: check.method }),
    updatedAt: check.at,
  })
  if (check.models !== undefined) await accounts.saveModels(id, check.models, check.at)
  // Read as late as can be: traffic, or a newer reading, may have moved it meanwhile.
  const record = await accounts.get(id)
  const isNewer = (check.quota?.readAt ?? 0) >= (record?.account.quota?.readAt ?? 0)
  if (check.quota !== undefined && isNewer) await accounts.saveQuota(id, check.quota)
  const health = record === undefined ? undefined : healthAfter(record.account, check, by, deps)
  if (health !== undefined && health !== record?.account.health) {
    await accounts.saveHealth(id, health)
    const { state, reason = '', until = 0 } = health
    if (state !== record?.account.health.state)
      deps.log('info', 'account.state-changed', { accountId: id, state, reason, until })
  }
  await deps.accountsChanged(id)
  return check.error === undefined ? ok(undefined) : err(check.error)
}

function healthAfter(
  account: Account,
  { error, quota, at, unread }: AccountCheck,
  by: ReadBy,
  { effects, healthPolicy }: ReadingDeps,
): Health {
  const now = effects.now()
  if (error?.kind === 'token-rejected') return afterSignInLost(account, error.message, now)
  const read = (): Health => {
    if (error === undefined) return by === 'person' ? afterCheck(account, at, now) : afterReading(account, now)
    // Only conversations say how conversations go; but a suspension that the provider names is one, whichever call it names it to.
    // And an answer that a company's sign-in has no profile is no failure: without one it cannot converse.
    const isSaid = error.kind === 'account-suspended' || (error.kind === 'account-refused' && unread === undefined)
    if (!isSaid) return account.health
    return afterOutcome(account, { type: 'failure', error }, at, now, 0.5, healthPolicy())
  }
  const health = read()
  return quota === undefined ? health : afterQuota({ ...account, health }, quota, now, healthPolicy())
}

/**
 * Keeps a finished device sign-in and gives the account's id: the account that asked for it, one that is the same login
 * (D-50), or a new one. Then the account is checked, so that its models are known before anybody uses it.
 */
export async function acceptSignIn(deps: AccountDeps, signedIn: SignedIn): Promise<Result<string, GatewayError>> {
  const found = await accountFor(deps, signedIn)
  if (!found.ok) return found
  const now = deps.effects.now()
  const { credentials, usage } = signedIn
  // It may have been removed while the person was confirming the code; the sign-in must not be lost over that.
  const proxyId =
    signedIn.proxyId !== undefined && (await deps.store.proxies.get(signedIn.proxyId)) !== undefined
      ? signedIn.proxyId
      : undefined
  const id = found.value?.account.id ?? deps.effects.newId('acc')
  if (found.value === undefined) {
    const room = await accountRoom(deps)
    if (room.left === 0) return err(room.refusal)
    const fresh = newAccountRecord(
      { id, label: signedIn.label ?? usage.email ?? '', enabled: signedIn.enabled ?? true, credentials },
      now,
      deps.newAccountRoom,
    )
    await deps.store.accounts.create(fresh, credentials)
  } else {
    await deps.adoptCredentials(id, credentials)
    await deps.store.accounts.saveHealth(id, { state: 'unchecked', since: now, failures: 0 })
  }
  await deps.store.accounts.updateProfile(id, {
    ...identity(usage),
    method: credentials.method,
    region: apiRegion(credentials),
    ...(credentials.accessExpiresAt === undefined ? {} : { accessExpiresAt: credentials.accessExpiresAt }),
    lastRefreshAt: now,
    lastRefreshStatus: 'success',
    ...(proxyId === undefined ? {} : { proxyId }),
    updatedAt: now,
  })
  await deps.accountsChanged(id)
  await recordCheck(deps, await deps.checkAccount(id), 'person')
  deps.log('info', 'account.signed-in', {
    accountId: id,
    method: credentials.method,
    renewed: found.value !== undefined,
  })
  return ok(id)
}

async function accountFor(
  { store }: AccountDeps,
  { accountId, usage }: SignedIn,
): Promise<Result<AccountRecord | undefined, GatewayError>> {
  const { userId, email } = usage
  if (accountId === undefined) {
    if (userId === undefined) return ok(undefined)
    return ok((await store.accounts.list()).find(({ profile }) => profile.userId === userId))
  }
  const asked = await store.accounts.get(accountId)
  if (asked === undefined) return err(gatewayError('not-found', 'The account to sign in again is gone.'))
  if (userId !== undefined && asked.profile.userId !== undefined && asked.profile.userId !== userId) {
    const message = `This sign-in is another login${email === undefined ? '' : ` (${email})`}: add it as an account of its own.`
    return err(
      email === undefined
        ? invalidRequest({ reason: 'another-login-unnamed' }, message)
        : invalidRequest({ reason: 'another-login', email }, message),
    )
  }
  return ok(asked)
}

function identity({
  email,
  userId,
  plan,
}: SignedIn['usage']): Partial<Pick<AccountProfile, 'email' | 'userId' | 'plan'>> {
  return {
    ...(email === undefined ? {} : { email }),
    ...(userId === undefined ? {} : { userId }),
    ...(plan === undefined ? {} : { plan }),
  }
}
