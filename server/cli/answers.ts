import type { KeyView } from '../admin/contract/keys.ts'
import type { ModelMappingView } from '../admin/contract/model-mappings.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { AccountState, CheckedAccount, Control } from './control.ts'
import { type Failure, failed, table } from './io.ts'

/** What a command has to say: `json` for `--json`, `text` for people. `ok: false` still prints, and exits with 1; `exitCode` says another. */
export type Said = { readonly json: unknown; readonly text: string; readonly ok?: boolean; readonly exitCode?: number }

/** What a command does once its question is in order. */
export type Act = (control: Control) => Promise<Result<Said, Failure>>

export const answer = <T>(given: Result<T, string>, say: (value: T) => Said): Result<Said, Failure> =>
  given.ok ? ok(say(given.value)) : err(failed(given.error))

export function accountListText(accounts: readonly AccountState[]): string {
  if (accounts.length === 0) return 'No accounts yet. Add one: claude-server account add\n'
  const rows = accounts.map((account) => [
    account.id,
    account.label,
    account.email ?? '',
    account.plan ?? '',
    stateText(account),
    account.method,
    account.region,
    account.reason ?? '',
  ])
  return table([['ID', 'LABEL', 'EMAIL', 'PLAN', 'STATE', 'SIGN-IN', 'REGION', 'REASON'], ...rows])
}

/** The state in a word, and until when it lasts by itself. */
export const stateText = ({ state, until }: Pick<AccountState, 'state' | 'until'>): string =>
  until === null || state === 'ready' ? state : `${state} until ${timeText(until)}`

export function accountText(account: CheckedAccount): string {
  const state = stateText({ state: account.state, until: account.state_until })
  const { usage_current: used, usage_limit: limit, models } = account
  return table([
    ['id', account.id],
    ['label', account.label ?? ''],
    ['email', account.email ?? 'unknown'],
    ['state', account.status_reason === null ? state : `${state}: ${account.status_reason}`],
    ['sign-in', account.auth_method],
    ['region', account.region],
    ['plan', account.subscription_type ?? 'unknown'],
    ['quota used', limit > 0 ? `${used} of ${limit} (${Math.round((used / limit) * 100)} %)` : 'unknown'],
    ['quota resets', timeText(account.quota_resets_at)],
    ['access token until', account.auth_method === 'api-key' ? 'for ever' : timeText(account.access_token_expires_at)],
    ['models', models.length === 0 ? 'unknown' : `${models.length}: ${models.join(', ')}`],
  ])
}

export function keyListText(keys: readonly KeyView[]): string {
  if (keys.length === 0) return 'No keys yet. Make one: claude-server key create NAME\n'
  const rows = keys.map((key) => [
    key.id,
    key.name,
    `${key.prefix}…${key.last4}`,
    timeText(key.created_at),
    key.last_used_at === null ? 'never' : timeText(key.last_used_at),
    key.enabled ? 'yes' : 'no',
    key.repair === null ? 'inherit' : key.repair ? 'yes' : 'no',
    key.compression,
    key.account_ids.length === 0 ? 'any' : key.account_ids.join(', '),
  ])
  const head = ['ID', 'NAME', 'KEY', 'CREATED', 'LAST USED', 'ENABLED', 'REPAIR', 'COMPRESSION', 'ACCOUNTS']
  return table([head, ...rows])
}

export function mappingListText(mappings: readonly ModelMappingView[]): string {
  if (mappings.length === 0) return 'No model names are mapped. Map one: claude-server model map NAME TARGET\n'
  const rows = mappings.map(({ id, name, target, served_by: served, key_id: key }) => [
    id,
    name,
    target,
    served ?? 'nobody',
    key ?? 'all',
  ])
  return table([['ID', 'NAME', 'TARGET', 'SERVED BY', 'KEY'], ...rows])
}

/** `2026-01-31 14:05 UTC` */
export const timeText = (iso: string | null): string =>
  iso === null ? 'unknown' : `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`
