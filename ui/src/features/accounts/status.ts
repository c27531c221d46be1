import type { AccountListItem, AccountState } from '../../../../server/admin/contract/accounts.ts'
import type { PlainKey, Translate } from '../../i18n/dictionary.ts'
import { countdown, type Format, parseTime } from '../../lib/format.ts'

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

/** The state in words, with the time it ends where that is known. `now` is epoch ms. */
export function statusText(account: Shown, t: Translate, format: Format, now: number): string {
  const until = parseTime(account.state_until)
  switch (account.state) {
    case 'exhausted':
      return until === undefined ? t('status.exhausted') : t('status.exhaustedUntil', { date: format.date(until) })
    case 'cooling':
      return until === undefined || until <= now
        ? t('status.cooling')
        : t('status.coolingUntil', { time: countdown((until - now) / 1000) })
    case 'restricted':
      return until === undefined || until <= now
        ? t('status.restricted')
        : t('status.restrictedUntil', { time: countdown((until - now) / 1000) })
    case 'failing':
      return t('status.failing', { count: format.number(account.error_count) })
    case 'ready':
    case 'disabled':
    case 'suspended':
    case 'expired':
    case 'unchecked':
      return t(`status.${account.state}`)
  }
}

type Trouble = AccountListItem['troubles'][number]

/** What is the matter with an account that keeps its state, and for how long yet where that is known; undefined when it is over. */
export function troubleText({ kind, model, until, reason }: Trouble, t: Translate, now: number): string | undefined {
  const left = until === null ? Number.POSITIVE_INFINITY : (parseTime(until) ?? 0) - now
  if (left <= 0) return undefined
  const time = countdown(left / 1000)
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
export const statusHelp = (state: AccountState): PlainKey | undefined => help[state]

/** The name shown for an account: its label, else the masked e-mail, else the short id. */
export function accountName(account: Pick<AccountListItem, 'id' | 'label' | 'email'>): string {
  return account.label || account.email || shortId(account.id)
}

export const shortId = (accountId: string): string => `#${accountId.slice(-6)}`

export type QuotaLevel = 'unknown' | 'normal' | 'warning' | 'danger'
export type Quota = { readonly level: QuotaLevel; readonly ratio: number }

/** Warning from 70 %, danger from 90 %; a limit of 0 means that none was read yet. */
export function quotaOf(used: number, limit: number): Quota {
  if (!(limit > 0)) return { level: 'unknown', ratio: 0 }
  const ratio = Math.max(0, used / limit)
  return { level: ratio >= 0.9 ? 'danger' : ratio >= 0.7 ? 'warning' : 'normal', ratio }
}

export const statusFilters = ['all', 'normal', 'exhausted', 'suspended', 'expired', 'disabled'] as const
export type StatusFilter = (typeof statusFilters)[number]

export const statusFilter = (text: unknown): StatusFilter => statusFilters.find((filter) => filter === text) ?? 'all'
