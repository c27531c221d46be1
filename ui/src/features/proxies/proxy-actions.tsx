import { useMutation, useQueryClient } from '@tanstack/solid-query'
import type { ProxyList, ProxyView } from '../../../../server/admin/contract/proxies.ts'
import { api } from '../../api/client.ts'
import { errorText } from '../../api/error-text.ts'
import { useRefresh } from '../../api/queries.ts'
import { showToast } from '../../components/toast.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { reasonText } from './proxy-status.ts'

/** What can be done to one proxy from the list. Each says how it ended in a toast. */
export function createProxyActions() {
  const { t, format } = useI18n()
  const client = useQueryClient()
  const refresh = useRefresh()
  const put = (proxyId: string, part: Partial<ProxyView>): void => {
    client.setQueryData<ProxyList>(
      ['proxies'],
      (list) =>
        list && {
          ...list,
          proxies: list.proxies.map((item) => (item.id === proxyId ? { ...item, ...part } : item)),
        },
    )
  }

  // The switch moves at once; a refusal moves it back, and so does Undo.
  const enable = useMutation(() => ({
    mutationFn: (change: { proxy: ProxyView; enabled: boolean }) =>
      api.updateProxy(change.proxy.id, { enabled: change.enabled }),
    onMutate: async ({ proxy, enabled }) => {
      await client.cancelQueries({ queryKey: ['proxies'] })
      put(proxy.id, { enabled })
    },
    onSuccess: (_answer, { proxy, enabled }) =>
      showToast({
        tone: 'info',
        text: enabled
          ? t('proxies.enabledDone', { name: proxy.name })
          : t('proxies.disabledDone', { name: proxy.name }),
        action: { text: t('common.undo'), run: () => enable.mutate({ proxy, enabled: !enabled }) },
      }),
    onError: (error, { proxy, enabled }) => {
      put(proxy.id, { enabled: !enabled })
      showToast({
        tone: 'error',
        text: t('proxies.enableFailed', { name: proxy.name }),
        detail: errorText(error, t),
      })
    },
    onSettled: () => refresh('proxies'),
  }))

  const test = useMutation(() => ({
    mutationFn: (proxy: ProxyView) => api.testProxy(proxy.id),
    onSuccess: ({ success, latency_ms: latencyMs, reason, proxy }) => {
      put(proxy.id, proxy)
      if (success) {
        const time = format().duration(latencyMs ?? 0)
        showToast({ tone: 'info', text: t('proxies.testedUp', { name: proxy.name, time }) })
      } else {
        const detail = reason === null ? undefined : reasonText(reason, t)
        showToast({ tone: 'error', text: t('proxies.testedDown', { name: proxy.name }), detail })
      }
    },
    onError: (error, proxy) =>
      showToast({ tone: 'error', text: t('proxies.testFailed', { name: proxy.name }), detail: errorText(error, t) }),
    onSettled: () => refresh('proxies'),
  }))

  const remove = useMutation(() => ({
    mutationFn: (proxy: ProxyView) => api.removeProxy(proxy.id),
    onSuccess: (_answer, proxy) => showToast({ tone: 'info', text: t('proxies.removed', { name: proxy.name }) }),
    onSettled: () => refresh('proxies', 'accounts'),
  }))

  return { enable, test, remove }
}

export type ProxyActions = ReturnType<typeof createProxyActions>
