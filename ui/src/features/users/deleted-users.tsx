import { useMutation, useQuery } from '@tanstack/solid-query'
import { type Accessor, For, Match, Switch } from 'solid-js'
import type { DeletedView } from '../../../../server/admin/contract/deleted.ts'
import { errorText } from '../../api/error-text.ts'
import { MayChange } from '../../api/may-change.tsx'
import { dataOf, useRefresh } from '../../api/queries.ts'
import { keysApi, userQueries, usersApi } from '../../api/users.ts'
import { Button } from '../../components/button.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { ErrorState, Skeleton } from '../../components/states.tsx'
import { Time } from '../../components/time-ago.tsx'
import { showToast } from '../../components/toast.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { parseTime } from '../../lib/format.ts'

/** Users and keys that can come back. */
export default function DeletedUsersDialog(props: { readonly now: Accessor<number>; readonly onClose: () => void }) {
  const { t, format } = useI18n()
  const refresh = useRefresh()
  const read = useQuery(() => userQueries.deleted())
  const restore = useMutation(() => ({
    mutationFn: ({ kind, id }: DeletedView): Promise<unknown> =>
      kind === 'key' ? keysApi.restore(id) : usersApi.restore(id),
    onSuccess: (_answer, { name }) => showToast({ tone: 'info', text: t('users.restored', { name }) }),
    onError: (error, { name }) =>
      showToast({ tone: 'error', text: t('users.restoreFailed', { name }), detail: errorText(error, t) }),
    onSettled: () => refresh('users', 'user', 'keys', 'deleted'),
  }))
  const about = ({ kind, deleted_at }: DeletedView): string => {
    const time = format().relative(parseTime(deleted_at) ?? 0, props.now())
    return kind === 'key' ? t('users.recentKey', { time }) : t('users.recentUser', { time })
  }
  return (
    <Dialog open onClose={props.onClose} title={t('users.recent')}>
      <p class="text-text-2">{t('users.recentText')}</p>
      <Switch fallback={<Skeleton rows={3} label={t('common.loading')} />}>
        <Match when={read.error && !dataOf(read)}>
          <ErrorState
            text={t('users.recentFailed')}
            detail={errorText(read.error, t)}
            retry={t('common.retry')}
            onRetry={() => void read.refetch()}
          />
        </Match>
        <Match when={dataOf(read)?.length === 0}>
          <p class="rounded-lg border border-border border-dashed px-3 py-6 text-center text-text-2">
            {t('users.recentEmpty')}
          </p>
        </Match>
        <Match when={dataOf(read)}>
          {(items) => (
            <ul class="flex flex-col divide-y divide-border rounded-lg border border-border">
              <For each={items()}>
                {(item) => (
                  <li class="flex items-center justify-between gap-3 px-3 py-1.5">
                    <span class="min-w-0">
                      <span class="wrap-anywhere font-medium">{item.name}</span>
                      <span class="block text-12 text-text-3">
                        <Time at={item.deleted_at}>{about(item)}</Time>
                      </span>
                    </span>
                    <MayChange>
                      <Button
                        busy={restore.isPending && restore.variables?.id === item.id}
                        onClick={() => restore.mutate(item)}
                      >
                        {t('users.restore')}
                        <span class="sr-only">: {item.name}</span>
                      </Button>
                    </MayChange>
                  </li>
                )}
              </For>
            </ul>
          )}
        </Match>
      </Switch>
    </Dialog>
  )
}
