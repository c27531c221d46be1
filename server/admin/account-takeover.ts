import { ok } from '../lib/result.ts'
import type { AccountRecord } from '../store/store.ts'
import type { ImportedAccount, ImportItem } from '../upstream/amazonq/import-item.ts'
import type { AccountDeps } from './account-deps.ts'
import { apiRegion } from './account-draft.ts'
import { isNewer, type Match, mergeCredentials } from './account-match.ts'
import type { ImportResult } from './contract/imports.ts'
import { maskEmail } from './mask.ts'

/** Renews the account the sign-in belongs to, or leaves it as it is. */
export async function takeOver(deps: AccountDeps, signIn: ImportedAccount, match: Match): Promise<ImportResult> {
  const { record, credentials: here, item } = match
  const { id } = record.account
  const place = { ...placeOf(ok(signIn)), id, ...identityOf(record) }
  const name = nameOf(record)
  if (item !== undefined) return { ...place, outcome: 'present', error: `It is the same sign-in as item ${item + 1}.` }
  if (!isNewer(signIn, match)) {
    const error =
      match.by === 'secret' && record.account.health.state === 'expired'
        ? `The account ${name} is already there, and this is its sign-in that has expired.`
        : `The account ${name} is already there.`
    return { ...place, outcome: 'present', error }
  }
  const credentials = mergeCredentials(signIn.credentials, here)
  await deps.adoptCredentials(id, credentials)
  await deps.store.accounts.updateProfile(id, {
    method: credentials.method,
    region: apiRegion(credentials),
    updatedAt: deps.effects.now(),
  })
  await startAnew(deps, id)
  return { ...place, outcome: 'renewed', error: `The account ${name} was already there; its sign-in has been renewed.` }
}

export async function startAnew(deps: AccountDeps, id: string): Promise<void> {
  await deps.store.accounts.saveHealth(id, { state: 'unchecked', since: deps.effects.now(), failures: 0 })
  await deps.accountsChanged(id)
}

/** A fault in a sentence: what only says what is wrong with a member is given its name. */
export const faultText = ({ error, field }: { readonly error: string; readonly field?: string }): string =>
  field === undefined || error.endsWith('.') ? error : `${field} ${error}.`

export function placeOf(item: ImportItem): { readonly index: number; readonly source: number; readonly line?: number } {
  const { index, source = 0, line } = item.ok ? item.value : item.error
  return { index, source, ...(line === undefined ? {} : { line }) }
}

export const nameOf = ({ account, profile }: AccountRecord): string =>
  account.label || (profile.email && maskEmail(profile.email)) || `#${account.id.slice(-6)}`

export function identityOf(record: AccountRecord): Pick<ImportResult, 'name' | 'email' | 'userId'> {
  const { email, userId } = record.profile
  return {
    name: nameOf(record),
    ...(email === undefined ? {} : { email }),
    ...(userId === undefined ? {} : { userId }),
  }
}
