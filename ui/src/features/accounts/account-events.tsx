import { useQuery } from '@tanstack/solid-query'
import Clock from 'lucide-solid/icons/clock'
import { For, Show } from 'solid-js'
import type { AccountEvents as Events } from '../../../../server/admin/contract/accounts.ts'
import { accountQueries } from '../../api/accounts.ts'
import { errorText } from '../../api/error-text.ts'
import { dataOf } from '../../api/queries.ts'
import { EmptyState, ErrorState, Skeleton } from '../../components/states.tsx'
import { Time } from '../../components/time-ago.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { parseTime } from '../../lib/format.ts'
import { errorKindText } from '../routing/words.ts'

const kinds = [
  'unchecked',
  'ready',
  'cooling',
  'exhausted',
  'expired',
  'suspended',
  'failing',
  'enabled',
  'disabled',
  'changed',
  'renewed',
  'added',
] as const

type Event = Events['events'][number]

/** What became of an account, newest first: states with their causes, and what was done to it. */
export function AccountEvents(props: { readonly accountId: string }) {
  const { t, format } = useI18n()
  const list = useQuery(() => accountQueries.events(props.accountId))
  const kindText = ({ kind }: Event): string => {
    const known = kinds.find((one) => one === kind)
    return known ? t(`accounts.event.${known}`) : kind
  }
  return (
    <Show
      when={dataOf(list)}
      fallback={
        <Show when={list.error} fallback={<Skeleton rows={4} label={t('common.loading')} />}>
          <ErrorState
            text={t('accounts.eventsFailed')}
            detail={errorText(list.error, t)}
            retry={t('common.retry')}
            onRetry={() => void list.refetch()}
          />
        </Show>
      }
    >
      {(shown) => (
        <Show when={shown().events.length > 0} fallback={<EmptyState icon={Clock} text={t('accounts.eventsNone')} />}>
          <ol class="flex flex-col gap-3 border-border border-l pl-4">
            <For each={shown().events}>
              {(event) => (
                <li class="text-13">
                  <p class="numbers text-12 text-text-3">
                    <Time at={event.timestamp}>{format().moment(parseTime(event.timestamp) ?? 0)}</Time>
                  </p>
                  <p>
                    {kindText(event)}
                    <Show when={parseTime(event.until)}>
                      {(until) => (
                        <span class="numbers text-text-2">
                          {' '}
                          <Time at={until()}>{t('accounts.eventUntil', { time: format().moment(until()) })}</Time>
                        </span>
                      )}
                    </Show>
                  </p>
                  <Show when={event.cause}>{(cause) => <p class="text-text-2">{errorKindText(cause(), t)}</p>}</Show>
                  <Show when={event.reason}>
                    {(reason) => (
                      <p lang="en" class="wrap-anywhere mt-0.5 rounded-sm bg-code-bg px-2 py-1 text-12">
                        {reason()}
                      </p>
                    )}
                  </Show>
                </li>
              )}
            </For>
          </ol>
        </Show>
      )}
    </Show>
  )
}
