import { useMutation, useQuery } from '@tanstack/solid-query'
import Trash2 from 'lucide-solid/icons/trash'
import { For, Show } from 'solid-js'
import { accountQueries, accountsApi } from '../../api/accounts.ts'
import { errorText } from '../../api/error-text.ts'
import { MayChange } from '../../api/may-change.tsx'
import { dataOf, useRefresh } from '../../api/queries.ts'
import { Button } from '../../components/button.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { EmptyState, ErrorState, Skeleton } from '../../components/states.tsx'
import { Time, TimeAgo } from '../../components/time-ago.tsx'
import { showToast } from '../../components/toast.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { createClock } from '../../lib/clock.ts'
import { maskEmail, parseTime } from '../../lib/format.ts'

/** What was deleted within a week, and the way back. */
export default function DeletedAccountsDialog(props: { readonly open: boolean; readonly onClose: () => void }) {
  const { t, format } = useI18n()
  const refresh = useRefresh()
  const now = createClock(30_000)
  const list = useQuery(() => ({ ...accountQueries.deleted(), enabled: props.open }))
  const restore = useMutation(() => ({
    mutationFn: ({ id }: { id: string; name: string }) => accountsApi.restore(id),
    onSuccess: (_back, { name }) => showToast({ tone: 'info', text: t('accounts.restored', { name }) }),
    onError: (error, { name }) =>
      showToast({ tone: 'error', text: t('accounts.restoreFailed', { name }), detail: errorText(error, t) }),
    onSettled: () => refresh('accounts', 'deleted', 'models'),
  }))
  return (
    <Dialog open={props.open} onClose={props.onClose} title={t('accounts.deletedTitle')} wide>
      <p class="text-text-2">{t('accounts.deletedLead')}</p>
      <Show
        when={dataOf(list)}
        fallback={
          <Show when={list.error} fallback={<Skeleton rows={2} label={t('common.loading')} />}>
            <ErrorState
              text={t('accounts.deletedFailed')}
              detail={errorText(list.error, t)}
              retry={t('common.retry')}
              onRetry={() => void list.refetch()}
            />
          </Show>
        }
      >
        {(shown) => (
          <Show
            when={shown().items.length > 0}
            fallback={<EmptyState icon={Trash2} text={t('accounts.deletedNone')} />}
          >
            <ul class="rounded-lg border border-border">
              <For each={shown().items}>
                {(item) => {
                  const name = `${maskEmail(item.name)} #${item.id.slice(-6)}`
                  return (
                    <li class="flex flex-wrap items-center justify-between gap-x-4 gap-y-1 border-border border-b px-3 py-1.5 last:border-b-0">
                      <span class="min-w-0">
                        <span class="wrap-anywhere">{name}</span>
                        <span class="numbers block text-12 text-text-2">
                          {t('accounts.deletedWhen')} <TimeAgo at={item.deleted_at} now={now} never="" />
                          {' · '}
                          <Time at={item.purged_at}>
                            {t('accounts.deletedUntil', { date: format().dateTime(parseTime(item.purged_at) ?? 0) })}
                          </Time>
                        </span>
                      </span>
                      <MayChange>
                        <Button
                          busy={restore.isPending && restore.variables?.id === item.id}
                          onClick={() => restore.mutate({ id: item.id, name })}
                        >
                          {t('accounts.restore')}
                          <span class="sr-only">{name}</span>
                        </Button>
                      </MayChange>
                    </li>
                  )
                }}
              </For>
            </ul>
          </Show>
        )}
      </Show>
      <div class="flex justify-end">
        <Button look="primary" onClick={() => props.onClose()}>
          {t('common.done')}
        </Button>
      </div>
    </Dialog>
  )
}
