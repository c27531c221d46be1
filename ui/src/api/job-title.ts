import type { PlainKey, Translate } from '../i18n/dictionary.ts'

const titles: Readonly<Record<string, PlainKey>> = {
  'accounts.feed': 'jobs.kind.import',
  'accounts.import': 'jobs.kind.import',
  'accounts.direct-import': 'jobs.kind.import',
  'accounts.import-by-token': 'jobs.kind.import',
  'accounts.import-checked': 'jobs.kind.import',
  'accounts.batch-enable': 'jobs.kind.enable',
  'accounts.batch-disable': 'jobs.kind.disable',
  'accounts.batch-check': 'jobs.kind.check',
  'accounts.batch-delete': 'jobs.kind.remove',
  'accounts.batch-set-proxy': 'jobs.kind.batch',
  'accounts.batch-set-weight': 'jobs.kind.batch',
  'accounts.enable-all': 'jobs.kind.enable',
  'accounts.disable-all': 'jobs.kind.disable',
  'accounts.sync-emails': 'jobs.kind.emails',
  'accounts.refresh-quotas': 'jobs.kind.check',
  'accounts.remove-incomplete': 'jobs.kind.remove',
  'accounts.remove-suspended': 'jobs.kind.remove',
  'backup.restore': 'jobs.kind.restore',
  'users.change': 'jobs.kind.users',
  'users.batch': 'jobs.kind.usersMade',
}

/** What a job does, in words. */
export function jobTitle(kind: string, t: Translate): string {
  const key = titles[kind]
  return key ? t(key) : kind
}
