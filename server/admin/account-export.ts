import type { AccountRecord, AccountStore } from '../store/store.ts'
import type { Credentials } from '../upstream/amazonq/credentials.ts'
import { statusOf } from './account-view.ts'
import type { ExportedAccount, ExportFormat } from './contract/accounts.ts'
import { mask } from './mask.ts'

/**
 * All accounts, oldest first, as `POST /v2/accounts/import` takes them. `original`: the members the original's export has and no
 * others; `gateway`: those and what else makes up a sign-in (D-74). Without `secrets` every secret is masked: such a file tells
 * what there is, and cannot be imported.
 */
export async function exportAccounts(
  accounts: Pick<AccountStore, 'list' | 'credentials'>,
  { secrets, format }: { readonly secrets: boolean; readonly format: ExportFormat },
): Promise<readonly ExportedAccount[]> {
  const records = (await accounts.list()).toSorted(
    (a, b) => a.account.createdAt - b.account.createdAt || (a.account.id < b.account.id ? -1 : 1),
  )
  const exported: ExportedAccount[] = []
  for (const record of records) {
    const credentials = await accounts.credentials.load(record.account.id)
    exported.push(exportedAccount(record, credentials, secrets, format))
  }
  return exported
}

function exportedAccount(
  record: AccountRecord,
  credentials: Credentials | undefined,
  secrets: boolean,
  format: ExportFormat,
): ExportedAccount {
  const { account, profile } = record
  const secret = (text: string | undefined): string | null => (text === undefined ? null : secrets ? text : mask(text))
  const original = {
    label: account.label === '' ? null : account.label,
    clientId: credentials?.clientId ?? null,
    clientSecret: secret(credentials?.clientSecret),
    refreshToken: secret(credentials?.refreshToken),
    accessToken: secret(credentials?.accessToken),
    enabled: account.enabled,
    errorCount: profile.errorCount,
    successCount: profile.successCount,
  }
  if (format === 'original') return original
  return {
    ...original,
    id: account.id,
    email: profile.email ?? null,
    userId: profile.userId ?? null,
    authMethod: profile.method,
    provider: credentials?.provider ?? null,
    identityRegion: credentials?.identityRegion ?? null,
    startUrl: credentials?.startUrl ?? null,
    profileArn: credentials?.profileArn ?? null,
    apiKey: secret(credentials?.apiKey),
    status: statusOf(account),
    created_at: new Date(account.createdAt).toISOString(),
  }
}
