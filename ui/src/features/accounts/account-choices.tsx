import { A } from '@solidjs/router'
import { useQuery } from '@tanstack/solid-query'
import { createMemo, For, Show } from 'solid-js'
import type { AccountChoices as Choices } from '../../../../server/admin/contract/accounts.ts'
import { accountQueries } from '../../api/accounts.ts'
import { errorText } from '../../api/error-text.ts'
import { dataOf } from '../../api/queries.ts'
import { Banner } from '../../components/banner.tsx'
import { Meter } from '../../components/meter.tsx'
import { ErrorState, Skeleton } from '../../components/states.tsx'
import { Time } from '../../components/time-ago.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { parseTime } from '../../lib/format.ts'
import { byKey, isAble, verdictText } from '../routing/words.ts'

/** Why was it chosen, why was it not: how it stands now, and how it stood towards the newest requests. */
export function AccountChoices(props: { readonly accountId: string }) {
  const { t } = useI18n()
  const told = useQuery(() => accountQueries.choices(props.accountId))
  return (
    <Show
      when={dataOf(told)}
      fallback={
        <Show when={told.error} fallback={<Skeleton rows={4} label={t('common.loading')} />}>
          <ErrorState
            text={t('accounts.choicesFailed')}
            detail={errorText(told.error, t)}
            retry={t('common.retry')}
            onRetry={() => void told.refetch()}
          />
        </Show>
      }
    >
      {(shown) => <Told choices={shown()} />}
    </Show>
  )
}

function Told(props: { readonly choices: Choices }) {
  const { t, format } = useI18n()
  const groups = createMemo(() => Object.entries(props.choices.verdicts).toSorted(([, a], [, b]) => b - a))
  const count = (): number => props.choices.looked_at
  const verdict = () => props.choices.now.verdict
  const why = (one: Choices['recent'][number]): string => {
    const key = byKey(one.by)
    if (one.verdict === 'chosen') return key ? t('accounts.chosenBecause', { reason: t(key) }) : t('verdict.chosen')
    // It could have served, and another one was taken: what decided says why.
    if (isAble(one.verdict) && key)
      return t('accounts.otherBecause', {
        reason: t(`accounts.other.${one.by === 'conversation' ? 'conversation' : 'strategy'}`),
      })
    return verdictText(one.verdict, t)
  }
  return (
    <>
      <Show when={verdict()}>
        {(now) => (
          <Banner tone={isAble(now()) ? 'success' : 'warning'}>
            <p class="font-medium">{isAble(now()) ? t('accounts.wouldServe') : t('accounts.wouldNotServe')}</p>
            <p>
              {verdictText(now(), t)}
              <Show when={props.choices.now.model}>{(model) => ` · ${model()}`}</Show>
            </p>
          </Banner>
        )}
      </Show>
      <Show when={count() > 0} fallback={<p class="text-text-2">{t('accounts.choicesNone')}</p>}>
        <section class="flex flex-col gap-2">
          <h3 class="font-semibold">{t('accounts.choicesOf', { count: format().number(count()) })}</h3>
          <ul class="flex flex-col gap-2">
            <For each={groups()}>
              {([name, times]) => (
                <li class="flex flex-col gap-1 text-13">
                  <span class="numbers flex justify-between gap-3">
                    <span>{verdictText(name, t)}</span>
                    <span class="text-text-2">
                      {format().number(times)} · {format().percent(times / count())}
                    </span>
                  </span>
                  <Meter
                    ratio={times / count()}
                    level={name === 'chosen' ? 'normal' : isAble(name) ? 'unknown' : 'warning'}
                    label={verdictText(name, t)}
                  />
                </li>
              )}
            </For>
          </ul>
        </section>
        <section class="flex flex-col gap-2">
          <h3 class="font-semibold">{t('accounts.choicesNewest')}</h3>
          <ul class="rounded-lg border border-border text-13">
            <For each={props.choices.recent}>
              {(one) => (
                <li class="border-border border-b last:border-b-0">
                  <A
                    href={`/logs/${encodeURIComponent(one.request_id)}`}
                    class="numbers flex flex-wrap justify-between gap-x-3 px-3 py-1.5 hover:bg-surface-2 max-md:min-h-11"
                  >
                    <Time at={one.timestamp}>{format().moment(parseTime(one.timestamp) ?? 0)}</Time>
                    <span class={one.verdict === 'chosen' ? 'text-success' : 'text-text-2'}>{why(one)}</span>
                  </A>
                </li>
              )}
            </For>
          </ul>
        </section>
      </Show>
    </>
  )
}
