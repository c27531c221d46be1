import type { LineKind } from './import-lines.ts'
import { type Item, isObject } from './import-members.ts'

/** What a file or a pasted text is, as far as its form tells. */
export const importForms = [
  'gateway-export',
  'original-export',
  'original-backup',
  'kiro-account-manager',
  'kiro-token',
  'sso-cache',
  'client-registration',
  'command-line-client',
  'json-lines',
  'mail-lines',
  'token-list',
  'sign-ins',
  'unreadable',
] as const
export type ImportForm = (typeof importForms)[number]

/** The form's name for people, in English; the console has its own in each language. */
export const formNames = {
  'gateway-export': 'export of this gateway',
  'original-export': 'account export of the original',
  'original-backup': 'backup of the original',
  'kiro-account-manager': 'Kiro Account Manager',
  'kiro-token': 'kiro-auth-token.json',
  'sso-cache': 'AWS SSO cache',
  'client-registration': 'client registration of the AWS SSO cache',
  'command-line-client': 'database of Kiro CLI or Amazon Q CLI',
  'json-lines': 'JSON Lines',
  'mail-lines': 'list of mail----password----token lines',
  'token-list': 'list of tokens',
  'sign-ins': 'sign-ins in JSON',
  unreadable: 'nothing that can be read',
} as const satisfies Record<ImportForm, string>

/** Lines are named for what most of them are. */
export function formOfLines(kinds: readonly LineKind[]): ImportForm {
  const count = (kind: LineKind): number => kinds.filter((one) => one === kind).length
  if (count('json') > kinds.length / 2) return 'json-lines'
  return count('mail') >= kinds.length / 2 ? 'mail-lines' : 'token-list'
}

/** `whole` is the parsed JSON, `items` what it holds. */
export function formOfJson(whole: unknown, items: readonly unknown[]): ImportForm {
  if (isObject(whole) && whole.backup_version !== undefined) return 'original-backup'
  if (items.length > 0 && items.every((item) => typeof item === 'string')) return 'token-list'
  const objects = items.filter(isObject)
  const most = (test: (item: Item) => boolean): boolean =>
    objects.length > 0 && objects.filter(test).length > objects.length / 2
  if (most(isManaged)) return 'kiro-account-manager'
  if (most((item) => has(item, 'identityRegion'))) return 'gateway-export'
  if (most(isOriginal)) return 'original-export'
  const [only] = items
  if (items.length !== 1 || !isObject(only)) return 'sign-ins'
  if (!has(only, 'refreshToken') && has(only, 'clientId') && has(only, 'clientSecret')) return 'client-registration'
  if (has(only, 'authMethod') && has(only, 'expiresAt')) return 'kiro-token'
  return has(only, 'expiresAt') && has(only, 'startUrl') ? 'sso-cache' : 'sign-ins'
}

const has = (item: Item, name: string): boolean => item[name] !== undefined && item[name] !== null

/** Both programs of that name: one keeps the secrets in `credentials`, the other beside what it read of the account. */
const isManaged = (item: Item): boolean =>
  isObject(item.credentials) || has(item, 'usageData') || has(item, 'addedAt') || has(item, 'tagLinks')

const isOriginal = (item: Item): boolean =>
  has(item, 'clientId') && ['errorCount', 'error_count', 'last_refresh_status'].some((name) => has(item, name))
