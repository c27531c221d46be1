import { useMutation } from '@tanstack/solid-query'
import type { KeyView } from '../../../../server/admin/contract/keys.ts'
import { api } from '../../api/client.ts'
import { errorText } from '../../api/error-text.ts'
import { useRefresh } from '../../api/queries.ts'
import { keysApi } from '../../api/users.ts'
import { showToast } from '../../components/toast.tsx'
import { useI18n } from '../../i18n/i18n.tsx'

/** What can be done to a key where it is listed. Each says how it ended in a toast. */
export function createKeyActions() {
  const { t } = useI18n()
  const refresh = useRefresh()
  const again = () => refresh('users', 'user', 'keys', 'deleted')
  const told = (text: string) => showToast({ tone: 'info', text })
  const failed = (item: Pick<KeyView, 'name'>, error: Error): void =>
    showToast({ tone: 'error', text: t('keys.changeFailed', { name: item.name }), detail: errorText(error, t) })

  const enable = useMutation(() => ({
    mutationFn: ({ item, enabled }: { item: KeyView; enabled: boolean }) => api.patchKey(item.id, { enabled }),
    onSuccess: (_answer, { item, enabled }) =>
      showToast({
        tone: 'info',
        text: enabled ? t('keys.enabledDone', { name: item.name }) : t('keys.disabledDone', { name: item.name }),
        action: { text: t('common.undo'), run: () => enable.mutate({ item, enabled: !enabled }) },
      }),
    onError: (error, { item }) => failed(item, error),
    onSettled: again,
  }))
  const endPrevious = useMutation(() => ({
    mutationFn: (item: KeyView) => keysApi.endPrevious(item.id),
    onSuccess: (_answer, item) => told(t('keys.previousEnded', { name: item.name })),
    onError: (error, item) => failed(item, error),
    onSettled: again,
  }))
  const withdraw = useMutation(() => ({
    mutationFn: (item: KeyView) => keysApi.withdraw(item.id),
    onSuccess: (_answer, item) => told(t('keys.withdrawn', { name: item.name })),
    onError: (error, item) => failed(item, error),
    onSettled: again,
  }))
  const restore = useMutation(() => ({
    mutationFn: (item: Pick<KeyView, 'id' | 'name'>) => keysApi.restore(item.id),
    onSuccess: (_answer, item) => told(t('users.restored', { name: item.name })),
    onError: (error, item) =>
      showToast({ tone: 'error', text: t('users.restoreFailed', { name: item.name }), detail: errorText(error, t) }),
    onSettled: again,
  }))
  const revoke = useMutation(() => ({
    mutationFn: (item: KeyView) => api.removeKey(item.id),
    onSuccess: (_answer, item) =>
      showToast({
        tone: 'info',
        text: t('keys.revoked', { name: item.name }),
        action: { text: t('common.undo'), run: () => restore.mutate(item) },
      }),
    onSettled: again,
  }))
  return { enable, endPrevious, withdraw, revoke, restore }
}

export type KeyActions = ReturnType<typeof createKeyActions>
