import type { AttentionItem } from '../../../../server/admin/contract/events.ts'
import type { Translate } from '../../i18n/dictionary.ts'
import { type Format, maskEmail, parseTime } from '../../lib/format.ts'

/** What the server points out, and what only the page knows. */
export type Pointed = Omit<AttentionItem, 'kind'> & { readonly kind: AttentionItem['kind'] | 'console.plain' }

/** A page in the clear from another machine: what is typed can be read on the way. */
export function plainHttp({ protocol, hostname }: Pick<Location, 'protocol' | 'hostname'>): readonly Pointed[] {
  const isHere = /^(localhost|.+\.localhost|127(\.\d+){3}|\[::1\])$/.test(hostname)
  if (protocol !== 'http:' || isHere) return []
  return [{ id: 'console.plain', kind: 'console.plain', severity: 'warning', since: null, detail: null }]
}

/** Where it is dealt with. */
export function placeOf(item: Pointed): string {
  if (item.account_id) return `/accounts/${encodeURIComponent(item.account_id)}`
  if (item.proxy_id) return '/proxies'
  switch (item.kind) {
    case 'requests.failing':
      return '/logs?status=failed'
    case 'backup.old':
      return '/backup'
    case 'disk.low':
    case 'console.plain':
      return '/health'
    case 'log.off':
      return '/settings/logging'
    case 'proxy.down':
      return '/proxies'
    default:
      return '/accounts'
  }
}

export function attentionText(item: Pointed, t: Translate, format: Format): string {
  const name = maskEmail(item.name ?? item.account_id ?? item.proxy_id ?? '')
  const at = parseTime(item.detail)
  const { count = 0, of = 0 } = item.figures ?? {}
  switch (item.kind) {
    case 'account.running_out':
      return at === undefined
        ? t('attention.account.running_out_soon', { name })
        : t('attention.account.running_out', { name, time: format.dateTime(at) })
    case 'account.expiring':
      return t('attention.account.expiring', { name, time: at === undefined ? '' : format.date(at) })
    case 'account.duplicate':
      return t('attention.account.duplicate', { name, other: maskEmail(item.detail ?? '') })
    case 'requests.failing':
      return t('attention.requests.failing', { rate: format.share(of > 0 ? (of - count) / of : 0) })
    case 'pool.low':
      return t('attention.pool.low', { ready: format.number(count), total: format.number(of) })
    case 'pool.quota': {
      const percent = format.percent(of > 0 ? count / of : 0)
      return at === undefined
        ? t('attention.pool.quota', { percent })
        : t('attention.pool.quota_resets', { percent, time: format.date(at) })
    }
    case 'disk.low':
      return t('attention.disk.low', { free: format.bytes(count) })
    case 'backup.old':
      return item.since === null ? t('attention.backup.none') : t('attention.backup.old')
    case 'pool.empty':
    case 'log.off':
    case 'console.plain':
      return t(`attention.${item.kind}`)
    default:
      return t(`attention.${item.kind}`, { name })
  }
}

const quotes: ReadonlySet<Pointed['kind']> = new Set([
  'account.suspended',
  'account.signed_out',
  'account.restricted',
  'account.failing',
  'proxy.down',
])

/** The provider's own words say more than ours; what we say ourselves need not stand there twice. */
export const wordsOf = ({ kind, detail }: Pointed): string | null => (quotes.has(kind) ? detail : null)
