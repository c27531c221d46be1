import { A } from '@solidjs/router'
import { useQuery } from '@tanstack/solid-query'
import ScrollText from 'lucide-solid/icons/scroll-text'
import { For, Show } from 'solid-js'
import { accountQueries } from '../../api/accounts.ts'
import { errorText } from '../../api/error-text.ts'
import { dataOf } from '../../api/queries.ts'
import { buttonClass } from '../../components/button.tsx'
import { EmptyState, ErrorState, Skeleton } from '../../components/states.tsx'
import { Time } from '../../components/time-ago.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { parseTime } from '../../lib/format.ts'

/** The newest requests an account served, and the way to all of them. */
export function AccountRequests(props: { readonly accountId: string }) {
  const { t, format } = useI18n()
  const list = useQuery(() => accountQueries.requests(props.accountId))
  return (
    <Show
      when={dataOf(list)}
      fallback={
        <Show when={list.error} fallback={<Skeleton rows={4} label={t('common.loading')} />}>
          <ErrorState
            text={t('accounts.requestsFailed')}
            detail={errorText(list.error, t)}
            retry={t('common.retry')}
            onRetry={() => void list.refetch()}
          />
        </Show>
      }
    >
      {(shown) => (
        <Show
          when={shown().logs.length > 0}
          fallback={<EmptyState icon={ScrollText} text={t('accounts.requestsNone')} />}
        >
          <ul class="rounded-lg border border-border">
            <For each={shown().logs}>
              {(row) => (
                <li class="border-border border-b last:border-b-0">
                  <A
                    href={`/logs/${encodeURIComponent(row.id)}?account=${encodeURIComponent(props.accountId)}`}
                    class="numbers flex flex-wrap items-center justify-between gap-x-3 px-3 py-1.5 text-13 hover:bg-surface-2 max-md:min-h-11"
                  >
                    <span class="min-w-0">
                      <Time at={row.timestamp}>{format().moment(parseTime(row.timestamp) ?? 0)}</Time>{' '}
                      <span class="wrap-anywhere text-text-2">{row.model}</span>
                    </span>
                    <span class="inline-flex gap-3">
                      <span class="text-text-2">{format().duration(row.duration_ms)}</span>
                      <span class={row.is_success ? 'text-success' : 'text-danger'}>{row.status_code}</span>
                    </span>
                  </A>
                </li>
              )}
            </For>
          </ul>
          <div>
            <A href={`/logs?account=${encodeURIComponent(props.accountId)}`} class={buttonClass('secondary')}>
              {t('accounts.requestsAll')}
            </A>
          </div>
        </Show>
      )}
    </Show>
  )
}
