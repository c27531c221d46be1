import type { AccountListItem, AccountState } from '../../../../server/admin/contract/accounts.ts'
import type { PlainKey, Translate } from '../../i18n/dictionary.ts'
import { shortId } from '../../lib/account-name.ts'
import { type Format, maskEmail, parseTime } from '../../lib/format.ts'

export type Tone = 'success' | 'warning' | 'danger' | 'violet' | 'accent' | 'neutral'

/** Colour is never the only sign: each state also has its own icon (status-badge.tsx) and word. */
export const stateTone = {
  ready: 'success',
  unchecked: 'neutral',
  disabled: 'neutral',
  cooling: 'violet',
  exhausted: 'violet',
  expired: 'warning',
  restricted: 'danger',
  failing: 'warning',
  suspended: 'danger',
} as const satisfies Record<AccountState, Tone>

const help: Partial<Record<AccountState, PlainKey>> = {
  suspended: 'status.help.suspended',
  restricted: 'status.help.restricted',
  expired: 'status.help.expired',
  failing: 'status.help.failing',
}

type Shown = Pick<AccountListItem, 'state' | 'state_until' | 'error_count'>

/** The state now: a rest is over at its time, also before the server is asked again. */
export function stateNow({ state, state_until }: Omit<Shown, 'error_count'>, now: number): AccountState {
  const until = parseTime(state_until)
  return (state === 'cooling' || state === 'exhausted') && until !== undefined && until <= now ? 'ready' : state
}

/** The state in words, with the time it ends where that is known. `now` is epoch ms. */
export function statusText(account: Shown, t: Translate, format: Format, now: number): string {
  const until = parseTime(account.state_until)
  const state = stateNow(account, now)
  switch (state) {
    case 'exhausted':
      return until === undefined ? t('status.exhausted') : t('status.exhaustedUntil', { date: format.date(until) })
    case 'cooling':
      return until === undefined ? t('status.cooling') : t('status.coolingUntil', { time: format.left(until - now) })
    case 'restricted':
      return until === undefined || until <= now
        ? t('status.restricted')
        : t('status.restrictedUntil', { time: format.left(until - now) })
    case 'failing':
      return t('status.failing', { count: format.number(account.error_count) })
    case 'ready':
    case 'disabled':
    case 'suspended':
    case 'expired':
    case 'unchecked':
      return t(`status.${state}`)
  }
}

const kinds = ['rate-limited', 'account-refused', 'access-denied', 'upstream-failed', 'upstream-unreachable'] as const

/** Why, in a few words of ours, where the state alone does not say it. */
export function shortReason(account: Pick<AccountListItem, 'state' | 'status_kind'>): PlainKey | undefined {
  if (account.state !== 'cooling' && account.state !== 'failing') return undefined
  const known = kinds.find((kind) => kind === account.status_kind)
  return known && `reason.${known}`
}

export type Remedy = 'sign-in' | 'paste' | 'check' | 'read'

/** The one thing that helps; undefined when nothing is needed, or only time. */
export function remedyOf(account: Pick<AccountListItem, 'state' | 'auth_method'>): Remedy | undefined {
  switch (account.state) {
    case 'expired':
      return canSignInAgain(account) ? 'sign-in' : 'paste'
    case 'failing':
    case 'unchecked':
      return 'check'
    case 'suspended':
    case 'restricted':
      return 'read'
    default:
      return undefined
  }
}

/** By device; the others come back with a new token or key. */
export const canSignInAgain = ({ auth_method }: Pick<AccountListItem, 'auth_method'>): boolean =>
  auth_method === 'builder-id' || auth_method === 'identity-center'

type Trouble = AccountListItem['troubles'][number]

/** What is the matter with an account that keeps its state, and for how long yet where that is known; undefined when it is over. */
export function troubleText(
  { kind, model, until, reason }: Trouble,
  t: Translate,
  format: Format,
  now: number,
): string | undefined {
  const left = until === null ? Number.POSITIVE_INFINITY : (parseTime(until) ?? 0) - now
  if (left <= 0) return undefined
  const time = format.left(left)
  switch (kind) {
    case 'shaky':
      return model === null ? t('trouble.shaky', { time }) : t('trouble.shakyModel', { model, time })
    case 'told-to-wait':
      return model === null
        ? t('trouble.told', { time, reason: reason ?? '' })
        : t('trouble.toldModel', { model, time, reason: reason ?? '' })
    case 'model-refused':
      return t('trouble.refused', { model: model ?? '', time })
    case 'models-unread':
    case 'quota-unread':
    case 'profile-unread':
    case 'access-unrenewed':
      return t(`trouble.${kind}`, { reason: reason ?? '' })
  }
}

/** What the operator can do about the state; undefined when nothing is needed. */
export function statusHelp(account: Pick<AccountListItem, 'state' | 'auth_method'>): PlainKey | undefined {
  return account.state === 'expired' && !canSignInAgain(account) ? 'status.help.paste' : help[account.state]
}

type Named = Pick<AccountListItem, 'id' | 'label' | 'email'>

/** What an account is called: its label, else the e-mail, else the short id. */
export const accountName = ({ id, label, email }: Named): string => label || email || shortId(id)

/** The name as it is shown: e-mails are masked. */
export const shownName = (account: Named): string => maskEmail(accountName(account))

/** The name and the short id, wherever it must be clear which one is meant. */
export function fullName(account: Named): string {
  const [name, id] = [shownName(account), shortId(account.id)]
  return name === id ? id : `${name} ${id}`
}

export type QuotaLevel = 'unknown' | 'normal' | 'warning' | 'danger'
export type Quota = { readonly level: QuotaLevel; readonly ratio: number }

/** Warning from 70 %, danger from 90 %; a limit of 0 means that none was read yet. */
export function quotaOf(used: number, limit: number): Quota {
  if (!(limit > 0)) return { level: 'unknown', ratio: 0 }
  const ratio = Math.max(0, used / limit)
  return { level: ratio >= 0.9 ? 'danger' : ratio >= 0.7 ? 'warning' : 'normal', ratio }
}

/** Trouble first. */
export const statusFilters = [
  'all',
  'ready',
  'suspended',
  'restricted',
  'expired',
  'failing',
  'exhausted',
  'cooling',
  'unchecked',
  'disabled',
] as const satisfies readonly ('all' | AccountState)[]
export type StatusFilter = (typeof statusFilters)[number]
