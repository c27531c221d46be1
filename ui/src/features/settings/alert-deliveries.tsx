import { useMutation, useQuery } from '@tanstack/solid-query'
import Send from 'lucide-solid/icons/send'
import { Match, Show, Switch } from 'solid-js'
import type { AlertDelivery, AlertKind, AlertTested } from '../../../../server/admin/contract/alerts.ts'
import { care, careQueries } from '../../api/care.ts'
import { errorText } from '../../api/error-text.ts'
import { MayChange } from '../../api/may-change.tsx'
import { dataOf } from '../../api/queries.ts'
import { Banner } from '../../components/banner.tsx'
import { Button } from '../../components/button.tsx'
import { DataTable } from '../../components/data-table.tsx'
import { ErrorState, Skeleton } from '../../components/states.tsx'
import { TimeAgo } from '../../components/time-ago.tsx'
import type { Translate } from '../../i18n/dictionary.ts'
import { useI18n } from '../../i18n/i18n.tsx'
import { createClock } from '../../lib/clock.ts'
import { Part } from './part.tsx'

type Kind = AlertKind | 'test'
type State = 'waiting' | 'delivered' | 'failed' | 'dropped'

/** What was told to the webhook of late, and a try of it. */
export function AlertDeliveries(props: { readonly unsaved: boolean }) {
  const { t, format } = useI18n()
  const now = createClock(10_000)
  const list = useQuery(() => careQueries.alerts())
  const test = useMutation(() => ({ mutationFn: care.testAlerts, onSettled: () => list.refetch() }))
  // The server's words for kinds and states are these; one it learns later is shown as it is.
  const kindText = ({ type }: AlertDelivery): string => t(`settings.alerts.kind.${type as Kind}`) || type
  const stateText = ({ state }: AlertDelivery): string => t(`settings.alerts.state.${state as State}`) || state
  return (
    <Part
      title={t('settings.alerts.deliveries')}
      action={
        <MayChange>
          <Button icon={Send} busy={test.isPending} disabled={props.unsaved} onClick={() => test.mutate()}>
            {t('settings.alerts.test')}
          </Button>
        </MayChange>
      }
    >
      <Show when={props.unsaved}>
        <p class="text-13 text-text-3">{t('settings.alerts.testUnsaved')}</p>
      </Show>
      <Show when={test.error}>
        <Banner tone="danger">{errorText(test.error, t)}</Banner>
      </Show>
      <Show when={test.data}>
        {(answer) => (
          <Banner tone={answer().success ? 'success' : 'danger'}>
            {answer().success
              ? t('settings.alerts.testOk', {
                  status: answer().status ?? '',
                  time: format().duration(answer().duration_ms),
                })
              : t('settings.alerts.testBad', { reason: faultText(answer(), t) })}
          </Banner>
        )}
      </Show>
      <Switch>
        <Match when={list.isPending}>
          <Skeleton rows={1} label={t('common.loading')} />
        </Match>
        <Match when={!dataOf(list) && list.error}>
          <ErrorState
            text={t('settings.alerts.deliveriesFailed')}
            detail={errorText(list.error, t)}
            retry={t('common.retry')}
            onRetry={() => void list.refetch()}
          />
        </Match>
        <Match when={dataOf(list)?.deliveries.length === 0}>
          <p class="text-text-3">{t('settings.alerts.deliveriesEmpty')}</p>
        </Match>
        <Match when={dataOf(list)}>
          {(shown) => (
            <DataTable
              items={shown().deliveries}
              columns={[
                { text: t('settings.alerts.column.time') },
                { text: t('settings.alerts.column.type') },
                { text: t('settings.alerts.column.state') },
              ]}
              actions={t('settings.alerts.column.tries')}
              cells={(one) => (
                <>
                  <td class="px-3">
                    <TimeAgo at={one.created_at} now={now} never="" />
                  </td>
                  <td class="px-3">{kindText(one)}</td>
                  <td class="wrap-anywhere px-3">
                    {stateText(one)}
                    <Show when={one.error !== null}>
                      <span class="block text-12 text-text-3">{faultText(one, t)}</span>
                    </Show>
                  </td>
                  <td class="numbers px-3 text-right">{format().number(one.tries)}</td>
                </>
              )}
              card={(one) => (
                <div>
                  {kindText(one)}
                  <p class="text-12 text-text-3">
                    {stateText(one)} · <TimeAgo at={one.created_at} now={now} never="" />
                  </p>
                </div>
              )}
            />
          )}
        </Match>
      </Switch>
    </Part>
  )
}

function faultText({ status, cause }: Pick<AlertTested, 'status' | 'cause'>, t: Translate): string {
  if (cause === 'off') return t('settings.alerts.fault.off')
  if (cause === 'timeout') return t('settings.alerts.fault.timeout')
  if (status === null) return t('settings.alerts.fault.unreached', { cause: cause ?? '' })
  return status < 400 ? t('settings.alerts.fault.redirect', { status }) : t('settings.alerts.fault.status', { status })
}
