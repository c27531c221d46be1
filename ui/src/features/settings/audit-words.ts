import type { AuditView } from '../../../../server/admin/contract/audit.ts'
import type { Translate } from '../../i18n/dictionary.ts'
import { isSetting } from './registry.ts'

/** What is done to the gateway, by method and route; each has its words (test/ui/settings.test.ts). */
const actions = [
  'POST /api/login',
  'POST /api/logout',
  'POST /api/password',
  'POST /api/hand-over/open',
  'POST /v2/accounts',
  'PATCH /v2/accounts/:id',
  'DELETE /v2/accounts/:id',
  'POST /v2/accounts/:id/refresh',
  'POST /v2/accounts/:id/restore',
  'POST /v2/accounts/batch',
  'POST /v2/accounts/import',
  'POST /v2/accounts/export',
  'POST /v2/accounts/enable-all',
  'POST /v2/accounts/disable-all',
  'DELETE /v2/accounts/incomplete',
  'DELETE /v2/accounts/suspended',
  'POST /v2/accounts/refresh-quotas',
  'POST /v2/accounts/reset-stats',
  'POST /v2/accounts/sync-emails',
  'POST /v2/auth/start',
  'POST /v2/auth/claim/:authId',
  'POST /v2/auth/cancel/:authId',
  'POST /v2/users',
  'PATCH /v2/users/:id',
  'DELETE /v2/users/:id',
  'POST /v2/users/:id/restore',
  'POST /v2/users/batch',
  'POST /v2/users/create-many',
  'POST /v2/keys',
  'PATCH /v2/keys/:id',
  'DELETE /v2/keys/:id',
  'POST /v2/keys/:id/regenerate',
  'POST /v2/keys/:id/restore',
  'DELETE /v2/keys/:id/previous',
  'POST /v2/keys/:id/hand-over',
  'DELETE /v2/keys/:id/hand-over',
  'PUT /v2/captures/:keyId',
  'DELETE /v2/captures/:keyId',
  'GET /v2/logs/:id/content',
  'POST /v2/logs/cleanup',
  'POST /v2/ips/block',
  'POST /v2/ips/unblock',
  'POST /v2/ips/restore',
  'PUT /v2/ips/config/:ip',
  'DELETE /v2/ips/config/:ip',
  'POST /v2/model-mappings',
  'PUT /v2/model-mappings/:id',
  'DELETE /v2/model-mappings/:id',
  'POST /v2/model-mappings/:id/restore',
  'POST /v2/proxies',
  'PUT /v2/proxies/:id',
  'DELETE /v2/proxies/:id',
  'POST /v2/proxies/:id/restore',
  'POST /v2/proxies/:id/test',
  'POST /v2/proxies/:id/toggle',
  'PUT /v2/settings',
  'POST /v2/alerts/test',
  'POST /v2/operators',
  'PATCH /v2/operators/:id',
  'DELETE /v2/operators/:id',
  'POST /v2/admin-tokens',
  'DELETE /v2/admin-tokens/:id',
  'POST /v2/second-factor',
  'POST /v2/second-factor/confirm',
  'POST /v2/second-factor/remove',
  'DELETE /v2/sessions/:id',
  'POST /v2/sessions/end-others',
  'POST /v2/backup/files',
  'DELETE /v2/backup/files/:name',
  'POST /v2/backup/export',
  'POST /v2/backup/import',
  'DELETE /v2/deleted',
  'DELETE /v2/deleted/:id',
  'POST /v2/jobs/:id/cancel',
  'POST /v2/devtools/claude-code/config',
  'POST /v2/devtools/claude-code/undo',
  'POST /v2/devtools/droid/config',
  'POST /v2/devtools/droid/undo',
] as const
type Action = (typeof actions)[number]

/** Other ways to the same: of scripts, of the original, of the command line. */
const alike: Readonly<Record<string, Action>> = {
  'PATCH /v2/settings': 'PUT /v2/settings',
  'GET /v2/accounts/export': 'POST /v2/accounts/export',
  'POST /v2/accounts/feed': 'POST /v2/accounts/import',
  'POST /v2/accounts/direct-import': 'POST /v2/accounts/import',
  'POST /v2/accounts/import-by-token': 'POST /v2/accounts/import',
  'POST /v2/accounts/import-checked': 'POST /v2/accounts/import',
  'POST /v2/accounts/:id/check': 'POST /v2/accounts/:id/refresh',
  'POST /v2/sign-in/start': 'POST /v2/auth/start',
  'POST /v2/sign-in/claim/:authId': 'POST /v2/auth/claim/:authId',
  'POST /v2/sign-in/cancel/:authId': 'POST /v2/auth/cancel/:authId',
  'POST /v2/users/:id/regenerate-key': 'POST /v2/keys/:id/regenerate',
  'POST /v2/users/batch-vip': 'POST /v2/users/create-many',
  'POST /v2/password': 'POST /api/password',
  'GET /v2/backup/export': 'POST /v2/backup/export',
  'GET /v2/backup/files/:name': 'POST /v2/backup/export',
  'POST /v2/backup': 'POST /v2/backup/files',
  'POST /v2/backup/files/:name/restore': 'POST /v2/backup/import',
  'POST /v2/restore': 'POST /v2/backup/import',
}

/** The action that has words; undefined: a route of another version, to be shown as it is. */
export function knownAction(action: string): Action | undefined {
  const plain = action.replace(' /api/control/', ' /v2/')
  return alike[plain] ?? actions.find((one) => one === plain)
}

/** What was made or changed, as far as the entry names it: its own name, else the settings that differ. */
export function subjectOf(
  { action, before, after }: Pick<AuditView, 'action' | 'before' | 'after'>,
  settingsText: (names: readonly string[]) => string,
): string | undefined {
  for (const side of [after, before]) {
    if (typeof side !== 'object' || side === null) continue
    const found = names.map((name) => (side as Readonly<Record<string, unknown>>)[name]).find(isName)
    if (found !== undefined) return found
    if (action.endsWith('/v2/settings')) return settingsText(Object.keys(side))
  }
  return undefined
}

/** What a setting is called on its page; what stands on none keeps its own name. */
export function settingTitle(name: string, t: Translate): string {
  if (isSetting(name)) return t(`settings.field.${name}`)
  if (name === 'adminPassword' || name === 'admin_password') return t('audit.subject.password')
  return name === 'apiKey' ? t('audit.subject.key') : name
}

const names = ['name', 'label', 'email', 'ip', 'file'] as const
const isName = (value: unknown): value is string => typeof value === 'string' && value !== ''

/** Parts of actions to look for, by what they are about. */
export const abouts = [
  'accounts',
  'users',
  'keys',
  'settings',
  'model-mappings',
  'proxies',
  'ips',
  'backup',
  'operators',
  'login',
] as const
