import { createHash } from 'node:crypto'
import type { AccountRecord, AccountStore } from '../store/store.ts'
import type { Credentials } from '../upstream/amazonq/credentials.ts'
import { builderIdStartUrl } from '../upstream/amazonq/oidc.ts'
import { statusOf } from './account-view.ts'
import type { ExportedAccount, ExportFormat, KiroToken } from './contract/accounts.ts'
import { mask } from './mask.ts'

/**
 * All accounts, or those of `ids`, oldest first, as `POST /v2/accounts/import` takes them. `original`: the members the original's export has and no
 * others; `gateway`: those and what else makes up a sign-in (D-74); `kiro`: as Kiro's own token file. Without `secrets` every secret is masked: such a file tells
 * what there is, and cannot be imported.
 */
export async function exportAccounts(
  accounts: Pick<AccountStore, 'list' | 'credentials'>,
  {
    secrets,
    format,
    ids,
  }: { readonly secrets: boolean; readonly format: ExportFormat; readonly ids?: readonly string[] },
): Promise<readonly (ExportedAccount | KiroToken)[]> {
  const wanted = ids && new Set(ids)
  const all = (await accounts.list()).filter(({ account }) => wanted?.has(account.id) ?? true)
  const records = all.toSorted(
    (a, b) => a.account.createdAt - b.account.createdAt || (a.account.id < b.account.id ? -1 : 1),
  )
  const exported: (ExportedAccount | KiroToken)[] = []
  for (const record of records) {
    const credentials = await accounts.credentials.load(record.account.id)
    if (format !== 'kiro') exported.push(exportedAccount(record, credentials, secrets, format))
    else if (credentials !== undefined && credentials.method !== 'api-key')
      exported.push(kiroToken(credentials, secrets))
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

/** Source: the fields Kiro writes and reads in `~/.aws/sso/cache/kiro-auth-token.json`. */
function kiroToken(credentials: Credentials, secrets: boolean): KiroToken {
  const secret = (name: string, text: string | undefined) =>
    text === undefined ? {} : { [name]: secrets ? text : mask(text) }
  const { method, accessExpiresAt, profileArn, clientId, startUrl, identityRegion, provider } = credentials
  const tokens = {
    ...secret('accessToken', credentials.accessToken),
    ...secret('refreshToken', credentials.refreshToken),
    ...(accessExpiresAt === undefined ? {} : { expiresAt: new Date(accessExpiresAt).toISOString() }),
    ...(profileArn === undefined ? {} : { profileArn }),
  }
  if (method === 'social') return { ...tokens, authMethod: 'social', provider: provider ?? 'Google' }
  const company = method === 'identity-center'
  return {
    ...tokens,
    authMethod: 'IdC',
    provider: provider ?? (company ? 'Enterprise' : 'BuilderId'),
    region: identityRegion,
    ...(company && startUrl !== undefined ? { startUrl } : {}),
    clientIdHash: createHash('sha1')
      .update(JSON.stringify({ startUrl: startUrl ?? builderIdStartUrl }))
      .digest('hex'),
    ...(clientId === undefined ? {} : { clientId }),
    ...secret('clientSecret', credentials.clientSecret),
  }
}
