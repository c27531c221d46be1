import { A } from '@solidjs/router'
import { useQuery } from '@tanstack/solid-query'
import { type Accessor, For, Match, Switch } from 'solid-js'
import { errorText } from '../../api/error-text.ts'
import { dataOf } from '../../api/queries.ts'
import { userQueries } from '../../api/users.ts'
import { ErrorState, Skeleton } from '../../components/states.tsx'
import { TimeAgo } from '../../components/time-ago.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { accountCalled } from '../../lib/account-name.ts'
import { logsOf } from './logs-link.ts'

type Props = { readonly userId: string; readonly now: Accessor<number> }

/** From where a user calls. */
export function UserAddresses(props: Props) {
  const { t, format } = useI18n()
  const read = useQuery(() => userQueries.addresses(props.userId))
  return (
    <Switch fallback={<Skeleton rows={3} label={t('common.loading')} />}>
      <Match when={read.error && !dataOf(read)}>
        <ErrorState
          text={t('users.addressesFailed')}
          detail={errorText(read.error, t)}
          retry={t('common.retry')}
          onRetry={() => void read.refetch()}
        />
      </Match>
      <Match when={dataOf(read)?.ips.length === 0}>
        <p class="text-text-2">{t('users.addressesEmpty')}</p>
      </Match>
      <Match when={dataOf(read)}>
        {(list) => (
          <ul class="flex flex-col divide-y divide-border rounded-lg border border-border">
            <For each={list().ips}>
              {(address) => (
                <li class="flex flex-col gap-0.5 px-3 py-2">
                  <div class="flex flex-wrap items-baseline justify-between gap-x-3">
                    <A
                      href={logsOf({ user: props.userId, ip: address.ip })}
                      class="wrap-anywhere font-mono text-13 hover:underline finger-link"
                      title={t('users.addressLogs', { ip: address.ip })}
                    >
                      {address.ip}
                    </A>
                    <span class="text-12 text-text-3">
                      <TimeAgo at={address.last_visit} now={props.now} never={t('common.never')} />
                    </span>
                  </div>
                  <p class="numbers text-12 text-text-2">
                    {t('users.addressCounts', {
                      hour: format().number(address.request_count_hour),
                      day: format().number(address.request_count_day),
                      total: format().number(address.request_count),
                      percent: format().percent(
                        address.request_count === 0 ? 1 : address.success_count / address.request_count,
                      ),
                    })}
                  </p>
                </li>
              )}
            </For>
          </ul>
        )}
      </Match>
    </Switch>
  )
}

/** The newest requests of a user; all of them are in the log. */
export function UserRequests(props: Props) {
  const { t, format } = useI18n()
  const read = useQuery(() => userQueries.requests(props.userId))
  return (
    <Switch fallback={<Skeleton rows={4} label={t('common.loading')} />}>
      <Match when={read.error && !dataOf(read)}>
        <ErrorState
          text={t('users.requestsFailed')}
          detail={errorText(read.error, t)}
          retry={t('common.retry')}
          onRetry={() => void read.refetch()}
        />
      </Match>
      <Match when={dataOf(read)?.logs.length === 0}>
        <p class="text-text-2">{t('users.requestsEmpty')}</p>
      </Match>
      <Match when={dataOf(read)}>
        {(list) => (
          <>
            <ul class="flex flex-col divide-y divide-border rounded-lg border border-border">
              <For each={list().logs}>
                {(request) => (
                  <li class="flex flex-col gap-0.5 px-3 py-2">
                    <div class="flex flex-wrap items-baseline justify-between gap-x-3">
                      <A
                        href={`/logs/${encodeURIComponent(request.id)}?${new URLSearchParams({ user: props.userId })}`}
                        class="wrap-anywhere text-13 hover:underline finger-link"
                      >
                        <span class={`numbers font-medium ${request.is_success ? 'text-success' : 'text-danger'}`}>
                          {request.status_code}
                        </span>{' '}
                        {request.model}
                      </A>
                      <span class="text-12 text-text-3">
                        <TimeAgo at={request.timestamp} now={props.now} never={t('common.never')} />
                      </span>
                    </div>
                    <p class="numbers wrap-anywhere text-12 text-text-2">
                      {request.error_message ??
                        [
                          t('users.requestTokens', {
                            input: format().compact(request.input_tokens),
                            output: format().compact(request.output_tokens),
                          }),
                          format().duration(request.duration_ms),
                          request.account_id && accountCalled(request.account_label, request.account_id),
                        ]
                          .filter(Boolean)
                          .join(' · ')}
                    </p>
                  </li>
                )}
              </For>
            </ul>
            <A href={logsOf({ user: props.userId })} class="self-start text-accent-text underline max-md:py-3">
              {t('users.requestsAll')}
            </A>
          </>
        )}
      </Match>
    </Switch>
  )
}
