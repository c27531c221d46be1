import { regionOfArn } from '../upstream/amazonq/endpoint.ts'
import type { ImportRead } from '../upstream/amazonq/import.ts'
import { formNames } from '../upstream/amazonq/import-form.ts'
import type { ImportItem } from '../upstream/amazonq/import-item.ts'
import type { AccountDeps } from './account-deps.ts'
import { draftAccount } from './account-draft.ts'
import { type AccountBook, isNewer, openAccountBook } from './account-match.ts'
import { faultText, nameOf, placeOf } from './account-takeover.ts'
import type { ImportPreview, ImportPreviewItem } from './contract/imports.ts'

/** What is in it and what an import would do, as far as it can be told without asking the provider. Writes nothing. */
export async function previewImport(
  deps: Pick<AccountDeps, 'store' | 'effects'>,
  { sources, items }: ImportRead,
): Promise<ImportPreview> {
  const book = await openAccountBook(deps)
  const now = deps.effects.now()
  return {
    sources: sources.map(({ name, form, count }) => ({ name: name ?? null, form, title: formNames[form], count })),
    items: items.map((item) => previewItem(book, item, now)),
  }
}

function previewItem(book: AccountBook, item: ImportItem, now: number): ImportPreviewItem {
  const { index, source, line } = placeOf(item)
  const place = { ...nothing, index, source, line: line ?? null }
  if (!item.ok) {
    const { name, field, code } = item.error
    return {
      ...place,
      verdict: 'refused',
      name: name ?? null,
      error: faultText(item.error),
      code,
      field: field ?? null,
    }
  }
  const { credentials, label, email, enabled = true, status } = item.value
  const read = {
    ...place,
    name: label ?? null,
    email: email ?? null,
    method: credentials.method,
    provider: credentials.provider ?? null,
    identity_region: credentials.method === 'api-key' ? null : credentials.identityRegion,
    profile_region: regionOfArn(credentials.profileArn) ?? null,
    enabled,
    stated_status: status ?? null,
  }
  const match = book.match(item.value)
  if (match === undefined) {
    const { record } = draftAccount(item.value, '', now, 1)
    book.add({ record, credentials, item: index })
    return { ...read, verdict: 'new' }
  }
  // A shared client alone is no proof: the check will tell.
  if (match.item !== undefined && match.by !== 'secret') return { ...read, verdict: 'new' }
  if (match.item !== undefined) return { ...read, verdict: 'repeated', same_as: match.item }
  return {
    ...read,
    verdict: isNewer(item.value, match) ? 'renews' : 'present',
    account_id: match.record.account.id,
    account_name: nameOf(match.record),
  }
}

const nothing = {
  name: null,
  email: null,
  method: null,
  provider: null,
  identity_region: null,
  profile_region: null,
  enabled: true,
  stated_status: null,
  account_id: null,
  account_name: null,
  same_as: null,
  error: null,
  code: null,
  field: null,
} as const
