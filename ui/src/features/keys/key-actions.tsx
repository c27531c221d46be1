import { useMutation, useQueryClient } from '@tanstack/solid-query'
import type { KeyList, KeyView } from '../../../../server/admin/contract/keys.ts'
import { api } from '../../api/client.ts'
import { errorText } from '../../api/error-text.ts'
import { useRefresh } from '../../api/queries.ts'
import { showToast } from '../../components/toast.tsx'
import { useI18n } from '../../i18n/i18n.tsx'

/** The switch of a key. It moves at once; a refusal moves it back, and so does Undo. */
export function createKeyActions() {
  const { t } = useI18n()
  const client = useQueryClient()
  const refresh = useRefresh()
  const put = (keyId: string, enabled: boolean): void => {
    client.setQueryData<KeyList>(
      ['keys'],
      (list) => list && { ...list, keys: list.keys.map((item) => (item.id === keyId ? { ...item, enabled } : item)) },
    )
  }
  const enable = useMutation(() => ({
    mutationFn: ({ item, enabled }: { item: KeyView; enabled: boolean }) => api.patchKey(item.id, { enabled }),
    onMutate: async ({ item, enabled }) => {
      await client.cancelQueries({ queryKey: ['keys'] })
      put(item.id, enabled)
    },
    onSuccess: (_answer, { item, enabled }) =>
      showToast({
        tone: 'info',
        text: enabled ? t('keys.enabledDone', { name: item.name }) : t('keys.disabledDone', { name: item.name }),
        action: { text: t('common.undo'), run: () => enable.mutate({ item, enabled: !enabled }) },
      }),
    onError: (error, { item, enabled }) => {
      put(item.id, !enabled)
      showToast({ tone: 'error', text: t('keys.changeFailed', { name: item.name }), detail: errorText(error, t) })
    },
    onSettled: () => refresh('keys'),
  }))
  return { enable }
}

export type KeyActions = ReturnType<typeof createKeyActions>
