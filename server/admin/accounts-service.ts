import { type GatewayError, gatewayError } from '../conversation/error.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { cutText } from '../lib/sound-text.ts'
import type { Turns } from '../lib/turns.ts'
import type { AccountEvent, AccountRecord } from '../store/store.ts'
import type { Credentials } from '../upstream/amazonq/credentials.ts'
import type { ImportedAccount } from '../upstream/amazonq/import-item.ts'
import type { AccountDeps } from './account-deps.ts'
import { draftAccount } from './account-draft.ts'
import { accountRoom } from './account-limit.ts'
import { type AccountFilter, type AccountQuery, accountIds, accountList } from './account-list.ts'
import { openAccountBook } from './account-match.ts'
import { recordCheck } from './account-reading.ts'
import { nameOf, startAnew, takeOver } from './account-takeover.ts'
import { type Aside, accountView, quotaView, stateOf, statusOf } from './account-view.ts'
import { createBurnBook } from './burn-book.ts'
import type { AccountIds, AccountList, AccountPatch, AccountView, QuotaView } from './contract/accounts.ts'
import { invalidRequest } from './invalid-request.ts'
import { isMasked } from './mask.ts'
import { usableProxy } from './proxies-service.ts'

export type AccountsService = {
  readonly list: (query: AccountQuery) => Promise<Result<AccountList, GatewayError>>
  readonly ids: (filter: AccountFilter) => Promise<AccountIds>
  readonly get: (id: string) => Promise<Result<AccountView, GatewayError>>
  /**
   * With `check`, an account whose sign-in is refused is not kept. One that is there already is renewed or left as it is, and
   * `outcome` says so.
   */
  readonly create: (signIn: ImportedAccount, options: CreateOptions) => Promise<Result<AccountView, GatewayError>>
  readonly update: (id: string, patch: AccountPatch) => Promise<Result<AccountView, GatewayError>>
  /** It serves no more, and can be restored for a week. */
  readonly remove: (id: string) => Promise<Result<void, GatewayError>>
  /** Renews the sign-in, reads limits and models. Leaves the operator's switch as it is (D-09). */
  readonly check: (id: string) => Promise<Result<AccountView, GatewayError>>
  /** Figures kept from the last reading, or with `live` read now. A reading that fails is an answer of its own. */
  readonly quota: (id: string, live: boolean) => Promise<Result<QuotaView, GatewayError>>
}

export type CreateOptions = { readonly proxyId?: string | null; readonly check?: boolean }

const mostIds = 5_000

/** What can be done with accounts, whoever asks: the console, the original's scripts, the command line. */
export function createAccountsService(deps: AccountDeps, inTurn: Turns): AccountsService {
  const { accounts, proxies } = deps.store
  const burns = createBurnBook(accounts, deps.memory)

  const view = async (id: string): Promise<Result<AccountView, GatewayError>> => {
    const record = await accounts.get(id)
    if (record === undefined) return unknownAccount
    const { proxyId } = record.profile
    const aside = {
      now: deps.effects.now(),
      inFlight: deps.inFlight(id),
      troubles: deps.troubles?.(id),
      unread: deps.unread.of(id),
      burn: (await burns.of([record])).get(id),
      proxyName: proxyId === undefined ? undefined : (await proxies.get(proxyId))?.name,
    }
    return ok(accountView(record, await accounts.credentials.load(id), aside))
  }

  const renew = async (id: string): Promise<Result<void, GatewayError>> => {
    const at = deps.effects.now()
    const refreshed = await deps.refreshAccount(id)
    const check = refreshed.ok ? await deps.checkAccount(id) : { accountId: id, at, error: refreshed.error }
    return recordCheck(deps, check, 'person')
  }

  return {
    list: async (query) => {
      const now = deps.effects.now()
      const records = await accounts.list()
      const burn = await burns.of(records)
      const names = new Map((await proxies.list()).map(({ id, name }) => [id, name]))
      const aside = ({ account: { id }, profile: { proxyId } }: AccountRecord): Aside => ({
        now,
        inFlight: deps.inFlight(id),
        troubles: deps.troubles?.(id),
        unread: deps.unread.of(id),
        burn: burn.get(id),
        proxyName: proxyId === undefined ? undefined : names.get(proxyId),
      })
      return accountList(records, query, aside, deps.poolStats?.(), now)
    },
    ids: async (filter) => {
      const ids = accountIds(await accounts.list(), filter, deps.effects.now())
      return { ids: ids.slice(0, mostIds), total: ids.length }
    },
    get: view,
    create: async (signIn, { proxyId, check = false }) => {
      const proxy = await usableProxy(deps, proxyId)
      if (!proxy.ok) return proxy
      const { record, credentials } = draftAccount(
        signIn,
        deps.effects.newId('acc'),
        deps.effects.now(),
        deps.newAccountRoom,
      )
      const { id } = record.account
      const taken = await inTurn(async () => {
        const match = (await openAccountBook(deps)).match(signIn)
        // Somebody else may have the same client; of the same sign-in there is one account only.
        if (match?.by === 'secret') return ok(await takeOver(deps, signIn, match))
        const room = await accountRoom(deps)
        if (room.left === 0) return err(room.refusal)
        const own = proxy.value === undefined ? {} : { proxyId: proxy.value }
        await accounts.create({ account: record.account, profile: { ...record.profile, ...own } }, credentials)
        return ok(undefined)
      })
      if (!taken.ok) return taken
      if (taken.value?.id !== undefined) {
        const { id: sameId, outcome } = taken.value
        if (check) await recordCheck(deps, await deps.checkAccount(sameId), 'person')
        const there = await view(sameId)
        return there.ok ? ok({ ...there.value, outcome }) : there
      }
      if (proxy.value !== undefined) deps.outbound.routeAccount(id, proxy.value)
      if (check) {
        const checked = await recordCheck(deps, await deps.checkAccount(id), 'person')
        if (!checked.ok && !(await hasNewTokens(deps, id, credentials))) {
          await accounts.remove(id)
          await deps.accountsChanged(id)
          return checked
        }
      }
      await accounts.addEvent(id, { kind: 'added' })
      await deps.accountsChanged(id)
      deps.log('info', 'account.created', { accountId: id, method: record.profile.method })
      const made = await view(id)
      return made.ok ? ok({ ...made.value, outcome: 'added' }) : made
    },
    update: async (id, patch) => {
      const record = await accounts.get(id)
      if (record === undefined) return unknownAccount
      const proxy = await usableProxy(deps, patch.proxyId)
      if (!proxy.ok) return proxy
      const secrets = await patchSecrets(deps, record, patch)
      if (!secrets.ok) return secrets
      const row = {
        ...(patch.label === undefined ? {} : { label: cutText((patch.label ?? '').trim(), 100) }),
        ...(typeof patch.enabled === 'boolean' ? { enabled: patch.enabled } : {}),
        ...(patch.weight === undefined ? {} : { weight: patch.weight }),
        ...(patch.maxInFlight === undefined ? {} : { maxInFlight: patch.maxInFlight }),
        ...overageChange(patch),
      }
      if (Object.keys(row).length > 0 && !(await accounts.updateAccount(id, row))) return unknownAccount
      const own = {
        ...(patch.proxyId === undefined ? {} : { proxyId: proxy.value ?? null }),
        ...(patch.notes === undefined ? {} : { notes: patch.notes?.trim() || null }),
      }
      if (Object.keys(own).length > 0) await accounts.updateProfile(id, own)
      if (secrets.value || (patch.enabled === true && givenUp(record))) await startAnew(deps, id)
      for (const event of eventsOf(record, patch, secrets.value)) await accounts.addEvent(id, event)
      await deps.accountsChanged(id)
      deps.log('info', 'account.updated', { accountId: id, members: Object.keys(patch).join(' ') })
      return view(id)
    },
    remove: async (id) => {
      const record = await accounts.get(id)
      if (record === undefined) return unknownAccount
      const as = { name: nameOf(record), at: deps.effects.now() }
      if (!(await deps.store.deleted.take('account', id, as))) return unknownAccount
      await deps.accountsChanged(id)
      deps.log('info', 'account.removed', { accountId: id })
      return ok(undefined)
    },
    check: async (id) => {
      if ((await accounts.get(id)) === undefined) return unknownAccount
      const renewed = await renew(id)
      return renewed.ok ? view(id) : renewed
    },
    quota: async (id, live) => {
      const record = await accounts.get(id)
      if (record === undefined) return unknownAccount
      const kept = record.account.quota
      if (!live && kept !== undefined) return ok(quotaView(record, kept, deps.effects.now(), true))
      const check = await deps.checkAccount(id)
      const recorded = await recordCheck(deps, check, 'gateway')
      if (!recorded.ok && check.quota === undefined) return ok(quotaFailure(recorded.error))
      if (check.unread?.usage !== undefined) return ok(quotaFailure(check.unread.usage))
      const read = await accounts.get(id)
      if (read === undefined) return unknownAccount
      const quota = read.account.quota
      return ok(
        quota === undefined
          ? { status: 'error', usedPercent: null, message: 'The provider gives no figures for it.', fromCache: false }
          : quotaView(read, quota, deps.effects.now(), false),
      )
    },
  }
}

export const unknownAccount = err(gatewayError('not-found', 'There is no account with this id.'))

/** Whether the provider already rotated what was given: then the row holds the only working copy and must stay. */
export async function hasNewTokens(
  { store }: Pick<AccountDeps, 'store'>,
  id: string,
  given: Credentials,
): Promise<boolean> {
  const kept = await store.accounts.credentials.load(id)
  return kept !== undefined && kept.refreshToken !== given.refreshToken
}

/** What a patch did that is worth knowing later; who did it is in the audit log. */
function eventsOf({ account }: AccountRecord, patch: AccountPatch, renewed: boolean): readonly AccountEvent[] {
  if (renewed) return [{ kind: 'renewed' }]
  if (typeof patch.enabled === 'boolean' && patch.enabled !== account.enabled)
    return [{ kind: patch.enabled ? 'enabled' : 'disabled' }]
  const members = Object.keys(patch).filter((name) => name !== 'enabled' && !/token|secret|client/i.test(name))
  return members.length === 0 ? [] : [{ kind: 'changed', reason: members.join(', ') }]
}

type Caps = Partial<Exclude<AccountPatch['overage'], boolean | undefined>>

/** 0 takes a cap away, as null does. */
function overageChange(patch: AccountPatch) {
  const { overage } = patch
  const { enabled, ...caps }: Caps =
    typeof overage === 'object' ? overage : overage === undefined ? {} : { enabled: overage }
  const { overageMaxCredits: credits = caps.max_credits, overageMaxMicroUsd: microUsd = caps.max_micro_usd } = patch
  const change = {
    ...(enabled === undefined ? {} : { enabled }),
    ...(credits === undefined ? {} : { maxCredits: credits === 0 ? null : credits }),
    ...(microUsd === undefined ? {} : { maxMicroUsd: microUsd === 0 ? null : microUsd }),
  }
  return Object.keys(change).length === 0 ? {} : { overage: change }
}

/** States the program put an account in by itself and that switching it on again should clear. */
const givenUp = ({ account: { health } }: AccountRecord): boolean =>
  health.state === 'failing' || (health.state === 'cooling' && health.kind !== 'account-restricted')

/** Writes the secrets a patch brings, masked ones excepted. True when any changed. */
async function patchSecrets(
  { store, adoptCredentials }: AccountDeps,
  record: AccountRecord,
  patch: AccountPatch,
): Promise<Result<boolean, GatewayError>> {
  const given: Partial<Record<'clientId' | 'clientSecret' | 'refreshToken' | 'accessToken', string>> = {}
  for (const field of ['clientId', 'clientSecret', 'refreshToken', 'accessToken'] as const) {
    const value = patch[field]?.trim()
    if (value === undefined || isMasked(value)) continue
    if (value === '') return err(invalidRequest({ reason: 'blank' }, `${field} must not be empty.`, { field }))
    given[field] = value
  }
  if (Object.keys(given).length === 0) return ok(false)
  const { id } = record.account
  const kept: Credentials = (await store.accounts.credentials.load(id)) ?? {
    method: record.profile.method,
    identityRegion: record.profile.region,
  }
  // Shown unmasked, it comes back with whatever else was read.
  if (given.clientId === kept.clientId) delete given.clientId
  if (Object.keys(given).length === 0) return ok(false)
  if (kept.method === 'api-key') {
    const { accessToken, ...others } = given
    const [field] = Object.keys(others)
    if (field !== undefined) {
      return err(invalidRequest({ reason: 'api-key-account' }, `An API key account has no ${field}.`, { field }))
    }
    await adoptCredentials(id, { ...kept, ...(accessToken === undefined ? {} : { apiKey: accessToken }) })
    return ok(true)
  }
  // An access token belongs to the refresh token it came from: a new one of these ends the old of those.
  const { accessToken: _token, accessExpiresAt: _expiry, ...lasting } = kept
  await adoptCredentials(id, { ...lasting, ...given })
  return ok(true)
}

function quotaFailure(error: GatewayError): QuotaView {
  const status =
    error.kind === 'token-rejected' ? 'token_invalid' : error.kind === 'account-suspended' ? 'suspended' : 'error'
  return { status, usedPercent: status === 'suspended' ? 100 : null, message: error.message, fromCache: false }
}

/** For `doctor` and `account list`: one line's worth per account. */
export async function accountStates({ store }: Pick<AccountDeps, 'store'>, now: number) {
  return (await store.accounts.list()).map(({ account, profile }) => ({
    id: account.id,
    label: account.label,
    status: statusOf(account, now),
    state: stateOf(account, now),
    until: account.health.until === undefined ? null : new Date(account.health.until).toISOString(),
    reason: account.health.reason ?? null,
    email: profile.email ?? null,
    plan: profile.plan ?? null,
    method: profile.method,
    region: profile.region,
  }))
}

/** Ids of the accounts whose sealed secrets cannot be opened with the master key in use, or are gone. */
export async function unreadableAccounts({ store }: Pick<AccountDeps, 'store'>): Promise<readonly string[]> {
  const ids: string[] = []
  for (const { account } of await store.accounts.list()) {
    if ((await store.accounts.credentials.load(account.id)) === undefined) ids.push(account.id)
  }
  return ids
}
