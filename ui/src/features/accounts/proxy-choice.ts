import type { ProxyView } from '../../../../server/admin/contract/proxies.ts'
import type { Translate } from '../../i18n/dictionary.ts'

export type ProxyChoice = Pick<ProxyView, 'id' | 'name' | 'url' | 'enabled' | 'state'>

/** Stands for "no proxy of its own" in a form. */
export const noProxy = ''

export const proxyById = (proxies: readonly ProxyChoice[], id: string | null): ProxyChoice | undefined =>
  proxies.find((proxy) => proxy.id === id)

/** Nothing goes through it: traffic of an account whose own proxy it is does not slip past, it stops. */
export const isClosed = ({ enabled, state }: Pick<ProxyChoice, 'enabled' | 'state'>): boolean =>
  !enabled || state === 'unreadable'

/** None, then every proxy; one that is closed is named, but cannot be chosen. */
export function proxyOptions(proxies: readonly ProxyChoice[], t: Translate) {
  return [
    { value: noProxy, text: t('accounts.proxyNone') },
    ...proxies.map((proxy) => {
      const disabled = isClosed(proxy)
      return {
        value: proxy.id,
        text: disabled ? t('accounts.proxyClosed', { name: proxy.name }) : proxy.name,
        disabled,
      }
    }),
  ]
}
