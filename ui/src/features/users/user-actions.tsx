import { useMutation, useQueryClient } from '@tanstack/solid-query'
import type { BatchDone, JobItem } from '../../../../server/admin/contract/jobs.ts'
import type { UserBatch, UserView } from '../../../../server/admin/contract/users.ts'
import { errorText } from '../../api/error-text.ts'
import { useRefresh } from '../../api/queries.ts'
import { usersApi } from '../../api/users.ts'
import { showToast } from '../../components/toast.tsx'
import { useI18n } from '../../i18n/i18n.tsx'

/** Names in a message; more are counted. */
const mostNamed = 5

/** What can be done to users from the list. Each says how it ended in a toast, and what can be undone offers it. */
export function createUserActions() {
  const { t, format } = useI18n()
  const client = useQueryClient()
  const refresh = useRefresh()
  const again = () => refresh('users', 'user', 'keys', 'deleted')

  const put = (userId: string, enabled: boolean): void => {
    client.setQueryData<readonly UserView[]>(['users'], (list) =>
      list?.map((item) => (item.id === userId ? { ...item, enabled } : item)),
    )
  }
  // The switch moves at once; a refusal moves it back, and so does Undo.
  const enable = useMutation(() => ({
    mutationFn: ({ user, enabled }: { user: UserView; enabled: boolean }) => usersApi.patch(user.id, { enabled }),
    onMutate: async ({ user, enabled }) => {
      await client.cancelQueries({ queryKey: ['users'] })
      put(user.id, enabled)
    },
    onSuccess: (_answer, { user, enabled }) =>
      showToast({
        tone: 'info',
        text: enabled ? t('users.enabledDone', { name: user.name }) : t('users.disabledDone', { name: user.name }),
        action: { text: t('common.undo'), run: () => enable.mutate({ user, enabled: !enabled }) },
      }),
    onError: (error, { user, enabled }) => {
      put(user.id, !enabled)
      failed(t('users.changeFailed', { name: user.name }), error)
    },
    onSettled: again,
  }))

  const remove = useMutation(() => ({
    mutationFn: (user: UserView) => usersApi.remove(user.id),
    onSuccess: (_answer, user) =>
      showToast({
        tone: 'info',
        text: t('users.deleted', { name: user.name }),
        action: { text: t('common.undo'), run: () => restore.mutate(user) },
      }),
    onError: (error, user) => failed(t('users.deleteFailed', { name: user.name }), error),
    onSettled: again,
  }))
  const restore = useMutation(() => ({
    mutationFn: (user: Pick<UserView, 'id' | 'name'>) => usersApi.restore(user.id),
    onSuccess: (_answer, user) => showToast({ tone: 'info', text: t('users.restored', { name: user.name }) }),
    onError: (error, user) => failed(t('users.restoreFailed', { name: user.name }), error),
    onSettled: again,
  }))

  const batch = useMutation(() => ({
    mutationFn: (ask: UserBatch & { readonly silent?: boolean }) =>
      usersApi.batch({ action: ask.action, ids: ask.ids }),
    onSuccess: (done, { action }) => {
      const count = format().number(done.done - done.failed)
      const undone = back[action]
      const ids = changedIn(done)
      showToast({
        tone: 'info',
        text: t(`users.bulk.${pastOf[action]}`, { count }),
        ...(undone === undefined || ids.length === 0
          ? {}
          : { action: { text: t('common.undo'), run: () => batch.mutate({ action: undone, ids }) } }),
      })
      if (done.failed > 0) showToast({ tone: 'error', text: failedText(done.results.filter(({ ok }) => !ok)) })
    },
    onError: (error) => failed(t('users.bulk.broke'), error),
    onSettled: again,
  }))
  const failedText = (items: readonly JobItem[]): string => {
    const names = items.slice(0, mostNamed).map(({ name, id, error }) => `${name ?? id ?? ''}: ${error ?? ''}`)
    return t('users.bulk.failed', { count: format().number(items.length), names: names.join(' ') })
  }
  const failed = (text: string, error: Error): void => showToast({ tone: 'error', text, detail: errorText(error, t) })

  return { enable, remove, restore, batch }
}

const pastOf = { enable: 'enabled', disable: 'disabled', delete: 'deleted', restore: 'restored' } as const
/** What takes it back; of those only that were changed. */
const back = { enable: 'disable', disable: 'enable', delete: 'restore', restore: undefined } as const
const changedIn = ({ results }: BatchDone): string[] =>
  results.flatMap(({ id, ok, outcome }) => (ok && outcome !== 'unchanged' && id !== undefined ? [id] : []))

export type UserActions = ReturnType<typeof createUserActions>
